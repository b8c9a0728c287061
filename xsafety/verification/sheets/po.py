"""Review sheets as gettext PO files, for translators' programs and Weblate."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ...categories import CATEGORIES
from ...tabular import DataError, clean, to_json, write_text
from ...text.languages import language
from .layout import SETTLED_STATES, VERDICT_MEANINGS, Brief, Given, _return_as, _title, about


def write_po(path: Path, rows: Sequence[Mapping[str, str]], brief: Brief) -> None:
    """The rows as a gettext PO file for translators' programs; its head says how to fill it.

    `msgctxt` is the id, `msgid` the English, `msgstr` the draft, fuzzy until somebody approves it. The draft stands in
    a comment too, as JSON, so that it is known when the file comes back.
    """
    _write_po(path, rows, brief, [_title(brief), *about()])


def write_merged_po(path: Path, rows: Sequence[Mapping[str, str]], brief: Brief) -> None:
    """All rows of a language as one gettext PO file, which comes back like any other; equal rows give equal bytes.

    As `write_po` writes them, but a row whose `state` is 'verified' is not fuzzy, and one that is 'rejected' is empty
    and read-only; a comment names the state, so that neither is taken for a verdict when the file comes back.
    """
    head = [
        f"XSafety: translations into {language(brief.lang).name} ({brief.lang}), all queries",
        *about(),
        "Fuzzy entries wait. Those that say 'state: verified' are done: change their text only where it is wrong. Those"
        " that say 'state: rejected' have left the language, and stay empty.",
    ]
    _write_po(path, rows, brief, head)


def _write_po(path: Path, rows: Sequence[Mapping[str, str]], brief: Brief, head: Sequence[str]) -> None:
    import polib  # see write_xlsx

    file = polib.POFile(wrapwidth=0)
    file.header = "\n".join(
        [
            *head,
            "Approve an entry ('fuzzy' or 'needs work' off) whose translation is good, corrected or as it was: this is"
            " the verdict 'ok' or 'edited'. For another verdict add a translator's comment, a line such as"
            " 'verdict: rejected':",
            *(f"  {verdict}: {VERDICT_MEANINGS[verdict]}" for verdict in ("rejected", "unsure", "skip")),
            "Any other line of that comment is taken as a note. Do not change the English or the extracted comments.",
            _return_as(brief, "po"),
            "The safety issues:",
            *(f"  {category.key}: {category.meaning}" for category in CATEGORIES),
        ]
    )
    file.metadata = {
        "Project-Id-Version": "XSafety",
        "PO-Revision-Date": "YEAR-MO-DA HO:MI+ZONE",
        "Last-Translator": "",
        "Language": brief.lang.replace("-", "_"),
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
    }
    for row in rows:
        told = {"state": row.get("state", "")}
        told |= {column: " ".join(row[column].split()) for column in ("category", "flag", "context")}
        told |= {"draft": _one_line(row["draft"]), "check": row["check"]}
        settled = {"verified": [], "rejected": ["read-only"]}
        entry = polib.POEntry(
            msgctxt=row["id"],
            msgid=row["source"],
            msgstr=row["draft"],
            comment="\n".join(f"{name}: {text}" for name, text in told.items() if text),
            flags=settled.get(told["state"], ["fuzzy"] if row["draft"] else []),
            previous_msgid=row["previous"] or None,
        )
        file.append(entry)
    write_text(path, f"{file}\n")


def _one_line(text: str) -> str:
    return to_json(text).replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _read_po(path: Path) -> list[Given]:
    """The entries of a PO file; `date` is when it was revised."""
    import polib  # see write_xlsx

    try:
        file = polib.pofile(str(path), encoding="utf-8-sig", wrapwidth=0)
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: not readable as .po ({error}); mend that place, or save it again in UTF-8") from error
    if not file and not file.metadata:
        raise DataError(f"{path}: no entries; return the file that you were given")
    revised = re.match(r"\d{4}-\d\d-\d\d", file.metadata.get("PO-Revision-Date", ""))
    return [_po_row(entry, revised[0] if revised else "") for entry in file]


def _po_row(entry: Any, revised: str) -> Given:
    """An entry as a row: a verdict in its comment holds; else an approved translation is `ok` or `edited`.

    An entry that was settled when it was given out is approved from the beginning: only a change of it says something.
    """
    told = dict(line.split(": ", 1) for line in entry.comment.split("\n") if ": " in line)
    problems = []
    try:
        draft = str(json.loads(told.pop("draft")))
    except (KeyError, ValueError):
        draft = ""
        problems.append("its comment '#. draft: ...' is not as it was; take it from the file you were given")
    if entry.obsolete:
        problems.append("the entry is marked as obsolete (#~); take the marks off, or take the entry out")
    comments = [line.strip() for line in entry.tcomment.split("\n")]
    verdicts = [match[1] for line in comments if (match := _PO_VERDICT.fullmatch(line))]
    notes = [re.sub(r"(?i)^note:\s*", "", line) for line in comments if not _PO_VERDICT.fullmatch(line)]
    problems += [
        f"the comment {line!r} looks like a verdict; write 'verdict: {line.strip(' .!').lower()}'"
        for line in notes
        if line.strip(" .!").lower() in VERDICT_MEANINGS
    ]
    approved = not entry.fuzzy and (entry.msgstr or draft)
    untouched = clean(entry.msgstr) == draft
    if approved and not verdicts and not (untouched and told.get("state") in SETTLED_STATES):
        verdicts = ["ok" if untouched else "edited"]
    cells = {
        **told,
        "id": entry.msgctxt or "",
        "source": entry.msgid,
        "draft": draft,
        "target": entry.msgstr,
        "verdict": ", ".join(verdicts),
        "note": "\n".join(notes),
        "date": revised,
        "previous": entry.previous_msgid or "",
    }
    return Given(f"line {entry.linenum}", cells, problems)


_PO_VERDICT = re.compile(r"verdict\s*[:=]\s*(.*?)[\s.]*", re.IGNORECASE)
