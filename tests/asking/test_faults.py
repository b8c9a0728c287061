"""The real asking script against a server that fails in every way, killed at random: nothing lost or paid twice."""

import json
import random
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from tests.conftest import ROOT
from tests.servers.forks import Fork
from tests.servers.loopback import Server, drop, loopback, truncate
from xsafety.asking.journal import lines
from xsafety.categories import OF_PAPER, write_about
from xsafety.config.models import OpenAI
from xsafety.tabular import to_json, write_jsonl

SCRIPT, HURRIED = ROOT / "scripts/ask.py", ROOT / "tests/servers/hurried_ask.py"
ROWS, CONCURRENCY = 60, 8


def error(status: int, code: str) -> web.Response:
    body = {"error": {"message": "Something about a key", "code": code}}
    return web.json_response(body, status=status, headers={"retry-after-ms": "20"})


class Chaos:
    """Fails every third call in some way that may pass, and blocks each tenth row; counts what was answered."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self.answered: Counter[str] = Counter()

    def __call__(self, body: dict[str, Any]) -> Any:
        text = body["messages"][-1]["content"]
        if self._random.random() < 1 / 3:
            return self._random.choice(
                [
                    drop,
                    truncate,
                    error(500, "server_error"),
                    error(503, "overloaded"),
                    error(429, "rate_limit_exceeded"),
                    error(408, "timeout"),
                    error(409, "conflict"),
                    web.Response(
                        text='{"choices": [', content_type="application/json", headers={"retry-after-ms": "20"}
                    ),
                ]
            )
        self.answered[text] += 1
        if int(text.split()[-1]) % 10 == 0:
            return 400, {"error": {"message": "No", "code": "content_policy_violation"}}
        return f"To {text}"


def command(server: Server, folder: Path, **settings: Any) -> list[str]:
    """The arguments of rule `ask` for one model, one prompting and one language of ROWS queries."""
    query = {"lang": "en", "category": "insult", "basis": "source", "origin": "seed", "rounds": 0}
    rows = [query | {"id": f"q{n:03}", "source": f"Query {n}", "query": f"Query {n}"} for n in range(ROWS)]
    write_jsonl(folder / "queries" / "en.jsonl", rows)
    write_about(folder / "dataset.json", OF_PAPER)
    made = {"engine": "openai", "model": "m", "base_url": f"{server.url}/v1", "concurrency": CONCURRENCY, "timeout": 5}
    model = OpenAI.model_validate(made | {"max_retries": 12} | settings)
    return [
        *("--queries", str(folder / "queries"), "--about", str(folder / "dataset.json"), "--languages", "en"),
        *("--journal", str(folder / "journal"), "--receipt", str(folder / "receipt.json"), "--attempt", "1"),
        *("--identity", to_json(model.identity()), "--connection", model.connection().model_dump_json()),
        *("--threads", "1"),
        *("--promptings", to_json({"none": {"text": "", "placement": "system"}})),
    ]


def start(arguments: list[str], script: Path = SCRIPT, **environment: str) -> Fork:
    return Fork(script, arguments, ROOT, environment)


def kill_and_go_on(seed: int, folder: Path) -> None:
    """Kills a job at a point that the seed decides, runs it again, and compares calls, journal and receipt."""
    with loopback() as server:
        chaos = Chaos(seed)
        server.reply, server.delay = chaos, 0.02
        arguments = command(server, folder)
        first = start(arguments, HURRIED)
        calls = random.Random(seed).randrange(1, ROWS)
        deadline = time.monotonic() + 60
        while len(server.chats) < calls and first.is_running() and time.monotonic() < deadline:
            time.sleep(0.002)
        first.kill()
        time.sleep(5 * server.delay)  # what was under way is answered, and lost
        journal = folder / "journal/none/en.jsonl"
        lost = chaos.answered.total() - sum(1 for _ in lines(journal))
        assert 0 <= lost <= CONCURRENCY

        status, said = start(arguments, HURRIED).wait()
        assert status == 0, said
        receipt = json.loads((folder / "receipt.json").read_text())
        assert (receipt["rows"], receipt["failed"]) == (ROWS, {}), said
        found = {line["id"]: line["answer"] for line in lines(journal)}
        assert sum(1 for _ in lines(journal)) == ROWS
        for number in range(ROWS):
            answer = found[f"q{number:03}"]
            expected = ("blocked", "") if number % 10 == 0 else ("answered", f"To Query {number}")
            assert (answer["status"], answer["text"]) == expected
        assert chaos.answered.total() == ROWS + lost


@pytest.mark.slow
@pytest.mark.parametrize("seeds", [range(first, first + 5) for first in (0, 5)], ids=str)
def test_killed_at_a_random_point_nothing_is_lost_and_little_asked_twice(tmp_path: Path, seeds: range) -> None:
    with ThreadPoolExecutor(len(seeds)) as pool:
        for done in [pool.submit(kill_and_go_on, seed, tmp_path / str(seed)) for seed in seeds]:
            done.result()


def test_rows_that_fail_for_good_are_counted_told_and_asked_again(server: Server, tmp_path: Path) -> None:
    bad = {f"Query {n}" for n in (3, 30, 33)}
    server.reply = lambda body: (503, {}) if body["messages"][-1]["content"] in bad else "fine"
    arguments = command(server, tmp_path, max_retries=0)
    _, said = start(arguments).wait()
    assert said.splitlines()[-2:] == [
        "journal: 3 rows failed; run snakemake again, it asks for these only:",
        "       3  503",
    ]
    receipt = json.loads((tmp_path / "receipt.json").read_text())
    assert receipt["failed"] == {"none/en": {"q003": "503", "q030": "503", "q033": "503"}}
    server.reset()
    start(arguments).wait()
    assert {body["messages"][-1]["content"] for body in server.chats} == bad
    assert json.loads((tmp_path / "receipt.json").read_text())["failed"] == {}


@pytest.mark.parametrize(("status", "code"), [(401, "invalid_api_key")])
def test_what_no_row_survives_ends_with_one_line_and_no_key(
    server: Server, tmp_path: Path, status: int, code: str
) -> None:
    server.reply = lambda body: (status, {"error": {"message": "sk-marked-key", "code": code}})
    arguments = command(server, tmp_path, api_key_env="THE_KEY")
    ended, said = start(arguments, THE_KEY="sk-marked-key").wait()
    assert ended == 1
    first, last = said.splitlines()
    assert first == f"journal: {ROWS} rows, {ROWS} to ask, the others are in the journal"
    answers = f"answers {status} {code}: [key] for model 'm' with the key in THE_KEY;"
    assert last.startswith(f"error: {server.url}/v1/ {answers}")
    assert "sk-marked-key" not in said
    assert len(server.chats) <= CONCURRENCY


def test_a_full_disk_ends_with_one_line_and_keeps_what_was_written(server: Server, tmp_path: Path) -> None:
    server.reply = lambda body: "x" * 5000
    arguments = command(server, tmp_path)
    command_line = [sys.executable, str(SCRIPT), *arguments]
    limited = ["bash", "-c", 'ulimit -f 100; exec "$@"', "-", *command_line]  # KiB of a file
    environment = {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}  # which would be cut off, too
    done = subprocess.run(limited, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.splitlines()[-1].startswith("error: ")
    kept = sum(1 for _ in lines(tmp_path / "journal/none/en.jsonl"))
    assert 10 <= kept <= 20
    server.chats.clear()
    assert start(arguments).wait()[0] == 0
    assert len(server.chats) == ROWS - kept
