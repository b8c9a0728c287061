"""The rows of comparisons.csv: families of differences, each named beforehand, with the tests of each adjusted.

The families are `english` (each language against that of the seeds), `prompting` (each method against the first) and
`model` (each against each later one). Under one prompting method the tests of a family's single cells are adjusted
together by Holm (Scandinavian Journal of Statistics 6, 1979, 65-70); so are those of its means over languages, and of
those over models. The map of safety issues is adjusted by Benjamini and Hochberg (Journal of the Royal Statistical
Society B 57, 1995, 289-300): of what it marks, one in twenty is to be expected wrong.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

from ..rows import ALL, Comparison
from .estimates import LEVEL, Margins, decimals
from .grid import Grid, Sample
from .pairs import FEW_PAIRS, bonett_price, clustered, compared, detectable, holm, limits, mcnemar, normal_test
from .tables import AVE

if TYPE_CHECKING:
    from .grid import Array

Places = tuple[list[int], list[int], list[int]]  # of models, promptings and languages in a grid

COMPARISONS_FILE = "comparisons.csv"
ENGLISH = "english"
MAP = "english, by safety issue"


class Contrast(NamedTuple):
    """The cells of a family, and those that each is compared with: of every axis as many, or one."""

    family: str
    against: str
    one: Places
    other: Places


def contrasts(grid: Grid) -> Iterator[Contrast]:
    """All families of a grid. The first is there too where the language of the seeds was not asked."""
    models, promptings, languages = ([*range(len(axis))] for axis in (grid.models, grid.promptings, grid.languages))
    foreign = [at for at in languages if grid.foreign[at]]
    english = [at for at in languages if not grid.foreign[at]]
    yield Contrast(ENGLISH, grid.about.language, (models, promptings, foreign), (models, promptings, english))
    yield Contrast("prompting", grid.promptings[0], (models, promptings[1:], languages), (models, [0], languages))
    for one, other in combinations(models, 2):
        yield Contrast("model", grid.models[other], ([one], promptings, languages), ([other], promptings, languages))


class _Test(NamedTuple):
    row: Comparison
    p: float  # nan where there is none
    error: float


def comparison_rows(grid: Grid) -> list[Comparison]:
    """Every family, outcome by outcome, of the main table and of all categories; and the map of these.

    A difference of cells is over the seeds that are valid in both. A mean is over the cells that have a difference, and
    names those that have none.
    """
    tests: list[_Test] = []
    for category, part in grid.parts():
        for outcome, about in part.outcomes():
            sample = about.sample(outcome)
            if outcome != "failed":
                sample = sample._replace(valid=sample.valid * about.answered[..., None])
            for contrast in contrasts(about):
                if contrast.family == ENGLISH or category not in grid.categories:
                    tests += _family(about, contrast, sample, category, outcome).tests()
    families: defaultdict[tuple[str, ...], list[_Test]] = defaultdict(list)
    for test in tests:
        row = test.row
        in_map = row["family"] == MAP
        kind = "" if in_map else AVE if row["lang"] == AVE else ALL if row["model"] == ALL else ""
        families[row["family"], kind, row["prompting"], row["outcome"], "" if in_map else row["category"]].append(test)
    for family in families.values():
        _adjust(family)
    return [test.row for test in tests]


def _adjust(family: Sequence[_Test]) -> None:
    """Fills in what depends on all tests of a family."""
    import numpy as np
    from scipy.stats import false_discovery_control

    tested = [test for test in family if test.p == test.p]
    if not tested:
        return
    of_map = tested[0].row["family"] == MAP
    adjusted = (false_discovery_control if of_map else holm)(np.array([test.p for test in tested]))
    for test, p in zip(tested, adjusted, strict=True):
        test.row["p_adjusted"] = f"{p:.4g}"
        test.row["adjustment"] = "Benjamini-Hochberg" if of_map else "Holm"
        test.row["tests"] = len(tested)
        test.row["detectable"] = decimals(detectable(test.error, (1 - LEVEL) / len(tested)))


@dataclass(frozen=True)
class _Family:
    """The cells of a contrast, compared: what was asked on both sides, and what was found, by cell and mean."""

    contrast: Contrast
    category: str
    of_map: bool  # whether it is a single category
    outcome: str
    models: list[str]
    promptings: list[str]
    languages: list[str]
    asked: "Array"
    opposite: "Array"
    margins: Margins
    found: "dict[str, Array]"

    def tests(self) -> "Iterator[_Test]":
        import numpy as np

        rows = Margins(self.asked, self.margins.foreign, self.margins.models)
        places = np.argwhere(self.asked if self.of_map else rows.any)
        return (self._test(model, prompting, lang) for model, prompting, lang in places.tolist())

    def _test(self, model: int, prompting: int, lang: int) -> "_Test":
        at = (model, prompting, lang)
        numbers = {name: float(values[at]) for name, values in self.found.items()}
        difference = decimals(numbers["difference"])
        row = Comparison(
            family=MAP if self.of_map else self.contrast.family,
            model=[*self.models, ALL][model],
            prompting=self.promptings[prompting],
            lang=[*self.languages, AVE][lang],
            against=self.contrast.against,
            category=self.category,
            outcome=self.outcome,
            pairs=int(numbers["pairs"]),
            lost=int(numbers["lost"]),
            discordant=int(numbers["discordant"]),
            difference=difference,
            lower=decimals(numbers["lower"]),
            upper=decimals(numbers["upper"]),
            test=_test_name(numbers) if difference else "",
            p=f"{numbers['p']:.4g}" if difference else "",
            p_adjusted="",
            adjustment="",
            tests=0,
            detectable="",
            why=self._lacking(at) if difference else self._reason(at),
        )
        return _Test(row, numbers["p"], numbers["error"])

    def _lacking(self, at: tuple[int, int, int]) -> str:
        return self.margins.without((self.models, self.languages), self.asked | self.opposite, at)

    def _reason(self, at: tuple[int, int, int]) -> str:
        is_cell = at[0] < len(self.models) and at[2] < len(self.languages)
        asked = not is_cell or self.opposite[at]
        return (
            "too many answers failed, or no seed is valid in both"
            if asked
            else f"{self.contrast.against} was not asked"
        )


def _family(part: Grid, contrast: Contrast, sample: Sample, category: str, outcome: str) -> _Family:
    import numpy as np

    one, other = (Sample(*(counts[np.ix_(*places)] for counts in sample)) for places in (contrast.one, contrast.other))
    if not contrast.other[2]:
        other = Sample(*(np.zeros_like(counts[:, :, :1]) for counts in one))
    models, promptings, languages = (
        [axis[at] for at in places]
        for axis, places in zip((part.models, part.promptings, part.languages), contrast.one, strict=True)
    )
    asked = one.answers.sum(-1) > 0
    opposite = np.broadcast_to(other.answers.sum(-1) > 0, asked.shape)
    compared = _compare(one, other, part.foreign[contrast.one[2]], part.strata, models=contrast.family != "model")
    return _Family(
        contrast,
        category,
        category in part.about.categories,
        outcome,
        models,
        promptings,
        languages,
        asked,
        opposite,
        *compared,
    )


def _test_name(numbers: Mapping[str, float]) -> str:
    if not numbers["single"]:
        return "z, clustered by seed"
    return "McNemar, exact" if numbers["discordant"] < FEW_PAIRS else "McNemar"


def _compare(
    one: Sample, other: Sample, foreign: "Array", strata: "Array", *, models: bool
) -> "tuple[Margins, dict[str, Array]]":
    """Differences of cells with what goes with them, and their means."""
    import numpy as np

    found = compared(one, other)
    margins = Margins(found.pairs > 0, foreign, models)
    difference, deviations = (
        margins.mean(np.where(margins.there, found.difference, np.nan)),
        margins.mean(found.deviations),
    )
    differs, seeds = margins.sum(found.differs), (margins.sum(found.both) > 0).sum(-1)
    cells = tuple(slice(size) for size in found.pairs.shape)
    middle, error = clustered(difference, deviations, strata, seeds)
    middle[cells], error[cells] = bonett_price(found.difference, found.squares, found.pairs)
    p = normal_test(middle, error)
    p[cells] = np.where(found.single, mcnemar(found.more, found.less), p[cells])
    lower, upper = limits(middle, error)
    nothing = np.isnan(difference)
    single = np.zeros(difference.shape)
    single[cells] = found.single
    return margins, {
        "difference": difference,
        "lower": np.where(nothing, np.nan, lower),
        "upper": np.where(nothing, np.nan, upper),
        "p": np.where(nothing, np.nan, p),
        "error": error,
        "pairs": seeds,
        "lost": (margins.sum(found.lost) > 0).sum(-1),
        "discordant": (differs > 0).sum(-1),
        "single": single,
    }
