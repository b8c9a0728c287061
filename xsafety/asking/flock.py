"""Locks on open files, which go with the process that has them, also when it is killed; and signs of life on files."""

import fcntl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import IO

BEAT = 10.0  # seconds between two signs of life that a job gives to other hosts
FORGOTTEN = 90.0  # seconds without one after which it is taken for dead; NFS may tell them up to 60 s late


@contextmanager
def repeatedly(seconds: float, do: Callable[[], object]) -> Iterator[None]:
    """Calls `do` again and again as long as this lasts, in a thread of its own; an OSError may pass until next time."""
    ended = threading.Event()

    def repeat() -> None:
        while not ended.wait(seconds):
            with suppress(OSError):
                do()

    thread = threading.Thread(target=repeat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def take(file: int | IO[str] | IO[bytes], *, shared: bool = False, wait: bool = False) -> bool:
    """Locks an open file, `shared` with others that do so; whether that was done: not where another process has it.

    `wait`: until it is free. Raises OSError where the file system has no locks.
    """
    kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    try:
        fcntl.flock(file, kind if wait else kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def give_back(file: int | IO[str] | IO[bytes]) -> None:
    """Frees a file that was locked; closing it does the same."""
    fcntl.flock(file, fcntl.LOCK_UN)
