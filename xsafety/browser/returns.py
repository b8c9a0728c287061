"""What was said in the browser becomes evidence: one JSONL file per round or sample among the returned sheets.

Only on request, as people own that folder. A file there is written again only while it is as it was written last;
next to a sheet of the same person and round, or where a row was answered in two versions, stands a further part.
"""

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Generic, cast

from ..asking.journal import Fields, Journal, lacks, lines
from ..calibration.returned import LABEL_NAMES, read_labels
from ..rows import ShownLabelRow, ShownRow
from ..tabular import DataError, clean, to_json, write_bytes
from ..verification.evidence import REVIEW_NAMES, Sheet, read_sheet, told
from ..verification.sheets.names import Names, ReturnedFile, file_name, returned_files
from ..verification.validation import RowProblem
from .answers import AnswerT, LabelAnswer, RowAnswer, RowT, StoredAnswer, read, stored

_FILES = "files.jsonl"  # what was written, in the order of writing: round, version, part of the file's name, its hash


def answers_file(folder: Path, number: int) -> Path:
    return folder / f"answers-{number}.jsonl"


def folder_of(place: Path, lang: str, person: str) -> Path:
    """Where the answers of a person are kept. The language is its last part, as it is of a folder of sheets."""
    return place / person / lang


@dataclass(frozen=True)
class Returned:
    """A file of evidence, its rows that say something, and whether it was written now or stood there already."""

    path: Path
    rows: int
    is_new: bool


@dataclass(frozen=True)
class Returns(Generic[RowT, AnswerT]):
    """What a person said of a language, kept in `folder`, on its way to the language's folder of returned sheets."""

    folder: Path
    sheets: Path
    person: str
    of: str  # what has a number: sheets are named by it
    names: Names
    kept: Callable[[Path], Mapping[str, StoredAnswer[RowT, AnswerT]]]
    evidence: Callable[[StoredAnswer[RowT, AnswerT], str], Mapping[str, str]]  # by whom: the row of a returned sheet
    problems: Callable[[ReturnedFile], Sequence[RowProblem]]  # in a returned sheet

    def write(self) -> tuple[list[Returned], list[str]]:
        """Writes what was said. The same answers give the same bytes.

        Also returns the problems: rows that no returned sheet may hold, which are left out, and files that somebody
        changed meanwhile, which are left alone.
        """
        result = []
        problems = []
        for file in sorted(self.folder.glob("answers-*.jsonl")):
            place = _Place(self, int(file.stem.removeprefix("answers-")))
            for version, kept in enumerate(_versions(self.kept(file).values()), 1):
                try:
                    rows, wrong = place.sound([self.evidence(one, self.person) for one in kept])
                    problems += wrong
                    result += _write(place, version, rows)
                except DataError as error:
                    problems.append(str(error))
        return result, problems


def review_returns(
    folder: Path, reviews: Path, reviewer: str, seeds: Mapping[str, str]
) -> Returns[ShownRow, RowAnswer]:
    """A reviewer's verdicts; `seeds` maps ids to English texts."""

    def problems(file: ReturnedFile) -> list[RowProblem]:
        number = int(file.of.removeprefix("round-"))
        return read_sheet(Sheet(file.path, number, file.person, file.part), seeds)[1]

    return Returns(folder, reviews, reviewer, "round", REVIEW_NAMES, read, _review, problems)


def _review(kept: StoredAnswer[ShownRow, RowAnswer], reviewer: str) -> dict[str, str]:
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


def label_returns(
    folder: Path, labels: Path, labeller: str, drawn: Collection[str]
) -> Returns[ShownLabelRow, LabelAnswer]:
    """A labeller's labels; `drawn`: the digests of the answers that were drawn into any sample."""
    kept = partial(stored, row=ShownLabelRow, answer=LabelAnswer)
    return Returns(
        folder, labels, labeller, "sample", LABEL_NAMES, kept, _label, lambda file: read_labels(file, drawn)[1]
    )


def _label(kept: StoredAnswer[ShownLabelRow, LabelAnswer], labeller: str) -> dict[str, str]:
    said = {**vars(kept.answer), "note": clean(kept.answer.note)}
    return {**cast(dict[str, str], kept.row), **said, "labeller": labeller, "date": kept.time[:10]}


def _versions(kept: Iterable[StoredAnswer[RowT, AnswerT]]) -> list[list[StoredAnswer[RowT, AnswerT]]]:
    """The rows of which something was said, sorted by id; one that was answered in two versions stands in two lists."""
    versions: list[dict[str, StoredAnswer[RowT, AnswerT]]] = []
    seen: dict[str, int] = {}
    for one in kept:
        id = one.row["id"]
        place = seen[id] = seen.get(id, -1) + 1
        if place == len(versions):
            versions.append({})
        if one.answer.is_given:
            versions[place][id] = one
    return [[version[id] for id in sorted(version)] for version in versions]


@dataclass(frozen=True)
class _Place:
    """A person's round or sample: where his answers are kept, and where they are written to."""

    returns: Returns[Any, Any]
    number: int

    @property
    def name(self) -> str:
        return f"{self.returns.of}-{self.number}"

    def file(self, part: int) -> ReturnedFile:
        name = file_name(self.name, self.returns.person, part, ".jsonl")
        return ReturnedFile(self.returns.sheets / name, self.name, self.returns.person, part)

    def written(self) -> list[dict[str, Any]]:
        """The lines of `_FILES` about it."""
        of = self.returns.of
        fields: Fields = {of: int, "version": int, "part": int, "sha256": str}
        return [line for line in lines(self.record, lambda line: lacks(line, fields)) if line[of] == self.number]

    @property
    def record(self) -> Path:
        return self.returns.folder / _FILES

    def unused_part(self) -> int:
        files, _ = returned_files(self.returns.sheets, self.returns.names)
        present = [file.part for file in files if (file.of, file.person) == (self.name, self.returns.person)]
        return 1 + max([0, *present, *(int(line["part"]) for line in self.written())])

    def sound(self, rows: Sequence[Mapping[str, str]]) -> tuple[list[Mapping[str, str]], list[str]]:
        """The rows that a returned sheet may hold, and what is wrong with the others; read where no run looks."""
        staged = self.file(1)._replace(path=self.returns.folder / self.file(1).path.name)
        write_bytes(staged.path, _lines(rows))
        try:
            problems = self.returns.problems(staged)
        finally:
            staged.path.unlink(missing_ok=True)
        wrong = {problem.id for problem in problems}
        return [row for row in rows if row["id"] not in wrong], [told(staged.path, problems)] if problems else []


def _lines(rows: Iterable[Mapping[str, str]]) -> bytes:
    return "".join(to_json(row) + "\n" for row in rows).encode()


def _write(place: _Place, version: int, rows: Sequence[Mapping[str, str]]) -> list[Returned]:
    """One file of evidence; none where nothing is said and never was."""
    data = _lines(rows)
    part = next((line["part"] for line in reversed(place.written()) if line["version"] == version), 0)
    if not (rows or part):
        return []
    sheet = place.file(part or place.unused_part())
    if sheet.path.exists():
        present = sheet.path.read_bytes()
        if present == data:
            return [Returned(sheet.path, len(rows), is_new=False)]
        if _digest(present) not in {line["sha256"] for line in place.written() if line["part"] == sheet.part}:
            raise DataError(
                f"{sheet.path}: changed by hand since the browser's answers were written there; rename it"
                f" {place.file(place.unused_part()).path.name}, where it counts for more than they do, or delete it"
            )
    with Journal(place.record) as journal:
        line = {place.returns.of: place.number, "version": version, "part": sheet.part, "sha256": _digest(data)}
        journal.write(line)
    write_bytes(sheet.path, data)
    return [Returned(sheet.path, len(rows), is_new=True)]


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
