"""The register of the formats of review sheets: to add one, write its module and a line here."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from ...rows import SheetRow
from ...tabular import DataError
from . import csv, jsonl, po, xlsx
from .layout import REVIEWS, ReturnedRow, SheetInfo, SheetKind

_MOST = 64 << 20  # bytes of a returned file


class Format(NamedTuple):
    """How a returned sheet is read, and one for reviewers written, if it is; `write` returns the ids it left out."""

    read: Callable[[Path, SheetKind], list[ReturnedRow]]
    write: Callable[[Path, Sequence[SheetRow], SheetInfo], list[str]] | None = None


FORMATS = {
    "xlsx": Format(xlsx.read, xlsx.write_xlsx),
    "po": Format(po.read, po.write_po),
    "csv": Format(csv.read, csv.write_csv_sheet),
    "jsonl": Format(jsonl.read),
}
"""By suffix; first the one that most reviewers should take."""

WRITTEN = tuple(suffix for suffix, kind in FORMATS.items() if kind.write)


def read_returned(path: Path, kind: SheetKind = REVIEWS) -> list[ReturnedRow]:
    """The rows of a returned sheet, by its suffix; raises DataError where the file as a whole cannot be read."""
    if (size := path.stat().st_size) > _MOST:
        raise DataError(f"{path}: {size >> 20} MiB, above {_MOST >> 20}; return the rows with {kind.decision}s alone")
    return FORMATS[path.suffix.lower().removeprefix(".")].read(path, kind)


def write_sheet(path: Path, rows: Sequence[SheetRow], info: SheetInfo) -> list[str]:
    """Writes a sheet for reviewers, by its suffix; the ids of rows that the format cannot hold, which it left out."""
    write = FORMATS[path.suffix.removeprefix(".")].write
    assert write, path
    return write(path, rows, info)
