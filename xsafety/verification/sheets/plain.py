"""Review sheets as CSV, and as JSONL, which the page in the browser writes."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from ...tabular import read_csv, read_jsonl, write_csv
from .layout import NEEDED_COLUMNS, SHEET_COLUMNS, Given

# What a spreadsheet program takes for a formula. A quotation mark before it makes it a text; one more makes it back.
_CSV_FORMULA = re.compile(r"'*[=+\-@\t\r]")


def write_sheet_csv(path: Path, rows: Sequence[Mapping[str, str]]) -> None:
    """The rows as a CSV file, for programs; a `'` stands before texts that a spreadsheet would take for formulas."""
    quoted = ({name: f"'{text}" if _CSV_FORMULA.match(text) else text for name, text in row.items()} for row in rows)
    write_csv(path, SHEET_COLUMNS, quoted)


def _read_csv(path: Path) -> list[Given]:
    def unquoted(text: str) -> str:
        return text[1:] if text.startswith("'") and _CSV_FORMULA.match(text) else text

    return [
        Given(f"row {number}", {name: unquoted(text) for name, text in row.items()})
        for number, row in enumerate(read_csv(path, NEEDED_COLUMNS), 2)
    ]


def _read_jsonl(path: Path) -> list[Given]:
    return [
        Given(f"row {number}", {column: "" if text is None else str(text) for column, text in row.items()})
        for number, row in enumerate(read_jsonl(path), 1)
    ]
