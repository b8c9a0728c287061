"""What asking cost by the journal, and the budgets at which it ends."""

import json
import os
import re
import time
from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple

from . import journal
from .flock import FORGOTTEN
from .price import cost

if TYPE_CHECKING:  # pydantic is slow to import
    from ..config.models import JobBudget, Price

OTHERS_EVERY = 15.0  # seconds between two looks at what other jobs spent

# The end of an answer in a line of the journal, and the dollars behind it; no text has it, whose quotes are escaped.
_END = re.compile(rb',"usage":(null|{(?:"\w+":\d+,?)*})},(?:"dollars":(\d[\d.e-]*),)?"id":"')


class _Read(NamedTuple):
    """Up to which place a file was read, and what the answers before it cost."""

    inode: int
    place: int = 0
    dollars: float = 0.0


class Spending:
    """The dollars behind the answers in folders of the journal, each with the price of today."""

    def __init__(self, prices: Mapping[Path, "Price | None"]) -> None:
        self._prices = {folder.resolve(): price for folder, price in prices.items()}
        self._read: dict[Path, _Read] = {}

    def dollars(self, but: Path | None = None) -> float:
        """All of it up to now; of the files in the folder `but`, up to the last look without it.

        Only what was appended since the last look is read; a file that is another one now, or shorter, is read anew.
        What is no answer costs nothing here, and a file that is gone what it did.
        """
        left_out = str(but.resolve()) if but else None
        for top, price in self._prices.items():
            for folder, inside, names in os.walk(top, onerror=_unless_gone):
                if folder == left_out:
                    inside.clear()
                    continue
                for name in names:
                    if name.endswith(".jsonl") and name not in journal.OF_FOLDERS:
                        self._look(Path(folder, name), price)
        return sum(read.dollars for read in self._read.values())

    def _look(self, file: Path, price: "Price | None") -> None:
        now, known = file.stat(), self._read.get(file)
        if not known or now.st_ino != known.inode or now.st_size < known.place:
            known = _Read(now.st_ino)
        place, dollars = known.place, known.dollars
        if now.st_size > place:
            with file.open("rb") as lines:
                lines.seek(place)
                for raw in lines:
                    if not raw.endswith(b"\n"):  # it is being written
                        break
                    place += len(raw)
                    dollars += _cost(raw, price)
        self._read[file] = _Read(known.inode, place, dollars)


def _unless_gone(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):
        raise error


def _cost(raw: bytes, price: "Price | None") -> float:
    """What the answer in a line cost. Broken lines are told where answers are read."""
    try:
        if end := _END.match(raw, max(raw.rfind(b',"usage":'), 0)):  # the rest need not be read, and is long
            return float(end[2]) if end[2] else cost(json.loads(end[1]), price)
        line = json.loads(raw)
    except (ValueError, RecursionError):
        return 0.0
    is_answer = type(line) is dict and "answer" in line and not journal.uncountable(line)
    return journal.paid(line, price) if is_answer else 0.0


class Purse:
    """A budget that a job and others spend from. `own` is the folder of the journal that this job alone writes to."""

    def __init__(self, budget: "JobBudget", own: Path) -> None:
        self.usd, self.together = budget.usd, budget.together
        self._own, self._spending = own, Spending({Path(folder): price for folder, price in budget.prices.items()})
        self._before, self._looked, self._looking = self._spending.dollars(), time.monotonic(), Lock()

    def look(self) -> None:
        """Looks at what others spent since. Raises OSError where that cannot be read."""
        with self._looking:  # the asking and the thread that looks now and then
            self._before, self._looked = self._spending.dollars(but=self._own), time.monotonic()

    def spent(self, own: float) -> float:
        """The dollars that were spent as of the last look, with the `own` ones of this job up to now."""
        return self._before + own

    def is_empty(self, own: float) -> bool:
        """Whether nothing is left. Raises OSError where what others spent could not be read for long."""
        if time.monotonic() - self._looked > FORGOTTEN:
            self.look()
        return self.spent(own) >= self.usd

    def told(self) -> str:
        """That it is empty."""
        whose = (
            f"the budget of ${self.usd:,.2f} for all together" if self.together else f"its budget of ${self.usd:,.2f}"
        )
        return f"{whose} is used up; to ask the rest, raise budget.usd"
