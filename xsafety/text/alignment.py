"""How well translations fit their English, learnt from the rows themselves: IBM Model 1 (Brown et al. 1993) on stems.

A row is judged without what it taught itself, so that a wrong translation does not vouch for its own words.
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_ROUNDS = 5
_FEW, _MANY = 3, 0.25  # English words in fewer rows, or in a larger share of them, say nothing
_LEAST, _MOST = -2.0, 3.0  # bounds of a word's score, so that no single word decides
_UNKNOWN = 9.0
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Fit:
    """The fit of every row's target to its source: `own`, by row; 9.0 where fewer than 3 words can tell.

    A word's score is the log of how much likelier the target makes it than its frequency does; a row's fit is their
    mean. Unrelated texts score around -1, good translations around 1 to 2.
    """

    def __init__(self, sources: Sequence[Sequence[str]], targets: Sequence[Sequence[str]]) -> None:
        self._targets = targets
        english = sorted({word for row in sources for word in row})
        seen = Counter(word for row in targets for word in row)
        self._target = {word: n for n, word in enumerate(sorted(w for w in seen if seen[w] > 1), 1)}  # 0: no word
        index = {word: n for n, word in enumerate(english)}
        self._size = len(self._target) + 1

        words, others, at, rows = _links(sources, targets, index, self._target)
        self._word = np.fromiter((index[word] for row in sources for word in row), np.int64)
        self._row = np.repeat(np.arange(len(sources)), [len(row) for row in sources])
        self._share = np.bincount(self._word, minlength=len(english)) / max(1, len(sources))
        tells = (self._share * len(sources) >= _FEW) & (self._share <= _MANY)
        self._tells = tells[self._word]
        self._count = self._by_row(np.ones(len(self._word)))

        pairs, link = np.unique(words * self._size + others, return_inverse=True)
        part = np.ones(len(pairs))
        for _ in range(_ROUNDS):
            weight = part[link]
            taught = weight / np.bincount(at, weight)[at]
            count = np.bincount(link, taught)
            total = np.bincount(others, taught, self._size)
            part = count / total[pairs % self._size]
        _, place = np.unique(rows * self._size + others, return_inverse=True)
        own = np.bincount(place, taught)[place]
        chance = (count[link] - taught + 0.1 * self._share[words]) / (total[others] - own + 1)
        best = np.full(len(self._word), 1e-9)
        # Any word fits the empty one a little.
        np.maximum.at(best, at, np.where(others == 0, 0.3, 1.0) * chance)
        self.scores: Floats = self._scores(best / self._share[self._word])
        self.own: Floats = self._mean(self.scores, _UNKNOWN)

        order = np.argsort(pairs % self._size, kind="stable")
        self._from = np.searchsorted((pairs % self._size)[order], np.arange(self._size + 1))
        self._english = (pairs // self._size)[order]
        self._chance = (count / (total[pairs % self._size] + 1))[order]

    def best_other(self, row: int) -> tuple[int, float]:
        """The other row whose English a row's target fits best, and how well."""
        best = np.full(len(self._share), 1e-9)
        for word in self._targets[row]:
            if number := self._target.get(word):
                part = slice(self._from[number], self._from[number + 1])
                best[self._english[part]] = np.maximum(best[self._english[part]], self._chance[part])
        fits = self._mean(self._scores(best / self._share)[self._word], -_UNKNOWN)
        fits[row] = -_UNKNOWN
        other = int(fits.argmax())
        return other, float(fits[other])

    @staticmethod
    def _scores(likelier: Floats) -> Floats:
        return np.asarray(np.clip(np.log(likelier), _LEAST, _MOST))

    def _by_row(self, values: Floats) -> Floats:
        return np.bincount(self._row, values * self._tells, len(self._targets)).astype(np.float64)

    def _mean(self, scores: Floats, unknown: float) -> Floats:
        return np.where(self._count >= 3, self._by_row(scores) / np.maximum(self._count, 1), unknown)


def _links(
    sources: Sequence[Sequence[str]], targets: Sequence[Sequence[str]], index: dict[str, int], target: dict[str, int]
) -> tuple[Ints, Ints, Ints, Ints]:
    """Every English word with every target word of its row: their numbers, the English word's place, the row."""
    words, others, at, rows = [], [], [], []
    place = 0
    for row, (source, text) in enumerate(zip(sources, targets, strict=True)):
        known = np.array([0, *(target[word] for word in text if word in target)], np.int64)
        here = np.arange(place, place + len(source))
        place += len(source)
        words.append(np.repeat(np.fromiter((index[word] for word in source), np.int64, len(source)), len(known)))
        others.append(np.tile(known, len(source)))
        at.append(np.repeat(here, len(known)))
        rows.append(np.full(len(known) * len(source), row))
    return np.concatenate(words), np.concatenate(others), np.concatenate(at), np.concatenate(rows)
