"""What must hold of a release before it counts as made. All that does not is told at once."""

import gzip
import json
import os
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from ..config.release import DataRelease
from ..rows import ReleaseRow
from ..tabular import file_sha256, is_visible
from .checksums import SUMS, read_sums, released_files
from .files import Part, arrow_schema
from .licences import objection
from .released import UNVERIFIED_TEXTS, canary

LONGEST_TEXT = 32_768  # bytes of a text
SHORTEST = 20  # characters of a text that is looked for in a redacted release
SAID = ("response", "judge_output")  # columns of what models and judges said
_SECRET = ("KEY", "TOKEN", "SECRET", "PASSWORD")


def inspect_release(
    folder: Path, release: DataRelease, parts: Sequence[Part], texts: Collection[str], places: Collection[Path]
) -> list[str]:
    """The problems of a release; none if it is as it must be.

    `texts` are what a redacted one must not hold, `places` the folders of this machine that none may name.
    """
    found = [*_sums(folder), *_canaries(folder, canary(release.name)), *_secrets(folder, places)]
    for part in parts:
        found += dict.fromkeys(f"{part.file}{problem}" for problem in _part_problems(folder, release, part))
    if release.redacted:
        found += _leaks(folder, texts)
    return found


def _part_problems(folder: Path, release: DataRelease, part: Part) -> Iterator[str]:
    """What is wrong with the two files of a part, which are read some rows at a time."""
    table = pq.ParquetFile(folder / part.file)
    if table.schema_arrow.remove_metadata() != arrow_schema(part.kind):
        yield f": its columns are {', '.join(table.schema_arrow.names)}; not as their noun declares them"
        return
    twin = Path(folder, part.file).with_suffix(".jsonl.gz")
    ids: Counter[str] = Counter()
    with gzip.open(twin) as lines:
        twins = map(json.loads, lines)
        groups = (table.read_row_group(at).to_pylist() for at in range(table.num_row_groups))
        for rows in chain(groups, [[]]):
            if rows != list(islice(twins, len(rows) or 1)):
                yield f" and {twin.name} do not hold the same rows"
            yield from (f", {problem}" for problem in _row_problems(rows, release, part))
            ids.update(row["id"] for row in rows if part.kind is ReleaseRow)
    yield from (f", {id}: {count} rows have this id" for id, count in ids.items() if count > 1)
    if not table.num_row_groups:
        yield ": no row"


def _row_problems(rows: Sequence[Mapping[str, Any]], release: DataRelease, part: Part) -> Iterator[str]:
    for row in rows:
        name = row.get("id", row.get("digest"))
        if not row["canary"]:
            yield f"{name}: no canary"
        if part.kind is not ReleaseRow:
            if not release.include_text and any(row.get(column) is not None for column in SAID):
                yield f"{name}: a text without `include_text`"
            continue
        if problem := _text_problem(row["text"], redacted=release.redacted):
            yield f"{name}: {problem}"
        if row["verification"] in UNVERIFIED_TEXTS and release.unverified != "mark":
            yield f"{name}: not verified"
    for licence in sorted({row["licence"] for row in rows if "licence" in row}):
        if why := objection(licence, release.licence):
            yield f"rows under {licence or 'no licence'}: {why}"


def _text_problem(text: str | None, *, redacted: bool) -> str:
    if redacted:
        return "" if text is None else "a text in a redacted release"
    if text is None or not is_visible(text):
        return "no text"
    if not unicodedata.is_normalized("NFC", text):
        return "the text is not in Unicode normal form NFC"
    return f"the text is longer than {LONGEST_TEXT:,} bytes" if len(text.encode()) > LONGEST_TEXT else ""


def _sums(folder: Path) -> Iterator[str]:
    sums = read_sums(folder)
    there = {path.relative_to(folder).as_posix(): path for path in released_files(folder)}
    for name in sorted(sums.keys() ^ there.keys()):
        yield f"{name}: {'no such file' if name in sums else 'no checksum'}"
    for name in sorted(sums.keys() & there.keys()):
        if sums[name] != file_sha256(there[name]):
            yield f"{name}: its checksum is another"


def _texts(folder: Path) -> Iterator[tuple[str, Iterator[str]]]:
    """The lines of a release's files, unpacked, by their paths; Parquet files have been compared with their twins."""
    for path in [*released_files(folder), folder / SUMS]:
        if path.suffix != ".parquet":
            opened = gzip.open if path.suffix == ".gz" else open
            with opened(path, "rt", encoding="utf-8") as lines:
                yield path.relative_to(folder).as_posix(), lines


def _canaries(folder: Path, mark: str) -> Iterator[str]:
    yield from (f"{name}: no canary" for name, lines in _texts(folder) if not any(mark in line for line in lines))


def _secrets(folder: Path, places: Collection[Path], environment: Mapping[str, str] = os.environ) -> Iterator[str]:
    """Values of variables that hold keys, anywhere; folders of this machine, but in texts of people."""
    keys = {name: value for name, value in environment.items() if name.endswith(_SECRET) and len(value) >= 8}
    named = {str(place): f"names the folder {place}" for place in sorted(places)}
    for file, lines in _texts(folder):
        looked_for = {value: f"holds the value of the variable {name}" for name, value in keys.items()}
        looked_for |= {} if file.endswith(".gz") else named
        found = dict.fromkeys(value for line in lines for value in looked_for if value in line)
        yield from (f"{file}: {told}" for value, told in looked_for.items() if value in found)


def _leaks(folder: Path, texts: Collection[str]) -> Iterator[str]:
    """The files in which a text stands, of those of some length."""
    by_beginning: dict[str, list[str]] = {}
    for text in texts:
        if len(text) >= SHORTEST:
            by_beginning.setdefault(text[:SHORTEST], []).append(text)
    for file, lines in _texts(folder):
        for line in lines:
            said = line.replace("\\n", "\n").replace('\\"', '"')
            beginnings = (said[at : at + SHORTEST] for at in range(len(said) - SHORTEST + 1))
            if any(text in said for beginning in beginnings for text in by_beginning.get(beginning, ())):
                yield f"{file}: holds the text of a query"
                break
