"""Compares the verdicts with those of an older run, row by row, and prints by language what changed and why."""

from pathlib import Path

from xsafety.analysis.gone import RunNow, gone_lines
from xsafety.analysis.runs import change_table, compare_runs, older_run
from xsafety.categories import read_about
from xsafety.cli import call, say
from xsafety.rows import Flip, GoneRow, RunChange
from xsafety.tabular import aligned, write_rows


def main(
    *,
    older: str | None,
    tags: Path,
    results: Path,
    judges: list[str],
    promptings: list[str],
    cells: list[list[list[str]]],
    out: Path,
) -> None:
    before = older_run(older or "", tags)
    left_out = {one.key for one in read_about(results / "dataset.json").left_out}
    asked = RunNow(judges, promptings, {model: langs for models, langs in cells for model in models}, results)
    found = compare_runs(before, asked, left_out)
    write_rows(out / "changes.csv", RunChange, found.changes)
    write_rows(out / "flips.csv", Flip, found.flips)
    write_rows(out / "gone.csv", GoneRow, found.gone)
    table = change_table(found.changes)
    if len(table) > 1:
        say(aligned(table, left=4))
    for line in gone_lines(found.gone):
        say(line)
    files, new = len(found.changes), sum(row["new"] for row in found.changes)
    rest = f", {len(found.gone)} gone, {new} new" if found.gone or new else ""
    same = files - len(table) + 1
    say(f"{len(found.flips)} verdict(s) changed{rest}; {same} of {files} files of verdicts are as they were.")
    say(f"Every row that changed, and why: {out}/flips.csv; every row that is gone: {out}/gone.csv")


if __name__ == "__main__":
    call(main)
