"""What a reviewer said of the rows of one round, kept line by line as it is said.

One append-only file per reviewer, language and round, in the journal: it holds the rows too, as they were shown, so
that an answer always belongs to the English and the draft that it was given for, whatever changed since.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from ..asking.journal import Fields, Journal, lacks, lines
from ..rows import SheetRow, ShownRow
from ..tabular import clean, columns

_ANSWER: Fields = dict.fromkeys(("check", "target", "verdict", "note", "time"), str)


@dataclass(frozen=True)
class RowAnswer:
    """What stands on the page for a row: its text, the verdict ('' if open) and a note."""

    target: str
    verdict: str = ""
    note: str = ""


@dataclass(frozen=True)
class StoredAnswer:
    """A row as it was shown, the last answer to it, and when that was given (UTC, ISO 8601)."""

    row: ShownRow
    answer: RowAnswer
    time: str


def effective_verdict(draft: str, target: str, verdict: str) -> str:
    """The verdict that a text leaves standing.

    `edited` follows from an edit and ends with it; a row without text is neither `ok` nor `edited`.
    """
    if verdict not in ("", "ok", "edited"):
        return verdict
    text = clean(target)
    if text and text != clean(draft):
        return "edited"
    return "ok" if text and verdict == "ok" else ""


def read(path: Path) -> dict[str, StoredAnswer]:
    """The rows that were answered, by their `check`, in the order of their first answer; none if there is no file."""
    rows: dict[str, ShownRow] = {}
    kept: dict[str, StoredAnswer] = {}

    def problem(line: dict[str, Any]) -> str:
        if "row" in line:
            return lacks(line, {"row": dict}) or lacks(line["row"], dict.fromkeys(columns(ShownRow), str))
        return lacks(line, _ANSWER) or ("" if line["check"] in rows else "an answer to no row")

    for line in lines(path, problem):
        if "row" in line:
            rows[line["row"]["check"]] = line["row"]
        else:
            answer = RowAnswer(line["target"], line["verdict"], line["note"])
            kept[line["check"]] = StoredAnswer(rows[line["check"]], answer, line["time"])
    return kept


class Review:
    """A reviewer's rows and answers. Rows answered before come first, then the queue, as it came.

    Of a row that changed since it was answered (another `check`) only the present version is shown; the answer to the
    former one stays in the file.
    """

    def __init__(self, queue: Iterable[SheetRow], file: Path) -> None:
        """Raises DataError where another process writes to `file`."""
        self._journal = Journal(file)
        kept = read(file)
        self._known = set(kept)
        self._saved = {check: one.answer for check, one in kept.items()}
        answered = [one.row for one in kept.values() if one.answer.verdict]
        kept_columns = columns(ShownRow)
        shown = [cast(ShownRow, {name: text for name, text in row.items() if name in kept_columns}) for row in queue]
        present = {row["id"]: row for row in [*answered, *shown]}
        self.rows: Sequence[ShownRow] = list(present.values())
        self._answers = dict(self._saved)
        self._unsaved: dict[str, ShownRow] = {}

    def answer(self, row: ShownRow) -> RowAnswer:
        return self._answers.get(row["check"]) or RowAnswer(row["draft"])

    def write(self, row: ShownRow, text: str) -> None:
        """Takes a text in; the verdict follows it. A text that is the draft but for its form is the draft."""
        now = self.answer(row)
        target = row["draft"] if clean(text) == clean(row["draft"]) else text
        self._set(row, RowAnswer(target, effective_verdict(row["draft"], target, now.verdict), now.note))

    def decide(self, row: ShownRow, verdict: str) -> bool:
        """Gives a verdict, '' to take it back; false, and nothing changes, where the text does not allow it.

        `ok` to an edited text is `edited`.
        """
        now = self.answer(row)
        given = effective_verdict(row["draft"], now.target, verdict)
        if verdict and not given:
            return False
        self._set(row, RowAnswer(now.target, given, now.note))
        return True

    def remark(self, row: ShownRow, note: str) -> None:
        now = self.answer(row)
        self._set(row, RowAnswer(now.target, now.verdict, note))

    def _set(self, row: ShownRow, answer: RowAnswer) -> None:
        self._answers[row["check"]] = answer
        self._unsaved[row["check"]] = row

    @property
    def done(self) -> int:
        return sum(1 for row in self.rows if self.answer(row).verdict)

    def next_open(self, after: int) -> int | None:
        """The next row without a verdict, counted on from `after` and around; None if all have one."""
        count = len(self.rows)
        around = ((after + step) % count for step in range(1, count + 1))
        return next((number for number in around if not self.answer(self.rows[number]).verdict), None)

    def save(self) -> None:
        """Writes what is new. Raises OSError on a full disk: what was not written is tried again next time."""
        for check, row in list(self._unsaved.items()):
            answer = self._answers[check]
            if answer != self._saved.get(check, RowAnswer(row["draft"])):
                if check not in self._known:
                    self._journal.write({"row": row})
                    self._known.add(check)
                time = datetime.now(UTC).isoformat(timespec="seconds")
                self._journal.write({"check": check, **vars(answer), "time": time})
                self._saved[check] = answer
            del self._unsaved[check]

    def close(self) -> None:
        self.save()
        self._journal.close()
