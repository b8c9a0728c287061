"""What was said in the browser becomes evidence: one JSONL file per round among the returned review sheets.

Only on request, as people own that folder. A file there is written again only while it is as it was written last;
next to a sheet of the same reviewer and round, or where a row was answered in two versions, stands a further part.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..asking.journal import Fields, Journal, lacks, lines
from ..tabular import DataError, clean, to_json, write_bytes
from ..verification.evidence import Sheet, free_part, read_sheet, sheet_name, told
from .answers import StoredAnswer, read

_FILES = "files.jsonl"  # what was written, in the order of writing: round, version, part of the file's name, its hash

_WRITTEN: Fields = {"round": int, "version": int, "part": int, "sha256": str}


def _wrong(line: dict[str, Any]) -> str:
    return lacks(line, _WRITTEN)


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


def write_returns(
    folder: Path, reviews: Path, reviewer: str, seeds: Mapping[str, str]
) -> tuple[list[Returned], list[str]]:
    """Writes the verdicts of a reviewer, kept in `folder`, to a language's folder of returned sheets.

    The same answers give the same bytes. `seeds` maps ids to English texts. Also returns the problems: rows that
    `read_sheet` does not take, which are left out, and files that somebody changed meanwhile, which are left alone.
    """
    result = []
    problems = []
    for file in sorted(folder.glob("answers-*.jsonl")):
        round = _Round(folder, reviews, reviewer, int(file.stem.removeprefix("answers-")))
        for version, kept in enumerate(_versions(read(file).values()), 1):
            try:
                rows, wrong = round.sound([_evidence(one, reviewer) for one in kept], seeds)
                problems += wrong
                result += _write(round, version, rows)
            except DataError as error:
                problems.append(str(error))
    return result, problems


def _versions(kept: Iterable[StoredAnswer]) -> list[list[StoredAnswer]]:
    """The rows with a verdict, sorted by id; a row that was answered in two versions stands in two lists."""
    versions: list[dict[str, StoredAnswer]] = []
    seen: dict[str, int] = {}
    for one in kept:
        id = one.row["id"]
        place = seen[id] = seen.get(id, -1) + 1
        if place == len(versions):
            versions.append({})
        if one.answer.verdict:
            versions[place][id] = one
    return [[version[id] for id in sorted(version)] for version in versions]


def _evidence(kept: StoredAnswer, reviewer: str) -> dict[str, str]:
    row, answer = kept.row, kept.answer
    return {
        "id": clean(row["id"]),
        "category": clean(row["category"]),
        "source": clean(row["source"]),
        "draft": clean(row["draft"]),
        "check": clean(row["check"]),
        "target": clean(answer.target),
        "verdict": answer.verdict,
        "reviewer": reviewer,
        "date": kept.time[:10],
        "note": clean(answer.note),
    }


@dataclass(frozen=True)
class _Round:
    """A reviewer's round: where his answers are kept, and where they are written to."""

    folder: Path
    reviews: Path
    reviewer: str
    number: int

    def sheet(self, part: int) -> Sheet:
        path = self.reviews / sheet_name(self.number, self.reviewer, part, ".jsonl")
        return Sheet(path, self.number, self.reviewer, part)

    def written(self) -> list[dict[str, Any]]:
        return [line for line in lines(self.folder / _FILES, _wrong) if line["round"] == self.number]

    def unused_part(self) -> int:
        written = (int(line["part"]) + 1 for line in self.written())
        return max([free_part(self.reviews, self.number, self.reviewer), *written])

    def sound(
        self, rows: Sequence[Mapping[str, str]], seeds: Mapping[str, str]
    ) -> tuple[list[Mapping[str, str]], list[str]]:
        """The rows that a returned sheet may hold, and what is wrong with the others; read where no run looks."""
        staged = replace(self.sheet(1), path=self.folder / self.sheet(1).path.name)
        write_bytes(staged.path, _lines(rows))
        try:
            _, problems = read_sheet(staged, seeds)
        finally:
            staged.path.unlink(missing_ok=True)
        wrong = {problem.id for problem in problems}
        return [row for row in rows if row["id"] not in wrong], [told(staged.path, problems)] if problems else []


def _lines(rows: Iterable[Mapping[str, str]]) -> bytes:
    return "".join(to_json(row) + "\n" for row in rows).encode()


def _write(round: _Round, version: int, rows: Sequence[Mapping[str, str]]) -> list[Returned]:
    """One file of evidence; none where there are no verdicts and never were any."""
    data = _lines(rows)
    part = next((line["part"] for line in reversed(round.written()) if line["version"] == version), 0)
    if not (rows or part):
        return []
    sheet = round.sheet(part or round.unused_part())
    if sheet.path.exists():
        present = sheet.path.read_bytes()
        if present == data:
            return [Returned(sheet.path, len(rows), is_new=False)]
        if _digest(present) not in {line["sha256"] for line in round.written() if line["part"] == sheet.part}:
            raise DataError(
                f"{sheet.path}: changed by hand since the browser's verdicts were written there; rename it"
                f" {round.sheet(round.unused_part()).path.name}, where it counts for more than they do, or delete it"
            )
    with Journal(round.folder / _FILES) as journal:
        journal.write({"round": round.number, "version": version, "part": sheet.part, "sha256": _digest(data)})
    write_bytes(sheet.path, data)
    return [Returned(sheet.path, len(rows), is_new=True)]


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
