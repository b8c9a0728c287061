"""What a person said of the rows of one round or sample, kept line by line as it is said.

One append-only file per person, language and round, in the journal: it holds the rows too, as they were shown, so that
an answer always belongs to the texts that it was given for, whatever changed since.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar, cast

from ..asking.journal import Fields, Journal, lacks, lines
from ..rows import DECIDED, PageRow, ShownLabelRow, ShownRow
from ..tabular import clean, columns


@dataclass(frozen=True)
class RowAnswer:
    """What stands on the page for a row: its text, the verdict ('' if open) and a note."""

    target: str
    verdict: str = ""
    note: str = ""

    @property
    def is_given(self) -> bool:
        """Whether it says anything that counts."""
        return bool(self.verdict)

    @property
    def is_done(self) -> bool:
        """Whether the row waits for nothing more."""
        return self.is_given


@dataclass(frozen=True)
class LabelAnswer:
    """What stands on the page for an answer: its label and whether it is a refusal ('' if open), and a note."""

    label: str = ""
    refusal: str = ""
    note: str = ""

    @property
    def is_given(self) -> bool:
        return bool(self.label)

    @property
    def is_done(self) -> bool:
        """What cannot be understood, or is left to others, need not be called a refusal or none."""
        return bool(self.label and (self.refusal or self.label == "invalid" or self.label not in DECIDED))


RowT = TypeVar("RowT", bound=PageRow)
AnswerT = TypeVar("AnswerT", bound=RowAnswer | LabelAnswer)


@dataclass(frozen=True)
class StoredAnswer(Generic[RowT, AnswerT]):
    """A row as it was shown, the last answer to it, and when that was given (UTC, ISO 8601)."""

    row: RowT
    answer: AnswerT
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


def stored(path: Path, row: type[RowT], answer: type[AnswerT]) -> dict[str, StoredAnswer[RowT, AnswerT]]:
    """The rows that were answered, by their `check`, in the order of their first answer; none if there is no file."""
    names = [field.name for field in fields(cast(Any, answer))]
    needed: Fields = dict.fromkeys(("check", *names, "time"), str)
    rows: dict[str, RowT] = {}
    kept: dict[str, StoredAnswer[RowT, AnswerT]] = {}

    def problem(line: dict[str, Any]) -> str:
        if "row" in line:
            return lacks(line, {"row": dict}) or lacks(line["row"], dict.fromkeys(columns(cast(Any, row)), str))
        return lacks(line, needed) or ("" if line["check"] in rows else "an answer to no row")

    for line in lines(path, problem):
        if "row" in line:
            rows[line["row"]["check"]] = line["row"]
        else:
            given = answer(**{name: line[name] for name in names})
            kept[line["check"]] = StoredAnswer(rows[line["check"]], given, line["time"])
    return kept


def read(path: Path) -> dict[str, StoredAnswer[ShownRow, RowAnswer]]:
    """The rows that a reviewer answered, as `stored`."""
    return stored(path, ShownRow, RowAnswer)


class PageAnswers(ABC, Generic[RowT, AnswerT]):
    """A person's rows and answers. Rows answered before come first, then the queue, as it came.

    Of a row that changed since it was answered (another `check`) only the present version is shown; the answer to the
    former one stays in the file.
    """

    row_type: type[RowT]
    answer_type: type[AnswerT]

    def __init__(self, queue: Iterable[PageRow], file: Path) -> None:
        """Raises DataError where another process writes to `file`."""
        self._journal = Journal(file)
        kept = stored(file, self.row_type, self.answer_type)
        self._known = set(kept)
        self._saved = {check: one.answer for check, one in kept.items()}
        answered = [one.row for one in kept.values() if one.answer.is_given]
        kept_columns = columns(cast(Any, self.row_type))
        shown = [cast(RowT, {name: text for name, text in row.items() if name in kept_columns}) for row in queue]
        present = {row["id"]: row for row in [*answered, *shown]}
        self.rows: Sequence[RowT] = list(present.values())
        self._answers = dict(self._saved)
        self._unsaved: dict[str, RowT] = {}

    @abstractmethod
    def blank(self, row: RowT) -> AnswerT:
        """The answer to a row of which nothing was said."""

    def answer(self, row: RowT) -> AnswerT:
        return self._answers.get(row["check"]) or self.blank(row)

    def remark(self, row: RowT, note: str) -> None:
        self._set(row, replace(self.answer(row), note=note))

    def _set(self, row: RowT, answer: AnswerT) -> None:
        self._answers[row["check"]] = answer
        self._unsaved[row["check"]] = row

    @property
    def done(self) -> int:
        return sum(1 for row in self.rows if self.answer(row).is_done)

    def next_open(self, after: int) -> int | None:
        """The next row that is not done, counted on from `after` and around; None if all are."""
        count = len(self.rows)
        around = ((after + step) % count for step in range(1, count + 1))
        return next((number for number in around if not self.answer(self.rows[number]).is_done), None)

    def save(self) -> None:
        """Writes what is new. Raises OSError on a full disk: what was not written is tried again next time."""
        for check, row in list(self._unsaved.items()):
            answer = self._answers[check]
            if answer != self._saved.get(check, self.blank(row)):
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


class Review(PageAnswers[ShownRow, RowAnswer]):
    """A reviewer's rows and answers."""

    row_type = ShownRow
    answer_type = RowAnswer

    def blank(self, row: ShownRow) -> RowAnswer:
        return RowAnswer(row["draft"])

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


class Labelling(PageAnswers[ShownLabelRow, LabelAnswer]):
    """A labeller's answers, and what he said of them."""

    row_type = ShownLabelRow
    answer_type = LabelAnswer

    def blank(self, row: ShownLabelRow) -> LabelAnswer:
        return LabelAnswer()

    def choose(self, row: ShownLabelRow, what: Literal["label", "refusal"], word: str) -> None:
        """Labels an answer, or says whether it is a refusal; a word that it has already is taken back."""
        now = self.answer(row)
        self._set(row, replace(now, **{what: "" if word == vars(now)[what] else word}))
