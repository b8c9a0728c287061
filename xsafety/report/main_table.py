"""The main table for a paper, in LaTeX (booktabs) and Markdown: unsafe rates, intervals, marks of what differs."""

import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from ..analysis.tables import AVE, NO_RATE, rounded
from ..rows import Comparison, RateEstimate
from ..text.languages import language
from .findings import differs

_NOTE = "Unsafe answers in percent, [95% interval]. *: differs from {source} (5%, Holm). Average: but {source}."
_LATEX = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}


class MainTable(NamedTuple):
    """A row for each language, the last one the mean of those but that of the seeds; a column for each model."""

    source: str  # the name of the seeds' language

    models: list[str]
    rows: list[tuple[str, list[str]]]


def main_table_of(
    rates: Iterable[RateEstimate], comparisons: Iterable[Comparison], models: Mapping[str, str], source: str
) -> MainTable:
    """The table of these rates, of one prompting method and category; models by names and labels."""
    differ = {(row["lang"], row["model"]) for row in comparisons if differs(row)}
    found = {(row["lang"], row["model"]): row for row in rates}
    tags = list(dict.fromkeys(lang for lang, _ in found if lang != AVE))

    def cell(at: tuple[str, str]) -> str:
        row = found.get(at)
        if not row or not row["rate"]:
            return NO_RATE
        rate, lower, upper = (rounded(Decimal(row[name])) for name in ("rate", "lower", "upper"))
        return f"{rate}{'*' if at in differ else ''} [{lower}, {upper}]"

    named = {tag: language(tag).name for tag in tags} | {AVE: "Average"}
    return MainTable(
        language(source).name,
        [*models.values()],
        [(name, [cell((tag, model)) for model in models]) for tag, name in named.items()],
    )


def as_latex(table: MainTable) -> str:
    """A tabular for the package booktabs."""
    rows = [_latex_row([name, *cells]) for name, cells in table.rows]
    lines = [
        f"% {_NOTE.format(source=table.source)}",
        rf"\begin{{tabular}}{{l{'r' * len(table.models)}}}",
        r"\toprule",
        _latex_row(["Language", *table.models]),
        r"\midrule",
        *rows[:-1],
        r"\midrule",
        rows[-1],
        r"\bottomrule",
        r"\end{tabular}",
    ]
    return "\n".join(lines) + "\n"


def as_markdown(table: MainTable) -> str:
    """A table with bars."""
    rows = [["Language", *table.models], ["---", *["---:"] * len(table.models)]]
    rows += [[name, *cells] for name, cells in table.rows]
    lines = ["| " + " | ".join(re.sub(r"([|*_\\])", r"\\\1", cell) for cell in row) + " |" for row in rows]
    note = _NOTE.format(source=table.source).replace("*", "\\*")
    return "\n".join([*lines, "", note, ""])


def _latex_row(cells: Sequence[str]) -> str:
    escaped = (re.sub(r"[\\~^]|[&%$#_{}]", lambda found: _LATEX.get(found[0], rf"\{found[0]}"), cell) for cell in cells)
    return " & ".join(escaped) + r" \\"
