"""What the pages in the browser share, served by NiceGUI: one row at a time, words by key, all saved as it is said.

Runs in .venv-review. All text of rows is shown as text, never as markup, and nothing is loaded from another host. What
is typed is written to the answers once a second, and whenever something is decided or the row is left.
"""

import os
import secrets
import socket
import sys
import time
import webbrowser
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar, Generic, NamedTuple, TypeVar

from nicegui import app, ui

from ..cli import say
from ..rows import PageQueue, PageRow
from .answers import PageAnswers
from .guard import Guard

ASSETS = Path(__file__).parent
_LOOPBACK = ("127.0.0.1", "localhost")

AnswersT = TypeVar("AnswersT", bound=PageAnswers[Any, Any])
QueueT = TypeVar("QueueT", bound=PageQueue)


class Question(NamedTuple):
    """A question about a row, with what there is to choose from by keys: digits from `first_key` on."""

    id: str  # what an answer calls it
    name: str
    options: Iterable[tuple[str, str]]  # each with its meaning
    first_key: int
    choose: Callable[[str], Any]


class Page(ABC, Generic[QueueT, AnswersT]):
    """One open tab. The rows and answers are shared by all tabs of a person."""

    does: ClassVar[str]  # what people do, as `make` is told it
    title: ClassVar[str]  # filled with the queue
    heading: ClassVar[str]  # of what is said first
    start: ClassVar[str]  # the button that leads to the rows
    thanks: ClassVar[str]  # said where every row is done
    keys: ClassVar[Mapping[str, str]]
    always_warns: ClassVar[bool]  # or only who has done no row yet

    def __init__(self, queue: QueueT, answers: AnswersT) -> None:
        self.queue = queue
        self.answers = answers
        self.at = answers.next_open(-1) or 0
        self.row: PageRow = answers.rows[self.at]
        self.started = answers.done > 0 and not self.always_warns
        self.choices = self.choices_of_row()
        self._build()
        ui.on("page_key", lambda event: self._key(event.args))
        ui.timer(1.0, self.save)
        self._show()

    @abstractmethod
    def choices_of_row(self) -> list[Question]: ...

    @abstractmethod
    def build_row(self) -> None: ...

    @abstractmethod
    def accept(self, *, typing: bool) -> None:
        """Does what Ctrl+Enter asks for; `typing`: in a field."""

    def focus(self, *, typing: bool) -> None:
        """Leads the keyboard to where it is wanted in a row that was just built."""

    def _build(self) -> None:
        with ui.element("header").props("id=head"):
            ui.label(self.title.format(**self.queue)).classes("title").props("role=heading aria-level=1")
            self.progress = ui.label().classes("progress").props("id=progress")
            self.bar = ui.element("progress").props(f'max={len(self.answers.rows)} aria-label="rows done"')
            self.saved = ui.label().classes("saved").props("id=saved")
            self.button("Help", self._help, "help")
            self.button("Stop for now", self._stop, "stop")
        self.main = ui.element("div").props("id=row")  # in the <main> of NiceGUI's page
        self.foot = ui.element("footer").props("id=foot")

    @staticmethod
    def button(text: str, act: Any, id: str, key: str = "") -> Any:
        button = ui.element("button").props(f'type=button id="{id}"').on("click", act)
        with button:
            ui.label(text)
            if key:
                ui.label(key).classes("key").props("aria-hidden=true")
        return button

    def _show(self, *, typing: bool = False) -> None:
        """Builds the row's elements anew: what is still under way from the former ones cannot touch this row."""
        self.row = self.answers.rows[self.at]
        self.main.clear()
        self.foot.clear()
        with self.main:
            if self.started:
                self.build_row()
            else:
                self._before_you_start()
        if self.started:
            with self.foot:
                self._build_choices()
            self.update()
            self.focus(typing=typing)
        self._count()

    def _before_you_start(self) -> None:
        with ui.element("section").classes("intro").props("id=intro"):
            ui.label(self.heading).classes("heading")
            self._explain()
            self.button(self.start, self._start, "start", "Enter")

    def _explain(self) -> None:
        for text in self.queue["about"]:
            ui.label(text)
        with ui.element("dl"):
            for choice in self.choices:
                for key, (option, meaning) in enumerate(choice.options, choice.first_key):
                    self._entry(f"{key}  {choice.name}{option}", meaning)
            for name, meaning in self.keys.items():
                self._entry(name, meaning)
        ui.label("All is saved as you go, on this computer only.")

    @staticmethod
    def _entry(term: str, meaning: str) -> None:
        with ui.element("dt"):
            ui.label(term)
        with ui.element("dd"):
            ui.label(meaning)

    def build_about(self, question: str = "") -> None:
        """Says where the row stands and what its safety issue means, which ends a `question`."""
        name, meaning = self.queue["categories"].get(self.row["category"], (self.row["category"], ""))
        with ui.element("section").classes("about"):
            ui.label(f"Row {self.at + 1} of {len(self.answers.rows)}").props("id=place").classes("place")
            ui.label(self.row["id"]).classes("id")
            ui.label(name).classes("category")
            ui.label(question + meaning).props("id=question" if question else "")

    def language_named(self) -> str:
        own = self.queue["autonym"]
        return own if own == self.queue["name"] else f"{own} ({self.queue['name']})"

    @staticmethod
    def remark(kind: str, head: str, text: str) -> None:
        """Builds a box with something to know about the row."""
        with ui.element("section").classes(f"remark {kind}").props(f"id={kind}"):
            ui.label(head).classes("heading small")
            ui.label(text).props("dir=auto").classes("plain")

    def build_note(self) -> None:
        note = ui.textarea(placeholder="Note (N)", value=self.answers.answer(self.row).note, on_change=self._noted)
        note.props("autogrow outlined dense dir=auto aria-label=Note id=note").classes("note")

    def _build_choices(self) -> None:
        self.buttons = {}
        for choice in self.choices:
            group = ui.element("div").classes("verdicts").props(f"role=radiogroup aria-label={choice.id.capitalize()}")
            with group:
                if choice.name:
                    ui.label(choice.name.strip()).classes("asked")
                for key, (option, meaning) in enumerate(choice.options, choice.first_key):
                    id = f"{choice.id}-{option}"
                    button = self.button(option, partial(choice.choose, option), id, str(key))
                    self.buttons[choice.id, option] = button.props(f'role=radio title="{meaning}"')
        with ui.element("div").classes("steps"):
            self.button("↑ Back", lambda: self.go(self.at - 1), "back")
            self.button("↓ Forward", lambda: self.go(self.at + 1), "forward")
            self.button("Next open row", self.go_on, "next", "Enter").classes("main")
        ui.label("You may skip any row, and stop at any time.").classes("reminder")

    def update(self) -> None:
        """Shows what follows from the row's answer."""
        for choice in self.choices:
            chosen = getattr(self.answers.answer(self.row), choice.id)
            for option, _ in choice.options:
                self.buttons[choice.id, option].props(f"aria-checked={'true' if option == chosen else 'false'}")
        self._count()

    def _count(self) -> None:
        done = self.answers.done
        self.progress.set_text(f"{done} of {len(self.answers.rows)} done")
        self.bar.props(f"value={done}")

    def _noted(self, event: Any) -> None:
        self.answers.remark(self.row, event.value or "")
        self.saved.set_text("…")

    def go_on(self, *, typing: bool = False) -> None:
        following = self.answers.next_open(self.at)
        if following is None:
            self.save()
            ui.notify(self.thanks, position="top", timeout=8000)
        else:
            self.go(following, typing=typing)

    def go(self, number: int, *, typing: bool = False) -> None:
        self.save()
        self.at = number % len(self.answers.rows)
        self._show(typing=typing)

    def _start(self) -> None:
        self.started = True
        self._show()

    def _key(self, pressed: Mapping[str, Any]) -> None:
        action, typing = pressed["action"], bool(pressed["typing"])
        if not self.started:
            if action in ("next", "accept"):
                self._start()
        elif action == "accept":
            self.accept(typing=typing)
        elif action == "next":
            self.go_on()
        elif action in ("back", "forward"):
            self.go(self.at + (1 if action == "forward" else -1))
        for choice in self.choices if self.started and action.isdigit() else ():
            for key, (option, _) in enumerate(choice.options, choice.first_key):
                if key == int(action):
                    choice.choose(option)

    def save(self) -> bool:
        try:
            self.answers.save()
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
        if not self.save():
            return
        self.main.clear()
        self.foot.clear()
        with self.main, ui.element("section").classes("intro").props("id=stopped"):
            ui.label("All is saved. You may close this page.").classes("heading")
            ui.label(f"To go on another time, run make {self.does} again.")
        ui.run_javascript("document.body.classList.add('stopped')")
        ui.timer(0.5, app.shutdown, once=True)


def serve(
    page: type[Page[QueueT, AnswersT]], queue: QueueT, answers: AnswersT, at: tuple[str, int], person: str
) -> None:
    """Serves a page until the process is told to stop, or the one that started it ends."""
    host, port = at
    token = secrets.token_urlsafe(24)
    url = f"http://{'127.0.0.1' if host in _LOOPBACK else host}:{port}/?token={token}"
    parent = os.getppid()
    if not answers.rows:
        say(f"Nothing in {queue['name']} waits for {person} any more.")
        return

    def show() -> None:
        _await(host, port)
        say(f"{page.does.capitalize()} at {url} and stop with Ctrl-C, or with the button on the page.")
        if host not in _LOOPBACK:
            say(f"Whoever has this address can {page.does} as {person}.")
        if sys.platform == "darwin" or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
            webbrowser.open(url)

    def each_second() -> None:
        """Saves for tabs that were closed, too; a full disk is told by those that are open."""
        with suppress(OSError):
            answers.save()
        if os.getppid() != parent:
            app.shutdown()

    def tab() -> None:
        ui.add_head_html('<meta name="google" content="notranslate">')
        ui.add_css(ASSETS / "page.css")
        ui.add_css(f':root {{ --again: "make {page.does}"; }}')
        ui.add_body_html('<script>document.documentElement.lang = "en"</script>')
        ui.add_body_html(f"<script>{(ASSETS / 'page.js').read_text(encoding='utf-8')}</script>")
        page(queue, answers)

    Thread(target=show, daemon=True).start()
    app.on_shutdown(answers.close)
    app.timer(1.0, each_second)
    hosts = [f"{name}:{port}" for name in _LOOPBACK] if host in _LOOPBACK else None
    app.add_middleware(Guard, token=token, port=port, hosts=hosts)
    ui.page("/", title=f"XSafety: {queue['name']}")(tab)
    ui.run(
        host=host,
        port=port,
        reload=False,
        show=False,
        show_welcome_message=False,
        favicon="📝",
        tailwind=False,
        dark=None,  # as the browser is
        reconnect_timeout=30,  # a tab whose machine was busy or asleep goes on where it was
        timeout_graceful_shutdown=2,
    )


def _await(host: str, port: int) -> None:
    """Waits until somebody listens there."""
    while True:
        with suppress(OSError), socket.create_connection((host, port), timeout=1):
            return
        time.sleep(0.1)
