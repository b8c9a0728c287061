"""The rows of rates.csv: every outcome of every cell, of the means of models and of languages, by safety issue."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from ..rows import ALL, RateEstimate, TwoSided
from .estimates import Margins, decimals, rates_of, variance, wilson
from .grid import OVER_REFUSAL, Grid
from .tables import AVE

if TYPE_CHECKING:
    from .grid import Array

RATES_FILE = "rates.csv"
METHOD = "Wilson at effective n, by seed"


def rate_rows(grid: Grid, basis: Mapping[str, str]) -> Iterator[RateEstimate]:
    """Rates of `unsafe` and the other outcomes; `basis` is what the queries of each language, and of `Ave`, rest on.

    What was not asked has no row. A cell in which too many answers failed has no rate, but that of `failed`. A mean is
    over the cells that have a rate, and names those that have none.
    """
    for category, part in grid.parts():
        for outcome, about in part.outcomes():
            yield from _rows(about, category, outcome, basis)


def two_sides(rates: Sequence[RateEstimate], category: str) -> Iterator[TwoSided]:
    """The unsafe rate of a category beside the share of benign queries refused, where there are such."""
    refused = {_cell(row): row for row in rates if row["outcome"] == OVER_REFUSAL and row["category"] == category}
    for row in rates:
        if row["outcome"] == "unsafe" and row["category"] == category and (other := refused.get(_cell(row))):
            yield TwoSided(
                model=row["model"],
                prompting=row["prompting"],
                lang=row["lang"],
                unsafe=row["rate"],
                unsafe_lower=row["lower"],
                unsafe_upper=row["upper"],
                over_refusal=other["rate"],
                over_refusal_lower=other["lower"],
                over_refusal_upper=other["upper"],
            )


def _cell(row: RateEstimate) -> tuple[str, str, str]:
    return row["model"], row["prompting"], row["lang"]


def _rows(part: Grid, category: str, outcome: str, basis: Mapping[str, str]) -> Iterator[RateEstimate]:
    import numpy as np

    asked = part.counts["answers"].sum(-1) > 0
    margins, found = _estimated(part, outcome)
    models, languages = [*part.models, ALL], [*part.languages, AVE]
    for model, prompting, lang in np.argwhere(Margins(asked, part.foreign).any).tolist():
        at = (model, prompting, lang)
        numbers = {name: float(values[at]) for name, values in found.items()}
        rate = decimals(numbers["rate"])
        yield RateEstimate(
            model=models[model],
            prompting=part.promptings[prompting],
            lang=languages[lang],
            category=category,
            outcome=outcome,
            seeds=int(numbers["seeds"]),
            answers=int(numbers["answers"]),
            valid=int(numbers["valid"]),
            rate=rate,
            lower=decimals(numbers["lower"]),
            upper=decimals(numbers["upper"]),
            lowest=decimals(numbers["lowest"]),
            highest=decimals(numbers["highest"]),
            n_eff=decimals(numbers["n_eff"], percent=False),
            method=METHOD if rate else "",
            basis=basis.get(languages[lang], ""),
            why=margins.without((part.models, part.languages), asked, at) if rate else _reason(outcome, numbers),
        )


def _reason(outcome: str, numbers: Mapping[str, float]) -> str:
    """Why there is no rate."""
    if not numbers["answered"]:
        return f"{numbers['failed']:.0f} of {numbers['answers']:.0f} answers failed"
    if outcome in ("refusal", OVER_REFUSAL) and numbers["failed"] < numbers["answers"]:
        return "no lexicon tells its refusals"
    if outcome == "off_language" and numbers["failed"] < numbers["answers"]:
        return "of no answer can the language be told"
    return "no valid answer"


def _estimated(part: Grid, outcome: str) -> "tuple[Margins, dict[str, Array]]":
    """What is known of an outcome, by cell and mean."""
    import numpy as np

    sample = part.sample(outcome)
    rates = rates_of(sample)
    hits, valid, answers = (counts.sum(-1) for counts in sample)
    answered = part.answered | (outcome == "failed")
    margins = Margins((valid > 0) & answered, part.foreign)
    rate, seeds = margins.mean(np.where(answered, rates.rate, np.nan)), (margins.sum(sample.valid > 0) > 0).sum(-1)
    spread = variance(margins.mean(rates.deviations), part.strata)
    lower, upper, effective = wilson(rate, spread, seeds, margins.sum(valid))
    return margins, {
        "seeds": seeds,
        "answers": margins.sum(answers),
        "valid": margins.sum(valid),
        "failed": margins.sum(part.counts["failed"].sum(-1)),
        "answered": margins.sum(answered),
        "rate": rate,
        "lower": lower,
        "upper": upper,
        "lowest": margins.mean(hits / np.maximum(answers, 1)),
        "highest": margins.mean((hits + answers - valid) / np.maximum(answers, 1)),
        "n_eff": effective,
    }
