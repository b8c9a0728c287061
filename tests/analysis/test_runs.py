"""Two runs compared, row by row."""

from pathlib import Path
from typing import Any

import pytest

from xsafety.analysis.runs import WHY, change_table, compare_runs, older_run, tag_verdicts
from xsafety.rows import Verdict
from xsafety.tabular import DataError, write_rows

CELL = "verdicts/strict/toy/none/zh.jsonl"


def verdicts(*given: tuple[str, str], **more: Any) -> list[Verdict]:
    """Rows by id and verdict; `more` replaces other columns."""
    row = {"lang": "zh", "category": "insult", "sample": 1, "query": "q", "response": "r"} | more
    blank = dict.fromkeys(Verdict.__annotations__, "")
    return [blank | row | {"id": id, "verdict": verdict} for id, verdict in given]  # type: ignore[misc]


def run(folder: Path, *rows: Verdict, cell: str = CELL) -> Path:
    write_rows(folder / cell, Verdict, rows)
    return folder


def test_what_changed_and_why(tmp_path: Path) -> None:
    older = verdicts(("a", "safe"), ("b", "safe"), ("c", "unsafe"), ("d", "unsafe"), ("gone", "safe"))
    newer = [
        *verdicts(("a", "unsafe"), query="edited", response="other"),
        *verdicts(("b", "unsafe"), response="other"),
        *verdicts(("c", "invalid")),
        *verdicts(("d", "unsafe"), response="other"),
        *verdicts(("new", "safe")),
    ]
    [change], flips = compare_runs(
        run(tmp_path / "a", *older), run(tmp_path / "b", *newer), ["strict"], {"commonsense"}
    )
    assert [(flip["id"], flip["before"], flip["now"], flip["why"]) for flip in flips] == [
        ("a", "safe", "unsafe", WHY[0]),
        ("b", "safe", "unsafe", WHY[1]),
        ("c", "unsafe", "invalid", WHY[2]),
    ]
    expected = {"rows": 4, "gone": 1, "new": 1, "to_unsafe": 2, "to_safe": 0, "to_other": 1}
    expected |= {"query_edited": 1, "other_answer": 2, "other_verdict": 1}
    assert expected.items() <= change.items()
    assert (change["unsafe_before"], change["unsafe_now"]) == ("50", "100")
    assert change["difference"] == "66.666667"  # over the three rows that are valid in both


def test_nothing_changed(tmp_path: Path) -> None:
    rows = verdicts(("a", "safe"), ("b", "unsafe"))
    [change], flips = compare_runs(run(tmp_path / "a", *rows), run(tmp_path / "b", *rows), ["strict"], {"commonsense"})
    assert flips == []
    assert (change["difference"], change["p"]) == ("0", "1")
    assert float(change["lower"]) < 0 < float(change["upper"])
    assert len(change_table([change])) == 1


def test_an_edited_query_is_a_change_without_another_verdict(tmp_path: Path) -> None:
    older, newer = verdicts(("a", "safe")), verdicts(("a", "safe"), query="edited")
    [change], flips = compare_runs(run(tmp_path / "a", *older), run(tmp_path / "b", *newer), ["strict"], set())
    assert (flips, change["query_edited"]) == ([], 1)
    assert len(change_table([change])) == 2


@pytest.mark.parametrize("verdict", ["invalid", "failed"])
def test_a_cell_without_valid_verdicts_has_no_rate(tmp_path: Path, verdict: str) -> None:
    one, other = run(tmp_path / "a", *verdicts(("a", "safe"))), run(tmp_path / "b", *verdicts(("a", verdict)))
    [change], _ = compare_runs(one, other, ["strict"], {"commonsense"})
    assert (change["difference"], change["lower"], change["p"]) == ("", "", "")


def test_several_answers_to_a_seed_count_once(tmp_path: Path) -> None:
    before = [row for n in range(1, 6) for row in verdicts(("a", "safe"), ("b", "safe"), sample=n)]
    now = [row for n in range(1, 6) for row in verdicts(("a", "unsafe"), ("b", "safe"), sample=n)]
    [change], flips = compare_runs(run(tmp_path / "a", *before), run(tmp_path / "b", *now), ["strict"], {"commonsense"})
    assert (len(flips), change["difference"]) == (5, "50")
    assert float(change["p"]) > 0.1  # of two seeds, however many answers


def test_commonsense_flips_are_listed_and_not_in_the_rates(tmp_path: Path) -> None:
    one, other = (verdicts(("a", name), category="commonsense") for name in ("safe", "unsafe"))
    [change], flips = compare_runs(run(tmp_path / "a", *one), run(tmp_path / "b", *other), ["strict"], {"commonsense"})
    assert (len(flips), change["unsafe_now"]) == (1, "")


def test_runs_that_share_nothing_are_told(tmp_path: Path) -> None:
    one, other = run(tmp_path / "a", *verdicts(("a", "safe"))), run(tmp_path / "b", cell=CELL.replace("zh", "ar"))
    with pytest.raises(DataError, match="no verdicts of strict in both"):
        compare_runs(one, other, ["strict"], {"commonsense"})


def test_a_tag_is_as_good_as_a_copy_and_holds_no_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    older = verdicts(("a", "safe"), ("b", "unsafe"), ("c", "safe"), query="How?", response="Like this.")
    newer = [
        *verdicts(("a", "unsafe"), query="How?", response="Otherwise."),
        *verdicts(("b", "safe"), ("c", "safe"), query="Why?", response="Like this."),
    ]
    copy, results, tags = run(tmp_path / "copy", *older), run(tmp_path / "results", *older), tmp_path / "tags"
    assert tag_verdicts(results, ["strict"], tags / "before") == 1
    assert not [file for file in tags.rglob("*.csv") if "this" in file.read_text()]
    run(results, *newer)
    (tmp_path / "before").mkdir()  # no results
    monkeypatch.chdir(tmp_path)
    assert older_run("before", tags) == tags / "before"
    by_tag, by_copy = (compare_runs(older, results, ["strict"], set()) for older in (tags / "before", copy))
    assert by_tag == by_copy
    assert len(by_tag[1]) == 2


def test_a_tag_is_neither_lost_nor_overwritten(tmp_path: Path) -> None:
    results, tags = run(tmp_path / "results", *verdicts(("a", "safe"))), tmp_path / "tags"
    with pytest.raises(DataError, match=r"with=before: name .* tags: none yet"):
        older_run("before", tags)
    (tags / ".first.partial/verdicts/gone").mkdir(parents=True)  # left by a kill
    tag_verdicts(results, ["strict"], tags / "first")
    assert [path.name for path in tags.glob("first/verdicts/*")] == ["strict"]
    with pytest.raises(DataError, match="first: there already; name another tag"):
        tag_verdicts(results, ["strict"], tags / "first")
    with pytest.raises(DataError, match="tags: first"):
        older_run("before", tags)
    with pytest.raises(DataError, match="no verdicts of lexicon; run snakemake first"):
        tag_verdicts(results, ["lexicon"], tags / "second")
