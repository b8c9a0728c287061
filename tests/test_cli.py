"""Command lines read off the signature of a typed function, and how its mistakes are told."""

import json
import subprocess
import sys
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import ROOT
from xsafety.cli import arguments
from xsafety.config.dataset import Dataset
from xsafety.rows import Seed


def script(
    *,
    out_file: Path,
    lang: str,
    ledgers: list[Path],
    languages: list[str],
    english: Path | None,
    protocol: str | None = None,
    threads: int = 1,
    require_all: bool = False,
    share: float = 0.5,
    cells: dict[str, list[str]] | None = None,
    seed: Seed | None = None,
    dataset: Dataset | None = None,
) -> None:
    """One option of every kind."""


REQUIRED = "--out-file a/b.csv --lang fr --ledgers --languages en fr --english".split()


def read(*more: str, main: Callable[..., None] = script) -> Namespace:
    return arguments(main, [*REQUIRED, *more])


def test_every_option_has_the_type_of_its_parameter() -> None:
    assert vars(read()) == {
        "out_file": Path("a/b.csv"),
        "lang": "fr",
        "ledgers": [],
        "languages": ["en", "fr"],
        "english": None,
        "protocol": None,
        "threads": 1,
        "require_all": False,
        "share": 0.5,
        "cells": None,
        "seed": None,
        "dataset": None,
    }


@pytest.mark.parametrize(
    ("options", "name", "value"),
    [
        (["--english", "e.jsonl"], "english", Path("e.jsonl")),
        (["--protocol", "llama-guard"], "protocol", "llama-guard"),
        (["--protocol"], "protocol", None),
        (["--ledgers", "a b.jsonl", "c"], "ledgers", [Path("a b.jsonl"), Path("c")]),
        (["--threads", "4"], "threads", 4),
        (["--require-all", "true"], "require_all", True),
        (["--share", "0.25"], "share", 0.25),
        (["--lang", '{"a": 1}'], "lang", '{"a": 1}'),
        (["--cells", '{"none": ["en", "bn"]}'], "cells", {"none": ["en", "bn"]}),
        (["--cells", "null"], "cells", None),
        (["--seed", '{"id": "a", "category": "b", "text": "c"}'], "seed", {"id": "a", "category": "b", "text": "c"}),
        (
            ["--dataset", json.dumps({"seeds": str(ROOT / "data/seeds")})],
            "dataset",
            Dataset(seeds=str(ROOT / "data/seeds")),
        ),
    ],
)
def test_options_are_read(options: list[str], name: str, value: object) -> None:
    found = vars(read(*options))[name]
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        ([], "the following arguments are required: --out-file, --lang, --ledgers, --languages, --english"),
        ([*REQUIRED, "--language", "fr"], "unrecognized arguments: --language fr"),
        ([*REQUIRED, "--thr", "4"], "unrecognized arguments: --thr 4"),
        ([*REQUIRED, "--out_file", "x"], "unrecognized arguments: --out_file x"),
        ([*REQUIRED, "--threads", "four"], "argument --threads: invalid"),
        ([*REQUIRED, "--lang"], "argument --lang: expected one argument"),
        ([*REQUIRED, "--dataset", '{"folder": "x"}'], "argument --dataset: invalid"),
    ],
)
def test_what_no_option_is_ends_the_script_with_the_usage(
    argv: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stop:
        arguments(script, argv)
    assert stop.value.code == 2
    assert told in capsys.readouterr().err


def test_help_says_what_the_script_does(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        read("--help")
    assert stop.value.code == 0
    assert "Command lines read off the signature" in capsys.readouterr().out


SCRIPT = '''"""Says what it was given."""

import os
from pathlib import Path

from xsafety.cli import call
from xsafety.tabular import DataError

def main(*, out: Path, mistake: str = "") -> None:
    if mistake == "ours":
        raise RuntimeError("the header was Bearer " + os.environ["THE_KEY"])
    if mistake:
        raise DataError(f"{out}: {mistake}")
    out.read_text()

if __name__ == "__main__":
    call(main)
'''


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--out", "a.csv", "--mistake", "row 3 is bad"], "error: a.csv: row 3 is bad\n"),
        (["--out", "a.csv"], "error: [Errno 2] No such file or directory: 'a.csv'\n"),
    ],
)
def test_bad_input_is_told_in_a_line(tmp_path: Path, options: list[str], told: str) -> None:
    done = started(tmp_path, SCRIPT, *options)
    assert (done.returncode, done.stderr) == (1, told)


def test_a_mistake_of_ours_shows_no_key(tmp_path: Path) -> None:
    done = started(tmp_path, SCRIPT, "--out", '{"api_key_env":"THE_KEY"}', "--mistake", "ours", THE_KEY="sk-marked")
    assert done.returncode == 1
    assert "Traceback" in done.stderr
    assert "Bearer [THE_KEY]" in done.stderr
    assert "sk-marked" not in done.stderr


def started(folder: Path, text: str, *options: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    (folder / "script.py").write_text(text, encoding="utf-8")
    return subprocess.run(
        [sys.executable, str(folder / "script.py"), *options],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_scripts_without_blocks_do_without_pydantic(tmp_path: Path) -> None:
    text = """
import sys
from pathlib import Path
from xsafety.cli import arguments
from xsafety.rows import Seed
def main(*, cells: dict[str, list[str]], attempt: int, row: Seed | None = None) -> None: ...
arguments(main, ["--cells", '{"a": []}', "--attempt", "2"])
assert "pydantic" not in sys.modules
"""
    done = started(tmp_path, text)
    assert done.returncode == 0, done.stderr
