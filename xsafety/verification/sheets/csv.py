"""Sheets as CSV files, for programs; their byte-order mark tells spreadsheet programs the letters."""

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from ...tabular import DataError, from_spreadsheet, to_spreadsheet, write_csv
from .layout import REVIEWS, Guide, ReturnedRow, SheetKind


def write_csv_sheet(path: Path, rows: Sequence[Mapping[str, object]], info: Guide) -> list[str]:
    """The rows as a CSV file; a `'` stands before texts that a spreadsheet would take for formulas. It holds all."""
    quoted = ({name: to_spreadsheet(str(text)) for name, text in row.items()} for row in rows)
    write_csv(path, info.kind.columns, quoted, mark="\ufeff")
    return []


def read(path: Path, kind: SheetKind = REVIEWS) -> list[ReturnedRow]:
    """The rows, whatever a spreadsheet program parts columns by, in UTF-8, or UTF-16 with its mark; blank ones apart.

    A row of another width is a problem of its own.
    """
    data = path.read_bytes()
    try:
        text = data.decode("utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not UTF-8, maybe Windows-1252 ({error}); save it as 'CSV UTF-8'") from error
    delimiter = max(",;\t", key=text.split("\n", 1)[0].count)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=delimiter)
    try:
        header, *table = [[cell.strip() if n == 0 else cell for cell in row] for n, row in enumerate(reader)] or [[]]
    except csv.Error as error:
        raise DataError(f"{path}, near line {reader.line_num}: {error}; is a quotation mark left open?") from error
    wanted = ",".join(kind.needed)
    if missing := [column for column in kind.needed if column not in header]:
        raise DataError(f"{path}: no column {', '.join(missing)}; its first line must have: {wanted}")
    if len(set(header)) < len(header):
        raise DataError(f"{path}: two columns of one name; keep those of the sheet you were given")
    return [_returned_row(number, header, row) for number, row in enumerate(table, 2) if any(row)]


def _returned_row(number: int, header: Sequence[str], row: Sequence[str]) -> ReturnedRow:
    texts = [from_spreadsheet(text) for text in row]
    width = f"{len(row)} fields instead of {len(header)}; put quotes around text with commas"
    cells = dict(zip(header, texts, strict=False))
    return ReturnedRow(f"row {number}", cells, [width] if len(row) != len(header) else [])
