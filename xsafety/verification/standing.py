"""Human verification as a fold over evidence: returned review sheets in, ledger, state and data set out.

Nothing is edited in place. A verdict holds for the English source it was given for: when a seed changes, its rows
of evidence go stale.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from .gate import Demand, Gate, demand

DONE = ("verified", "passed", "rejected")  # states of rows that no reviewer has to look at


@dataclass(frozen=True)
class Reading:
    """What one round says of a row's translation, for one English source."""

    round: int
    number: int  # which proofreading of the text it is: 1, 2, ...; an edit of a text that was replaced starts anew
    decided: Mapping[str, Mapping[str, Any]]  # the verdicts that count, by reviewer, sorted
    undecided: Mapping[str, Mapping[str, Any]]  # the verdicts unsure and skip, likewise
    outcomes: frozenset[str | None]  # the targets that they decided for, None for a rejection; several are a dispute


def readings(entries: Iterable[Mapping[str, Any]]) -> Iterator[Reading]:
    """The rounds of one row's evidence, all given for the same English, in order.

    Reviewers of one round who agree pass it together, `ok` or `edited` to the same text; where they differ the row
    waits for a decision, which a later round gives. An `ok` to a text that was replaced meanwhile says nothing of the
    present one; an edit of such a text starts the rounds anew. `unsure` and `skip` leave the row to another pair of
    eyes; `rejected` takes it out of the language.
    """
    by_round: dict[int, dict[str, Mapping[str, Any]]] = {}
    for entry in entries:
        # A reviewer's second sheet of a round replaces what his first one says of a row.
        by_round.setdefault(entry["round"], {})[entry["reviewer"]] = entry
    target = ""
    passed = 0
    for number, votes in sorted(by_round.items()):
        decided = {
            name: entry
            for name, entry in sorted(votes.items())
            if entry["verdict"] in ("edited", "rejected")
            or (entry["verdict"] == "ok" and target in ("", entry["before"]))
        }
        undecided = {name: entry for name, entry in sorted(votes.items()) if entry["verdict"] in ("unsure", "skip")}
        outcomes = frozenset(None if entry["verdict"] == "rejected" else entry["after"] for entry in decided.values())
        agreed = next(iter(outcomes)) if len(outcomes) == 1 else None
        anew = agreed is not None and target and any(entry["before"] != target for entry in decided.values())
        reading = Reading(number, 1 if anew else passed + 1, decided, undecided, outcomes)
        if agreed is not None:
            target, passed = agreed, reading.number
        yield reading


def is_modified(entry: Mapping[str, Any]) -> bool:
    """Whether a verdict changed the text that was shown, by more than white space (texts are in NFC)."""
    return bool(entry["verdict"] == "edited" and entry["before"].split() != entry["after"].split())


@dataclass(frozen=True)
class Standing:
    """What the evidence says of one row: its target, if any, how many rounds it passed, and who decided last."""

    state: str  # 'open', 'stale', 'in review', 'passed' (waits only for the language's spot check), one of DONE
    target: str = ""
    rounds: int = 0
    reviewer: str = ""
    waits_for: str = ""
    needs: int = field(default=1, compare=False)  # rounds, by what the gate demands
    last: int = field(default=0, compare=False)  # the last round that decided it or ended in a dispute
    previous: str = field(default="", compare=False)  # the English that it is stale for
    by: tuple[str, ...] = field(default=(), compare=False)  # who decided it, in whatever round
    said: str = field(default="", compare=False)  # what those whom it waits for proposed and noted


def standing(entries: Sequence[Mapping[str, Any]], source: str) -> Standing:
    """Folds the evidence for one row, round by round, against its present English source; no gate is asked yet."""
    valid = [entry for entry in entries if entry["source"] == source]
    if not valid:
        if not entries:
            return Standing("open")
        return Standing("stale", entries[-1]["after"], previous=entries[-1]["source"])
    target = reviewer = waits_for = said = ""
    rejected = False
    passed = last = 0
    by: set[str] = set()
    for reading in readings(valid):
        last = reading.round if reading.outcomes else last
        by |= reading.decided.keys() if reading.round else set()  # the release is nobody who could be asked
        if len(reading.outcomes) > 1:
            waits_for = f"a decision between {' and '.join(reading.decided)} in a further round"
            said = "\n".join(map(_proposal, reading.decided.values()))
        elif reading.outcomes:
            (text,) = reading.outcomes
            reviewer, waits_for, rejected = list(reading.decided)[-1], "", text is None
            if text is not None:
                target, passed = text, reading.number
        elif reading.undecided:
            waits_for = f"a reviewer other than {' and '.join(reading.undecided)}"
            said = "\n".join(_proposal(entry) for entry in reading.undecided.values() if entry.get("note"))
    if rejected:
        return Standing("rejected", "", passed, reviewer)
    state = "in review" if target else "open"
    return Standing(state, target, passed, reviewer, waits_for, last=last, by=tuple(sorted(by)), said=said)


def _proposal(entry: Mapping[str, Any]) -> str:
    text = entry["after"] if entry["verdict"] in ("ok", "edited") else ""
    note = f"[{entry['note']}]" if entry.get("note") else ""
    return " ".join(filter(None, (f"{entry['reviewer']} ({entry['verdict']}):", text, note)))


def _outcomes(entries: Iterable[Mapping[str, Any]]) -> dict[int, set[str]]:
    """What came of the proofreadings of one row that reviewers agreed on, as the gate takes it.

    The release is left out: nobody says what was changed for it.
    """
    by_english: dict[str, list[Mapping[str, Any]]] = {}
    for entry in entries:
        by_english.setdefault(entry["source"], []).append(entry)
    found: dict[int, set[str]] = {}
    for given in by_english.values():
        agreed = [reading for reading in readings(given) if reading.round and len(reading.outcomes) == 1]
        for number, outcome in {reading.number: _outcome(reading) for reading in agreed}.items():
            found.setdefault(number, set()).add(outcome)
    return found


def _outcome(reading: Reading) -> str:
    if None in reading.outcomes:
        return "rejected"
    return "edited" if any(map(is_modified, reading.decided.values())) else "ok"


def _at_gate(
    lang: str, seeds: Sequence[Mapping[str, str]], ledger: Iterable[Mapping[str, Any]], gate: Gate
) -> tuple[dict[str, Standing], Demand]:
    """The standing of every seed query in one language, and what the gate demands of them."""
    entries: dict[str, list[Mapping[str, Any]]] = {}
    for entry in ledger:
        entries.setdefault(entry["id"], []).append(entry)
    stands = {seed["id"]: standing(entries.get(seed["id"], []), seed["text"]) for seed in seeds}
    rejected = {id for id, stand in stands.items() if stand.state == "rejected"}
    outcomes = {id: _outcomes(given) for id, given in entries.items()}
    asked = demand(lang, stands.keys(), rejected, outcomes, gate)
    for id, stand in stands.items():
        needs = asked.of(id)
        through = stand.state == "in review" and stand.rounds >= needs and not stand.waits_for
        state = ("verified" if asked.check.closed else "passed") if through else stand.state
        stands[id] = replace(stand, state=state, needs=needs)
    return stands, asked


def standings(
    lang: str, seeds: Sequence[Mapping[str, str]], ledger: Iterable[Mapping[str, Any]], gate: Gate
) -> dict[str, Standing]:
    """The standing of every seed query in one language.

    Which rows are rejected, and which text of a person they have, does not depend on the gate.
    """
    return _at_gate(lang, seeds, ledger, gate)[0]


def needs_draft(stand: Standing) -> bool:
    """Whether a row has no human translation that holds for its present English."""
    return stand.state in ("open", "stale")


def current_text(stand: Standing, draft: Mapping[str, str]) -> str:
    """The text of a row, which reviewers see and the data set holds: a person's, else its draft; none if rejected."""
    if stand.state == "rejected":
        return ""
    return draft.get("draft", "") if needs_draft(stand) else stand.target
