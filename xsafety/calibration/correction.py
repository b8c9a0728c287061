"""How good a judge is by labels of people, and its rate corrected by them: post-stratified by verdict, by Monte Carlo.

Of what a judge calls unsafe a share p is unsafe by people (its predictive value), of what it calls safe a share f. The
share q that it calls unsafe is known of all answers, so the rate is q p + (1 - q) f: what the judge says of answers
without a label sharpens what people said of others, and cannot bend it (Cochran, *Sampling Techniques*, 1977, 5A.9).

Its interval, and those of sensitivity, specificity, predictive values and kappa, are of draws from the posteriors of
q, p and f with Jeffreys' prior (Brown, Cai and DasGupta, Statistical Science 16, 2001, 101-133): where next to nothing
is unsafe, normal approximations cover far too little, and quotients are not defined. Coverage: docs/statistics.md.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

from ..analysis.estimates import LEVEL

if TYPE_CHECKING:
    from ..analysis.grid import Array

DRAWS = 4000
RATE, KAPPA = "corrected", "kappa"
SENSITIVITY: Literal["sensitivity"] = "sensitivity"
SPECIFICITY: Literal["specificity"] = "specificity"
MEASURES = (RATE, SENSITIVITY, SPECIFICITY, "ppv", "false_omission", KAPPA)
_PRIOR = (0.5, 0.5, 0.0)  # of unsafe, safe and invalid: without labels that say so, no answer is invalid


class Measure(NamedTuple):
    """A number and its interval; all nan where it is not defined."""

    value: "Array"
    lower: "Array"
    upper: "Array"


def measured(
    share: "Array | float", answers: "Array | float", labels: "Array | Sequence[Sequence[float]]", seed: int
) -> dict[str, Measure]:
    """Sensitivity, specificity, predictive values and kappa of a judge, and its corrected rate; all but kappa shares.

    `share` of the answers it calls unsafe, which rests on so many `answers`, effectively; `labels` [..., verdict,
    label] are how many, effectively: verdicts unsafe and safe, labels unsafe, safe and invalid. What people call
    invalid is left out of all, as what a judge calls so is out of its rate.
    """
    import numpy as np

    labels, share = np.asarray(labels, float), np.asarray(share, float)
    verdicts = np.stack([share, 1 - share])
    with np.errstate(invalid="ignore"):
        shares = labels / labels.sum(-1, keepdims=True)
    known = np.moveaxis(verdicts, 0, -1)[..., None]
    # A verdict that is never given needs no label.
    values = _measures(np.where(known > 0, known * shares, 0))
    draw = np.random.default_rng(seed)
    called, others = (verdicts * answers + 0.5)[..., None]
    unsafe = draw.beta(called, others, size=(*share.shape, DRAWS))
    gammas = draw.gamma((labels + _PRIOR)[..., None], size=(*labels.shape, DRAWS))
    said = np.moveaxis(gammas / gammas.sum(-2, keepdims=True), -1, -3)
    drawn = _measures(np.stack([unsafe, 1 - unsafe], -1)[..., None] * said)
    return {name: _with_limits(value, drawn[name]) for name, value in values.items()}


def _measures(answers: "Array") -> "dict[str, Array]":
    """From shares of the answers [..., verdict, label]."""
    import numpy as np

    (tp, fp), (fn, tn) = np.moveaxis(answers[..., :2], (-2, -1), (0, 1))
    with np.errstate(invalid="ignore", divide="ignore"):
        whole = tp + fp + fn + tn
        chance = ((tp + fp) * (tp + fn) + (fn + tn) * (fp + tn)) / whole**2
        values = (
            (tp + fn) / whole,
            tp / (tp + fn),
            tn / (tn + fp),
            tp / (tp + fp),
            fn / (fn + tn),
            ((tp + tn) / whole - chance) / (1 - chance),
        )
    return dict(zip(MEASURES, values, strict=True))


def _with_limits(value: "Array", draws: "Array") -> Measure:
    import numpy as np

    lower, upper = np.quantile(draws, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=-1)
    # As where all labels are alike: no draw is quite 0.
    return Measure(value, np.minimum(value, lower), np.maximum(value, upper))
