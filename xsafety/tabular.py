"""Reading and writing the project's CSV and JSONL files: UTF-8, LF, sorted keys, written whole or not at all.

And tables for the terminal and for Markdown.
"""

import csv
import hashlib
import io
import json
import os
import re
import shutil
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO, Literal, TypeVar, get_args, get_origin, get_type_hints, is_typeddict

Row = TypeVar("Row", bound=Mapping[str, Any])

_DROPPED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ufeff]")  # by `clean`: control characters and byte-order mark


# What a spreadsheet program takes for a formula. A quotation mark before it makes it a text; one more makes it back.
_FORMULA = re.compile(r"'*[=+\-@\t\r]")


class DataError(Exception):
    """Bad input: the message names file, row, value and fix, and lists all problems of the input at once."""

    @classmethod
    def of(cls, heading: str, problems: Sequence[str]) -> "DataError":
        return cls("\n".join([heading, *(f"  - {problem}" for problem in problems)]))


def clean(text: str) -> str:
    """NFC, LF, no control characters but tab and LF, no byte-order mark, no white space around: done on entry."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return unicodedata.normalize("NFC", _DROPPED.sub("", text)).strip()


def to_spreadsheet(text: str) -> str:
    """A text with a `'` before it if a spreadsheet program would take it for a formula."""
    return f"'{text}" if _FORMULA.match(text) else text


def from_spreadsheet(text: str) -> str:
    """The text that `to_spreadsheet` was given."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text


def is_visible(text: str) -> bool:
    """Whether a text has any character that shows: neither white space, nor a control or format character."""
    return any(char.isprintable() and not char.isspace() for char in text)


def file_sha256(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """A file beside `path` to write to, which takes its place at the end, so that a reader never sees half of one.

    Where that fails, what was there stays as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with partial.open("wb") as file:
            yield file
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def write_bytes(path: Path, data: bytes) -> None:
    """Writes a file whole or not at all."""
    with whole_file(path) as file:
        file.write(data)


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """A folder beside `path` to fill, which takes its place at the end, so that a reader never sees half of one.

    Where that fails, what was there stays as it was.
    """
    partial = path.with_name(f".{path.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)  # of a process that was killed
    try:
        yield partial
        shutil.rmtree(path, ignore_errors=True)
        partial.rename(path)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def write_text(path: Path, text: str) -> None:
    """Writes UTF-8, line ends as they are, as `write_bytes` does."""
    write_bytes(path, text.encode())


_CANONICAL = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def to_json(value: Any) -> str:
    """One canonical line of JSON: sorted keys, no needless spaces, text as it is."""
    return _CANONICAL.encode(value)


def write_json(path: Path, value: Any) -> None:
    write_text(path, json.dumps(value, ensure_ascii=False, sort_keys=True, indent=2) + "\n")


def write_jsonl(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    with whole_file(path) as file:
        file.writelines(f"{to_json(row)}\n".encode() for row in rows)


def read_jsonl(path: Path) -> Iterator[dict[str, Any]]:
    """The rows of a JSONL file; a line that is no JSON object raises DataError with file and line."""
    with path.open("rb") as lines:
        yield from json_objects(path, lines)


def json_objects(path: Path, lines: Iterable[bytes], *, blank: bool = False) -> Iterator[dict[str, Any]]:
    """The rows of the lines of a JSONL file, as `read_jsonl` has them; `blank`: lines may be so, and count."""
    for number, line in enumerate(lines, 1):
        if blank and not line.strip():
            continue
        try:
            row = json.loads(line.decode())
        except json.JSONDecodeError as error:
            raise DataError(f"{path}, line {number}: not JSON ({error.msg})") from error
        except (ValueError, RecursionError) as error:
            raise DataError(f"{path}, line {number}: not JSON in UTF-8, or nested too deep ({error})") from error
        if not isinstance(row, dict):
            raise DataError(f"{path}, line {number}: expected a JSON object")
        yield row


def write_csv(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, Any]], mark: str = "") -> None:
    """Writes a table; after a `mark`, such as the byte-order mark by which spreadsheet programs know UTF-8."""
    buffer = io.StringIO()
    buffer.write(mark)
    writer = csv.DictWriter(buffer, columns, lineterminator="\n", extrasaction="raise")
    writer.writeheader()
    writer.writerows(rows)
    write_text(path, buffer.getvalue())


def read_csv(path: Path, columns: Sequence[str]) -> list[dict[str, str]]:
    """The rows of a CSV file with a header; a missing column or a row of another width raises DataError.

    A leading byte-order mark is taken off; further columns than `columns` are kept.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, strict=True)
        try:
            table = list(reader)
        except UnicodeDecodeError as error:
            raise DataError(f"{path}: not UTF-8 ({error}); save it as 'CSV UTF-8'") from error
        except csv.Error as error:
            raise DataError(f"{path}, near line {reader.line_num}: {error}; is a quotation mark left open?") from error
    _check_header(path, table, columns)
    header = table[0]
    while not table[-1]:
        table.pop()
    problems = [
        f"{path}, row {number}: {len(row)} fields instead of {len(header)}; put quotes around text with commas"
        if row
        else f"{path}, row {number}: blank; take it out"
        for number, row in enumerate(table[1:], 2)
        if len(row) != len(header)
    ]
    if problems:
        raise DataError.of(f"{path}: {len(problems)} broken row(s)", problems)
    return [dict(zip(header, row, strict=True)) for row in table[1:]]


def _check_header(path: Path, table: Sequence[Sequence[str]], columns: Sequence[str]) -> None:
    if not any(table):
        raise DataError(f"{path}: empty; its first line must be: {','.join(columns)}")
    header = table[0]
    missing = [column for column in columns if column not in header]
    if missing and len(header) == 1 and (";" in header[0] or "\t" in header[0]):
        raise DataError(f"{path}: its columns are separated by semicolons or tabs; save it with commas")
    if missing:
        raise DataError(f"{path}: no column {', '.join(missing)}; its first line must have: {','.join(columns)}")


@cache
def required(kind: type[Mapping[str, Any]]) -> tuple[str, ...]:
    """Those of the columns that every row has."""
    return tuple(name for name in columns(kind) if name in vars(kind)["__required_keys__"])


@cache
def columns(kind: type[Mapping[str, Any]]) -> tuple[str, ...]:
    """The columns of a file whose rows are of a kind (a TypedDict of `xsafety.rows`)."""
    return tuple(get_type_hints(kind))


@cache
def _nothing(kind: type[Mapping[str, Any]]) -> dict[str, str | None]:
    """What stands in the columns that a row need not have where it has none: an empty text, or None."""
    texts = {name for name, hint in get_type_hints(kind).items() if hint is str or get_origin(hint) is Literal}
    return {name: "" if name in texts else None for name in columns(kind) if name not in required(kind)}


def write_rows(path: Path, kind: type[Row], rows: Iterable[Row]) -> None:
    """Writes rows of a kind, as JSONL or CSV by the suffix; in CSV None is nothing, lists and objects are JSON.

    Every row has every column: of several files some readers take the columns of the first.
    """
    names, whole = columns(kind), (_nothing(kind) | dict(row) for row in rows)
    if path.suffix == ".jsonl":
        write_jsonl(path, whole)
    else:
        write_csv(path, names, ({name: _cell(row[name]) for name in names} for row in whole))


def _cell(value: object) -> object:
    return to_json(value) if isinstance(value, list | dict) else "" if value is None else value


def rows_in(path: Path, kind: type[Row]) -> Iterator[Row]:
    """The rows of a JSONL file that `write_rows` wrote, one by one. Raises DataError for one that lacks a column."""
    needed, further = frozenset(required(kind)), [*_nothing(kind)]
    return (_checked(path, number, needed, further, row) for number, row in enumerate(read_jsonl(path), 1))  # type: ignore[misc]


def read_rows(path: Path, kind: type[Row]) -> list[Row]:
    """The rows of a file that `write_rows` wrote. Raises DataError for what is not there, or not of its type."""
    if path.suffix == ".jsonl":
        return list(rows_in(path, kind))
    readers = {name: reader for name, hint in get_type_hints(kind).items() if (reader := _reader(hint))}
    rows: list[dict[str, Any]] = []
    problems = []
    for number, row in enumerate(read_csv(path, required(kind)), 2):
        # What need not be there is not where its cell is empty.
        values: dict[str, Any] = {name: row[name] for name in columns(kind) if row.get(name) or name in required(kind)}
        for name, reader in readers.items():
            try:
                values[name] = reader(row[name])
            except ValueError:
                problems.append(f"{path}, row {number}: {name} is {row[name]!r}; make the file again")
        rows.append(values)
    if problems:
        raise DataError.of(f"{path}: {len(problems)} cell(s) that cannot be read", problems)
    return rows  # type: ignore[return-value]


def _checked(
    path: Path, number: int, needed: frozenset[str], further: Sequence[str], row: dict[str, Any]
) -> dict[str, Any]:
    if not needed <= row.keys():
        missing = [name for name in needed if name not in row]
        raise DataError(f"{path}, line {number}: no {', '.join(sorted(missing))}; make the file again")
    for name in further:
        if row.get(name) in ("", None):
            row.pop(name, None)
    return row


def _reader(hint: Any) -> Callable[[str], Any] | None:
    """How the text of a cell becomes a value of a type; None where it stays a text."""
    if hint in (int, float):
        return hint  # type: ignore[no-any-return]
    if type(None) in get_args(hint):
        return lambda text: _reader(int)(text) if text else None  # type: ignore[misc]
    return json.loads if get_origin(hint) in (list, dict) or is_typeddict(hint) else None


def aligned(rows: Sequence[Sequence[str]], *, left: int) -> str:
    """Lines of a table for the terminal, its first row the head; all columns but the first `left` flush right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column < left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def markdown_table(head: Sequence[str], rows: Iterable[Sequence[object]], *, left: int = 1) -> str:
    """A table in Markdown, all columns but the first `left` flush right; empty without rows."""
    lines = [f"| {' | '.join(map(str, row))} |\n" for row in rows]
    marks = ["---" if column < left else "--:" for column in range(len(head))]
    return "".join([f"| {' | '.join(head)} |\n", f"|{'|'.join(marks)}|\n", *lines]) if lines else ""
