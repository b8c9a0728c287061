"""Seed queries: read in order, and refused with every problem of every file at once."""

from collections import Counter
from pathlib import Path

import pytest

from tests.conftest import ROOT
from xsafety.categories import PAPER, Category
from xsafety.rows import Seed
from xsafety.seeds.csv_folder import COLUMNS, read
from xsafety.tabular import DataError, read_csv, required


def folder(tmp_path: Path, **files: str) -> Path:
    for name, rows in files.items():
        (tmp_path / f"{name}.csv").write_text(f"id,category,text\n{rows}", encoding="utf-8")
    return tmp_path


def test_files_are_read_in_the_order_of_their_names(tmp_path: Path) -> None:
    seeds = read(folder(tmp_path, b="z,insult,Second.\n", a='a,commonsense,"First,\nof two lines."\n')).seeds
    assert [(seed["id"], seed["text"]) for seed in seeds] == [("a", "First,\nof two lines."), ("z", "Second.")]
    assert all(tuple(seed) == required(Seed) for seed in seeds)


def test_further_columns_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_text("note,id,category,text\nmine,a,insult,A mild text.\n")
    [seed] = read(tmp_path).seeds
    assert seed == {"id": "a", "category": "insult", "text": "A mild text."}


def test_benign_queries_and_their_twins(tmp_path: Path) -> None:
    head = "id,category,text,expected,twin_of\n"
    rows = "a,insult,Mock my hat.,,\nb,insult,Praise my hat.,answer,a\nc,insult,Mock me.,refusal,\n"
    (tmp_path / "s.csv").write_text(head + rows)
    assert [seed.get("expected") for seed in read(tmp_path).seeds] == [None, "answer", None]
    wrong = "d,insult,Fine.,reply,\ne,insult,Good.,answer,z\nf,insult,Well.,answer,b\ng,insult,So.,,a\n"
    (tmp_path / "s.csv").write_text(head + rows + wrong)
    with pytest.raises(DataError, match=r"4 problem\(s\)") as error:
        read(tmp_path)
    for part in (
        "row 5: expected 'reply'; write refusal, or answer",
        "row 6: twin_of 'z': no harmful query",
        "row 7: twin_of 'b': no harmful query",
        "row 8: twin_of 'a': only a query with expected `answer`",
    ):
        assert part in str(error.value)
    (tmp_path / "s.csv").write_text(head + "b,insult,Praise my hat.,answer,a\nc,insult,Mock me.,,\n")
    assert len(read(tmp_path).seeds) == 2, "the twins are of another set"


def test_the_shipped_benign_queries_look_like_those_of_the_demo() -> None:
    seeds = read(ROOT / "data/benign").seeds
    assert {seed.get("expected") for seed in seeds} == {"answer"}
    assert Counter(seed["category"] for seed in seeds) == dict.fromkeys(PAPER, 15)
    harmful = {row["id"]: row["category"] for row in read_csv(ROOT / "data/seeds/demo.csv", COLUMNS)}
    for row in read_csv(ROOT / "data/benign/benign.csv", (*COLUMNS, "twin_of")):
        assert row["id"].rpartition("-")[0] == f"{row['category']}-benign"
        assert harmful.get(row["twin_of"], row["category"]) == row["category"]
        assert not row["twin_of"] or row["twin_of"] in harmful


def test_commonsense_says_which_options_are_unsafe(tmp_path: Path) -> None:
    file = tmp_path / "s.csv"
    file.write_text("id,category,text,unsafe_options\na,commonsense,A mild text.,AB\nb,insult,Another.,\n")
    assert [seed.get("unsafe_options") for seed in read(tmp_path).seeds] == ["AB", None]
    file.write_text("id,category,text,unsafe_options\na,commonsense,A mild text.,a\n")
    with pytest.raises(DataError, match="row 2: unsafe_options 'a': write the letters of the options that are unsafe"):
        read(tmp_path)


def test_a_folder_may_have_categories_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "categories.yaml").write_text(
        "- {key: hats, name: Hats & Caps}\n- {key: rain, name: Rain, main: false}\n"
    )
    found = read(folder(tmp_path, s="a,rain,Sing of rain.\n"))
    assert found.categories == {
        "hats": Category("hats", "Hats & Caps", "Hats & Caps"),
        "rain": Category("rain", "Rain", "Rain", main=False),
    }
    with pytest.raises(DataError, match="unknown category 'insult'; write one of: hats, rain"):
        read(folder(tmp_path, s="a,insult,Sing of rain.\n"))
    (tmp_path / "categories.yaml").write_text("- {key: Hats, name: 3}\n- {name: x}\n- {key: a, name: b, mian: false}\n")
    with pytest.raises(DataError) as error:
        read(tmp_path)
    for told in ("key is 'Hats'; use small", "name is 3; write a text", "number 2: give it a key", "unknown mian"):
        assert told in str(error.value)


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("a b,insult,Fine.", "id 'a b': use letters"),
        (",insult,Fine.", "id ''"),
        ("a,insults,Fine.", "unknown category 'insults'; write one of: insult, "),
        ("a,insult,", "empty text"),
        ("a,insult,   ", "empty text"),
        ("a,insult, Fine.", "save 'Fine.'"),
        ("a,insult,cafe\u0301", "normal form NFC"),
        ("a,insult,Fi\x07ne.", "control characters"),
    ],
)
def test_each_problem_is_told_with_its_place_and_fix(tmp_path: Path, row: str, told: str) -> None:
    with pytest.raises(DataError) as error:
        read(folder(tmp_path, s=f"ok,insult,Good.\n{row}\n"))
    assert f"{tmp_path / 's.csv'}, row 3: " in str(error.value)
    assert told in str(error.value)


def test_all_problems_of_all_files_come_at_once(tmp_path: Path) -> None:
    made = folder(tmp_path, a="x,insult,One.\ny,nonsense,\n", b="x,insult,Two.\nz,insult,One.\n", c="1,2,3,4\n")
    with pytest.raises(DataError) as error:
        read(made)
    message = str(error.value)
    assert "5 problem(s)" in message
    assert f"b.csv, row 2: id 'x' stands already in {made / 'a.csv'}, row 2" in message
    assert f"b.csv, row 3: text 'One.' stands already in {made / 'a.csv'}, row 2" in message
    assert "4 fields instead of 3" in message


@pytest.mark.parametrize("files", [{}, {"a": ""}])
def test_no_seeds_say_what_to_add(tmp_path: Path, files: dict[str, str]) -> None:
    with pytest.raises(DataError, match=r"add .*id,category,text"):
        read(folder(tmp_path, **files))


def test_shipped_seeds_are_sound_and_cover_every_category() -> None:
    seeds = read(ROOT / "data" / "seeds").seeds
    assert {seed["category"] for seed in seeds} == set(PAPER)


def test_the_demo_asks_two_of_the_benign_queries_of_each_safety_issue() -> None:
    shipped, demo = (read_csv(ROOT / f"data/{name}/benign.csv", (*COLUMNS, "twin_of")) for name in ("benign", "seeds"))
    assert [row for row in shipped if row["id"][-3:] in ("001", "002")] == demo
