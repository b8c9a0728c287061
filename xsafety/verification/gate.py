"""The gate that translations pass before they count as verified: rounds, their modification rate, a spot check.

After section 3 of the paper (arXiv 2310.00905): proofreading goes on until a round changes little, then a share of the
rows is inspected once more.
"""

import hashlib
from collections.abc import Collection, Mapping, Set
from dataclasses import dataclass, fields
from math import ceil, floor
from typing import Any

Outcomes = Mapping[str, Mapping[int, Set[str]]]
"""By id, and by which proofreading of the row it was: what came of it, 'ok', 'edited' or 'rejected'.

Of a row whose English was edited there may be several, one per English; the best of them counts, so that editing a seed
never makes a rate worse or a spot check open again.
"""


@dataclass(frozen=True)
class SpotCheck:
    """How many rows are inspected after the last round, and how many of these must be left as they are."""

    share: float
    min_pass_rate: float
    seed: int = 0

    def sample(self, lang: str, round: int, ids: Collection[str]) -> list[str]:
        """The rows to inspect after a round: those first by a hash, so that another row changes little."""

        def place(id: str) -> str:
            return hashlib.sha256(f"{self.seed}\n{lang}\n{round}\n{id}".encode()).hexdigest()

        return sorted(ids, key=place)[: ceil(_exact(self.share * len(ids)))]


@dataclass(frozen=True)
class Gate:
    """What of the block `verification` decides about rows; it explains them."""

    rounds: int = 1
    max_modification_rate: float | None = None
    spot_check: SpotCheck | None = None
    min_coverage: float = 1.0
    accept_drafts: bool = False
    different_reviewers: bool = False

    @classmethod
    def read(cls, raw: Mapping[str, Any]) -> "Gate":
        """The gate of the block, or of a part of it; keys that decide nothing here are passed over."""
        given = {one.name: raw[one.name] for one in fields(cls) if one.name in raw}
        check = raw.get("spot_check")
        return cls(**{**given, "spot_check": SpotCheck(**check) if check else None})

    @property
    def others(self) -> bool:
        """Whether each round must come from another reviewer: where there can be only one, any may correct himself."""
        several = self.rounds > 1 or self.max_modification_rate is not None or self.spot_check is not None
        return self.different_reviewers and several


@dataclass(frozen=True)
class Inspection:
    """A spot check: how many rows are in it, which of these wait, how many were left as they are; and how it ended."""

    sampled: int = 0
    waiting: Set[str] = frozenset()
    passed: int = 0
    closed: bool = True
    failed: str = ""  # by what figures; empty where it did not

    @property
    def inspected(self) -> int:
        return self.sampled - len(self.waiting)


@dataclass(frozen=True)
class Demand:
    """What a language's evidence demands of its rows by now."""

    rounds: int  # of proofreading, of every row
    why: Mapping[int, str]  # of rounds beyond those that the configuration asks for
    rates: Mapping[int, str]  # what share of its rows each round changed so far
    check: Inspection

    def of(self, id: str) -> int:
        """The rounds of proofreading that a row needs."""
        return self.rounds + (id in self.check.waiting)


def demand(lang: str, ids: Collection[str], rejected: Set[str], outcomes: Outcomes, gate: Gate) -> Demand:
    """What is demanded of a language: `ids` are its seed queries, `rejected` those of them that are out of it.

    A further round is demanded of every row where the last one changed too many rows, or where too few rows passed the
    spot check after it; and so on. Evidence for ids that are no seed queries any more counts in rates.
    """
    changes: dict[int, list[bool]] = {}
    for row in outcomes.values():
        for number, found in row.items():
            changes.setdefault(number, []).append(found == {"edited"})
    rounds, limit = gate.rounds, gate.max_modification_rate
    why: dict[int, str] = {}
    while True:
        check = _inspection(lang, rounds, ids, rejected, outcomes, gate)
        failed = f"the spot check after round {rounds} passed {check.failed}" if check.failed else ""
        had = changes.get(rounds, [])
        if limit is not None and had and sum(had) / len(had) > limit:
            failed = f"round {rounds} changed {_told(sum(had), len(had))}, more than {percent(limit)}"
        if not failed:
            rates = {number: percent(sum(had) / len(had)) for number, had in changes.items()}
            return Demand(rounds, why, rates, check)
        rounds += 1
        why[rounds] = failed


def _inspection(
    lang: str, round: int, ids: Collection[str], rejected: Set[str], outcomes: Outcomes, gate: Gate
) -> Inspection:
    """The spot check after a round: the next proofreading of a sampled row is its inspection.

    Rows that were rejected before that are not sampled; those that were rejected then did not pass.
    """
    if not (check := gate.spot_check):
        return Inspection()
    found = {id: row[round + 1] for id, row in outcomes.items() if round + 1 in row}
    sample = check.sample(lang, round, [id for id in ids if id not in rejected or id in found])
    done = [found[id] for id in sample if id in found]
    passed = sum("ok" in outcome for outcome in done)
    enough = len(done) >= max(1, floor(_exact(gate.min_coverage * len(sample))))
    failed = enough and passed / len(done) < check.min_pass_rate
    return Inspection(
        sampled=len(sample),
        waiting=frozenset(sample) - found.keys(),
        passed=passed,
        closed=enough or not sample,
        failed=f"{_told(passed, len(done))}, less than {percent(check.min_pass_rate)}" if failed else "",
    )


def _exact(number: float) -> float:
    """A share of a count without its last bits: 0.1 x 70 is more than 7 to a computer."""
    return round(number, 9)


def percent(share: float) -> str:
    """A share as percentage, with one decimal where it has any."""
    return f"{100 * share:.1f}".removesuffix(".0") + "%"


def _told(some: int, all: int) -> str:
    return f"{percent(some / all)} ({some} of {all})"
