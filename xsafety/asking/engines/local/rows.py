"""A row that is being decoded, and those that wait."""

import hashlib
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ...requests import Request


@dataclass(eq=False)
class DecodedRow:
    """A prompt as tokens, and its answer so far.

    `sample`: which answer to its request it is, from 0. `ended`: by a token, which is not in `answer`, or a text, which
    is, that ends answers. `failure`: why there is no answer.
    """

    request: Request
    prompt: Sequence[int]
    sample: int = 0
    answer: list[int] = field(default_factory=list)
    ended: bool = False
    done: bool = False
    failure: str = ""

    @property
    def length(self) -> int:
        """The tokens that it has, those of the prompt among them."""
        return len(self.prompt) + len(self.answer)

    def chance(self) -> float:
        """A number in [0, 1) that decides the next token: the same whatever else is asked, and in which order."""
        place = f"{self.request.key} {self.sample} {len(self.answer)}"
        return int.from_bytes(hashlib.sha256(place.encode()).digest()[:6], "big") / 2**48


class Waiting:
    """Rows in their order; those that are put back come first."""

    def __init__(self, rows: Iterable[DecodedRow]) -> None:
        self._rows, self._back = iter(rows), deque[DecodedRow]()

    def __bool__(self) -> bool:
        return self.first() is not None

    def first(self) -> DecodedRow | None:
        """The row that is next, where there is one."""
        if not self._back and (row := next(self._rows, None)):
            self._back.append(row)
        return self._back[0] if self._back else None

    def take(self) -> DecodedRow:
        """The row that `first` shows."""
        return self._back.popleft()

    def put_back(self, rows: Sequence[DecodedRow]) -> None:
        self._back.extendleft(reversed(rows))
