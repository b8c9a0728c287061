"""Several processes that answer, each with a model and a device of its own, from one queue.

What a worker was given and has not answered goes back to the queue when it dies.
"""

import os
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection as Pipe
from multiprocessing.connection import wait
from typing import Any

from ...requests import Completion, Fatal, Meter, Recipient, Request
from .devices import CHOSEN

PORTION = 64  # requests that a worker takes from the queue at a time
STARTED_BY = "spawn"  # a forked process has no use of a GPU that its parent has looked at
_MORE, _WAITS = "more", "waits"


def answer_by_workers(
    requests: Iterable[Request],
    recipient: Recipient,
    *,
    start: Callable[[], Callable[..., None]],
    number: int,
    say: Callable[[str], None],
) -> None:
    """Answers requests by so many workers; each calls `start`, which can be pickled, and answers by what that gives.

    Raises Fatal where a worker cannot load the model, or none is left.
    """
    context: Any = get_context(STARTED_BY)
    seen = os.environ.get(CHOSEN, "").split(",") if CHOSEN in os.environ else [""]
    queue, workers, last = _Queue(requests), list[_Worker](), ""
    try:
        for place in range(number):
            here, there = context.Pipe()
            process = context.Process(target=_work, args=(there, seen[place % len(seen)], start), daemon=True)
            process.start()
            there.close()
            workers.append(_Worker(place, process, here))
        recipient.meter.pace = lambda: f"{sum(not worker.over for worker in workers)} workers"
        while active := [worker for worker in workers if not worker.over]:
            for pipe in wait([worker.pipe for worker in active]):
                worker = next(one for one in active if one.pipe is pipe)
                try:
                    worker.hear(worker.pipe.recv(), queue, recipient)
                except (EOFError, ConnectionError):
                    last = _bury(worker, queue)
                    say(f"note: {last}; {len(worker.given)} rows that it had go back to the queue")
            _feed(workers, queue)
        if queue.portion():
            raise Fatal(f"{last}, and no worker is left; is there memory enough for each?")
    finally:
        for worker in workers:
            worker.pipe.close()
            worker.process.terminate()
            worker.process.join()


class _Queue:
    """Requests that no worker has."""

    def __init__(self, requests: Iterable[Request]) -> None:
        self._stream, self.back = iter(requests), deque[Request]()

    def portion(self) -> list[Request]:
        found = list[Request]()
        while len(found) < PORTION and (one := self.back.popleft() if self.back else next(self._stream, None)):
            found.append(one)
        return found


@dataclass
class _Worker:
    """A process, and what it was given; `waits`: it has nothing to do."""

    number: int
    process: Any
    pipe: Any
    given: dict[tuple[str, str], Request] = field(default_factory=dict)
    waits: bool = False
    over: bool = False

    def hear(self, told: tuple[str, Any, Any], queue: _Queue, recipient: Recipient) -> None:
        kind, name, what = told
        if kind == _MORE:
            self.give(queue.portion())
        elif kind == _WAITS:
            self.waits = True
        elif kind == "fatal":
            raise Fatal(what)
        elif request := self.given.pop(name, None):
            if kind == "answer":
                recipient.deliver(request, what)
            else:
                recipient.fail(request, what)

    def give(self, requests: list[Request]) -> None:
        self.given |= {(request.part, request.key): request for request in requests}
        with suppress(ConnectionError):  # it is dead, which shows when it is heard
            self.pipe.send(requests)


def _feed(workers: list[_Worker], queue: _Queue) -> None:
    """Gives to those that wait; ends them when nobody has anything that might come back."""
    for worker in workers:
        if worker.waits and not worker.over and (portion := queue.portion()):
            worker.waits = False
            worker.give(portion)
    if all(worker.waits or worker.over for worker in workers):
        for worker in workers:
            if not worker.over:
                worker.over = True
                worker.pipe.send(None)
                worker.process.join()


def _bury(worker: _Worker, queue: _Queue) -> str:
    """Puts back what a dead worker had; how it died."""
    worker.process.join()
    worker.over = True
    queue.back.extend(worker.given.values())
    code = worker.process.exitcode
    how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with status {code}"
    return f"worker {worker.number + 1} {how}"


class _Sender:
    """In a worker: tells what becomes of requests."""

    def __init__(self, pipe: Pipe) -> None:
        self._pipe, self.meter = pipe, Meter()

    def deliver(self, request: Request, completion: Completion) -> None:
        self._pipe.send(("answer", (request.part, request.key), completion))

    def fail(self, request: Request, reason: str) -> None:
        self._pipe.send(("failure", (request.part, request.key), reason))


def _work(pipe: Pipe, device: str, start: Callable[[], Callable[..., None]]) -> None:
    """A worker: loads the model, then answers until there is nothing left."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the job's own process ends it
    if device:
        os.environ[CHOSEN] = device
    try:
        answer, sender = start(), _Sender(pipe)
        while True:
            pipe.send((_WAITS, None, None))
            first = pipe.recv()
            if first is None:
                return
            answer(_stream(pipe, first), sender, window=PORTION)
    except Fatal as error:
        pipe.send(("fatal", None, str(error)))
    except (EOFError, ConnectionError):
        return


def _stream(pipe: Pipe, portion: list[Request]) -> Iterator[Request]:
    """The requests of a portion, and of further ones while there are any."""
    while portion:
        yield from portion
        pipe.send((_MORE, None, None))
        portion = pipe.recv()
