"""The reviewer's page, served by NiceGUI: English beside the editable draft, verdicts by key, one row at a time.

Runs in .venv-review. All text of rows is shown as text, never as markup, and nothing is loaded from another host. What
is typed is written to the answers once a second, and whenever a verdict is given or the row is left.
"""

import json
import os
import socket
import sys
import time
import webbrowser
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Any

from nicegui import app, ui
from starlette.middleware.trustedhost import TrustedHostMiddleware

from ..cli import call, say
from ..rows import ReviewQueue
from .answers import Review
from .changes import as_html, changes

ASSETS = Path(__file__).parent
_LOOPBACK = ("127.0.0.1", "localhost")

_KEYS = {
    "Ctrl+Enter": "the text is good as it stands, edited or not: give the verdict and go on, also while you type",
    "1 – 5": "a verdict, and once more to take it back; Alt+1 – Alt+5 while you type",
    "Enter": "go on to the next row without a verdict",
    "Alt+↑, Alt+↓": "the row before, the row after",
    "E, N": "edit the translation, write a note; Esc leaves the text",
}


class Page:
    """One open tab. The rows and answers are shared by all tabs of the reviewer."""

    def __init__(self, queue: ReviewQueue, review: Review) -> None:
        self.queue = queue
        self.review = review
        self.at = review.next_open(-1) or 0
        self.row = review.rows[self.at]
        self.started = review.done > 0
        self._build()
        ui.on("review_key", lambda event: self._key(event.args))
        ui.timer(1.0, self._save)
        self._show()

    def _build(self) -> None:
        title = f"{self.queue['name']} ({self.queue['lang']}) · round {self.queue['round']} · {self.queue['reviewer']}"
        with ui.element("header").props("id=head"):
            ui.label(title).classes("title")
            self.progress = ui.label().classes("progress").props("id=progress")
            self.bar = ui.element("progress").props(f"max={len(self.review.rows)}")
            self.saved = ui.label().classes("saved").props("id=saved")
            self._button("Help", self._help, "help")
            self._button("Stop for now", self._stop, "stop")
        self.main = ui.element("main").props("id=row")
        self.foot = ui.element("footer").props("id=foot")

    @staticmethod
    def _button(text: str, act: Any, id: str, key: str = "") -> Any:
        button = ui.element("button").props(f'type=button id="{id}"').on("click", act)
        with button:
            ui.label(text)
            if key:
                ui.label(key).classes("key")
        return button

    def _show(self, *, edit: bool = False) -> None:
        """Builds the row's elements anew: what is still under way from the former ones cannot touch this row."""
        self.row = self.review.rows[self.at]
        self.main.clear()
        self.foot.clear()
        with self.main:
            if self.started:
                self._row()
            else:
                self._before_you_start()
        if self.started:
            with self.foot:
                self._verdicts()
            self._update()
            if edit:
                ui.run_javascript("document.querySelector('#target textarea').focus()")
        self._count()

    def _before_you_start(self) -> None:
        with ui.element("section").classes("intro").props("id=intro"):
            ui.label("Before you start").classes("heading")
            self._explain()
            self._button("Start", self._start, "start", "Enter")

    def _explain(self) -> None:
        for text in self.queue["about"]:
            ui.label(text)
        with ui.element("dl"):
            for key, (verdict, meaning) in enumerate(self.queue["verdicts"], 1):
                self._entry(f"{key}  {verdict}", meaning)
            for name, meaning in _KEYS.items():
                self._entry(name, meaning)
        ui.label("All is saved as you go, on this computer only.")

    @staticmethod
    def _entry(term: str, meaning: str) -> None:
        with ui.element("dt"):
            ui.label(term)
        with ui.element("dd"):
            ui.label(meaning)

    def _row(self) -> None:
        row = self.row
        name, meaning = self.queue["categories"].get(row["category"], (row["category"], ""))
        with ui.element("section").classes("about"):
            ui.label(f"Row {self.at + 1} of {len(self.review.rows)}").props("id=place").classes("place")
            ui.label(row["id"]).classes("id")
            ui.label(name).classes("category")
            ui.label(meaning)
        if row["flag"]:
            self._remark("flag", "An automatic check found", row["flag"])
        if row["context"]:
            self._remark("context", "About this row", row["context"])
        with ui.element("section").classes("texts"):
            with ui.element("div").classes("panel"):
                ui.label("English").classes("heading")
                ui.label(row["source"]).classes("text").props("id=source lang=en dir=ltr")
                if row["previous"]:
                    ui.label("What changed in the English").classes("heading small")
                    with ui.element("div").classes("text diff").props("id=previous lang=en dir=ltr"):
                        ui.html(as_html(changes(row["previous"], row["source"])), sanitize=False)
            with ui.element("div").classes("panel"):
                own = self.queue["autonym"]
                named = own if own == self.queue["name"] else f"{own} ({self.queue['name']})"
                ui.label(named).classes("heading")
                self._editor()
        self.note = (
            ui.textarea(placeholder="Note (N)", value=self.review.answer(row).note, on_change=self._noted)
            .props("autogrow outlined dense dir=auto aria-label=Note id=note")
            .classes("note")
        )

    @staticmethod
    def _remark(kind: str, head: str, text: str) -> None:
        with ui.element("section").classes(f"remark {kind}").props(f"id={kind}"):
            ui.label(head).classes("heading small")
            ui.label(text).props("dir=auto").classes("plain")

    def _editor(self) -> None:
        lang, direction = self.queue["lang"], self.queue["direction"]
        with ui.element("div").props("id=target"):
            self.editor = (
                ui.textarea(value=self.review.answer(self.row).target, on_change=self._written)
                .props(f"autogrow outlined lang={lang} dir={direction} autocomplete=off aria-label=Translation")
                .classes("editor")
            )
        with ui.element("div").classes("changed").props("id=changed") as self.changed:
            with ui.element("div").classes("heading small line"):
                ui.label("What you changed")
                self._button("Restore the draft", lambda: self.editor.set_value(self.row["draft"]), "restore")
            with ui.element("div").classes("text diff").props(f"id=diff lang={lang} dir={direction}"):
                self.diff = ui.html("", sanitize=False)

    def _verdicts(self) -> None:
        self.verdicts = {}
        with ui.element("div").classes("verdicts").props("role=radiogroup aria-label=Verdict"):
            for key, (verdict, meaning) in enumerate(self.queue["verdicts"], 1):
                give = partial(self._decide, verdict)
                button = self._button(verdict, give, f"verdict-{verdict}", str(key))
                self.verdicts[verdict] = button.props(f'role=radio title="{meaning}"')
        with ui.element("div").classes("steps"):
            self._button("↑ Back", lambda: self._go(self.at - 1), "back")
            self._button("↓ Forward", lambda: self._go(self.at + 1), "forward")
            self._button("Next open row", self._on, "next", "Enter").classes("main")
        ui.label("You may skip any row, and stop at any time.").classes("reminder")

    def _update(self) -> None:
        """What follows from the row's answer: the verdict, and what was changed. Leaves the editor alone."""
        answer = self.review.answer(self.row)
        for verdict, button in self.verdicts.items():
            chosen = answer.verdict == verdict
            button.props(f"aria-checked={'true' if chosen else 'false'}")
        is_changed = answer.target != self.row["draft"]
        self.changed.set_visibility(is_changed)
        if is_changed:
            self.diff.set_content(as_html(changes(self.row["draft"], answer.target, spaced=self.queue["spaced"])))
        self._count()

    def _count(self) -> None:
        done = self.review.done
        self.progress.set_text(f"{done} of {len(self.review.rows)} done")
        self.bar.props(f"value={done}")

    def _written(self, event: Any) -> None:
        self.review.write(self.row, event.value or "")
        self.saved.set_text("…")
        self._update()

    def _noted(self, event: Any) -> None:
        self.review.remark(self.row, event.value or "")
        self.saved.set_text("…")

    def _decide(self, verdict: str) -> bool:
        """A verdict that is given twice is taken back. Says what is missing where the text does not allow it."""
        now = self.review.answer(self.row).verdict
        allowed = self.review.decide(self.row, "" if verdict == now and verdict != "edited" else verdict)
        if not allowed:
            missing = "Change the text first" if verdict == "edited" else "There is no text: write one, or reject"
            ui.notify(missing, position="top")
            ui.run_javascript("document.querySelector('#target textarea').focus()")
        self._update()
        self._save()
        return allowed

    def _accept(self, typing: bool) -> None:
        if self.review.answer(self.row).verdict or self._decide("ok"):
            self._on(edit=typing)

    def _on(self, *, edit: bool = False) -> None:
        following = self.review.next_open(self.at)
        if following is None:
            self._save()
            thanks = "Every row has a verdict. Thank you! Look at any again, or press 'Stop for now'."
            ui.notify(thanks, position="top", timeout=8000)
        else:
            self._go(following, edit=edit)

    def _go(self, number: int, *, edit: bool = False) -> None:
        self._save()
        self.at = number % len(self.review.rows)
        self._show(edit=edit)

    def _start(self) -> None:
        self.started = True
        self._show()

    def _key(self, pressed: Mapping[str, Any]) -> None:
        action, typing = pressed["action"], bool(pressed["typing"])
        if not self.started:
            if action in ("next", "accept"):
                self._start()
        elif action == "accept":
            self._accept(typing)
        elif action == "next":
            self._on()
        elif action in ("back", "forward"):
            self._go(self.at + (1 if action == "forward" else -1))
        elif action in "12345":
            self._decide(self.queue["verdicts"][int(action) - 1][0])

    def _save(self) -> bool:
        try:
            self.review.save()
        except OSError as error:
            self.saved.set_text("NOT SAVED")
            ui.notify(f"Not saved: {error}. Make room on the disk; it is tried again.", type="negative", position="top")
            return False
        self.saved.set_text("saved")
        return True

    def _help(self) -> None:
        with ui.dialog() as dialog, ui.card().classes("help"):
            self._explain()
        dialog.open()

    def _stop(self) -> None:
        if not self._save():
            return
        self.main.clear()
        self.foot.clear()
        with self.main, ui.element("section").classes("intro").props("id=stopped"):
            ui.label("All is saved. You may close this page.").classes("heading")
            ui.label("To go on another time, run make review again.")
        ui.run_javascript("document.body.classList.add('stopped')")
        ui.timer(0.5, app.shutdown, once=True)


def serve(queue: ReviewQueue, review: Review, host: str, port: int) -> None:
    """Serves the page until the process is told to stop, or the one that started it ends."""
    url = f"http://{'127.0.0.1' if host in _LOOPBACK else host}:{port}"
    parent = os.getppid()

    def show() -> None:
        _await(host, port)
        say(f"Review at {url} and stop with Ctrl-C, or with the button on the page.")
        if host not in _LOOPBACK:
            say(f"Whoever reaches {host}:{port} can review as {queue['reviewer']}: there is no password.")
        if sys.platform == "darwin" or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
            webbrowser.open(url)

    def each_second() -> None:
        """Saves for tabs that were closed, too; a full disk is told by those that are open."""
        with suppress(OSError):
            review.save()
        if os.getppid() != parent:
            app.shutdown()

    def page() -> None:
        ui.add_head_html('<meta name="google" content="notranslate">')
        ui.add_css(ASSETS / "page.css")
        ui.add_body_html(f"<script>{(ASSETS / 'page.js').read_text(encoding='utf-8')}</script>")
        Page(queue, review)

    Thread(target=show, daemon=True).start()
    app.on_shutdown(review.close)
    app.timer(1.0, each_second)
    # No page of another host that a browser shows can reach this one under a name of its own.
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=list(_LOOPBACK) if host in _LOOPBACK else ["*"])
    ui.page("/", title=f"XSafety: {queue['name']}")(page)
    ui.run(
        host=host,
        port=port,
        reload=False,
        show=False,
        show_welcome_message=False,
        favicon="📝",
        tailwind=False,
        timeout_graceful_shutdown=2,
    )


def _await(host: str, port: int) -> None:
    """Waits until somebody listens there."""
    while True:
        with suppress(OSError), socket.create_connection((host, port), timeout=1):
            return
        time.sleep(0.1)


def main(*, queue: Path, answers: Path, host: str, port: int) -> None:
    found: ReviewQueue = json.loads(queue.read_text(encoding="utf-8"))
    serve(found, Review(found["rows"], answers), host, port)


if __name__ in {"__main__", "__mp_main__"}:
    call(main)
