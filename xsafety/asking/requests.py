"""What passes between asking and an engine: requests in, completions out, and the engine itself."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, NotRequired, Optional, Protocol, TypedDict

from ..rows import AnswerStatus, Identity, Message
from ..tabular import DataError
from . import journal


@dataclass(frozen=True, slots=True)
class Request:
    """One question: its key, its row, the part of the journal it belongs to (a relative path), its messages."""

    key: str
    id: str
    part: str
    messages: Sequence[Message]


class Completion(NamedTuple):
    """What an engine returned: `answered`, or an outcome that asking again would not change.

    `blocked`: the provider refused to process the row; `too_long`: the prompt exceeds the model's context; `rejected`:
    the provider calls this one request invalid; `cut_off`: the limit of tokens came before an answer. `reasoning` is
    what the model thought, which is no part of `text`. `more` holds further completions, where several were asked for;
    `confidence` is the probability of a judge's label among its labels, where these were read.
    """

    status: AnswerStatus
    text: str
    finish_reason: str = ""
    detail: str = ""
    usage: Mapping[str, int] | None = None
    more: Sequence["Completion"] = ()
    reasoning: str = ""
    confidence: float | None = None


@dataclass
class Meter:
    """What an engine tells of its work while it runs."""

    requests: int = 0
    retries: int = 0
    rate_limited: int = 0
    batches: int = 0
    pace: Callable[[], str] = lambda: ""  # says what sets the pace right now
    left: str = "not asked"  # why rows were left that were neither delivered nor failed


class Recipient(Protocol):
    """Takes from an engine what becomes of each request, as it comes."""

    meter: Meter

    def deliver(self, request: Request, completion: Completion) -> None: ...

    def withdraw(self, request: Request) -> None:
        """Takes back what was delivered: it may be the answer to another request. This one is asked again."""

    def fail(self, request: Request, reason: str) -> None: ...


# Asks; what it neither delivered nor failed is put to the engine that it returns.
Engine = Callable[[Iterable[Request], Recipient], Optional["Engine"]]


class Fatal(DataError):
    """Every further request would fail the same way (a wrong key, an unknown model): the job stops at once."""


class Receipt(TypedDict):
    """What became of a job: how many rows it had, and of each part the rows that failed, with the reason.

    `ended` is why the job ended early, empty where it did not: the reason for every row that is in neither. `lacks`:
    why a model does not translate the rows of a part, which are then not asked.
    """

    rows: int
    failed: dict[str, dict[str, str]]
    ended: str
    lacks: NotRequired[dict[str, str]]


class Ended(Fatal):
    """A job that ended early, with its receipt: what was answered until then is in the journal."""

    def __init__(self, reason: str, receipt: Receipt) -> None:
        super().__init__(reason)
        self.receipt = receipt


def request(identity: Identity, id: str, part: str, messages: Sequence[Message]) -> Request:
    """A request of the engine that `identity` describes."""
    return Request(journal.digest({**identity, "messages": list(messages)}), id, part, messages)
