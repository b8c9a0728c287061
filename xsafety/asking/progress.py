"""Progress of a job: one line that moves on a terminal, and a line now and then for the log."""

import os
import shutil
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TextIO

LOG_EVERY = 30.0  # seconds between two lines of the log
PAINT_EVERY = 0.5  # seconds between two looks of the moving line
RECENT = 60.0  # seconds over which the rate is taken


class Progress:
    """Shows `line()` until the `with` block ends: moving on the terminal if there is one, and by `say` in the log.

    A thread of its own shows it, so that it moves too while a provider asks to wait.
    """

    def __init__(self, line: Callable[[], str], say: Callable[[str], None]) -> None:
        self._line, self._say = line, say
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._show, daemon=True)

    def __enter__(self) -> "Progress":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _show(self) -> None:
        terminal = _terminal()
        logged_at = time.monotonic()
        while not self._over.wait(PAINT_EVERY if terminal else min(PAINT_EVERY, LOG_EVERY)):
            line = self._line()
            if terminal:
                width = shutil.get_terminal_size().columns - 1
                # The cursor goes back to the start, so that whatever is printed next overwrites the line.
                terminal.write(f"\r\x1b[K{line[:width]}\r")
                terminal.flush()
            if time.monotonic() - logged_at >= LOG_EVERY:
                logged_at = time.monotonic()
                self._say(line)
        if terminal:
            terminal.write("\x1b[K")
            terminal.close()


def _terminal() -> TextIO | None:
    """The terminal that the workflow was started on, if it says that there is one."""
    if os.environ.get("XSAFETY_TERMINAL") == "1":
        with suppress(OSError):
            return Path("/dev/tty").open("w", encoding="utf-8")
    return None


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
