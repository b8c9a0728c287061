"""Returned review sheets become evidence: their sound rows, folded in order into a language's ledger."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, cast

from ..rows import DECIDING, RELEASE_REVIEWER, UNNAMED, Evidence, GivenText, ReviewVerdict, SheetRow
from ..tabular import DataError, file_sha256
from .sheets.formats import FORMATS, read_returned
from .sheets.names import Names, file_name, returned_files
from .validation import RowProblem, sound_rows

REVIEW_NAMES = Names(
    of=r"round-[1-9]\d*",
    person="reviewer",
    suffixes=tuple(FORMATS),
    begin="round",
    model="round-NUMBER.REVIEWER",
    example="round-1.anna",
    taken=RELEASE_REVIEWER,
    taken_by="the release's translators",
)


@dataclass(frozen=True)
class Sheet:
    """A returned review sheet: one reviewer, one round; `part` tells further sheets of both apart."""

    path: Path
    round: int
    reviewer: str
    part: int = 1


def sheet_name(round: int, reviewer: str, part: int, suffix: str) -> str:
    """The name of a returned sheet's file; `suffix` with its dot."""
    return file_name(f"round-{round}", reviewer, part, suffix)


def save_as(reviews: str, round: int) -> str:
    """Where in a language's folder a reviewer saves a filled sheet, without the suffix of its format."""
    return f"{reviews}/{sheet_name(round, UNNAMED, 1, '')}"


def sheets(folder: Path) -> tuple[list[Sheet], list[str]]:
    """A language's returned sheets, by round and reviewer, and the problems with files that are none."""
    files, problems = returned_files(folder, REVIEW_NAMES)
    found = [Sheet(path, int(of.removeprefix("round-")), person, part) for path, of, person, part in files]
    return sorted(found, key=lambda sheet: (sheet.round, sheet.reviewer, sheet.part)), problems


def free_part(folder: Path, round: int, reviewer: str) -> int:
    """The number of a reviewer's next sheet of a round in a language's folder."""
    return 1 + max([0, *(one.part for one in sheets(folder)[0] if (one.round, one.reviewer) == (round, reviewer))])


def read_sheet(
    sheet: Sheet, seeds: Mapping[str, str], decided: Mapping[tuple[str, str], int] | None = None
) -> tuple[list[SheetRow], list[RowProblem]]:
    """The sound rows of a returned sheet, cleaned once, and what is wrong with the others.

    `seeds` maps ids to English texts. `decided` maps id and English of rows that the reviewer must not decide again to
    the round in which he did. Raises DataError for a file that is refused whole.
    """

    def further(row: SheetRow) -> Iterator[str]:
        if row["reviewer"] not in ("", sheet.reviewer):
            yield f"reviewer {row['reviewer']!r}, but the file's name says {sheet.reviewer!r}; make them agree"
        if row["verdict"] in DECIDING and (before := (decided or {}).get((row["id"], row["source"]))):
            yield (
                f"round {sheet.round} must come from another reviewer than round {before}; leave the verdict empty, or"
                f" change your own in round-{before}.{sheet.reviewer}.2{sheet.path.suffix}"
            )

    try:
        return sound_rows(sheet.path.parent.name, read_returned(sheet.path), seeds, further)
    except ValueError as error:
        raise DataError(f"{sheet.path}: {error}; nothing of this file was taken in") from error


def told(path: Path, problems: Sequence[RowProblem]) -> str:
    """What is said of a file's rows that were not taken in, a line each below a heading."""
    lines = [f"{path}, {place} ({id}): {what}" for id, place, what in problems]
    rows = len({problem.place for problem in problems})
    return str(DataError.of(f"{path}: {len(lines)} problem(s); {rows} row(s) were not taken in", lines))


def evidence(
    sheet: Sheet, seeds: Mapping[str, str], decided: Mapping[tuple[str, str], int] | None = None
) -> tuple[list[Evidence], list[RowProblem]]:
    """A sheet's verdicts as ledger entries: who, when, what, before, after, and the hash of the file; and problems."""
    file_hash = file_sha256(sheet.path)
    rows, problems = read_sheet(sheet, seeds, decided)
    entries = [
        Evidence(
            id=row["id"],
            round=sheet.round,
            reviewer=sheet.reviewer,
            date=row["date"],
            verdict=cast(ReviewVerdict, row["verdict"]),
            source=row["source"],
            before=row["draft"],
            after=row["target"] or row["draft"],
            note=row["note"],
            sha256=file_hash,
        )
        for row in rows
        if row["verdict"]
    ]
    return entries, problems


def given_evidence(rows: Iterable[GivenText], lang: str) -> list[Evidence]:
    """The human translations of a language that came along, as ledger entries: one round, by who made them."""
    return [
        Evidence(
            id=row["id"],
            round=0,
            reviewer="-".join(re.findall("[A-Za-z0-9_-]+", row["by"])) or "translators",
            date=row["date"],
            verdict="edited",
            source=row["source"],
            before="",
            after=row["text"],
            note="",
            sha256=row["sha256"],
        )
        for row in rows
        if (row["lang"], row["status"]) == (lang, "human")
    ]


class Folded(NamedTuple):
    """A language's ledger of evidence, sorted, and what is wrong: with whole files, and with rows by file."""

    entries: list[Evidence]
    refused: list[str]
    rows: list[str]


def fold(
    folder: Path, seeds: Mapping[str, str], known: Iterable[Evidence] = (), *, different_reviewers: bool
) -> Folded:
    """Folds a language's returned sheets into its ledger; `known` comes before these.

    Of a row with problems nothing is in it; they are settled by a later sheet of the same reviewer that has a verdict
    on the row. With `different_reviewers` it is a problem if a reviewer decides a row in two rounds.
    """
    entries = list(known)
    returned, refused = sheets(folder)
    wrong: dict[Sheet, list[RowProblem]] = {}
    for sheet in returned:
        decided = decided_before(entries, sheet.reviewer, sheet.round) if different_reviewers else None
        try:
            found, problems = evidence(sheet, seeds, decided)
        except DataError as error:
            refused.append(str(error))
            continue
        entries += found
        said = {entry["id"] for entry in found}
        for other in wrong:
            if other.reviewer == sheet.reviewer:
                wrong[other] = [problem for problem in wrong[other] if problem.id not in said]
        wrong[sheet] = problems
    entries.sort(key=lambda entry: (entry["round"], entry["reviewer"], entry["id"]))
    return Folded(entries, refused, [told(sheet.path, problems) for sheet, problems in wrong.items() if problems])


def decided_before(entries: Iterable[Evidence], reviewer: str, round: int) -> dict[tuple[str, str], int]:
    """The rows (id and English) that a reviewer decided in a round before this one, and in which."""
    return {
        (entry["id"], entry["source"]): entry["round"]
        for entry in entries
        if entry["reviewer"] == reviewer and 0 < entry["round"] < round and entry["verdict"] in DECIDING
    }
