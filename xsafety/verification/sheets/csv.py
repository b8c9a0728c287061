"""Review sheets as CSV files, for programs."""

import re
from collections.abc import Sequence
from pathlib import Path

from ...rows import SheetRow
from ...tabular import csv_rows, write_csv
from .layout import NEEDED_COLUMNS, SHEET_COLUMNS, ReturnedRow, SheetInfo

# What a spreadsheet program takes for a formula. A quotation mark before it makes it a text; one more makes it back.
_FORMULA = re.compile(r"'*[=+\-@\t\r]")


def write_csv_sheet(path: Path, rows: Sequence[SheetRow], info: SheetInfo) -> list[str]:
    """The rows as a CSV file; a `'` stands before texts that a spreadsheet would take for formulas. It holds all."""
    texts = ({name: str(text) for name, text in row.items()} for row in rows)
    quoted = ({name: f"'{text}" if _FORMULA.match(text) else text for name, text in row.items()} for row in texts)
    write_csv(path, SHEET_COLUMNS, quoted)
    return []


def read(path: Path) -> list[ReturnedRow]:
    return [
        ReturnedRow(
            f"row {number}", {name: _unquoted(text) for name, text in row.items()}, [problem] if problem else []
        )
        for number, row, problem in csv_rows(path, NEEDED_COLUMNS)
        if row
    ]


def _unquoted(text: str) -> str:
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text
