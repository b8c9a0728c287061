"""Two teams' journals become one, and nothing is asked or counted twice."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from xsafety.asking.journal import SERVERS, Journal, answers, lines
from xsafety.asking.merge import Merged, MergedTag, merge, merge_tags
from xsafety.tabular import DataError

PART = Path("responses/m/none/en.jsonl")


def journal(folder: Path, texts: Mapping[str, str], server: str = "a/v1") -> Path:
    with Journal(folder / PART) as file:
        for key, text in texts.items():
            file.append(key, f"row {key}", {"status": "answered", "text": text}, dollars=0.5)
    with Journal(folder / "responses/m" / SERVERS) as file:
        file.write({"model": "m", "server": server})
    return folder


def test_what_ours_lacks_is_taken_over_once_and_ours_stands(tmp_path: Path) -> None:
    ours = journal(tmp_path / "ours", {"1": "A", "2": "B"})
    theirs = journal(tmp_path / "theirs", {"2": "B", "3": "C", "1": "other"})
    before = (theirs / PART).read_bytes()
    assert dict(merge(theirs, ours)) == {PART: Merged(taken=1, known=1, other=1)}
    assert dict(merge(theirs, ours)) == {PART: Merged(taken=0, known=2, other=1)}
    assert {key: one["text"] for key, one in answers(ours / PART).items()} == {"1": "A", "2": "B", "3": "C"}
    assert sum(line["dollars"] for line in lines(ours / PART)) == 1.5
    assert len([*lines(ours / "responses/m" / SERVERS)]) == 1
    assert (theirs / PART).read_bytes() == before


def test_an_answer_that_was_withdrawn_is_not_taken_over_and_one_that_came_after_it_is(tmp_path: Path) -> None:
    theirs = journal(tmp_path / "theirs", {"1": "of another row", "2": "too"})
    with Journal(theirs / PART) as file:
        file.withdraw("1", "row 1")
        file.withdraw("2", "row 2")
        file.append("1", "row 1", {"status": "answered", "text": "A"}, dollars=0.5)
    for known in (0, 1):
        assert dict(merge(theirs, tmp_path / "ours")) == {PART: Merged(1 - known, known, 0)}
    assert {key: one["text"] for key, one in answers(tmp_path / "ours" / PART).items()} == {"1": "A"}


def test_what_was_withdrawn_here_does_not_come_back_from_an_older_copy(tmp_path: Path) -> None:
    older, ours = (
        journal(tmp_path / "older", {"1": "of another row"}),
        journal(tmp_path / "ours", {"1": "of another row"}),
    )
    with Journal(ours / PART) as file:
        file.withdraw("1", "row 1")
    assert dict(merge(older, ours)) == {PART: Merged(0, 0, 1)}
    assert not answers(ours / PART)


def test_a_journal_is_taken_over_whole_where_there_is_none(tmp_path: Path) -> None:
    theirs = journal(tmp_path / "theirs", {"1": "A"})
    assert dict(merge(theirs, tmp_path / "ours")) == {PART: Merged(1, 0, 0)}
    assert answers(tmp_path / "ours" / PART) == answers(theirs / PART)


def test_a_model_of_another_server_is_told_before_anything_is_written(tmp_path: Path) -> None:
    ours, theirs = journal(tmp_path / "ours", {"1": "A"}), journal(tmp_path / "theirs", {"2": "B"}, server="b/v1")
    with pytest.raises(DataError, match="m was first asked at a/v1, there at b/v1"):
        dict(merge(theirs, ours))
    assert answers(ours / PART).keys() == {"1"}


def tag(folder: Path, name: str) -> Path:
    return folder / "tags" / name / "verdicts/judge/m/none/en.csv"


def test_tags_are_taken_over_and_two_of_a_name_are_both_kept(tmp_path: Path) -> None:
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    for file, verdict in (
        (tag(ours, "same"), "safe"),
        (tag(theirs, "same"), "safe"),
        (tag(ours, "may"), "safe"),
        (tag(theirs, "may"), "unsafe"),
        (tag(theirs, "june"), "safe"),
        (tag(theirs, ".july.partial"), "safe"),
    ):
        file.parent.mkdir(parents=True)
        file.write_text(f"id,verdict\na,{verdict}\n")
    june, may, same = merge_tags(theirs, ours)
    assert (june, same) == (MergedTag("june", "june", True), MergedTag("same", "same", False))
    assert (may.theirs, may.taken) == ("may", True)
    assert may.ours.startswith("may-")
    assert {path.name for path in (ours / "tags").iterdir()} == {"june", "may", "same", may.ours}
    assert tag(ours, "june").read_text() == tag(theirs, "june").read_text()
    assert "a,unsafe" in tag(ours, may.ours).read_text()
    assert "a,safe" in tag(ours, "may").read_text()
    assert [one.taken for one in merge_tags(theirs, ours)] == [False] * 3
