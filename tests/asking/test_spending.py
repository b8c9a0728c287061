"""What was spent is told by the journal, of which nothing is read twice, whatever becomes of its files."""

import time
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from xsafety.asking import spending as module
from xsafety.asking.journal import RUNS, Journal
from xsafety.asking.spending import Purse, Spending
from xsafety.config.models import JobBudget, Price
from xsafety.tabular import to_json

PRICE = Price(input=0, output=1e6)
PART = Path("none/en.jsonl")


def answer(text: str = "Hello", **usage: int) -> dict[str, Any]:
    return {"status": "answered", "text": text, "finish_reason": "stop", "detail": "", "usage": usage or None}


def pay(file: Path, *dollars: float | None, text: str = "Hello", key: str = "k") -> None:
    """Appends answers of one output token, with these dollars behind them, None for those without a price."""
    with Journal(file) as journal:
        for one in dollars:
            journal.append(key, "a", answer(text, input_tokens=7, output_tokens=1), one)


def test_all_kinds_of_lines_cost_what_they_did(tmp_path: Path) -> None:
    pay(tmp_path / PART, 0.5, 5e-7, 0, None, text='"usage":{"output_tokens":9}},"dollars":9,"id":"x')
    with Journal(tmp_path / PART) as journal:
        journal.append("k", "a", answer(output_tokens=2) | {"more": [answer("2nd", output_tokens=9)]}, None)
        journal.append("k", "a", answer(), None)
        journal.append("k", "a", {"text": "of a service"})
        journal.withdraw("k", "a")  # all were paid for
    old = {"key": "k", "id": "a", "answer": answer(output_tokens=3)}
    lines = [
        old,
        old | {"dollars": 4},
        old | {"dollars": "4"},
        old | {"dollars": -4},
        {"answer": {"usage": {"x": "9"}}},
    ]
    with (tmp_path / PART).open("a") as file:
        file.writelines(f"{line}\n" for line in ("{broken", *map(to_json, lines)))
    (tmp_path / RUNS).write_text(to_json(old) + "\n")
    assert Spending({tmp_path: PRICE}).dollars() == 0.5 + 5e-7 + 1 + 2 + 3 + 4
    assert Spending({tmp_path: None}).dollars() == 0.5 + 5e-7 + 4
    assert Spending({tmp_path / "not there yet": PRICE}).dollars() == 0


def test_only_what_was_appended_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[bytes] = []
    cost = module._cost
    monkeypatch.setattr(module, "_cost", lambda raw, price: read.append(raw) or cost(raw, price))
    spending = Spending({tmp_path: PRICE})
    pay(tmp_path / PART, 1, 2)
    assert spending.dollars() == 3
    with (tmp_path / PART).open("ab") as file:
        file.write(b'{"answer":{"detail"')  # being written
    assert spending.dollars() == 3
    pay(tmp_path / PART, 4)  # after a kill
    pay(tmp_path / "new.jsonl", 8)
    assert spending.dollars() == spending.dollars() == 15
    assert len(read) == 4


def test_a_file_that_was_replaced_or_is_shorter_is_read_anew(tmp_path: Path) -> None:
    spending = Spending({tmp_path: PRICE})
    pay(tmp_path / PART, 1, 2)
    assert spending.dollars() == 3
    pay(tmp_path / "merged.jsonl", 4, 8, 16)
    (tmp_path / "merged.jsonl").rename(tmp_path / PART)
    assert spending.dollars() == 28
    kept = (tmp_path / PART).read_bytes().splitlines(keepends=True)[-1]
    (tmp_path / PART).write_bytes(kept)
    assert spending.dollars() == 16
    (tmp_path / PART).unlink()
    assert spending.dollars() == 16, "it was spent"


def test_a_job_counts_its_own_answers_once_and_those_of_others_when_it_looks(tmp_path: Path) -> None:
    own, other = tmp_path / "responses/own", tmp_path / "responses/other"
    pay(own / PART, 1)
    pay(other / PART, 2)
    budget = JobBudget(usd=20, prices={str(own): PRICE, str(other): PRICE}, together=True)
    purse = Purse(budget, own)
    assert purse.spent(0) == 3
    pay(own / PART, 4)
    pay(own / "none/fr.jsonl", 1)
    pay(other / PART, 8)
    assert purse.spent(5) == 8
    purse.look()
    assert purse.spent(5) == 16
    assert not purse.is_empty(5)
    pay(other / PART, 4)
    purse.look()
    assert purse.is_empty(5)


def test_a_job_that_cannot_see_what_others_spend_does_not_ask_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    purse = Purse(JobBudget(usd=20, prices={str(tmp_path / "other"): PRICE}, together=True), tmp_path / "own")

    def gone(*_: object, **__: object) -> None:
        raise OSError("Stale file handle")

    monkeypatch.setattr(Spending, "dollars", gone)
    assert not purse.is_empty(0)
    later = time.monotonic() + module.FORGOTTEN + 1
    monkeypatch.setattr(time, "monotonic", lambda: later)
    with pytest.raises(OSError, match="Stale"):
        purse.is_empty(0)


def test_one_looks_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    purse = Purse(JobBudget(usd=20, prices={str(tmp_path): PRICE}, together=True), tmp_path / "own")
    looking, most = list[int](), list[int]()

    def slow(*_: object, **__: object) -> float:
        looking.append(1)
        time.sleep(0.05)
        most.append(len(looking))
        looking.pop()
        return 0

    monkeypatch.setattr(Spending, "dollars", slow)
    other = Thread(target=purse.look)
    other.start()
    purse.look()
    other.join()
    assert most == [1, 1]
