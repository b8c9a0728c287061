"""The page on all rows of a build: filters, search, the same row side by side, and the selection as a file.

Runs in .venv-review, by Starlette. What is looked at stands in the address, so that every view can be linked to. All
texts are shown as text, never as markup, and blurred until they are asked for; nothing is loaded from another host.
"""

import csv
import io
import json
import re
import secrets
import socket
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import uvicorn
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from ..browser.guard import Guard
from ..calibration.labels import PICKED, answer_digest
from ..cli import call, say
from ..rows import ALL, DECIDED, REVIEWER_NAME, LabelRow, VerdictClass
from ..tabular import clean, read_rows, to_json, to_spreadsheet, write_rows
from .selection import PER_PAGE, FoundRow, Selection, beside, every, keys_of

HERE = Path(__file__).parent
_YES_NO = {"yes": "yes", "no": "no"}
_POLICY = "default-src 'none'; img-src data:; style-src 'self'; script-src 'self'; form-action 'self'; base-uri 'none'"
_TYPES = {"css": "text/css", "js": "text/javascript", "csv": "text/csv", "jsonl": "application/jsonl"}


class Explorer:
    """The rows of one file, and the folder that labels go to."""

    def __init__(self, file: Path, labels: Path) -> None:
        self.store = sqlite3.connect(f"file:{file}?mode=ro", uri=True, check_same_thread=False)
        self.store.row_factory = sqlite3.Row
        self.labels = labels
        self.about: Mapping[str, Any] = {
            name: json.loads(value) for name, value in self.store.execute("SELECT * FROM about")
        }
        self.choices = self._choices()
        environment = Environment(
            loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True
        )
        environment.globals |= {"about": self.about, "choices": self.choices, "decided": DECIDED}
        environment.filters["thousands"] = lambda number: f"{number:,}"
        self._template = environment.get_template("page.html.j2")

    def _choices(self) -> dict[str, dict[str, str]]:
        """What each filter offers: values that occur, with their names."""
        about = self.about
        languages = {lang: f"{name} ({lang})" for lang, (name, _) in about["languages"].items()}
        in_main = {about["main_part"]: "those of the main table"} if about["main_part"] != ALL else {}
        categories = in_main | about["categories"]
        names = {
            "model": about["models"],
            "lang": languages,
            "category": categories,
            "prompting": about["promptings"],
        }
        offered = {"judge": about["judges"], "verdict": {name: name for name in get_args(VerdictClass)}}
        for name in ("model", "lang", "category", "prompting", "status"):
            there = [value for (value,) in self.store.execute(f"SELECT DISTINCT {name} FROM answers ORDER BY 1")]
            known = names.get(name, {value: value for value in there})
            offered[name] = {value: label for value, label in known.items() if value in [*there, *in_main]}
        order = ("model", "lang", "category", "prompting", "judge", "verdict", "status")
        return {name: offered[name] for name in order} | {"refusal": _YES_NO, "differ": _YES_NO}

    def _page(self, **values: Any) -> HTMLResponse:
        return HTMLResponse(self._template.render(**values), headers={"content-security-policy": _POLICY})

    def rows(self, request: Request) -> Response:
        selection = Selection.of(request.query_params)
        started = time.perf_counter()
        found = keys_of(self.store, selection)
        last = max(1, -(-len(found) // PER_PAGE))
        selection = replace(selection, page=min(selection.page, last))
        shown = list(every(self.store, found[PER_PAGE * (selection.page - 1) :][:PER_PAGE]))
        took = round(1000 * (time.perf_counter() - started))
        return self._page(view="rows", selection=selection, rows=shown, found=len(found), last=last, took=took)

    def beside(self, request: Request) -> Response:
        seed, prompting = (request.query_params.get(name, "") for name in ("seed", "prompting"))
        rows = beside(self.store, seed, prompting)
        if not rows:
            return PlainTextResponse(f"No answer to {seed} under {prompting}.", 404)
        models = [name for name in self.about["models"] if any(row["model"] == name for row in rows)]
        by_lang = {lang: [row for row in rows if row["lang"] == lang] for lang in self.about["languages"]}
        return self._page(view="beside", seed=seed, prompting=prompting, models=models, by_lang=by_lang, rows=rows)

    def export(self, request: Request) -> Response:
        selection, kind = Selection.of(request.query_params), request.path_params["kind"]
        lines = {"csv": _csv, "jsonl": _jsonl}[kind](
            every(self.store, keys_of(self.store, selection)), self.about["judges"]
        )
        headers = {"content-disposition": f'attachment; filename="rows.{kind}"'}
        return StreamingResponse(lines, media_type=_TYPES[kind], headers=headers)

    async def label(self, request: Request) -> Response:
        """Takes a person's word on an answer that nobody drew as a label."""
        given = {name: str(value).strip() for name, value in (await request.form()).items()}
        key, labeller = given.get("key", ""), given.get("labeller", "")
        row = next(every(self.store, [int(key)]), None) if key.isdecimal() and len(key) < 16 else None
        if row is None or self.about["redact"] or given.get("label") not in DECIDED:
            return PlainTextResponse("No such row, or no such label.", 400)
        if not re.fullmatch(REVIEWER_NAME, labeller):
            return PlainTextResponse("Your name or a pseudonym, of letters, digits, - and _; go back and give it.", 400)
        self._write_label(row, labeller, given["label"], clean(given.get("note", "")))
        return RedirectResponse(f"/?{given.get('back', '')}#row-{key}", 303)

    def _write_label(self, row: FoundRow, labeller: str, label: str, note: str) -> None:
        """Adds a label to the labeller's file, in place of a former one on the same answer."""
        file = self.labels / row["lang"] / f"{PICKED}.{labeller}.jsonl"
        digest = answer_digest(row["query"], row["answer"])
        given = LabelRow(
            id=digest[:12],
            category=row["category"],
            query=row["query"],
            answer=row["answer"],
            query_english=row["source"] if row["source"] != row["query"] else "",
            answer_english=row["english"],
            label=label,
            refusal="",
            labeller=labeller,
            date=datetime.now(UTC).date().isoformat(),
            note=note,
            check=digest,
        )
        before = read_rows(file, LabelRow) if file.exists() else []
        write_rows(file, LabelRow, [*(other for other in before if other["check"] != digest), given])


def _flat(row: FoundRow, judges: Iterable[str]) -> FoundRow:
    """A row as it is exported: a column for each judge's verdict, and one for its reason."""
    flat = {name: value for name, value in row.items() if name not in ("key", "verdicts")}
    for judge in judges:
        given = row["verdicts"].get(judge, {})
        flat |= {f"verdict_{judge}": given.get("verdict", ""), f"reason_{judge}": given.get("reason", "")}
    return flat


def _csv(rows: Iterable[FoundRow], judges: Iterable[str]) -> Iterator[str]:
    yield "\ufeff"  # for spreadsheet programs
    for number, row in enumerate(rows):
        line = io.StringIO()
        writer = csv.writer(line, lineterminator="\n")
        flat = _flat(row, judges)
        if number == 0:
            writer.writerow(flat)
        writer.writerow(to_spreadsheet(str(text)) for text in flat.values())
        yield line.getvalue()


def _jsonl(rows: Iterable[FoundRow], judges: Iterable[str]) -> Iterator[str]:
    return (to_json(_flat(row, judges)) + "\n" for row in rows)


def application(explorer: Explorer, token: str, port: int) -> Guard:
    """The page, for whoever has the token."""

    def asset(request: Request) -> Response:
        kind = request.path_params["kind"]
        if kind not in ("css", "js"):
            return PlainTextResponse("No such file.", 404)
        return Response((HERE / f"page.{kind}").read_bytes(), media_type=_TYPES[kind])

    routes = [
        Route("/", explorer.rows),
        Route("/beside", explorer.beside),
        Route("/rows.{kind:str}", explorer.export),
        Route("/page.{kind:str}", asset),
        Route("/label", explorer.label, methods=["POST"]),
    ]
    return Guard(Starlette(routes=routes), token, port, [f"{name}:{port}" for name in ("127.0.0.1", "localhost")])


def main(*, store: Path, labels: Path, port: int) -> None:
    with socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", port))
        listening.listen()
        port, token = listening.getsockname()[1], secrets.token_urlsafe(24)
        app = application(Explorer(store, labels), token, port)
        say(f"Rows at http://127.0.0.1:{port}/?token={token}\nStop with Ctrl-C.")
        uvicorn.Server(uvicorn.Config(app, log_level="warning")).run([listening])


if __name__ == "__main__":
    call(main)
