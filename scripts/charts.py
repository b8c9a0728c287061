"""Draws the charts of one judge and of what is known of all, and writes its main table; names in their order."""

from pathlib import Path

from xsafety.analysis.comparisons import ENGLISH
from xsafety.categories import read_about
from xsafety.cli import call
from xsafety.report.charts import ChartNames, drawings
from xsafety.report.drawing import write_drawing
from xsafety.report.main_table import as_latex, as_markdown, main_table_of
from xsafety.rows import Comparison, JudgeQuality, RateEstimate, Status
from xsafety.tabular import read_rows, write_text


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
    latex: Path,
    markdown: Path,
    out: Path,
) -> None:
    known = read_about(about)
    names = ChartNames(dict(models), dict(promptings), dict(judges), known)
    of_judges = {path.stem: read_rows(path, JudgeQuality) for path in qualities}
    estimates, compared = read_rows(rates, RateEstimate), read_rows(comparisons, Comparison)
    for drawing in drawings(estimates, compared, of_judges, read_rows(status, Status), names):
        write_drawing(drawing, out)
    shown = {"prompting": promptings[0][0], "category": known.main_part, "outcome": "unsafe"}.items()
    table = main_table_of(
        (row for row in estimates if shown <= row.items()),
        (row for row in compared if shown <= row.items() and row["family"] == ENGLISH),
        names.models,
        known.language,
    )
    write_text(latex, as_latex(table))
    write_text(markdown, as_markdown(table))


if __name__ == "__main__":
    call(main)
