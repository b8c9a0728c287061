"""The formats of review sheets, by suffix."""

from pathlib import Path

from .layout import Given
from .plain import _read_csv, _read_jsonl
from .po import _read_po
from .xlsx import _read_xlsx


def read_rows(path: Path) -> list[Given]:
    """The rows of a returned sheet, by its suffix; raises DataError where the file as a whole cannot be read."""
    return _READERS[path.suffix.lower()](path)


_READERS = {".csv": _read_csv, ".jsonl": _read_jsonl, ".po": _read_po, ".xlsx": _read_xlsx}


FORMATS = tuple(suffix.removeprefix(".") for suffix in _READERS)
