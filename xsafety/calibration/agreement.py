"""How far labellers agree, by language."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from math import comb, isnan
from typing import get_args

from ..rows import DECIDED, Label, LabelAgreement, YesNo
from ..verification.agreement import cohen, gwet_ac1, pairs_that_agree
from .labels import by_answer

ALL_LABELLERS = "all labellers"  # with spaces, which no labeller's name has

_QUESTIONS: Mapping[str, tuple[str, ...]] = {"label": DECIDED, "refusal": get_args(YesNo)}

Answered = Mapping[str, str]  # what labellers said of one answer


def label_agreement(ledgers: Mapping[str, Iterable[Label]]) -> list[LabelAgreement]:
    """Rows per language and question, of the answers that two or more labellers decided; `unsure` decides nothing."""
    rows = []
    for lang, labels in sorted(ledgers.items()):
        by = by_answer(labels).values()
        for question, classes in _QUESTIONS.items():
            # Of a refusal, too, only what was said of an answer that was decided counts.
            said = [
                {name: str(label[question]) for name, label in one.items() if label["label"] in DECIDED}  # type: ignore[literal-required]
                for one in by
            ]
            decided = [{name: given for name, given in one.items() if given in classes} for one in said]
            rows += _of_question(lang, question, classes, [one for one in decided if len(one) > 1])
    return rows


def _of_question(lang: str, question: str, classes: Sequence[str], answers: Sequence[Answered]) -> list[LabelAgreement]:
    pairs: dict[tuple[str, str], list[Answered]] = {}
    for answered in answers:
        for one, other in combinations(sorted(answered), 2):
            pairs.setdefault((one, other), []).append({one: answered[one], other: answered[other]})
    if not pairs:
        return []
    groups: dict[str, Sequence[Answered]] = {ALL_LABELLERS: answers}
    groups |= {"; ".join(pair): pairs[pair] for pair in sorted(pairs)}
    return [_agreement(lang, question, who, classes, group) for who, group in groups.items()]


def _agreement(
    lang: str, question: str, who: str, classes: Sequence[str], answers: Sequence[Answered]
) -> LabelAgreement:
    counts = [Counter(answered.values()) for answered in answers]
    ratings = [[count[one] for one in classes] for count in counts]
    pairs = [tuple(answered[name] for name in sorted(answered)) for answered in answers]
    kappa, lower, upper = (None, None, None) if who == ALL_LABELLERS else cohen(pairs, classes)
    return LabelAgreement(
        lang=lang,
        question=question,
        labellers=who,
        answers=len(answers),
        agree=f"{100 * pairs_that_agree(ratings):z.4f}",
        kappa=_shown(kappa),
        lower=_shown(lower),
        upper=_shown(upper),
        ac1=_shown(gwet_ac1(ratings)),
        alpha=_shown(krippendorff(ratings)),
    )


def _shown(value: float | None) -> str:
    return "" if value is None or isnan(value) else f"{value:z.4f}"


def krippendorff(ratings: Sequence[Sequence[int]]) -> float | None:
    """Krippendorff's alpha for nominal data, of rows x categories, each cell how many raters chose the category.

    Rows need two raters or more, not as many each. None where one category was chosen throughout. 1 - observed /
    expected disagreement; Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011).
    """
    totals = [sum(column) for column in zip(*ratings, strict=True)]
    number = sum(totals)
    # Pairs of values that differ: in a row, each of its n raters with the others, weighed by 1 / (n - 1); and of all.
    observed = sum((comb(sum(row), 2) - sum(comb(n, 2) for n in row)) / (sum(row) - 1) for row in ratings) / number
    expected = (comb(number, 2) - sum(comb(n, 2) for n in totals)) / (number * (number - 1))
    return 1 - observed / expected if expected else None
