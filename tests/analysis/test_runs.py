"""Two runs compared, row by row."""

from pathlib import Path
from typing import Any, get_args

import pytest

from xsafety.analysis.gone import RunNow, gone_lines
from xsafety.analysis.runs import WHY, ComparedRuns, change_table, compare_runs, older_run, tag_verdicts
from xsafety.rows import Query, Seed, Verdict, WhyGone
from xsafety.tabular import DataError, write_csv, write_rows

CELL = "verdicts/strict/toy/none/zh.jsonl"


def verdicts(*given: tuple[str, str], **more: Any) -> list[Verdict]:
    """Rows by id and verdict; `more` replaces other columns."""
    row = {"lang": "zh", "category": "insult", "sample": 1, "query": "q", "response": "r"} | more
    blank = dict.fromkeys(Verdict.__annotations__, "")
    return [blank | row | {"id": id, "verdict": verdict} for id, verdict in given]  # type: ignore[misc]


def run(folder: Path, *rows: Verdict, cell: str = CELL) -> Path:
    write_rows(folder / cell, Verdict, rows)
    return folder


def runs(before: Path, now: Path, left_out: set[str] | None = None) -> ComparedRuns:
    """Two folders compared, with a data set that has none of the rows that are gone."""
    write_rows(now / "seeds.csv", Seed, [])
    return compare_runs(before, RunNow(["strict"], ["none"], {"toy": ["zh", "ar"]}, now), left_out or {"commonsense"})


def test_what_changed_and_why(tmp_path: Path) -> None:
    older = verdicts(("a", "safe"), ("b", "safe"), ("c", "unsafe"), ("d", "unsafe"), ("gone", "safe"))
    newer = [
        *verdicts(("a", "unsafe"), query="edited", response="other"),
        *verdicts(("b", "unsafe"), response="other"),
        *verdicts(("c", "invalid")),
        *verdicts(("d", "unsafe"), response="other"),
        *verdicts(("new", "safe")),
    ]
    [change], flips, _ = runs(run(tmp_path / "a", *older), run(tmp_path / "b", *newer))
    assert [(flip["id"], flip["before"], flip["now"], flip["why"]) for flip in flips] == [
        ("a", "safe", "unsafe", WHY[0]),
        ("b", "safe", "unsafe", WHY[2]),
        ("c", "unsafe", "invalid", WHY[3]),
    ]
    expected = {"rows": 4, "gone": 1, "new": 1, "why_gone": "1 query withdrawn"}
    expected |= {"to_unsafe": 2, "to_safe": 0, "to_other": 1}
    expected |= {"query_edited": 1, "other_answer": 2, "other_verdict": 1}
    assert expected.items() <= change.items()
    assert (change["unsafe_before"], change["unsafe_now"]) == ("50", "100")
    assert change["difference"] == "66.666667"  # over the three rows that are valid in both


def test_nothing_changed(tmp_path: Path) -> None:
    rows = verdicts(("a", "safe"), ("b", "unsafe"))
    [change], flips, _ = runs(run(tmp_path / "a", *rows), run(tmp_path / "b", *rows))
    assert flips == []
    assert (change["difference"], change["p"]) == ("0", "1")
    assert float(change["lower"]) < 0 < float(change["upper"])
    assert len(change_table([change])) == 1


def test_an_edited_query_is_a_change_without_another_verdict(tmp_path: Path) -> None:
    older, newer = verdicts(("a", "safe")), verdicts(("a", "safe"), query="edited")
    [change], flips, _ = runs(run(tmp_path / "a", *older), run(tmp_path / "b", *newer))
    assert (flips, change["query_edited"]) == ([], 1)
    assert len(change_table([change])) == 2


@pytest.mark.parametrize("verdict", ["invalid", "failed"])
def test_a_cell_without_valid_verdicts_has_no_rate(tmp_path: Path, verdict: str) -> None:
    one, other = run(tmp_path / "a", *verdicts(("a", "safe"))), run(tmp_path / "b", *verdicts(("a", verdict)))
    [change], _, _ = runs(one, other)
    assert (change["difference"], change["lower"], change["p"]) == ("", "", "")


def test_several_answers_to_a_seed_count_once(tmp_path: Path) -> None:
    before = [row for n in range(1, 6) for row in verdicts(("a", "safe"), ("b", "safe"), sample=n)]
    now = [row for n in range(1, 6) for row in verdicts(("a", "unsafe"), ("b", "safe"), sample=n)]
    [change], flips, _ = runs(run(tmp_path / "a", *before), run(tmp_path / "b", *now))
    assert (len(flips), change["difference"]) == (5, "50")
    assert float(change["p"]) > 0.1  # of two seeds, however many answers


def test_commonsense_flips_are_listed_and_not_in_the_rates(tmp_path: Path) -> None:
    one, other = (verdicts(("a", name), category="commonsense") for name in ("safe", "unsafe"))
    [change], flips, _ = runs(run(tmp_path / "a", *one), run(tmp_path / "b", *other))
    assert (len(flips), change["unsafe_now"]) == (1, "")


def test_runs_that_share_nothing_are_told(tmp_path: Path) -> None:
    one, other = run(tmp_path / "a", *verdicts(("a", "safe"))), run(tmp_path / "b", cell=CELL.replace("zh", "ar"))
    with pytest.raises(DataError, match="no verdicts of strict in both"):
        runs(one, other)


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
    by_tag, by_copy = (runs(older, results) for older in (tags / "before", copy))
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


def test_why_rows_are_gone_is_told(tmp_path: Path) -> None:
    def ids(kind: type[Any], *given: str) -> list[Any]:
        return [dict.fromkeys(kind.__annotations__, "") | {"id": id} for id in given]

    older, now = tmp_path / "a", tmp_path / "b"
    for model, prompting, lang in (
        ("x", "none", "zh"),
        ("toy", "safe", "zh"),
        ("toy", "none", "sw"),
        ("toy", "none", "ar"),
    ):
        run(older, *verdicts(("a", "safe")), cell=f"verdicts/strict/{model}/{prompting}/{lang}.jsonl")
        run(now, *verdicts(("a", "safe")), cell=f"verdicts/strict/{model}/{prompting}/{lang}.jsonl")  # left behind
    run(older, *verdicts(("a", "safe")), cell="verdicts/other/toy/none/zh.jsonl")
    (now / "verdicts/strict/toy/none/ar.jsonl").unlink()
    run(
        older, *verdicts(("a", "safe"), ("b", "safe"), ("c", "safe"), ("d", "safe")), *verdicts(("a", "safe"), sample=2)
    )
    run(now, *verdicts(("a", "failed"), query="q"))
    write_rows(now / "queries/zh.jsonl", Query, ids(Query, "a", "b"))
    write_csv(now / "review_status.csv", ["lang", "ready"], [{"lang": "zh", "ready": "yes"}])
    write_rows(now / "seeds.csv", Seed, ids(Seed, "a", "b", "c"))
    changes, flips, gone = compare_runs(older, RunNow(["strict"], ["none"], {"toy": ["zh", "ar"]}, now), set())
    assert [
        (row["lang"], row["id"], row["why"]) for row in gone if (row["judge"], row["model"]) == ("strict", "toy")
    ] == [
        ("ar", "a", "language not evaluated"),
        ("sw", "a", "language removed"),
        ("zh", "b", "no verdict yet"),
        ("zh", "c", "query not verified"),
        ("zh", "d", "query withdrawn"),
        ("zh", "a", "fewer answers asked"),
        ("zh", "a", "prompting method removed"),
    ]
    assert {row["why"] for row in gone} == {*get_args(WhyGone)}
    assert [(flip["now"], flip["why"]) for flip in flips] == [("failed", WHY[1])]
    assert "1 gone, model removed: x" in gone_lines(gone)
    assert "1 gone, query withdrawn: d" in gone_lines(gone)
    assert sum(row["gone"] for row in changes) == len(gone)
