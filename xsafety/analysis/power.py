"""What a number of seeds can show, before anything is asked."""

from .estimates import LEVEL
from .pairs import POWER

CORRELATION = 0.65
"""Of what makes a model's answers to one seed unsafe, in two languages or under two methods (tetrachoric).

Measured on 572 prompts in 14 languages and three models (mainlp/Multilingual-Refusal): medians .49 to .67 by model, and
.69 of two models in one language.
"""


def smallest_difference(pairs: int, rate: float, tests: int = 1) -> float | None:
    """The smallest rise from `rate`, as shares, that McNemar's test of that many pairs finds with a power of 80%.

    Two-sided at 5%, as the first of `tests` by Holm. By the number of pairs of Connor (Biometrics 43, 1987, 207-211);
    how many differ follows from the two rates and `CORRELATION`. It takes verdicts for the truth. None where not even
    a rise to 100% would be found.
    """
    from math import sqrt

    from scipy.optimize import brentq
    from scipy.stats import multivariate_normal, norm

    z_alpha, z_power = norm.ppf(1 - (1 - LEVEL) / (2 * tests)), norm.ppf(POWER)
    both = multivariate_normal([0, 0], [[1, CORRELATION], [CORRELATION, 1]])

    def lacking(rise: float) -> float:
        """How far the standard error is too large."""
        differ = 2 * rate + rise - 2 * float(both.cdf([norm.ppf(rate), norm.ppf(rate + rise)]))
        spread = sqrt(max(differ - rise**2, 0))
        return float(z_alpha * sqrt(differ) + z_power * spread - rise * sqrt(pairs))

    least, most = 1e-6, 1 - rate - 1e-6
    return float(brentq(lacking, least, most, xtol=1e-6)) if pairs and lacking(most) < 0 else None
