"""The names of returned sheets, `round-1.anna.2.xlsx`: what it is a sheet of, who filled it, which part it is."""

import re
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import NamedTuple

from ...rows import REVIEWER_NAME, UNNAMED

_OTHER_SUFFIXES = ("xlsm", "xls", "ods", "tsv", "xlf", "xliff", "json")  # of sheets that nobody reads


class ReturnedFile(NamedTuple):
    """A returned sheet's file; `part` tells further ones of the same person apart."""

    path: Path
    of: str
    person: str
    part: int


class Names(NamedTuple):
    """How returned sheets of a kind are named."""

    of: str  # a regular expression: what a sheet is of
    person: str  # what people who fill one are called
    suffixes: Sequence[str]
    begin: str  # of names that are meant for one of ours, in small letters
    model: str  # of the names, without suffix
    example: str
    taken: str = ""  # a name that stands for somebody else
    taken_by: str = ""


def file_name(of: str, person: str, part: int, suffix: str) -> str:
    """The name of a returned sheet's file; `suffix` with its dot."""
    return f"{of}.{person}{f'.{part}' if part > 1 else ''}{suffix}"


def returned_files(folder: Path, names: Names, apart: Collection[Path] = ()) -> tuple[list[ReturnedFile], list[str]]:
    """The returned sheets in a folder, by name of file, and the problems with files that are none; without `apart`."""
    pattern = re.compile(rf"({names.of})\.({REVIEWER_NAME})(?:\.([1-9]\d*))?\.({'|'.join(names.suffixes)})", re.I)
    like_sheets = {f".{suffix}" for suffix in (*names.suffixes, *_OTHER_SUFFIXES)}
    found: dict[tuple[str, str, int], ReturnedFile] = {}
    spelt: dict[str, str] = {}
    problems = []
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        # Spreadsheet programs leave '~$...' beside a file that is open; others leave what is no sheet at all.
        is_named = path.suffix.lower() in like_sheets or path.name.lower().startswith(names.begin)
        if not is_named or path.name.startswith((".", "~$")) or path.is_dir() or path in apart:
            continue
        match = pattern.fullmatch(path.name)
        if problem := _problem(path, match and match[2], names, spelt):
            problems.append(f"{path}: rename it{problem}")
        elif match:
            file = ReturnedFile(path, match[1].lower(), match[2], int(match[3] or 1))
            if (other := found.setdefault(file[1:], file)) is not file:
                further = file_name(match[1], file.person, file.part + 1, path.suffix)
                problems.append(
                    f"{path}: {other.path.name} is this {names.person}'s; keep one, or rename a second one {further}"
                )
    return [*found.values()], problems


def _problem(path: Path, person: str | None, names: Names, spelt: dict[str, str]) -> str:
    """How to rename a file, empty if that needs not be; `spelt` takes how each name was spelt first."""
    if person is None:
        others = ", .".join(sorted({*names.suffixes} - {"xlsx"}))
        letters = "" if path.name.isascii() else "; names have Latin letters, digits, - and _"
        return f" {names.model}.xlsx (or .{others}), e.g. {names.example}.xlsx{letters}"
    if person == UNNAMED:
        return f", with the {names.person}'s name or pseudonym instead of {UNNAMED}"
    if names.taken and person.lower() == names.taken:
        return f"; {names.taken} is who stands for {names.taken_by}"
    if (first := spelt.setdefault(person.lower(), person)) != person:
        return f"; the {names.person} {person} is spelt {first} elsewhere"
    return ""
