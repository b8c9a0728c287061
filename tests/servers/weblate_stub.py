"""A stand-in for a Weblate server on loopback: the part of its REST API that we use, with its shapes and its history.

What people, add-ons and uploads do to a string leaves the changes that Weblate 5.14 leaves.
"""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import polib
from aiohttp import web

from tests.servers.loopback import serve

ACTIONS = {"change": 2, "comment": 3, "new": 5, "auto": 6, "accept": 7, "replace": 27, "bulk": 32, "approve": 36}
ACTIONS |= {"needs editing": 37, "replace upload": 54, "string upload update": 72, "enforced check": 76}
ALIASES = {"pt_BR": ["pt_br"], "zh_Hans": ["zh_CN", "zh", "cmn_Hans"], "sw": ["swa"]}
TOKEN = "wlu_s3cret"


@dataclass
class Unit:
    number: int
    context: str
    source: str
    target: str
    state: int  # 0 empty, 10 needs editing, 20 translated, 30 approved, 100 read-only
    note: str


@dataclass
class Weblate:
    """The server's component and what it was asked; `answer` may be set to answer in its place."""

    component: str = "xsafety/queries"
    page_size: int = 50
    url: str = ""
    units: dict[str, dict[str, Unit]] = field(default_factory=dict)
    changes: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    uploads: list[str] = field(default_factory=list)
    answer: Callable[[web.Request], web.StreamResponse | Awaitable[web.StreamResponse] | None] = lambda request: None
    _last: int = 0

    def add_language(self, code: str) -> None:
        self.units[code] = {}
        self.changes[code] = []

    def save(self, user: str | None, code: str, id: str, text: str, state: int = 20, action: str = "") -> None:
        """Somebody saves a string; without an action, it is the one that Weblate's editor leaves."""
        unit = self.units[code][id]
        if not action:
            kinds = {10: "needs editing", 30: "approve"}
            action = kinds.get(state, "change" if unit.state else "new")
        details = {"state": state, "old_state": unit.state, "source": unit.source, "context": unit.context}
        self._change(code, user, action, unit, target=text, old=unit.target, details=details)
        unit.target, unit.state = text, state

    def approve(self, user: str, code: str, id: str) -> None:
        self.save(user, code, id, self.units[code][id].target, 30)

    def comment(self, user: str, code: str, id: str, text: str) -> None:
        self._change(code, user, "comment", self.units[code][id], details={"comment": text})

    def _number(self) -> int:
        self._last += 1
        return self._last

    def _change(self, code: str, user: str | None, action: str, unit: Unit | None, **told: Any) -> None:
        number = self._number()
        translation = f"{self.url}/api/translations/{self.component}/{code}/"
        self.changes[code].append(
            {
                "unit": unit and f"{self.url}/api/units/{unit.number}/",
                "component": f"{self.url}/api/components/{self.component}/",
                "translation": translation,
                "user": user and f"{self.url}/api/users/{quote(user)}/",
                "author": user and f"{self.url}/api/users/{quote(user)}/",
                "timestamp": f"2026-11-{number % 28 + 1:02}T23:59:59.123456Z",
                "action": ACTIONS[action],
                "target": "",
                "old": "",
                "details": {},
                "id": number,
                "action_name": action,
                "url": f"{self.url}/api/changes/{number}/",
            }
            | told
        )

    def load(self, user: str | None, code: str, data: bytes) -> None:
        """A file takes the place of a language's."""
        before = self.units[code]
        self._change(code, user, "replace upload", None)
        units: dict[str, Unit] = {}
        for entry in polib.pofile(data.decode()):
            id = entry.msgctxt
            state = 10 if entry.fuzzy else 20 if entry.msgstr else 0
            state = 100 if "read-only" in entry.flags else state
            old = before.get(id)
            if old and old.source == entry.msgid:
                # A file does not say that a string is approved: it stays so while it is the same.
                state = 30 if (old.state, state, old.target) == (30, 20, entry.msgstr) else state
                unit = units[id] = Unit(old.number, id, entry.msgid, entry.msgstr, state, entry.comment)
                if (old.target, old.state) != (unit.target, unit.state):
                    told = {"state": state, "old_state": old.state, "source": unit.source, "context": id}
                    told = {"target": unit.target, "old": old.target, "details": told}
                    self._change(code, user, "string upload update", unit, **told)
            else:
                units[id] = Unit(self._number(), id, entry.msgid, entry.msgstr, state, entry.comment)
        gone = {unit.number for unit in before.values()} - {unit.number for unit in units.values()}
        # With a string goes its history.
        self.changes[code] = [
            change
            for change in self.changes[code]
            if not change["unit"] or int(change["unit"].rstrip("/").rsplit("/", 1)[1]) not in gone
        ]
        self.units[code] = units

    def file(self, code: str) -> str:
        """A language's file as Weblate writes it: with another head."""
        made = polib.POFile(wrapwidth=0)
        made.metadata = {"Language": code, "Content-Type": "text/plain; charset=UTF-8", "X-Generator": "Weblate 5.14.3"}
        for unit in self.units[code].values():
            flags = ["fuzzy"] if unit.state == 10 else ["read-only"] if unit.state == 100 else []
            made.append(
                polib.POEntry(
                    msgctxt=unit.context, msgid=unit.source, msgstr=unit.target, comment=unit.note, flags=flags
                )
            )
        return f"{made}\n"

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(f"{request.method} {request.rel_url.raw_path}")
        answer = self.answer(request)
        if isinstance(answer, web.StreamResponse):
            return answer
        if answer is not None:
            return await answer
        if request.headers.get("Authorization") != f"Token {TOKEN}":
            return web.json_response({"type": "client_error", "errors": [{"detail": "Invalid token."}]}, status=401)
        path = request.rel_url.raw_path.removeprefix("/api/").strip("/")
        if path == f"components/{self.component}/translations":
            return self._page(request, [self._translation(code) for code in self.units])
        for code in self.units:
            match path.removeprefix(f"translations/{self.component}/{code}/"), request.method:
                case "changes", "GET":
                    return self._page(request, self.changes[code][::-1])
                case "file", "GET":
                    return web.Response(text=self.file(code), content_type="text/x-gettext-translation")
                case "file", "POST":
                    form = await request.post()
                    upload = form["file"]
                    assert isinstance(upload, web.FileField)
                    assert form["method"] == "replace"
                    self.uploads.append(code)
                    self.load("lead", code, upload.file.read())
                    return web.json_response({"accepted": 1, "skipped": 0, "not_found": 0, "total": 1, "result": True})
            for unit in self.units[code].values():
                if path == f"units/{unit.number}":
                    told: dict[str, Any] = {"id": unit.number, "context": unit.context, "state": unit.state}
                    return web.json_response(told | {"source": [unit.source], "target": [unit.target]})
        return web.json_response({"type": "client_error", "errors": [{"detail": "Not found."}]}, status=404)

    def _translation(self, code: str) -> dict[str, Any]:
        language = {"code": code, "name": code, "aliases": ALIASES.get(code, [])}
        return {"language": language, "language_code": code, "filename": f"po/{code}.po"}

    def _page(self, request: web.Request, items: list[dict[str, Any]]) -> web.Response:
        size = min(self.page_size, int(request.query.get("page_size", "50")))
        page = int(request.query.get("page", "1"))
        # As behind a proxy that Weblate was not told of: an address that is not ours.
        more = f"http://weblate.invalid{request.path}?page={page + 1}" if page * size < len(items) else None
        shown = items[(page - 1) * size : page * size]
        return web.json_response({"count": len(items), "next": more, "previous": None, "results": shown})


@contextmanager
def weblate_server() -> Iterator[Weblate]:
    """Runs a Weblate, for `with`."""
    weblate = Weblate()
    app = web.Application(client_max_size=2**30)
    app.router.add_route("*", "/{path:.*}", weblate.handle)
    with serve(app) as weblate.url:
        yield weblate
