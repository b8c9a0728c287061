"""Where a language stands, and who must do what with which file, in words."""

import re
import sys
import textwrap
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..tabular import read_csv
from .dataset import queries
from .gate import Gate
from .sheet_rows import next_round, queue_of, save_as
from .standing import DONE, Standing, _at_gate, needs_draft

STATUS_COLUMNS = (
    "lang rows verified drafted in_review stale rejected missing used basis state ready"
    " rounds modification_rates spot_check waits_for file"
).split()


BY_LAST_RUN = "Translations that wait for people, by the last review status:"


WIDTH = 100  # of what is printed


def source_status(lang: str, rows: int) -> dict[str, Any]:
    """The status of the seeds' own language, which waits for nobody."""
    counts = dict.fromkeys(("verified", "drafted", "in_review", "stale", "rejected", "missing"), 0)
    state = {"basis": "source", "state": "source", "ready": "yes"}
    return dict.fromkeys(STATUS_COLUMNS, "") | {"lang": lang, "rows": rows, "used": rows, **counts, **state}


def status(
    lang: str,
    seeds: Sequence[Mapping[str, str]],
    ledger: Iterable[Mapping[str, Any]],
    drafts: Mapping[str, Mapping[str, str]],
    gate: Gate,
    *,
    sheet: str,
    reviews: str,
    problems: str,
) -> dict[str, Any]:
    """Where one language stands, how many of its rows are used, and who must do what with which file.

    `sheet` is the path of its sheets, without suffix. `problems` names a file that lists what is wrong with returned
    ones, if anything is: the language waits for that.
    """
    stands, asked = _at_gate(lang, seeds, ledger, gate)
    n = len(seeds)
    counts = Counter(stand.state for stand in stands.values())
    stale, verified, rejected = counts["stale"], counts["verified"], counts["rejected"]
    undrafted = [id for id, stand in stands.items() if needs_draft(stand) and not drafts.get(id, {}).get("draft")]
    missing = sum(stands[id].state == "open" for id in undrafted)
    waiting = n - verified - rejected
    rows = queries(lang, seeds, stands, drafts, accept_drafts=gate.accept_drafts)
    # A sheet that cannot be read takes away nothing that others have verified.
    enough = (verified + rejected) / n >= gate.min_coverage
    ready = bool(rows) and (enough or (gate.accept_drafts and not problems))
    current, queue = queue_of(stands)
    unfinished = [stand for stand in stands.values() if stand.state not in DONE]
    passed = sum(stand.state in ("verified", "passed") or stand.rounds >= current for stand in stands.values())
    spot = asked.check
    in_spot_check = current > asked.rounds and bool(unfinished)

    if problems:
        state = "bad sheet"
    elif not waiting:
        state = "verified" if verified else "rejected"
    elif stale:
        state = f"stale ({stale})"
    elif in_spot_check:
        state = f"spot check ({spot.inspected} of {spot.sampled})"
    elif passed or current > 1:
        state = f"in review (round {current}: {passed} of {n})"
    elif missing == n:
        state = "no drafts"
    else:
        state = "drafted"

    todo = []
    if undrafted:
        reason = drafts.get(undrafted[0], {}).get("status", "").removeprefix("missing: ")
        todo.append(f"a translator: {len(undrafted)} row(s) have no draft{reason and f' ({reason})'}")
    if ours := [id for id in queue if id not in undrafted and not stands[id].waits_for]:
        before = sorted({name for id in ours for name in stands[id].by}) if gate.others else []
        other = f", each by another than before ({', '.join(before)})" if before else ""
        why = f"spot check of {spot.sampled}" if in_spot_check else asked.why.get(current, "")
        todo.append(f"a reviewer: round {current}, {len(ours)} row(s){other}{why and f': {why}'}")
    others = sorted({stand.waits_for for stand in unfinished if stand.waits_for})
    todo += [f"{other}: {sum(stand.waits_for == other for stand in unfinished)} row(s)" for other in others]
    name = save_as(reviews, lang, next_round(stands))
    evidence_given = any(stand != Standing("open") for stand in stands.values())
    # A reviewer's sheet is evidence: a second one stands beside it.
    further = f" (your second sheet: {Path(name).name}.2.xlsx)" if evidence_given else ""
    file = f"fill {sheet}.xlsx (or .po, .csv), save it as {name}.xlsx{further}" if waiting else ""
    if problems:
        todo = ["whoever returned a sheet that cannot be read"]
        file = f"mend what {problems} lists"
    unverified = sum(row["basis"] == "unverified draft" for row in rows)
    return {
        "lang": lang,
        "rows": n,
        "verified": verified,
        "drafted": waiting - stale - missing,
        "in_review": counts["in review"] + counts["passed"],
        "stale": stale,
        "rejected": rejected,
        "missing": missing,
        "used": len(rows) if ready else 0,
        "basis": "" if not ready else "unverified draft" if unverified else "verified",
        "state": state,
        "ready": "yes" if ready else "no",
        "rounds": asked.rounds,
        "modification_rates": "; ".join(f"{number}: {rate}" for number, rate in sorted(asked.rates.items())),
        "spot_check": f"{spot.passed} passed of {spot.inspected}" if spot.inspected else "",
        "waits_for": "; ".join(todo),
        "file": file,
    }


def waiting_list(rows: Iterable[Mapping[str, Any]], heading: str = BY_LAST_RUN) -> str:
    """What waits for whom, by rows of `review_status.csv`; languages of which the same is to be said share lines."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for row in rows:
        if row["waits_for"]:
            lang = row["lang"]
            use = f"{row['used']} rows evaluated ({row['basis']})" if row["ready"] == "yes" else "not evaluated"
            text = f"{row['state']}, {use}\n    wait for {row['waits_for']}\n    {row['file']}"
            groups.setdefault(re.sub(rf"/{lang}(?=[./])", "/LANG", text), []).append((lang, text))
    if not groups:
        return "No translation waits for people."
    lines = [heading]
    for shared, group in groups.items():
        first, rest = (group[0][1] if len(group) == 1 else shared).split("\n", 1)
        head = f"{', '.join(lang for lang, _ in group)}: {first}"
        lines += [textwrap.fill(head, WIDTH, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False), rest]
    return "\n".join(lines)


def print_waiting(status_file: str) -> None:
    """Prints what waits for whom, if it is known already: the last words of every run."""
    if Path(status_file).exists():
        print(waiting_list(read_csv(Path(status_file), STATUS_COLUMNS)), file=sys.stderr)
