"""Sheets as XLSX files."""

import io
import math
import re
import unicodedata
import warnings
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree.ElementTree import ParseError, iterparse

from ...tabular import DataError, clean, write_bytes
from ...text.languages import language
from .layout import REVIEWS, Guide, ReturnedRow, SheetKind

_INSTRUCTIONS_WIDTHS = (38, 100)
_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")  # how the format writes characters that XML does not have

# What xlsxwriter does not write as it is: likenesses of escapes that overlap, and what it takes for its own markup.
_UNFIT = re.compile(r"_x[0-9A-Fa-f]{4}(?=_x[0-9A-Fa-f]{4}_)|\A<r>.*</r>\Z", re.DOTALL)
_MOST = 32_767  # UTF-16 units that a cell can hold
# Bytes of a file when unpacked, and of each part but texts and pictures: memory is a multiple of that.
_MOST_UNPACKED, _MOST_OTHER = 32 << 20, 4 << 20
_TEXTS = re.compile(r"xl/(worksheets|media)/|xl/sharedStrings\.xml", re.I)
# Of a sheet; a text may stand in many cells, and in the file once.
_MOST_ROWS, _MOST_LETTERS, _MOST_MERGED = 100_000, 64 << 20, 1_000

# A fixed date makes the same rows the same bytes; another one in a returned file is the day it was saved.
_CREATED = datetime(2000, 1, 1)


def _fits(row: Mapping[str, object]) -> bool:
    """Whether cells of a spreadsheet can hold a row's texts, and xlsxwriter write them, as they are."""
    # A character is at most two units: few texts need to be counted out.
    return not any(
        (2 * len(text) > _MOST and len(text.encode("utf-16-le")) // 2 > _MOST) or _UNFIT.search(text)
        for text in map(str, row.values())
    )


def write_xlsx(path: Path, rows: Sequence[Mapping[str, object]], info: Guide) -> list[str]:
    """The rows as an XLSX file: a sheet with instructions, and one to fill.

    Every cell is text, never a formula. What must not change is locked, without a password. The same rows give the
    same bytes. Rows that do not fit are left out, and named in the instructions; returns their ids.
    """
    import xlsxwriter  # not needed to import this module, which every start of snakemake does

    buffer = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(buffer, options) as book:
        book.set_properties({"title": info.title, "created": _CREATED})
        left_out = [str(row["id"]) for row in rows if not _fits(row)]
        _write_instructions(book, left_out, info)
        _write_rows(book, [row for row in rows if _fits(row)], info.kind, info.lang)
    write_bytes(path, buffer.getvalue())
    return left_out


def _write_instructions(book: Any, left_out: Sequence[str], info: Guide) -> None:
    sheet = book.add_worksheet("instructions")
    sheet.protect()
    sheet.hide_gridlines(2)
    sheet.fit_to_pages(1, 0)
    for column, width in enumerate(_INSTRUCTIONS_WIDTHS):
        sheet.set_column(column, column, width)
    text = {"text_wrap": True, "valign": "top"}
    title, head, name = (
        book.add_format(look) for look in ({"bold": True, "font_size": 14}, {"bold": True}, text | {"bold": True})
    )
    plain = book.add_format(text)
    how = info.steps("xlsx")
    if left_out:
        how.append(f"What does not fit into a spreadsheet is in the other files only: {', '.join(left_out)}.")
    sheet.write_string(0, 0, info.title, title)
    number = 2
    for step, line in enumerate(how, 1):
        sheet.set_row(number, _height({line: _INSTRUCTIONS_WIDTHS[1]}))
        sheet.write_string(number, 0, f"{step}.", plain)
        sheet.write_string(number, 1, line, plain)
        number += 1
    for heading, entries in info.sections.items():
        sheet.write_string(number + 1, 0, heading, head)
        number += 2
        for entry, meaning in entries.items():
            sheet.set_row(number, _height(dict(zip((entry, meaning), _INSTRUCTIONS_WIDTHS, strict=True))))
            sheet.write_string(number, 0, entry, name)
            sheet.write_string(number, 1, meaning, plain)
            number += 1


def _height(texts: Mapping[str, int]) -> float:
    """About the height, in points, of a row with these wrapped texts (text -> width of its column).

    Not every program finds it out by itself.
    """

    def lines(line: str, width: int) -> int:
        wide = 0 if line.isascii() else sum(unicodedata.east_asian_width(char) in "WF" for char in line)
        return math.ceil((len(line) + wide) / (0.9 * width)) or 1

    most = max(sum(lines(line, width) for line in text.split("\n")) for text, width in texts.items())
    return min(15.0 * most, 409)  # the highest that there is


def _write_rows(book: Any, rows: Sequence[Mapping[str, object]], kind: SheetKind, lang: str) -> None:
    sheet = book.add_worksheet(kind.name)
    head = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bg_color": "#D9D9D9", "border": 1})
    looks = _looks(book, kind, right_to_left=language(lang).direction == "rtl")
    texts = [{column: str(row[kind.copied.get(column, column)]) for column in kind.widths} for row in rows]
    for number, shown in enumerate(texts, 1):
        sheet.set_row(number, _height({shown[column]: width for column, width in kind.widths.items()}))
    for place, (column, width) in enumerate(kind.widths.items()):
        needless = column in kind.hidden_if_empty and not any(shown[column] for shown in texts)
        sheet.set_column(place, place, width, None, {"hidden": column == "check" or needless})
        sheet.write_string(0, place, column, head)
        for number, shown in enumerate(texts, 1):
            look = looks[column, bool(shown.get("flag"))]
            if shown[column]:
                sheet.write_string(number, place, shown[column], look)
            else:
                sheet.write_blank(number, place, None, look)
        if rows and (choices := kind.choices.get(column)):
            message = {"error_title": column.capitalize(), "error_message": f"One of: {', '.join(choices)}."}
            sheet.data_validation(1, place, len(rows), place, {"validate": "list", "source": [*choices]} | message)
    sheet.autofilter(0, 0, len(rows), len(kind.widths) - 1)
    sheet.freeze_panes(1, 1)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.protect("", {"format_columns": True, "format_rows": True, "autofilter": True})
    sheet.activate()


def _looks(book: Any, kind: SheetKind, *, right_to_left: bool) -> dict[tuple[str, bool], Any]:
    """The formats of cells, by column and whether the row is flagged."""
    # Text format: what is typed stays what it is, 007 and =1+1 too.
    text = {"num_format": "@", "text_wrap": True, "valign": "top", "border": 1, "border_color": "#BFBFBF"}
    right = {"align": "right", "reading_order": 2} if right_to_left else {}
    return {
        (column, flagged): book.add_format(
            text
            | ({"locked": False} if column in kind.editable else {"bg_color": "#FFE699" if flagged else "#F2F2F2"})
            | (right if column in kind.in_language else {})
        )
        for column in kind.widths
        for flagged in (False, True)
    }


class _Filled(NamedTuple):
    """A sheet with our columns: these by number, the cells of each row that hold something, merged ones."""

    header: Mapping[int, str]
    rows: Mapping[int, Sequence[Mapping[str, Any]]]
    merged: Sequence[tuple[str, int, int]]  # with their first and last rows

    def has_any(self, column: str) -> bool:
        cells = (cell for row in self.rows.values() for cell in row)
        return any(self.header.get(cell["column"]) == column and cell["value"] for cell in cells)


def read(path: Path, kind: SheetKind = REVIEWS) -> list[ReturnedRow]:
    """The rows of the visible sheet that has our columns; `date` is when the file was saved if no column says it."""
    found, modified = _filled_sheets(path, kind)
    if kind.name in found:
        # A copy in which nobody decided anything does no harm.
        found = {name: sheet for name, sheet in found.items() if name == kind.name or sheet.has_any(kind.decision)}
    if len(found) != 1:
        how_many = f"{len(found)} visible sheets have" if found else "no visible sheet has"
        wanted = ", ".join(kind.needed)
        raise DataError(f"{path}: {how_many} the columns {wanted} in its first row; keep just '{kind.name}' as it was")
    [sheet] = found.values()
    if len(set(sheet.header.values())) < len(sheet.header):
        raise DataError(f"{path}: two columns of one name; keep those of the sheet you were given")
    saved = f"{modified:%Y-%m-%d}" if modified and modified != _CREATED else ""
    return [_returned_row(number, cells, sheet, saved) for number, cells in sheet.rows.items()]


def _returned_row(number: int, cells: Sequence[Mapping[str, Any]], sheet: _Filled, saved: str) -> ReturnedRow:
    from openpyxl.utils import get_column_letter

    texts = dict.fromkeys(sheet.header.values(), "")
    problems = []
    for cell in cells:
        name = f"cell {get_column_letter(cell['column'])}{number}"
        if column := sheet.header.get(cell["column"]):
            texts[column], problem = _text(cell["value"], cell["data_type"], column)
            problems += [f"{name} {problem}"] if problem else []
        else:
            problems.append(f"{name} is outside the columns; move its text to the note")
    merged = [cells for cells, first, last in sheet.merged if first <= number <= last]
    problems += [f"the cells {cells} are merged; unmerge them, and fill each" for cells in merged]
    return ReturnedRow(f"row {number}", texts | {"date": texts.get("date") or saved}, problems)


def _filled_sheets(path: Path, kind: SheetKind) -> tuple[dict[str, _Filled], datetime | None]:
    """The visible sheets that have our columns, by name, and when the file was saved.

    Empty cells, of which a column's format may make millions, take no memory. Raises DataError for what is not readable
    or above the limits.
    """
    from openpyxl.reader.excel import ExcelReader  # see write_xlsx
    from openpyxl.utils.exceptions import InvalidFileException
    from openpyxl.worksheet._reader import WorkSheetParser
    from openpyxl.xml.constants import SHARED_STRINGS, SHEET_MAIN_NS

    found: dict[str, _Filled] = {}

    class Reader(ExcelReader):
        def read_strings(self) -> None:
            """As openpyxl does it, which however drops every 'x005F_': so an escape and its likeness are one."""
            part = self.package.find(SHARED_STRINGS)  # type: ignore[no-untyped-call]
            if part is not None:
                one, run, text = (f"{{{SHEET_MAIN_NS}}}{tag}" for tag in ("si", "r", "t"))
                with self.archive.open(part.PartName[1:]) as file:
                    for _, node in iterparse(file):
                        if node.tag == one:
                            texts = [*node.findall(text), *node.findall(f"{run}/{text}")]
                            self.shared_strings.append("".join(found.text or "" for found in texts))
                            node.clear()

        def read_worksheets(self) -> None:
            """Row by row, and nothing but texts."""
            book: Any = self.wb
            for sheet, part in self.parser.find_sheets():
                if sheet.state == "visible" and part.target in self.valid_files and "chartsheet" not in part.Type:
                    with self.archive.open(part.target) as file:
                        formats = (book.epoch, book._date_formats, book._timedelta_formats)
                        if read := _filled(WorkSheetParser(file, self.shared_strings, False, *formats), kind):
                            found[sheet.name] = read

    unreadable = (OSError, EOFError, ValueError, LookupError, TypeError, AttributeError, RuntimeError, ArithmeticError)
    formats = (ParseError, zlib.error, zipfile.BadZipFile, InvalidFileException)
    try:
        reader = Reader(path)
        # What a part unpacks to is not more than the archive says here.
        sizes = {part.filename: part.file_size for part in reader.archive.infolist()}
        if (size := sum(sizes.values())) > _MOST_UNPACKED:
            raise _TooMuch(f"it unpacks to {size >> 20} MiB, above {_MOST_UNPACKED >> 20}")
        if big := [name for name, size in sizes.items() if size > _MOST_OTHER and not _TEXTS.match(name)]:
            raise _TooMuch(f"{big[0]} in it unpacks to more than {_MOST_OTHER >> 20} MiB")
        with warnings.catch_warnings(action="ignore"):  # of features that openpyxl does not know
            reader.read()
    except _TooMuch as error:
        raise DataError(
            f"{path}: {error}; copy the rows with {kind.decision}s into a fresh copy of the sheet you were given"
        ) from error
    except (*unreadable, *formats) as error:
        raise DataError(f"{path}: not readable as .xlsx ({error}); save it as 'Excel workbook (.xlsx)'") from error
    return found, reader.wb.properties.modified


class _TooMuch(Exception):
    """What an XLSX file holds is above a limit."""


def _filled(parser: Any, kind: SheetKind) -> _Filled | None:
    """What a sheet holds; None if our columns are not in its first row."""
    header: dict[int, str] = {}
    rows: dict[int, list[dict[str, Any]]] = {}
    letters = 0
    for number, cells in parser.parse():
        parser.row_dimensions.clear()
        filled = [cell for cell in cells if cell["value"] is not None]
        if number == 1:
            header = {cell["column"]: clean(str(cell["value"])) for cell in filled}
        if not set(kind.needed) <= set(header.values()):
            return None
        if filled and number > 1:
            rows[number] = filled
            letters += sum(len(cell["value"]) if isinstance(cell["value"], str) else 1 for cell in filled)
        if letters > _MOST_LETTERS or len(rows) > _MOST_ROWS:
            raise _TooMuch(f"it has more than {_MOST_ROWS:,} rows or {_MOST_LETTERS:,} characters")
    return _Filled(header, rows, _merged(parser)) if header else None


def _merged(parser: Any) -> list[tuple[str, int, int]]:
    merged = [one.ref for one in parser.merged_cells.mergeCell] if parser.merged_cells else []
    if len(merged) > _MOST_MERGED:
        raise _TooMuch(f"more than {_MOST_MERGED:,} ranges of its cells are merged")
    ends = [[int(row) for row in re.findall(r"\d+", cells)] for cells in merged]
    return [(cells, min(at), max(at)) for cells, at in zip(merged, ends, strict=True)]


def _text(value: Any, data_type: str, column: str) -> tuple[str, str]:
    """A cell's text, and what is wrong with it. Numbers are none: 007 may have been typed, and 7 be left of it."""
    if data_type == "f":
        return str(getattr(value, "text", value)), "holds a formula; format it as text and type the text itself"
    if data_type == "e":
        return str(value), f"holds the error {value}; type the text again"
    if isinstance(value, str):
        return _ESCAPE.sub(lambda match: chr(int(match[1], 16)), value), ""
    if column == "date" and isinstance(value, date):
        return f"{value:%Y-%m-%d}", ""
    if column in ("date", "note"):
        return str(value), ""
    kind = {bool: "true or false", int: "a number", float: "a number"}.get(type(value), "a date or time")
    return str(value), f"holds {kind} ({value}), maybe not what was typed; format it as text and type it again"
