"""Servers that a run starts: shared by jobs, stopped behind the last of them, also behind one that was killed."""

import os
import select
import socket
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.asking.collected import Collected
from tests.conftest import ROOT
from xsafety.asking.engines.register import open_engine
from xsafety.asking.engines.serving import is_healthy, served
from xsafety.asking.requests import Fatal, request
from xsafety.config.models import Connection, OpenAIModel
from xsafety.rows import Identity

SOON = 0.2  # seconds that a server waits for a further job


@dataclass
class Served:
    """A block whose command serves at a free port, and the processes that the command started."""

    connection: Connection
    starts: Path

    def processes(self) -> list[int]:
        return [int(line) for line in self.starts.read_text().split()] if self.starts.exists() else []


@pytest.fixture
def block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Served:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return made(tmp_path)


def made(folder: Path, *more: str) -> Served:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = f"{sys.executable} {ROOT}/tests/servers/served.py {port} {folder}/starts {' '.join(more)}"
    connection = Connection(base_url=f"http://127.0.0.1:{port}/v1", serve=command, serve_timeout=60, max_retries=0)
    return Served(connection, folder / "starts")


def ended(process: int) -> bool:
    """Waits until a process is gone."""
    try:
        descriptor = os.pidfd_open(process)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([descriptor], [], [], 60)[0])
    finally:
        os.close(descriptor)


def test_jobs_share_a_server_that_ends_behind_the_last(block: Served) -> None:
    with served(block.connection, SOON):
        with served(block.connection, SOON):
            assert is_healthy(block.connection)
        assert is_healthy(block.connection)
    [process] = block.processes()
    assert ended(process)
    assert not is_healthy(block.connection)
    with served(block.connection, SOON):
        assert len(block.processes()) == 2, "a later job starts it anew"
    assert ended(block.processes()[1])


def test_a_server_ends_behind_a_job_that_was_killed(block: Served) -> None:
    script = (
        "import sys; from xsafety.config.models import Connection; from xsafety.asking.engines.serving import served\n"
        f"with served(Connection.model_validate_json(sys.argv[1]), {SOON}): print('up', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", script, block.connection.model_dump_json()]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as job:
        assert job.stdout is not None
        assert job.stdout.readline() == "up\n"
        job.kill()
    [process] = block.processes()
    assert ended(process)


def test_a_server_that_does_not_come_up_is_told_with_its_last_words(block: Served, tmp_path: Path) -> None:
    broken = made(tmp_path, "No-such-model")
    with pytest.raises(Fatal, match=r"ended before it answered: .*No-such-model"), served(broken.connection, SOON):
        pass


def test_a_server_that_is_there_is_used_and_stays(
    block: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served(block.connection, SOON):
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "of-another"))
        with served(block.connection, SOON):
            assert len(block.processes()) == 1
        assert is_healthy(block.connection)


def test_a_model_is_served_before_its_first_request(block: Served, tmp_path: Path) -> None:
    identity: Identity = {"engine": "openai", "model": "m", "decoding": {}}
    asked = [request(identity, "a", "none/en", [{"role": "user", "content": "Hi"}])]
    engine, collected = open_engine(identity, block.connection, tmp_path), Collected()
    assert block.processes() == []
    engine(asked, collected)
    assert collected.done["a"].text == "Yes"
    [process] = block.processes()
    os.kill(process, 9)


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({"serve": "vllm serve m"}, "serve goes with base_url"),
        ({"serve": "vllm serve m", "base_url": "http://127.0.0.1:1/v1", "mode": "batch"}, "and with mode: online"),
        ({"serve": "vllm serve m --api-key abc", "base_url": "http://127.0.0.1:1/v1"}, "give the key as \\$NAME"),
    ],
)
def test_a_command_that_cannot_be_is_told(keys: dict[str, str], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        OpenAIModel.model_validate({"engine": "openai", "model": "m", **keys})
    fine = {"serve": "vllm serve m --api-key $KEY", "base_url": "http://127.0.0.1:1/v1"}
    assert "serve" not in OpenAIModel.model_validate({"engine": "openai", "model": "m", **fine}).identity()
