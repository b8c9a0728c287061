"""Human verification as a fold over evidence: returned review sheets in, ledger, state and data set out.

Nothing is edited in place. A verdict holds for the English source it was given for: when a seed changes, its rows
of evidence go stale.
"""

import hashlib
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .tabular import DataError, clean, read_csv, read_jsonl

VERDICTS = ("ok", "edited", "rejected", "unsure", "skip", "")
SHEET_COLUMNS = (
    "id",
    "category",
    "source",
    "draft",
    "target",
    "verdict",
    "reviewer",
    "date",
    "note",
    "context",
    "check",
)
NEEDED_COLUMNS = ("id", "source", "draft", "target", "verdict")
STATUS_COLUMNS = "lang rows verified drafted stale rejected missing used basis state ready waits_for file".split()
_SHEET_NAME = re.compile(r"round-([1-9]\d*)\.([A-Za-z0-9][A-Za-z0-9_-]*)(?:\.([1-9]\d*))?\.(csv|jsonl)")


@dataclass(frozen=True)
class Sheet:
    """A returned review sheet: one reviewer, one round; `part` tells further sheets of both apart."""

    path: Path
    round: int
    reviewer: str
    part: int = 1


def sheets(folder: Path) -> tuple[list[Sheet], list[str]]:
    """A language's returned sheets, by round and reviewer, and the problems with files that are none."""
    found, problems = [], []
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        if path.name.startswith(".") or path.name == "README.md":
            continue
        if match := _SHEET_NAME.fullmatch(path.name):
            found.append(Sheet(path, int(match[1]), match[2], int(match[3] or 1)))
        else:
            problems.append(f"{path}: rename it round-NUMBER.REVIEWER.csv (or .jsonl), e.g. round-1.anna.csv")
    return sorted(found, key=lambda sheet: (sheet.round, sheet.reviewer, sheet.part)), problems


def _row_problems(row: Mapping[str, Any], sheet: Sheet) -> Iterable[str]:
    verdict = row["verdict"]
    same = row["target"] in ("", row["draft"])
    if verdict not in VERDICTS:
        yield f"verdict {verdict!r}; write one of: {', '.join(filter(None, VERDICTS))}, or leave it empty"
    elif verdict == "edited" and same:
        yield "verdict 'edited', but the target is the draft; write the new target, or the verdict 'ok'"
    elif not verdict and not same:
        yield "a target without a verdict; write the verdict 'edited', or take the target out"
    elif verdict == "ok" and not same:
        yield "verdict 'ok', but the target differs from the draft; write 'edited'"
    elif verdict == "ok" and not row["draft"]:
        yield "verdict 'ok', but there is no draft; write the target and 'edited'"
    if row["reviewer"] not in ("", sheet.reviewer):
        yield f"reviewer {row['reviewer']!r}, but the file's name says {sheet.reviewer!r}; make them agree"


def read_sheet(sheet: Sheet, seeds: Mapping[str, str]) -> list[dict[str, Any]]:
    """The rows of a returned sheet, cleaned once; `seeds` maps ids to English texts.

    Rows for a seed query that is no more are kept, as evidence. Raises DataError with every problem of the file.
    """
    present = {text: id for id, text in seeds.items()}
    raw: Iterable[Mapping[str, Any]]
    raw = read_csv(sheet.path, NEEDED_COLUMNS) if sheet.path.suffix == ".csv" else read_jsonl(sheet.path)
    rows: list[dict[str, Any]] = []
    problems: list[str] = []
    seen: dict[str, int] = {}
    for number, given in enumerate(raw, 2 if sheet.path.suffix == ".csv" else 1):
        row = {column: clean(str(given.get(column) or "")) for column in SHEET_COLUMNS}
        row["verdict"] = row["verdict"].lower()
        place = f"{sheet.path}, row {number} ({row['id']})"
        if row["id"] not in seeds and (row["source"] in present or not row["id"]):
            problems.append(f"{place}: restore the id of the sheet you were given ({present.get(row['source'], '?')})")
        elif (other := seen.setdefault(row["id"], number)) != number:
            problems.append(f"{place}: the id stands already in row {other}; keep one of them")
        if absent := [column for column in NEEDED_COLUMNS if column not in given]:
            problems.append(f"{place}: no {', '.join(absent)}; give it, empty if need be")
        problems += [f"{place}: {problem}" for problem in _row_problems(row, sheet)]
        rows.append(row)
    if problems:
        raise DataError.of(f"{sheet.path}: {len(problems)} problem(s); nothing of this file was taken in", problems)
    return rows


def evidence(sheet: Sheet, seeds: Mapping[str, str]) -> list[dict[str, Any]]:
    """A sheet's verdicts as ledger entries: who, when, what, before, after, and the hash of the file."""
    file_hash = hashlib.sha256(sheet.path.read_bytes()).hexdigest()
    return [
        {
            "id": row["id"],
            "round": sheet.round,
            "reviewer": sheet.reviewer,
            "date": row["date"],
            "verdict": row["verdict"],
            "source": row["source"],
            "before": row["draft"],
            "after": row["target"] or row["draft"],
            "note": row["note"],
            "file": sheet.path.name,
            "sha256": file_hash,
        }
        for row in read_sheet(sheet, seeds)
        if row["verdict"]
    ]


@dataclass(frozen=True)
class Standing:
    """What the evidence says of one row: its target, if any, how many rounds it passed, and who decided last."""

    state: str  # 'open', 'in review', 'verified', 'rejected' or 'stale'
    target: str = ""
    rounds: int = 0
    reviewer: str = ""
    waits_for: str = ""
    last: int = field(default=0, compare=False)  # the last round that decided it or ended in a dispute


def standing(entries: Sequence[Mapping[str, Any]], source: str, rounds: int) -> Standing:
    """Folds the evidence for one row, round by round, against its present English source.

    Reviewers of one round who agree pass it together, `ok` or `edited` to the same text; where they differ the row
    waits for a decision, which a later round gives. An `ok` to a text that was replaced meanwhile says nothing of the
    present one; an edit of such a text starts the rounds anew. `unsure` and `skip` leave the row to another pair of
    eyes; `rejected` takes it out of the language.
    """
    valid = [entry for entry in entries if entry["source"] == source]
    if not valid:
        return Standing("stale", entries[-1]["after"]) if entries else Standing("open")
    passed: set[int] = set()
    target = reviewer = waits_for = ""
    rejected = False
    last = 0
    for number in sorted({entry["round"] for entry in valid}):
        # A reviewer's second sheet of a round replaces what his first one says of a row.
        votes = {entry["reviewer"]: entry for entry in valid if entry["round"] == number}
        decided = {
            name: entry
            for name, entry in sorted(votes.items())
            if entry["verdict"] in ("edited", "rejected")
            or (entry["verdict"] == "ok" and target in ("", entry["before"]))
        }
        outcomes = {None if entry["verdict"] == "rejected" else entry["after"] for entry in decided.values()}
        last = number if outcomes else last
        if len(outcomes) > 1:
            waits_for = f"a decision between {' and '.join(decided)} in a further round"
        elif outcomes:
            reviewer, waits_for, text = list(decided)[-1], "", outcomes.pop()
            rejected = text is None
            if text is not None:
                if target and any(entry["before"] != target for entry in decided.values()):
                    passed.clear()
                target = text
                passed.add(number)
        elif undecided := [name for name, entry in votes.items() if entry["verdict"] in ("unsure", "skip")]:
            waits_for = f"a reviewer other than {' and '.join(sorted(undecided))}"
    if rejected:
        return Standing("rejected", "", len(passed), reviewer)
    if len(passed) >= rounds and not waits_for:
        return Standing("verified", target, len(passed), reviewer)
    return Standing("in review" if target else "open", target, len(passed), reviewer, waits_for, last)


def standings(
    seeds: Sequence[Mapping[str, str]], ledger: Iterable[Mapping[str, Any]], rounds: int
) -> dict[str, Standing]:
    """The standing of every seed query in one language."""
    entries: dict[str, list[Mapping[str, Any]]] = {}
    for entry in ledger:
        entries.setdefault(entry["id"], []).append(entry)
    return {seed["id"]: standing(entries.get(seed["id"], []), seed["text"], rounds) for seed in seeds}


def needs_draft(stand: Standing) -> bool:
    """Whether a row has no human translation that holds for its present English."""
    return stand.state in ("open", "stale")


def queue_of(stands: Mapping[str, Standing], rounds: int) -> tuple[int, list[str]]:
    """The round that a language is in, and the ids of the rows to be looked at now, those in dispute included."""
    unfinished = {id: stand for id, stand in stands.items() if stand.state not in ("verified", "rejected")}
    current = min((min(stand.rounds + 1, rounds) for stand in unfinished.values()), default=rounds)
    return current, [id for id, stand in unfinished.items() if stand.rounds < current or stand.waits_for]


def queries(
    lang: str,
    seeds: Sequence[Mapping[str, str]],
    stands: Mapping[str, Standing],
    drafts: Mapping[str, Mapping[str, str]],
    *,
    accept_drafts: bool,
) -> list[dict[str, Any]]:
    """The data set of one language: verified rows and, where accepted, unverified drafts, each with its provenance.

    `drafts` maps ids to rows of the drafts file. Rejected rows, and rows without any text, are not in it.
    """
    rows: list[dict[str, Any]] = []
    for seed in seeds:
        stand = stands[seed["id"]]
        draft = drafts.get(seed["id"], {})
        if stand.state == "verified":
            text, basis, origin = stand.target, "verified", stand.reviewer
        elif accept_drafts and stand.state == "in review":
            text, basis, origin = stand.target, "unverified draft", stand.reviewer
        elif accept_drafts and needs_draft(stand):
            text, basis, origin = draft.get("draft", ""), "unverified draft", draft.get("engine", "")
        else:
            continue
        if text:
            provenance = {"basis": basis, "origin": origin, "rounds": stand.rounds}
            rows.append(_query(seed, lang, text) | provenance)
    return rows


def source_queries(lang: str, seeds: Sequence[Mapping[str, str]]) -> list[dict[str, Any]]:
    """The data set of the seeds' own language: the seeds."""
    return [_query(seed, lang, seed["text"]) | {"basis": "source", "origin": "seed", "rounds": 0} for seed in seeds]


def _query(seed: Mapping[str, str], lang: str, text: str) -> dict[str, Any]:
    return {"id": seed["id"], "lang": lang, "category": seed["category"], "source": seed["text"], "query": text}


def source_status(lang: str, rows: int) -> dict[str, Any]:
    """The status of the seeds' own language, which waits for nobody."""
    counts = dict.fromkeys(("verified", "drafted", "stale", "rejected", "missing"), 0)
    state = {"basis": "source", "state": "source", "ready": "yes", "waits_for": "", "file": ""}
    return {"lang": lang, "rows": rows, "used": rows, **counts, **state}


def status(
    lang: str,
    seeds: Sequence[Mapping[str, str]],
    stands: Mapping[str, Standing],
    drafts: Mapping[str, Mapping[str, str]],
    *,
    rounds: int,
    min_coverage: float,
    accept_drafts: bool,
    sheet: str,
    reviews: str,
    problems: str,
) -> dict[str, Any]:
    """Where one language stands, how many of its rows are used, and who must do what with which file.

    `problems` names a file that lists what is wrong with returned sheets, if anything is: the language waits for that.
    """
    n = len(seeds)
    states = [stands[seed["id"]].state for seed in seeds]
    stale, verified, rejected = (states.count(state) for state in ("stale", "verified", "rejected"))
    undrafted = [id for id, stand in stands.items() if needs_draft(stand) and not drafts.get(id, {}).get("draft")]
    missing = sum(stands[id].state == "open" for id in undrafted)
    waiting = n - verified - rejected
    rows = queries(lang, seeds, stands, drafts, accept_drafts=accept_drafts)
    ready = bool(rows) and not problems and (accept_drafts or (verified + rejected) / n >= min_coverage)
    current, queue = queue_of(stands, rounds)
    unfinished = [stand for stand in stands.values() if stand.state not in ("verified", "rejected")]
    passed = sum(stand.state == "verified" or stand.rounds >= current > 0 for stand in stands.values())

    if problems:
        state = "bad sheet"
    elif not waiting:
        state = "verified" if verified else "rejected"
    elif stale:
        state = f"stale ({stale})"
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
        todo.append(f"a reviewer: round {current}, {len(ours)} row(s)")
    others = sorted({stand.waits_for for stand in unfinished if stand.waits_for})
    todo += [f"{other}: {sum(stand.waits_for == other for stand in unfinished)} row(s)" for other in others]
    # A round that decided a row, or ended in a dispute about it, cannot pass it once more.
    number = max([current, *(stands[id].last + 1 for id in queue)])
    name = f"{reviews}/{lang}/round-{number}.YOURNAME"
    evidence_given = any(stand != Standing("open") for stand in stands.values())
    # A reviewer's sheet is evidence: a second one stands beside it.
    further = f" (your second sheet: {Path(name).name}.2.csv)" if evidence_given else ""
    file = f"fill {sheet}, save it as {name}.csv{further}" if waiting else ""
    if problems:
        todo = ["whoever returned a sheet that cannot be read"]
        file = f"mend what {problems} lists"
    unverified = sum(row["basis"] == "unverified draft" for row in rows)
    return {
        "lang": lang,
        "rows": n,
        "verified": verified,
        "drafted": waiting - stale - missing,
        "stale": stale,
        "rejected": rejected,
        "missing": missing,
        "used": len(rows) if ready else 0,
        "basis": "" if not ready else "unverified draft" if unverified else "verified",
        "state": state,
        "ready": "yes" if ready else "no",
        "waits_for": "; ".join(todo),
        "file": file,
    }


def current_text(stand: Standing, draft: Mapping[str, str]) -> str:
    """The text of a row that reviewers see or the data set holds: its target, else its draft; none if rejected."""
    if stand.state == "rejected":
        return ""
    return draft.get("draft", "") if needs_draft(stand) else stand.target


def sheet_rows(
    seeds: Sequence[Mapping[str, str]],
    stands: Mapping[str, Standing],
    drafts: Mapping[str, Mapping[str, str]],
    rounds: int,
    checks: Mapping[str, Mapping[str, str]] | None = None,
) -> list[dict[str, str]]:
    """What a reviewer gets: the rows of this round, with the last round's target or the draft, nothing filled in.

    A row whose English changed carries its old target as context. `checks` maps ids to rows of the checks file: flagged
    rows come first, by score, and the reasons stand in `check`.
    """
    checks = checks or {}
    rows = []
    _, queue = queue_of(stands, rounds)
    waiting = set(queue)
    for seed in seeds:
        stand = stands[seed["id"]]
        if seed["id"] not in waiting:
            continue
        context = f"the English changed; before: {stand.target}" if stand.state == "stale" else stand.waits_for
        rows.append(
            dict.fromkeys(SHEET_COLUMNS, "")
            | {
                "id": seed["id"],
                "category": seed["category"],
                "source": seed["text"],
                "draft": current_text(stand, drafts.get(seed["id"], {})),
                "context": context,
                "check": checks.get(seed["id"], {}).get("reasons", ""),
            }
        )
    flagged = {id: float(check["score"]) for id, check in checks.items() if check["flagged"] == "yes"}
    return sorted(rows, key=lambda row: -flagged.get(row["id"], 0.0))


def waiting_list(rows: Iterable[Mapping[str, str]]) -> str:
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
    lines = [
        f"  {', '.join(lang for lang, _ in group)}: {group[0][1] if len(group) == 1 else shared}"
        for shared, group in groups.items()
    ]
    return "\n".join(["Translations that wait for people, by the last review status:", *lines])


def print_waiting(status_file: str) -> None:
    """Prints what waits for whom, if it is known already: the last words of every run."""
    if Path(status_file).exists():
        print(waiting_list(read_csv(Path(status_file), STATUS_COLUMNS)), file=sys.stderr)
