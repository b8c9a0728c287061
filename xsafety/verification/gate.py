"""The gate that translations pass before they count as verified: rounds, their modification rate, a spot check.

After section 3 of the paper (arXiv 2310.00905): proofreading goes on until a round changes little, then a share of the
rows is inspected once more.
"""

import hashlib
from collections.abc import Collection, Mapping, Set
from dataclasses import dataclass
from math import ceil, floor
from typing import TYPE_CHECKING

from ..rows import Shortfall

if TYPE_CHECKING:  # pydantic takes time, and what folds evidence needs no gate
    from ..config.verification import SpotCheck, Verification

Outcomes = Mapping[str, Mapping[int, Set[str]]]
"""By id, and by which proofreading of the row it was: what came of it, 'ok', 'edited' or 'rejected'.

Of a row whose English was edited there may be several, one per English; the best of them counts, so that editing a seed
never makes a rate worse or a spot check open again.
"""


def draw(check: "SpotCheck", lang: str, round: int, ids: Collection[str]) -> list[str]:
    """The rows to inspect after a round: those first by a hash, so that another row changes little."""

    def place(id: str) -> str:
        return hashlib.sha256(f"{check.seed}\n{lang}\n{round}\n{id}".encode()).hexdigest()

    return sorted(ids, key=place)[: ceil(_exact(check.share * len(ids)))]


@dataclass(frozen=True)
class Inspection:
    """A spot check: how many rows are in it, which of these wait, how many were left as they are; and how it ended."""

    sampled: int = 0
    waiting: Set[str] = frozenset()
    passed: int = 0
    closed: bool = True
    failed: bool = False

    @property
    def inspected(self) -> int:
        return self.sampled - len(self.waiting)


@dataclass(frozen=True)
class Demand:
    """What a language's evidence demands of its rows by now."""

    rounds: int  # of proofreading, that every row needs
    why: Mapping[int, Shortfall]  # rounds beyond those that the configuration asks for
    rates: Mapping[int, float]  # what share of its rows each round changed so far
    check: Inspection

    def of(self, id: str) -> int:
        """The rounds of proofreading that a row needs."""
        return self.rounds + (id in self.check.waiting)


def demand(lang: str, ids: Collection[str], rejected: Set[str], outcomes: Outcomes, gate: "Verification") -> Demand:
    """What is demanded of a language: `ids` are its seed queries, `rejected` those of them that are out of it.

    A further round is demanded of every row where the last one changed too many rows, or where too few rows passed the
    spot check after it; and so on. Evidence for ids that are no seed queries any more counts in rates.
    """
    changes: dict[int, list[bool]] = {}
    for row in outcomes.values():
        for number, found in row.items():
            changes.setdefault(number, []).append(found == {"edited"})
    rates = {number: sum(had) / len(had) for number, had in changes.items()}
    rounds, limit = gate.rounds, gate.max_modification_rate
    why: dict[int, Shortfall] = {}
    while True:
        check = _inspection(lang, rounds, ids, rejected, outcomes, gate)
        if limit is not None and rates.get(rounds, 0) > limit:
            had = changes[rounds]
            failed = Shortfall(test="modification rate", round=rounds, rows=sum(had), of=len(had), limit=limit)
        elif check.failed and gate.spot_check:
            least = gate.spot_check.min_pass_rate
            failed = Shortfall(test="spot check", round=rounds, rows=check.passed, of=check.inspected, limit=least)
        else:
            return Demand(rounds, why, rates, check)
        rounds += 1
        why[rounds] = failed


def _inspection(
    lang: str, round: int, ids: Collection[str], rejected: Set[str], outcomes: Outcomes, gate: "Verification"
) -> Inspection:
    """The spot check after a round: the next proofreading of a sampled row is its inspection.

    Rows that were rejected before that are not sampled; those that were rejected then did not pass.
    """
    if not (check := gate.spot_check):
        return Inspection()
    found = {id: row[round + 1] for id, row in outcomes.items() if round + 1 in row}
    sample = draw(check, lang, round, [id for id in ids if id not in rejected or id in found])
    done = [found[id] for id in sample if id in found]
    passed = sum("ok" in outcome for outcome in done)
    enough = len(done) >= max(1, floor(_exact(gate.min_coverage * len(sample))))
    return Inspection(
        sampled=len(sample),
        waiting=frozenset(sample) - found.keys(),
        passed=passed,
        closed=enough or not sample,
        failed=enough and passed / len(done) < check.min_pass_rate,
    )


def _exact(number: float) -> float:
    """A share of a count without its last bits: 0.1 x 70 is more than 7 to a computer."""
    return round(number, 9)
