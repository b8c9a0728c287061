"""Compares the verdicts with those of an older run, row by row, and prints by language what changed and why."""

from pathlib import Path

from xsafety.analysis.runs import change_table, compare_runs, older_run
from xsafety.categories import read_about
from xsafety.cli import call, say
from xsafety.rows import Flip, RunChange
from xsafety.tabular import aligned, write_rows


def main(*, older: str | None, tags: Path, results: Path, judges: list[str], changes: Path, flips: Path) -> None:
    before = older_run(older or "", tags)
    left_out = {one.key for one in read_about(results / "dataset.json").left_out}
    found, rows = compare_runs(before, results, judges, left_out)
    write_rows(changes, RunChange, found)
    write_rows(flips, Flip, rows)
    table = change_table(found)
    if len(table) > 1:
        say(aligned(table, left=4))
    same = len(found) - len(table) + 1
    say(f"{len(rows)} verdict(s) changed; {same} of {len(found)} files of verdicts are as they were.")
    say(f"Every row that changed, and why: {flips}")


if __name__ == "__main__":
    call(main)
