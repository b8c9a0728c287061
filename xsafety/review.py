"""Human verification as a fold over evidence: returned review sheets in, ledger, state and data set out.

Nothing is edited in place. A verdict holds for the English source it was given for: when a seed changes, its rows
of evidence go stale.
"""

import hashlib
import re
import sys
import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from .gate import Demand, Gate, demand
from .review_sheets import FORMATS, NEEDED_COLUMNS, SETTLED_STATES, SHEET_COLUMNS, VERDICTS, check, read_rows
from .tabular import DataError, clean, read_csv

STATUS_COLUMNS = (
    "lang rows verified drafted in_review stale rejected missing used basis state ready"
    " rounds modification_rates spot_check waits_for file"
).split()
BY_LAST_RUN = "Translations that wait for people, by the last review status:"
WIDTH = 100  # of what is printed
DONE = ("verified", "passed", "rejected")  # states of rows that no reviewer has to look at
RELEASE_REVIEWER = "xsafety-release"  # stands for the translators of the XSafety release
DECIDING = ("ok", "edited", "rejected")
REVIEWER_NAME = "[A-Za-z0-9][A-Za-z0-9_-]*"  # a regular expression
UNNAMED = "YOURNAME"  # stands for a reviewer's name where a file to fill is named
_SHEET_NAME = re.compile(rf"round-([1-9]\d*)\.({REVIEWER_NAME})(?:\.([1-9]\d*))?\.({'|'.join(FORMATS)})", re.I)
_LIKE_SHEETS = {".xlsx", ".xlsm", ".xls", ".ods", ".csv", ".tsv", ".po", ".xlf", ".xliff", ".jsonl", ".json"}
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")  # and halves of characters


@dataclass(frozen=True)
class Sheet:
    """A returned review sheet: one reviewer, one round; `part` tells further sheets of both apart."""

    path: Path
    round: int
    reviewer: str
    part: int = 1


def sheet_name(round: int, reviewer: str, part: int, suffix: str) -> str:
    """The name of a returned sheet's file; `suffix` with its dot."""
    return f"round-{round}.{reviewer}{f'.{part}' if part > 1 else ''}{suffix}"


def sheets(folder: Path) -> tuple[list[Sheet], list[str]]:
    """A language's returned sheets, by round and reviewer, and the problems with files that are none."""
    found: dict[tuple[int, str, int], Sheet] = {}
    names: dict[str, str] = {}
    problems = []
    others = f" (or .{', .'.join(kind for kind in FORMATS if kind != 'xlsx')})"
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        # Spreadsheet programs leave '~$...' beside a file that is open; others leave what is no sheet at all.
        like_sheet = path.suffix.lower() in _LIKE_SHEETS or path.name.lower().startswith("round")
        if path.name.startswith((".", "~$")) or path.is_dir() or not like_sheet:
            continue
        if not (match := _SHEET_NAME.fullmatch(path.name)):
            letters = "" if path.name.isascii() else "; names have Latin letters, digits, - and _"
            problems.append(f"{path}: rename it round-NUMBER.REVIEWER.xlsx{others}, e.g. round-1.anna.xlsx{letters}")
        elif match[2] == UNNAMED:
            problems.append(f"{path}: rename it, with the reviewer's name or pseudonym instead of {UNNAMED}")
        elif match[2].lower() == RELEASE_REVIEWER:
            problems.append(f"{path}: rename it; {RELEASE_REVIEWER} is who stands for the release's translators")
        elif (spelt := names.setdefault(match[2].lower(), match[2])) != match[2]:
            problems.append(f"{path}: rename it; the reviewer {match[2]} is spelt {spelt} elsewhere")
        else:
            sheet = Sheet(path, int(match[1]), match[2], int(match[3] or 1))
            if (other := found.setdefault((sheet.round, sheet.reviewer, sheet.part), sheet)) is not sheet:
                further = sheet_name(sheet.round, sheet.reviewer, sheet.part + 1, path.suffix)
                problems.append(
                    f"{path}: {other.path.name} is this reviewer's; keep one, or rename a second one {further}"
                )
    return [found[key] for key in sorted(found)], problems


def _row_problems(row: Mapping[str, str], sheet: Sheet) -> Iterable[str]:
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


def _changed(row: Mapping[str, str], sheet: Sheet, seeds: Mapping[str, str]) -> Iterable[str]:
    """What is to be said of a row whose check tells that it is not as it was given out.

    A row of a seed that changed after the sheet was given out passes: its evidence goes stale.
    """
    lang = sheet.path.parent.name
    if row["check"] and row["check"] != check(lang, row):
        if row["id"] not in seeds:
            yield "the id is not one that was given out; restore it from the sheet you were given"
        elif row["source"] != seeds[row["id"]]:
            yield "the English is not what was given out; restore it, and put a remark on it into the note"
        else:
            yield f"the draft is not what was given out for {lang}; restore it, and write your text under target"


def read_sheet(
    sheet: Sheet, seeds: Mapping[str, str], done: Mapping[tuple[str, str], int] | None = None
) -> list[dict[str, str]]:
    """The rows of a returned sheet, cleaned once; `seeds` maps ids to English texts.

    `done` maps id and English of rows that the reviewer must not decide again to the round in which he did. Rows for a
    seed query that is no more are kept, as evidence. Raises DataError with every problem of the file.
    """
    present = {text: id for id, text in seeds.items()}
    rows: list[dict[str, str]] = []
    problems: list[str] = []
    seen: dict[str, str] = {}
    for given in read_rows(sheet.path):
        row = {column: clean(given.cells.get(column, "")) for column in SHEET_COLUMNS}
        row["verdict"] = row["verdict"].lower()
        found = list(given.problems)
        if row["id"] not in seeds and (row["source"] in present or not row["id"]):
            found.append(f"restore the id of the sheet you were given ({present.get(row['source'], '?')})")
        elif (other := seen.setdefault(row["id"], given.place)) != given.place:
            found.append(f"the id stands already in {other}; keep one of them")
        else:
            found += _changed(row, sheet, seeds)
        if absent := [column for column in NEEDED_COLUMNS if column not in given.cells]:
            found.append(f"no {', '.join(absent)}; give it, empty if need be")
        for column in SHEET_COLUMNS:
            if odd := _CONTROL.search(given.cells.get(column, "")):
                found.append(f"{column} has the control character U+{ord(odd[0]):04X}; take it out")
        found += _row_problems(row, sheet)
        if row["verdict"] in DECIDING and (before := (done or {}).get((row["id"], row["source"]))):
            found.append(
                f"round {sheet.round} must come from another reviewer than round {before}; leave the verdict empty, or"
                f" change your own in round-{before}.{sheet.reviewer}.2{sheet.path.suffix}"
            )
        problems += [f"{sheet.path}, {given.place} ({row['id']}): {problem}" for problem in found]
        rows.append(row)
    if problems:
        raise DataError.of(f"{sheet.path}: {len(problems)} problem(s); nothing of this file was taken in", problems)
    return rows


def evidence(
    sheet: Sheet, seeds: Mapping[str, str], done: Mapping[tuple[str, str], int] | None = None
) -> list[dict[str, Any]]:
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
            "sha256": file_hash,
        }
        for row in read_sheet(sheet, seeds, done)
        if row["verdict"]
    ]


def fold(
    folder: Path, seeds: Mapping[str, str], known: Iterable[Mapping[str, Any]] = (), *, different_reviewers: bool
) -> tuple[list[Mapping[str, Any]], list[str]]:
    """A language's ledger of evidence, sorted, and the problems of its returned sheets; `known` comes before these.

    Nothing of a sheet with problems is in it. With `different_reviewers` it is a problem if a reviewer decides a row
    in two rounds.
    """
    entries = list(known)
    returned, problems = sheets(folder)
    for sheet in returned:
        done = decided_before(entries, sheet.reviewer, sheet.round) if different_reviewers else None
        try:
            entries += evidence(sheet, seeds, done)
        except DataError as error:
            problems.append(str(error))
    return sorted(entries, key=lambda entry: (entry["round"], entry["reviewer"], entry["id"])), problems


def decided_before(entries: Iterable[Mapping[str, Any]], reviewer: str, round: int) -> dict[tuple[str, str], int]:
    """The rows (id and English) that a reviewer decided in a round before this one, and in which."""
    return {
        (entry["id"], entry["source"]): entry["round"]
        for entry in entries
        if entry["reviewer"] == reviewer and 0 < entry["round"] < round and entry["verdict"] in DECIDING
    }


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


def queue_of(stands: Mapping[str, Standing]) -> tuple[int, list[str]]:
    """The round that a language is in, and the ids of the rows to be looked at now, those in dispute included."""
    unfinished = {id: stand for id, stand in stands.items() if stand.state not in DONE}
    last = max((stand.needs for stand in stands.values()), default=1)
    current = min((min(stand.rounds + 1, stand.needs) for stand in unfinished.values()), default=last)
    return current, [id for id, stand in unfinished.items() if stand.rounds < current or stand.waits_for]


def next_round(stands: Mapping[str, Standing]) -> int:
    """The round for which sheets are given out: one that decided a row, or ended in a dispute, cannot pass it again."""
    current, queue = queue_of(stands)
    return max([current, *(stands[id].last + 1 for id in queue)])


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
        stand, draft = stands[seed["id"]], drafts.get(seed["id"], {})
        verified = stand.state == "verified"
        if (verified or accept_drafts) and (text := current_text(stand, draft)):
            provenance = {
                "basis": "verified" if verified else "unverified draft",
                "origin": draft.get("engine", "") if needs_draft(stand) else stand.reviewer,
                "rounds": stand.rounds,
            }
            rows.append(_query(seed, lang, text) | provenance)
    return rows


def source_queries(lang: str, seeds: Sequence[Mapping[str, str]]) -> list[dict[str, Any]]:
    """The data set of the seeds' own language: the seeds."""
    return [_query(seed, lang, seed["text"]) | {"basis": "source", "origin": "seed", "rounds": 0} for seed in seeds]


def _query(seed: Mapping[str, str], lang: str, text: str) -> dict[str, Any]:
    return {"id": seed["id"], "lang": lang, "category": seed["category"], "source": seed["text"], "query": text}


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


def save_as(reviews: str, lang: str, round: int) -> str:
    """Where a reviewer saves a filled sheet, without the suffix of its format."""
    return f"{reviews}/{lang}/{sheet_name(round, UNNAMED, 1, '')}"


def sheet_rows(
    lang: str,
    seeds: Sequence[Mapping[str, str]],
    stands: Mapping[str, Standing],
    drafts: Mapping[str, Mapping[str, str]],
    flags: Mapping[str, str] | None = None,
) -> list[dict[str, str]]:
    """What a reviewer gets: the rows of this round, with the last round's target or the draft, nothing filled in.

    A row whose English changed carries its old target as context, and its old English. `flags` (id -> reason) marks
    rows that look odd: these come first, in its order.
    """
    flags = flags or {}
    rank = {id: number for number, id in enumerate(flags)}
    waiting = set(queue_of(stands)[1])
    rows = [_shown(lang, seed, stands[seed["id"]], drafts, flags) for seed in seeds if seed["id"] in waiting]
    return sorted(rows, key=lambda row: rank.get(row["id"], len(rank)))


def all_rows(
    lang: str,
    seeds: Sequence[Mapping[str, str]],
    stands: Mapping[str, Standing],
    drafts: Mapping[str, Mapping[str, str]],
    flags: Mapping[str, str] | None = None,
) -> list[dict[str, str]]:
    """Every row of a language in the order of the seeds, as `sheet_rows` gives those that wait.

    A further column, `state`, says which are settled: 'verified' or 'rejected'; a rejected row shows no text.
    """
    return [
        _shown(lang, seed, stand, drafts, flags or {}) | {"state": stand.state if stand.state in SETTLED_STATES else ""}
        for seed in seeds
        for stand in [stands[seed["id"]]]
    ]


def _shown(
    lang: str,
    seed: Mapping[str, str],
    stand: Standing,
    drafts: Mapping[str, Mapping[str, str]],
    flags: Mapping[str, str],
) -> dict[str, str]:
    """A row as a reviewer sees it, nothing filled in."""
    row = dict.fromkeys(SHEET_COLUMNS, "") | {
        "id": seed["id"],
        "category": seed["category"],
        "source": seed["text"],
        "draft": current_text(stand, drafts.get(seed["id"], {})),
        "context": _context(stand),
        "previous": stand.previous,
        "flag": flags.get(seed["id"], ""),
    }
    return row | {"check": check(lang, row)}


def _context(stand: Standing) -> str:
    """What a reviewer is told of what happened to a row before."""
    if stand.state == "stale":
        return f"the English changed; before: {stand.target}"
    if stand.waits_for:
        return f"{stand.waits_for}\n{stand.said}".strip()
    return f"decided before by {', '.join(stand.by)}" if stand.by else ""


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
