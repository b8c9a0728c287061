"""Files of others as tables: CSV, TSV, JSON, JSONL, Parquet and XLSX, also gzipped, and data sets on the hub.

A value is a text, but where the file has numbers, truth values or lists: these stay what they are.
"""

import codecs
import csv
import gzip
import io
import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from ..config.dataset import Hub, Origin
from ..tabular import DataError, file_sha256, json_objects

SUFFIXES = ("csv", "tsv", "json", "jsonl", "parquet", "xlsx")
_SEPARATORS = ",;\t|"  # of the columns of a CSV file
_LOOKED_AT = 20  # rows, for the separator


@dataclass(frozen=True)
class OriginTable:
    """A table as its file has it; `sheet` names the sheet, or the split of a data set on the hub.

    `first` is the number of its first row, as errors name it: of a file with a header that is row 2.
    """

    file: str
    sheet: str
    header: Sequence[str]
    rows: Sequence[Sequence[object]]
    first: int

    @property
    def name(self) -> str:
        return f"{self.file}, sheet {self.sheet}" if self.sheet else self.file

    def place(self, row: int) -> str:
        """Where a row is, by its number from 0, as errors say it."""
        return f"{self.name}, row {self.first + row}"


def files_of(source: Origin) -> list[Path]:
    """The files of a source, each once, in the order of its list and by name."""
    found: dict[Path, None] = {}
    for pattern in [source.files] if isinstance(source.files, str) else source.files or []:
        path = Path(pattern)
        root = Path(path.anchor)
        matching = found_files(path.glob("*") if path.is_dir() else root.glob(str(path.relative_to(root))))
        found |= dict.fromkeys(file for file in matching if kind_of(file) in SUFFIXES)
    return list(found)


def found_files(paths: Iterable[Path]) -> list[Path]:
    """Those that are files, sorted, without hidden and open ones."""
    return sorted(path for path in paths if path.is_file() and not path.name.startswith((".", "~$")))


def kind_of(file: Path) -> str:
    """The kind of a file by its suffix, that before .gz if there is one."""
    return Path(file.name.removesuffix(".gz")).suffix.removeprefix(".").lower()


def origin_digest(source: Origin, file: str) -> str:
    """What stands for a file of a source: its SHA-256, or the revision on the hub."""
    return source.hub.revision if source.hub else file_sha256(Path(file))


def read_tables(source: Origin) -> Iterator[OriginTable]:
    """The tables of a source. Raises DataError for a file that cannot be read, and where there is none."""
    if source.hub:
        yield from _hub_tables(source.hub)
        return
    files = files_of(source)
    if not files:
        kinds = f".{', .'.join(SUFFIXES)}, maybe with .gz"
        named = [source.files] if isinstance(source.files, str) else source.files or []
        if other := [name for name in named if Path(name).is_file()]:
            raise DataError(f"files: {other[0]}: no kind of file that can be read; save it as one of: {kinds}")
        raise DataError(
            f"files: {source.files}: no such file; the path starts in the folder that the workflow runs in, and a file"
            f" ends in {kinds}"
        )
    for file in files:
        try:
            yield from _tables(file, source)
        except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile) as error:
            raise DataError(f"{file}: not readable as {kind_of(file)} ({error}); save or fetch it anew") from error


def _tables(file: Path, source: Origin) -> Iterator[OriginTable]:
    data = file.read_bytes()
    if file.suffix == ".gz":
        data = gzip.decompress(data)
    match kind_of(file):
        case "csv" | "tsv" as kind:
            yield _with_header(str(file), "", _delimited(str(file), data, kind), source.columns)
        case "xlsx":
            import pandas as pd

            # By pandas, "" for an empty cell; NA, None and the like are texts.
            sheets = pd.read_excel(
                io.BytesIO(data), sheet_name=None, header=None, dtype=object, na_filter=False, keep_default_na=False
            )
            for name, frame in sheets.items():
                yield _with_header(str(file), str(name), frame.to_numpy().tolist(), source.columns)
        case "parquet":
            import pyarrow.parquet as pq

            yield _of_objects(str(file), "", pq.read_table(io.BytesIO(data)).to_pylist())
        case "jsonl":
            yield _of_objects(str(file), "", _of_lines(file, data))
        case "json":
            yield _of_objects(str(file), "", _of_json(file, data, source.rows))


def _hub_tables(hub: Hub) -> Iterator[OriginTable]:
    try:
        from datasets import Dataset, disable_progress_bars, load_dataset
    except ImportError:
        raise DataError(f"hub: {hub.name}: the library that reads it is missing; run: pip install datasets") from None
    disable_progress_bars()
    try:
        found = load_dataset(hub.name, hub.config, split=hub.split, revision=hub.revision)
    except Exception as error:  # whatever the library raises, of its own kinds and of the network's
        said = " ".join(str(error).split())
        raise DataError(f"hub: {hub.name}: {said}; look at name, revision, config and split, and log in") from error
    splits = {hub.split or "": found} if isinstance(found, Dataset) else found
    for split, rows in splits.items():
        yield _of_objects(f"hub: {hub.name}", str(split), rows.to_list())


def _decoded(name: str, data: bytes) -> str:
    """UTF-8, with a byte-order mark or without; UTF-16 by its mark, as spreadsheet programs write it."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise DataError(f"{name}, line {line}: not UTF-8 ({error}); save it as 'CSV UTF-8'") from error


def _separator(text: str) -> str:
    """What parts a table into columns: of the first rows each into as many, and into most."""

    def parts(separator: str) -> tuple[bool, int]:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
        try:
            widths = [len(row) for row in islice(reader, _LOOKED_AT) if row] or [0]
        except csv.Error:
            return False, 0
        return widths[0] > 1 and len({*widths}) == 1, widths[0]

    return max(_SEPARATORS, key=parts)


def _delimited(name: str, data: bytes, kind: str) -> list[list[str]]:
    text = _decoded(name, data)
    separator = "\t" if kind == "tsv" else _separator(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        rows = list(reader)
    except csv.Error as error:
        raise DataError(f"{name}, near line {reader.line_num}: {error}; is a quotation mark left open?") from error
    width = len(rows[0]) if rows else 0
    if uneven := [number for number, row in enumerate(rows, 1) if row and len(row) != width]:
        fix = f"put quotes around text that holds {'a tab' if separator == chr(9) else repr(separator)}"
        raise DataError(
            grouped(
                f"{len(uneven)} row(s) have another number of fields than the first, which has {width}; {fix}",
                [f"{name}, row {number}: {len(rows[number - 1])} fields" for number in uneven],
            )
        )
    return rows


def _with_header(name: str, sheet: str, rows: list[list[Any]], columns: Sequence[str] | None) -> OriginTable:
    """A table whose first row is the header, but where the columns have names given."""
    if columns is not None:
        if rows and len(rows[0]) != len(columns):
            raise DataError(f"{name}: {len(rows[0])} columns, and `columns` names {len(columns)}; name each")
        return OriginTable(name, sheet, columns, rows, 1)
    header = ["" if cell is None else str(cell).strip() for cell in rows[0]] if rows else []
    return OriginTable(name, sheet, header, rows[1:], 2)


def _of_lines(file: Path, data: bytes) -> Iterator[dict[str, Any]]:
    """The rows of JSON Lines of others: with a byte-order mark, or blank lines between them, too."""
    return json_objects(file, data.removeprefix(codecs.BOM_UTF8).splitlines(), blank=True)


def _of_json(file: Path, data: bytes, key: str | None) -> Iterable[dict[str, Any]]:
    try:
        content = json.loads(data.decode("utf-8-sig"))
    except json.JSONDecodeError as error:
        if error.msg == "Extra data":  # JSON Lines under the name of JSON
            return _of_lines(file, data)
        raise
    return _objects(str(file), content, key)


def _objects(name: str, content: object, key: str | None) -> list[dict[str, Any]]:
    """The rows of a JSON file, or of where in it `key` says: a list of objects, or one of texts, a column `text`.

    An object of columns is a table too, and one of rows, with the column `key`.
    """
    for part in key.split(".") if key else ():
        if not isinstance(content, dict) or part not in content:
            raise DataError(f"{name}: rows: {key!r}: no key {part!r}{_keys(content)}")
        content = content[part]
    rows = _of_object(content) if isinstance(content, dict) else content
    if isinstance(rows, list):
        rows = [{"text": row} if isinstance(row, str) else row for row in rows]
        if all(isinstance(row, dict) for row in rows):
            return rows
    raise DataError(f"{name}: no list of objects; set `rows` to the key of the list{_keys(content)}")


def _of_object(content: dict[str, Any]) -> list[dict[str, Any]] | None:
    """The rows of an object of columns, or of rows; None where it is neither."""
    if _are_columns(content.values()):
        return [dict(zip(content, cells, strict=True)) for cells in zip(*content.values(), strict=True)]
    if _are_rows([*content.values()]):
        return [{"key": name, **row} for name, row in content.items()]
    return None


def _keys(content: object) -> str:
    return f"; there are: {', '.join(content)}" if isinstance(content, dict) else ""


def _are_rows(values: Sequence[object]) -> bool:
    """Whether values are several objects, with a key that all have."""
    objects = [value for value in values if isinstance(value, dict)]
    return len(objects) == len(values) > 1 and bool(set.intersection(*map(set, objects)))


def _are_columns(values: Iterable[object]) -> bool:
    lists = [value for value in values if isinstance(value, list)]
    no_objects = not any(isinstance(cell, dict) for cells in lists for cell in cells)
    return len(lists) == len([*values]) and len({len(cells) for cells in lists}) == 1 and no_objects


def _of_objects(name: str, sheet: str, objects: Iterable[Mapping[str, Any]]) -> OriginTable:
    """A table of objects; what is in an object inside them is a column of its own, such as prompt.en.

    So it is in a list of objects: messages.0.content.
    """
    flat = [dict(_flat(row)) for row in objects]
    header = list(dict.fromkeys(key for row in flat for key in row))
    return OriginTable(name, sheet, header, [[row.get(key) for key in header] for row in flat], 1)


def _flat(row: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, object]]:
    for key, value in row.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        elif isinstance(value, list) and value and all(isinstance(one, dict) for one in value):
            yield from _flat({str(at): one for at, one in enumerate(value)}, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def grouped(problem: str, places: Sequence[str], *, shown: int = 3) -> str:
    """One problem of many rows: the first of them, and how many more there are."""
    more = [f"and {len(places) - shown:,} more"] if len(places) > shown else []
    return "\n".join([problem, *(f"      {place}" for place in [*places[:shown], *more])])
