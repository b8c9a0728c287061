"""The translation memory: what is frozen into it, in which order, and when a change of it is a reason to run again."""

import json
from pathlib import Path

import pytest

from tests.conftest import ROOT
from xsafety.seeds.csv_folder import read
from xsafety.tabular import DataError, read_csv, write_csv
from xsafety.translation.memory import DRAFT_COLUMNS, freeze, memory_state, print_missing, read_memory

IDS = ["a", "b", "c", "d"]


def row(id: str, draft: str = "x", source: str = "", engine: str = "google") -> dict[str, str]:
    return {"id": id, "source": source or id.upper(), "draft": draft, "engine": engine, "status": "draft"}


def write(file: Path, *rows: dict[str, str], more: tuple[str, ...] = ()) -> Path:
    write_csv(file, [*DRAFT_COLUMNS, *more], rows)
    return file


def test_new_drafts_are_added_in_the_order_of_the_seeds(tmp_path: Path) -> None:
    mine = row("c", "mine", engine="me")
    gone = row("gone"), row("b", source="B as it was")
    memory = write(tmp_path / "memory.csv", mine, *gone)
    drafts = write(tmp_path / "drafts.csv", row("a"), row("b"), row("c", "other"), row("d", ""))
    assert freeze(memory, drafts, IDS) == (2, 1)
    assert read_csv(memory, DRAFT_COLUMNS) == [row("a"), gone[1], row("b"), mine, gone[0]]
    before = memory.stat()
    assert freeze(memory, drafts, IDS) == (0, 1)
    assert memory.stat() == before


def test_a_first_file_and_further_columns(tmp_path: Path) -> None:
    made = [one | {"lang": "sw"} for one in (row("a"), row("b", source="A"), row("d", ""))]  # as a run has them
    drafts = write(tmp_path / "drafts.csv", *made, more=("lang",))
    assert freeze(tmp_path / "memory" / "sw.csv", drafts, IDS) == (1, 1)
    assert read_csv(tmp_path / "memory" / "sw.csv", DRAFT_COLUMNS) == [row("a")]
    noted = row("b", source="B") | {"note": "from a book"}
    memory = write(tmp_path / "memory.csv", noted, more=("note",))
    assert freeze(memory, drafts, IDS) == (1, 1)
    assert read_csv(memory, DRAFT_COLUMNS) == [row("a") | {"note": ""}, noted]


def test_two_drafts_for_one_english_are_told(tmp_path: Path) -> None:
    memory = write(tmp_path / "memory.csv", row("a"), row("b", "x", "A"), row("c", "y", "A"), row("d", "", "A"))
    with pytest.raises(DataError, match=r"memory\.csv, row 4 \(c\): another draft for the same English; keep one"):
        read_memory(memory)


def test_the_shipped_memory_stands_in_the_order_of_the_seeds() -> None:
    demo = [seed["id"] for seed in read(ROOT / "data/seeds").seeds if "expected" not in seed]
    ids = demo + [seed["id"] for seed in read(ROOT / "data/benign").seeds]
    for file in (ROOT / "data/memory").glob("*.csv"):
        assert [row["id"] for row in read_csv(file, DRAFT_COLUMNS)] == ids


class Job:
    """A job of drafts that has run: its memory, drafts and receipt."""

    def __init__(self, folder: Path, *remembered: dict[str, str]) -> None:
        self.memory, self.drafts, self.receipt = (folder / name for name in ("memory.csv", "drafts.csv", "receipt"))
        if remembered:
            write(self.memory, *remembered)
        self.first = self.state()
        taken = {row["source"]: row for row in remembered}
        made = [taken.get(id.upper(), row(id, "" if id == "d" else "x")) for id in IDS]
        write(self.drafts, *({**row, "id": id} for row, id in zip(made, IDS, strict=True)))
        self.receipt.write_text(
            json.dumps({"memory": self.first, "from_memory": [id for id in IDS if id.upper() in taken], "failed": {}})
        )

    def state(self) -> str:
        return memory_state(self.memory, self.drafts, self.receipt)


@pytest.mark.parametrize("remembered", [(), (row("a", "mine", engine="me"),)])
def test_frozen_drafts_are_no_reason_to_run_again(tmp_path: Path, remembered: tuple[dict[str, str], ...]) -> None:
    job = Job(tmp_path, *remembered)
    assert job.state() == job.first
    freeze(job.memory, job.drafts, IDS)
    assert job.state() == job.first
    write(job.memory, *read_csv(job.memory, DRAFT_COLUMNS), row("e"))
    assert job.state() == job.first, "a draft of other English"


def test_what_changes_a_draft_is_a_reason_to_run_again(tmp_path: Path) -> None:
    mine = row("a", "mine", engine="me")
    job = Job(tmp_path, mine)
    changes = [
        (mine | {"draft": "other"},),
        (mine | {"engine": "she"},),
        (mine | {"status": "checked"},),
        (mine, row("d", "found")),  # a draft that was missing
        (row("b"),),  # the row is gone that the draft is from
    ]
    states = {job.first}
    for change in changes:
        write(job.memory, *change)
        states.add(job.state())
    job.memory.unlink()
    states.add(job.state())
    assert len(states) == 1 + len(changes) + 1
    job.memory.write_text("no such columns\n")
    assert job.state() not in states, "the job tells what is wrong"


def test_missing_drafts_are_told_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    receipts = {lang: tmp_path / lang for lang in ("fr", "sw", "de", "ja")}
    for lang, failed in {"fr": 2, "sw": 1_000, "de": 0}.items():
        receipts[lang].write_text(json.dumps({"failed": dict.fromkeys(map(str, range(failed)), "dead")}))
    print_missing(receipts)
    assert capsys.readouterr().err == (
        "1,002 drafts are missing in 2 language(s) (fr, sw): run snakemake again, what came is kept; or set "
        "translation.engine: none and fill the sheets\n"
    )
    print_missing({"de": receipts["de"]})
    assert capsys.readouterr().err == ""
