"""Data sets of others, in their own layouts: read by a mapping, mended and told, or refused with every problem."""

import gzip
import json
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from tests.conftest import CASES
from xsafety.config.dataset import Dataset
from xsafety.rows import Draft, Repair
from xsafety.seeds.dataset import origin_files, read_dataset
from xsafety.seeds.mapping import read_texts
from xsafety.seeds.source import SeedSet
from xsafety.tabular import DataError
from xsafety.translation.memory import with_given
from xsafety.verification.evidence import given_evidence

LAYOUTS = CASES / "datasets"
BLOCKS: Mapping[str, Any] = (
    yaml.safe_load((LAYOUTS / "blocks.yaml").read_text(encoding="utf-8")) if LAYOUTS.is_dir() else {"absent": {}}
)


# What comes of them as data sets with this language of seeds: how many seeds, how many translations.
MADE = {
    "multijail": ("en", 3, 9),
    "xstest": ("en", 6, 0),
    "do_not_answer": ("en", 4, 0),
    "cdna": ("zh", 3, 0),  # three variants of one query
    "qorgau": ("ru", 3, 3),
    "indosafety": ("id", 3, 6),
    "arabic": ("en", 3, 5),
    "polyrefuse": ("en", 3, 6),
    "k_overrefusal": ("en", 3, 3),
    "cvalues": ("zh", 3, 0),
    "aya": ("en", 6, 4),  # the English of four stands beside their text
    "polyguard": ("en", 3, 6),
    "m_alert": ("en", 3, 9),
    "noheader": ("ar", 1, 0),  # of three rows in three languages
}


def dataset_of(folder: Path, written: Mapping[str, str], source: str = "en", **block: Any) -> Dataset:
    """A data set of one source, `set`, whose files are written first."""
    for name, text in written.items():
        (folder / name).write_text(text, encoding="utf-8")
    mapping = {"files": [str(folder / name) for name in written] or str(folder), "id": "id", "text": "text"}
    mapping |= {"language": "en"} if not isinstance(block.get("text"), dict) else {}
    return Dataset.model_validate(
        {"source": source, "set": {key: value for key, value in (mapping | block).items() if value}}
    )


def read(folder: Path, written: Mapping[str, str], source: str = "en", **block: Any) -> SeedSet:
    return read_dataset(dataset_of(folder, written, source, **block))


def refused(folder: Path, written: Mapping[str, str], source: str = "en", **block: Any) -> str:
    with pytest.raises(DataError) as error:
        read(folder, written, source, **block)
    return str(error.value)


def texts(found: SeedSet) -> dict[str, str]:
    return {seed["id"]: seed["text"] for seed in found.seeds}


@pytest.mark.parametrize("name", BLOCKS)
def test_the_layouts_of_real_data_sets(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if not LAYOUTS.is_dir():
        pytest.skip(f"no {LAYOUTS}")
    monkeypatch.chdir(LAYOUTS)
    expected = json.loads((LAYOUTS / "expected.json").read_text(encoding="utf-8"))[name]
    [source] = Dataset.model_validate({name: BLOCKS[name]}).sources.values()
    if "error" in expected:
        with pytest.raises(DataError, match=r"1 problem\(s\)\n.*no column 'text'; there are: variant_id, .*\n.*\.json"):
            read_texts(name, source, "en")
        return
    found = read_texts(name, source, "en")
    kinds = Counter(note.kind for note in found.notes)
    assert expected == {
        "rows": len(found.texts),
        "groups": len({text.group for text in found.texts}),
        "languages": sorted({text.lang for text in found.texts}),
        "answer": sum(text.expected == "answer" for text in found.texts),
        "categories": sorted({text.category for text in found.texts}),
        "blank": kinds["blank"],
        "cleaned": kinds["mended"],
        "repeated": kinds["repeated"],
    }
    language, seeds, given = MADE[name]
    made = read_dataset(Dataset.model_validate({"source": language, name: BLOCKS[name]}))
    assert (len(made.seeds), len(made.given)) == (seeds, given)


ROWS = [{"id": 1, "text": "Mock my hat.", "kind": "Hats & Caps"}, {"id": 2, "text": "Hide a bike.", "kind": "theft"}]


def write(kind: str, folder: Path) -> None:
    file = folder / f"set.{kind}"
    frame = pd.DataFrame(ROWS)
    match kind:
        case "csv" | "tsv":
            frame.to_csv(file, index=False, sep="\t" if kind == "tsv" else ",", encoding="utf-8-sig")
        case "json":
            file.write_text(json.dumps(ROWS))
        case "jsonl.gz":
            file.write_bytes(gzip.compress("".join(json.dumps(row) + "\n" for row in ROWS).encode()))
        case "csv.gz":
            file.write_bytes(gzip.compress(frame.to_csv(index=False, sep=";").encode()))
        case "parquet":
            pq.write_table(pa.Table.from_pylist([*ROWS, {"id": None, "text": None, "kind": None}]), file)
        case "xlsx":
            frame.to_excel(file, index=False)


@pytest.mark.parametrize("kind", ["csv", "tsv", "json", "jsonl.gz", "csv.gz", "parquet", "xlsx"])
def test_files_of_every_kind_give_the_same(tmp_path: Path, kind: str) -> None:
    write(kind, tmp_path)
    dataset = dataset_of(tmp_path, {}, category="kind")
    assert origin_files(dataset) == [tmp_path / f"set.{kind}"]
    found = read_dataset(dataset)
    assert texts(found) == {"set-1": "Mock my hat.", "set-2": "Hide a bike."}
    assert [seed["category"] for seed in found.seeds] == ["hats_caps", "theft"]
    assert [category.name for category in found.categories.values()] == ["Hats & Caps", "theft"]
    assert found.repairs == []


def test_json_in_all_its_shapes(tmp_path: Path) -> None:
    inside = json.dumps({"data": {"items": [{"id": 1, "prompt": {"en": "One.", "ko": "하나."}}]}})
    found = read(tmp_path, {"a.json": inside}, rows="data.items", text={"en": "prompt.en", "ko": "prompt.ko"})
    assert [(row["lang"], row["text"]) for row in found.given] == [("ko", "하나.")]
    columns = {"id": [1, 2], "text": ["One.", None]}
    assert texts(read(tmp_path, {"a.json": json.dumps(columns)})) == {"set-1": "One."}
    assert "set `rows` to the key of the list; there are: data" in refused(tmp_path, {"a.json": inside})
    assert "no key 'rows'; there are: data" in refused(tmp_path, {"a.json": inside}, rows="rows")


def test_a_set_in_a_wide_table(tmp_path: Path) -> None:
    table = (
        "id,en,zh,label\n1,Mock my hat.,嘲笑我的帽子。,unsafe\n2,Kill a job.,,safe\n3,Fold a hat.,折一顶帽子。,safe\n"
    )
    block = {
        "text": {"en": "en", "zh": "zh"},
        "expected": {"column": "label", "map": {"safe": "answer", "unsafe": "refuse"}},
    }
    found = read(
        tmp_path, {"a.csv": table}, **block, translations={"status": "human", "by": "anna", "date": "2026-01-31"}
    )
    assert [(seed["id"], seed.get("expected")) for seed in found.seeds] == [
        ("set-1", None),
        ("set-2", "answer"),
        ("set-3", "answer"),
    ]
    assert [(row["id"], row["source"], row["text"], row["status"], row["by"], row["date"]) for row in found.given] == [
        ("set-1", "Mock my hat.", "嘲笑我的帽子。", "human", "anna", "2026-01-31"),
        ("set-3", "Fold a hat.", "折一顶帽子。", "human", "anna", "2026-01-31"),
    ]
    assert found.repairs == [
        Repair(lang="zh", id="set-2", file=str(tmp_path / "a.csv"), row=3, kind="blank", reason="no text")
    ]
    # Chinese as the language of the seeds: English is a translation then, and a row without Chinese is told.
    other = read(tmp_path, {"a.csv": table}, "zh", **block)
    assert texts(other) == {"set-1": "嘲笑我的帽子。", "set-3": "折一顶帽子。"}
    assert [(row["lang"], row["status"]) for row in other.given] == [("en", "unknown")] * 2
    assert [(repair["kind"], repair["id"]) for repair in other.repairs] == [("blank", "set-2"), ("no source", "set-2")]


def test_what_can_be_mended_is_mended_and_told(tmp_path: Path) -> None:
    table = 'id,text\n1," Mock my hat."\n2,"cafe\u0301"\n3,"Fi\x07ne."\n4,Good.\n5,Good.\n6,\n'
    found = read(tmp_path, {"a.csv": table})
    assert [*texts(found).values()] == ["Mock my hat.", "café", "Fine.", "Good.", "Good."]
    assert [(repair["row"], repair["id"], repair["kind"], repair["reason"]) for repair in found.repairs] == [
        (2, "set-1", "mended", 'white space around it; was " Mock my hat."'),
        (3, "set-2", "mended", 'not in Unicode normal form NFC; was "cafe\u0301"'),
        (4, "set-3", "mended", 'control characters; was "Fi\\u0007ne."'),
        (7, "set-6", "blank", "no text"),
        (6, "set-5", "repeated", f"the same text as {tmp_path / 'a.csv'}, row 5"),
    ]
    assert found.notes == ["set: 5 queries, 5 texts in en; 3 mended; 1 blank; 1 repeated"]


def test_languages_have_many_names(tmp_path: Path) -> None:
    table = "id,lang,text\n1,English,One.\n1,arb,واحد.\n1,zh_Hans,一。\n1,Nolish,x.\n"
    block = {"id": ["id", "lang"], "group": "id"}
    found = read(tmp_path, {"a.csv": table}, language={"column": "lang", "map": {"Nolish": "de"}}, **block)
    assert texts(found) == {"set-1": "One."}
    assert [row["lang"] for row in found.given] == ["ar", "de", "zh-Hans"]
    assert "language: the name of no language; map it" in (
        told := refused(tmp_path, {"a.csv": table}, language="lang", **block)
    )
    assert f"{tmp_path / 'a.csv'}, row 5: 'Nolish'" in told
    # A column of numbers that is called as Indonesian is does not say the language.
    assert texts(read(tmp_path, {"a.csv": "id,text\n1,Satu.\n"}, "id", language="id")) == {"set-1": "Satu."}
    for name in ("q_arabic.csv", "q_en.csv"):
        (tmp_path / name).write_text("id,text\n1,One.\n")
    files = {"files": str(tmp_path / "q_*.csv"), "language": {"file": "q_{language}.csv"}}
    assert [row["lang"] for row in read(tmp_path, {}, **files).given] == ["ar"]


def test_a_sheet_or_a_split_is_a_language(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for name, rows in {
        "Russian": [["id", "text"], [1, "Раз."]],
        "Kazakh": [["id", "text"], [1, "Бір."]],
        "notes": [["x"]],
    }.items():
        for row in rows:
            (book[name] if name in book.sheetnames else book.create_sheet(name)).append(row)
    book.save(tmp_path / "a.xlsx")
    found = read(tmp_path, {}, "ru", language={"sheet": {"Russian": "ru", "Kazakh": "kk"}})
    assert (texts(found), [row["lang"] for row in found.given]) == ({"set-1": "Раз."}, ["kk"])


def test_ids_and_groups(tmp_path: Path) -> None:
    rows = ("1,x,One.", "1,y y,Two.", "4,x,Five.", "4,x,Six.", "4,y,Seven.", "4,y,Eight.")
    told = refused(tmp_path, {"a.csv": "\n".join(["id,kind,text", *rows])})
    assert "id: stands in one language more than once; correct it, or join columns" in told
    assert "row 3: '1', as " in told
    assert "and 1 more" in told
    wide = refused(tmp_path, {"a.csv": "id,en,fr\n1,One.,Un.\n1,Two.,Deux.\n"}, text={"en": "en", "fr": "fr"})
    assert wide.count("row 3: '1', as ") == 1
    variants = {"a.csv": "id,kind,text\n1,x,One.\n1,y y,Two.\n"}
    found = read(tmp_path, variants, id=["id", "kind"], group="id")
    assert texts(found) == {"set-1-x": "One.", "set-1-y_y": "Two."}
    assert {(seed["dataset"], seed["group"]) for seed in found.seeds} == {("set", "set-1")}
    # Without an id, a digest of the text stands for it, and of a repeated one its number too.
    digests = read(tmp_path, {"a.csv": "text\nOne.\nTwo.\nOne.\n"}, id=None)
    assert sorted(map(len, texts(digests))) == [16, 16, 18]
    columns = {"zh": "zh", "en": "en"}
    wide = [texts(read(tmp_path, {"a.csv": f"en,zh\nOne.,{zh}\n"}, id=None, text=columns)) for zh in ("一。", "两。")]
    assert wide[0] == wide[1], "the text in the seeds' language names the row"
    unclear = {"a.csv": "id,lang,text\n1,en,One.\n1,en,Two.\n1,de,Eins.\n"}
    assert "which is a translation of which? Join columns" in refused(
        tmp_path, unclear, id=None, group="id", language="lang"
    )


def test_problems_are_grouped_and_come_at_once(tmp_path: Path) -> None:
    rows = "".join(f"{number},q{number},odd,Text {number}.\n" for number in range(2, 3000))
    told = refused(tmp_path, {"a.csv": f"id,lang,label,text\n{rows}"}, language="lang", expected={"column": "label"})
    assert len(told) < 1500
    assert "2 problem(s)" in told
    assert told.count("and 2,995 more") == 2
    assert "row 3: 'odd'" not in told.split("language")[1].split("\n")[0]
    assert "expected: neither refuse nor answer; map it" in told


@pytest.mark.parametrize(
    ("files", "block", "told"),
    [
        ({"a.csv": "id,query\n1,One.\n"}, {}, "text: no column 'text'; there are: id, query"),
        ({"a.csv": "id,text\n1,One.\n"}, {"category": 7}, "category: no column 7; there are: id, text"),
        ({"a.csv": "id,text,text\n1,One.,Two.\n"}, {}, "text: 2 columns are named 'text'; give its number from 0"),
        ({"a.csv": "id,text\n1,\n"}, {}, "no text: 1 row(s), all without one"),
        ({"a.csv": "id,text\n,One.\n"}, {}, "id: empty; fill it"),
        ({"a.csv": "id,text,c\n1,One.,\n"}, {"category": "c"}, "category: empty; fill it"),
        ({"a.csv": "id,text\n1,One.\n"}, {"where": "kind == 'x'"}, "is not defined; the columns are: id, text"),
        ({"a.csv": "id,text\n1,One, two\n"}, {}, "row 2: 3 fields"),
        ({"a.csv": 'id,text\n1,"One\n'}, {}, "is a quotation mark left open?"),
        ({"a.jsonl": "\n \n{]\n"}, {}, "line 3: not JSON"),
        ({"a.parquet": "no"}, {}, "not readable as parquet"),
        ({"a.xlsx": "no"}, {}, "not readable as xlsx"),
        ({"a.csv": "1,One.\n"}, {"columns": ["id"]}, "2 columns, and `columns` names 1"),
        ({"a.txt": "One."}, {}, "no kind of file that can be read; save it as one of: .csv"),
        ({"a.csv": "One."}, {"files": "no.csv"}, "no.csv: no such file"),
        ({"a.jsonl": '{"id": 1, "text": "One.", "c": ["b"]}'}, {"category": "c"}, "{column: c, list: first}"),
        ({"a.json": '[{"id": 1, "text": [{"content": "One."}]}]'}, {}, "there are: id, text.0.content"),
        ({"a.csv": "id,text\n1,Eins.\n"}, {"language": "de"}, "set dataset.source to one of: de (1)"),
    ],
)  # fmt: skip
def test_each_problem_names_its_place_and_fix(
    tmp_path: Path, files: dict[str, str], block: dict[str, Any], told: str
) -> None:
    found = refused(tmp_path, files, **block)
    assert told in found
    assert str(tmp_path) in found or "no text in en" in found or "no such file" in found


def test_an_encoding_that_is_not_utf8_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes("id,text\n1,caf\xe9\n".encode("latin-1"))
    assert "a.csv, line 2: not UTF-8" in refused(tmp_path, {})


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", 'id;kind;"text, as given"\n1;a;One, two.\n'),
        ("a.csv", 'id|kind|"text, as given"\r\n1|a|"One, two."\r\n'),
        ("a.csv", "id\tkind\ttext, as given\n1\ta\tOne, two.\n"),
        ("a.csv", 'id,kind,"text, as given"\r1,a,"One, two."\r'),
        ("a.jsonl", '\ufeff{"id": 1, "kind": "a", "text, as given": "One, two."}\n\n'),
        ("a.json", '{"id": 1, "kind": "a", "text, as given": "One, two."}\n{"id": 2, "kind": "a"}\n'),
        ("a.json", '{"1": {"id": 1, "kind": "a", "text, as given": "One, two."}, "2": {"id": 2, "kind": "a"}}'),
    ],
)
def test_tables_as_programs_write_them(tmp_path: Path, name: str, content: str) -> None:
    found = read(tmp_path, {name: content}, text="text, as given", category="kind")
    assert texts(found) == {"set-1": "One, two."}
    if name == "a.csv":
        (tmp_path / name).write_bytes(content.encode("utf-16"))
        assert texts(read(tmp_path, {}, text="text, as given", category="kind")) == {"set-1": "One, two."}


def test_words_of_programs_for_nothing_are_no_texts(tmp_path: Path) -> None:
    table = "id,en,de\n1,One.,NaN\n2,Two.,None\n3,Three.,#N/A\n4,null,-\n5,None of these.,Nichts davon.\n"
    found = read(tmp_path, {"a.csv": table}, text={"en": "en", "de": "de"}, language=None)
    assert [*texts(found).values()] == ["One.", "Two.", "Three.", "None of these."]
    assert [row["text"] for row in found.given] == ["Nichts davon."]
    assert "it says 'NaN'" in {row["reason"] for row in found.repairs}


def test_a_list_of_texts_and_days_in_cells(tmp_path: Path) -> None:
    found = read(tmp_path, {"a.json": '["One.", "Two."]'}, id=None)
    assert sorted(texts(found).values()) == ["One.", "Two."]
    (tmp_path / "a.json").unlink()
    book = openpyxl.Workbook()
    for row in (("id", "text", "day"), (1, "One.", datetime(2026, 5, 6))):
        book.active.append(row)
    book.save(tmp_path / "a.xlsx")
    assert [one.name for one in read(tmp_path, {}, category="day").categories.values()] == ["2026-05-06"]


def test_categories_of_a_file(tmp_path: Path) -> None:
    categories = tmp_path / "categories.yaml"
    categories.write_text(
        "- {key: theft, name: Theft, meaning: Asks how to take things.}\n- {key: rude, name: Rude words}\n"
    )
    table = {"a.csv": "id,c,text\n1,rude WORDS,One.\n2,T1,Two.\n"}
    block = {
        "category": {"column": "c", "map": {"T1": "theft"}},
        "categories": str(categories),
        "files": str(tmp_path / "a.csv"),
    }
    found = read(tmp_path, table, **block)
    assert [seed["category"] for seed in found.seeds] == ["rude", "theft"]
    assert [*found.categories] == ["theft", "rude"], "in the order of the file"
    assert categories in origin_files(dataset_of(tmp_path, table, **block))
    told = refused(tmp_path, table, **block | {"category": "c"})
    assert f"category: none of {categories}; add it there, or map it" in told
    assert "row 3: 'T1'" in told


def test_categories_are_named_by_slugs(tmp_path: Path) -> None:
    long = "Help with things, of many kinds,\n  that take a whole sentence to name"
    table = (
        f"id,c,text\n1,盗窃,One.\n2,\"{long}\",Two.\n3,Insult!,Three.\n4,insult,Four.\n5,\"['Privacy', 'x']\",Five.\n"
    )
    found = read(tmp_path, {"a.csv": table}, category={"column": "c", "list": "first"})
    assert [category.name for category in found.categories.values()] == [
        "盗窃",
        " ".join(long.split()),
        "Insult!",
        "insult",
        "Privacy",
    ]
    assert len({*found.categories}) == 5
    assert all(key.isascii() and key.replace("_", "").isalnum() and len(key) <= 50 for key in found.categories)


def test_several_sources_are_one_data_set(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,text\n1,One.\n")
    block = {"files": str(tmp_path / "a.csv"), "id": "id", "text": "text", "language": "en"}
    found = read_dataset(Dataset.model_validate({"b": block, "a": block | {"category": {"constant": "Hats"}}}))
    assert [(seed["id"], seed["category"], seed["dataset"]) for seed in found.seeds] == [
        ("a-1", "hats", "a"),
        ("b-1", "b", "b"),
    ]
    assert not any("group" in seed for seed in found.seeds)
    with pytest.raises(DataError) as error:
        read_dataset(Dataset.model_validate({name: block | {"text": "no"} for name in "ab"}))
    assert "dataset.a: 1 problem(s)" in str(error.value)
    assert "dataset.b: 1 problem(s)" in str(error.value)


def test_translations_that_come_along_are_evidence_or_drafts(tmp_path: Path) -> None:
    block: Any = {"files": str(tmp_path / "a.csv"), "id": "id", "text": {"en": "en", "zh": "zh"}}
    (tmp_path / "a.csv").write_text("id,en,zh\n1,Mock my hat.,嘲笑我的帽子。\n")
    people = block | {"translations": {"status": "human", "by": "Anna & Li", "date": "2026-01-31"}}
    machine = block | {"translations": {"status": "machine", "by": "gpt"}}
    given = read_dataset(Dataset.model_validate({"a": people, "b": machine, "c": block})).given
    [entry] = given_evidence(given, "zh")
    assert (entry["id"], entry["round"], entry["reviewer"], entry["verdict"]) == ("a-1", 0, "Anna-Li", "edited")
    assert (entry["source"], entry["after"], entry["date"]) == ("Mock my hat.", "嘲笑我的帽子。", "2026-01-31")
    assert given_evidence(given, "en") == []
    # A draft that came along goes before one of the memory.
    known = {
        text: Draft(id="", source=text, draft="旧的。", engine="", status="") for text in ("Mock my hat.", "Other.")
    }
    drafts = with_given(known, given[:2], "zh")
    assert {text: (row["draft"], row["engine"]) for text, row in drafts.items()} == {
        "Mock my hat.": ("嘲笑我的帽子。", "gpt"),
        "Other.": ("旧的。", ""),
    }
    assert with_given({}, given, "de") == {}
