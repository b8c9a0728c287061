"""The journal: what was paid for or took long, append-only JSONL, one line per answer, keyed by the whole request.

Each answer is one write to a descriptor opened for appending, so a killed process loses nothing that was acknowledged;
a torn last line is cut off when the file is next opened. One writer per file, held by a lock. Each line ends with its
checksum, so that a text that the disk or an editor changed is told; lines from before there was one count without.
"""

import hashlib
import json
import os
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple, TypedDict, TypeVar, get_args, get_type_hints
from weakref import finalize
from zlib import crc32

from ..rows import AnswerStatus, JournalAnswer
from ..tabular import DataError, to_json
from .flock import BEAT, FORGOTTEN, repeatedly, take
from .price import cost

if TYPE_CHECKING:  # pydantic is slow to import
    from ..config.models import Price

LONGEST_LINE = 1 << 28  # bytes: many times the longest reply
MOST_PROBLEMS = 20  # of one file that are told
_SUM = b',"crc32":"'  # the last field of a line, before eight hex digits and '"}'
_TAIL = len(_SUM) + 10
_NUMBER = (int, float)

_Found = TypeVar("_Found")

# Says what is wrong with a line, '' where it is sound.
Problem = Callable[[dict[str, Any]], str]
# A field -> the types that it may be of.
Fields = Mapping[str, type | tuple[type, ...]]

RUNS = "runs.jsonl"  # in a folder of the journal: a line for each job that asked
SERVERS = "servers.jsonl"  # in a folder: where its answers were given, a line for each model


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


def lines(path: Path, problem: Problem = lambda line: "", *, trusting: bool = False) -> Iterator[dict[str, Any]]:
    """The whole lines of a journal file, JSON objects, in order, but for a torn last one; none if there is no file.

    `problem` says what is wrong with a line, '' where it is sound; `trusting`: not of answers that a checksum vouches
    for. Raises DataError that lists the lines that are no such objects, or not as they were written.
    """
    return (line for _, line in _each(path, partial(_line, problem, trusting)))


def _each(path: Path, read: Callable[[bytes], _Found]) -> Iterator[tuple[int, _Found]]:
    """What `read` finds in each whole line, with the place in the file where the line begins.

    Raises DataError that lists the lines for which it raises ValueError.
    """
    if not path.exists():
        return
    problems: list[str] = []
    place = 0
    with path.open("rb") as file:
        for number, raw in enumerate(iter(partial(file.readline, LONGEST_LINE), b""), 1):
            if not raw.endswith(b"\n") and _is_torn(file):
                break
            try:
                found = read(raw)
            except ValueError as error:
                problems.append(f"{path}, line {number}: {error}; take this line out; what it answered is asked again")
                if len(problems) == MOST_PROBLEMS:
                    break
            else:
                if not problems:
                    yield place, found
            place += len(raw)
    if len(problems) == 1:
        raise DataError(problems[0])
    if problems:
        raise DataError.of(f"{path}: {len(problems)} broken lines", problems)


def _is_torn(file: BinaryIO) -> bool:
    """Whether a line of which a part was read has no end; reads it to its end."""
    rest = b"."
    while rest and not rest.endswith(b"\n"):
        rest = file.readline(LONGEST_LINE)
    return not rest


def _line(problem: Problem, trusting: bool, raw: bytes) -> dict[str, Any]:
    """One line. Raises ValueError where something is wrong with it."""
    line, intact = _read(raw)
    vouched = intact and trusting and line.keys() >= {"key", "answer"}
    if not vouched and (wrong := problem(line)):
        raise ValueError(wrong)
    return line


class _Keyed(NamedTuple):
    """Of a line: the key of its request, and whether it takes back the answers to it."""

    key: str
    withdrawn: bool


def _keyed(problem: Problem, raw: bytes) -> _Keyed:
    """What a line is about; one of an answer is not read further where its checksum vouches for it."""
    line = raw.rstrip(b"\r\n")
    if line.startswith(b'{"answer":{') and raw.endswith(b"\n") and _is_intact(line):
        _, _, key = line[:-_TAIL].rpartition(b',"key":"')  # no text has this, as its quotation marks are escaped
        if key[:-1].isalnum() and key.endswith(b'"'):
            return _Keyed(key[:-1].decode(), False)
    read = _line(problem, True, raw)
    return _Keyed(read["key"], "withdrawn" in read)


def _is_intact(raw: bytes) -> bool:
    """Whether a line ends with the checksum of its bytes."""
    return raw[-_TAIL:-10] == _SUM and b"%08x" % crc32(b"}", crc32(raw[:-_TAIL])) == raw[-10:-2]


def _read(raw: bytes) -> tuple[dict[str, Any], bool]:
    """One line, without its checksum, and whether that vouches for its bytes.

    Raises ValueError for what is no line, or was changed since it was written.
    """
    if not raw.endswith(b"\n"):
        raise ValueError(f"longer than {LONGEST_LINE >> 20} MiB")
    raw = raw.rstrip(b"\r\n").removeprefix(b"\xef\xbb\xbf")
    try:
        line = json.loads(raw.decode())
    except UnicodeDecodeError as error:
        raise ValueError(f"not JSON ({error.reason}, at byte {error.start})") from None
    except RecursionError:
        raise ValueError("not JSON (nested too deep)") from None
    except ValueError as error:
        raise ValueError(f"not JSON ({error})") from None
    if type(line) is not dict:
        raise ValueError("no JSON object")
    sum = line.pop("crc32", None)
    intact = _is_intact(raw)
    if not intact:
        _check(raw, line, sum)
    return line, intact


def _check(raw: bytes, line: dict[str, Any], sum: object) -> None:
    """Raises ValueError for a line, read from `raw`, whose bytes no checksum vouches for, where something is odd.

    Such are old lines, and those that another program wrote anew.
    """
    if sum is None:
        if raw.count(b'":') != _number_of_keys(line):  # several answers, marks in a text, or a key given twice
            json.loads(raw.decode(), object_pairs_hook=_once)
    elif sum != f"{crc32(to_json(line).encode(errors='replace')):08x}":
        raise ValueError("changed since it was written, as its checksum shows")


def _number_of_keys(line: dict[str, Any]) -> int:
    """Of a line with one answer."""
    answer = line.get("answer")
    inside = answer if type(answer) is dict else {}
    usage = inside.get("usage")
    return len(line) + len(inside) + (len(usage) if type(usage) is dict else 0)


def _once(pairs: Sequence[tuple[str, Any]]) -> None:
    if len({name for name, _ in pairs}) < len(pairs):
        raise ValueError("a key is given twice")


def lacks(line: Mapping[str, Any], fields: Fields) -> str:
    """What a line lacks of these fields, or has of another type; '' where it is sound."""
    if all(map(isinstance, map(line.get, fields), fields.values())):
        return ""
    name = next(name for name, kind in fields.items() if not isinstance(line.get(name), kind))
    return f"{name} is of type {type(line[name]).__name__}" if name in line else f"no {name}"


_ENTRY: Fields = {"key": str, "id": str, "answer": dict}
_WITHDRAWAL: Fields = {"key": str, "id": str, "withdrawn": bool}
_OF_OLD = {*_ENTRY, "dollars"}  # the fields of lines without a checksum
_ANSWER: Fields = {"text": str, "status": str, "finish_reason": str, "detail": str}
_STATUSES = get_args(AnswerStatus)


def _wrong(line: dict[str, Any]) -> str:
    """Why a line is not one of an answer, or takes none back."""
    if "withdrawn" in line:
        return lacks(line, _WITHDRAWAL)
    if wrong := lacks(line, _ENTRY) or _wrong_answer(line["answer"]):
        return f"no answer ({wrong})"
    if not line["key"]:
        return "no answer (its key is empty)"
    if unknown := line.keys() - _OF_OLD:
        return f"what is {', '.join(sorted(unknown))}?"
    return _wrong_dollars(line)


def _wrong_answer(answer: dict[str, Any]) -> str:
    if wrong := lacks(answer, _ANSWER):
        return wrong
    if answer["status"] not in _STATUSES:
        return f"status {answer['status']!r} is none of {', '.join(_STATUSES)}"
    if wrong := _wrong_usage(answer):
        return wrong
    more = answer.get("more")
    if more is None:
        return ""
    if type(more) is not list:
        return "more is no list"
    return next(filter(None, (_wrong_answer(one) if type(one) is dict else "more is no answers" for one in more)), "")


def _wrong_usage(answer: dict[str, Any]) -> str:
    usage = answer.get("usage")
    if usage is None or (type(usage) is dict and {*map(type, usage.values())} <= {*_NUMBER}):
        return ""
    return "usage is no numbers"


def _wrong_dollars(line: dict[str, Any]) -> str:
    dollars = line.get("dollars", 0)
    return "" if isinstance(dollars, _NUMBER) and 0 <= dollars < float("inf") else "dollars is no sum of money"


def uncountable(line: dict[str, Any]) -> str:
    """Why what an answer took cannot be counted; '' where it can, or is withdrawn, which was paid for too."""
    if "withdrawn" in line:
        return lacks(line, _WITHDRAWAL)
    return lacks(line, {"answer": dict}) or _wrong_usage(line["answer"]) or _wrong_dollars(line)


def _wrong_or_text(line: dict[str, Any]) -> str:
    """The same, where the answers of services are, which are a text alone."""
    answer = line.get("answer")
    if type(answer) is dict and answer.keys() == {"text"}:
        return lacks(line, _ENTRY) or lacks(answer, {"text": str})
    return _wrong(line)


def entries(path: Path, *, of_services: bool = False) -> Iterator[dict[str, Any]]:
    """The lines of a file of answers; `of_services`: also of answers that are a text alone.

    A line that is `withdrawn` has no answer: those to its request up to there do not count.
    """
    return lines(path, _wrong_or_text if of_services else _wrong, trusting=True)


def keys(path: Path) -> set[str]:
    """The keys of the requests that have an answer."""
    return _last(path, withdrawn=False)


def withdrawn(path: Path) -> set[str]:
    """The keys of the requests whose answer was taken back, and that have no other."""
    return _last(path, withdrawn=True)


def _last(path: Path, *, withdrawn: bool) -> set[str]:
    """The keys whose last line takes an answer back, or gives one."""
    found = set[str]()
    for _, line in _each(path, partial(_keyed, _wrong_or_text)):
        (found.add if line.withdrawn == withdrawn else found.discard)(line.key)
    return found


def standing(path: Path) -> Iterator[dict[str, Any]]:
    """The lines of the answers that count, those of services among them."""
    places = {*_places(path, _wrong_or_text).values()}
    return (line for place, line in _each(path, partial(_line, _wrong_or_text, True)) if place in places)


def _places(path: Path, problem: Problem) -> dict[str, int]:
    """Key -> the place of the answer that counts: the first one that was not withdrawn."""
    found: dict[str, int] = {}
    for place, line in _each(path, partial(_keyed, problem)):
        if line.withdrawn:
            found.pop(line.key, None)
        else:
            found.setdefault(line.key, place)
    return found


def answers(path: Path, *, of_services: bool = False) -> Mapping[str, JournalAnswer]:
    """Key -> answer, read from the file when it is asked for. The first answer to a request stands."""
    return _Answers(path, of_services)


class _Answers(Mapping[str, JournalAnswer]):
    """Of a file only the keys are held in memory, with the places of their lines."""

    def __init__(self, path: Path, of_services: bool) -> None:
        self._places = _places(path, _wrong_or_text if of_services else _wrong)
        if self._places:
            self._file = path.open("rb")
            finalize(self, self._file.close)

    def __getitem__(self, key: str) -> JournalAnswer:
        place = self._places[key]
        self._file.seek(place)
        answer: JournalAnswer = json.loads(self._file.readline())["answer"]
        return answer

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def __contains__(self, key: object) -> bool:
        return key in self._places


_RUN: Fields = {name: str if kind is str else _NUMBER for name, kind in get_type_hints(JobRun).items()}


def jobs(path: Path) -> Iterator[JobRun]:
    """The jobs that asked, of a file of them."""
    return lines(path, lambda line: lacks(line, _RUN))  # type: ignore[return-value]


def paid(line: Mapping[str, Any], price: "Price | None") -> float:
    """The dollars that the answer in a line cost: by the price when it was asked, else by `price`, today's."""
    known = line.get("dollars")
    return cost(line["answer"].get("usage"), price) if known is None else float(known)


@contextmanager
def lock(folder: Path, say: Callable[[str], None]) -> Iterator[None]:
    """Holds a folder of the journal for one job. Raises DataError where another one holds it.

    That is what `flock` is for. As some file systems keep it to one host, the lock names its holder, who gives signs of
    life: one on another host is waited for, as `say` is told, until it gave none for `FORGOTTEN` seconds.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / ".lock"
    with path.open("a+") as file:
        file.seek(0)
        holder = file.read().strip()
        _hold(file.fileno(), folder, holder)
        host = socket.gethostname()
        if holder and holder.partition(" on ")[2].partition(" since ")[0] != host:
            until = f"going on if that gives no sign of life in {FORGOTTEN:.0f} s"
            say(f"note: {folder}: locked by process {holder}; {until}")
            if _gives_signs_of_life(path):
                raise _held(folder, holder)
        file.truncate(0)
        file.write(f"{os.getpid()} on {host} since {datetime.now(UTC):%Y-%m-%d %H:%M} UTC")
        file.flush()
        try:
            with repeatedly(BEAT, partial(os.utime, path)):
                yield
        finally:
            file.truncate(0)


def _gives_signs_of_life(path: Path) -> bool:
    """Whether a file is written to by another host: looks for some time."""
    before, until = path.stat().st_mtime_ns, time.monotonic() + FORGOTTEN
    while time.monotonic() < until:
        time.sleep(BEAT / 10)
        if path.stat().st_mtime_ns != before:
            return True
    return False


def _hold(descriptor: int, path: Path, holder: str = "") -> None:
    try:
        free = take(descriptor)
    except OSError as error:
        raise DataError(f"{path}: cannot be locked ({error.strerror}); put `journal` where files have locks") from None
    if not free:
        raise _held(path, holder)


def _held(path: Path, holder: str) -> DataError:
    who = f" ({holder})" if holder else ""
    return DataError(f"{path}: another process is writing to it{who}; wait for it to end, or stop it")


BATCHES = "batches.jsonl"  # in a folder: what was submitted to a Batch API
OF_FOLDERS = (BATCHES, RUNS, SERVERS)  # the files in which no answers are
_EVENT: Fields = {"event": str, "token": str}
_EVENTS: Mapping[str, Fields] = {"submitting": {"file": str, "rows": list}, "created": {"batch": str}}


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

    def problem(line: dict[str, Any]) -> str:
        if wrong := lacks(line, _EVENT) or lacks(line, _EVENTS.get(line["event"], {})):
            return wrong
        if any(type(row) is not list or [*map(type, row)] != [str] * 3 for row in line.get("rows", ())):
            return "rows are not part, key and id"
        return "created, but not submitted before" if line["event"] == "created" and line["token"] not in found else ""

    for line in lines(folder / BATCHES, problem):
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

    def withdraw(self, key: str, id: str) -> None:
        """Takes back an answer to a request, which then has none."""
        self.write({"key": key, "id": id, "withdrawn": True})

    def write(self, line: Mapping[str, object]) -> None:
        """Writes any other line, as safely."""
        # Some servers send half of a surrogate pair, which is no UTF-8.
        body = to_json(line).encode(errors="replace")
        data = b'%b%b%08x"}\n' % (body[:-1], _SUM, crc32(body))
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
