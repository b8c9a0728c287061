"""Compares the verdicts with those of an older run, row by row, and prints by language what changed and why."""

from pathlib import Path

from xsafety.analysis.runs import compare_runs
from xsafety.cli import call, say
from xsafety.rows import Flip, RunChange
from xsafety.tabular import DataError, aligned, write_rows


def main(*, older: Path | None, results: Path, judges: list[str], out: Path) -> None:
    if older is None or not older.is_dir():
        raise DataError(f"with={older or ''}: name the folder of an older run: snakemake compare --config with=FOLDER")
    found, rows = compare_runs(older, results, judges)
    write_rows(out / "changes.csv", RunChange, found)
    write_rows(out / "flips.csv", Flip, rows)
    head = (
        "judge model method lang rows to-unsafe to-safe to-other gone new unsafe-before now difference 95%-interval p"
    )
    table = [[name.replace("-", " ") for name in head.split()], *(_line(row) for row in found if _differs(row))]
    if len(table) > 1:
        say(aligned(table, left=4))
    same = len(found) - len(table) + 1
    say(f"{len(rows)} verdict(s) changed; {same} of {len(found)} files of verdicts are as they were.")
    say(f"Every row that changed, and why: {out / 'flips.csv'}")


def _differs(row: RunChange) -> bool:
    return any(row[name] for name in ("to_unsafe", "to_safe", "to_other", "gone", "new"))


def _line(row: RunChange) -> list[str]:
    counts = [row[name] for name in ("rows", "to_unsafe", "to_safe", "to_other", "gone", "new")]
    place = [row[name] for name in ("judge", "model", "prompting", "lang")]
    rates = [row["unsafe_before"], row["unsafe_now"], row["difference"], row["lower"], row["upper"]]
    before, now, difference, lower, upper = map(_rounded, rates)
    p = f"{float(row['p']):.3f}" if row["p"] else "-"
    return [*place, *map(str, counts), before, now, difference, f"[{lower}, {upper}]", p]


def _rounded(rate: str) -> str:
    return f"{float(rate):.1f}" if rate else "-"


if __name__ == "__main__":
    call(main)
