"""The hand-off to a team's Weblate server: merged PO files out, and what each person decided there back as sheets.

Weblate's REST API tells of every change who made it, when, what was there before and what after. People who decide a
row one after the other give it a round each: a translator and who approves his text are two rounds. Written for the API
of Weblate 5.14 (https://docs.weblate.org/en/latest/api.html).
"""

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polib

from ..rows import DECIDING, UNNAMED
from ..tabular import DataError, clean, to_json, write_jsonl
from ..verification.evidence import fold, sheet_name, sheets
from ..verification.sheets.formats import read_rows
from ..verification.sheets.layout import check
from ..verification.standing import readings
from .client import Client, Unavailable, code_of

Votes = dict[tuple[int, str], Mapping[str, Any]]  # the verdicts on a row that hold, by round and reviewer


# Numbers of what happens to a string (weblate/trans/actions.py). An enforced check takes back what its person saved.
COMMENT = 3


BY_PEOPLE = {2: "changed", 5: "added", 7: "suggestion accepted", 8: "reverted", 36: "approved", 37: "needs editing"}


BY_PEOPLE |= {76: "needs editing, by an enforced check"}


BY_WEBLATE = {6: "translated automatically", 27: "replaced everywhere", 32: "edited in bulk", 77: "propagated"}


GIVEN_OUT = {
    9: "uploaded",
    59: "updated in the repository",
    71: "added there",
    72: "updated by an upload",
    73: "added by one",
}


TRANSLATED = 20  # the least state of a string that somebody holds for good; below: empty, or needs editing


# A verdict that no state of Weblate's stands for is a line of a comment.
_VERDICT = re.compile(r"(?i)(?:verdict:\s*(\S+)|(rejected|unsure|skip))\s*")


BY_COMMENT = ("rejected", "unsure", "skip")


@dataclass(frozen=True)
class Event:
    """What a person did to a row in Weblate."""

    change: int  # Weblate's number of it
    id: str
    source: str
    user: str
    date: str
    saw: str  # the text that was there before
    verdict: str  # '' where it is a note alone; 'edited' for any text that somebody holds for good
    target: str = ""
    note: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        """Whose it is, of which row, for which English."""
        return self.id, self.source, self.user


def pseudonyms(names: Iterable[str], users: Mapping[str, str | None]) -> dict[str, str]:
    """How reviewers are called here: as `users` says, else by their names in Weblate, odd characters as '-'.

    Raises DataError for names of which nothing is left, and for two that become one.
    """
    result = {name: users.get(name) or re.sub(r"[^A-Za-z0-9_-]+", "-", name).lstrip("-_") for name in sorted(names)}
    called = list(result.values())
    problems = [
        f"{name!r} would be {made!r}; give a name of its own in verification.weblate.users: {{{to_json(name)}: NAME}}"
        for name, made in result.items()
        if made in ("", UNNAMED) or called.count(made) > 1
    ]
    if problems:
        raise DataError.of("Weblate's users cannot be told apart by names of letters, digits, - and _", problems)
    return result


def events(client: Client, changes: Iterable[Mapping[str, Any]], taken: Collection[int] = frozenset()) -> list[Event]:
    """What people did, in order, of changes that Weblate tells, oldest first; without the changes in `taken`.

    What Weblate itself did to a text (automatic translation, search and replace, bulk edits, add-ons) is nobody's
    verdict; who decides such a row next is taken to have seen the text before that.
    """
    found = []
    replaced: dict[str, str] = {}  # id -> the text before Weblate's own
    for change in changes:
        action, number = change.get("action"), change["id"]
        user = client.person(change)
        details = change["details"] if isinstance(change.get("details"), dict) else {}
        date = str(change.get("timestamp"))[:10]
        if action == COMMENT:
            verdict, note = _of_comment(str(details.get("comment", "")))
            if user and number not in taken and (verdict or note) and change.get("unit"):
                unit = client.unit(str(change["unit"]).rstrip("/").rsplit("/", 1)[-1])
                id, source, target = (clean(_text(unit.get(key))) for key in ("context", "source", "target"))
                found.append(Event(number, id, source, user, date, target, verdict, note=note))
        elif action in BY_PEOPLE or action in BY_WEBLATE:
            state = details.get("state")
            if not {"context", "source"} <= details.keys() or "old" not in change or not isinstance(state, int):
                raise Unavailable(
                    f"Weblate at {client.url} tells too little of change {number}: its 'old' and 'details' are needed,"
                    " as Weblate 5.14 has them"
                )
            id, source = clean(_text(details["context"])), clean(_text(details["source"]))
            old, target = clean(_text(change["old"])), clean(_text(change.get("target")))
            if action in BY_WEBLATE or not user:
                replaced.setdefault(id, old)
                continue
            saw = replaced.pop(id, old)
            holds = state >= TRANSLATED and target
            if number not in taken:
                verdict, target = ("edited", target) if holds else ("unsure", "")
                found.append(Event(number, id, source, user, date, saw, verdict, target))
        elif action in GIVEN_OUT:
            replaced.pop(clean(_text(details.get("context"))), None)
    return found


def _text(value: Any) -> str:
    """A text as the API gives it: alone, or as the one plural form."""
    return str((value[0] if value else "") if isinstance(value, list) else value or "")


def _of_comment(text: str) -> tuple[str, str]:
    """The verdict and the note of a comment; a verdict that comments cannot give stays in the note."""
    verdict, lines = "", []
    for line in text.splitlines():
        match = _VERDICT.fullmatch(line.strip())
        said = (match[1] or match[2]).lower() if match else ""
        if said in BY_COMMENT:
            verdict = said
        else:
            lines.append(line)
    return verdict, clean("\n".join(lines))


def verdicts(
    lang: str, happened: Sequence[Event], ledger: Iterable[Mapping[str, Any]], *, different_reviewers: bool
) -> dict[tuple[int, str], list[dict[str, str]]]:
    """The rows of sheets that say what happened, by round and reviewer; `ledger` is what people decided before.

    A person's verdict on a row that others decided before is of the round after theirs; a second verdict of his where
    nobody followed him, or for the text that is there now, corrects his first. Where others followed and he would have
    another text, it is a further round, or, with `different_reviewers`, 'unsure': somebody else decides.
    """
    votes: dict[tuple[str, str], Votes] = {}
    own: dict[tuple[str, str, str], int] = {}  # the last round in which a person decided a row, taken back or not
    for entry in ledger:
        votes.setdefault((entry["id"], entry["source"]), {})[entry["round"], entry["reviewer"]] = entry
        if entry["verdict"] in DECIDING:
            own[entry["id"], entry["source"], entry["reviewer"]] = entry["round"]
    final = {event.key: event.change for event in happened if event.verdict}
    beside: dict[tuple[str, str, str], list[Event]] = {}  # what a person wrote beside a verdict, before or after it
    for event in happened:
        if not event.verdict:
            beside.setdefault(event.key, []).append(event)
    rows: dict[tuple[int, str], dict[str, dict[str, str]]] = {}
    for event in happened:
        key = event.key
        if not event.verdict:
            continue
        given = votes.setdefault(key[:2], {})
        number, verdict, note = _place(event, given, own.get(key, 0), different_reviewers)
        before = given[number, event.user]["before"] if (number, event.user) in given else event.saw
        target = event.target if verdict == "edited" else ""
        if verdict == "edited" and target == before:
            verdict, target = "ok", ""
        sheet = rows.setdefault((number, event.user), {})
        changes = [*sheet.get(event.id, {"weblate": ""})["weblate"].split(), str(event.change)]
        notes = [note]
        if event.change == final[key]:
            changes += [str(other.change) for other in beside.get(key, ())]
            notes += [other.note for other in beside.get(key, ())]
        row = {"id": event.id, "source": event.source, "draft": before, "target": target, "verdict": verdict}
        row |= {"date": event.date, "note": "\n".join(filter(None, notes)), "weblate": " ".join(changes)}
        sheet[event.id] = row | {"check": check(lang, row)}
        given[number, event.user] = row | {
            "round": number,
            "reviewer": event.user,
            "before": before,
            "after": target or before,
        }
        if verdict in DECIDING:
            own[key] = number
    return {key: [sheet[id] for id in sorted(sheet)] for key, sheet in sorted(rows.items())}


def _place(event: Event, given: Votes, own: int, different_reviewers: bool) -> tuple[int, str, str]:
    """The round, verdict and note of an event; `own`: the round in which its person decided the row, or 0."""
    last = max((number for (number, _), entry in given.items() if entry["verdict"] in DECIDING), default=0)
    if not own:
        return last + 1, event.verdict, event.note
    outcomes = [reading.outcomes for reading in readings(given.values()) if len(reading.outcomes) == 1]
    text = None if event.verdict == "rejected" else event.target
    undecided = event.verdict not in DECIDING
    if own >= last or undecided or (outcomes and text in outcomes[-1]):
        return own, event.verdict, event.note
    if different_reviewers:
        wanted = "would reject it" if text is None else f"would have: {text}"
        return last + 1, "unsure", "\n".join(filter(None, [event.note, wanted]))
    return last + 1, event.verdict, event.note


def news(
    client: Client,
    lang: str,
    code: str,
    folder: Path,
    seeds: Mapping[str, str],
    *,
    different_reviewers: bool,
) -> dict[tuple[int, str], list[dict[str, str]]]:
    """What people decided in Weblate and no sheet in a language's folder says yet: rows by round and reviewer.

    `seeds` maps ids to English texts; strings that are none are left out. Raises DataError with the problems of sheets
    that are there: which round a verdict is of depends on them.
    """
    ledger, problems = fold(folder, seeds, different_reviewers=different_reviewers)
    if problems:
        raise DataError.of(f"{folder}: mend these sheets first", problems)
    taken = {
        int(number)
        for sheet in sheets(folder)[0]
        if sheet.path.suffix == ".jsonl"
        for row in read_rows(sheet.path)
        for number in row.cells.get("weblate", "").split()
    }
    changes = client.changes(code)
    people = {client.person(change) for change in changes if change.get("action") in (COMMENT, *BY_PEOPLE)}
    names = pseudonyms(people - {""}, client.users)
    happened = [replace(event, user=names[event.user]) for event in events(client, changes, taken) if event.id in seeds]
    return verdicts(lang, happened, ledger, different_reviewers=different_reviewers)


def save(folder: Path, found: Mapping[tuple[int, str], Sequence[Mapping[str, str]]]) -> str:
    """Writes a sheet for each round and reviewer beside those that are there; what it wrote, in words."""
    parts: dict[tuple[int, str], int] = {}
    for sheet in sheets(folder)[0]:
        parts[sheet.round, sheet.reviewer] = max(sheet.part, parts.get((sheet.round, sheet.reviewer), 0))
    written = []
    for (number, reviewer), rows in found.items():
        part = parts.get((number, reviewer), 0) + 1
        path = folder / sheet_name(number, reviewer, part, ".jsonl")
        write_jsonl(path, rows)
        counts = Counter(row["verdict"] for row in rows)
        written.append(f"{path} ({', '.join(f'{counts[verdict]} {verdict}' for verdict in sorted(counts))})")
    return ", ".join(written) or "nothing new"


def send(client: Client, code: str, file: Path) -> str:
    """Puts a merged PO file in the place of Weblate's, unless that says the same already; what it did, in words."""
    ours = file.read_bytes()
    try:
        same = _entries(client.download(code)) == _entries(ours)
    except (OSError, ValueError):  # what stands there is no PO file
        same = False
    if same:
        return "nothing new"
    client.upload(code, ours)
    return f"sent as {code}"


def _entries(data: bytes) -> list[tuple[object, ...]]:
    """What a PO file says, without its head and how it is laid out."""
    file = polib.pofile(data.decode("utf-8-sig"))
    return [(entry.msgctxt, entry.msgid, entry.msgstr, entry.fuzzy, entry.comment, entry.obsolete) for entry in file]


def each_language(client: Client, languages: Sequence[str], work: Callable[[str, str], str]) -> None:
    """Does something with each of our languages that the component has, told with Weblate's code, and says what came.

    A DataError of one language does not keep the others; raises DataError with all, or if there is no such language.
    """
    known = client.languages()
    codes = {lang: code for lang in languages if (code := code_of(lang, known))}
    absent = [lang for lang in languages if lang not in codes]
    add = f"{client.name} lacks {', '.join(absent)}; add them there, or commit their files to the repository it follows"
    if not codes:
        raise DataError(add)
    problems = []
    for lang, code in codes.items():
        try:
            print(f"{lang}: {work(lang, code)}", flush=True)
        except Unavailable:
            raise
        except DataError as error:
            problems.append(f"{lang}: {error}")
    if absent:
        print(add)
    if problems:
        raise DataError.of(f"{len(problems)} language(s) were left out", problems)
