"""Tables for a paper, in LaTeX (booktabs) and Markdown: any CSV table of the results, and the main table.

As people read them: names for keys, figures rounded, limits behind their figure, what all rows share said once.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, NamedTuple

from tabulate import SEPARATING_LINE, tabulate

from ..analysis.tables import AVE, NO_RATE
from ..rows import ALL, Comparison, RateEstimate
from ..text.languages import language
from .charts import ChartNames
from .findings import differs

if TYPE_CHECKING:
    import pandas as pd

_NOTE = "Unsafe answers in percent, [95% interval]. *: differs from {source} (5%, Holm). Average: but {source}."
_PLACES = {"kappa": 2, "ac1": 2, "alpha": 2, "p": 3, "p_adjusted": 3, "cost": 2}  # decimals of what is no percentage
_FIGURE = re.compile(r"(-?\d+(\.\d+)?(e-\d+)?)?")
_LIMITS = {"unsafe_rate": "bounds"}  # of open verdicts; of all else they are those of an interval
_LANGUAGES = ("lang", "found", "against")
_MEANS = {AVE: "Average", ALL: "All"}


class SetColumn(NamedTuple):
    """A column of a table: figures stand to the right, words to the left."""

    head: str
    cells: list[str]
    figures: bool = True


class Typeset(NamedTuple):
    """A table as people read it, with a note that says what it shows, or nothing."""

    note: str
    columns: list[SetColumn]
    mean: bool = False  # whether its last row is a mean of the others, which LaTeX sets apart


def typeset(table: "pd.DataFrame", names: ChartNames) -> Typeset:
    """A table of the results, its cells as text. Of one with rows for all categories of the main table, these alone."""
    if "category" in table and (is_main := table["category"] == names.about.main_part).any():
        table = table[is_main]
    columns = _columns({str(name): table[name].tolist() for name in table}, names)
    shared = [column for column in columns if not column.figures and len({*column.cells}) == 1 < len(table)]
    note = "; ".join(f"{column.head}: {column.cells[0]}" for column in shared)
    return Typeset("No rows." if table.empty else note, [column for column in columns if column not in shared])


def _columns(values: Mapping[str, Sequence[str]], names: ChartNames) -> list[SetColumn]:
    """Those that say anything, limits in the columns of their figures."""
    labels, limits = _labels(names), _limits([*values])
    behind = {end for ends in limits.values() for end in ends}
    return [
        _column(name, cells, [values[end] for end in limits.get(name, ())], labels.get(name, names.models))
        for name, cells in values.items()
        if any(cells) and name not in behind
    ]


def _column(name: str, cells: Sequence[str], limits: Sequence[Sequence[str]], labels: Mapping[str, str]) -> SetColumn:
    head = labels.get(name, name.replace("_", " "))
    if not all(map(_FIGURE.fullmatch, cells)):
        return SetColumn(head, [_named(name, cell, labels) for cell in cells], figures=False)
    says = f" [{_LIMITS.get(name, '95% interval')}]" if limits else ""
    return SetColumn(head + says, _figures(name, cells, limits))


def _labels(names: ChartNames) -> dict[str, Mapping[str, str]]:
    """What stands for the keys in a column."""
    categories = {key: category.name for key, category in names.about.categories.items()}
    labels = {
        "lang": {},
        "found": {},
        "model": names.models,
        "judge": names.judges,
        "other": names.judges,
        "prompting": names.promptings,
        "against": {**names.models, **names.promptings},
        "category": {names.about.main_part: "those of the main table", **categories},
    }
    return {column: {**_MEANS, **known} for column, known in labels.items()}


def _named(column: str, value: str, labels: Mapping[str, str]) -> str:
    if value in labels or column not in _LANGUAGES or not value:
        return labels.get(value, value)
    return language(value).name


def _limits(names: Sequence[str]) -> dict[str, tuple[str, str]]:
    """The columns that stand behind another one and hold its limits."""
    threes = zip(names, names[1:], names[2:], strict=False)
    return {
        name: (lower, upper)
        for name, lower, upper in threes
        if (lower, upper) in (("lower", "upper"), (f"{name}_lower", f"{name}_upper"))
    }


def _figures(name: str, cells: Sequence[str], limits: Sequence[Sequence[str]]) -> list[str]:
    """The figures of a column, whole where all are, each with its limits."""
    digits = all(cell.lstrip("-").isdigit() for column in (cells, *limits) for cell in column if cell)
    whole = digits and name not in _PLACES
    places = 0 if whole else _PLACES.get(name, 1)
    least = Decimal(1).scaleb(-places) if name in ("p", "p_adjusted") else None

    def shown(cell: str, *ends: str) -> str:
        if least and cell and Decimal(cell) < least:
            return f"<{least}"
        return _rounded(cell, places) + (f" [{', '.join(_rounded(end, places) for end in ends)}]" if any(ends) else "")

    return list(map(shown, cells, *limits))


def _rounded(figure: str, places: int = 1) -> str:
    """Halves up."""
    return str(Decimal(figure).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP) + 0) if figure else NO_RATE


def main_table_of(
    rates: Iterable[RateEstimate], comparisons: Iterable[Comparison], models: Mapping[str, str], source: str
) -> Typeset:
    """Unsafe rates, of one prompting method and category, with marks of what differs; models by names and labels.

    A row for each language, the last one the mean of those but `source`, that of the seeds; a column for each model.
    """
    differ = {(row["lang"], row["model"]) for row in comparisons if differs(row)}
    found = {(row["lang"], row["model"]): row for row in rates}
    tags = list(dict.fromkeys(lang for lang, _ in found if lang != AVE))

    def cell(lang: str, model: str) -> str:
        row = found.get((lang, model))
        if not row or not row["rate"]:
            return NO_RATE
        rate, lower, upper = (_rounded(row[name]) for name in ("rate", "lower", "upper"))
        return f"{rate}{'*' if (lang, model) in differ else ''} [{lower}, {upper}]"

    languages = SetColumn("Language", [*(language(tag).name for tag in tags), _MEANS[AVE]], figures=False)
    columns = [SetColumn(label, [cell(lang, model) for lang in (*tags, AVE)]) for model, label in models.items()]
    return Typeset(_NOTE.format(source=language(source).name), [languages, *columns], mean=True)


def as_latex(table: Typeset) -> str:
    """A tabular for the package booktabs, after its note as a remark."""
    rows: list[Sequence[str]] = [*zip(*(column.cells for column in table.columns), strict=True)]
    if table.mean:
        rows.insert(-1, SEPARATING_LINE)
    return f"% {' '.join(table.note.split())}\n{_set(table, rows, 'latex_booktabs')}\n"


def as_markdown(table: Typeset) -> str:
    """A table with bars, its note below."""
    escaped = [SetColumn(_escaped(head), [*map(_escaped, cells)], figures) for head, cells, figures in table.columns]
    rows = [*zip(*(column.cells for column in escaped), strict=True)]
    return f"{_set(table._replace(columns=escaped), rows, 'pipe')}\n\n{_escaped(table.note)}\n"


def _escaped(text: str) -> str:
    return re.sub(r"([|*_<\\])", r"\\\1", text)


def _set(table: Typeset, rows: Sequence[Sequence[str]], form: str) -> str:
    heads = [column.head for column in table.columns]
    sides = ["right" if column.figures else "left" for column in table.columns]
    return tabulate(rows, heads, tablefmt=form, disable_numparse=True, colalign=sides) if heads else ""
