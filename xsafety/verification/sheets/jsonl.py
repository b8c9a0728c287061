"""Sheets as JSONL files, as the page in the browser and the hand-off to Weblate write them."""

import json
from pathlib import Path

from .layout import REVIEWS, ReturnedRow, SheetKind


def read(path: Path, kind: SheetKind = REVIEWS) -> list[ReturnedRow]:
    """The rows; a line that is no JSON object is a problem of its own."""
    rows = []
    for number, line in enumerate(path.read_bytes().split(b"\n"), 1):
        try:
            row = json.loads(line) if line.strip() else {}
            cells = {column: "" if text is None else str(text) for column, text in row.items()}
        except (ValueError, AttributeError, RecursionError) as error:
            rows.append(ReturnedRow(f"row {number}", {}, [f"no JSON object ({error}); take it from the former file"]))
        else:
            rows += [ReturnedRow(f"row {number}", cells)] if cells else []
    return rows
