"""What a number of labels can show, before anything is asked."""

from .correction import RATE, measured
from .sampling import judged_unsafe


def corrected_width(
    labels: int, rate: float, judge: tuple[float, float], answers: tuple[int, int], unsafe_share: float
) -> float:
    """About how wide the interval of a corrected rate becomes, as shares.

    By a sample of so many labels, `unsafe_share` of it judged unsafe by a `judge` of known sensitivity and specificity;
    of so many `answers`: on which the share of unsafe verdicts rests effectively, and from which can be drawn.
    """
    sensitivity, specificity = judge
    effective, there = answers
    tp, fp = rate * sensitivity, (1 - rate) * (1 - specificity)
    share = tp + fp
    on_unsafe = judged_unsafe(labels, round(there * share), round(there * (1 - share)), unsafe_share)
    each, other = on_unsafe / share, (labels - on_unsafe) / (1 - share)
    expected = [[tp * each, fp * each, 0.0], [(rate - tp) * other, (1 - rate - fp) * other, 0.0]]
    found = measured(share, effective, expected, seed=1)[RATE]
    return float(found.upper - found.lower)
