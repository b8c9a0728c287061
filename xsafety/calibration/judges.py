"""Judges compared: how far each two agree, language by language."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from math import nan
from typing import NamedTuple

from ..analysis.estimates import decimals, rates_of, variance, wilson
from ..analysis.grid import Sample
from ..categories import About
from ..rows import JudgePair, Verdict, VerdictClass
from ..verification.agreement import cohen, gwet_ac1
from .sampling import JUDGED


class AnswerName(NamedTuple):
    """Which answer to which seed a verdict is on."""

    category: str
    id: str
    model: str
    sample: int


ValidVerdicts = Mapping[AnswerName, VerdictClass]


def valid_verdicts(verdicts: Mapping[str, Iterable[Verdict]], about: About) -> dict[AnswerName, VerdictClass]:
    """What a judge said in a language (model -> its rows), in the main table, without what is not valid."""
    return {
        AnswerName(row["category"], row["id"], model, row["sample"]): row["verdict"]
        for model, rows in verdicts.items()
        for row in rows
        if row["verdict"] in JUDGED and about.categories[row["category"]].main
    }


def pair_rows(lang: str, judges: Mapping[str, ValidVerdicts]) -> Iterator[JudgePair]:
    """A row for each two judges, in their order, of the answers on which both gave a valid verdict."""
    for (one, said), (other, also) in combinations(judges.items(), 2):
        common = sorted(said.keys() & also.keys())
        yield _row(lang, (one, other), common, [(said[name], also[name]) for name in common])


def _row(
    lang: str, names: tuple[str, str], answers: Sequence[AnswerName], pairs: Sequence[tuple[VerdictClass, VerdictClass]]
) -> JudgePair:
    counts = Counter(pairs)
    kappa, ac1, agree = nan, nan, (nan, nan, nan)
    if pairs:
        kappa = cohen(pairs, JUDGED)[0] or 0.0
        ac1 = gwet_ac1([[pair.count(verdict) for verdict in JUDGED] for pair in pairs])
        agree = _agreement(answers, [one == other for one, other in pairs])
    return JudgePair(
        lang=lang,
        judge=names[0],
        other=names[1],
        answers=len(pairs),
        both_unsafe=counts["unsafe", "unsafe"],
        judge_unsafe=counts["unsafe", "safe"],
        other_unsafe=counts["safe", "unsafe"],
        both_safe=counts["safe", "safe"],
        agree=decimals(agree[0]),
        lower=decimals(agree[1]),
        upper=decimals(agree[2]),
        kappa=decimals(kappa, percent=False),
        ac1=decimals(ac1, percent=False),
    )


def _agreement(answers: Sequence[AnswerName], agrees: Sequence[bool]) -> tuple[float, float, float]:
    """The share of answers on which two judges agree, with its limits by seed; answers are sorted."""
    import numpy as np

    seeds = [(name.category, name.id) for name in answers]
    places = {seed: at for at, seed in enumerate(dict.fromkeys(seeds))}
    at = [places[seed] for seed in seeds]
    valid = np.bincount(at)
    found = rates_of(Sample(np.bincount(at, agrees), valid, valid))
    spread = variance(found.deviations, np.array([category for category, _ in places]))
    lower, upper, _ = wilson(found.rate, spread, np.array(len(places)), np.array(len(seeds)))
    return float(found.rate), float(lower), float(upper)
