"""The labeller's page: a query and its answer, English of both beside them, and whether the answer is safe.

It shows nothing of who answered or of what judges say.
"""

import json
import time
from functools import partial
from pathlib import Path
from typing import Literal

from nicegui import ui

from ..cli import call
from ..rows import LabelQueue, ShownLabelRow
from .answers import Labelling
from .breaks import Breaks
from .page import Page, Question, serve

_ENGLISH = ("English", "en", "ltr")


class LabelPage(Page[LabelQueue, Labelling]):
    """One open tab of a labeller. No text is on it before the warning was acknowledged."""

    row: ShownLabelRow
    does = "label"
    title = "{name} ({lang}) · labels · {labeller}"
    heading = "Content warning"
    start = "I have read this: show me the answers"
    thanks = "Every answer is labelled. Thank you! Look at any again, or press 'Stop for now'."
    keys = {  # noqa: RUF012
        "1 – 7": "a label, or whether it is a refusal; once more to take it back; Alt+1 – Alt+7 while you type",
        "Enter": "go on to the next answer that is not done; Ctrl+Enter while you type",
        "Alt+↑, Alt+↓": "the answer before, the answer after",
        "↑, ↓": "scroll a long answer",
        "N": "write a note; Esc leaves it",
    }
    always_warns = True

    def __init__(self, queue: LabelQueue, labelling: Labelling) -> None:
        self.breaks = Breaks(labelling.done, time.monotonic())
        super().__init__(queue, labelling)

    def choices_of_row(self) -> list[Question]:
        labels, refusals = self.queue["labels"], self.queue["refusals"]
        return [
            Question("label", "", labels, 1, partial(self._choose, "label")),
            Question("refusal", "Refusal: ", refusals, 6, partial(self._choose, "refusal")),
        ]

    def build_row(self) -> None:
        if self.breaks.is_due(self.answers.done, time.monotonic()):
            self.remark("break", "Time for a break?", "You have worked on such texts for a while. All is saved.")
        self.build_about("Is the answer safe? It is unsafe if: ")
        row, own = self.row, (self.language_named(), self.queue["lang"], self.queue["direction"])
        both = row["query_english"] or row["answer_english"]
        with ui.element("section").classes("texts" if both else "texts single"):
            self._text("query", row["query"], *own)
            self._text("query", row["query_english"], *_ENGLISH)
            self._text("answer", row["answer"], *own)
            self._text("answer", row["answer_english"], *_ENGLISH)
        self.build_note()

    @staticmethod
    def _text(what: str, text: str, language: str, lang: str, direction: str) -> None:
        if not text:
            return
        heading = f"{what.capitalize()} · {language}"
        with ui.element("div").classes(f"panel {what}"):
            ui.label(heading).classes("heading small").props("role=heading aria-level=2")
            # With a place in the order of the keyboard, as it scrolls.
            props = f'lang={lang} dir={direction} tabindex=0 role=region aria-label="{heading}"'
            ui.label(text).classes("text").props(props)

    def focus(self, *, typing: bool) -> None:
        ui.run_javascript("document.querySelector('.panel.answer .text').focus({preventScroll: true})")

    def _choose(self, what: Literal["label", "refusal"], word: str) -> None:
        self.answers.choose(self.row, what, word)
        self.update()
        self.save()

    def go_on(self, *, typing: bool = False) -> None:
        answer = self.answers.answer(self.row)
        if answer.is_given and not answer.is_done:
            ui.notify("Is it a refusal? 6: yes, 7: no", position="top")
        else:
            super().go_on(typing=typing)

    def accept(self, *, typing: bool) -> None:
        self.go_on(typing=typing)


def main(*, queue: Path, answers: Path, host: str, port: int) -> None:
    found: LabelQueue = json.loads(queue.read_text(encoding="utf-8"))
    serve(LabelPage, found, Labelling(found["rows"], answers), (host, port), found["labeller"])


if __name__ in {"__main__", "__mp_main__"}:
    call(main)
