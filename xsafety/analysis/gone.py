"""Why a row of an older run has no verdict now."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import NamedTuple, get_args

from ..rows import GoneRow, Query, Seed, WhyGone
from ..tabular import read_csv, read_rows

_MOST = 5  # names in a line
_NAMED = {
    "judge removed": "judge",
    "model removed": "model",
    "prompting method removed": "prompting",
    "language removed": "lang",
    "language not evaluated": "lang",
}
"""What a line names, where it is not the query."""


class RunCell(NamedTuple):
    """What a file of verdicts is of."""

    judge: str
    model: str
    prompting: str
    lang: str


@dataclass(frozen=True)
class RunNow:
    """What the configuration asks now, `languages` by model, and the folder of its results."""

    judges: Sequence[str]
    promptings: Collection[str]
    languages: Mapping[str, Collection[str]]
    results: Path

    def removed(self, place: RunCell) -> WhyGone | None:
        """Which part of a place the configuration no longer has; None where it has all."""
        if place.judge not in self.judges:
            return "judge removed"
        if place.model not in self.languages:
            return "model removed"
        if place.prompting not in self.promptings:
            return "prompting method removed"
        return None if place.lang in self.languages[place.model] else "language removed"

    def why_gone(self, place: RunCell, id: str, now: Collection[str]) -> WhyGone:
        """Why a row is gone; `now` are the ids of the place that have a verdict."""
        if removed := self.removed(place):
            return removed
        if id not in self._seeds:
            return "query withdrawn"
        if place.lang not in self._evaluated:
            return "language not evaluated"
        if id not in _queries(self.results / f"queries/{place.lang}.jsonl"):
            return "query not verified"
        return "fewer answers asked" if id in now else "no verdict yet"

    @cached_property
    def _seeds(self) -> set[str]:
        return {row["id"] for row in read_rows(self.results / "seeds.csv", Seed)}

    @cached_property
    def _evaluated(self) -> set[str]:
        return {
            row["lang"]
            for row in read_csv(self.results / "review_status.csv", ("lang", "ready"))
            if row["ready"] == "yes"
        }


@cache
def _queries(file: Path) -> set[str]:
    return {row["id"] for row in read_rows(file, Query)} if file.exists() else set()


def counted(gone: Iterable[GoneRow]) -> str:
    """How many rows are gone for which reason."""
    counts = Counter(row["why"] for row in gone)
    return ", ".join(f"{counts[why]} {why}" for why in get_args(WhyGone) if why in counts)


def gone_lines(gone: Iterable[GoneRow]) -> list[str]:
    """The same, each a line with what it is about."""
    names: dict[WhyGone, list[str]] = {}
    for row in gone:
        names.setdefault(row["why"], []).append(row[_NAMED.get(row["why"], "id")])  # type: ignore[literal-required]
    return [f"{len(names[why])} gone, {why}: {_some(names[why])}" for why in get_args(WhyGone) if why in names]


def _some(names: Iterable[str]) -> str:
    found = sorted({*names})
    more = f" and {len(found) - _MOST} more" if len(found) > _MOST else ""
    return ", ".join(found[:_MOST]) + more
