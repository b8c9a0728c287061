"""What asking cost by the journal, and the budgets at which it ends."""

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from . import journal

if TYPE_CHECKING:  # pydantic is slow to import
    from ..config.models import JobBudget, Price

OTHERS_EVERY = 15.0  # seconds between two looks at what all jobs spent


class Spending:
    """The dollars behind the answers in folders of the journal, each with the price of today."""

    def __init__(self, prices: Mapping[Path, "Price | None"]) -> None:
        self._prices, self._read, self._dollars = prices, dict[Path, int](), 0.0

    def dollars(self) -> float:
        """All of it up to now; what was read before is not read again. What is no answer costs nothing here."""
        for folder, price in self._prices.items():
            for file in folder.rglob("*.jsonl"):
                if file.name not in journal.OF_FOLDERS and file.stat().st_size > self._read.get(file, 0):
                    self._dollars += self._appended(file, price)
        return self._dollars

    def _appended(self, file: Path, price: "Price | None") -> float:
        total = 0.0
        with file.open("rb") as lines:
            lines.seek(self._read.get(file, 0))
            for raw in lines:
                if not raw.endswith(b"\n"):  # it is being written
                    break
                self._read[file] = self._read.get(file, 0) + len(raw)
                total += _cost(raw, price)
        return total


def _cost(raw: bytes, price: "Price | None") -> float:
    """What the answer in a line cost. Broken lines are told where answers are read."""
    try:
        line = json.loads(raw)
    except (ValueError, RecursionError):
        return 0.0
    return 0.0 if type(line) is not dict or journal.uncountable(line) else journal.paid(line, price)


class Purse:
    """A budget that this job and others spend from."""

    def __init__(self, budget: "JobBudget") -> None:
        self.usd, self.together = budget.usd, budget.together
        self._spending = Spending({Path(folder): price for folder, price in budget.prices.items()})
        self._own = 0.0
        self._look()

    def _look(self) -> None:
        self._seen, self._next_look = self._spending.dollars(), time.monotonic() + OTHERS_EVERY

    def spent(self, own: float) -> float:
        """The dollars that were spent as of the last look, with the `own` ones of this job up to now."""
        return self._seen + own - self._own

    def is_empty(self, own: float) -> bool:
        if time.monotonic() >= self._next_look:
            self._own = own
            self._look()
        return self.spent(own) >= self.usd

    def told(self) -> str:
        """That it is empty."""
        whose = (
            f"the budget of ${self.usd:,.2f} for all together" if self.together else f"its budget of ${self.usd:,.2f}"
        )
        return f"{whose} is used up; to ask the rest, raise budget.usd"
