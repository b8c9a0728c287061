"""Human verification as a fold over evidence: how every row of a language stands by its ledger.

Nothing is edited in place. A verdict holds for the English source it was given for: when a seed changes, its rows
of evidence go stale.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from ..rows import Draft, Evidence, Seed
from .gate import Demand, demand

if TYPE_CHECKING:
    from ..config.verification import Verification

DONE = ("verified", "passed", "rejected")  # states of rows that no reviewer has to look at


class RoundResult(NamedTuple):
    """What one round says of a row's translation, for one English source."""

    round: int
    number: int  # which proofreading of the text it is: 1, 2, ...; an edit of a text that was replaced starts anew
    decided: Mapping[str, Evidence]  # the verdicts that count, by reviewer, sorted
    undecided: Mapping[str, Evidence]  # the verdicts unsure and skip, likewise
    outcomes: frozenset[str | None]  # the targets that they decided for, None for a rejection; several are a dispute


def round_results(entries: Iterable[Evidence]) -> Iterator[RoundResult]:
    """The rounds of one row's evidence, all given for the same English, in order.

    Reviewers of one round who agree pass it together, `ok` or `edited` to the same text; where they differ the row
    waits for a decision, which a later round gives. An `ok` to a text that was replaced meanwhile says nothing of the
    present one; an edit of such a text starts the rounds anew. `unsure` and `skip` leave the row to another pair of
    eyes; `rejected` takes it out of the language.
    """
    by_round: dict[int, dict[str, Evidence]] = {}
    for entry in entries:
        # A reviewer's second sheet of a round replaces what his first one says of a row.
        by_round.setdefault(entry["round"], {})[entry["reviewer"]] = entry
    target = ""
    passed = 0
    for number, by_reviewer in sorted(by_round.items()):
        decided, undecided = {}, {}
        for name, entry in sorted(by_reviewer.items()):
            if _decides(entry, target):
                decided[name] = entry
            elif entry["verdict"] in ("unsure", "skip"):
                undecided[name] = entry
        outcomes = frozenset([None if one["verdict"] == "rejected" else one["after"] for one in decided.values()])
        agreed = next(iter(outcomes)) if len(outcomes) == 1 else None
        anew = agreed is not None and target and any(entry["before"] != target for entry in decided.values())
        result = RoundResult(number, 1 if anew else passed + 1, decided, undecided, outcomes)
        if agreed is not None:
            target, passed = agreed, result.number
        yield result


def _decides(entry: Evidence, target: str) -> bool:
    """Whether a verdict counts, where the row's text is `target` by now."""
    if entry["verdict"] == "ok":
        return target in ("", entry["before"])
    return entry["verdict"] in ("edited", "rejected")


def is_modified(entry: Evidence) -> bool:
    """Whether a verdict changed the text that was shown, by more than white space (texts are in NFC)."""
    return entry["verdict"] == "edited" and entry["before"].split() != entry["after"].split()


class OpenQuestion(NamedTuple):
    """Whom a row waits for: who decides between these reviewers, or a reviewer other than these."""

    who: Literal["decider", "other reviewer"]
    names: tuple[str, ...]


@dataclass(slots=True)
class RowState:
    """What the evidence says of one row: its target, if any, how many rounds it passed, and who decided last."""

    state: str  # 'open', 'stale', 'in review', 'passed' (waits only for the language's spot check), one of DONE
    target: str = ""
    passed: int = 0
    reviewer: str = ""
    question: OpenQuestion | None = None
    needs: int = field(default=1, compare=False)  # rounds, by what the gate demands
    last: int = field(default=0, compare=False)  # the last round that decided it or ended in a dispute
    previous: str = field(default="", compare=False)  # the English that it is stale for
    by: tuple[str, ...] = field(default=(), compare=False)  # who decided it, in whatever round
    proposals: Sequence[Evidence] = field(default=(), compare=False)  # of those whom the question is about


class RowEvidence:
    """The evidence for one row: its `entries`, in order, and the `rounds` that these make for each English source."""

    def __init__(self, entries: Sequence[Evidence]) -> None:
        self.entries = entries
        by_english: dict[str, list[Evidence]] = {}
        for entry in entries:
            by_english.setdefault(entry["source"], []).append(entry)
        self.rounds = {source: list(round_results(same)) for source, same in by_english.items()}


_NO_EVIDENCE = RowEvidence([])


def fold_row(evidence: RowEvidence, source: str) -> RowState:
    """Folds the evidence for one row, round by round, against its present English source; no gate is asked."""
    if source not in evidence.rounds:
        if not evidence.entries:
            return RowState("open")
        last = evidence.entries[-1]
        return RowState("stale", last["after"], previous=last["source"])
    now: dict[str, Any] = {}
    by: set[str] = set()
    for result in evidence.rounds[source]:
        now |= _changes(result)
        by |= result.decided.keys() if result.round else set()  # the release is nobody who could be asked
    if now.get("state") == "rejected":
        return RowState("rejected", "", now.get("passed", 0), now["reviewer"])
    now["state"] = "in review" if now.get("target") else "open"
    return RowState(**now, by=tuple(sorted(by)))


def _changes(result: RoundResult) -> dict[str, Any]:
    """What a further round changes of how a row stands: fields of its RowState."""
    if len(result.outcomes) > 1:
        question = OpenQuestion("decider", tuple(result.decided))
        return {"question": question, "proposals": tuple(result.decided.values()), "last": result.round}
    if result.outcomes:
        (text,) = result.outcomes
        said: dict[str, Any] = {"state": "rejected"}
        if text is not None:
            said = {"state": "in review", "target": text, "passed": result.number}
        return said | {"reviewer": [*result.decided][-1], "question": None, "proposals": (), "last": result.round}
    if result.undecided:
        noted = tuple(entry for entry in result.undecided.values() if entry["note"])
        return {"question": OpenQuestion("other reviewer", tuple(result.undecided)), "proposals": noted}
    return {}


def _outcomes(evidence: RowEvidence) -> dict[int, set[str]]:
    """What came of the proofreadings of one row that reviewers agreed on, as the gate takes it.

    The release is left out: nobody says what was changed for it.
    """
    found: dict[int, set[str]] = {}
    for rounds in evidence.rounds.values():
        agreed = {one.number: one for one in rounds if one.round and len(one.outcomes) == 1}
        for number, result in agreed.items():
            said = "edited" if any(map(is_modified, result.decided.values())) else "ok"
            found.setdefault(number, set()).add("rejected" if None in result.outcomes else said)
    return found


def by_row(ledger: Iterable[Evidence]) -> dict[str, list[Evidence]]:
    """The evidence for each row, by id."""
    entries: dict[str, list[Evidence]] = {}
    for entry in ledger:
        entries.setdefault(entry["id"], []).append(entry)
    return entries


def _row_evidence(ledger: Iterable[Evidence]) -> dict[str, RowEvidence]:
    return {id: RowEvidence(entries) for id, entries in by_row(ledger).items()}


def fold_rows(seeds: Collection[Seed], ledger: Iterable[Evidence]) -> dict[str, RowState]:
    """How every seed query stands in one language by the evidence alone: rejected, open, stale or in review."""
    return _fold(seeds, _row_evidence(ledger))


def _fold(seeds: Collection[Seed], evidence: Mapping[str, RowEvidence]) -> dict[str, RowState]:
    return {seed["id"]: fold_row(evidence.get(seed["id"], _NO_EVIDENCE), seed["text"]) for seed in seeds}


def at_gate(
    lang: str, seeds: Collection[Seed], ledger: Collection[Evidence], gate: "Verification"
) -> tuple[dict[str, RowState], Demand]:
    """How every seed query stands in one language, and what the gate demands of them."""
    evidence = _row_evidence(ledger)
    row_states = _fold(seeds, evidence)
    rejected = {id for id, row_state in row_states.items() if row_state.state == "rejected"}
    outcomes = {id: _outcomes(of_row) for id, of_row in evidence.items()}
    demanded = demand(lang, row_states.keys(), rejected, outcomes, gate)
    for id, row_state in row_states.items():
        needs = demanded.of(id)
        through = row_state.state == "in review" and row_state.passed >= needs and not row_state.question
        row_state.needs = needs
        if through:
            row_state.state = "verified" if demanded.check.closed else "passed"
    return row_states, demanded


def needs_draft(row_state: RowState) -> bool:
    """Whether a row has no human translation that holds for its present English."""
    return row_state.state in ("open", "stale")


def current_text(row_state: RowState, draft: Draft | None) -> str:
    """The text of a row, which reviewers see and the data set holds: a person's, else its draft; none if rejected."""
    if row_state.state == "rejected":
        return ""
    if needs_draft(row_state):
        return draft["draft"] if draft else ""
    return row_state.target
