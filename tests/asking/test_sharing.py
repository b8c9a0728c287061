"""Jobs that share a provider's limits, as processes that could be on two hosts: all they have in common is a folder."""

import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.asking.collected import Collected
from tests.conftest import ROOT
from tests.servers.loopback import Server
from xsafety.asking.engines import openai
from xsafety.asking.engines import sharing as module
from xsafety.asking.engines.limits import Limiter
from xsafety.asking.engines.sharing import sharing
from xsafety.asking.flock import FORGOTTEN
from xsafety.asking.requests import Fatal, Request
from xsafety.config.models import Connection

HOLD = "import sys, pathlib, time; from xsafety.asking.engines.sharing import sharing\n"
HOLD += "with sharing(pathlib.Path(sys.argv[1])) as mine: print(mine.share(), flush=True); time.sleep(60)"


def test_jobs_have_equal_shares_and_one_that_is_killed_is_forgotten(tmp_path: Path) -> None:
    with sharing(tmp_path) as mine:
        assert mine.share() == 1
        other = subprocess.Popen([sys.executable, "-c", HOLD, tmp_path], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert other.stdout
        assert other.stdout.readline() == "0.5\n"
        assert mine.share() == 1 / 2
        other.kill()
        other.wait()
        other.stdout.close()
        assert mine.share() == 1 / 2, "nobody tells"
        [left] = [file for file in tmp_path.iterdir() if file != mine.own]
        # The file system's own time counts, whatever the clock of this host says.
        old = mine.own.stat().st_mtime - FORGOTTEN - 1
        os.utime(left, (old, old))
        assert mine.share() == 1
        assert [*tmp_path.iterdir()] == [mine.own]
    assert not [*tmp_path.iterdir()]


def test_a_share_of_a_known_limit_is_kept() -> None:
    now = 0.0
    limiter = Limiter(requests_per_minute=600, tokens_per_minute=60000, clock=lambda: now)

    def sent(seconds: float, tokens: float) -> int:
        nonlocal now
        end, number = now + seconds, 0
        while (now := now + max(limiter.wait(), 1e-4)) < end:
            limiter.take(tokens)
            number += 1
        return number

    assert 95 <= sent(10, 10) <= 101
    limiter.share = 0.5
    assert 45 <= sent(10, 10) <= 51
    assert 20 <= sent(10, 200) <= 26, "5 tokens in 10 ms"
    limiter.share = 1
    assert 45 <= sent(10, 200) <= 51


ASK = """
import sys
from xsafety.asking.engines import openai
from xsafety.asking.requests import Meter, Request
from xsafety.config.models import Connection

openai.BEAT = 0.05

class Recipient:
    meter = Meter()
    def deliver(self, request, completion): print(completion.status)
    def fail(self, request, reason): print(reason)

requests = [Request(str(n), str(n), "p", [{"role": "user", "content": "Hello"}]) for n in range(30)]
connection = Connection(base_url=sys.argv[1], requests_per_minute=1200, concurrency=8)
identity = {"engine": "openai", "model": "m", "decoding": {}}
openai.ask_online(requests, Recipient(), identity=identity, connection=connection)
"""


def test_two_hosts_keep_one_limit_together(server: Server, tmp_path: Path) -> None:
    times: list[float] = []

    def reply(body: dict[str, Any]) -> str:
        times.append(time.monotonic())
        return "Yes"

    server.reply = reply
    environment = os.environ | {module.SHARED_FOLDER: str(tmp_path / "journal")}
    command = [sys.executable, "-c", ASK, server.url + "/v1"]
    hosts = [subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = [host.communicate()[0].split() for host in hosts]
    assert said == [["answered"] * 30] * 2
    assert len(times) == 60
    # 20 a second together, of which each knows; but for the first ones, which one may ask before the other is there.
    assert times[-1] - times[20] > 1.6


def test_a_job_at_its_end_waits_for_no_other(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server.reply = lambda body: (401, {})
    monkeypatch.setenv(module.SHARED_FOLDER, str(tmp_path))
    connection = Connection(base_url=server.url + "/v1", concurrency=8)
    asked = [Request(str(n), str(n), "p", [{"role": "user", "content": "Hello"}]) for n in range(30)]
    with sharing(tmp_path / str(connection.provider)) as other:
        other.share()  # it goes on, and keeps half of the places
        asking = openai._ask_online(asked, Collected(), {"engine": "openai", "model": "m", "decoding": {}}, connection)
        with pytest.raises(Fatal, match="answers 401"):
            asyncio.run(asyncio.wait_for(asking, 10))
