"""The journal: nothing acknowledged is lost, nothing torn is read, one writer at a time."""

import errno
import fcntl
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT, cases
from xsafety.asking import journal as module
from xsafety.asking.journal import MOST_PROBLEMS, Journal, answers, digest, keys, lines, lock
from xsafety.asking.requests import request
from xsafety.config.models import OpenAI
from xsafety.tabular import DataError, to_json

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


@pytest.mark.parametrize("key", [digest({}), "k", 'a "key":"', '","key":"x', "a b", "কী", "\\", "\n"])
def test_keys_of_all_kinds_are_read(tmp_path: Path, key: str) -> None:
    file, text = tmp_path / "j.jsonl", '"}},"id":"b","key":"other","crc32":"00000000"}'
    with Journal(file) as journal:
        journal.append("first", "a", {"text": ""})
        journal.append(key, text, {"text": text}, 0.5)
    assert keys(file) == {"first", key}
    assert answers(file) == {"first": {"text": ""}, key: {"text": text}}


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


ANSWER = {"text": "Answer 1", "status": "answered", "finish_reason": "stop", "detail": "", "usage": {"input_tokens": 9}}


def old_line(number: int, **changed: Any) -> bytes:
    """A line as it was before there were checksums."""
    answer = ANSWER | {"text": f"Answer {number}"}
    return (to_json({"key": f"k{number}", "id": f"r{number}", "answer": answer} | changed) + "\n").encode()


def new_line(folder: Path, number: int) -> bytes:
    with Journal(folder / "line") as journal:
        journal.append(f"k{number}", f"r{number}", ANSWER | {"text": f"Answer {number}"})
    line = (folder / "line").read_bytes()
    (folder / "line").unlink()
    return line


NO_LINE = {
    "broken": b"{oops",
    "not UTF-8": b"\xff\xfe",
    "cut in a letter": '{"key":"ন'.encode()[:-1],
    "UTF-16": '{"key":"k1"}'.encode("utf-16"),
    "a list": b'[{"key":"k1"}]',
    "a number": b"5",
    "a text": b'"k1"',
    "null": b"null",
    "nested deep": b"[" * 200_000,
    "objects nested deep": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "a number of 10,000 digits": b'{"key":%b}' % (b"9" * 10_000),
    "zeros": bytes(4096),
    "zeros before it": bytes(9) + old_line(1)[:-1],
    "two in one": old_line(1)[:-1] + old_line(2)[:-1],
    "a key twice": old_line(1)[:-2] + b',"key":"k7"}',
    "a text twice": old_line(1).replace(b'"text":', b'"text":"Yes","text":')[:-1],
    "blanks": b"  \t ",
}
NO_ANSWER: dict[str, dict[str, Any]] = {
    "null": {"answer": None},
    "a text": {"answer": "Answer 1"},
    "a list": {"answer": [ANSWER]},
    "a text alone": {"answer": {"text": "Answer 1"}},
    "another status": {"answer": ANSWER | {"status": "unknown"}},
    "status is a list": {"answer": ANSWER | {"status": ["answered"]}},
    "no detail": {"answer": {name: ANSWER[name] for name in ("text", "status", "finish_reason")}},
    "text is null": {"answer": ANSWER | {"text": None}},
    "text is an object": {"answer": ANSWER | {"text": {"value": "Answer 1"}}},
    "usage of texts": {"answer": ANSWER | {"usage": {"input_tokens": "9"}}},
    "usage is a list": {"answer": ANSWER | {"usage": [9]}},
    "more is an answer": {"answer": ANSWER | {"more": ANSWER}},
    "more of texts": {"answer": ANSWER | {"more": ["Answer 2"]}},
    "more without a text": {"answer": ANSWER | {"more": [ANSWER, {"status": "answered"}]}},
    "key is a number": {"key": 5},
    "key is empty": {"key": ""},
    "id is null": {"id": None},
    "dollars are a text": {"dollars": "0.1"},
    "dollars are no number": {"dollars": float("nan")},
}


def told(file: Path) -> str:
    """What is said of a file's second of three lines, one line for the reader."""
    with pytest.raises(DataError) as error:
        answers(file)
    said = str(error.value)
    assert said.startswith(f"{file}, line 2: ")
    assert said.endswith("; take this line out; what it answered is asked again")
    assert len(said.splitlines()) == 1
    assert len(said) < 400
    return said


@pytest.mark.parametrize("line", NO_LINE.values(), ids=NO_LINE)
def test_what_is_no_line_is_told(tmp_path: Path, line: bytes) -> None:
    file = tmp_path / "j.jsonl"
    file.write_bytes(old_line(0) + line + b"\n" + new_line(tmp_path, 2))
    told(file)
    with pytest.raises(DataError, match="line 2: "):
        keys(file)


@pytest.mark.parametrize("changed", NO_ANSWER.values(), ids=NO_ANSWER)
def test_what_is_no_answer_is_told(tmp_path: Path, changed: dict[str, Any]) -> None:
    file = tmp_path / "j.jsonl"
    file.write_bytes(old_line(0) + old_line(1, **changed) + new_line(tmp_path, 2))
    told(file)


@pytest.mark.parametrize("at", range(0, 300, 7))
def test_a_changed_letter_is_told_wherever_it_stands(tmp_path: Path, at: int) -> None:
    line = new_line(tmp_path, 1)
    at %= len(line) - 1
    changed = line[:at] + bytes([line[at] ^ 1]) + line[at + 1 :]
    file = tmp_path / "j.jsonl"
    file.write_bytes(old_line(0) + changed + new_line(tmp_path, 2))
    told(file)


@pytest.mark.parametrize("number", [3, 60])
def test_all_broken_lines_of_a_file_are_told_at_once_up_to_a_number(tmp_path: Path, number: int) -> None:
    file = tmp_path / "j.jsonl"
    file.write_bytes(old_line(0) + b"oops\n" * number)
    with pytest.raises(DataError) as error:
        answers(file)
    assert len(str(error.value).splitlines()) == 1 + min(number, MOST_PROBLEMS)


def test_what_changes_no_answer_is_read(tmp_path: Path) -> None:
    file = tmp_path / "j.jsonl"
    line = new_line(tmp_path, 1)
    bom = b"\xef\xbb\xbf"
    anew = json.dumps({**json.loads(line), "id": "r1"}, indent=None).encode() + b"\n"
    marks = old_line(1, answer=ANSWER | {"text": 'Say "no": never, "text": "x"', "more": [ANSWER]})
    for one in (line, line.replace(b"\n", b"\r\n"), bom + line, anew, marks, old_line(1), old_line(1, answer=ANSWER)):
        file.write_bytes(old_line(0) + one + new_line(tmp_path, 2))
        assert list(answers(file)) == ["k0", "k1", "k2"], one
    file.write_bytes(bom + line + bytes(9))  # zeros behind the last line end are a torn line
    assert list(answers(file)) == ["k1"]


def test_a_line_without_end_costs_no_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xsafety.asking.journal.LONGEST_LINE", 4096)
    file = tmp_path / "j.jsonl"
    file.write_bytes(old_line(0) + b"x" * 100_000 + b"\n" + old_line(2))
    assert "longer than" in told(file)
    file.write_bytes(old_line(0) + b"x" * 100_000)
    assert list(answers(file)) == ["k0"]


def test_answers_of_services_are_a_text_alone(tmp_path: Path) -> None:
    file = tmp_path / "j.jsonl"
    file.write_bytes(old_line(0) + old_line(1, answer={"text": "Ja"}))
    assert answers(file, of_services=True)["k1"] == {"text": "Ja"}
    file.write_bytes(old_line(0) + old_line(1, answer={"text": 5}))
    with pytest.raises(DataError, match="line 2: text is of type int"):
        answers(file, of_services=True)


def bent(line: dict[str, Any], changes: dict[str, Any]) -> str:
    for path, value in changes.items():
        *folders, name = path.split(".")
        place = line
        for folder in folders:
            place = place[folder]
        if value == "<gone>":
            del place[name]
        else:
            place[name] = value
    return to_json(line)


@pytest.mark.parametrize("sealed", [True, False])
@pytest.mark.parametrize("case", cases("journal_lines.jsonl"))
def test_cases(tmp_path: Path, case: dict[str, Any], sealed: bool) -> None:
    given, expected = case["input"], case["expected"]
    sound = [(new_line(tmp_path, n) if sealed else old_line(n)).decode()[:-1] for n in range(3)]
    place = given.get("place", 2) - 1
    line = sound[place]
    if "set" in given:
        sound[place] = bent(json.loads(line), given["set"])
    elif "edit" in given:
        if not sealed:
            pytest.skip("an old line has no checksum")
        sound[place] = line.replace(*given["edit"])
    else:
        sound[place] = given["line"].replace("{line}", line)
    file = tmp_path / "j.jsonl"
    file.write_bytes(("\n".join(sound) + "\n" * given.get("ends", True)).encode())
    if "says" in expected:
        with pytest.raises(DataError, match=expected["says"]):
            answers(file)
    else:
        assert len(answers(file)) == expected["answers"]


def test_two_writers_are_refused(tmp_path: Path) -> None:
    with Journal(tmp_path / "j.jsonl"), pytest.raises(DataError, match="another process is writing"):
        Journal(tmp_path / "j.jsonl")
    Journal(tmp_path / "j.jsonl").close()


def test_a_folder_is_held_by_one_job(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "m"
    said: list[str] = []
    hold = partial(lock, say=said.append)
    with hold(folder):
        holder = rf"{os.getpid()} on \S+ since 20\d\d-\d\d-\d\d \d\d:\d\d UTC"
        with pytest.raises(DataError, match=rf"deep/m: another process .* \({holder}\);"), hold(folder):
            raise AssertionError("held twice")
        with hold(tmp_path / "deep" / "n"), Journal(folder / "none" / "en.jsonl"):
            pass
    with pytest.raises(RuntimeError), hold(folder):
        raise RuntimeError
    (folder / ".lock").write_text(f"4711 on {socket.gethostname()} since 2026-11-27 20:43 UTC")  # it was killed
    with hold(folder):
        pass
    assert said == []


@pytest.mark.parametrize(
    ("alive", "holder"), [(True, "4711 on elsewhere since 2026-11-27 20:43 UTC"), (False, "4711 on elsewhere")]
)
def test_a_holder_on_another_host_counts_while_it_gives_signs_of_life(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, alive: bool, holder: str
) -> None:
    monkeypatch.setattr(module, "BEAT", 0.02)
    monkeypatch.setattr(module, "FORGOTTEN", 0.3)
    held = tmp_path / ".lock"
    held.write_text(holder)  # whose flock this host does not see
    said: list[str] = []
    ended = threading.Event()

    def live() -> None:
        while alive and not ended.wait(0.02):
            os.utime(held)

    other = threading.Thread(target=live)
    other.start()
    if alive:
        with pytest.raises(DataError, match=rf"\({re.escape(holder)}\)"), lock(tmp_path, said.append):
            raise AssertionError("held twice")
    else:
        with lock(tmp_path, said.append):
            begun = held.stat().st_mtime_ns
            time.sleep(0.1)
            assert held.stat().st_mtime_ns > begun
        assert held.read_text() == ""
    ended.set()
    other.join()
    assert said == [f"note: {tmp_path}: locked by process {holder}; going on if that gives no sign of life in 0 s"]


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


def test_a_line_of_another_file_of_the_journal_is_no_answer(tmp_path: Path) -> None:
    with Journal(tmp_path / "runs.jsonl") as runs:
        runs.write({"started": "2026-11-26", "answered": 3})
    for read in (keys, answers):
        with pytest.raises(DataError, match=r"runs\.jsonl, line 1: .*take this line out"):
            read(tmp_path / "runs.jsonl")


def test_a_file_system_without_locks_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def flock(file: object, kind: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", flock)
    with pytest.raises(DataError, match=r"en.jsonl: cannot be locked \(No locks available\); put `journal` where"):
        Journal(tmp_path / "en.jsonl")
