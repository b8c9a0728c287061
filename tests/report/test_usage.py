"""What asking takes and took: estimates, money, and the sums over the journal, against numbers computed by hand."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Project
from tests.servers.loopback import Server
from xsafety.asking.journal import RUNS
from xsafety.asking.price import cost, estimate_tokens
from xsafety.config.models import Price
from xsafety.report.usage import runs, time_rows, usage_rows
from xsafety.rows import Usage
from xsafety.tabular import columns, read_csv

PRICE = Price(input=2.0, output=10.0, cached_input=0.5)


def test_a_token_is_four_bytes() -> None:
    assert [estimate_tokens(text) for text in ("", "abcd", "é" * 4, "\ud800" * 4)] == [0, 1, 2, 1]


@pytest.mark.parametrize(
    ("usage", "price", "dollars"),
    [
        ({"input_tokens": 1_000_000, "output_tokens": 100_000}, PRICE, 2 + 1),
        ({"input_tokens": 1_000_000, "cached_input_tokens": 400_000}, PRICE, 0.6 * 2 + 0.4 * 0.5),
        ({"input_tokens": 1_000_000, "cached_input_tokens": 400_000}, Price(input=2.0, output=10.0), 2),
        ({"input_tokens": 1_000_000, "output_tokens": 100_000, "batch": 1}, PRICE, 1.5),
        ({"input_tokens": 5}, None, 0),
        (None, PRICE, 0),
    ],
)
def test_cost(usage: Mapping[str, int] | None, price: Price | None, dollars: float) -> None:
    assert cost(usage, price) == pytest.approx(dollars)


def write(file: Path, *lines: Mapping[str, Any]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")


def answer(key: str, **usage: int) -> dict[str, Any]:
    return {"key": key, "id": key, "answer": {"status": "answered", "text": "t", "usage": usage or None}}


def run(seconds: float, **numbers: int) -> dict[str, Any]:
    zero = dict.fromkeys(("answered", "failed", "requests", "retries", "rate_limited", "batches"), 0)
    return {"started": "2026-01-01T00:00:00+00:00", "seconds": seconds, **zero, **numbers}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(
        tmp_path / "responses/one/none/fr.jsonl",
        answer("a", input_tokens=100, output_tokens=50, cached_input_tokens=60),
        answer("b", input_tokens=100, output_tokens=50, reasoning_tokens=30),
    )
    write(tmp_path / "responses/one/dropped/fr.jsonl", answer("c", input_tokens=100, output_tokens=50, batch=1))
    write(tmp_path / "responses/one/none/en.jsonl", answer("d"))
    write(tmp_path / "responses/another/none/en.jsonl", answer("e", input_tokens=7))
    write(
        tmp_path / "responses/one" / RUNS,
        run(90, requests=5, retries=2, rate_limited=1),
        run(30, requests=1, failed=1),
    )
    write(tmp_path / "verdicts/judge/one/none/en.jsonl", answer("f", input_tokens=10, output_tokens=1))
    write(tmp_path / "drafts/fr.jsonl", {"key": "g", "id": "g", "answer": {"text": "t"}}, answer("h", input_tokens=9))
    write(tmp_path / "drafts" / RUNS, run(6))
    return tmp_path


def test_all_answers_of_a_name_are_counted(folder: Path) -> None:
    engines = [("responses", "one", "openai", PRICE), ("verdicts", "judge", "openai", None)]
    en, fr, whole, *judge = usage_rows(folder, engines)
    tries = {"requests": None, "retries": None, "rate_limited": None, "failed": None}
    name = {"stage": "responses", "name": "one", "engine": "openai", **tries}
    none = {"input_tokens": 0, "cached_input_tokens": 0, "output_tokens": 0, "reasoning_tokens": 0}
    assert en == name | {"lang": "en", "answers": 1, **none, "cost": "0.000000"}
    tokens = {"input_tokens": 300, "cached_input_tokens": 60, "output_tokens": 150, "reasoning_tokens": 30}
    # 40 x 2 + 60 x 0.5 + 50 x 10, then 100 x 2 + 50 x 10, then half of that, in millionths of a dollar.
    assert fr == name | {"lang": "fr", "answers": 3, **tokens, "cost": "0.001660"}
    tries = {"requests": 6, "retries": 2, "rate_limited": 1, "failed": 1}
    assert whole == fr | {"lang": "All", "answers": 4, **tries}
    assert [(row["lang"], row["input_tokens"], row["cost"]) for row in judge] == [("en", 10, ""), ("All", 10, "")]
    assert all(row.keys() == set(columns(Usage)) for row in (en, fr, whole, *judge))


def test_services_and_models_that_draft_are_told_apart(folder: Path) -> None:
    for name, engine, tokens in (("google", "google", 0), ("gpt", "openai", 9)):
        fr, whole = usage_rows(folder, [("drafts", name, engine, None)])
        assert (fr["lang"], fr["answers"], fr["input_tokens"]) == ("fr", 1, tokens)
        assert whole["answers"] == 1


def test_runs_are_those_of_the_name(folder: Path) -> None:
    assert [job["seconds"] for job in runs(folder, "responses", "one")] == [90, 30]
    assert list(runs(folder, "responses", "another")) == []
    assert [job["seconds"] for job in runs(folder, "drafts", "google")] == [6]


def test_times_are_a_table_of_their_own(folder: Path) -> None:
    engines = [("responses", name, "openai", None) for name in ("one", "another")]
    assert list(time_rows(folder, engines)) == [{"stage": "responses", "name": "one", "minutes": "2.0"}]


def test_a_name_without_answers_has_one_row_of_nothing(tmp_path: Path) -> None:
    [row] = usage_rows(tmp_path, [("responses", "one", "openai", PRICE)])
    assert (row["lang"], row["answers"], row["cost"]) == ("All", 0, "0.000000")


def test_usage_of_a_run_is_what_the_server_counted(built: Project, server: Server) -> None:
    built.config["models"]["one"]["price"] = {"input": 1, "output": 2}
    built.write("seeds/seeds.csv", (built.folder / "seeds/seeds.csv").read_text().replace("my hat", "my coat"))
    done = built.run("results/usage.csv")
    assert done.status == 0, done.output
    usage = {
        (row["stage"], row["name"], row["lang"]): row
        for row in read_csv(built.folder / "results/usage.csv", columns(Usage))
    }
    # 3 rows x 2 languages, and for the edited row once more. The server counts 10 tokens in and 5 out.
    row = usage["responses", "one", "All"]
    assert (row["answers"], row["input_tokens"], row["output_tokens"]) == ("8", "80", "40")
    assert (row["cost"], row["requests"], row["retries"], row["failed"]) == ("0.000160", "8", "0", "0")
    assert usage["responses", "one", "fr"]["answers"] == "4"
    assert usage["verdicts", "paper", "All"]["input_tokens"] == str(10 * 8)
    assert usage["drafts", "libretranslate", "All"]["answers"] == "4"


def test_an_answer_costs_what_it_cost_when_it_was_asked(tmp_path: Path) -> None:
    then = answer("a", input_tokens=1_000_000) | {"dollars": 7.0}
    write(tmp_path / "responses/one/none/fr.jsonl", then, answer("b", input_tokens=1_000_000))
    fr, _ = usage_rows(tmp_path, [("responses", "one", "openai", PRICE)])
    assert fr["cost"] == "9.000000"


def test_an_answer_that_was_withdrawn_was_paid_for(tmp_path: Path) -> None:
    file = tmp_path / "responses/one/none/en.jsonl"
    write(file, answer("k", input_tokens=2_000_000), {"key": "k", "id": "k", "withdrawn": True}, answer("k"))
    [row, _] = usage_rows(tmp_path, [("responses", "one", "openai", Price(input=1, output=1))])
    assert (row["answers"], row["cost"]) == (2, "2.000000")


def test_batches_and_servers_are_no_answers(folder: Path) -> None:
    engines = [("drafts", "google", "google", None)]
    before = list(usage_rows(folder, engines))
    for name in ("batches.jsonl", "servers.jsonl"):
        (folder / "drafts" / name).write_text('{"event":"submitting","token":"t","file":"f","rows":[]}\n')
    assert list(usage_rows(folder, engines)) == before
