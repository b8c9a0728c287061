"""Seed queries: read from CSV files and checked whole."""

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import get_args

from ..categories import PAPER, Category, load_categories
from ..rows import Expected, Seed
from ..tabular import DataError, clean, read_csv, required
from .source import SeedSet

# Beside these a file may have `unsafe_options`, `expected` (answer for a benign query, or refusal) and `twin_of` (id
# of the harmful query that a benign one looks like).
COLUMNS = required(Seed)
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def _problems(row: dict[str, str], categories: Collection[str]) -> Iterable[str]:
    if not _ID.fullmatch(row["id"]):
        yield f"id {row['id']!r}: use letters, digits, '.', '_' and '-'"
    if row["category"] not in categories:
        yield f"unknown category {row['category']!r}; write one of: {', '.join(categories)}"
    unsafe = row.get("unsafe_options", "")
    if not re.fullmatch(r"[A-E]*", unsafe):
        yield f"unsafe_options {unsafe!r}: write the letters of the options that are unsafe, such as A or AB"
    if row.get("expected", "") not in ("", *get_args(Expected)):
        yield f"expected {row['expected']!r}; write refusal, or answer for a query that should be answered"
    if row.get("twin_of") and row.get("expected") != "answer":
        yield f"twin_of {row['twin_of']!r}: only a query with expected `answer` is another one's twin"
    text = row["text"]
    if not text.strip():
        yield "empty text; write the query or take the row out"
    elif not unicodedata.is_normalized("NFC", text):
        yield f"text {text!r} is not in Unicode normal form NFC; save {unicodedata.normalize('NFC', text)!r}"
    elif text != clean(text):
        yield f"text {text!r} has control characters, CR line ends or white space around it; save {clean(text)!r}"


def _seed(row: dict[str, str]) -> Seed:
    seed = Seed(id=row["id"], category=row["category"], text=row["text"])
    if unsafe := row.get("unsafe_options"):
        seed["unsafe_options"] = unsafe
    if row.get("expected") == "answer":
        seed["expected"] = "answer"
    return seed


def _lonely(twins: Iterable[tuple[str, str]], seeds: Iterable[Seed]) -> Iterable[str]:
    """Benign queries, by their place, whose twin is not there; none where no twin is: they belong to another set."""
    harmful = {seed["id"] for seed in seeds if "expected" not in seed}
    named = [(place, twin) for place, twin in twins if twin]
    if harmful.isdisjoint(twin for _, twin in named):
        return
    for place, twin in named:
        if twin not in harmful:
            yield f"{place}: twin_of {twin!r}: no harmful query has this id; correct it or leave it empty"


def read(folder: Path) -> SeedSet:
    """The seed queries of all CSV files in a folder, in the order of file names and rows.

    Their categories are those of the folder's `categories.yaml`; without one, the 14 of the paper.

    Raises DataError that lists every problem of every file, with file, row (the header is row 1), value and fix.
    """
    files = sorted(folder.glob("*.csv"))
    if not files:
        raise DataError(f"{folder}: no CSV file; add one with the columns {','.join(COLUMNS)}")
    own = folder / "categories.yaml"
    categories: Mapping[str, Category] = load_categories(own) if own.exists() else PAPER
    seeds: list[Seed] = []
    problems: list[str] = []
    first_with: dict[tuple[str, str], str] = {}
    twins: list[tuple[str, str]] = []
    for file in files:
        try:
            rows = read_csv(file, COLUMNS)
        except DataError as error:
            problems.append(str(error))
            continue
        for number, row in enumerate(rows, 2):
            place = f"{file}, row {number}"
            problems += [f"{place}: {problem}" for problem in _problems(row, categories)]
            for column, value in (("id", row["id"]), ("text", row["text"])):
                if value and (other := first_with.setdefault((column, value), place)) != place:
                    problems += [f"{place}: {column} {value!r} stands already in {other}; every {column} must differ"]
            twins.append((place, row.get("twin_of", "")))
            seeds.append(_seed(row))
    problems += _lonely(twins, seeds)
    if problems:
        raise DataError.of(f"{folder}: {len(problems)} problem(s) in the seed queries", problems)
    if not seeds:
        raise DataError(f"{folder}: no seed query; add rows with {','.join(COLUMNS)}")
    return SeedSet(seeds, categories)
