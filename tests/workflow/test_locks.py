"""The lock of a killed run of this host is taken over; one of another host, or of a run that lives, is not."""

import fcntl
import os
import time
from pathlib import Path

import pytest

from tests.conftest import ROOT, Run
from tests.servers.forks import SNAKEMAKE, Fork
from xsafety.workflow import locks

FLOW = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from snakemake.persistence.file import FilePersistence
from xsafety.workflow.locks import take_over_dead_locks
take_over_dead_locks(FilePersistence)
rule one:
    output: "made"
    shell: "sleep $(cat seconds); touch made"
"""


def start(folder: Path) -> Fork:
    return Fork(SNAKEMAKE, ["--cores", "1", "--rerun-incomplete", "made"], folder, os.environ)


def run(folder: Path) -> Run:
    return Run(*start(folder).wait())


@pytest.fixture
def killed(tmp_path: Path) -> Path:
    """The folder of a run that was killed, with what it was locked by."""
    (tmp_path / "Snakefile").write_text(FLOW, encoding="utf-8")
    (tmp_path / "seconds").write_text("60")
    running = start(tmp_path)
    deadline = time.monotonic() + 60
    while not list(tmp_path.glob(".snakemake/incomplete/*")) and time.monotonic() < deadline:
        time.sleep(0.05)
    try:
        second = run(tmp_path)
        assert second.status != 0
        assert "--unlock" in second.output
    finally:
        running.kill()
    assert list(tmp_path.glob(".snakemake/locks/*.lock"))
    (tmp_path / "seconds").write_text("0")
    return tmp_path


@pytest.mark.slow
def test_a_dead_lock_is_taken_over_once_and_with_a_notice(killed: Path) -> None:
    done = run(killed)
    assert done.status == 0, done.output
    assert "left behind by a run that was killed; taken over" in done.output
    assert not list(killed.glob(".snakemake/locks/*.lock"))


@pytest.mark.slow
def test_a_lock_of_another_host_or_of_nobody_asks_for_unlock(killed: Path) -> None:
    for name in (f"{locks.HOST}elsewhere\n", ""):
        for file in killed.glob(".snakemake/locks/*.lock"):
            lines = [line for line in file.read_text().splitlines() if not line.startswith(locks.HOST)]
            file.write_text("\n".join(lines) + "\n" + name)
        done = run(killed)
        assert done.status != 0
        assert "--unlock" in done.output
    assert Run(*Fork(SNAKEMAKE, ["--cores", "1", "--unlock"], killed, os.environ).wait()).status == 0
    assert run(killed).status == 0


def test_whether_a_lock_is_dead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: "here")
    lock = tmp_path / "0.input.lock"
    for text, dead in {
        f"a\nb\n{locks.HOST}here\n": True,
        f"{'long/' * 200}\n{locks.HOST}here\n": True,
        f"a\n{locks.HOST}here": False,
        f"a\n{locks.HOST}there\n": False,
        "a\nb\n": False,
        "": False,
    }.items():
        lock.write_text(text)
        assert locks._is_dead(lock) == dead, text
    lock.write_text(f"a\n{locks.HOST}here\n")
    with lock.open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert not locks._is_dead(lock)
    assert locks._is_dead(lock)
    assert not locks._is_dead(tmp_path / "gone")


class LocksOtherwise:
    def lock(self) -> None: ...

    def _write_locks(self) -> None: ...


def test_only_what_was_tested_is_mended(monkeypatch: pytest.MonkeyPatch) -> None:
    before = LocksOtherwise.lock
    monkeypatch.setattr(locks, "__version__", "9.28.0")
    locks.take_over_dead_locks(LocksOtherwise)
    assert LocksOtherwise.lock is before
    monkeypatch.setattr(locks, "__version__", "9.27.1")
    with pytest.raises(AssertionError, match="locks otherwise"):
        locks.take_over_dead_locks(LocksOtherwise)
