"""Differences of rates over the same seeds, and their tests.

Of two cells, by the Bonett-Price interval (Journal of Educational and Behavioral Statistics 37, 2012, 479-488): two
seeds are added, one for each direction. With several answers to a seed the difference of its two shares takes the place
of -1, 0 and 1. McNemar's test (Psychometrika 12, 1947, 153-157) is exact below 25 seeds that differ. A mean of such
differences has the variance of its deviations by seed, as a rate has, and the same two seeds added.
"""

from typing import TYPE_CHECKING, NamedTuple

from .estimates import LEVEL, variance
from .grid import Sample

if TYPE_CHECKING:
    from .grid import Array

POWER = 0.8
FEW_PAIRS = 25  # seeds that differ, below which McNemar's test is exact


class Pairs(NamedTuple):
    """Two cells compared, seed by seed, for many of them at once; zeros where no seed is valid in both."""

    difference: "Array"  # of shares
    deviations: "Array"  # by cell and seed; they sum to 0
    both: "Array"  # by cell and seed: whether it is valid in both
    lost: "Array"  # whether it was answered in both, and is not
    differs: "Array"  # whether the two shares differ
    pairs: "Array"  # how many are valid in both
    more: "Array"  # of these, for how many the first share is higher
    less: "Array"
    squares: "Array"  # sum of the squared differences by seed
    single: "Array"  # whether no seed has several answers


def compared(one: Sample, other: Sample) -> Pairs:
    """The first minus the second; every seed that is valid in both weighs the same."""
    import numpy as np

    both = (one.valid > 0) & (other.valid > 0)
    shares = [part.hits / np.maximum(part.valid, 1) for part in (one, other)]
    by_seed = np.where(both, shares[0] - shares[1], 0)
    pairs = both.sum(-1)
    number = np.maximum(pairs, 1)
    difference = by_seed.sum(-1) / number
    return Pairs(
        difference,
        np.where(both, by_seed - difference[..., None], 0) / number[..., None],
        both,
        (one.answers > 0) & (other.answers > 0) & ~both,
        by_seed != 0,
        pairs,
        (by_seed > 0).sum(-1),
        (by_seed < 0).sum(-1),
        (by_seed**2).sum(-1),
        np.where(both, np.maximum(one.valid, other.valid), 0).max(-1) <= 1,
    )


def bonett_price(difference: "Array", squares: "Array", pairs: "Array") -> tuple["Array", "Array"]:
    """The middle and the standard error of a difference of shares; `squares` is the sum of squares by seed."""
    import numpy as np

    total = difference * pairs
    middle = total / (pairs + 2)
    return middle, np.sqrt(np.maximum(squares + 2 - total * middle, 0)) / (pairs + 2)


def clustered(difference: "Array", deviations: "Array", strata: "Array", seeds: "Array") -> tuple["Array", "Array"]:
    """The middle and the standard error of a mean of differences, with a seed added for each direction."""
    import numpy as np

    shrunk = seeds / (seeds + 2)
    return difference * shrunk, np.sqrt(variance(deviations, strata) * shrunk**2 + 2 / (seeds + 2) ** 2)


def limits(middle: "Array", error: "Array") -> tuple["Array", "Array"]:
    """The interval of a difference, within -1 and 1."""
    import numpy as np
    from scipy.stats import norm

    reach = norm.ppf((1 + LEVEL) / 2) * error
    return np.maximum(middle - reach, -1), np.minimum(middle + reach, 1)


def detectable(error: float, alpha: float) -> float:
    """The smallest difference of shares that a two-sided test finds with a power of 80%, by the standard error."""
    from statistics import NormalDist

    normal = NormalDist()
    return (normal.inv_cdf(1 - alpha / 2) + normal.inv_cdf(POWER)) * error


def mcnemar(more: "Array", less: "Array") -> "Array":
    """P-values of McNemar's test, exact below 25 seeds that differ; 1 where none does."""
    import numpy as np
    from scipy.stats import binom, chi2

    differ = more + less
    exact = np.minimum(1, 2 * binom.cdf(np.minimum(more, less), differ, 0.5))
    asymptotic = chi2.sf((more - less) ** 2 / np.maximum(differ, 1), 1)
    result: Array = np.where(differ < FEW_PAIRS, exact, asymptotic)
    return result


def normal_test(middle: "Array", error: "Array") -> "Array":
    """Two-sided p-values of differences with a standard error."""
    import numpy as np
    from scipy.stats import norm

    result: Array = 2 * norm.sf(np.abs(middle) / error)
    return result


def holm(p: "Array") -> "Array":
    """P-values adjusted by Holm, in their order.

    As statsmodels' `multipletests`, which collects garbage at each call: 0.15 s, hundreds of times.
    """
    import numpy as np

    order = np.argsort(p)
    result = np.empty(len(p))
    result[order] = np.minimum(1, np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)))
    return result
