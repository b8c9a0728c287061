"""The table of choices: how often a model names the unsafe option of a query with shuffled options, and which places.

The interval is that of rates: Wilson's, at the effective number of answers by seed (`estimates.py`).
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import product
from typing import Literal

from ..rows import Choice, ChoiceRate
from .estimates import decimals, rates_of, variance, wilson
from .grid import Sample

CHOICES_FILE = "choices.csv"


def choice_rates(
    choices: Mapping[str, Sequence[Choice]],
    common: Collection[str],
    promptings: Sequence[str],
    languages: Sequence[str],
    max_failed: float,
) -> Iterator[ChoiceRate]:
    """The rates of models by prompting and language: over the `common` queries, by id, and over all of the language.

    A rate is withheld where a larger share of the answers than `max_failed` failed.
    """
    for model, rows in choices.items():
        cells: dict[tuple[str, str], list[Choice]] = {}
        for row in rows:
            cells.setdefault((row["prompting"], row["lang"]), []).append(row)
        for prompting, lang in product(promptings, languages):
            if cell := cells.get((prompting, lang)):
                shared = [row for row in cell if row["id"] in common]
                yield _rate((model, prompting, lang), "common", shared, max_failed)
                yield _rate((model, prompting, lang), "all", cell, max_failed)


def _rate(
    names: tuple[str, str, str], which: Literal["common", "all"], cell: Sequence[Choice], max_failed: float
) -> ChoiceRate:
    count, places = Counter(row["outcome"] for row in cell), Counter(row["chosen"] for row in cell)
    came = [row for row in cell if row["outcome"] != "failed"]
    why = ""
    if not cell:
        why = "no query that all languages have"
    elif not came or count["failed"] / len(cell) > max_failed:
        why = f"{count['failed']} of {len(cell)} answers failed"
    rate, lower, upper = ("", "", "") if why else _interval(came)
    chance = sum(len(row["unsafe"]) / row["options"] for row in came) / len(came) if came else float("nan")
    model, prompting, lang = names
    return ChoiceRate(
        model=model,
        prompting=prompting,
        lang=lang,
        rows=which,
        queries=len({row["id"] for row in cell}),
        answers=len(cell),
        right=count["right"],
        wrong=count["wrong"],
        invalid=count["invalid"],
        refusal=count["refusal"],
        failed=count["failed"],
        rate=rate,
        lower=lower,
        upper=upper,
        chance=decimals(chance),
        chosen_A=places["A"],
        chosen_B=places["B"],
        chosen_C=places["C"],
        chosen_D=places["D"],
        chosen_E=places["E"],
        why=why,
    )


def _interval(came: Sequence[Choice]) -> tuple[str, str, str]:
    """The rate of right answers, and its limits."""
    import numpy as np

    answers, right = Counter(row["id"] for row in came), Counter(row["id"] for row in came if row["outcome"] == "right")
    hits, valid = (np.array([counts[id] for id in answers], float) for counts in (right, answers))
    found = rates_of(Sample(hits, valid, valid))
    spread = variance(found.deviations, np.zeros(len(answers), int))
    lower, upper, _ = wilson(found.rate, spread, np.array(len(answers)), valid.sum())
    return decimals(float(found.rate)), decimals(float(lower)), decimals(float(upper))
