"""Rates with their intervals: of cells, of the mean of models (`All`) and of languages (`Ave`).

What an interval means: other seeds of the same kind might have been drawn. Answers to one seed hang together, whatever
their language, model or number, so the seed is the unit. A rate is a ratio of sums over seeds; its variance is that of
its linearised deviations by seed, within safety issues (Woodruff, JASA 66, 1971, 411-414; Cochran, Sampling Techniques,
1977, chapters 5 and 6). The interval is Wilson's (JASA 22, 1927, 209-212) at the effective number of answers, which is
rate (1 - rate) / variance (Korn and Graubard, Survey Methodology 24, 1998, 193-201). Its coverage: docs/statistics.md.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isnan
from typing import TYPE_CHECKING, NamedTuple

from .grid import Sample

if TYPE_CHECKING:
    from .grid import Array

LEVEL = 0.95
_NOTHING = 1e-24  # a variance below it is rounding


class Linearised(NamedTuple):
    """Rates as shares, by cell, and what they deviate by for each seed; nan and zeros where nothing is valid."""

    rate: "Array"
    deviations: "Array"  # by cell and seed; they sum to 0


def rates_of(sample: Sample) -> Linearised:
    """The rates of cells: a ratio of sums over seeds, linearised."""
    import numpy as np

    valid = sample.valid.sum(-1)
    rate = np.divide(sample.hits.sum(-1), valid, out=np.full(valid.shape, np.nan), where=valid > 0)
    share = np.nan_to_num(rate)[..., None]
    return Linearised(rate, (sample.hits - share * sample.valid) / np.maximum(valid, 1)[..., None])


def variance(deviations: "Array", strata: "Array") -> "Array":
    """The variance of sums over seeds, from the deviations [..., seeds], seeds of a stratum side by side.

    A seed that is alone in its stratum is compared with all.
    """
    import numpy as np

    _, starts, at, size = np.unique(strata, return_index=True, return_inverse=True, return_counts=True)
    means = np.where(size > 1, np.add.reduceat(deviations, starts, -1) / size, 0)
    squares = np.add.reduceat((deviations - means[..., at]) ** 2, starts, -1)
    result: Array = (squares * np.where(size > 1, size / np.maximum(size - 1, 1), 1)).sum(-1)
    return np.where(result < _NOTHING, 0, result)


def wilson(rate: "Array", variances: "Array", seeds: "Array", answers: "Array") -> tuple["Array", "Array", "Array"]:
    """The limits of rates, and the effective number of answers: of seeds where nothing varies, never above `answers`.

    All are nan where the rate is.
    """
    import numpy as np
    from statsmodels.stats.proportion import proportion_confint

    with np.errstate(divide="ignore", invalid="ignore"):
        effective = np.where(variances > 0, rate * (1 - rate) / variances, seeds)
        effective = np.where(np.isnan(rate), np.nan, np.clip(effective, 1, np.maximum(answers, 1)))
        lower, upper = proportion_confint(rate * effective, effective, alpha=1 - LEVEL, method="wilson")
    return lower, upper, effective


@dataclass(frozen=True)
class Margins:
    """Cells [models, promptings, languages] that count, and what is taken of them together.

    One language more is that of all but English together (`Ave`), and unless `models` is false one model more that of
    all models (`All`), where both meet that of all models' `Ave`.
    """

    there: "Array"
    foreign: "Array"  # by language
    models: bool = True

    def without(self, names: "tuple[Sequence[str], Sequence[str]]", asked: "Array", at: tuple[int, int, int]) -> str:
        """The names, of models and languages, that a mean is without though they were `asked`; empty for a cell."""
        (models, languages), (model, prompting, lang) = names, at
        there = self.there[:, prompting]
        if model < len(models) and lang < len(languages):
            return ""
        if model < len(models):
            lacking = ((asked.sum((0, 1)) > 0) & self.foreign & ~there[model]).tolist()
            found = [name for name, lacks in zip(languages, lacking, strict=True) if lacks]
        else:
            has = there[:, lang] if lang < len(languages) else (there & self.foreign).sum(1) > 0
            lacking = ((asked.sum((1, 2)) > 0) & ~has).tolist()
            found = [name for name, lacks in zip(models, lacking, strict=True) if lacks]
        return f"without {', '.join(found)}" if found else ""

    @property
    def any(self) -> "Array":
        """Where there is something."""
        result: Array = self.sum(self.there) > 0
        return result

    def sum(self, values: "Array") -> "Array":
        """Values of cells, and of each of their seeds if there is one more axis, with their sums."""
        return self._with(values, lambda total, number: total)

    def mean(self, values: "Array") -> "Array":
        """The same with their means, nan where there is none."""
        import numpy as np

        with np.errstate(invalid="ignore"):
            return self._with(values, lambda total, number: total / number)

    def _with(self, values: "Array", combined: "Callable[[Array, Array], Array]") -> "Array":
        import numpy as np

        def append(values: "Array", there: "Array", kept: "Array", axis: int) -> "tuple[Array, Array]":
            wide = kept.reshape(*kept.shape, *[1] * (values.ndim - kept.ndim))
            total = np.where(wide, values, 0).sum(axis, keepdims=True)
            more = combined(total, wide.sum(axis, keepdims=True))
            return np.concatenate([values, more], axis), np.concatenate([there, kept.any(axis, keepdims=True)], axis)

        values, there = append(values, self.there, self.there & self.foreign, 2)
        return append(values, there, there, 0)[0] if self.models else values


def decimals(value: float, *, percent: bool = True) -> str:
    """A number with at most six decimals, halves up, in percent of a share; empty for nan."""
    if isnan(value):
        return ""
    return f"{value * (100 if percent else 1) + 1e-9:z.6f}".rstrip("0").rstrip(".")
