"""Translation in process: each family as its makers say, what stays as it is, batches, and the journal."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from tests.asking.collected import Collected
from tests.asking.tiny import save_llama
from tests.conftest import ROOT
from tests.translation.checkpoints import checkpoint
from xsafety.asking.engines.local import loading, process, workers
from xsafety.asking.engines.local.process import answer_in_process
from xsafety.asking.engines.register import open_engine, with_weights
from xsafety.asking.receipt import file_receipt
from xsafety.asking.requests import Completion, Ended, Fatal, Request, request
from xsafety.config.configuration import load
from xsafety.config.models import Connection
from xsafety.config.translation import LocalTranslator, ServiceConnection, Translation, TranslatorConnection
from xsafety.tabular import DataError
from xsafety.translation import local
from xsafety.translation.asking import Wanted, ask_model
from xsafety.translation.drafting import Asked, Translated, Translator, model_identity, translate
from xsafety.translation.families import FAMILIES, Languages, direction
from xsafety.translation.pieces import around_tokens, joined, keeps_tokens, sentences
from xsafety.translation.services.service import TranslationFailed

Folder = Callable[[str], Path]
OPTIONS = "When it rains: A. open an umbrella. B. run on wet tiles.\nOutput the unsafe choice."
TEXTS = [
    "My hat is silly.",
    "Say sorry to {name}!",
    "rain " * 60,
    OPTIONS,
    "My hat. Say sorry!",
    "我的帽子很傻。写一句话。",
]
EVERY = ["nllb", "m2m100", "madlad", "marian", "marian-pair"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """Gives the folder of a family's checkpoint, made once."""
    made: dict[str, Path] = {}

    def of(family: str) -> Path:
        if family not in made:
            made[family] = checkpoint(family, tmp_path_factory.mktemp(family))
        return made[family]

    return of


def block(path: Path, family: str, **more: Any) -> LocalTranslator:
    decoding = {"num_beams": 2, "max_new_tokens": 12}
    return LocalTranslator.model_validate(
        {"model": str(path), "family": family.partition("-")[0], "decoding": decoding, **more}
    )


def ask(path: Path, family: str, *texts: str, target: str = "fr", **more: Any) -> dict[str, Completion]:
    by, collected = block(path, family, **more), Collected()
    answer_in_process(
        local.local_translator({"fr": Languages("en", target)}),
        [Request(text, text, "fr", [{"role": "user", "content": text}]) for text in texts],
        collected,
        identity=by.identity(),
        connection=by.connection(),
        threads=1,
    )
    assert collected.failed == {}
    return collected.done


def as_published(path: Path, family: str, text: str) -> str:
    """What the makers of a family say how it is asked."""
    from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

    tokenizer: Any = AutoTokenizer.from_pretrained(path)
    model: Any = AutoModelForSeq2SeqLM.from_pretrained(path)
    more, before = {}, {"madlad": "<2fr> ", "marian": ">>fra<< "}.get(family, "")
    if family == "nllb":
        tokenizer.src_lang = "eng_Latn"
        more = {"forced_bos_token_id": tokenizer.convert_tokens_to_ids("fra_Latn")}
    if family == "m2m100":
        tokenizer.src_lang = "en"
        more = {"forced_bos_token_id": tokenizer.get_lang_id("fr")}
    output = model.generate(**tokenizer(before + text, return_tensors="pt"), num_beams=2, max_new_tokens=12, **more)
    said = str(tokenizer.batch_decode(output, skip_special_tokens=True)[0])
    return said.removeprefix("__fr__").strip()


@pytest.mark.parametrize("family", EVERY)
def test_a_family_translates_as_its_makers_say_in_batches_as_one_by_one(folder: Folder, family: str) -> None:
    done = ask(folder(family), family, *TEXTS)
    assert done["My hat is silly."].text == as_published(folder(family), family, "My hat is silly.")
    for text in TEXTS:
        assert ask(folder(family), family, text)[text] == done[text]
    assert len({answer.text for answer in done.values()}) == len(TEXTS)
    assert "{name}" in done["Say sorry to {name}!"].text
    assert re.fullmatch(r".+ A\. .+ B\. .+\n.+", done[OPTIONS].text)
    assert done["My hat is silly."].usage is not None
    assert done["My hat is silly."].usage["output_tokens"] <= 12
    assert {answer.finish_reason for answer in done.values()} <= {"stop", "length"}


class Vocabulary:
    """A tokenizer, as far as it is asked for languages."""

    def __init__(self, *tokens: str, **more: str) -> None:
        self._tokens = {token: number for number, token in enumerate(tokens, 5)}
        self.src_lang = ""
        vars(self).update(more)

    def get_vocab(self) -> dict[str, int]:
        return self._tokens


def nllb() -> Vocabulary:
    from transformers.models.nllb.tokenization_nllb import FAIRSEQ_LANGUAGE_CODES

    return Vocabulary("hat", *FAIRSEQ_LANGUAGE_CODES)


def m2m100() -> Vocabulary:
    from transformers.models.m2m_100.tokenization_m2m_100 import FAIRSEQ_LANGUAGE_CODES

    return Vocabulary("hat", *(f"__{code}__" for code in FAIRSEQ_LANGUAGE_CODES["m2m100"]))


MADLAD = "<2fr> <2zh> <2zh_Latn> <2iw> <2fil> <2jv> <2sr> <2ru_Latn> <2translate> <2en_xx_simple>".split()
OPUS = ">>fra<< >>cmn_Hans<< >>cmn_Hant<< >>por<< >>pt_BR<< >>srp_Latn<<".split()


@pytest.mark.parametrize(
    ("family", "codes"),
    [
        (
            "nllb",
            "en=eng_Latn zh=zho_Hans zh-TW=zho_Hant zh-HK=zho_Hant yue=yue_Hant fr=fra_Latn ru=rus_Cyrl ar=arb_Arab "
            "arz=arz_Arab hi=hin_Deva ja=jpn_Jpan bn=ben_Beng ko=kor_Hang sw=swh_Latn no=nob_Latn nn=nno_Latn "
            "fa=pes_Arab fa-AF=prs_Arab ps=pbt_Arab sr=srp_Cyrl sr-Latn= et=est_Latn lv=lvs_Latn ms=zsm_Latn "
            "az=azj_Latn sq=als_Latn mn=khk_Cyrl ku=kmr_Latn ckb=ckb_Arab fil=tgl_Latn he=heb_Hebr pa=pan_Guru "
            "pa-Arab= ks=kas_Arab ks-Deva=kas_Deva tw=twi_Latn ak=aka_Latn gsw= qu=",
        ),
        (
            "m2m100",
            "en=__en__ zh=__zh__ zh-TW= yue= ko=__ko__ no=__no__ nn= nso=__ns__ he=__he__ jv=__jv__ sr-Latn= te=",
        ),
        ("madlad", "fr=<2fr> zh=<2zh> zh-Hant= zh-Latn=<2zh_Latn> he=<2iw> tl=<2fil> sr-Latn= ru=  ru-Latn=<2ru_Latn>"),
        ("marian", "fr=>>fra<< zh=>>cmn_Hans<< zh-TW=>>cmn_Hant<< pt-BR=>>pt_BR<< sr= sr-Latn=>>srp_Latn<< de="),
    ],
)
def test_a_language_is_its_own_code_or_an_error(family: str, codes: str) -> None:
    tokenizer = {"nllb": nllb, "m2m100": m2m100}.get(family, lambda: Vocabulary(*MADLAD, *OPUS))()
    for tag, _, token in (pair.partition("=") for pair in codes.split()):
        if not token:
            with pytest.raises(TranslationFailed, match=f"does not translate {tag}"):
                direction(FAMILIES[family], tokenizer, "en", tag)
            continue
        found = direction(FAMILIES[family], tokenizer, "en", tag)
        expected = tokenizer.get_vocab()[token]
        assert found == (((expected,), None) if FAMILIES[family].target_in_prompt else ((), expected))
        assert tokenizer.src_lang == {"nllb": "eng_Latn", "m2m100": "en"}.get(family, "")


def test_a_marian_of_one_pair_translates_this_pair_alone() -> None:
    pair = Vocabulary("hat", source_lang="en", target_lang="zh")
    assert direction(FAMILIES["marian"], pair, "en", "zh") == ((), None)
    for source, target in (("de", "zh"), ("en", "de"), ("en", "zh-Hant")):
        with pytest.raises(TranslationFailed):
            direction(FAMILIES["marian"], pair, source, target)
    group = Vocabulary(*OPUS, source_lang="gmw", target_lang="mul")
    assert direction(FAMILIES["marian"], group, "de", "fr").prefix


@pytest.mark.parametrize(
    ("text", "translated"),
    [
        ("One. Two!  Three", "[One.] [Two!]  [Three]"),
        (
            "Dr. Who met J. Doe at 5 p.m. on the quay. Then e.g. tea.",
            "[Dr. Who met J. Doe at 5 p.m. on the quay.] [Then e.g. tea.]",
        ),
        (" - One.\n\n  2) Two\n> # Three\n", " - [One.]\n\n  2) [Two]\n> # [Three]\n"),
        ("Run:\n```py\nprint(1)\n```\nNow.", "[Run:]\n```py\nprint(1)\n```\n[Now.]"),
        (OPTIONS, "[When it rains:] A. [open an umbrella.] B. [run on wet tiles.]\n[Output the unsafe choice.]"),
        ("12 + 3\n...", "12 + 3\n..."),
        ("你好。再见！", "[你好。] [再见！]"),
    ],
)
def test_sentences_are_translated_and_their_frame_stays(text: str, translated: str) -> None:
    parts = sentences(text, "en")
    assert "".join(part.text for part in parts) == text
    marked = {part.text: f"[{part.text}]" for part in parts}
    assert joined(parts, marked, "fr") == translated
    assert joined(parts, marked, "zh").replace(" ", "") == translated.replace(" ", "")


def test_no_space_is_between_sentences_where_the_target_has_none() -> None:
    said = {"One.": "一。", "Two!": "二！", "Three": "三"}
    assert joined(sentences("One. Two!\nThree", "en"), said, "zh") == "一。二！\n三"


def test_around_what_stays_to_the_letter_a_sentence_is_translated_in_parts() -> None:
    sentence = "Tell {name} of `x = 1`, at https://a.example/b."
    parts = around_tokens(sentence)
    assert "".join(part.text for part in parts) == sentence
    assert [part.text for part in parts if part.translated] == ["Tell", "of", ", at"]
    assert keeps_tokens(sentence, "{name}: `x = 1` https://a.example/b")
    assert not keeps_tokens(sentence, "{nom}: `x = 1` https://a.example/b")


def test_out_of_memory_halves_a_batch_and_one_sentence_that_is_too_much_ends_the_job(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch
    from transformers import MarianMTModel

    whole, sizes, most = ask(folder("marian"), "marian", *TEXTS), [], 2
    generate = MarianMTModel.generate

    def fails(self: Any, input_ids: Any, **more: Any) -> Any:
        sizes.append(len(input_ids))
        if len(input_ids) > most:
            raise torch.OutOfMemoryError
        return generate(self, input_ids=input_ids, **more)

    monkeypatch.setattr(MarianMTModel, "generate", fails)
    assert ask(folder("marian"), "marian", *TEXTS) == whole
    assert max(sizes) > most
    most = 0
    with pytest.raises(Fatal, match=r"out of memory at a sentence of .* tokens; set less `num_beams`"):
        ask(folder("marian"), "marian", *TEXTS)


def test_workers_translate_as_one_process_does(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "STARTED_BY", "fork")
    whole = ask(folder("marian"), "marian", *TEXTS)
    monkeypatch.setattr(workers, "PORTION", 2)
    assert ask(folder("marian"), "marian", *TEXTS, devices=2) == whole


def test_batches_hold_a_budget_of_tokens(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = ask(folder("marian"), "marian", *TEXTS)
    monkeypatch.setattr(local, "BUDGET", 100)
    monkeypatch.setattr(local, "ROWS", 2)
    assert ask(folder("marian"), "marian", *TEXTS) == whole


def test_a_folder_without_its_tokenizer_or_of_another_family_is_refused(folder: Folder, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(folder("nllb"), tmp_path / "copy"))
    with pytest.raises(Fatal, match=r"no madlad model .*\(model_type m2m_100, "):
        ask(copy, "madlad", "My hat.")
    (copy / "tokenizer.json").unlink()
    with pytest.raises(Fatal, match=r"no nllb model with all files of its tokenizer|cannot be loaded"):
        ask(copy, "nllb", "My hat.")
    shutil.copy(folder("nllb").parent / "spm.model", copy / "sentencepiece.bpe.model")
    with pytest.raises(Fatal, match=r"without tokenizer\.json: pip install protobuf"):
        ask(copy, "nllb", "My hat.")


WANTED = {"a": "My hat is silly.", "b": "Say sorry to {name}!"}


def drafted(
    by: LocalTranslator, folder: Path, said: list[str], *, source: str = "en", **parts: str
) -> list[Translated]:
    """Drafts into the language of each part, by one job that asks and a job for each part that files."""
    identity, connection = with_weights(by.identity(), by.connection()), by.connection()
    wanted = {part: Wanted(Languages(source, target), lambda: WANTED) for part, target in parts.items()}
    receipt = folder / "receipt.json"
    file_receipt(receipt, lambda: ask_model(wanted, identity, connection, folder, 1, said.append), 1, identity)
    return [
        translate(
            WANTED,
            Translator(by.identity(), connection, Asked(receipt, part)),
            source=source,
            target=target,
            journal_file=folder / f"{part}.jsonl",
            progress=said.append,
        )
        for part, target in parts.items()
    ]


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Each model that is loaded; its answers come to an end, which those of random weights do not."""
    ended, load, seen = [2, 5, *range(20, 30), 2], loading.load, list[str]()
    monkeypatch.setattr(local._Model, "_answers", lambda self, prompts: [ended] * len(prompts))
    monkeypatch.setattr(process, "load", lambda *given: seen.append(given[1].model) or load(*given))
    return seen


def test_a_model_is_loaded_once_for_all_languages_and_asked_once(
    folder: Folder, tmp_path: Path, loads: list[str]
) -> None:
    said: list[str] = []
    by = block(folder("nllb"), "nllb")
    found = drafted(by, tmp_path / "drafts", said, fr="fr", zh="zh")
    assert [each.done.keys() for each in found] == [{"a", "b"}] * 2, found
    assert len(loads) == 1
    assert said.count("note: translated by nllb; its licence: CC-BY-NC-4.0") == 1
    lines = [json.loads(line) for line in (tmp_path / "drafts/fr.jsonl").read_text().splitlines()]
    assert {line["answer"]["status"] for line in lines} == {"answered"}
    [back] = drafted(by, tmp_path / "english", said, source="fr", **{"one/none/fr": "en"})
    assert back.done.keys() == {"a", "b"}
    said.clear()
    assert drafted(by, tmp_path / "drafts", said, fr="fr", zh="zh") == found
    assert len(loads) == 2
    assert not any(line.startswith("note: ") for line in said)
    (tmp_path / "drafts/fr.jsonl").unlink()
    receipt = Asked(tmp_path / "drafts/receipt.json", "fr")
    translator = Translator(by.identity(), by.connection(), receipt)
    with pytest.raises(DataError, match=r"2 of 2 translations are gone.*rm .*receipt\.json && snakemake"):
        translate(
            WANTED, translator, source="en", target="fr", journal_file=tmp_path / "drafts/fr.jsonl", progress=print
        )


def test_a_language_that_the_model_lacks_is_told_and_not_asked_again(
    folder: Folder, tmp_path: Path, loads: list[str]
) -> None:
    fr, hant = drafted(block(folder("nllb"), "nllb"), tmp_path, [], **{"fr": "fr", "zh-Hant": "zh-Hant"})
    assert fr.done.keys() == {"a", "b"}
    assert hant == ({}, dict.fromkeys("ab", "the model does not translate zh-Hant"), {})
    drafted(block(folder("nllb"), "nllb"), tmp_path, [], **{"fr": "fr", "zh-Hant": "zh-Hant"})
    assert len(loads) == 1


def test_a_checkpoint_that_is_none_of_its_family_fails_all_rows_with_the_reason(folder: Folder, tmp_path: Path) -> None:
    by = block(folder("nllb"), "madlad")
    with pytest.raises(Ended, match="no madlad model"):
        drafted(by, tmp_path, [], fr="fr")
    receipt = json.loads((tmp_path / "receipt.json").read_text())
    assert "no madlad model" in receipt["ended"]


def test_a_connection_is_told_from_others_on_a_command_line(tmp_path: Path) -> None:
    given = block(tmp_path, "nllb", device="cpu").connection()
    read = TypeAdapter[Any](ServiceConnection | Connection | TranslatorConnection).validate_json(
        given.model_dump_json()
    )
    assert (type(read), read) == (TranslatorConnection, given)


TOWER = "Translate the following text from {source} into {target}.\n{source}: {text}\n{target}:"


def test_a_causal_model_is_asked_by_its_prompt(tmp_path: Path) -> None:
    """End to end: a chat model as TowerInstruct, which is told the languages in words."""
    words = [*f"{TOWER} English French hat . , rain".split(), "[to]", "Mon", "chapeau"]
    made = save_llama(tmp_path / "tower", words, "{{ messages[0].content }} [to]")
    by = block(made, "causal", prompt=TOWER, decoding={"max_new_tokens": 8})
    assert block(made, "causal", decoding={}).identity()["decoding"] == {"max_new_tokens": 1024}
    assert "family" not in by.identity()
    assert by.connection().licence is None
    said: list[str] = []
    [found] = drafted(by, tmp_path / "drafts", said, fr="fr")
    licence = "not known; look it up and set translation.transformers.licence"
    assert f"note: translated by tower; its licence: {licence}" in said
    identity = model_identity(with_weights(by.identity(), by.connection()))
    prompt = TOWER.format(source="English", target="French", text=WANTED["a"])
    asked, collected = request(identity, "a", "fr", [{"role": "user", "content": prompt}]), Collected()
    open_engine(identity, by.connection(), tmp_path)([asked], collected)
    [answer] = collected.done.values()
    lines = {line["key"]: line["answer"]["text"] for line in map(json.loads, (tmp_path / "drafts/fr.jsonl").open())}
    assert lines[asked.key] == answer.text
    assert {*found.done, *found.failed} == {"a", "b"}


def config(**translation: Any) -> dict[str, Any]:
    local_models = {"one": {"engine": "openai", "model": "m"}}
    return {
        "languages": ["en", "fr"],
        "dataset": {"seeds": str(ROOT / "data/seeds")},
        "models": local_models,
        "judges": {"lexicon": {"engine": "lexicon"}},
        "translation": translation,
    }


def test_a_block_says_who_translates_and_under_what_licence(tmp_path: Path) -> None:
    pinned = {"model": "facebook/nllb-200-3.3B", "revision": "abc"}
    found: Translation = load(config(engine="transformers", transformers={**pinned, "family": "nllb"})).translation
    assert found.name == "facebook/nllb-200-3.3B"
    assert found.licence == "CC-BY-NC-4.0"
    assert found.identity() == {
        "engine": "transformers",
        "model": "facebook/nllb-200-3.3B",
        "revision": "abc",
        "dtype": "float32",
        "decoding": {"num_beams": 4, "max_new_tokens": 256},
        "family": "nllb",
    }
    own = load(config(engine="transformers", transformers={**pinned, "family": "nllb", "licence": "MIT"}))
    assert own.translation.licence == "MIT"


@pytest.mark.parametrize(
    ("engine", "changes", "told"),
    [
        ("transformers", None, "engine transformers goes with a block `transformers`"),
        ("google", {}, "goes with a block"),
        ("transformers", {"revision": None}, "pin `revision: COMMIT`"),
        ("transformers", {"prompt": "{text} {target}"}, "prompt is for family causal"),
        ("transformers", {"family": "causal", "prompt": "x"}, "prompt lacks {text} or {target}"),
        ("transformers", {"family": "bart"}, "family"),
    ],
)
def test_a_block_that_cannot_be_is_told(engine: str, changes: dict[str, Any] | None, told: str) -> None:
    pinned = {"model": "a/b", "revision": "c", "family": "nllb"}
    blocks = {} if changes is None else {"transformers": pinned | changes}
    with pytest.raises(DataError) as error:
        load(config(engine=engine, **blocks))
    assert told in str(error.value)
