"""The journal: nothing acknowledged is lost, nothing torn is read, one writer at a time."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from xsafety.asking.journal import Journal, answers, digest, lines, lock
from xsafety.asking.requests import request
from xsafety.config.models import OpenAI
from xsafety.tabular import DataError

IDENTITY = {"engine": "openai", "model": "m", "revision": None, "decoding": {"temperature": 0}}
QUESTION = [{"role": "user", "content": "Hello"}]


def test_what_was_appended_is_read(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "j.jsonl"
    with Journal(file) as journal:
        journal.append("k1", "a", {"text": 'zwei\nZeilen "x" নমস্কার'})
    with Journal(file) as journal:
        journal.append("k2", "b", {"text": ""})
    assert answers(file) == {"k1": {"text": 'zwei\nZeilen "x" নমস্কার'}, "k2": {"text": ""}}
    assert [line["id"] for line in lines(file)] == ["a", "b"]


def test_no_file_holds_no_answers(tmp_path: Path) -> None:
    assert answers(tmp_path / "j.jsonl") == {}


def test_the_first_answer_stands(tmp_path: Path) -> None:
    with Journal(tmp_path / "j.jsonl") as journal:
        journal.append("k", "a", {"text": "first"})
        journal.append("k", "a", {"text": "second"})
    assert answers(tmp_path / "j.jsonl") == {"k": {"text": "first"}}


@pytest.mark.parametrize("torn", ['{"key":"k2","ans', "x" * 200_000, "{"])
@pytest.mark.parametrize("before", [0, 1, 2])
def test_a_torn_last_line_is_not_read_and_cut_at_the_next_start(tmp_path: Path, torn: str, before: int) -> None:
    file = tmp_path / "j.jsonl"
    with Journal(file) as journal:
        for number in range(before):
            journal.append(f"k{number}", "a", {"text": "x" * 70_000})
    whole = file.read_bytes()
    file.write_bytes(whole + torn.encode())
    assert len(answers(file)) == before
    with Journal(file) as journal:
        assert file.read_bytes() == whole
        journal.append("new", "b", {"text": "y"})
    assert len(answers(file)) == before + 1


def test_a_broken_line_in_the_middle_is_told(tmp_path: Path) -> None:
    file = tmp_path / "j.jsonl"
    for broken in (b"{oops\n", b"\xff\xfe\n"):
        file.write_bytes(b'{"key":"k","answer":{}}\n' + broken + b'{"key":"l","answer":{}}\n')
        with pytest.raises(DataError, match=r"j\.jsonl, line 2.*take this line out"):
            answers(file)


def test_two_writers_are_refused(tmp_path: Path) -> None:
    with Journal(tmp_path / "j.jsonl"), pytest.raises(DataError, match="another process is writing"):
        Journal(tmp_path / "j.jsonl")
    Journal(tmp_path / "j.jsonl").close()


def test_a_folder_is_held_by_one_job(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "m"
    with lock(folder):
        with pytest.raises(DataError, match=r"deep/m: another process is writing to it"), lock(folder):
            raise AssertionError("held twice")
        with lock(tmp_path / "deep" / "n"), Journal(folder / "none" / "en.jsonl"):
            pass
    with pytest.raises(RuntimeError), lock(folder):
        raise RuntimeError
    with lock(folder):
        pass


def test_half_a_surrogate_pair_does_not_stop_the_journal(tmp_path: Path) -> None:
    with Journal(tmp_path / "j.jsonl") as journal:
        journal.append("k", "a", {"text": "cut \ud83d"})
    assert answers(tmp_path / "j.jsonl") == {"k": {"text": "cut ?"}}


def test_a_full_disk_is_an_error_and_leaves_no_half_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    with Journal(tmp_path / "j.jsonl") as journal:
        journal.append("k", "a", {"text": "whole"})
        monkeypatch.setattr(os, "write", lambda descriptor, data: write(descriptor, data[:9]))
        with pytest.raises(OSError, match=r"9 of .* disk full"):
            journal.append("l", "b", {"text": "lost"})
    assert [json.loads(line)["key"] for line in (tmp_path / "j.jsonl").read_text().splitlines()] == ["k"]


WRITER = """
import sys
from pathlib import Path
from xsafety.asking.journal import Journal
with Journal(Path(sys.argv[1])) as journal:
    for number in range(10**9):
        journal.append(str(number), str(number), {"text": "x" * (number % 5000)})
        print(number, flush=True)
"""


def test_a_killed_writer_loses_nothing_acknowledged(tmp_path: Path) -> None:
    file = tmp_path / "j.jsonl"
    acknowledged = -1
    for _ in range(3):
        with (tmp_path / "out").open("w") as out:
            writer = subprocess.Popen([sys.executable, "-c", WRITER, str(file)], stdout=out, cwd=ROOT)
            deadline = time.monotonic() + 20
            while (tmp_path / "out").stat().st_size < 500 and time.monotonic() < deadline:
                time.sleep(0.01)
            writer.send_signal(signal.SIGKILL)
            writer.wait()
        said = [int(line) for line in (tmp_path / "out").read_text().split("\n")[:-1]]
        assert len(said) > 50
        acknowledged = max(acknowledged, *said)
        known = answers(file)
        assert all(known[str(number)] == {"text": "x" * (number % 5000)} for number in range(acknowledged + 1))
    Journal(file).close()


@pytest.mark.parametrize(
    "changed",
    [
        {"identity": {**IDENTITY, "engine": "transformers"}},
        {"identity": {**IDENTITY, "model": "n"}},
        {"identity": {**IDENTITY, "revision": "abc"}},
        {"identity": {**IDENTITY, "decoding": {"temperature": 1}}},
        {"identity": {**IDENTITY, "decoding": {}}},
        {"messages": [{"role": "user", "content": "Hello "}]},
        {"messages": [{"role": "system", "content": "Hello"}]},
        {"messages": [*QUESTION, *QUESTION]},
    ],
)
def test_any_part_of_a_request_changes_its_key(changed: dict[str, Any]) -> None:
    same = {"identity": IDENTITY, "id": "a", "part": "none/en", "messages": QUESTION}
    assert request(**(same | changed)).key != request(**same).key


def test_order_id_part_and_connection_are_no_part_of_a_key() -> None:
    key = request(IDENTITY, "a", "none/en", QUESTION).key
    assert request(dict(reversed(IDENTITY.items())), "b", "xling/fr", QUESTION).key == key
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})
    here = OpenAI(engine="openai", model="m", base_url="http://here", timeout=1, concurrency=1)
    there = OpenAI(engine="openai", model="m", base_url="http://there", label="other", note="x")
    assert request(here.identity(), "a", "p", QUESTION).key == request(there.identity(), "a", "p", QUESTION).key
