"""The journal: what was paid for or took long, append-only JSONL, one line per answer, keyed by the whole request.

Each answer is one write to a descriptor opened for appending, so a killed process loses nothing that was acknowledged;
a torn last line is cut off when the file is next opened. One writer per file, held by a lock.
"""

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict

from ..rows import JournalAnswer
from ..tabular import DataError, to_json

RUNS = "runs.jsonl"  # in a folder of the journal: a line for each job that asked


class JobRun(TypedDict):
    """What a job that asked did."""

    started: str
    seconds: float
    answered: int
    failed: int
    requests: int
    retries: int
    rate_limited: int
    batches: int


def journal_file(folder: Path, part: str) -> Path:
    return folder / f"{part}.jsonl"


def digest(request: Mapping[str, object]) -> str:
    """The key of a request: SHA-256 over its canonical JSON."""
    return hashlib.sha256(to_json(request).encode()).hexdigest()


def lines(path: Path) -> Iterator[Any]:
    """The whole lines of a journal file, JSON objects, in order, but for a torn last one; none if there is no file."""
    if not path.exists():
        return
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if not line.endswith(b"\n"):
                return
            try:
                yield json.loads(line)
            except ValueError as error:
                raise DataError(f"{path}, line {number}: not JSON ({error}); take this line out") from None


def keys(path: Path) -> set[str]:
    """The keys of the requests that have an answer."""
    return {line["key"] for line in lines(path)}


def answers(path: Path) -> dict[str, JournalAnswer]:
    """Key -> answer. The first answer to a request stands."""
    known: dict[str, JournalAnswer] = {}
    for line in lines(path):
        known.setdefault(line["key"], line["answer"])
    return known


@contextmanager
def lock(folder: Path) -> Iterator[None]:
    """Holds a folder of the journal for one job. Raises DataError where another one holds it."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as file:
        _hold(file.fileno(), folder)
        yield


def _hold(descriptor: int, path: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise DataError(f"{path}: another process is writing to it; wait for it to end, or stop it") from None


BATCHES = "batches.jsonl"  # in a folder: what was submitted to a Batch API


@dataclass
class Submitted:
    """A batch that was submitted, or was going to be: its rows (part, key, id), its file and name at the provider."""

    token: str
    file: str
    rows: list[tuple[str, str, str]]
    id: str | None = None


def open_batches(folder: Path) -> dict[str, Submitted]:
    """The batches that were not brought in yet, by token."""
    found: dict[str, Submitted] = {}
    for line in lines(folder / BATCHES):
        match line["event"]:
            case "submitting":
                rows = [(row[0], row[1], row[2]) for row in line["rows"]]
                found[line["token"]] = Submitted(line["token"], line["file"], rows)
            case "created":
                found[line["token"]].id = line["batch"]
            case _:
                found.pop(line["token"], None)
    return found


class Journal:
    """Appends lines to one file. Raises DataError where another process writes to it."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            _hold(self._descriptor, path)
        except DataError:
            os.close(self._descriptor)
            raise
        self._cut_torn_line()

    def _cut_torn_line(self) -> None:
        end = os.fstat(self._descriptor).st_size
        keep = end
        while keep:
            start = max(0, keep - 65536)
            block = os.pread(self._descriptor, keep - start, start)
            newline = block.rfind(b"\n")
            if newline >= 0:
                keep = start + newline + 1
                break
            keep = start
        if keep < end:
            os.ftruncate(self._descriptor, keep)

    def append(self, key: str, id: str, answer: Mapping[str, object], dollars: float | None = None) -> None:
        """Writes one answer, safe from a kill of this process once this returns. Raises OSError on a full disk."""
        paid = {} if dollars is None else {"dollars": round(dollars, 9)}
        self.write({"key": key, "id": id, "answer": answer, **paid})

    def write(self, line: Mapping[str, object]) -> None:
        """Writes any other line, as safely."""
        # Some servers send half of a surrogate pair, which is no UTF-8.
        data = (to_json(line) + "\n").encode(errors="replace")
        written = os.write(self._descriptor, data)
        if written < len(data):
            self._cut_torn_line()
            raise OSError(f"{self._path}: only {written} of {len(data)} bytes written; is the disk full?")

    def close(self) -> None:
        os.close(self._descriptor)

    def __enter__(self) -> "Journal":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
