"""config.yaml: what is wrong is told all at once, with key, value and fix; keys of services are never shown."""

import copy
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import ROOT
from xsafety.config.block import Strict
from xsafety.config.configuration import key_variables, load, missing_keys, read, unreachable
from xsafety.config.models import JobBudget, JobConnection, OpenAIJudge, OpenAIModel
from xsafety.config.verification import SpotCheck, Verification
from xsafety.tabular import DataError
from xsafety.translation.services import connection

GOOD = """
languages: [en, fr]
dataset: {seeds: seeds}
models:
  one: {engine: openai, model: m, base_url: "http://127.0.0.1:1/v1"}
  two: {engine: transformers, model: toy, languages: [en]}
judges:
  lexicon: {engine: lexicon}
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to run in, with the two folders that GOOD names."""
    (tmp_path / "seeds").mkdir()
    (tmp_path / "toy").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def changed(edit: str) -> dict[str, Any]:
    """GOOD with the top-level keys of `edit` in place of its own."""
    result: dict[str, Any] = yaml.safe_load(GOOD) | yaml.safe_load(edit)
    return result


def problems(raw: dict[str, Any]) -> str:
    with pytest.raises(DataError) as error:
        load(raw)
    return str(error.value)


def lacking(raw: dict[str, Any], **environment: str) -> list[str]:
    """What is told of keys of the translation, the models and the judges."""
    config = load(raw)
    blocks = {f"models.{name}": block for name, block in config.models.items()}
    judges = {f"judges.{name}": block for name, block in config.judges.items()}
    return missing_keys({"translation": config.translation, **blocks, **judges}, environment)


def test_good_config_has_the_documented_defaults() -> None:
    config = load(yaml.safe_load(GOOD))
    assert config.targets == ["fr"]
    assert config.supported("one", ["en", "fr"]) == ["en", "fr"]
    assert config.supported("two", ["fr", "en"]) == ["en"]
    assert list(config.promptings) == ["none"]
    assert config.models["one"].decoding == {"temperature": 0}
    assert (config.verification.rounds, config.verification.accept_drafts) == (2, False)
    assert (config.verification.max_modification_rate, config.verification.spot_check) == (None, None)
    assert (config.translation.engine, config.journal, config.results) == ("none", "journal", "results")


@pytest.mark.parametrize(
    ("edit", "told"),
    [
        ("languages: [en, no]", "languages.1: False is a truth value to YAML; quote it: 'no'"),
        ("languages: [en, fr, en]", "'en' is given twice"),
        ("languages: [en, zh-cn]", "'zh-cn' is not the standard form; write 'zh-CN'"),
        ("languages: [en, sp]", "'sp' names no known language"),
        ("languages: []", "languages: list should have at least 1 item"),
        ("languages: en", "languages: 'en' is no list; write [en]"),
        ("langauges: [en]", "langauges: unknown key; did you mean 'languages'?"),
        ("verification: {min_cover: 1}", "verification.min_cover: unknown key; did you mean 'min_coverage'?"),
        ("xyzzy: 1", "xyzzy: unknown key; config.yaml explains those there are"),
        ("report:", "report: is no block of keys; give its keys below it, or {} for none"),
        ("verification:", "verification: is no block of keys"),
        ("models:", "models: is no block of keys"),
        ("models: {m: }", "models.m: is no block of keys"),
        ("promptings: {none: }", "promptings.none: is no block of keys"),
        ("dataset: seeds", "dataset: 'seeds' is no block of keys"),
        ("journal: ''", "journal '': name a folder of its own"),
        ("journal: data/journal", "journal 'data/journal': name a folder of its own; data/ is what people own"),
        ("results: ''", "results '': name a folder of its own"),
        ("results: ./data", "results './data': name a folder of its own; data/ is what people own"),
        ("results: .", "results '.': the journal must lie outside the results, which may be deleted"),
        ("{journal: all, results: all}", "results 'all': the journal must lie outside the results"),
        ("{journal: all/journal, results: all}", "results 'all': the journal must lie outside the results"),
        ("journal: results/journal", "the journal must lie outside the results"),
        ("verification: {rounds: '2'}", "verification.rounds: '2' input should be a valid integer"),
        ("verification: {rounds: 0}", "verification.rounds: 0 input should be greater than or equal to 1"),
        ("verification: {accept_drafts: 'no'}", "verification.accept_drafts: 'no' input should be a valid boolean"),
        ("verification: {min_coverage: 1.1}", "verification.min_coverage: 1.1 input should be less than or equal to 1"),
        ("verification: {max_modification_rate: 5}", "max_modification_rate: 5 input should be less than or equal"),
        ("verification: {max_modification_rate: -0.1}", "max_modification_rate: -0.1 input should be greater than or"),
        ("verification: {spot_check: 0.1}", "verification.spot_check: 0.1 is no block of keys; give its keys below it"),
        ("verification: {spot_check: {share: 0.1}}", "verification.spot_check.min_pass_rate: missing; add it"),
        ("verification: {spot_check: {share: 0, min_pass_rate: 1}}", "share: 0 input should be greater than 0"),
        ("verification: {spot_check: {share: 1, min_pass_rate: 0}}", "min_pass_rate: 0 input should be greater than 0"),
        ("verification: {spot_check: {share: 2, min_pass_rate: 1}}", "share: 2 input should be less than or equal"),
        ("verification: {spot_check: {share: 1, min_pass_rate: 1, sed: 1}}", "sed: unknown key; did you mean 'seed'?"),
        ("dataset: {}", "dataset: give exactly one of `seeds`, `xsafety` and named sources"),
        ("dataset: {seeds: seeds, xsafety: toy}", "dataset: give exactly one of `seeds`, `xsafety` and named sources"),
        ("dataset: {seeds: nowhere}", "there is no folder 'nowhere'"),
        ("models: {}", "models: dictionary should have at least 1 item"),
        ("models: {m: {engine: gpt, model: x}}", "models.m.engine: 'gpt' is none of 'openai', 'transformers'"),
        ("models: {m: {model: x}}", "models.m.engine: missing; name the engine"),
        ("models: {m: {engine: openai}}", "models.m.model: missing; add it"),
        ("promptings: {runs.jsonl: {}}", "a name that ends in .jsonl is that of a file in the journal"),
        ("models: {a/b: {engine: openai, model: x}}", "models.a/b: 'a/b' names files; use letters"),
        (
            "models: {m: {engine: transformers, model: org/x}}",
            "models.m: 'org/x' is no folder here; for a model on the",
        ),
        (
            "models: {m: {engine: transformers, model: toy, decoding: {n: 2}}}",
            "models.m.decoding: n and seed go with do_sample: true",
        ),
        (
            "models: {m: {engine: transformers, model: toy, decoding: {num_beams: 4}}}",
            "models.m.decoding: num_beams: answers are greedy or drawn",
        ),
        (
            "models: {m: {engine: transformers, model: toy, decoding: {max_new_tokens: 0}}}",
            "models.m.decoding: max_new_tokens is 0; give a whole number, 1 or more",
        ),
        (
            "models: {m: {engine: transformers, model: toy, decoding: {num_return_sequences: 2}}}",
            "models.m.decoding: num_return_sequences: write n, with do_sample: true",
        ),
        ("models: {m: {engine: transformers, model: toy, batch_size: 8}}", "models.m: batch_size is no longer a key"),
        ("models: {m: {engine: transformers, model: toy, chat_template: x}}", "chat_template 'x': there is no such"),
        ("models: {m: {engine: transformers, model: toy, quantisation: {bits: 4}}}", "quantisation: name a quant_meth"),
        (
            "models: {m: {engine: transformers, model: toy, device: cpu, device_map: auto}}",
            "models.m: device and device_map say both where it runs; leave one out",
        ),
        (
            "models: {m: {engine: openai, model: x, decoding: {messages: []}}}",
            "models.m.decoding: messages cannot be set",
        ),
        (
            "models: {m: {engine: openai, model: x, decoding: {extra_headers: {Authorization: x}}}}",
            "models.m.decoding: extra_headers cannot be set here",
        ),
        (
            "models: {m: {engine: openai, model: x, decoding: {timeout: 1, extra_query: {}}}}",
            "models.m.decoding: extra_query, timeout cannot be set here",
        ),
        (
            "models: {m: {engine: openai, model: x, concurency: 1}}",
            "concurency: unknown key; did you mean 'concurrency'?",
        ),
        ("models: {m: {engine: openai, model: x, modle: y}}", "m.modle: unknown key; did you mean 'mode'?"),
        (
            "models: {m: {engine: openai, model: x, languages: [xx]}}",
            "models.m.languages: 'xx' names no known language",
        ),
        ("models: {m: {engine: openai, model: x, languages: [no]}}", "models.m.languages.0: False is a truth value"),
        ("models: {openai: {engine: openai, model: x, top: 1}}", "models.openai.top: unknown key"),
        ("judges: {j: {engine: choice}}", "judges: engine choice scores choices alone; add a judge of safety"),
        ("judges: {lexicon: {engine: lexicon, top: 1}}", "judges.lexicon.top: unknown key"),
        (
            "models: {m: {engine: transformers, model: toy, base_url: 'http://127.0.0.1:1/v1'}}",
            "models.m.base_url: does not go with engine: transformers",
        ),
        (
            "dataset: {mine: {files: x.csv, text: q, language: en, kategorie: c}}",
            "mine.kategorie: unknown key; did you mean 'categories' or 'category'?",
        ),
        ("dataset: {mine: {file: x.csv, text: q, language: en}}", "mine.file: unknown key; did you mean 'files'?"),
        (
            "judges: {l: {engine: lexicon}, o: {engine: lexicon}, m: {engine: majority, of: [l, o, gpt]}}",
            "judges.m.of 'gpt': no judge of safety with verdicts of its own; such are l, o",
        ),
        ("judges: {l: {engine: lexicon}, m: {engine: majority, of: [l, m]}}", "judges.m.of 'm': no judge of safety"),
        (
            "judges: {l: {engine: lexicon}, c: {engine: choice}, m: {engine: majority, of: [l, c]}}",
            "judges.m.of 'c': no judge of safety",
        ),
        ("judges: {l: {engine: lexicon}, m: {engine: majority, of: [l, l]}}", "judges.m.of: l is named twice"),
        ("judges: {l: {engine: lexicon}, m: {engine: majority, of: [l]}}", "judges.m.of: list should have at least 2"),
        (
            "judges: {l: {engine: lexicon}, m: {engine: majority, of: [l, o], tie: both}}",
            "judges.m.tie: 'both' input should be 'unsafe', 'safe' or 'invalid'",
        ),
        ("judges: {j: {engine: onnx, model: toy}}", "judges.j.engine: 'onnx' is none of"),
        (
            "judges: {j: {engine: openai, model: x, prompt: 'Safe? {query}'}}",
            "judges.j.prompt 'Safe? {query}': lacks {res",
        ),
        (
            "judges: {j: {engine: openai, model: x, prompt: '{query} {response} {answer}'}}",
            "unknown {answer}; there are {query}, {response} and {scenario}",
        ),
        (
            "judges: {j: {engine: openai, model: x, translate_to_english: true}}",
            "judges.j.translate_to_english True: set translation.",
        ),
        (
            "{languages: [fr], judges: {j: {engine: openai, model: x, translate_to_english: true}}, dataset:"
            " {source: de, d: {files: d.csv, text: t, language: de}}}",
            "it reads queries in English, and the seeds are de; add en to languages",
        ),
        ("promptings: {p: {text: 'Under {scenario}, {query}'}}", "promptings.p.text"),
        ("promptings: {p: {text: '{scenario'}}", "the only placeholder is {scenario}"),
        (
            "promptings: {p: {placement: suffix}}",
            "promptings.p.placement: 'suffix' input should be 'system' or 'prefix'",
        ),
        ("promptings: {no: {}}", "False is a truth value to YAML; quote it"),
        ("translation: {engine: libretranslate}", "translation: engine libretranslate needs `base_url`"),
        ("translation: {engine: bing}", "translation.engine: 'bing' input should be 'none', 'google', 'libre"),
        ("translation: {engine: deepl, region: westeurope}", "translation: `region` is for engine microsoft only"),
        ("translation: {engine: openai}", "translation: engine openai goes with a block `openai`"),
        ("translation: {engine: google, openai: {model: m}}", "translation: engine openai goes with a block `openai`"),
        ("translation: {engine: openai, openai: {}}", "translation.openai.model: missing; add it"),
        (
            "translation: {engine: openai, openai: {model: m, mode: batch}}",
            "mode batch and several answers (n) are for models and judges",
        ),
        ("translation: {engine: openai, openai: {model: m, prompt: 'To {target}'}}", "prompt lacks {text}"),
    ],
)
def test_each_problem_is_told_with_key_value_and_fix(edit: str, told: str) -> None:
    message = problems(changed(edit))
    assert message.startswith("config: 1 problem(s)\n")
    assert told in message


def test_of_keys_alike_the_one_that_lacks_is_meant() -> None:
    message = problems(changed("models: {m: {engine: openai, modle: x}}"))
    assert "models.m.modle: unknown key; did you mean 'model'?" in message


def test_all_problems_come_in_one_message() -> None:
    raw = changed("{languages: [en, en], dataset: {}, report: {tite: x}, verification: {rounds: two}}")
    lines = problems(raw).splitlines()
    assert lines[0] == "config: 4 problem(s)"
    assert [line.split(":")[0].split()[1] for line in lines[1:]] == [
        "languages",
        "dataset",
        "verification.rounds",
        "report.tite",
    ]


KEYED = """
translation: {engine: libretranslate, base_url: "http://x", api_key_env: LT_KEY}
models: {a: {engine: openai, model: m}, b: {engine: openai, model: m, base_url: "http://x"}}
judges: {j: {engine: openai, model: m, base_url: "http://x", api_key_env: JUDGE_KEY}}
"""


def test_missing_keys_are_told_by_name_and_no_value_is_shown() -> None:
    told = lacking(changed(KEYED), JUDGE_KEY="s3cret-value", OPENAI_API_KEY="")
    assert told == [
        "translation: the environment variable LT_KEY is not set; run: export LT_KEY=...",
        "models.a: the environment variable OPENAI_API_KEY is not set; run: export OPENAI_API_KEY=...",
    ]


@pytest.mark.parametrize(("url", "told"), [("http://127.0.0.1:8000/v1", 1), ("http://gpu-1:8000/v1", 0), (None, 0)])
def test_an_address_that_is_another_host_on_each_node_is_told(url: str | None, told: int) -> None:
    model = OpenAIModel(engine="openai", model="m", base_url=url)
    assert len(unreachable({"models.one": model})) == told


def test_a_budget_needs_the_price() -> None:
    raw = yaml.safe_load(GOOD)
    raw["models"]["one"]["budget"] = {"usd": 5}
    assert "a budget needs the price" in problems(raw)
    del raw["models"]["one"]["budget"]
    assert "budget needs the price of all who are asked; set it for responses/one" in problems(
        raw | {"budget": {"usd": 9}}
    )


def test_a_job_is_told_the_budgets_that_it_spends_from() -> None:
    raw = yaml.safe_load(GOOD)
    raw["models"]["one"] |= {"price": {"input": 1, "output": 2}, "budget": {"usd": 5}}
    for judge in raw["judges"].values():
        judge |= {"price": {"input": 3, "output": 4}} if judge["engine"] == "openai" else {}
    config = load(raw | {"budget": {"usd": 9}})
    own, of_all = config.for_job(config.models["one"].connection(), "responses/one").budgets  # type: ignore[union-attr]
    assert (own.usd, list(own.prices), own.together) == (5, ["journal/responses/one"], False)
    assert (of_all.usd, of_all.together) == (9, True)
    assert of_all.prices["journal/responses/one"].output == 2


def test_secret_headers_need_their_variables_and_local_models_none() -> None:
    headers = {"headers_env": {"x-a": "A_TOKEN", "x-b": "B_TOKEN"}}
    raw = yaml.safe_load(GOOD)
    raw["models"]["one"] |= headers
    assert lacking(raw, A_TOKEN="x") == [
        "models.one: the environment variable B_TOKEN is not set; run: export B_TOKEN=..."
    ]
    raw["translation"] = {"engine": "openai", "openai": {"model": "m", **headers}}
    config = load(raw)
    assert lacking(raw, OPENAI_API_KEY="x", A_TOKEN="x")[0].startswith(
        "translation.openai: the environment variable B_"
    )
    assert key_variables(config.translation) == ["OPENAI_API_KEY", "A_TOKEN", "B_TOKEN"]
    assert [key_variables(block) for block in (config.models["two"], config.judges["lexicon"])] == [[], []]


def test_keys_stay_out_of_parameters(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("LT_KEY", "JUDGE_KEY", "OPENAI_API_KEY"):
        monkeypatch.setenv(variable, "s3cret")
    config = load(changed(KEYED))
    assert "s3cret" not in config.model_dump_json()
    assert config.judges["j"].connection().api_key_env == "JUDGE_KEY"  # type: ignore[union-attr]
    assert config.models["b"].connection().api_key_env is None  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("edit", "variable", "per_minute"),
    [
        ("translation: {engine: google}", None, 300),
        ("translation: {engine: google, requests_per_minute: 60}", None, 60),
        ("translation: {engine: libretranslate, base_url: 'http://x'}", None, None),
        ("translation: {engine: deepl}", "DEEPL_API_KEY", 600),
        ("translation: {engine: microsoft}", "MICROSOFT_API_KEY", 300),
        ("translation: {engine: microsoft, api_key_env: MY_KEY}", "MY_KEY", 300),
    ],
)
def test_translators_have_a_usual_key_and_pace(edit: str, variable: str | None, per_minute: float | None) -> None:
    connected = connection(load(changed(edit)).translation)
    assert (connected.api_key_env, connected.requests_per_minute) == (variable, per_minute)
    if variable:
        told = f"translation: the environment variable {variable} is not set; run: export {variable}=..."
        assert lacking(changed(edit)) == [told]


@pytest.mark.parametrize("key", ["sk-abc123", "AIzaSyAbc_123", "abc"])
def test_a_key_in_place_of_its_variables_name_is_refused_and_not_shown(key: str) -> None:
    raw = changed(KEYED)
    raw["models"]["a"]["api_key_env"] = key
    message = problems(raw)
    assert "models.a.api_key_env: give the NAME of an environment variable" in message
    assert key not in message


@pytest.mark.parametrize(
    ("edit", "key"),
    [
        ("models: {m: {engine: openai, model: x, base_url: 'http://me:s3cret@host/v1'}}", "models.m.base_url"),
        ("judges: {j: {engine: openai, model: x, base_url: 'http://s3cret@host/v1'}}", "judges.j.base_url"),
        ("translation: {engine: libretranslate, base_url: 'http://me:s3cret@host'}", "translation.base_url"),
    ],
)
def test_a_login_in_an_address_is_refused_and_not_shown(edit: str, key: str) -> None:
    message = problems(changed(edit))
    assert message.startswith("config: 1 problem(s)\n")
    assert f"  - {key}" in message
    assert "an address with a login is kept in clear; give the key by api_key_env" in message
    assert "s3cret" not in message


def test_a_journal_beside_the_results_is_fine() -> None:
    config = load(changed("{journal: out/journal, results: out/results}"))
    assert (config.journal, config.results) == ("out/journal", "out/results")


@pytest.mark.parametrize(
    ("model", "edit"),
    [
        ("one", {"label": "One", "note": "A note.", "languages": ["en"]}),
        ("one", {"base_url": "http://elsewhere", "api_key_env": "X", "concurrency": 1, "timeout": 1, "max_retries": 0}),
        (
            "one",
            {"mode": "batch", "price": {"input": 1.0, "output": 2.0}, "requests_per_minute": 5, "headers": {"a": "b"}},
        ),
        ("two", {"label": "Two", "note": "A note.", "tokens_in_memory": 1, "threads": 2, "languages": ["fr"]}),
    ],
)
def test_labels_and_connections_are_no_part_of_an_identity(model: str, edit: dict[str, Any]) -> None:
    raw = yaml.safe_load(GOOD)
    other = copy.deepcopy(raw)
    other["models"][model] |= edit
    assert load(raw).models[model] != load(other).models[model]
    assert load(raw).models[model].identity() == load(other).models[model].identity()


@pytest.mark.parametrize(
    ("model", "edit"),
    [
        ("one", {"model": "other"}),
        ("one", {"decoding": {"temperature": 0.5}}),
        ("two", {"decoding": {"max_new_tokens": 3}}),
        ("two", {"dtype": "bfloat16"}),
        ("two", {"model": "org/x", "revision": "abc"}),
    ],
)
def test_what_changes_an_answer_is_part_of_the_identity(model: str, edit: dict[str, Any]) -> None:
    raw = yaml.safe_load(GOOD)
    other = copy.deepcopy(raw)
    other["models"][model] |= edit
    assert load(raw).models[model].identity() != load(other).models[model].identity()


def test_a_judges_prompt_is_how_it_reads_and_no_identity_of_the_engine() -> None:
    judge = "judges: {j: {engine: openai, model: x, base_url: 'http://x', prompt: '{query} {response}%s'}}"
    one, other = (load(changed(judge % end)).judges["j"] for end in ("", "?"))
    assert isinstance(one, OpenAIJudge)
    assert isinstance(other, OpenAIJudge)
    assert one.method() != other.method()
    assert one.identity() == other.identity()


def test_a_judge_sends_its_protocols_parameters_and_its_own_decoding_in_place_of_the_protocols() -> None:
    judge = "judges: {j: {engine: openai, model: x, base_url: 'http://x', protocol: %s}}"
    assert load(changed(judge % "llama-guard")).judges["j"].identity()["decoding"]["temperature"] == 0
    own = "shieldgemma, decoding: {max_tokens: 9, extra_body: {top_k: 1}}"
    decoding = load(changed(judge % own)).judges["j"].identity()["decoding"]
    assert sorted(decoding) == ["extra_body", "max_tokens"]
    assert sorted(decoding["extra_body"]) == ["chat_template_kwargs", "top_k"]
    assert load(changed(judge % "moderation")).judges["j"].identity()["endpoint"] == "moderations"


@pytest.mark.parametrize(
    ("edit", "told"),
    [
        ("headers: {Authorization: x}", "headers: Authorization is kept in clear; give the NAME of a variable by hea"),
        ("headers: {X-Api-Key: x}", "X-Api-Key is kept in clear"),
        ("headers_env: {x-api-key: sk-abc}", "headers_env.x-api-key: give the NAME of an environment variable"),
        ("base_url: 'http://h/v1?key=s3cret'", "an address with a query is kept in clear"),
        ("headers: {X-Apikey: x, X-Password: y}", "X-Apikey, X-Password is kept in clear"),
        ("decoding: {n: 0}", "n is 0; give a whole number, 1 or more"),
        ("decoding: {max_tokens: '512'}", "max_tokens is '512'; give a whole number"),
        ("decoding: {extra_body: {stream: true}}", "extra_body: stream cannot be set here"),
        ("decoding: {extra_body: {api_key: sk-abc}}", "extra_body: api_key is kept in clear"),
        ("price: {input: 1}", "price.output: missing; add it"),
        ("price: {input: -1, output: 2}", "price.input: -1 input should be greater than or equal to 0"),
        ("mode: bulk", "mode: 'bulk' input should be 'online' or 'batch'"),
        ("batch: {size: 5}", "batch.size: unknown key"),
        ("batch: {rest: never}", "batch.rest: 'never' input should be 'batch' or 'online'"),
        ("requests_per_minute: 0", "requests_per_minute: 0 input should be greater than 0"),
    ],
)
def test_connections_are_checked(edit: str, told: str) -> None:
    message = problems(changed(f"models: {{m: {{engine: openai, model: x, {edit}}}}}"))
    assert message.startswith("config: 1 problem(s)\n")
    assert told in message
    assert "s3cret" not in message
    assert "sk-abc" not in message


@pytest.mark.parametrize(
    ("edit", "told"),
    [
        ("protocol: lama-guard", "judges.j.protocol 'lama-guard'"),
        ("protocol: llama-guard, prompt: '{query} {response}'", "goes with protocol: paper only"),
        ("decoding: {n: 2}", "a judge gives one verdict"),
        ("controversial: maybe", "judges.j.controversial: 'maybe' input should be"),
    ],
)
def test_judges_are_checked(edit: str, told: str) -> None:
    assert told in problems(changed(f"judges: {{j: {{engine: openai, model: x, {edit}}}}}"))


def test_models_with_one_endpoint_and_key_share_a_provider() -> None:
    blocks = """
models:
  a: {engine: openai, model: x}
  b: {engine: openai, model: y, mode: batch}
  c: {engine: openai, model: x, base_url: "http://127.0.0.1:8000/v1"}
  d: {engine: openai, model: x, base_url: "http://127.0.0.1:8001/v1", mode: batch, batch: {rest: online}}
"""
    models = load(changed(blocks)).models
    assert {name: model.provider for name, model in models.items()} == {  # type: ignore[union-attr]
        "a": "api_openai_com_OPENAI_API_KEY",
        "b": None,  # only batches: it holds up nobody
        "c": "127_0_0_1_8000",
        "d": "127_0_0_1_8001",
    }


def test_labels_reach_the_report_only() -> None:
    raw = yaml.safe_load(GOOD)
    raw["models"]["one"] |= {"label": "One", "note": "A note."}
    shown = load(raw).shown()
    assert shown["labels"]["models"] == {"one": "One", "two": "two"}
    assert shown["notes"]["models"] == {"one": "A note."}
    assert shown["promptings"] == ["none"]


@pytest.mark.parametrize(
    "file", ["config.yaml", *sorted(f"configs/{path.name}" for path in (ROOT / "configs").glob("*.yaml"))]
)
def test_shipped_configs_are_valid(file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = yaml.safe_load((ROOT / file).read_text(encoding="utf-8"))
    release = raw["dataset"].get("xsafety")
    if release and not (ROOT / release).is_dir():
        pytest.skip(f"{file} needs a clone of the release at {release}")
    monkeypatch.chdir(ROOT)
    assert load(raw).languages[0] == "en"


def test_the_gate_of_the_demo_is_the_papers_and_the_release_has_passed_its_own() -> None:
    files = [ROOT / "config.yaml", ROOT / "configs/xsafety.yaml"]
    blocks = (yaml.safe_load(file.read_text(encoding="utf-8"))["verification"] for file in files)
    demo, release = map(Verification.model_validate, blocks)
    check = SpotCheck(share=0.1, min_pass_rate=0.99)
    assert demo == Verification(rounds=2, max_modification_rate=0.05, spot_check=check, accept_drafts=True)
    assert demo.different_reviewers
    assert release == Verification(rounds=1, min_coverage=0.99, reviews=release.reviews)


def descendants(kind: type[Strict]) -> list[type[Strict]]:
    return [one for child in kind.__subclasses__() for one in (child, *descendants(child))]


OF_JOBS = (JobBudget, JobConnection)  # made of the configuration, not written in it
BLOCKS = [kind for kind in dict.fromkeys(descendants(Strict)) if kind not in OF_JOBS]


@pytest.mark.parametrize("kind", BLOCKS, ids=lambda kind: kind.__name__)
def test_every_key_stands_in_config_yaml(kind: type[Strict]) -> None:
    text = (ROOT / "config.yaml").read_text(encoding="utf-8")
    keys = [field.alias or name for name, field in kind.model_fields.items()]
    assert [key for key in keys if not re.search(rf"\b{key}\b", text)] == []


def test_problems_of_every_kind_are_told_at_once() -> None:
    models = "{a: {engine: openai, model: m, languages: [qq]}}"
    judges = "{j: {engine: openai, model: m, translate_to_english: true}}"
    translation = "{engine: none}"
    edit = f"{{languages: [en, zz], judge: {{}}, models: {models}, judges: {judges}, translation: {translation}}}"
    message = problems(changed(edit))
    for part in (
        "4 problem(s)",
        "judge: unknown key; did you mean 'judges'?",
        "'zz' names no known",
        "'qq' names no known",
        "judges.j.translate_to_english True: set translation.engine",
    ):
        assert part in message, message


def test_a_model_is_not_named_as_another_column() -> None:
    assert "All is the name of another column" in problems(changed("models: {All: {engine: openai, model: m}}"))


def test_files_and_overrides_are_merged_as_snakemake_merges_them(folder: Path) -> None:
    """Against Snakemake's own merging."""
    from snakemake.settings.types import ConfigSettings

    texts = [GOOD, "{models: {one: {model: other, decoding: {seed: 1}}}, report: {title: T}, languages: [en, de]}"]
    files = [folder / f"{number}.yaml" for number in range(len(texts))]
    for file, text in zip(files, texts, strict=True):
        file.write_text(text, encoding="utf-8")
    overrides = {"models": {"two": {"label": "Two"}}, "results": "out", "journal": "kept"}
    merged = ConfigSettings(config=overrides, configfiles=files).overwrite_config
    assert read(files, overrides) == load(merged)
    assert read(files).models["one"].decoding == {"seed": 1}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: [", "line 1: while parsing a flow node, expected the node content"),
        ("a: 1\nb:\n  c: 1\n  c: 2\n", "line 4: 'c' stands in line 3 already; put what is below it there"),
        ("just text", "no configuration"),
        ("", "no conf"),
    ],
)
def test_a_file_that_is_no_configuration_is_told(folder: Path, text: str, told: str) -> None:
    (folder / "c.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=rf"c\.yaml: {told}"):
        read([folder / "c.yaml"])
