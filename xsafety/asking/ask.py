"""Asking and filing: requests to an engine, answers into the journal, results from the journal.

A request's key is the hash of all that decides its answer, so that an edited row asks for that row, nothing edited
asks for nothing, and no model gets another's answers.
"""

import time
from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypedDict

from ..config.models import Connection, LocalConnection, Price
from . import journal
from .journal import RUNS, JobRun, journal_file
from .price import cost
from .progress import Progress, Throughput, duration
from .requests import Completion, Engine, Fatal, Meter, Request

MAX_FAILURES = 32  # requests that fail in a row
OPEN_JOURNALS = 200  # at a time: a judge of 50 models in 100 languages has more parts than a process may open files
ADVICE = "check `decoding` (some models take no temperature)"

# A part of the journal -> its requests, made anew at each call, so that 100,000 rows need no more memory than one part.
Parts = Mapping[str, Callable[[], Iterable[Request]]]


class Receipt(TypedDict):
    """What became of a job: how many rows it had, and of each part the rows that failed, with the reason."""

    rows: int
    failed: dict[str, dict[str, str]]


class _Log:
    """Writes answers to the journals of their parts, of which a bounded number is open."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: dict[str, journal.Journal] = {}

    def close(self) -> None:
        for file in self._open.values():
            file.close()

    def write(self, request: Request, completion: Completion, price: Price | None) -> float:
        """Writes an answer, with what it costs at the price of today, where that is set; the dollars."""
        if request.part not in self._open:
            if len(self._open) >= OPEN_JOURNALS:
                self._open.pop(next(iter(self._open))).close()
            self._open[request.part] = journal.Journal(journal_file(self._folder, request.part))
        dollars = cost(completion.usage, price)
        self._open[request.part].append(request.key, request.id, _fields(completion), dollars if price else None)
        return dollars


def _fields(completion: Completion) -> dict[str, Any]:
    """An answer as the journal keeps it; further answers where there are any."""
    fields = dict(vars(completion)) | {"more": [_fields(other) for other in completion.more]}
    return {name: value for name, value in fields.items() if value or name not in ("more", "reasoning")}


def ask(
    parts: Parts,
    folder: Path,
    engine: Engine,
    say: Callable[[str], None],
    connection: Connection | LocalConnection | None = None,
    name: str = "",
) -> Receipt:
    """Answers what the journal lacks and returns the receipt: how many rows there are, and which failed, and why.

    `say` takes lines of progress, with the `name` of the job if it has one. Of the `connection` price and concurrency
    matter. Raises Fatal where every request is rejected, or fails: a wrong parameter, or an endpoint that is down.
    """
    prefix = f"{name}: " if name else ""
    rows = missing = 0
    accepted = False
    for part, make in parts.items():
        known = journal.keys(journal_file(folder, part))
        asked = [request.key for request in make()]
        rows, missing = rows + len(asked), missing + len(set(asked) - known)
        accepted = accepted or not known.isdisjoint(asked)
    say(f"{prefix}{rows} rows, {missing} to ask, the others are in the journal")
    receipt: Receipt = {"rows": rows, "failed": {}}
    if not missing:
        return receipt
    with journal.lock(folder), closing(_Log(folder)) as log:
        asking = _Asking(missing, accepted, log, connection)
        try:
            with Progress(lambda: prefix + asking.line(), say):
                run: Engine | None = engine
                while run:
                    run = run(_unanswered(parts, folder, asking.finished), asking)
            for request in _unanswered(parts, folder, asking.finished):
                asking.reasons[request.part, request.key] = asking.meter.left
            asking.end()
            say(prefix + asking.outcome())
        finally:
            with journal.Journal(folder / RUNS) as runs:
                runs.write(asking.summary())
    if asking.reasons:
        for part in sorted({part for part, _ in asking.reasons} & parts.keys()):
            reasons = ((request.id, asking.reasons.get((part, request.key))) for request in parts[part]())
            receipt["failed"][part] = {id: reason for id, reason in reasons if reason}
        say(f"{prefix}{len(asking.reasons)} rows failed; run snakemake again, it asks for these only:")
        for reason, number in Counter(asking.reasons.values()).most_common():
            say(f"{number:8}  {reason}")
    return receipt


def _unanswered(parts: Parts, folder: Path, finished: Container[tuple[str, str]]) -> Iterator[Request]:
    """The requests that the journal lacks; of those in a part that put the same question, the first."""
    for part, make in parts.items():
        done = journal.keys(journal_file(folder, part))
        for request in make():
            if request.key not in done and (part, request.key) not in finished:
                done.add(request.key)
                yield request


class _Asking:
    """Takes what an engine delivers: into the journal, and into the counts.

    `accepted`: whether answers are in the journal, which shows that requests of this kind are valid; without, a
    rejection may concern them all.
    """

    def __init__(
        self, missing: int, accepted: bool, log: _Log, connection: Connection | LocalConnection | None
    ) -> None:
        self.reasons: dict[tuple[str, str], str] = {}
        self.meter = Meter()
        self._missing, self._accepted, self._log = missing, accepted, log
        online = connection if isinstance(connection, Connection) else None
        self._price = online.price if online else None
        # Once one was answered, more than are in flight: or a short outage would end the job.
        self._max_failures = max(2 * online.concurrency if online else 0, MAX_FAILURES)
        self._answered = self._without_text = self._failed_in_a_row = 0
        self._rejected: list[tuple[Request, Completion]] = []
        self._cost = 0.0
        self._began, self._clock, self._throughput = datetime.now(UTC), time.monotonic(), Throughput()

    def deliver(self, request: Request, completion: Completion) -> None:
        self._answered, self._failed_in_a_row = self._answered + 1, 0
        self._without_text += completion.status != "answered"
        if completion.status == "rejected" and not self._accepted:
            self._rejected.append((request, completion))
            if len(self._rejected) == MAX_FAILURES:
                raise Fatal(f"the first {MAX_FAILURES} requests were all rejected ({completion.detail}); {ADVICE}")
            return
        self._accepted = True
        for pair in (*self._rejected, (request, completion)):
            self._cost += self._log.write(*pair, self._price)
        self._rejected.clear()

    def fail(self, request: Request, reason: str) -> None:
        self.reasons[request.part, request.key] = reason
        self._failed_in_a_row += 1
        if self._failed_in_a_row == (self._max_failures if self._answered else MAX_FAILURES):
            failed = f"{self._failed_in_a_row} requests in a row failed, the last one with {reason}"
            raise Fatal(f"{failed}; is the endpoint up?")

    @property
    def finished(self) -> set[tuple[str, str]]:
        """The requests (part, key) that are not in the journal, and not to be asked again in this job."""
        return {*self.reasons, *((request.part, request.key) for request, _ in self._rejected)}

    def line(self) -> str:
        """Where the job stands."""
        done = self._answered + len(self.reasons)
        rate = self._throughput.at(done)
        per_minute = f"{60 * rate:,.0f}/min" if rate < 10 else f"{rate:.1f}/s"
        left = duration((self._missing - done) / rate) + " to go" if rate else "waiting"
        failures = f"{len(self.reasons)} failed" if self.reasons else ""
        refused = f"{self._without_text} of them refused" if self._without_text else ""
        money = f"${self._cost:,.2f}" if self._price else ""
        answered = f"{self._answered:,} of {self._missing:,} answered"
        return ", ".join(filter(None, [answered, refused, failures, per_minute, self.meter.pace(), money, left]))

    def end(self) -> None:
        """What is decided when all was asked. Raises Fatal where all requests were rejected."""
        if self._rejected and not self.reasons:
            raise Fatal(f"every request was rejected ({self._rejected[0][1].detail}); {ADVICE}")
        self.reasons |= {(request.part, request.key): answer.detail for request, answer in self._rejected}

    def outcome(self) -> str:
        """What became of the job."""
        money = f", ${self._cost:,.2f}" if self._price else ""
        limited = f" ({self.meter.rate_limited} for rate limits)" if self.meter.rate_limited else ""
        retries = f", {self.meter.retries} retries{limited}" if self.meter.retries else ""
        taken = duration(time.monotonic() - self._clock)
        refused = f" ({self._without_text} of them refused)" if self._without_text else ""
        return f"{self._answered} answered{refused}, {len(self.reasons)} failed, {taken}{money}{retries}"

    def summary(self) -> JobRun:
        """The job's line in the journal."""
        return {
            "started": self._began.isoformat(timespec="seconds"),
            "seconds": round(time.monotonic() - self._clock, 1),
            "answered": self._answered,
            "failed": len(self.reasons),
            "requests": self.meter.requests,
            "retries": self.meter.retries,
            "rate_limited": self.meter.rate_limited,
            "batches": self.meter.batches,
        }
