"""Review sheets as JSONL files, as the page in the browser and the hand-off to Weblate write them."""

from pathlib import Path

from ...tabular import read_jsonl
from .layout import ReturnedRow


def read(path: Path) -> list[ReturnedRow]:
    return [
        ReturnedRow(f"row {number}", {column: "" if text is None else str(text) for column, text in row.items()})
        for number, row in enumerate(read_jsonl(path), 1)
    ]
