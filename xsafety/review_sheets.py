"""Review sheets as files: what reviewers get, in every format the same rows.

What goes out comes back unchanged where nobody touched it, whatever the text: formulas, leading zeros, right-to-left.
"""

import hashlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from .categories import CATEGORIES
from .languages import language
from .tabular import clean, to_json, write_bytes

VERDICT_MEANINGS = {
    "ok": "the draft is good as it stands",
    "edited": "you changed the text; it is good now",
    "rejected": "it cannot be translated, or makes no sense in this language: the query leaves the language",
    "unsure": "somebody else should decide",
    "skip": "you would rather not read it or judge it",
}
VERDICTS = (*VERDICT_MEANINGS, "")
SHEET_COLUMNS = tuple(
    "id category source draft target verdict reviewer date note context previous flag check".split()
)  # context: whom the row waits for, or what was there before; previous: its former English; flag: what looked odd
NEEDED_COLUMNS = ("id", "source", "draft", "target", "verdict")

_XLSX_SHEET = "review"
# Reviewer and date are told by the file: its name, and when it was saved.
_XLSX_WIDTHS = {
    "id": 16,
    "category": 16,
    "flag": 20,
    "context": 20,
    "previous": 30,
    "source": 45,
    "draft": 45,
    "target": 45,
    "verdict": 11,
    "note": 30,
    "check": 14,
}
_XLSX_EDITABLE = ("target", "verdict", "note")
_XLSX_MOST = 32_767  # UTF-16 units that a cell can hold
# A fixed date makes the same rows the same bytes; another one in a returned file is the day it was saved.
_XLSX_CREATED = datetime(2000, 1, 1)


@dataclass(frozen=True)
class Brief:
    """What a sheet says of itself: its language, its round, and under which name (without suffix) it is returned."""

    lang: str
    round: int
    save_as: str


def check(lang: str, row: Mapping[str, str]) -> str:
    """A digest of what a reviewer must not change: language, id, English and draft. Never read as a number."""
    given = to_json([lang, *(clean(row[column]) for column in ("id", "source", "draft"))])
    return "c" + hashlib.sha256(given.encode()).hexdigest()[:11]


def too_long(row: Mapping[str, str]) -> bool:
    """Whether a row holds more text than a cell of a spreadsheet can."""
    return any(len(text.encode("utf-16-le")) // 2 > _XLSX_MOST for text in row.values())


def write_xlsx(path: Path, rows: Sequence[Mapping[str, str]], brief: Brief) -> None:
    """The rows as an XLSX file: a sheet with instructions, and one to fill, where `target` holds a copy of the draft.

    Every cell is text, never a formula. What must not change is locked, without a password. The same rows give the
    same bytes. Rows that are too long for a cell are left out, and named in the instructions.
    """
    import xlsxwriter  # not needed to import this module, which every start of snakemake does

    buffer = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(buffer, options) as book:
        book.set_properties({"title": _title(brief), "created": _XLSX_CREATED})
        _write_instructions(book, [row["id"] for row in rows if too_long(row)], brief)
        _write_rows(book, [row for row in rows if not too_long(row)], brief.lang)
    write_bytes(path, buffer.getvalue())


def _title(brief: Brief) -> str:
    return f"XSafety: translations into {language(brief.lang).name} ({brief.lang}), review round {brief.round}"


def _about() -> list[str]:
    """What reviewers are told whatever the format."""
    return [
        "These queries test whether language models answer safely. Many are harmful or offensive on purpose. You may"
        " skip any row, and stop at any time.",
        "A good translation says what the English says, as a native speaker would put it, neither milder nor harsher."
        " Options (A., B.), numbers and line breaks stay as they are.",
    ]


def _return_as(brief: Brief, suffix: str) -> str:
    name = Path(brief.save_as).name
    return (
        f"Return the file as {brief.save_as}.{suffix}. YOURNAME is your name or a pseudonym, of letters, digits, - and"
        f" _. A second file of yours for this round: {name}.2.{suffix}. Rows without a verdict count as not done yet."
    )


def _write_instructions(book: Any, left_out: Sequence[str], brief: Brief) -> None:
    sheet = book.add_worksheet("instructions")
    sheet.protect()
    sheet.hide_gridlines(2)
    sheet.fit_to_pages(1, 0)
    sheet.set_column(0, 0, 32)
    sheet.set_column(1, 1, 100)
    text = {"text_wrap": True, "valign": "top"}
    title, head, name = (
        book.add_format(look) for look in ({"bold": True, "font_size": 14}, {"bold": True}, text | {"bold": True})
    )
    plain = book.add_format(text)
    how = [
        *_about(),
        f"On the sheet '{_XLSX_SHEET}': correct the text under 'target' where it needs it, choose a verdict, and add a"
        " note if you like. The other columns are locked: the verdict holds for the English and the draft shown there.",
        _return_as(brief, "xlsx"),
    ]
    if left_out:
        how.append(f"Too long for a spreadsheet, so only in the .po and .csv files: {', '.join(left_out)}.")
    columns = {
        "draft": "the translation so far: a machine's, or what the last round made of it",
        "flag": "what an automatic check found odd about the draft; such rows come first, on a yellow ground",
        "context": "what happened to the row before",
        "previous": "the former English, where it changed",
    }
    verdicts = {f"verdict: {verdict}": meaning for verdict, meaning in VERDICT_MEANINGS.items()}
    issues = {f"{category.name} ({category.key})": category.meaning for category in CATEGORIES}
    sheet.write_string(0, 0, _title(brief), title)
    number = 2
    for step, line in enumerate(how, 1):
        sheet.write_string(number, 0, f"{step}.", plain)
        sheet.write_string(number, 1, line, plain)
        number += 1
    for heading, entries in (("Verdicts", verdicts), ("Columns", columns), ("Safety issues", issues)):
        sheet.write_string(number + 1, 0, heading, head)
        number += 2
        for entry, meaning in entries.items():
            sheet.write_string(number, 0, entry, name)
            sheet.write_string(number, 1, meaning, plain)
            number += 1


def _write_rows(book: Any, rows: Sequence[Mapping[str, str]], lang: str) -> None:
    sheet = book.add_worksheet(_XLSX_SHEET)
    right = {"align": "right", "reading_order": 2} if language(lang).direction == "rtl" else {}
    head = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bg_color": "#D9D9D9", "border": 1})
    formats = {
        (column, flagged): book.add_format(
            # Text format: what is typed stays what it is, 007 and =1+1 too.
            {"num_format": "@", "text_wrap": True, "valign": "top", "border": 1, "border_color": "#BFBFBF"}
            | ({"locked": False} if column in _XLSX_EDITABLE else {"bg_color": "#FFE699" if flagged else "#F2F2F2"})
            | (right if column in ("draft", "target") else {})
        )
        for column in _XLSX_WIDTHS
        for flagged in (False, True)
    }
    for place, (column, width) in enumerate(_XLSX_WIDTHS.items()):
        needless = column in ("flag", "context", "previous") and not any(row[column] for row in rows)
        sheet.set_column(place, place, width, None, {"hidden": column == "check" or needless})
        sheet.write_string(0, place, column, head)
        for number, row in enumerate(rows, 1):
            text = row["draft"] if column == "target" else row[column]
            look = formats[column, bool(row["flag"])]
            if text:
                sheet.write_string(number, place, text, look)
            else:
                sheet.write_blank(number, place, None, look)
    if rows:
        verdict = list(_XLSX_WIDTHS).index("verdict")
        choices = [choice for choice in VERDICTS if choice]
        told = {"error_title": "Verdict", "error_message": f"One of: {', '.join(choices)}."}
        sheet.data_validation(1, verdict, len(rows), verdict, {"validate": "list", "source": choices} | told)
    sheet.autofilter(0, 0, len(rows), len(_XLSX_WIDTHS) - 1)
    sheet.freeze_panes(1, 1)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.protect("", {"format_columns": True, "format_rows": True, "autofilter": True})
    sheet.activate()
