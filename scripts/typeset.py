"""Writes tables of the results in LaTeX and Markdown, beside their CSV files; names in their order."""

from pathlib import Path
from typing import TYPE_CHECKING

from xsafety.analysis.comparisons import COMPARISONS_FILE, ENGLISH
from xsafety.analysis.rates import RATES_FILE
from xsafety.analysis.tables import MAIN
from xsafety.categories import read_about
from xsafety.cli import call
from xsafety.report.charts import ChartNames
from xsafety.report.typeset import Typeset, as_latex, as_markdown, main_table_of, typeset
from xsafety.rows import Comparison, RateEstimate
from xsafety.tabular import read_rows, write_text

if TYPE_CHECKING:
    import pandas as pd


def main(
    *, tables: list[Path], about: Path, models: list[list[str]], judges: list[list[str]], promptings: list[list[str]]
) -> None:
    names = ChartNames(dict(models), dict(promptings), dict(judges), read_about(about))
    for path in tables:
        table = _main_table(path.parent, names) if path.name == MAIN.file else typeset(_cells(path), names)
        write_text(path.with_suffix(".tex"), as_latex(table))
        write_text(path.with_suffix(".md"), as_markdown(table))


def _cells(path: Path) -> "pd.DataFrame":
    import pandas as pd

    return pd.read_csv(path, dtype=str, keep_default_na=False)


def _main_table(folder: Path, names: ChartNames) -> Typeset:
    """That of a judge, with intervals and marks, which its CSV file has not."""
    shown = {"prompting": next(iter(names.promptings)), "category": names.about.main_part, "outcome": "unsafe"}.items()
    return main_table_of(
        [row for row in read_rows(folder / RATES_FILE, RateEstimate) if shown <= row.items()],
        [
            row
            for row in read_rows(folder / COMPARISONS_FILE, Comparison)
            if {*shown, ("family", ENGLISH)} <= row.items()
        ],
        names.models,
        names.about.language,
    )


if __name__ == "__main__":
    call(main)
