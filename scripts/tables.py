"""Makes the tables of one judge from its counts, one counts file per model; names in the order of the configuration."""

from pathlib import Path

from xsafety.analysis.tables import TABLES, bases, count_frame, judge_tables
from xsafety.categories import read_about
from xsafety.cli import call
from xsafety.rows import Count
from xsafety.tabular import read_csv, read_rows, write_text


def main(
    *,
    status: Path,
    counts: list[Path],
    about: Path,
    judge: str,
    languages: list[str],
    models: list[str],
    promptings: list[str],
    max_failed: float,
    out: Path,
) -> None:
    basis = {row["lang"]: row["basis"] for row in read_csv(status, ("lang", "basis"))}
    known, counted = read_about(about), (row for path in counts for row in read_rows(path, Count))
    frame = count_frame(counted, languages, models, promptings, known)
    basis = bases(basis, languages, known.language)
    made = judge_tables(frame, basis, known, max_failed)
    for table in TABLES:
        rows = made[table.file]
        if "model" in table.columns:  # in the others every model is a column
            rows.insert(0, "judge", judge)
        write_text(out / table.file, rows.to_csv(index=False, lineterminator="\n"))


if __name__ == "__main__":
    call(main)
