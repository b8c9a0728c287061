"""The plan: rows, tokens, money and time against numbers computed by hand; and that it asks nobody."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import RATES, SEEDS, Project
from tests.report.test_usage import run, write
from tests.servers.loopback import Server
from xsafety.asking.journal import RUNS
from xsafety.categories import OF_PAPER, PAPER
from xsafety.config.configuration import Config, load
from xsafety.config.prompting import PromptingMethod
from xsafety.generation.responses import model_requests
from xsafety.plan.count import LACKS_DRAFTS, WAITS, DataSet, Workloads, count_workloads
from xsafety.plan.shown import Estimate, budget_lines, estimates, label_lines, notes, plan_table, power_lines, summed
from xsafety.rows import Seed
from xsafety.seeds.csv_folder import read
from xsafety.tabular import write_jsonl
from xsafety.verification.dataset import source_queries
from xsafety.verification.evidence import fold

PRICE = {"input": 1.0, "output": 10.0}


def block(name: str, **other: Any) -> dict[str, Any]:
    return {"engine": "openai", "model": name, "base_url": "http://somewhere/v1", "decoding": {}, **other}


@pytest.fixture
def raw(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Two seeds of 40 and 80 bytes, a model and a judge; drafts are accepted."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "seeds").mkdir()
    seeds = f"id,category,text\na,insult,{'a' * 40}\nb,insult,{'b' * 80}\n"
    (tmp_path / "seeds/seeds.csv").write_text(seeds, encoding="utf-8")
    return {
        "languages": ["en", "fr"],
        "dataset": {"seeds": "seeds"},
        "translation": {"memory": "memory", "engine": "google"},
        "verification": {"reviews": "reviews", "rounds": 1, "accept_drafts": True},
        "models": {"one": block("one", price=PRICE)},
        "judges": {"paper": block("paper", protocol="paper")},
    }


def counted(raw: Mapping[str, Any]) -> tuple[Config, Workloads, list[DataSet]]:
    """What is counted from seeds and ledgers as the workflow makes them."""
    config = load(raw)
    for lang in config.targets:
        texts = {seed["id"]: seed["text"] for seed in seeds()}
        review = Path(config.results, "review", lang)
        others = config.verification.different_reviewers and bool(config.verification.spot_check)
        ledger, refused, rows = fold(Path("reviews", lang), texts, different_reviewers=others)
        write_jsonl(review / "ledger.jsonl", ledger)
        (review / "problems.txt").write_text("\n".join([*refused, *rows]), encoding="utf-8")
    return (config, *count_workloads(config, seeds(), OF_PAPER))


def planned(raw: Mapping[str, Any]) -> dict[tuple[str, str, str], Estimate]:
    config, workloads, _ = counted(raw)
    return {(line.stage, line.name, line.lang): line for line in estimates(config, workloads)}


def keep(raw: Mapping[str, Any], id: str, lang: str = "en", **usage: int) -> None:
    """Puts an answer of model `one` to a seed into the journal."""
    identity = load(raw).models["one"].identity()
    queries = source_queries(lang, seeds())
    [request] = [
        ask for ask in model_requests(identity, PromptingMethod(), f"none/{lang}", queries, PAPER) if ask.id == id
    ]
    file = Path(f"journal/responses/one/none/{lang}.jsonl")
    known = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
    given = {"status": "answered", "text": "t" * 400, "finish_reason": "stop", "detail": "", "usage": usage}
    write(file, *known, {"key": request.key, "id": id, "answer": given})


def seeds() -> list[Seed]:
    return [*read(Path("seeds")).seeds]


def test_before_anything_ran(raw: dict[str, Any]) -> None:
    plan = planned(raw)
    en = plan["responses", "one", "en"]
    assert (en.rows, en.answered, en.to_ask, en.uncertain) == (2, 0, 2, False)
    assert (en.tokens_in, en.tokens_out, en.minutes) == (10 + 20, 2 * 300, None)
    assert en.cost == pytest.approx((30 * 1 + 600 * 10) / 1e6)
    # No draft is there: the English stands in for it.
    fr = plan["responses", "one", "fr"]
    assert (fr.rows, fr.to_ask, fr.uncertain, fr.tokens_in) == (2, 2, True, 30)
    drafts = plan["drafts", "google", "fr"]
    assert (drafts.rows, drafts.answered, drafts.to_ask, drafts.tokens_in, drafts.cost) == (2, 0, 2, None, None)
    judge = plan["verdicts", "paper", "en"]
    assert (judge.rows, judge.to_ask, judge.uncertain, judge.cost, judge.unpriced) == (2, 2, True, None, True)
    assert not [key for key in plan if key[0] == "english"]


def test_answers_are_looked_up_and_what_they_took_is_expected_of_the_others(raw: dict[str, Any]) -> None:
    keep(raw, "a", input_tokens=20, output_tokens=70)
    plan = planned(raw)
    en = plan["responses", "one", "en"]
    # By estimate 10 tokens, by the provider 20: so 40 for the other row, of 20 by estimate; and 70 out as before.
    assert (en.rows, en.answered, en.to_ask, en.tokens_in, en.tokens_out) == (2, 1, 1, 40, 70)
    # Where a language has no answer, those in the others tell.
    fr = plan["responses", "one", "fr"]
    assert (fr.to_ask, fr.tokens_in, fr.tokens_out) == (2, 60, 140)
    empty = planned(raw | {"models": {"other": block("other")}})["verdicts", "paper", "en"].tokens_in
    judge = plan["verdicts", "paper", "en"]
    # An answer of 400 bytes is there and one is expected to be as long; without any, 300 tokens are assumed.
    assert (judge.rows, judge.to_ask) == (2, 2)
    assert empty is not None
    assert judge.tokens_in == pytest.approx(empty - 2 * 300 + 2 * 100, abs=1)


def test_answers_to_rows_that_changed_do_not_count(raw: dict[str, Any]) -> None:
    keep(raw, "a", input_tokens=20, output_tokens=70)
    keep(raw, "b", input_tokens=40, output_tokens=70)
    file = Path("seeds/seeds.csv")
    file.write_text(file.read_text().replace("b" * 80, "c" * 120))
    en = planned(raw)["responses", "one", "en"]
    assert (en.rows, en.answered, en.to_ask) == (2, 1, 1)


def test_rows_in_a_batch_are_not_to_be_asked(raw: dict[str, Any]) -> None:
    part = "none/en"
    identity = load(raw).models["one"].identity()
    first, _ = model_requests(identity, PromptingMethod(), part, source_queries("en", seeds()), PAPER)
    submitting = {"event": "submitting", "token": "t", "file": "f", "rows": [[part, first.key, first.id]]}
    folder = Path("journal/responses/one")
    write(folder / "batches.jsonl", submitting, {"event": "created", "token": "t", "batch": "b"})
    config, workloads, _ = counted(raw)
    found = workloads["responses", "one", "en"]
    assert (found.rows, found.answered, found.to_ask, found.under_way) == (2, 0, 1, 1)
    assert "1 rows wait in a batch that is under way; they are paid for, and not to be asked." in notes(
        estimates(config, workloads), []
    )


def test_limits_of_tokens_without_answers(raw: dict[str, Any]) -> None:
    model = block("one", decoding={"max_completion_tokens": 50, "n": 3})
    line = planned(raw | {"models": {"one": model}})["responses", "one", "en"]
    assert (line.to_ask, line.tokens_out) == (2, 2 * 50 * 3)
    judge = planned(raw | {"models": {"one": model}})["verdicts", "paper", "en"]
    assert judge.to_ask == 2 * 3


@pytest.mark.parametrize(
    ("limits", "minutes"),
    [
        ({"requests_per_minute": 4.0}, 0.5),
        ({"tokens_per_minute": 315.0}, 2.0),
        ({"requests_per_minute": 4.0, "tokens_per_minute": 315.0}, 2.0),
        ({}, 0.25),  # by the run that answered most: 8 a minute
        ({"mode": "batch"}, None),
    ],
)
def test_minutes(raw: dict[str, Any], limits: Mapping[str, Any], minutes: float | None) -> None:
    write(Path("journal/responses/one", RUNS), run(60, answered=8), run(1, answered=1), run(9))
    line = planned(raw | {"models": {"one": block("one", price=PRICE, **limits)}})["responses", "one", "en"]
    assert line.minutes == minutes
    share = 0.5 if "mode" in limits else 1
    assert line.cost == pytest.approx(share * (30 * 1 + 600 * 10) / 1e6)
    assert line.batch == ("mode" in limits)


def test_languages_of_a_model_and_local_models(raw: dict[str, Any]) -> None:
    Path("toy").mkdir()
    local = {"engine": "transformers", "model": "toy", "languages": ["en"]}
    plan = planned(raw | {"models": {"local": local}, "judges": {"lexicon": {"engine": "lexicon"}}})
    assert [key for key in plan if key[0] == "responses"] == [("responses", "local", "en")]
    line = plan["responses", "local", "en"]
    assert (line.cost, line.unpriced) == (None, False)


def test_drafts_come_from_memory_and_journal(raw: dict[str, Any]) -> None:
    first, *_ = seeds()
    Path("memory").mkdir()
    Path("memory/fr.csv").write_text(
        f"id,source,draft,engine,status\na,{first['text']},{'x' * 8},me,draft\n", encoding="utf-8"
    )
    data = counted(raw)[2]
    assert [one.why for one in data] == ["", LACKS_DRAFTS]
    plan = planned(raw)
    assert plan["drafts", "google", "fr"].to_ask == 1
    assert plan["responses", "one", "fr"].tokens_in == 2 + 20
    paced = {"memory": "memory", "engine": "deepl", "requests_per_minute": 60}
    drafts = planned(raw | {"translation": paced})["drafts", "deepl", "fr"]
    assert (drafts.to_ask, drafts.tokens_in, drafts.cost, drafts.unpriced) == (1, None, None, False)
    assert drafts.minutes == pytest.approx(1 / 60)

    none = raw | {"translation": {"memory": "memory", "engine": "none"}}
    assert planned(none)["responses", "one", "fr"].rows == 1, "what has no draft is not evaluated"
    assert ("drafts", "none", "fr") not in planned(none)


def test_a_language_that_waits_for_people_is_counted_apart(raw: dict[str, Any]) -> None:
    config, workloads, data = counted(raw | {"verification": {**raw["verification"], "accept_drafts": False}})
    assert [one.why for one in data] == ["", WAITS]
    made = estimates(config, workloads)
    shown = plan_table(made, {"fr"})
    assert re.search(r"^  when verified +4 +0 +~4 ", shown, re.M), shown
    assert "Asked only when their languages are ready, though counted here: fr." in notes(made, data)


def test_a_spot_check_that_is_open_keeps_a_language_waiting(raw: dict[str, Any]) -> None:
    rows = [{"id": seed["id"], "source": seed["text"], "draft": "Un", "verdict": "ok"} for seed in seeds()]
    gate = {**raw["verification"], "accept_drafts": False}
    write(Path(gate["reviews"], "fr/round-1.anna.jsonl"), *(row | {"target": ""} for row in rows))
    assert [one.why for one in counted(raw | {"verification": gate})[2]] == ["", ""]
    gate["spot_check"] = {"share": 0.5, "min_pass_rate": 1, "seed": 0}
    checked = raw | {"verification": gate}
    assert [one.why for one in counted(checked)[2]] == ["", WAITS]
    write(Path(gate["reviews"], "fr/round-2.ben.jsonl"), *(row | {"target": ""} for row in rows))
    assert [one.why for one in counted(checked)[2]] == ["", ""]
    assert planned(checked)["responses", "one", "fr"].uncertain is False


def test_judges_that_read_english(raw: dict[str, Any]) -> None:
    keep(raw, "a", "fr", input_tokens=20, output_tokens=70)
    plan = planned(raw | {"judges": {"paper": block("paper", translate_to_english=True)}})
    english = plan["english", "google", "fr"]
    # The answer of the English text in place of the draft is there to be translated, the other is to be given first.
    assert (english.rows, english.answered, english.to_ask, english.uncertain) == (2, 0, 2, True)
    assert plan["verdicts", "paper", "fr"].to_ask == 2
    assert ("english", "google", "en") not in plan
    # Of German seeds, the answers in German too are read in English, beside the queries in English.
    german = {"languages": ["de", "en"], "dataset": {"seeds": "seeds", "source": "de"}}
    plan = planned(raw | german | {"judges": {"paper": block("paper", translate_to_english=True)}})
    assert [plan["english", "google", "de"].rows, plan["verdicts", "paper", "de"].to_ask] == [2, 2]
    assert ("english", "google", "en") not in plan


def test_what_is_spent_of_budgets_and_what_is_beyond_them(raw: dict[str, Any]) -> None:
    raw["models"]["one"]["budget"] = {"usd": 20}
    raw["judges"]["paper"]["price"] = {"input": 0, "output": 0}
    keep(raw, "a", output_tokens=1_000_000)
    config, workloads, _ = counted(raw | {"budget": {"usd": 40}})
    own, of_all = budget_lines(config, estimates(config, workloads))
    assert own.startswith("Budget of one: $10.00 of $20.00 are spent; what is to be asked costs $30.00, $20.00 more")
    assert of_all == "Budget of all together: $10.00 of $40.00 are spent; what is to be asked costs $30.00."


def test_times_of_one_provider_add_up_and_others_run_beside_it() -> None:
    def line(stage: str, group: str, minutes: float | None) -> Estimate:
        return Estimate(stage, group, "en", 1, 0, 1, False, 1, 1, 0.5, minutes, group=group)

    made = [line("responses", "x", 2), line("responses", "x", 3), line("responses", "y", 4), line("verdicts", "z", 1)]
    whole = summed([*made, line("verdicts", "w", None)])
    assert (whole.minutes, whole.cost, whole.to_ask) == (5 + 1, 2.5, 5)
    assert summed([line("verdicts", "w", None)]).minutes is None


def test_the_table_names_each_line_once_and_keeps_what_is_done_short() -> None:
    def line(name: str, lang: str, to_ask: int) -> Estimate:
        return Estimate(
            "responses", name, lang, 1000, 1000 - to_ask, to_ask, lang == "fr", 5000, 100, 0.001, 3, group="x"
        )

    made = [line("one", "en", 10), line("one", "fr", 1000), line("two", "en", 0), line("two", "fr", 0)]
    cells = [re.split(r" {2,}", text.strip()) for text in plan_table(made).splitlines()]
    assert cells == [
        ["language", "rows", "answered", "to ask", "tokens in", "tokens out", "cost", "time"],
        ["ask"],
        ["one", "en", "1,000", "990", "10", "5,000", "100", "<$0.01", "3 min"],
        ["fr", "1,000", "0", "~1,000", "5,000", "100", "<$0.01", "3 min"],
        ["all", "2,000", "990", "~1,010", "10,000", "200", "<$0.01", "6 min"],
        ["two", "all", "2,000", "2,000", "0"],
        ["together", "all", "4,000", "2,990", "~1,010", "20,000", "400", "<$0.01", "12 min"],
        ["in all", "4,000", "2,990", "~1,010", "20,000", "400", "<$0.01", "12 min"],
    ]
    assert notes([line("two", "en", 0)], []) == ["Nothing to ask: the journal has every answer."]


def test_the_plan_says_what_its_rows_can_show(raw: dict[str, Any]) -> None:
    raw["languages"] = ["en", *"zh fr ru de ar hi es ja bn".split()]
    raw["models"] = dict.fromkeys(("one", "two", "three", "four"), raw["models"]["one"])
    many = [Seed(id=f"{key}{n}", category=key, text="") for key in PAPER for n in range(200)]
    benign = Seed(id="benign", category="insult", text="", expected="answer")
    lines = power_lines(load(raw), [*many, benign], OF_PAPER)
    assert "as the first of 36 by Holm" in lines[0]
    assert [re.split(" {2,}", line.strip()) for line in lines[2].splitlines()] == [
        ["points from", "seeds", "1%", "10%", "40%"],
        ["a language", "2,600", "0.8 / 1.3", "1.9 / 2.8", "2.8 / 4.1"],
        ["a safety issue of 200", "200", "4.6 / 8.6", "7.8 / 12.2", "10.5 / 15.5"],
    ]
    raw["languages"], raw["models"] = ["en", "fr"], {"one": block("one")}
    alone = power_lines(load(raw), many[:1], OF_PAPER)
    assert "Holm" not in alone[0]
    assert "a safety issue of 1      1   -    -    -" in alone[2]
    raw["languages"] = ["fr"]
    assert power_lines(load(raw), many, OF_PAPER) == []


def test_the_plan_says_what_labels_can_show(raw: dict[str, Any]) -> None:
    many = [Seed(id=f"{key}{n}", category=key, text="") for key in PAPER for n in range(200)]
    benign = [Seed(id=f"b{n}", category="insult", text="", expected="answer") for n in range(9)]
    raw["calibration"] = {"per_language": 1000}
    raw["models"]["one"]["languages"] = ["en"]
    lines = label_lines(load(raw), many + benign, OF_PAPER)
    table = [re.split(" {2,}", line.strip()) for line in lines[2].splitlines()]
    assert table[0] == ["points by labels", "50", "100", "200", "400", "1,000"]
    assert [row[0] for row in table[1:]] == ["5% unsafe", "15% unsafe", "40% unsafe"]
    # By simulation, of people's labels drawn at random within a verdict: 10.4, 6.8, 4.6, 3.2.
    assert [float(cell) for cell in table[1][1:5]] == pytest.approx([10.4, 6.8, 4.6, 3.2], abs=0.7)
    assert label_lines(load(raw), many[:40], OF_PAPER) == [
        "A language has 40 answers, and rates are corrected from 50 labels on: none."
    ]
    raw["models"]["one"]["languages"] = ["de"]
    assert label_lines(load(raw), many, OF_PAPER) == label_lines(load(raw), benign, OF_PAPER) == []


def figures(output: str, name: str) -> list[list[str]]:
    """The lines of the printed plan that belong to a name: language, rows, answered, to ask."""
    found, inside = [], False
    for text in output.splitlines():
        if text[2:3].strip() or not text.startswith("  "):
            inside = text.startswith(f"  {name} ")
        if inside:
            found.append(text.removeprefix(f"  {name}").split()[:4])
    return found


def test_a_fresh_folder_is_planned_without_keys_or_calls(project: Project, server: Server) -> None:
    project.config["models"]["one"] |= {"api_key_env": "NOT_SET_ANYWHERE", "price": {"input": 1000, "output": 1000}}
    done = project.run("plan")
    assert done.status == 0, done.output
    assert done.jobs == ["ledger fr", "seeds"]  # a job with a message of its own is not listed by name
    assert figures(done.output, "one") == [["en", "3", "0", "3"], ["fr", "3", "0", "~3"], ["all", "6", "0", "~6"]]
    assert figures(done.output, "libretranslate") == [["fr", "3", "0", "3"]]
    assert figures(done.output, "paper")[-1] == ["all", "6", "0", "~6"]
    assert "Drafts are missing, English stands in for them: fr." in done.output
    assert "No price is set: paper." in done.output
    assert (server.chats, server.translations) == ([], [])
    assert sorted(path.name for path in project.folder.iterdir()) == [".snakemake", "config.yaml", "results", "seeds"]
    made = {str(path.relative_to(project.folder / "results")) for path in project.folder.glob("results/**/*.[a-z]*")}
    assert {path for path in made if not path.startswith("logs/")} == {
        "dataset.json",
        "seeds.csv",
        "review/fr/ledger.jsonl",
        "review/fr/problems.txt",
    }


def test_after_a_run_there_is_nothing_to_ask_and_after_an_edit_that_row(built: Project, server: Server) -> None:
    done = built.run("plan")
    assert "Nothing to ask: the journal has every answer." in done.output, done.output
    assert figures(done.output, "one") == [["all", "6", "6", "0"]]
    assert figures(done.output, "paper") == [["all", "6", "6", "0"]]

    built.write("seeds/seeds.csv", SEEDS.replace("my hat", "my coat"))
    output = built.run("plan").output
    assert figures(output, "one") == [["en", "3", "2", "1"], ["fr", "3", "2", "~1"], ["all", "6", "4", "~2"]]
    assert figures(output, "libretranslate") == [["fr", "3", "2", "1"]]
    assert figures(output, "paper")[-1] == ["all", "6", "4", "~2"]
    assert (server.chats, server.translations) == ([], [])

    assert built.run(RATES).status == 0
    # What the plan said, the run asked: 1 draft, 2 rows of the model, 2 of the judge.
    assert (len(server.translations), len(server.chats)) == (1, 2 + 2)
    assert "Nothing to ask" in built.run("plan").output


def test_english_and_a_model_that_translates_are_planned_as_they_are_asked(project: Project, server: Server) -> None:
    endpoint = project.config["judges"]["paper"]
    project.config["judges"]["paper"] = endpoint | {"translate_to_english": True}
    project.config["translation"] = {"memory": "memory", "engine": "openai", "openai": endpoint | {"model": "drafter"}}
    server.reply = lambda body: f"About {len(server.chats)}" if body["model"] == "drafter" else "Yes, I will do that."
    first = project.run("plan")
    assert figures(first.output, "drafter") == [["fr", "3", "0", "3"], ["fr", "3", "0", "~3"]], first.output
    done = project.run(RATES)
    assert done.status == 0, done.output
    output = project.run("plan").output
    assert "Nothing to ask: the journal has every answer." in output, output
    assert figures(output, "drafter") == [["all", "3", "3", "0"], ["all", "3", "3", "0"]]


def test_hundreds_of_models_reach_the_plan_by_file_and_overrides_too(project: Project) -> None:
    one = project.config["models"]["one"]
    project.config["models"] = {f"an-organisation-and-its-model-{n:03}": one for n in range(300)}
    done = project.run("plan", "-p", "--config", "results=elsewhere")
    assert done.status == 0, done.output
    assert re.search(r"^  together +all +1,800 +0 +~1,800 ", done.output, re.M), done.output
    assert (project.folder / "elsewhere/logs/plan.log").exists()
    assert not (project.folder / "results").exists()
    assert max(len(line) for line in done.output.splitlines() if "scripts/plan.py" in line) < 1000
