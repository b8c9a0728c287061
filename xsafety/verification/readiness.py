"""Whether a language may be evaluated, and what still waits for whom: as data, which `waiting` puts into words."""

from collections import Counter
from collections.abc import Collection, Mapping
from typing import cast

from ..config.verification import Verification
from ..rows import Basis, Draft, Evidence, LanguageState, Readiness, Seed, Todo
from ..tabular import columns
from ..translation.memory import why_missing
from .dataset import used_rows
from .gate import Demand
from .sheet_rows import next_round, queue_of
from .standing import DONE, OpenQuestion, RowState, at_gate, needs_draft

RowStates = Mapping[str, RowState]


def source_readiness(lang: str, rows: int) -> Readiness:
    """The readiness of the seeds' own language, which waits for nobody."""
    source = {"lang": lang, "rows": rows, "used": rows, "basis": "source", "state": "source", "ready": "yes"}
    nothing = dict.fromkeys(columns(Readiness), 0) | {"modification_rates": {}, "waits_for": [], "returned": "no"}
    return cast(Readiness, nothing | source)


def readiness(
    lang: str,
    seeds: Collection[Seed],
    ledger: Collection[Evidence],
    drafts: Mapping[str, Draft],
    gate: Verification,
    *,
    problems: bool,
) -> Readiness:
    """Where one language stands, how many of its rows are used, and what waits for whom.

    Where there are `problems` with returned sheets, the language waits for whoever returned them too, and stands as it
    would without what these did not say.
    """
    row_states, demanded = at_gate(lang, seeds, ledger, gate)
    drafted = {id for id, draft in drafts.items() if draft["draft"]}
    undrafted = [id for id, row_state in row_states.items() if needs_draft(row_state) and id not in drafted]
    row = source_readiness(lang, len(seeds))
    _count(row, row_states, undrafted)
    row["returned"] = "yes" if any(entry["round"] == row["sheet_round"] for entry in ledger) else "no"
    used = used_rows(seeds, row_states, drafts, accept_drafts=gate.accept_drafts)
    _decide(row, [basis for _, _, basis in used], gate)
    check, rates = demanded.check, sorted(demanded.rates.items())
    row |= {"rounds": demanded.rounds, "modification_rates": {str(number): round(rate, 4) for number, rate in rates}}
    row |= {"sampled": check.sampled, "inspected": check.inspected, "unchanged": check.passed}
    row["state"] = "bad sheet" if problems else _state(row, demanded)
    for_reviewers = _for_reviewers(row_states, set(undrafted), demanded, gate)
    row["waits_for"] = [Todo(who="returner", rows=0)] if problems else []
    row["waits_for"] += [*_for_a_translator(undrafted, drafts), *for_reviewers, *_open_questions(row_states)]
    return row


def _count(row: Readiness, row_states: RowStates, undrafted: Collection[str]) -> None:
    counts = Counter(row_state.state for row_state in row_states.values())
    verified, rejected, stale = counts["verified"], counts["rejected"], counts["stale"]
    missing = sum(row_states[id].state == "open" for id in undrafted)
    waiting = len(row_states) - verified - rejected
    current, _ = queue_of(row_states)
    passed = sum(one.state in ("verified", "passed") or one.passed >= current for one in row_states.values())
    row |= {"verified": verified, "rejected": rejected, "stale": stale, "missing": missing}
    row |= {"drafted": waiting - stale - missing, "in_review": counts["in review"] + counts["passed"]}
    row |= {"round": current, "passed": passed, "sheet_round": next_round(row_states) if waiting else 0}


def _decide(row: Readiness, used: Collection[Basis], gate: Verification) -> None:
    enough = (row["verified"] + row["rejected"]) / row["rows"] >= gate.min_coverage
    if used and (enough or gate.accept_drafts):
        basis: Basis = "unverified draft" if "unverified draft" in used else "verified"
        row |= {"ready": "yes", "used": len(used), "basis": basis}
    else:
        row |= {"ready": "no", "used": 0, "basis": ""}


def _state(row: Readiness, demanded: Demand) -> LanguageState:
    if row["verified"] + row["rejected"] == row["rows"]:
        return "verified" if row["verified"] else "rejected"
    if row["stale"]:
        return "stale"
    if row["round"] > demanded.rounds:
        return "spot check"
    if row["passed"] or row["round"] > 1:
        return "in review"
    return "no drafts" if row["missing"] == row["rows"] else "drafted"


def _for_a_translator(undrafted: list[str], drafts: Mapping[str, Draft]) -> list[Todo]:
    if not undrafted:
        return []
    todo = Todo(who="translator", rows=len(undrafted))
    if (draft := drafts.get(undrafted[0])) and (reason := why_missing(draft)):
        todo["reason"] = reason
    return [todo]


def _for_reviewers(row_states: RowStates, undrafted: set[str], demanded: Demand, gate: Verification) -> list[Todo]:
    current, queue = queue_of(row_states)
    ids = [id for id in queue if id not in undrafted and not row_states[id].question]
    if not ids:
        return []
    todo = Todo(who="reviewer", rows=len(ids), round=current)
    if gate.needs_other_reviewers and (before := sorted({name for id in ids for name in row_states[id].by})):
        todo["names"] = before
    if current > demanded.rounds:
        todo["spot_check"] = demanded.check.sampled
    elif current in demanded.why:
        todo["shortfall"] = demanded.why[current]
    return [todo]


def _open_questions(row_states: RowStates) -> list[Todo]:
    """What rows wait for that reviewers differ on, or leave to others."""
    questions: Counter[OpenQuestion] = Counter(
        row_state.question for row_state in row_states.values() if row_state.state not in DONE and row_state.question
    )
    return [Todo(who=who, rows=rows, names=list(names)) for (who, names), rows in sorted(questions.items())]
