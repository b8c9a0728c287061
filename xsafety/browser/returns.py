"""What was said in the browser becomes evidence: one JSONL file per round among the returned review sheets.

Only on request, as people own that folder. A file there is written again only while it is as it was written last;
next to a sheet of the same reviewer and round, or where a row was answered in two versions, stands a further part.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..asking.journal import Journal, lines
from ..tabular import DataError, clean, to_json, write_bytes
from ..verification.evidence import Sheet, read_sheet, sheet_name, sheets
from .answers import Kept, read

_FILES = "files.jsonl"  # what was written, in the order of writing: round, version, part of the file's name, its hash


def folder_of(journal: Path, lang: str, reviewer: str) -> Path:
    """Where the answers of a reviewer are kept. The language is its last part, as it is of a folder of sheets."""
    return journal / "browser" / reviewer / lang


def answers_file(folder: Path, number: int) -> Path:
    return folder / f"answers-{number}.jsonl"


@dataclass(frozen=True)
class Returned:
    """A file of evidence, its rows with a verdict, and whether it was written now or stood there already."""

    path: Path
    rows: int
    is_new: bool


def take_in(folder: Path, reviews: Path, reviewer: str, seeds: Mapping[str, str]) -> tuple[list[Returned], list[str]]:
    """Writes the verdicts of a reviewer, kept in `folder`, to a language's folder of returned sheets.

    The same answers give the same bytes. `seeds` maps ids to English texts. Also returns the problems: rows that
    `read_sheet` does not take, and files that somebody changed meanwhile; nothing of such a file is written.
    """
    result = []
    problems = []
    for file in sorted(folder.glob("answers-*.jsonl")):
        number = int(file.stem.removeprefix("answers-"))
        for version, kept in enumerate(_versions(read(file).values()), 1):
            rows = [_evidence(one, reviewer) for one in kept]
            try:
                result += _write(folder, reviews, reviewer, number, version, rows, seeds)
            except DataError as error:
                problems.append(str(error))
    return result, problems


def _versions(kept: Iterable[Kept]) -> list[list[Kept]]:
    """The rows with a verdict, sorted by id; a row that was answered in two versions stands in two lists."""
    versions: list[dict[str, Kept]] = []
    seen: dict[str, int] = {}
    for one in kept:
        id = one.row["id"]
        place = seen[id] = seen.get(id, -1) + 1
        if place == len(versions):
            versions.append({})
        if one.answer.verdict:
            versions[place][id] = one
    return [[version[id] for id in sorted(version)] for version in versions]


def _evidence(kept: Kept, reviewer: str) -> dict[str, str]:
    answer = kept.answer
    given = {column: clean(kept.row[column]) for column in ("id", "category", "source", "draft", "check")}
    return given | {
        "target": clean(answer.target),
        "verdict": answer.verdict,
        "reviewer": reviewer,
        "date": kept.time[:10],
        "note": clean(answer.note),
    }


def _write(
    folder: Path,
    reviews: Path,
    reviewer: str,
    number: int,
    version: int,
    rows: Sequence[Mapping[str, str]],
    seeds: Mapping[str, str],
) -> list[Returned]:
    """One file of evidence; none where there are no verdicts and never were any."""
    data = "".join(to_json(row) + "\n" for row in rows).encode()
    written = [line for line in lines(folder / _FILES) if line["round"] == number]
    taken = [sheet.part for sheet in sheets(reviews)[0] if (sheet.round, sheet.reviewer) == (number, reviewer)]
    unused = max([0, *taken, *(line["part"] for line in written)]) + 1
    part = next((line["part"] for line in reversed(written) if line["version"] == version), 0)
    if not (rows or part):
        return []
    part = part or unused
    path = reviews / sheet_name(number, reviewer, part, ".jsonl")
    if path.exists():
        present = path.read_bytes()
        if present == data:
            return [Returned(path, len(rows), is_new=False)]
        if _digest(present) not in {line["sha256"] for line in written if line["part"] == part}:
            raise DataError(
                f"{path}: changed by hand since the browser's verdicts were written there; rename it"
                f" {sheet_name(number, reviewer, unused, '.jsonl')}, where it counts for more than they do, or"
                " delete it"
            )
    # Checked where no run of the workflow looks.
    staged = folder / path.name
    write_bytes(staged, data)
    try:
        read_sheet(Sheet(staged, number, reviewer), seeds)
    finally:
        staged.unlink(missing_ok=True)
    with Journal(folder / _FILES) as journal:
        journal.write({"round": number, "version": version, "part": part, "sha256": _digest(data)})
    write_bytes(path, data)
    return [Returned(path, len(rows), is_new=True)]


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
