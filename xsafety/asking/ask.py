"""Asking and filing: requests to an engine, answers into the journal, results from the journal.

A request's key is the hash of all that decides its answer, so that an edited row asks for that row, nothing edited
asks for nothing, and no model gets another's answers.
"""

import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from itertools import islice, takewhile
from math import gcd
from pathlib import Path
from typing import Any, TypeVar

from ..config.models import Connection, JobConnection, LocalConnection, Price
from . import journal
from .flock import repeatedly
from .journal import RUNS, JobRun, journal_file
from .price import cost
from .progress import Progress, Throughput, Work, duration
from .requests import Completion, Ended, Engine, Fatal, Meter, Receipt, Request
from .spending import OTHERS_EVERY, Purse

MAX_FAILURES = 32  # requests that fail in a row
ADVICE = "is the endpoint{} up, and are model, address and key right?"
OPEN_JOURNALS = 200  # at a time: a judge of 50 models in 100 languages has more parts than a process may open files
MIXED = 8  # parts whose rows are asked in turn, of providers

# A part of the journal (`prompting/lang`, a judge's with the model before it) -> its requests, made anew at each call,
# so that 100,000 rows need no more memory than the parts that are mixed.
Parts = Mapping[str, Callable[[], Iterable[Request]]]

Thing = TypeVar("Thing")


class _Log:
    """Writes answers to the journals of their parts, of which a bounded number is open."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._open: dict[str, journal.Journal] = {}

    def close(self) -> None:
        for file in self._open.values():
            file.close()

    def write(self, request: Request, completion: Completion, price: Price | None) -> float:
        """Writes an answer, with what it costs at the price of today, where that is set; the dollars."""
        dollars = cost(completion.usage, price)
        self._file(request).append(request.key, request.id, _fields(completion), dollars if price else None)
        return dollars

    def withdraw(self, request: Request) -> None:
        """Takes back an answer that was written."""
        self._file(request).withdraw(request.key, request.id)

    def _file(self, request: Request) -> journal.Journal:
        if request.part not in self._open:
            if len(self._open) >= OPEN_JOURNALS:
                self._open.pop(next(iter(self._open))).close()
            self._open[request.part] = journal.Journal(journal_file(self.folder, request.part))
        return self._open[request.part]


def _fields(completion: Completion) -> dict[str, Any]:
    """An answer as the journal keeps it; further answers where there are any."""
    fields = completion._asdict() | {"more": [_fields(other) for other in completion.more]}
    return {name: value for name, value in fields.items() if value or name not in ("more", "reasoning", "confidence")}


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
    rows, lacking, accepted = _look_up(parts, folder)
    say(f"{prefix}{rows} rows, {sum(lacking.values())} to ask, the others are in the journal")
    receipt: Receipt = {"rows": rows, "failed": {}, "ended": ""}
    if not lacking:
        return receipt
    with journal.lock(folder, say), closing(_Log(folder)) as log:
        asking = _Asking(lacking, accepted, log, connection, name)
        try:
            with Progress(asking.work, say), repeatedly(OTHERS_EVERY, asking.look):
                _ask_in_rounds(parts, folder, engine, asking)
            for request in _unanswered(parts, folder, asking, again=True):
                asking.leave(request)
            asking.end()
            say(prefix + asking.outcome())
        except Fatal as error:
            receipt["ended"] = str(error)
        finally:
            with journal.Journal(folder / RUNS) as runs:
                runs.write(asking.summary())
    for part in sorted({part for part, _ in asking.reasons}):
        reasons = ((request.id, asking.reasons.get((part, request.key))) for request in parts[part]())
        if failed := {id: reason for id, reason in reasons if reason}:
            receipt["failed"][part] = failed
    if receipt["ended"]:
        raise Ended(receipt["ended"], receipt)
    if asking.reasons:
        say(f"{prefix}{len(asking.reasons)} rows failed; run snakemake again, it asks for these only:")
        for reason, number in Counter(asking.reasons.values()).most_common():
            say(f"{number:8}  {reason}")
    return receipt


def _ask_in_rounds(parts: Parts, folder: Path, engine: Engine, asking: "_Asking") -> None:
    """Puts what is unanswered to an engine, and to the one that it returns, until all was asked.

    Raises Fatal where a budget ends that. What waits in a batch is paid for, and brought in all the same.
    """
    if not journal.open_batches(folder):
        asking.check_budget()
    run: Engine | None = engine
    while run:
        run = run(takewhile(lambda _: asking.can_pay(), _unanswered(parts, folder, asking)), asking)
        if not asking.can_pay() and next(_unanswered(parts, folder, asking, again=True), None):
            asking.check_budget()


def _look_up(parts: Parts, folder: Path) -> tuple[int, dict[str, int], bool]:
    """How many rows there are, how many of which part lack an answer, and whether any has one."""
    rows, lacking, accepted = 0, dict[str, int](), False
    for part, make in parts.items():
        known, missing = journal.keys(journal_file(folder, part)), set[str]()
        for request in make():
            rows += 1
            if request.key in known:
                accepted = True
            else:
                missing.add(request.key)
        if missing:
            lacking[part] = len(missing)
    return rows, lacking, accepted


def _unanswered(parts: Parts, folder: Path, asking: "_Asking", *, again: bool = False) -> Iterator[Request]:
    """The requests that the journal lacks; of those in a part that put the same question, the first.

    Those of several parts come in turn, and those of a part from all over it, so that what fails in a row has nothing
    in common: neither language, prompting method nor safety issue. Models in process, which rarely fail, get part by
    part. `again`: those of a part that was given up, too.
    """

    def requests_of(part: str) -> Iterator[Request]:
        done = journal.keys(journal_file(folder, part))
        lacking = []
        for request in parts[part]():
            if request.key not in done and not asking.is_finished(request):
                done.add(request.key)
                lacking.append(request)
        for request in _from_all_over(lacking):
            if asking.gave_up(part) and not again:
                return
            yield request

    streams = map(requests_of, _from_all_over(list(parts)))
    mixed = deque(islice(streams, asking.mixed))
    while mixed:
        stream = mixed.popleft()
        if request := next(stream, None):
            mixed.append(stream)
            yield request
        else:
            mixed.extend(islice(streams, 1))


def _from_all_over(things: Sequence[Thing]) -> Iterator[Thing]:
    """Requests or parts, each once, by steps of about the golden ratio of their number: neighbours come far apart."""
    number = len(things)
    step = next((step for step in range(round(0.618 * number), number) if gcd(step, number) == 1), 1)
    return (things[step * place % number] for place in range(number))


class _Asking:
    """Takes what an engine delivers: into the journal, and into the counts.

    `lacking` are the parts that lack answers, with the number of them.
    `accepted`: whether answers are in the journal, which shows that requests of this kind are valid; without, a
    rejection may concern them all.
    """

    def __init__(
        self,
        lacking: Mapping[str, int],
        accepted: bool,
        log: _Log,
        connection: Connection | LocalConnection | None,
        name: str,
    ) -> None:
        self._name = name
        self.reasons: dict[tuple[str, str], str] = {}
        self.meter = Meter()
        # Of the parts that lack answers, how many rows failed since the last answer: the part's own, and any.
        self._failing, self._streak = dict.fromkeys(lacking, 0), Counter[str]()
        self._missing, self._accepted, self._log = sum(lacking.values()), accepted, log
        self.mixed = 1 if isinstance(connection, LocalConnection) else MIXED
        online = connection if isinstance(connection, Connection) else None
        self._advice = ADVICE.format(f" {online.base_url}" if online and online.base_url else "")
        self._price = online.price if online else None
        budgets = connection.budgets if isinstance(connection, JobConnection) else []
        self._purses = [Purse(budget, log.folder) for budget in budgets]
        # Once one was answered, more than are in flight: or a short outage would end the job.
        self._max_failures = max(2 * online.concurrency if online else 0, MAX_FAILURES)
        self._answered = self._without_text = self._withdrawn = 0
        self._rejected: list[tuple[Request, Completion]] = []
        self._cost = 0.0
        self._began, self._clock, self._throughput = datetime.now(UTC), time.monotonic(), Throughput()

    def deliver(self, request: Request, completion: Completion) -> None:
        self._answered += 1
        if request.part in self._failing:
            self._failing[request.part] = 0
        self._streak.clear()
        self._without_text += completion.status != "answered"
        if completion.status == "rejected" and not self._accepted:
            self._rejected.append((request, completion))
            if len(self._rejected) == MAX_FAILURES:
                raise Fatal(f"the first {MAX_FAILURES} requests were all rejected: {completion.detail}")
            return
        self._accepted = True
        for pair in (*self._rejected, (request, completion)):
            self._cost += self._log.write(*pair, self._price)
        self._rejected.clear()
        if not (completion.usage and completion.usage.get("batch")):  # of a batch, which is paid whole, all is taken
            self.check_budget()

    def withdraw(self, request: Request) -> None:
        self._answered -= 1
        self._withdrawn += 1
        held = [pair for pair in self._rejected if pair[0] is not request]
        if len(held) == len(self._rejected):
            self._log.withdraw(request)
        self._rejected = held

    def look(self) -> None:
        """Looks at what other jobs spent."""
        for purse in self._purses:
            purse.look()

    def can_pay(self) -> bool:
        """Whether no budget is used up."""
        return self._empty() is None

    def check_budget(self) -> None:
        """Raises Fatal where a budget is used up."""
        if empty := self._empty():
            raise Fatal(empty.told())

    def _empty(self) -> Purse | None:
        return next((purse for purse in self._purses if purse.is_empty(self._cost)), None)

    def fail(self, request: Request, reason: str) -> None:
        if request.part not in self._failing:
            return  # of a batch that was submitted for rows that nobody asks for any more
        self.reasons[request.part, request.key] = reason
        self._failing[request.part] += 1
        self._streak[request.part] += 1
        number = self._streak.total()
        if number >= (self._max_failures if self._answered else MAX_FAILURES) and self._have_nothing_in_common():
            raise Fatal(f"{number} requests in a row failed, the last one with {reason}; {self._advice}")

    def _have_nothing_in_common(self) -> bool:
        """Whether the rows that failed in a row differ in all in which those do that lack an answer."""
        failed, lacking = (zip(*(p.split("/") for p in parts), strict=True) for parts in (self._streak, self._failing))
        return all(len(set(those)) > 1 or len(set(every)) == 1 for those, every in zip(failed, lacking, strict=True))

    def gave_up(self, part: str) -> bool:
        """Whether so many rows of a part failed in a row that the rest of it is not asked in this job."""
        return self._failing.get(part, 0) >= self._max_failures

    def leave(self, request: Request) -> None:
        """Notes a row that was not asked."""
        number = self._failing[request.part]
        why = f"not asked: {number} rows of {request.part} in a row failed" if self.gave_up(request.part) else ""
        self.reasons[request.part, request.key] = why or self.meter.left

    def is_finished(self, request: Request) -> bool:
        """Whether a request that is not in the journal is not to be asked again in this job."""
        failed = (request.part, request.key) in self.reasons
        return failed or any((one.part, one.key) == (request.part, request.key) for one, _ in self._rejected)

    def work(self) -> Work:
        """Where the job stands."""
        done = self._answered + len(self.reasons)
        spent = [(purse.spent(self._cost), purse) for purse in self._purses]
        dollars, purse = min(spent, key=lambda one: one[1].usd - one[0], default=(self._cost, None))
        reasons = Counter(list(self.reasons.values()))  # a list at once, as rows fail meanwhile
        return Work(
            self._name,
            "answered",
            done,
            self._missing,
            self._throughput.at(done),
            failed=len(self.reasons),
            reason=max(reasons, key=reasons.__getitem__, default=""),
            refused=self._without_text,
            pace=self.meter.pace(),
            dollars=dollars if self._price or purse else None,
            budget=purse.usd if purse else None,
            together=bool(purse and purse.together),
        )

    def end(self) -> None:
        """What is decided when all was asked. Raises Fatal where no request was ever answered."""
        self.reasons |= {(request.part, request.key): answer.detail for request, answer in self._rejected}
        if not (self._accepted or self._answered > len(self._rejected)):
            [(reason, number)] = Counter(self.reasons.values()).most_common(1)
            raise Fatal(f"none of {len(self.reasons)} requests was answered ({number} times {reason}); {self._advice}")

    def outcome(self) -> str:
        """What became of the job."""
        money = f", ${self._cost:,.2f}" if self._price else ""
        limited = f" ({self.meter.rate_limited} for rate limits)" if self.meter.rate_limited else ""
        retries = f", {self.meter.retries} retries{limited}" if self.meter.retries else ""
        taken = duration(time.monotonic() - self._clock)
        refused = f" ({self._without_text} of them refused)" if self._without_text else ""
        withdrawn = f", {self._withdrawn} withdrawn, as more replies came than requests went" if self._withdrawn else ""
        return f"{self._answered} answered{refused}, {len(self.reasons)} failed, {taken}{money}{retries}{withdrawn}"

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
