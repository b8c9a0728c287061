"""Estimates of one judge: rates with intervals, and comparisons; from its counts by seed, one file per model."""

from pathlib import Path

from xsafety.analysis.comparisons import comparison_rows
from xsafety.analysis.grid import read_grid
from xsafety.analysis.rates import rate_rows, two_sides
from xsafety.analysis.tables import bases
from xsafety.categories import read_about
from xsafety.cli import call
from xsafety.rows import Comparison, RateEstimate, TwoSided, in_cell
from xsafety.tabular import read_csv, write_rows


def main(
    *,
    status: Path,
    outcomes: Path,
    about: Path,
    judge: str,
    languages: list[str],
    models: list[str],
    promptings: list[str],
    max_failed: float,
    rates: Path,
    comparisons: Path,
    two_sided: Path,
) -> None:
    basis = {row["lang"]: row["basis"] for row in read_csv(status, ("lang", "basis"))}
    known = read_about(about)
    files = {model: outcomes / f"{model}.csv" for model in models}
    grid = read_grid(files, promptings, languages, known, max_failed)
    found = list(rate_rows(grid, bases(basis, languages, known.language)))
    write_rows(rates, RateEstimate, in_cell(found, judge=judge))
    write_rows(two_sided, TwoSided, in_cell(two_sides(found, known.main_part), judge=judge))
    write_rows(comparisons, Comparison, in_cell(comparison_rows(grid), judge=judge))


if __name__ == "__main__":
    call(main)
