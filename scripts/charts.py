"""Draws the charts of one judge and of what is known of all; names in their order."""

from pathlib import Path

from xsafety.categories import read_about
from xsafety.cli import call
from xsafety.report.charts import ChartNames, drawings
from xsafety.report.drawing import write_drawing
from xsafety.rows import Comparison, JudgeQuality, RateEstimate, Status
from xsafety.tabular import read_rows


def main(
    *,
    rates: Path,
    comparisons: Path,
    status: Path,
    about: Path,
    qualities: list[Path],
    models: list[list[str]],
    judges: list[list[str]],
    promptings: list[list[str]],
    out: Path,
) -> None:
    known = read_about(about)
    names = ChartNames(dict(models), dict(promptings), dict(judges), known)
    of_judges = {path.stem: read_rows(path, JudgeQuality) for path in qualities}
    estimates, compared = read_rows(rates, RateEstimate), read_rows(comparisons, Comparison)
    for drawing in drawings(estimates, compared, of_judges, read_rows(status, Status), names):
        write_drawing(drawing, out)


if __name__ == "__main__":
    call(main)
