"""English seed queries: read from CSV files and checked whole."""

import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path

from ..categories import BY_KEY, COMMONSENSE
from ..rows import Seed
from ..tabular import DataError, clean, read_csv, required
from .source import SeedSet

COLUMNS = required(Seed)
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def _problems(row: dict[str, str]) -> Iterable[str]:
    if not _ID.fullmatch(row["id"]):
        yield f"id {row['id']!r}: use letters, digits, '.', '_' and '-'"
    if row["category"] not in BY_KEY:
        yield f"unknown category {row['category']!r}; write one of: {', '.join(BY_KEY)}"
    unsafe = row.get("unsafe_options", "")
    if not re.fullmatch(r"[A-E]*", unsafe):
        yield f"unsafe_options {unsafe!r}: write the letters of the options that are unsafe, such as A or AB"
    elif unsafe and row["category"] != COMMONSENSE:
        yield f"unsafe_options {unsafe!r}: only {COMMONSENSE} has options; leave it empty"
    text = row["text"]
    if not text.strip():
        yield "empty text; write the query or take the row out"
    elif not unicodedata.is_normalized("NFC", text):
        yield f"text {text!r} is not in Unicode normal form NFC; save {unicodedata.normalize('NFC', text)!r}"
    elif text != clean(text):
        yield f"text {text!r} has control characters, CR line ends or white space around it; save {clean(text)!r}"


def read(folder: Path) -> SeedSet:
    """The seed queries of all CSV files in a folder, in the order of file names and rows.

    Raises DataError that lists every problem of every file, with file, row (the header is row 1), value and fix.
    """
    files = sorted(folder.glob("*.csv"))
    if not files:
        raise DataError(f"{folder}: no CSV file; add one with the columns {','.join(COLUMNS)}")
    seeds: list[Seed] = []
    problems: list[str] = []
    first_with: dict[tuple[str, str], str] = {}
    for file in files:
        try:
            rows = read_csv(file, COLUMNS)
        except DataError as error:
            problems.append(str(error))
            continue
        for number, row in enumerate(rows, 2):
            place = f"{file}, row {number}"
            problems += [f"{place}: {problem}" for problem in _problems(row)]
            for column, value in (("id", row["id"]), ("text", row["text"])):
                if value and (other := first_with.setdefault((column, value), place)) != place:
                    problems += [f"{place}: {column} {value!r} stands already in {other}; every {column} must differ"]
            seed = Seed(id=row["id"], category=row["category"], text=row["text"])
            seeds.append(seed | {"unsafe_options": row["unsafe_options"]} if row.get("unsafe_options") else seed)
    if problems:
        raise DataError.of(f"{folder}: {len(problems)} problem(s) in the seed queries", problems)
    if not seeds:
        raise DataError(f"{folder}: no seed query; add rows with {','.join(COLUMNS)}")
    return SeedSet(seeds)
