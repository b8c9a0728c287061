"""Power: the published table, and what the exact test finds at the differences that it names."""

import numpy as np
import pytest

from xsafety.analysis.pairs import mcnemar
from xsafety.analysis.power import CORRELATION, smallest_difference


@pytest.mark.parametrize(
    ("pairs", "rate", "alone", "first"),
    [
        (70, 0.01, 11.3, 22.4),
        (200, 0.1, 7.8, 12.2),
        (200, 0.4, 10.5, 15.5),
        (1000, 0.05, 2.5, 3.8),
        (2600, 0.1, 1.9, 2.8),
    ],
)
def test_smallest_differences(pairs: int, rate: float, alone: float, first: float) -> None:
    found = [smallest_difference(pairs, rate, tests) for tests in (1, 36)]
    assert [round(100 * share, 1) for share in found if share] == [alone, first]


def test_there_may_be_none() -> None:
    assert smallest_difference(5, 0.1) is None
    assert smallest_difference(0, 0.1) is None
    assert smallest_difference(10, 0.9, 36) is None


def test_the_test_finds_what_it_should() -> None:
    from scipy.stats import norm

    rise = smallest_difference(200, 0.1)
    assert rise
    draw = np.random.default_rng(5)
    shared = draw.standard_normal((4000, 200))
    one, other = (
        CORRELATION**0.5 * shared + (1 - CORRELATION) ** 0.5 * draw.standard_normal(shared.shape) < norm.ppf(rate)
        for rate in (0.1, 0.1 + rise)
    )
    p = mcnemar((one & ~other).sum(-1), (other & ~one).sum(-1))
    assert 0.78 < (p < 0.05).mean() < 0.88
