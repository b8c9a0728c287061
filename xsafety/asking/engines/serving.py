"""Servers that a run starts: by the first job that asks, for all that do, and stopped when no job holds them.

A job holds a shared lock on a file, its lease, which the system frees however the job ends. Beside each server runs
this module as a program: it starts the server, and stops it when it gets the lease for itself. All are on one machine.
"""

import ctypes
import hashlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TextIO
from urllib.error import HTTPError
from urllib.request import ProxyHandler, build_opener
from urllib.request import Request as Question

from ...cli import say
from ...config.models import Connection
from ..flock import give_back, take
from ..requests import Fatal

LINGER = 10.0  # seconds that a server waits for a further job
LAST_LINES = 5  # of what a server said that did not come up
_LOOK = 0.2  # seconds between two looks
_ENOUGH = 15.0  # seconds that a server has to end by itself


@contextmanager
def served(connection: Connection, linger: float = LINGER) -> Iterator[None]:
    """Sees to it that the command in `serve` serves at `base_url`, as long as this lasts.

    A server that is there already is used as it is. Raises Fatal where it does not come up in `serve_timeout` seconds.
    """
    folder = _folder(connection)
    deadline = time.monotonic() + connection.serve_timeout
    with ExitStack() as stack:
        with _locked(folder / "starting"):  # one job at a time looks whether there is a server
            while not (lease := _lease(folder, connection)):
                _wait(deadline, f"another server is at {connection.base_url}")
            stack.enter_context(lease)
            if not (_is_held(folder / "alive") or is_healthy(connection)):
                _start(connection, folder, linger)
            while not is_healthy(connection):
                if not _is_held(folder / "alive"):
                    raise Fatal(f"the server of {connection.base_url} ended before it answered: {_last_words(folder)}")
                _wait(deadline, f"the server of {connection.base_url} does not answer: {_last_words(folder)}")
        yield


def _folder(connection: Connection) -> Path:
    """Where the locks of the server at an address lie."""
    name = hashlib.sha256(str(connection.base_url).encode()).hexdigest()[:16]
    folder = Path(tempfile.gettempdir(), f"xsafety-serve-{os.getuid()}", name)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def _lease(folder: Path, connection: Connection) -> TextIO | None:
    """A share of the server at an address; None while one of another command is there, or ends."""
    lease = (folder / "lease").open("a")
    with suppress(OSError):
        command = folder / "command"
        if take(lease, shared=True) and (
            not _is_held(folder / "alive") or command.read_text(encoding="utf-8") == connection.serve
        ):
            return lease
    lease.close()
    return None


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("a") as file:
        take(file, wait=True)
        yield


def _is_held(path: Path) -> bool:
    with path.open("a") as file:
        return not take(file)


def _wait(deadline: float, why: str) -> None:
    if time.monotonic() > deadline:
        raise Fatal(f"{why}; serve_timeout is over")
    time.sleep(_LOOK)


def is_healthy(connection: Connection) -> bool:
    """Whether the server at an address is ready: by /health, or where it has none, by its list of models."""
    base = str(connection.base_url).rstrip("/")
    status = _status(f"{base.removesuffix('/v1')}/health", connection)
    return status == 200 or (status in (401, 403, 404, 405) and _status(f"{base}/models", connection) == 200)


def _status(url: str, connection: Connection) -> int:
    """The status that an address answers with; 0 for none."""
    key = os.environ.get(connection.api_key_env, "") if connection.api_key_env else ""
    question = Question(url, headers={"Authorization": f"Bearer {key}"} if key else {})
    try:
        with build_opener(ProxyHandler({})).open(question, timeout=5) as answer:  # it is on this machine
            return int(answer.status)
    except HTTPError as error:
        return error.code
    except (OSError, ValueError):
        return 0


def _start(connection: Connection, folder: Path, linger: float) -> None:
    """Starts the keeper of a server, and waits until it has taken its lock."""
    (folder / "command").write_text(str(connection.serve), encoding="utf-8")
    read, write = os.pipe()
    with (folder / "output").open("w") as output:
        keeper = [sys.executable, "-m", __name__, str(connection.serve), str(folder), str(linger), str(write)]
        subprocess.Popen(
            keeper,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,  # so that what ends the job, such as Ctrl-C, leaves it to stop the server
            pass_fds=[write],
        )
    os.close(write)
    with os.fdopen(read) as told:
        told.read()  # to its end, when the keeper has the lock, or is gone
    say(f"note: started the server of {connection.base_url}; its output: {folder / 'output'}")


def _last_words(folder: Path) -> str:
    with suppress(OSError):
        text = (folder / "output").read_text(encoding="utf-8", errors="replace")
        return " | ".join(text.split("\n")[-LAST_LINES - 1 :]).strip(" |") or "it said nothing"
    return "it said nothing"


def keep(command: str, folder: Path, linger: float, told: int) -> None:
    """Starts a server by its command, and stops it when no job has held the lease in `folder` for `linger` seconds."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    with (folder / "alive").open("a") as alive, (folder / "lease").open("a") as lease:
        take(alive, wait=True)
        os.close(told)
        server = subprocess.Popen(["bash", "-c", command], start_new_session=True, preexec_fn=_end_with_parent)
        try:
            free = 0.0
            while server.poll() is None:
                if take(lease):
                    if free >= linger:
                        break  # with the lease, so that a new job waits for the end
                    free += _LOOK
                    give_back(lease)
                else:
                    free = 0.0
                time.sleep(_LOOK)
        finally:
            _stop(server)


def _end_with_parent() -> None:
    """Has the system end this process when its parent is gone, be it killed; on Linux."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)


def _stop(server: "subprocess.Popen[bytes]") -> None:
    """Ends a server and all that it started."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(server.pid, sign)
        with suppress(subprocess.TimeoutExpired):
            server.wait(_ENOUGH)


if __name__ == "__main__":
    keep(sys.argv[1], Path(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4]))
