"""Draws the charts of one judge, from its estimates and the review status; names in the order of the configuration."""

from pathlib import Path

from xsafety.cli import call
from xsafety.report.charts import Names, drawings
from xsafety.report.drawing import write_drawing
from xsafety.rows import Comparison, RateEstimate, Status
from xsafety.tabular import read_rows


def main(
    *,
    rates: Path,
    comparisons: Path,
    status: Path,
    models: list[list[str]],
    promptings: list[list[str]],
    out: Path,
) -> None:
    names = Names(dict(models), dict(promptings))
    estimates = read_rows(rates, RateEstimate), read_rows(comparisons, Comparison)
    for drawing in drawings(*estimates, read_rows(status, Status), names):
        write_drawing(drawing, out)


if __name__ == "__main__":
    call(main)
