"""Review sheets as gettext PO files, for translators' programs and Weblate."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ...rows import MergedRow, SheetRow
from ...tabular import DataError, clean, to_json, write_text
from ...text.languages import language
from .layout import REVIEWS, SETTLED_STATES, VERDICT_MEANINGS, ReturnedRow, SheetInfo, SheetKind, about


def write_po(path: Path, rows: Sequence[SheetRow], info: SheetInfo) -> list[str]:
    """The rows as a gettext PO file for translators' programs, which holds all; its head says how to fill it.

    `msgctxt` is the id, `msgid` the English, `msgstr` the draft, fuzzy until somebody approves it. The draft stands in
    a comment too, as JSON, so that it is known when the file comes back.
    """
    states = [""] * len(rows)
    _write_po(path, rows, states, info, [info.title, *about(info.source, info.found)])
    return []


def write_merged_po(path: Path, rows: Sequence[MergedRow], info: SheetInfo) -> None:
    """All rows of a language as one gettext PO file, which comes back like any other; equal rows give equal bytes.

    As `write_po` writes them, but a row whose `state` is 'verified' is not fuzzy, and one that is 'rejected' is empty
    and read-only; a comment names the state, so that neither is taken for a verdict when the file comes back.
    """
    head = [
        f"XSafety: translations into {language(info.lang).name} ({info.lang}), all queries",
        *about(info.source, info.found),
        "Fuzzy entries wait. Those that say 'state: verified' are done: change their text only where it is wrong. Those"
        " that say 'state: rejected' have left the language, and stay empty.",
    ]
    _write_po(path, rows, [row["state"] for row in rows], info, head)


def _write_po(
    path: Path, rows: Sequence[SheetRow], states: Sequence[str], info: SheetInfo, head: Sequence[str]
) -> None:
    import polib  # see xlsx.write_xlsx

    file = polib.POFile(wrapwidth=0)
    file.header = "\n".join(
        [
            *head,
            "Approve an entry ('fuzzy' or 'needs work' off) whose translation is good, corrected or as it was: this is"
            " the verdict 'ok' or 'edited'. For another verdict add a translator's comment, a line such as"
            " 'verdict: rejected':",
            *(f"  {verdict}: {VERDICT_MEANINGS[verdict]}" for verdict in ("rejected", "unsure", "skip")),
            f"Any other line of that comment is taken as a note. Do not change the {info.source} or the extracted"
            " comments.",
            info.how_to_return("po"),
            "The safety issues:",
            *(f"  {category.key}: {category.meaning}" for category in info.about.categories.values()),
        ]
    )
    file.metadata = {
        "Project-Id-Version": "XSafety",
        "PO-Revision-Date": "YEAR-MO-DA HO:MI+ZONE",
        "Last-Translator": "",
        "Language": info.lang.replace("-", "_"),
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
    }
    for row, state in zip(rows, states, strict=True):
        comment = {
            "state": state,
            "category": row["category"],
            "flag": " ".join(row["flag"].split()),
            "context": " ".join(row["context"].split()),
            "draft": to_json(row["draft"]).replace("\u2028", "\\u2028").replace("\u2029", "\\u2029"),
            "check": row["check"],
        }
        settled = {"verified": [], "rejected": ["read-only"]}
        entry = polib.POEntry(
            msgctxt=row["id"],
            msgid=row["source"],
            msgstr=row["draft"],
            comment="\n".join(f"{name}: {text}" for name, text in comment.items() if text),
            flags=settled.get(state, ["fuzzy"] if row["draft"] else []),
            previous_msgid=row["previous"] or None,
        )
        file.append(entry)
    write_text(path, f"{file}\n")


def read(path: Path, kind: SheetKind = REVIEWS) -> list[ReturnedRow]:
    """The entries of a PO file; `date` is when it was revised."""
    import polib  # see xlsx.write_xlsx

    try:
        file = polib.pofile(str(path), encoding="utf-8-sig", wrapwidth=0)
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: not readable as .po ({error}); mend that place, or save it again in UTF-8") from error
    if not file and not file.metadata:
        raise DataError(f"{path}: no entries; return the file that you were given")
    revised = re.match(r"\d{4}-\d\d-\d\d", file.metadata.get("PO-Revision-Date", ""))
    return [_returned_row(entry, revised[0] if revised else "") for entry in file]


def _returned_row(entry: Any, revised: str) -> ReturnedRow:
    """An entry as a row: a verdict in its comment holds; else an approved translation is `ok` or `edited`.

    An entry that was settled when it was given out is approved from the beginning: only a change of it says something.
    """
    shown = dict(line.split(": ", 1) for line in entry.comment.split("\n") if ": " in line)
    draft, problems = _draft(shown.pop("draft", ""))
    if entry.obsolete:
        problems.append("the entry is marked as obsolete (#~); take the marks off, or take the entry out")
    verdicts, notes = _of_comment(entry.tcomment)
    words = {line: line.strip(" .!").lower() for line in notes}
    looks = [(line, word) for line, word in words.items() if word in VERDICT_MEANINGS]
    problems += [f"the comment {line!r} looks like a verdict; write 'verdict: {word}'" for line, word in looks]
    cells = {
        **shown,
        "id": entry.msgctxt or "",
        "source": entry.msgid,
        "draft": draft,
        "target": entry.msgstr,
        "verdict": ", ".join(verdicts) or _by_approval(entry, draft, shown.get("state", "")),
        "note": "\n".join(notes),
        "date": revised,
        "previous": entry.previous_msgid or "",
    }
    return ReturnedRow(f"line {entry.linenum}", cells, problems)


def _draft(text: str) -> tuple[str, list[str]]:
    try:
        return str(json.loads(text)), []
    except ValueError:
        return "", ["its comment '#. draft: ...' is not as it was; take it from the file you were given"]


def _by_approval(entry: Any, draft: str, state: str) -> str:
    untouched = clean(entry.msgstr) == draft
    if entry.fuzzy or not (entry.msgstr or draft) or (untouched and state in SETTLED_STATES):
        return ""
    return "ok" if untouched else "edited"


_VERDICT = re.compile(r"verdict\s*[:=]\s*(.*?)[\s.]*", re.IGNORECASE)


def _of_comment(text: str) -> tuple[list[str], list[str]]:
    """The verdicts in a translator's comment, and the other lines of it."""
    lines = [line.strip() for line in text.split("\n")]
    verdicts = [match[1] for line in lines if (match := _VERDICT.fullmatch(line))]
    return verdicts, [re.sub(r"(?i)^note:\s*", "", line) for line in lines if not _VERDICT.fullmatch(line)]
