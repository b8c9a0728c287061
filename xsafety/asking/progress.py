"""Progress of a job: a line now and then for its log, and a file for whoever shows the whole run."""

import json
import os
import socket
import textwrap
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from ..tabular import write_text

FOLDER = "XSAFETY_PROGRESS"  # names the folder of these files in the environment of a job
LOG_EVERY = 30.0  # seconds between two lines of the log
LOOK_EVERY = 0.5  # seconds between two looks
RECENT = 60.0  # seconds over which the rate is taken
REASON = 120  # characters of why rows failed


@dataclass(frozen=True)
class Work:
    """Where a job stands: how many of its rows are done, with those that failed, and why most of these did.

    `rate` in rows per second; `pace`: what the provider allows, in words; `dollars`: None without a price; those of
    earlier jobs too where there is a `budget`, and of all others where that is for all `together`; `seconds` since it
    began; `over` when it has ended.
    """

    who: str
    what: str
    done: int
    total: int
    rate: float
    failed: int = 0
    reason: str = ""
    refused: int = 0
    pace: str = ""
    dollars: float | None = None
    budget: float | None = None
    together: bool = False
    seconds: float = 0
    over: bool = False

    def parts(self) -> list[str]:
        """Rate, limit, failures, money and the time to go, or that it took, in words; empty where there is none."""
        rate = f"{60 * self.rate:,.0f}/min" if self.rate < 10 else f"{self.rate:.1f}/s"
        left = duration((self.total - self.done) / self.rate) + " to go" if self.rate else "waiting"
        most = f" of ${self.budget:,.2f}{' for all together' * self.together}" if self.budget else ""
        return [
            f"{self.refused:,} of them refused" if self.refused else "",
            f"{self.failed:,} failed" if self.failed else "",
            "" if self.over or not self.rate else rate,
            "" if self.over else self.pace,
            f"${self.dollars:,.2f}{most}" if self.dollars is not None else "",
            f"in {duration(self.seconds)}" if self.over else left,
        ]

    def why(self) -> str:
        """Why rows failed, in a line; empty where none did."""
        return f"failed: {textwrap.shorten(self.reason, REASON)}" if self.reason else ""

    def line(self) -> str:
        """All of it."""
        head = f"{self.who}: " if self.who else ""
        well = f"{head}{self.done - self.failed:,} of {self.total:,} {self.what}"
        return "; ".join(filter(None, [", ".join(filter(None, [well, *self.parts()])), self.why()]))


class Progress:
    """Shows `work()` until the `with` block ends: in a file that is read while it changes, and by `say` in the log.

    A thread of its own does so, so that it moves too while a provider asks to wait.
    """

    def __init__(self, work: Callable[[], Work], say: Callable[[str], None]) -> None:
        self._work, self._say, self._began = work, say, time.monotonic()
        folder = os.environ.get(FOLDER)
        self._file = Path(folder, f"{socket.gethostname()}-{os.getpid()}.json") if folder else None
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._show, daemon=True)

    def __enter__(self) -> "Progress":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self._write(replace(self._work(), seconds=time.monotonic() - self._began, over=True))

    def _show(self) -> None:
        logged_at = self._began
        while not self._over.wait(min(LOOK_EVERY, LOG_EVERY)):
            work = self._work()
            self._write(work)
            if time.monotonic() - logged_at >= LOG_EVERY:
                logged_at = time.monotonic()
                self._say(work.line())

    def _write(self, work: Work) -> None:
        if self._file:
            with suppress(OSError):  # nothing rests on it
                write_text(self._file, json.dumps(asdict(work)))


def read_progress(folder: Path) -> list[tuple[Path, Work]]:
    """The jobs that tell of themselves in a folder, and their files, by name."""
    found = []
    for file in folder.glob("*.json"):
        with suppress(OSError, ValueError, TypeError):  # being replaced, or of another version
            found.append((file, Work(**json.loads(file.read_text(encoding="utf-8")))))
    return sorted(found, key=lambda pair: pair[1].who)


class Throughput:
    """Things done per second over the last minute."""

    def __init__(self) -> None:
        self._marks = deque([(time.monotonic(), 0)])

    def at(self, done: int) -> float:
        now = time.monotonic()
        self._marks.append((now, done))
        while len(self._marks) > 2 and self._marks[1][0] < now - RECENT:
            self._marks.popleft()
        then, before = self._marks[0]
        return (done - before) / max(now - then, 1e-9)


def duration(seconds: float) -> str:
    """Seconds as people say them: "40 s", "12 min", "3 h 05 min"."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60:02} min"
