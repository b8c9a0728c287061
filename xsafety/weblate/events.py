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
from typing import cast

import polib

from ..rows import DECIDING, UNNAMED, Evidence, ReviewVerdict, WeblateRow
from ..tabular import DataError, clean, to_json, write_rows
from ..verification.evidence import fold, free_part, sheet_name, sheets
from ..verification.sheets.formats import read_returned
from ..verification.sheets.layout import row_digest
from ..verification.standing import round_results
from .client import Change, Client, Unavailable, code_of

_Votes = Mapping[tuple[int, str], Evidence]  # the verdicts on a row that hold, by round and reviewer

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


def events(client: Client, changes: Iterable[Change], fetched: Collection[int] = frozenset()) -> list[Event]:
    """What people did, in order, of changes that Weblate tells, oldest first; without those in `fetched`.

    What Weblate itself did to a text (automatic translation, search and replace, bulk edits, add-ons) is nobody's
    verdict; who decides such a row next is taken to have seen the text before that.
    """
    found = []
    replaced: dict[str, str] = {}  # id -> the text before Weblate's own
    for change in changes:
        is_new = change.number not in fetched
        if change.action == COMMENT:
            found += _by_comment(client, change) if is_new and change.person and change.unit else []
        elif change.action in BY_PEOPLE or change.action in BY_WEBLATE:
            event = _by_edit(client, change)
            if change.action in BY_WEBLATE or not change.person:
                replaced.setdefault(event.id, event.saw)
                continue
            saw = replaced.pop(event.id, event.saw)
            found += [replace(event, saw=saw)] if is_new else []
        elif change.action in GIVEN_OUT:
            replaced.pop(change.id or "", None)
    return found


def _by_edit(client: Client, change: Change) -> Event:
    if change.id is None or change.source is None or change.old is None or change.state is None:
        raise Unavailable(
            f"Weblate at {client.url} tells too little of change {change.number}: its 'old' and 'details' are needed,"
            " as Weblate 5.14 has them"
        )
    holds = change.state >= TRANSLATED and change.target
    verdict, target = ("edited", change.target) if holds else ("unsure", "")
    return Event(change.number, change.id, change.source, change.person, change.date, change.old, verdict, target)


def _by_comment(client: Client, change: Change) -> list[Event]:
    """A verdict that comments can give, and the note; nothing of an empty one."""
    verdict, rest = "", []
    for line in change.comment.splitlines():
        match = _VERDICT.fullmatch(line.strip())
        named = (match[1] or match[2]).lower() if match else ""
        if named in BY_COMMENT:
            verdict = named
        else:
            rest.append(line)
    note = clean("\n".join(rest))
    if not (verdict or note):
        return []
    id, source, target = client.string(change.unit)
    return [Event(change.number, id, source, change.person, change.date, target, verdict, note=note)]


def verdicts(
    lang: str, happened: Sequence[Event], ledger: Iterable[Evidence], *, different_reviewers: bool
) -> dict[tuple[int, str], list[WeblateRow]]:
    """The rows of sheets that say what happened, by round and reviewer; `ledger` is what people decided before.

    A person's verdict on a row that others decided before is of the round after theirs; a second verdict of his where
    nobody followed him, or for the text that is there now, corrects his first. Where others followed and he would have
    another text, it is a further round, or, with `different_reviewers`, 'unsure': somebody else decides.
    """
    votes: dict[tuple[str, str], dict[tuple[int, str], Evidence]] = {}
    own: dict[tuple[str, str, str], int] = {}  # the last round in which a person decided a row, taken back or not

    def take(entry: Evidence) -> None:
        votes.setdefault((entry["id"], entry["source"]), {})[entry["round"], entry["reviewer"]] = entry
        if entry["verdict"] in DECIDING:
            own[entry["id"], entry["source"], entry["reviewer"]] = entry["round"]

    for entry in ledger:
        take(entry)
    final = {event.key: event.change for event in happened if event.verdict}
    beside: dict[tuple[str, str, str], list[Event]] = {}  # what a person wrote beside a verdict, before or after it
    for event in happened:
        if not event.verdict:
            beside.setdefault(event.key, []).append(event)
    rows: dict[tuple[int, str], dict[str, WeblateRow]] = {}
    for event in happened:
        if not event.verdict:
            continue
        key = event.key
        vote = _vote(event, votes.get(key[:2], {}), own.get(key, 0), different_reviewers)
        take(vote)
        sheet = rows.setdefault((vote["round"], event.user), {})
        remarks = beside.get(key, []) if event.change == final[key] else []
        former = sheet[event.id]["weblate"].split() if event.id in sheet else []
        sheet[event.id] = _sheet_row(lang, vote, [*former, *(str(one.change) for one in (event, *remarks))], remarks)
    return {key: [sheet[id] for id in sorted(sheet)] for key, sheet in sorted(rows.items())}


def _vote(event: Event, votes: _Votes, own: int, different_reviewers: bool) -> Evidence:
    """An event as a verdict on the text that its person saw first in that round."""
    number, verdict, note = _place(event, votes, own, different_reviewers)
    before = votes[number, event.user]["before"] if (number, event.user) in votes else event.saw
    if verdict == "edited" and event.target == before:
        verdict = "ok"
    return Evidence(
        id=event.id,
        round=number,
        reviewer=event.user,
        date=event.date,
        verdict=verdict,
        source=event.source,
        before=before,
        after=event.target if verdict == "edited" else before,
        note=note,
        sha256="",
    )


def _sheet_row(lang: str, vote: Evidence, changes: Iterable[str], remarks: Iterable[Event]) -> WeblateRow:
    return WeblateRow(
        id=vote["id"],
        source=vote["source"],
        draft=vote["before"],
        target=vote["after"] if vote["verdict"] == "edited" else "",
        verdict=vote["verdict"],
        date=vote["date"],
        note="\n".join(filter(None, [vote["note"], *(one.note for one in remarks)])),
        weblate=" ".join(changes),
        check=row_digest(lang, vote["id"], vote["source"], vote["before"]),
    )


def _place(event: Event, votes: _Votes, own: int, different_reviewers: bool) -> tuple[int, ReviewVerdict, str]:
    """The round, verdict and note of an event; `own`: the round in which its person decided the row, or 0."""
    verdict = cast(ReviewVerdict, event.verdict)
    last = max((number for (number, _), entry in votes.items() if entry["verdict"] in DECIDING), default=0)
    if not own:
        return last + 1, verdict, event.note
    outcomes = [result.outcomes for result in round_results(votes.values()) if len(result.outcomes) == 1]
    text = None if verdict == "rejected" else event.target
    if own >= last or verdict not in DECIDING or (outcomes and text in outcomes[-1]):
        return own, verdict, event.note
    if different_reviewers:
        wanted = "would reject it" if text is None else f"would have: {text}"
        return last + 1, "unsure", "\n".join(filter(None, [event.note, wanted]))
    return last + 1, verdict, event.note


def new_verdicts(
    client: Client, code: str, folder: Path, seeds: Mapping[str, str], *, different_reviewers: bool
) -> dict[tuple[int, str], list[WeblateRow]]:
    """What people decided in Weblate and no sheet in a language's folder says yet: rows by round and reviewer.

    `seeds` maps ids to English texts; strings that are none are left out. Raises DataError with the sheets there that
    are refused whole: which round a verdict is of depends on them.
    """
    ledger, refused, _ = fold(folder, seeds, different_reviewers=different_reviewers)
    if refused:
        raise DataError.of(f"{folder}: mend these sheets first", refused)
    fetched = {
        int(number)
        for sheet in sheets(folder)[0]
        if sheet.path.suffix == ".jsonl"
        for row in read_returned(sheet.path)
        for number in row.cells.get("weblate", "").split()
    }
    changes = client.changes(code)
    people = {change.person for change in changes if change.action in (COMMENT, *BY_PEOPLE)}
    names = pseudonyms(people - {""}, client.users)
    found = [event for event in events(client, changes, fetched) if event.id in seeds]
    named = [replace(event, user=names[event.user]) for event in found]
    return verdicts(folder.name, named, ledger, different_reviewers=different_reviewers)


def save_sheets(folder: Path, found: Mapping[tuple[int, str], Sequence[WeblateRow]]) -> str:
    """Writes a sheet for each round and reviewer beside those that are there; what it wrote, in words."""
    written = []
    for (number, reviewer), rows in found.items():
        path = folder / sheet_name(number, reviewer, free_part(folder, number, reviewer), ".jsonl")
        write_rows(path, WeblateRow, rows)
        counts = Counter(row["verdict"] for row in rows)
        written.append(f"{path} ({', '.join(f'{counts[verdict]} {verdict}' for verdict in sorted(counts))})")
    return ", ".join(written) or "nothing new"


def send(client: Client, code: str, file: Path) -> str:
    """Puts a merged PO file in the place of Weblate's, unless that says the same already; what it did, in words."""
    data = file.read_bytes()
    try:
        same = _entries(client.download(code)) == _entries(data)
    except (OSError, ValueError):  # what stands there is no PO file
        same = False
    if same:
        return "nothing new"
    client.upload(code, data)
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
