"""Returned review sheets become evidence: validated row by row, folded in order into a language's ledger.

What is wrong with a row costs that row, and is told; a file is refused whole only where its columns are wrong, or its
texts look like those of other rows or of another language.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from ..rows import DECIDING, RELEASE_REVIEWER, REVIEWER_NAME, UNNAMED, Evidence, ReviewVerdict, SheetRow
from ..tabular import DataError, clean
from .sheets.formats import FORMATS, read_returned
from .sheets.layout import NEEDED_COLUMNS, SHEET_COLUMNS, VERDICTS, ReturnedRow, row_digest, sheet_row

_SHEET_NAME = re.compile(rf"round-([1-9]\d*)\.({REVIEWER_NAME})(?:\.([1-9]\d*))?\.({'|'.join(FORMATS)})", re.I)
_LIKE_SHEETS = {f".{kind}" for kind in (*FORMATS, "xlsm", "xls", "ods", "tsv", "xlf", "xliff", "json")}
FEW = 3  # rows: so many may be alike by chance
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


def save_as(reviews: str, round: int) -> str:
    """Where in a language's folder a reviewer saves a filled sheet, without the suffix of its format."""
    return f"{reviews}/{sheet_name(round, UNNAMED, 1, '')}"


def sheets(folder: Path) -> tuple[list[Sheet], list[str]]:
    """A language's returned sheets, by round and reviewer, and the problems with files that are none."""
    found: dict[tuple[int, str, int], Sheet] = {}
    names: dict[str, str] = {}
    problems = []
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        if not _is_like_a_sheet(path):
            continue
        match = _SHEET_NAME.fullmatch(path.name)
        if problem := _name_problem(path, match[2] if match else None, names):
            problems.append(f"{path}: rename it{problem}")
        elif match:
            sheet = Sheet(path, int(match[1]), match[2], int(match[3] or 1))
            if (other := found.setdefault((sheet.round, sheet.reviewer, sheet.part), sheet)) is not sheet:
                further = sheet_name(sheet.round, sheet.reviewer, sheet.part + 1, path.suffix)
                problems.append(
                    f"{path}: {other.path.name} is this reviewer's; keep one, or rename a second one {further}"
                )
    return [found[key] for key in sorted(found)], problems


def _is_like_a_sheet(path: Path) -> bool:
    # Spreadsheet programs leave '~$...' beside a file that is open; others leave what is no sheet at all.
    named = path.suffix.lower() in _LIKE_SHEETS or path.name.lower().startswith("round")
    return named and not path.name.startswith((".", "~$")) and not path.is_dir()


def _name_problem(path: Path, reviewer: str | None, names: dict[str, str]) -> str:
    """How to rename a file, empty if that needs not be; `names` takes how each reviewer was spelt first."""
    if reviewer is None:
        others = ", .".join(sorted(FORMATS.keys() - {"xlsx"}))
        letters = "" if path.name.isascii() else "; names have Latin letters, digits, - and _"
        return f" round-NUMBER.REVIEWER.xlsx (or .{others}), e.g. round-1.anna.xlsx{letters}"
    if reviewer == UNNAMED:
        return f", with the reviewer's name or pseudonym instead of {UNNAMED}"
    if reviewer.lower() == RELEASE_REVIEWER:
        return f"; {RELEASE_REVIEWER} is who stands for the release's translators"
    if (spelt := names.setdefault(reviewer.lower(), reviewer)) != reviewer:
        return f"; the reviewer {reviewer} is spelt {spelt} elsewhere"
    return ""


# What programs put in as people type, and what was typed.
_TYPED = str.maketrans(
    {char: quote for quote, chars in {'"': "“”„‟«»‹›″〝〞〟", "'": "‘’‚‛′`´"}.items() for char in chars}
    | dict.fromkeys("‐‑‒–—―−", "-")
    | {"©": "(c)", "®": "(r)", "™": "(tm)", "→": "-->", "←": "<--", "⇒": "==>", "⇐": "<=="}
)


def _as_typed(text: str) -> str:
    """A text without what spreadsheet programs correct by themselves: quotes, dashes, dots, spaces, capitals."""
    plain = unicodedata.normalize("NFKC", text.translate(_TYPED)).replace("\u2044", "/")
    return re.sub(r"-+", "-", "".join(plain.casefold().split()))


def _row_problems(row: SheetRow, sheet: Sheet) -> Iterable[str]:
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


def _changed(row: SheetRow, sheet: Sheet, seeds: Mapping[str, str]) -> Iterable[str]:
    """What is to be said of a row whose digest tells that it is not as it was given out.

    A row of a seed that changed after the sheet was given out passes: its evidence goes stale.
    """
    lang = sheet.path.parent.name
    if row["check"] and row["check"] != row_digest(lang, row["id"], row["source"], row["draft"]):
        if row["id"] not in seeds:
            yield "the id is not one that was given out; restore it from the sheet you were given"
        elif row["source"] != seeds[row["id"]]:
            yield "the English is not what was given out; restore it, and put a remark on it into the note"
        else:
            yield f"the draft is not what was given out for {lang}; restore it, and write your text under target"


def read_sheet(
    sheet: Sheet, seeds: Mapping[str, str], decided: Mapping[tuple[str, str], int] | None = None
) -> tuple[list[SheetRow], list[str]]:
    """The sound rows of a returned sheet, cleaned once, and the problems of the others; `seeds` maps ids to English.

    `decided` maps id and English of rows that the reviewer must not decide again to the round in which he did. Rows for
    a seed query that is no more are kept, as evidence. Raises DataError for a file that is refused whole.
    """
    returned = [(one, _cleaned(one)) for one in read_returned(sheet.path)]
    places: dict[str, dict[str, SheetRow]] = {}  # id -> the places where it stands
    for one, row in returned:
        places.setdefault(row["id"], {})[one.place] = row
    _refuse_rows_of_others(sheet, [row for _, row in returned])
    elsewhere = _in_another_language(sheet, [row for _, row in returned])
    rows: list[SheetRow] = []
    problems: list[str] = []
    for one, row in returned:
        twins = places[row["id"]]
        found = [*one.problems, *_identity_problems(row, sheet, seeds, twins), *_cell_problems(one)]
        found += _row_problems(row, sheet)
        if row["verdict"] in DECIDING and (before := (decided or {}).get((row["id"], row["source"]))):
            found.append(
                f"round {sheet.round} must come from another reviewer than round {before}; leave the verdict empty, or"
                f" change your own in round-{before}.{sheet.reviewer}.2{sheet.path.suffix}"
            )
        if row["id"] in elsewhere:
            found.append(elsewhere[row["id"]])
        problems += [f"{sheet.path}, {one.place} ({row['id']}): {problem}" for problem in found]
        if not found and next(iter(twins)) == one.place:
            rows.append(row)
    return rows, problems


def _identity_problems(
    row: SheetRow, sheet: Sheet, seeds: Mapping[str, str], twins: Mapping[str, SheetRow]
) -> Iterable[str]:
    """What is wrong with which row it is; `twins` are those of its id, itself too, by their places."""
    present = {text: id for id, text in seeds.items()} if row["id"] not in seeds else {}
    if row["id"] not in seeds and (row["source"] in present or not row["id"]):
        yield f"restore the id of the sheet you were given ({present.get(row['source'], '?')})"
    elif any(twin != row for twin in twins.values()):
        yield f"the id stands in {' and '.join(twins)}; keep one of them"
    else:
        yield from _changed(row, sheet, seeds)


def _cleaned(returned: ReturnedRow) -> SheetRow:
    """A row as it counts: an 'ok' on a text that a program corrected by itself is an edit."""
    row = sheet_row({column: clean(text) for column, text in returned.cells.items()})
    row["verdict"] = row["verdict"].lower()
    corrected = row["target"] not in ("", row["draft"]) and _as_typed(row["target"]) == _as_typed(row["draft"])
    if row["verdict"] == "ok" and corrected:
        row["verdict"] = "edited"
    return row


def _refuse_rows_of_others(sheet: Sheet, rows: Sequence[SheetRow]) -> None:
    """Raises DataError where most of the new texts are the drafts of other rows: their column was shifted or sorted."""
    drafts = {row["draft"]: row["id"] for row in rows if row["draft"]}
    new = [row for row in rows if row["target"] not in ("", row["draft"])]
    shifted = [row for row in new if drafts.get(row["target"], row["id"]) != row["id"]]
    if len(shifted) >= FEW and 2 * len(shifted) > len(new):
        one = shifted[0]
        raise DataError(
            f"{sheet.path}: the targets of {len(shifted)} rows are the drafts of other rows ({one['id']} has that of "
            f"{drafts[one['target']]}): was the column moved or sorted by itself? Nothing of this file was taken in; "
            "restore it from the sheet you were given"
        )


def _in_another_language(sheet: Sheet, rows: Sequence[SheetRow]) -> dict[str, str]:
    """The rows with an edited text, and no note, in another language or script than the sheet's (id -> what it seems).

    Raises DataError where most of them are: it is another language's sheet.
    """
    edited = [row for row in rows if row["verdict"] == "edited" and row["target"] and not row["note"]]
    if not edited:
        return {}
    from .checks import Segment, in_another_language  # slow to load

    segments = [Segment(row["id"], row["category"], row["source"], row["target"]) for row in edited]
    found = in_another_language(sheet.path.parent.name, segments)
    if len(found) >= FEW and 2 * len(found) > len(edited):
        id, reason = next(iter(found.items()))
        raise DataError(
            f"{sheet.path}: {len(found)} of {len(edited)} new texts are in another language ({id}: {reason}) Nothing "
            f"of this file was taken in; move it to the folder of its language"
        )
    return {id: f"{reason} Mend it, or say in the note why it stands" for id, reason in found.items()}


def _cell_problems(returned: ReturnedRow) -> Iterable[str]:
    if absent := [column for column in NEEDED_COLUMNS if column not in returned.cells]:
        yield f"no {', '.join(absent)}; give it, empty if need be"
    for column in SHEET_COLUMNS:
        if control := _CONTROL.search(returned.cells.get(column, "")):
            yield f"{column} has the control character U+{ord(control[0]):04X}; take it out"


def evidence(
    sheet: Sheet, seeds: Mapping[str, str], decided: Mapping[tuple[str, str], int] | None = None
) -> tuple[list[Evidence], list[str]]:
    """A sheet's verdicts as ledger entries: who, when, what, before, after, and the hash of the file; and problems."""
    file_hash = hashlib.sha256(sheet.path.read_bytes()).hexdigest()
    rows, problems = read_sheet(sheet, seeds, decided)
    entries = [
        Evidence(
            id=row["id"],
            round=sheet.round,
            reviewer=sheet.reviewer,
            date=row["date"],
            verdict=cast(ReviewVerdict, row["verdict"]),  # or it would be a problem
            source=row["source"],
            before=row["draft"],
            after=row["target"] or row["draft"],
            note=row["note"],
            sha256=file_hash,
        )
        for row in rows
        if row["verdict"]
    ]
    return entries, problems


def fold(
    folder: Path, seeds: Mapping[str, str], known: Iterable[Evidence] = (), *, different_reviewers: bool
) -> tuple[list[Evidence], list[str]]:
    """A language's ledger of evidence, sorted, and the problems of its returned sheets; `known` comes before these.

    Rows with problems are not in it. With `different_reviewers` it is a problem if a reviewer decides a row in two
    rounds.
    """
    entries = list(known)
    returned, problems = sheets(folder)
    for sheet in returned:
        decided = decided_before(entries, sheet.reviewer, sheet.round) if different_reviewers else None
        try:
            taken, found = evidence(sheet, seeds, decided)
        except DataError as error:
            problems.append(str(error))
            continue
        entries += taken
        if found:
            heading = (
                f"{sheet.path}: {len(found)} problem(s) in rows that were not taken in; {len(taken)} verdict(s) were"
            )
            problems.append(str(DataError.of(heading, found)))
    return sorted(entries, key=lambda entry: (entry["round"], entry["reviewer"], entry["id"])), problems


def decided_before(entries: Iterable[Evidence], reviewer: str, round: int) -> dict[tuple[str, str], int]:
    """The rows (id and English) that a reviewer decided in a round before this one, and in which."""
    return {
        (entry["id"], entry["source"]): entry["round"]
        for entry in entries
        if entry["reviewer"] == reviewer and 0 < entry["round"] < round and entry["verdict"] in DECIDING
    }
