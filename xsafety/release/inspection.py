"""What must hold of a release before it counts as made. All that does not is told at once."""

import gzip
import json
import os
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

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
_SECRET = ("KEY", "TOKEN", "SECRET", "PASSWORD")


def inspect_release(
    folder: Path, release: DataRelease, parts: Sequence[Part], texts: Collection[str], places: Collection[Path]
) -> list[str]:
    """The problems of a release; none if it is as it must be.

    `texts` are what a redacted one must not hold, `places` the folders of this machine that none may name.
    """
    found = [*_sums(folder), *_canaries(folder, canary(release.name)), *_secrets(folder, places)]
    for part in parts:
        table = pq.read_table(folder / part.file)
        if table.schema.remove_metadata() != arrow_schema(part.kind):
            found.append(
                f"{part.file}: its columns are {', '.join(table.schema.names)}; not as their noun declares them"
            )
            continue
        rows = table.to_pylist()
        lines = Path(folder, part.file).with_suffix("").with_suffix(".jsonl.gz")
        if rows != [json.loads(line) for line in _unpacked(lines).splitlines()]:
            found.append(f"{part.file} and {lines.name} do not hold the same rows")
        if not rows:
            found.append(f"{part.file}: no row")
        if part.kind is ReleaseRow:
            found += [f"{part.file}, {problem}" for problem in _row_problems(rows, release)]
        found += [f"{part.file}, row {number}: no canary" for number, row in enumerate(rows, 1) if not row["canary"]]
    if release.redacted:
        found += _leaks(folder, texts)
    return found


def _row_problems(rows: Sequence[ReleaseRow], release: DataRelease) -> Iterator[str]:
    for id, count in Counter(row["id"] for row in rows).items():
        if count > 1:
            yield f"{id}: {count} rows have this id"
    for row in rows:
        if problem := _text_problem(row["text"], redacted=release.redacted):
            yield f"{row['id']}: {problem}"
        if row["verification"] in UNVERIFIED_TEXTS and release.unverified != "mark":
            yield f"{row['id']}: not verified"
    for licence in sorted({row["licence"] for row in rows}):
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


def _unpacked(path: Path) -> str:
    data = path.read_bytes()
    return (gzip.decompress(data) if path.suffix == ".gz" else data).decode()


def _texts(folder: Path) -> Iterator[tuple[str, str]]:
    """The files of a release, unpacked, by their paths; Parquet files have been compared with their twins."""
    for path in [*released_files(folder), folder / SUMS]:
        if path.suffix != ".parquet":
            yield path.relative_to(folder).as_posix(), _unpacked(path)


def _canaries(folder: Path, mark: str) -> Iterator[str]:
    yield from (f"{name}: no canary" for name, text in _texts(folder) if mark not in text)


def _secrets(folder: Path, places: Collection[Path], environment: Mapping[str, str] = os.environ) -> Iterator[str]:
    """Values of variables that hold keys, anywhere; folders of this machine, but in texts of people."""
    keys = {name: value for name, value in environment.items() if name.endswith(_SECRET) and len(value) >= 8}
    for file, text in _texts(folder):
        yield from (f"{file}: holds the value of the variable {name}" for name, value in keys.items() if value in text)
        if not file.endswith(".gz"):
            yield from (f"{file}: names the folder {place}" for place in sorted(map(str, places)) if place in text)


def _leaks(folder: Path, texts: Collection[str]) -> Iterator[str]:
    """The files in which a text stands, of those of some length."""
    by_beginning: dict[str, list[str]] = {}
    for text in texts:
        if len(text) >= SHORTEST:
            by_beginning.setdefault(text[:SHORTEST], []).append(text)
    for file, content in _texts(folder):
        for line in dict.fromkeys(content.splitlines()):
            said = line.replace("\\n", "\n").replace('\\"', '"')
            beginnings = (said[at : at + SHORTEST] for at in range(len(said) - SHORTEST + 1))
            if any(text in said for beginning in beginnings for text in by_beginning.get(beginning, ())):
                yield f"{file}: holds the text of a query"
                break
