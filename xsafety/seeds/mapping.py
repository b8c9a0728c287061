"""The texts of a named source, by its mapping: which row and column is which query, in which language.

What can be mended is mended and noted; what cannot be read is a problem, told once for all rows that have it.
"""

import ast
import datetime
import hashlib
import json
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple

from ..config.dataset import (
    ByFile,
    BySheet,
    Constant,
    Listed,
    Mapped,
    NamedSource,
    Origin,
    OriginColumns,
    OriginLanguage,
)
from ..rows import Expected
from ..tabular import DataError, clean, is_visible, to_json
from ..text.languages import tag_of
from .tables import OriginTable, grouped, read_tables

CellText = Callable[[int], str]
"""The value of one thing, such as the category, in a row of a table by its place."""

_NOTHING = frozenset(("nan", "none", "null", "n/a", "#n/a", "<na>", "#name?", "#value!", "-", "--"))
_EXPECTED: dict[str, Expected] = {"refuse": "refusal", "refusal": "refusal", "answer": "answer"}


class OriginText(NamedTuple):
    """A text of a data set in one language; `category` and `scenario` in the origin's words."""

    file: str
    sheet: str
    row: int
    id: str
    group: str
    lang: str
    text: str
    source_text: str
    category: str
    scenario: str
    split: str
    expected: Expected

    @property
    def place(self) -> str:
        return f"{self.where}, row {self.row}"

    @property
    def where(self) -> str:
        return f"{self.file}, sheet {self.sheet}" if self.sheet else self.file


class Note(NamedTuple):
    """What was done to a text, or what is odd about it."""

    text: OriginText
    kind: Literal["mended", "blank", "repeated", "no source"]
    reason: str


@dataclass
class Reading:
    """The texts of a source, what was mended or is odd, and how many rows its tables have in all."""

    texts: list[OriginText] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    rows: int = 0


class Problems:
    """What is wrong with a source, each problem with the places that have it."""

    def __init__(self) -> None:
        self._places: defaultdict[str, list[str]] = defaultdict(list)

    def add(self, problem: str, place: str) -> None:
        self._places[problem].append(place)

    def lines(self) -> list[str]:
        return [grouped(problem, places) for problem, places in self._places.items()]


def read_texts(name: str, source: NamedSource, language: str) -> Reading:
    """The texts of a source; `language` is that of the seeds.

    Raises DataError with all that is wrong with it, grouped.
    """
    reading, problems = Reading(), Problems()
    for table in tables_in(source, source.language):
        try:
            layout = _Layout(table, source)
            for row in layout.rows():
                reading.rows += 1
                for text in layout.texts(row, problems):
                    _take(text, reading)
        except Unmapped as error:
            problems.add(error.problem, error.place)
    if not problems.lines():
        _name_by_text(reading, source, language)
        _check_ids(reading.texts, problems)
        if not reading.texts:
            none = "no rows below the header, or none that `where` leaves"
            found = f"no text: {reading.rows} row(s), all without one; see `text`, and `where`"
            problems.add(found if reading.rows else none, _files(source))
    if lines := problems.lines():
        raise DataError.of(f"dataset.{name}: {len(lines)} problem(s)", lines)
    _note_repeated(reading)
    return reading


def _files(source: NamedSource) -> str:
    return f"hub: {source.hub.name}" if source.hub else f"files: {source.files}"


class Unmapped(Exception):
    """A table that the mapping does not fit."""

    def __init__(self, problem: str, place: str) -> None:
        super().__init__(f"{place}: {problem}")
        self.problem, self.place = problem, place


class TableView:
    """A table as the mapping sees it: each column by its name or number, each cell a text."""

    def __init__(self, table: OriginTable) -> None:
        self.table = table

    def has(self, column: str | int) -> bool:
        return column in self.table.header or (isinstance(column, int) and 0 <= column < len(self.table.header))

    def column(self, column: str | int, what: str) -> CellText:
        header, rows = self.table.header, self.table.rows
        if not header:
            raise Unmapped(f"empty; its first row names the columns{self._other_sheets()}", self.table.name)
        if not self.has(column):
            there = ", ".join(name or str(at) for at, name in enumerate(header))
            raise Unmapped(f"{what}: no column {column!r}; there are: {there}{self._other_sheets()}", self.table.name)
        if isinstance(column, str) and (several := header.count(column)) > 1:
            raise Unmapped(f"{what}: {several} columns are named {column!r}; give its number from 0", self.table.name)
        at = column if isinstance(column, int) else header.index(column)
        return lambda row: _value(rows[row][at]) if at < len(rows[row]) else ""

    def _other_sheets(self) -> str:
        return "; name the sheets that count: language: {sheet: {NAME: TAG}}" if self.table.sheet else ""

    def _refuse_lists(self, column: str | int, what: str) -> None:
        at = column if isinstance(column, int) else self.table.header.index(column)
        if any(isinstance(row[at], list) for row in self.table.rows if at < len(row)):
            fix = f"say what counts of them: {what}: {{column: {column}, list: first}}, or all"
            raise Unmapped(f"{what}: column {column!r} holds lists; {fix}", self.table.name)

    def some(self) -> range:
        """Rows to look at in order to tell what a column holds."""
        return range(min(len(self.table.rows), 100))

    def joined(self, columns: str | int | Sequence[str | int], what: str) -> CellText:
        cells = [self.column(one, what) for one in ([columns] if isinstance(columns, str | int) else columns)]

        def value(row: int) -> str:
            values = [cell(row).strip() for cell in cells]
            return "-".join(values) if all(values) else ""

        return value

    def said(self, block: str | int | Mapped | Constant | None, what: str) -> CellText:
        """The value of a block that names a column and maybe maps it, or a constant; "" without a block."""
        if block is None:
            return lambda row: ""
        if isinstance(block, Constant):
            return lambda row: block.constant
        column = block.column if isinstance(block, Mapped) else block
        cell = self.column(column, what)
        if not (isinstance(block, Listed) and block.list):
            self._refuse_lists(column, what)
        if not isinstance(block, Mapped):
            return cell
        known = {_value(value): ours for value, ours in block.map.items()}
        folded = {value.casefold(): ours for value, ours in known.items()}
        kind = block.list if isinstance(block, Listed) else None

        def value(row: int) -> str:
            found = cell(row).strip()
            if kind:
                entries = [entry.strip() for entry in _entries(found)]
                entries = [known.get(entry, folded.get(entry.casefold(), entry)) for entry in entries]
                return ", ".join(entries[:1] if kind == "first" else entries)
            return known.get(found, folded.get(found.casefold(), found))

        return value

    def kept(self, where: str | None) -> Iterator[int]:
        """The rows that `where` leaves, without those that are empty throughout."""
        rows: Iterable[int] = range(len(self.table.rows))
        if where is not None:
            import pandas as pd

            width = len(self.table.header)
            cells = [[*row, *[""] * (width - len(row))] for row in self.table.rows]
            try:
                frame = pd.DataFrame(cells, columns=list(self.table.header), dtype=object)
                rows = frame.query(where, engine="python").index
            except Exception as error:  # whatever the expression raises
                columns = ", ".join(self.table.header)
                raise Unmapped(f"where: {where!r}: {error}; the columns are: {columns}", self.table.name) from error
        for row in rows:
            if any(_value(cell).strip() for cell in self.table.rows[row]):
                yield int(row)


def _value(cell: object) -> str:
    """A cell as a text: nothing is empty, a whole number has no decimals, a day no time, a list is JSON."""
    if cell is None or cell != cell:  # no number, no date
        return ""
    if isinstance(cell, datetime.datetime) and cell.time() == datetime.time():
        return cell.date().isoformat()
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return to_json(cell) if isinstance(cell, list) else str(cell)


def _entries(value: str) -> list[str]:
    """The entries of a list, as JSON or as Python writes it; any other text is the one entry."""
    for read in (json.loads, ast.literal_eval):
        try:
            found = read(value)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            continue
        if isinstance(found, list | tuple | set):
            return [_value(entry) for entry in found]
    return [value]


class _Layout:
    """Where in a table the things of a text stand."""

    def __init__(self, table: OriginTable, source: NamedSource) -> None:
        view = self._view = TableView(table)
        self._table, self._source = table, source
        wide = source.text if isinstance(source.text, dict) else None
        # By language, "" where each row says it.
        self._texts = {tag: view.column(column, f"text, {tag}") for tag, column in (wide or {}).items()}
        if not isinstance(source.text, dict):
            self._texts = {"": _first_filled(view, source.text)}
        self._language = None if wide else said_language(view, source.language)
        self._id, self._group = (
            None if block is None else view.joined(block, what)
            for what, block in (("id", source.id), ("group", source.group))
        )
        self._category = view.said(source.category, "category")
        self._scenario = view.said(source.scenario, "scenario")
        self._split = view.said(source.split, "split")
        self._source_text = view.said(source.source_text, "source_text")
        self._expected = _expected(view, source)

    def rows(self) -> Iterator[int]:
        return self._view.kept(self._source.where)

    def texts(self, row: int, problems: Problems) -> list[OriginText]:
        """The texts of a row, as they stand; what cannot be read of it is added to the problems."""
        place = self._table.place(row)
        id, group = (cell(row) if cell else "" for cell in (self._id, self._group))
        for what, cell, value in (("id", self._id, id), ("group", self._group, group)):
            if cell and not value:
                problems.add(f"{what}: empty; fill it, name other columns, or leave the row out by `where`", place)
        category = " ".join(self._category(row).split())
        if self._source.category is not None and not category:
            problems.add("category: empty; fill it, map '' to a name, or leave the row out by `where`", place)
        expected = self._expected(row).strip()
        if expected.casefold() not in _EXPECTED:
            problems.add(
                "expected: neither refuse nor answer; map it: expected: {column: NAME, map: {VALUE: answer}}",
                f"{place}: {expected!r}",
            )
        lang = tag_in(self._language(row), place, problems) if self._language else ""
        return [
            OriginText(
                file=self._table.file,
                sheet=self._table.sheet,
                row=self._table.first + row,
                id=id,
                group=group,
                lang=tag or lang,
                text=text(row),
                source_text=clean(self._source_text(row)),
                category=category,
                scenario=" ".join(self._scenario(row).split()),
                split=self._split(row).strip(),
                expected=_EXPECTED.get(expected.casefold(), "refusal"),
            )
            for tag, text in self._texts.items()
        ]


def _first_filled(view: TableView, columns: OriginColumns) -> CellText:
    """The text of the first column that there is and that is filled."""
    if isinstance(columns, str | int):
        return view.column(columns, "text")
    there = [column for column in columns if view.has(column)]
    cells = [view.column(column, "text") for column in there or columns]
    return lambda row: next((text for cell in cells if not says_nothing(text := cell(row))), "")


def says_nothing(text: str) -> bool:
    """Whether a text is blank, or what programs write into a cell that has none."""
    return not is_visible(text) or text.strip().casefold() in _NOTHING


def tables_in(source: Origin, language: OriginLanguage | None) -> Iterator[OriginTable]:
    """The tables of a source; where sheets say the language, without others."""
    tables = read_tables(source)
    return (table for table in tables if not isinstance(language, BySheet) or table.sheet in language.sheet)


def tag_in(said: str, place: str, problems: Problems) -> str:
    """The tag of a language by its tag or name; empty, and a problem, where it is none."""
    if not (tag := tag_of(said.strip())):
        fix = "map it: language: {column: NAME, map: {VALUE: TAG}}"
        problems.add(f"language: the name of no language; {fix}", f"{place}: {said.strip()!r}")
    return tag


def said_language(view: TableView, block: OriginLanguage | None) -> CellText:
    """The language of a row, as the table has it."""
    table = view.table
    if isinstance(block, ByFile):
        before, after = map(re.escape, Path(block.file).name.split("{language}"))
        found = re.fullmatch(rf"{before}(.+?){after}(?:\.gz)?", Path(table.file).name)
        if not found:
            raise Unmapped(f"language: {block.file!r} is not how the file is called", table.name)
        return lambda row: found[1]
    if isinstance(block, BySheet):
        return lambda row: block.sheet[table.sheet]
    if isinstance(block, str):
        # `language: id` is Indonesian, also where there is a column of numbers of that name.
        if view.has(block) and (not tag_of(block) or any(tag_of(view.column(block, "")(row)) for row in view.some())):
            return view.column(block, "language")
        if not tag_of(block):
            view.column(block, "language")
        return lambda row: block
    return view.said(block, "language")


def _expected(view: TableView, source: NamedSource) -> CellText:
    block = source.expected
    if isinstance(block, str) and block in _EXPECTED:
        return lambda row: block
    return view.said(block, "expected")


def _take(found: OriginText, reading: Reading) -> None:
    """Adds a text, mended, and a note of that; of a blank one only the note."""
    text = clean(found.text)
    if says_nothing(text):
        reading.notes.append(Note(found._replace(text=""), "blank", f"it says {text!r}" if text else "no text"))
        return
    reading.texts.append(mended := found._replace(text=text))
    if text != found.text:
        reading.notes.append(Note(mended, "mended", f"{_what_was_odd(found.text)}; was {to_json(found.text)}"))


def _what_was_odd(text: str) -> str:
    odd = {
        "white space around it": text != text.strip(),
        "not in Unicode normal form NFC": not unicodedata.is_normalized("NFC", text),
        "CR line ends": "\r" in text,
    }
    return ", ".join(what for what, is_so in odd.items() if is_so) or "control characters"


def _name_by_text(reading: Reading, source: NamedSource, language: str) -> None:
    """Gives texts without an id a digest: of their row's text in the language of the seeds, or their own.

    Without a group, the id is the group.
    """
    own = {text.place: text.text for text in reversed(reading.texts)}
    own |= {text.place: text.text for text in reading.texts if text.lang == language}
    times: Counter[tuple[str, str]] = Counter()
    for at, text in enumerate(reading.texts):
        id = text.id
        if source.id is None:
            id = digest_of(own[text.place])
            times[text.lang, id] += 1
            if (time := times[text.lang, id]) > 1:
                id = f"{id}-{time}"
        reading.texts[at] = text._replace(id=id, group=text.group or id)


def digest_of(text: str) -> str:
    """A short digest that stands for a text."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _check_ids(texts: Iterable[OriginText], problems: Problems) -> None:
    first: dict[tuple[str, str], OriginText] = {}
    # A row of a table with a column for each language stands in several languages.
    again = {
        f"{text.place}: {text.id!r}, as {other.place}": None
        for text in texts
        if (other := first.setdefault((text.lang, text.id), text)) is not text
    }
    for place in again:
        problems.add(
            "id: stands in one language more than once; correct it, or join columns that tell the rows apart, as "
            "id: [id, type]",
            place,
        )


def _note_repeated(reading: Reading) -> None:
    """Notes the texts that stood before in their language; they stay."""
    first: dict[tuple[str, str], OriginText] = {}
    for text in reading.texts:
        if (other := first.setdefault((text.lang, text.text), text)) is not text:
            reading.notes.append(Note(text, "repeated", f"the same text as {other.place}"))
