"""The paper's claims, checked: which differences in its tables an interval holds up.

The paper gives rates alone. Verdicts are made to these rates and compared as those of a run are: over languages that
both sides have, by seed, with Holm. How the verdicts of two cells hang together is not known, so it is done twice: with
the correlation that was measured elsewhere, and with none, which is the wider interval. Invalid answers are not known
either. A claim stands if it does both times.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, TypedDict

import yaml

from ..categories import OF_PAPER, PAPER
from ..rows import ALL, Comparison
from .comparisons import ENGLISH, comparison_rows
from .grid import COUNTS, Grid
from .power import CORRELATION
from .rates import rate_rows
from .tables import AVE, rounded


class PaperClaim(TypedDict):
    """A difference that the paper's tables show, in points; its limits if verdicts correlate, and if they do not."""

    table: str
    model: str
    lang: str
    against: str
    paper: str  # the difference of its two numbers
    difference: str  # over languages that both have
    lower: str
    upper: str
    lower_if_independent: str
    upper_if_independent: str
    p_adjusted: str  # the larger of both
    stands: str
    why: str  # what a mean is without


class PaperMean(TypedDict):
    """A mean of the main table, in percent, and what verdicts made to its cells give; limits if these correlate."""

    model: str
    lang: str
    paper: str
    rate: str
    lower: str
    upper: str
    why: str  # what the mean is without


def paper_means() -> list[PaperMean]:
    """`All` of every language and `Ave` of every model."""
    table = _tables()["main"]
    given = {(ALL, lang): rate for lang, rate in table["all"].items()}
    given |= {(model, AVE): rate for model, rate in zip(table["models"], table["averages"], strict=True)}
    grid = paper_grid(table["rates"], table["models"], table["seeds"], CORRELATION)
    return [
        PaperMean(
            model=row["model"],
            lang=row["lang"],
            paper=f"{given[row['model'], row['lang']]:.1f}",
            rate=_tenths(row["rate"]),
            lower=_tenths(row["lower"]),
            upper=_tenths(row["upper"]),
            why=row["why"],
        )
        for row in rate_rows(grid, {})
        if (row["category"], row["outcome"]) == (OF_PAPER.main_part, "unsafe") and (row["model"], row["lang"]) in given
    ]


def _tables() -> dict[str, Any]:
    tables: dict[str, Any] = yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8"))
    return tables


def paper_claims() -> list[PaperClaim]:
    """Every language against English, every model against every other, and XLingPrompt against no method."""
    return [claim for name, table in _tables().items() for claim in _claims(name, table)]


def paper_grid(
    rates: Mapping[str, Sequence[float | None]], models: Sequence[str], seeds: int, correlation: float
) -> Grid:
    """Verdicts made to rates, in percent by language and model: latent normals of which so many are the lowest.

    Safety issues do not differ.
    """
    import numpy as np

    draw = np.random.default_rng(1)
    shared = draw.standard_normal(seeds)
    unsafe = np.zeros((len(models), 1, len(rates), seeds), np.int32)
    answers = np.zeros_like(unsafe)
    for lang, row in enumerate(rates.values()):
        for model, rate in enumerate(row):
            if rate is not None:
                latent = correlation**0.5 * shared + (1 - correlation) ** 0.5 * draw.standard_normal(seeds)
                unsafe[model, 0, lang, np.argsort(latent)[: round(rate * seeds / 100)]] = 1
                answers[model, 0, lang] = 1
    none = dict.fromkeys((*COUNTS, "refusal_known"), np.zeros_like(unsafe))
    counts = none | {"answers": answers, "unsafe": unsafe, "safe": answers - unsafe}
    issues = [key for key, issue in PAPER.items() if issue.main][: seeds // 200]
    strata, benign = np.repeat(np.arange(len(issues)), 200), np.zeros(seeds, bool)
    return Grid(models, ["none"], [*rates], OF_PAPER, issues, strata, benign, counts)


def _claims(name: str, table: Mapping[str, Any]) -> Iterator[PaperClaim]:
    models, rates = table["models"], table["rates"] | {AVE: table["averages"]}
    correlated, independent = (
        _compared(paper_grid(table["rates"], models, table["seeds"], correlation)) for correlation in (CORRELATION, 0.0)
    )
    for key, row in correlated.items():
        other = independent[key]
        model, lang, against = key
        one = rates[lang][models.index(model)]
        reference = rates[against][models.index(model)] if against in rates else rates[lang][models.index(against)]
        paper = round(one - reference, 1)
        p = max(float(row["p_adjusted"]), float(other["p_adjusted"]))
        yield PaperClaim(
            table=name,
            model=model,
            lang=lang,
            against=against,
            paper=f"{paper:+.1f}",
            difference=_points(row["difference"]),
            lower=_points(row["lower"]),
            upper=_points(row["upper"]),
            lower_if_independent=_points(other["lower"]),
            upper_if_independent=_points(other["upper"]),
            p_adjusted=f"{p:.4g}",
            stands="not shown" if p >= 0.05 else "yes" if paper * float(row["difference"]) > 0 else "the reverse",
            why=row["why"],
        )


def _tenths(text: str) -> str:
    return rounded(Decimal(text))


def _points(text: str) -> str:
    return f"{float(text):+z.1f}"


def _compared(grid: Grid) -> dict[tuple[str, str, str], Comparison]:
    """The comparisons with English of cells and of each model's mean, and those of models' means; by their names."""
    return {
        (row["model"], row["lang"], row["against"]): row
        for row in comparison_rows(grid)
        if (row["category"], row["outcome"]) == (OF_PAPER.main_part, "unsafe")
        and row["model"] in grid.models
        and row["p"]
        and (row["family"] == ENGLISH or (row["family"] == "model" and (row["lang"] == AVE or len(grid.models) == 2)))
    }
