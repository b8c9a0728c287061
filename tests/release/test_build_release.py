"""A release: which rows are in it, what is said of each, and what stops it."""

import gzip
import json
import random
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

import pyarrow.parquet as pq
import pytest
import yaml

from tests.conftest import ROOT
from xsafety.categories import OF_PAPER
from xsafety.config.release import Author, DataRelease
from xsafety.release.build import LanguageRows, Papers, build_release
from xsafety.release.card import Reviewed
from xsafety.release.checksums import read_sums, write_sums
from xsafety.release.columns import released_columns
from xsafety.release.files import Part
from xsafety.release.inspection import inspect_release
from xsafety.release.readers import READERS, read_by_all
from xsafety.release.released import canary, release_rows, reviewer_numbers
from xsafety.rows import RELEASE_REVIEWER, Basis, Check, Draft, Evidence, Provenance, Query, ReleaseRow
from xsafety.tabular import DataError, columns

RELEASE = DataRelease(
    name="mild", version="0.1.0", title="Mild queries", authors=[Author(name="Anna")], licence="Apache-2.0"
)
REVIEWED = Reviewed((), (), ())
CODE: Any = {"commit": "c0ffee", "changed": []}


def query(id: str, lang: str, text: str, basis: Basis = "verified", origin: str = "bert") -> Query:
    source = f"Say something rude about my hat, number {id}."
    rounds = 0 if basis == "source" else 1
    return Query(
        id=id,
        lang=lang,
        category="insult",
        source=source,
        query=text,
        basis=basis,
        origin=origin,
        rounds=rounds,
        dataset="seeds",
    )


def said(id: str, verdict: Any, before: str, after: str, reviewer: str = "bert", round: int = 1) -> Evidence:
    source = f"Say something rude about my hat, number {id}."
    return Evidence(
        id=id,
        round=round,
        reviewer=reviewer,
        date=f"2026-01-0{round}",
        verdict=verdict,
        source=source,
        before=before,
        after=after,
        note="",
        sha256="",
    )


ENGLISH = [query(id, "en", f"Say something rude about my hat, number {id}.", "source", "seed") for id in "abcdef"]
FRENCH = [
    query("a", "fr", "Dis du mal de mon chapeau."),
    query("b", "fr", "Dis du mal de mon beau chapeau."),
    query("c", "fr", "Dis du mal de mon vieux chapeau."),
    query("d", "fr", "Dis du mal de mon petit chapeau.", origin=RELEASE_REVIEWER),
    query("e", "fr", "Dis du mal de mon grand chapeau.", "unverified draft"),
    query("f", "fr", "Dis du mal de mon nouveau chapeau.", "unverified draft", "an-engine"),
]
LEDGER = [
    said("a", "ok", "Dis du mal de mon chapeau.", "Dis du mal de mon chapeau."),
    said("b", "edited", "Dis mal de chapeau.", "Dis du mal de mon beau chapeau."),
    said("c", "edited", "", "Dis du mal de mon vieux chapeau."),
    said("d", "edited", "", "Dis du mal de mon petit chapeau.", RELEASE_REVIEWER, 0),
    said("e", "ok", "Dis du mal de mon grand chapeau.", "Dis du mal de mon grand chapeau.", "zoe"),
]
MEMORY = {
    row["source"]: Draft(id="b", source=row["source"], draft="Dis mal de chapeau.", engine="an-engine", status="")
    for row in FRENCH[1:2]
}
LICENCES = {"seeds": "Apache-2.0"}


def languages(order: random.Random | None = None) -> list[LanguageRows]:
    check = Check(id="b", flagged="yes", score="", checks="", reasons="")
    queries, ledger = [*FRENCH], [*LEDGER]
    if order:
        order.shuffle(queries)
        order.shuffle(ledger)
    return [LanguageRows("en", ENGLISH), LanguageRows("fr", queries, ledger, MEMORY, [check])]


def papers(**changes: Any) -> Papers:
    provenance: Any = {"config": {}, "code": CODE, "python": "3.11", "packages": {}, "inputs": {}}
    return Papers(**{"licences": LICENCES, "reviewed": REVIEWED, "provenance": provenance, "about": OF_PAPER} | changes)


def of(rows: Sequence[ReleaseRow]) -> dict[str, ReleaseRow]:
    return {row["id"]: row for row in rows}


def marked(**changes: Any) -> DataRelease:
    return RELEASE.model_copy(update={"unverified": "mark", **changes})


def test_each_column_is_declared_once() -> None:
    assert tuple(released_columns(ReleaseRow)) == columns(ReleaseRow)
    assert released_columns(ReleaseRow)["reviewers"].type == "list of texts"
    assert released_columns(ReleaseRow)["rounds"].type == "number"
    assert all(f"`{value}`" in released_columns(ReleaseRow)["verification"].meaning for value in get_args(Provenance))


def test_each_row_says_what_its_text_rests_on() -> None:
    rows, left_out = release_rows(marked(), LICENCES, FRENCH, LEDGER, MEMORY, OF_PAPER)
    assert {row["id"]: row["verification"] for row in rows} == {
        "a": "human-verified",
        "b": "human-post-edited",
        "c": "human",
        "d": "as-released",
        "e": "in-review",
        "f": "machine",
    }
    assert not left_out
    found = of(rows)
    assert [found[id]["drafted_by"] for id in "abf"] == [None, "an-engine", "an-engine"]
    assert [found[id]["reviewers"] for id in "adef"] == [["reviewer-1"], [], ["reviewer-2"], []]
    assert [found[id]["date"] for id in "af"] == ["2026-01-01", None]
    source, _ = release_rows(RELEASE, LICENCES, ENGLISH, [], {}, OF_PAPER)
    assert {row["verification"] for row in source} == {"source"}


def test_an_edit_that_was_taken_back_is_none_and_evidence_for_a_former_english_says_nothing() -> None:
    back = said("b", "edited", "Dis du mal de mon beau chapeau.", "Dis mal de chapeau.", "zoe", 2)
    former: Evidence = {**LEDGER[0], "source": "Another English."}
    texts = [{**FRENCH[1], "query": "Dis mal de chapeau."}, FRENCH[0]]
    rows, _ = release_rows(marked(), LICENCES, texts, [LEDGER[1], back, former], {}, OF_PAPER)  # type: ignore[arg-type]
    assert [(row["id"], row["verification"]) for row in rows] == [("a", "machine"), ("b", "human-verified")]


def test_reviewers_keep_their_numbers_as_others_come() -> None:
    later = said("a", "ok", "", "", "abel", 2)
    assert reviewer_numbers(LEDGER) == {"bert": "reviewer-1", "zoe": "reviewer-2"}
    assert reviewer_numbers([later, *LEDGER]) == {"bert": "reviewer-1", "zoe": "reviewer-2", "abel": "reviewer-3"}


def test_what_may_not_be_in_it_is_left_out_with_the_reason(tmp_path: Path) -> None:
    left_out = build_release(RELEASE, languages(), papers(), tmp_path / "mild")
    assert [(one.what, one.rows) for one in left_out] == [("language fr", 2)]
    assert {row["id"] for row in pq.read_table(tmp_path / "mild/data/fr.parquet").to_pylist()} == set("abcd")
    card = (tmp_path / "mild/README.md").read_text(encoding="utf-8")
    assert "| language fr | 2 | not verified;" in card
    assert "are not verified: their" not in card
    for licence in (None, "CC-BY-NC-4.0"):
        with pytest.raises(DataError, match=r"no row may be in it\n.*en, source seeds, 6 row\(s\)") as error:
            build_release(RELEASE, languages(), papers(licences={"seeds": licence}), tmp_path / "mild")
        assert "set `" in str(error.value)
    assert (tmp_path / "mild/README.md").read_text(encoding="utf-8") == card
    assert [path.name for path in tmp_path.iterdir()] == ["mild"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    build_release(marked(), languages(), papers(), tmp_path / "mild")
    return tmp_path / "mild"


def test_unverified_rows_are_marked_in_every_file(folder: Path) -> None:
    card = (folder / "README.md").read_text(encoding="utf-8")
    told = "2 of the 12 rows are not verified: their `verification` is in-review or machine."
    assert told in card
    described = json.loads((folder / "croissant.json").read_text(encoding="utf-8"))
    assert described["description"].startswith(told)
    lines = gzip.decompress((folder / "data/fr.jsonl.gz").read_bytes()).decode().splitlines()
    assert [json.loads(line)["verification"] for line in lines][-2:] == ["in-review", "machine"]
    assert "| French (fr) | 5 | 1 | 6 |" in card, "what checks found"
    header = yaml.safe_load(card.split("---\n")[1])
    assert header["license"] == "apache-2.0"
    assert [one["config_name"] for one in header["configs"]] == ["en", "fr", "all"]
    assert [one.get("default") for one in header["configs"]] == [True, None, None]


def test_every_file_has_the_canary_of_its_name(folder: Path) -> None:
    assert canary("mild") == canary("mild") != canary("other")
    paths = [path for path in folder.rglob("*") if path.is_file()]
    assert len(paths) == 12
    for path in paths:
        data = path.read_bytes()
        text = gzip.decompress(data).decode() if path.suffix == ".gz" else data.decode(errors="replace")
        rows = pq.read_table(path).to_pylist() if path.suffix == ".parquet" else []
        assert canary("mild") in text or {row["canary"] for row in rows} == {canary("mild")}, path
    done = subprocess.run(
        ["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=folder, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_the_same_rows_give_the_same_bytes_in_whatever_order_they_come(folder: Path, tmp_path: Path) -> None:
    build_release(marked(), languages(random.Random(1)), papers(), tmp_path / "again")
    assert read_sums(tmp_path / "again") == read_sums(folder)
    assert (folder / "data/fr.jsonl.gz").read_bytes()[:10] == b"\x1f\x8b\x08\0\0\0\0\0\x02\x03", "no name, no time"


def test_a_redacted_release_holds_no_text(tmp_path: Path) -> None:
    build_release(marked(redacted=True), languages(), papers(), tmp_path / "mild-redacted")
    rows = pq.read_table(tmp_path / "mild-redacted/data/fr.parquet").to_pylist()
    assert {(row["text"], row["source_text"]) for row in rows} == {(None, None)}
    assert len({row["text_sha256"] for row in rows}) == 6
    every = b"".join(path.read_bytes() for path in (tmp_path / "mild-redacted").rglob("*.*") if path.is_file())
    assert b"my hat" not in every


PARTS = [Part("en", ReleaseRow, "data", "", 6), Part("fr", ReleaseRow, "data", "", 6)]


def inspected(folder: Path, release: DataRelease, texts: Sequence[str] = ()) -> list[str]:
    return inspect_release(folder, release, PARTS, texts, [Path("/home/anna")])


def test_all_that_is_wrong_with_a_release_is_told_at_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert inspected(folder, marked()) == []
    monkeypatch.setenv("SOME_API_KEY", "sk-123456789")
    (folder / "CHANGES.md").write_text("/home/anna/data sk-123456789", encoding="utf-8")
    (folder / "more.txt").write_text(canary("mild"), encoding="utf-8")
    (folder / "LICENSE").unlink()
    lines = gzip.decompress((folder / "data/fr.jsonl.gz").read_bytes()).splitlines(keepends=True)
    (folder / "data/fr.jsonl.gz").write_bytes(gzip.compress(b"".join(lines[:-1])))
    assert inspected(folder, RELEASE.model_copy(update={"licence": "MIT"})) == [
        "LICENSE: no such file",
        "more.txt: no checksum",
        "CHANGES.md: its checksum is another",
        "data/fr.jsonl.gz: its checksum is another",
        "CHANGES.md: no canary",
        "CHANGES.md: holds the value of the variable SOME_API_KEY",
        "CHANGES.md: names the folder /home/anna",
        "data/fr.parquet and fr.jsonl.gz do not hold the same rows",
        "data/fr.parquet, e: not verified",
        "data/fr.parquet, f: not verified",
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("\u200b ", "f: no text"),
        ("Cafe\u0301 au lait, s'il vous pla\u00eet.", "f: the text is not in Unicode normal form NFC"),
        ("chapeau " * 5000, "f: the text is longer than 32,768 bytes"),
    ],
)
def test_a_text_that_is_none_stops_a_release(tmp_path: Path, text: str, told: str) -> None:
    odd = LanguageRows("fr", [*FRENCH[:5], {**FRENCH[5], "query": text}, FRENCH[0]], LEDGER)
    with pytest.raises(DataError) as error:
        build_release(marked(), [LanguageRows("en", ENGLISH), odd], papers(), tmp_path / "mild")
    assert str(error.value).splitlines()[1:] == [
        f"  - data/fr.parquet, {told}",
        "  - data/fr.parquet, a: 2 rows have this id",
    ]


def test_a_text_in_a_redacted_release_is_found_in_whatever_file(folder: Path) -> None:
    release = marked(redacted=True)
    found = inspected(folder, release, [row["query"] for row in FRENCH])
    assert [line for line in found if "holds" in line] == ["data/fr.jsonl.gz: holds the text of a query"]
    assert len([line for line in found if line.endswith("a text in a redacted release")]) == 12
    (folder / "CHANGES.md").write_text(f"{canary('mild')} was: {FRENCH[2]['query']} now", encoding="utf-8")
    write_sums(folder, canary("mild"))
    assert sum("holds" in line for line in inspected(folder, release, [FRENCH[2]["query"]])) == 2
    assert not any("holds" in line for line in inspected(folder, release, ["Dis."])), "too short"


def read_with_others(folder: Path, counts: dict[str, int]) -> None:
    """By the readers in .venv-release, which `make release` sets up; by pandas where there is none."""
    python = ROOT / ".venv-release" / "bin" / "python"
    if not python.exists():
        assert read_by_all(folder)["pandas"] == counts
        return
    command = [str(python), "-m", "xsafety.release.readers", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == dict.fromkeys(READERS, counts)


def test_others_read_it(folder: Path) -> None:
    read_with_others(folder, {"en": 6, "fr": 6})
