"""Asking and filing: requests to an engine, answers into the journal, results from the journal.

A request's key is the hash of all that decides its answer, so that an edited row asks for that row, nothing edited
asks for nothing, and no model gets another's answers.
"""

import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from . import journal
from .prompting import Message, Prompting
from .tabular import DataError

GIVE_UP_AFTER = 32  # requests that fail in a row
REPORT_EVERY = 15.0  # seconds between two lines of progress
OPEN_JOURNALS = 200  # at a time: a judge of 50 models in 100 languages has more parts than a process may open files


@dataclass(frozen=True)
class Request:
    """One question: its key, its row, the part of the journal it belongs to (a relative path), its messages."""

    key: str
    id: str
    part: str
    messages: Sequence[Message]


@dataclass(frozen=True)
class Answer:
    """What an engine returned: `answered`, or an outcome that asking again would not change.

    `blocked`: the provider refused to process the row; `too_long`: the prompt exceeds the model's context; `rejected`:
    the provider calls this one request invalid.
    """

    status: Literal["answered", "blocked", "too_long", "rejected"]
    text: str
    finish_reason: str = ""
    detail: str = ""
    usage: Mapping[str, int] | None = None


Deliver = Callable[[Request, Answer], None]
Fail = Callable[[Request, str], None]
Engine = Callable[[Sequence[Request], Deliver, Fail], None]


class Fatal(DataError):
    """Every further request would fail the same way (a wrong key, an unknown model): the job stops at once."""


def request(identity: Mapping[str, Any], id: str, part: str, messages: Sequence[Message]) -> Request:
    """A request of the engine that `identity` describes."""
    return Request(journal.digest({**identity, "messages": list(messages)}), id, part, messages)


def model_requests(
    identity: Mapping[str, Any], prompting: Prompting, part: str, queries: Iterable[Mapping[str, Any]]
) -> list[Request]:
    """One request per query of a data set, in its order."""
    return [request(identity, row["id"], part, prompting.messages(row["query"], row["category"])) for row in queries]


def journal_file(folder: Path, part: str) -> Path:
    return folder / f"{part}.jsonl"


class _Log:
    """Writes answers to the journals of their parts, of which a bounded number is open."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: dict[str, journal.Journal] = {}

    def close(self) -> None:
        for file in self._open.values():
            file.close()

    def keep(self, request: Request, answer: Answer) -> None:
        if request.part not in self._open:
            if len(self._open) >= OPEN_JOURNALS:
                self._open.pop(next(iter(self._open))).close()
            self._open[request.part] = journal.Journal(journal_file(self._folder, request.part))
        self._open[request.part].append(request.key, request.id, asdict(answer))


def ask(requests: Sequence[Request], folder: Path, engine: Engine, say: Callable[[str], None]) -> dict[str, Any]:
    """Answers what the journal lacks and returns the receipt: how many rows there are, and which failed, and why.

    Raises Fatal where every request is rejected, or fails: a wrong parameter, or an endpoint that is down.
    """
    parts = {request.part for request in requests}
    known = {part: journal.answers(journal_file(folder, part)).keys() for part in sorted(parts)}
    # Rows of a part that put the same question are asked once.
    unknown = {(request.part, request.key): request for request in requests if request.key not in known[request.part]}
    missing = list(unknown.values())
    reasons: dict[tuple[str, str], str] = {}
    answered = 0
    start = last = time.monotonic()
    say(f"{len(requests)} rows, {len(missing)} to ask, the others are in the journal")

    # Answers in the journal prove that requests of this kind are valid; without, a rejection may concern them all.
    proven = any(request.key in known[request.part] for request in requests)
    rejected: list[tuple[Request, Answer]] = []
    failed_in_a_row = 0

    def deliver(request: Request, answer: Answer) -> None:
        nonlocal answered, proven, failed_in_a_row
        answered, failed_in_a_row = answered + 1, 0
        if answer.status == "rejected" and not proven:
            rejected.append((request, answer))
            if len(rejected) == GIVE_UP_AFTER:
                raise Fatal(f"the first {len(rejected)} requests were all rejected ({answer.detail}); check `decoding`")
            return
        proven = True
        for pair in (*rejected, (request, answer)):
            log.keep(*pair)
        rejected.clear()
        progress()

    def progress() -> None:
        nonlocal last
        if (now := time.monotonic()) - last >= REPORT_EVERY:
            last = now
            rate = (answered + len(reasons)) / (now - start)
            left = (len(missing) - answered - len(reasons)) / rate
            failures = f", {len(reasons)} failed" if reasons else ""
            say(f"{answered} of {len(missing)} answered{failures}, {rate:.1f}/s, {left:.0f} s to go")

    def fail(request: Request, reason: str) -> None:
        nonlocal failed_in_a_row
        reasons[request.part, request.key] = reason
        failed_in_a_row += 1
        progress()
        if failed_in_a_row == GIVE_UP_AFTER:
            raise Fatal(f"{failed_in_a_row} requests in a row failed, the last one with {reason}; is the endpoint up?")

    if missing:
        with journal.lock(folder), closing(_Log(folder)) as log:
            engine(missing, deliver, fail)
        if rejected and not reasons:
            raise Fatal(f"every request was rejected ({rejected[0][1].detail}); check `decoding`")
        reasons |= {(request.part, request.key): answer.detail for request, answer in rejected}
    failed: dict[str, dict[str, str]] = {}
    for request in requests:
        if reason := reasons.get((request.part, request.key)):
            failed.setdefault(request.part, {})[request.id] = reason
    say(f"{answered} answered, {len(reasons)} failed, {time.monotonic() - start:.0f} s")
    return {"rows": len(requests), "failed": failed}


def next_attempt(receipt: Path) -> str:
    """The option `--attempt N` for a job with this receipt: another than last time only if rows failed then.

    As a parameter of the job it makes Snakemake ask again for rows that failed, and only then.
    """
    number = 1
    if receipt.exists():
        last = json.loads(receipt.read_text(encoding="utf-8"))
        number = last["attempt"] + bool(last["failed"])
    return f"--attempt {number}"


def filed(requests: Sequence[Request], folder: Path, receipt: Path, failed: Mapping[str, str]) -> list[dict[str, Any]]:
    """The answers to `requests` (of one part), from the journal alone, in their order.

    Raises DataError that lists the rows without an answer and says how to ask for them.
    """
    if not requests:
        return []
    file = journal_file(folder, requests[0].part)
    known = journal.answers(file)
    missing = [request for request in requests if request.key not in known]
    if missing and all(request.id in failed for request in missing):
        raise DataError.of(
            f"{file}: {len(missing)} of {len(requests)} rows failed; run snakemake again, it asks for these only",
            [f"{request.id}: {failed[request.id]}" for request in missing],
        )
    if missing:
        raise DataError(
            f"{file}: {len(missing)} of {len(requests)} answers are gone, though {receipt} says that they were given "
            f"(first: {missing[0].id}). Put the journal back, or ask again: rm {receipt} && snakemake"
        )
    return [known[request.key] for request in requests]


def response_rows(queries: Sequence[Mapping[str, Any]], answers: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The rows of a responses file: the query, what the model said, and how it ended."""
    return [
        {column: query[column] for column in ("id", "lang", "category", "source", "query")}
        | {"response": answer["text"], "status": answer["status"]}
        | {"finish_reason": answer["finish_reason"], "detail": answer["detail"]}
        for query, answer in zip(queries, answers, strict=True)
    ]
