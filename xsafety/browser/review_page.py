"""The reviewer's page: English beside the editable draft, and a verdict."""

import json
from pathlib import Path
from typing import Any

from nicegui import ui

from ..cli import call
from ..rows import ReviewQueue, ShownRow
from .answers import Review
from .changes import as_html, changes
from .page import Page, Question, serve


class ReviewPage(Page[ReviewQueue, Review]):
    """One open tab of a reviewer."""

    row: ShownRow
    does = "review"
    title = "{name} ({lang}) · round {round} · {reviewer}"
    heading = "Before you start"
    start = "Start"
    thanks = "Every row has a verdict. Thank you! Look at any again, or press 'Stop for now'."
    keys = {  # noqa: RUF012
        "Ctrl+Enter": "the text is good as it stands, edited or not: give the verdict and go on, also while you type",
        "1 – 5": "a verdict, and once more to take it back; Alt+1 – Alt+5 while you type",
        "Enter": "go on to the next row without a verdict",
        "Alt+↑, Alt+↓": "the row before, the row after",
        "E, N": "edit the translation, write a note; Esc leaves the text",
    }
    always_warns = False

    def choices_of_row(self) -> list[Question]:
        return [Question("verdict", "", self.queue["verdicts"], 1, self._decide)]

    def build_row(self) -> None:
        row = self.row
        self.build_about()
        if row["flag"]:
            self.remark("flag", "An automatic check found", row["flag"])
        if row["context"]:
            self.remark("context", "About this row", row["context"])
        with ui.element("section").classes("texts"):
            with ui.element("div").classes("panel"):
                ui.label("English").classes("heading")
                ui.label(row["source"]).classes("text").props("id=source lang=en dir=ltr")
                if row["previous"]:
                    ui.label("What changed in the English").classes("heading small")
                    with ui.element("div").classes("text diff").props("id=previous lang=en dir=ltr"):
                        ui.html(as_html(changes(row["previous"], row["source"])), sanitize=False)
            with ui.element("div").classes("panel"):
                ui.label(self.language_named()).classes("heading")
                self._editor()
        self.build_note()

    def _editor(self) -> None:
        lang, direction = self.queue["lang"], self.queue["direction"]
        with ui.element("div").props("id=target"):
            self.editor = (
                ui.textarea(value=self.answers.answer(self.row).target, on_change=self._written)
                .props(f"autogrow outlined lang={lang} dir={direction} autocomplete=off aria-label=Translation")
                .classes("editor")
            )
        with ui.element("div").classes("changed").props("id=changed") as self.changed:
            with ui.element("div").classes("heading small line"):
                ui.label("What you changed")
                self.button("Restore the draft", lambda: self.editor.set_value(self.row["draft"]), "restore")
            with ui.element("div").classes("text diff").props(f"id=diff lang={lang} dir={direction}"):
                self.diff = ui.html("", sanitize=False)

    def focus(self, *, typing: bool) -> None:
        if typing:
            ui.run_javascript("document.querySelector('#target textarea').focus()")

    def update(self) -> None:
        """The verdict, and what was changed. Leaves the editor alone."""
        target, draft = self.answers.answer(self.row).target, self.row["draft"]
        self.changed.set_visibility(target != draft)
        if target != draft:
            self.diff.set_content(as_html(changes(draft, target, spaced=self.queue["spaced"])))
        super().update()

    def _written(self, event: Any) -> None:
        self.answers.write(self.row, event.value or "")
        self.saved.set_text("…")
        self.update()

    def _decide(self, verdict: str) -> bool:
        """A verdict that is given twice is taken back. Says what is missing where the text does not allow it."""
        now = self.answers.answer(self.row).verdict
        allowed = self.answers.decide(self.row, "" if verdict == now and verdict != "edited" else verdict)
        if not allowed:
            missing = "Change the text first" if verdict == "edited" else "There is no text: write one, or reject"
            ui.notify(missing, position="top")
            self.focus(typing=True)
        self.update()
        self.save()
        return allowed

    def accept(self, *, typing: bool) -> None:
        if self.answers.answer(self.row).verdict or self._decide("ok"):
            self.go_on(typing=typing)


def main(*, queue: Path, answers: Path, host: str, port: int) -> None:
    found: ReviewQueue = json.loads(queue.read_text(encoding="utf-8"))
    serve(ReviewPage, found, Review(found["rows"], answers), (host, port), found["reviewer"])


if __name__ in {"__main__", "__mp_main__"}:
    call(main)
