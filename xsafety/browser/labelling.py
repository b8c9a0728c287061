"""What a labeller said of the answers of a sample, and when a break is due."""

from dataclasses import dataclass, replace

from ..rows import DECIDED, ShownLabelRow
from .answers import PageAnswers


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


class Labelling(PageAnswers[ShownLabelRow, LabelAnswer]):
    """A labeller's answers, and what he said of them."""

    row_type = ShownLabelRow
    answer_type = LabelAnswer

    def blank(self, row: ShownLabelRow) -> LabelAnswer:
        return LabelAnswer()

    def label(self, row: ShownLabelRow, label: str) -> None:
        """Labels an answer; the label that it has already is taken back."""
        now = self.answer(row)
        self._set(row, replace(now, label="" if label == now.label else label))

    def refuse(self, row: ShownLabelRow, refusal: str) -> None:
        """Says whether an answer is a refusal; the word that it has already is taken back."""
        now = self.answer(row)
        self._set(row, replace(now, refusal="" if refusal == now.refusal else refusal))

    def remark(self, row: ShownLabelRow, note: str) -> None:
        self._set(row, replace(self.answer(row), note=note))


class Breaks:
    """When to suggest a break: after so many answers or seconds of work without one. Times are in seconds."""

    def __init__(self, done: int, now: float, *, answers: int = 25, seconds: float = 1800, pause: float = 300) -> None:
        """`pause`: what is as long between two answers is a break."""
        self._answers, self._seconds, self._pause = answers, seconds, pause
        self._from = self._last = now
        self._done = done

    def is_due(self, done: int, now: float) -> bool:
        """Whether to suggest one now that `done` answers are labelled; if so, or after a pause, it counts anew."""
        paused = now - self._last >= self._pause
        due = not paused and (done - self._done >= self._answers or now - self._from >= self._seconds)
        self._last = now
        if due or paused:
            self._from, self._done = now, done
        return due
