"""The scripts as the rules call them: command lines that start fast, and bad input told without a traceback."""

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT, SEEDS
from xsafety.tabular import read_csv

SCRIPTS = sorted(path.stem for path in (ROOT / "scripts").glob("*.py"))
RULES = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "rules").glob("*.smk"))
HEAVY = {"torch", "transformers", "openai", "pandas", "deep_translator", "pydantic"}


def call(script: str, *arguments: str, cwd: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, str(ROOT / "scripts" / f"{script}.py"), *arguments],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_script_belongs_to_a_rule_of_its_name() -> None:
    rules = set(re.findall(r"^ *(?:rule|checkpoint) (\w+):", RULES, re.M))
    called = re.findall(r'"\$XSAFETY/scripts/(\w+)\.py"', RULES)
    assert sorted({*called}) == SCRIPTS
    assert re.findall(r'code=digest\("scripts/(\w+)\.py"\)', RULES) == called, "each by what its own script means"
    assert {*called} - {"demo_model"} <= rules
    assert rules - {*called} == {"data_tests", "train_demo_model", "since_older"}


@pytest.mark.parametrize("script", SCRIPTS)
def test_is_a_typed_function_that_is_called_by_its_command_line(script: str) -> None:
    text = (ROOT / "scripts" / f"{script}.py").read_text(encoding="utf-8")
    assert text.endswith('if __name__ == "__main__":\n    call(main)\n')
    [main] = [node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef) and node.name == "main"]
    assert main.args.kwonlyargs
    assert not main.args.args


# A process that forks for each script: what only one needs is loaded in its fork alone.
HEAVY_AT_START = f"""
import os, sys, typing
from importlib import import_module
from xsafety.cli import arguments

def has_a_block(kind):
    return hasattr(kind, "model_fields") or any(map(has_a_block, typing.get_args(kind)))

def heavy(script):
    main = import_module(f"scripts.{{script}}").main
    try:
        arguments(main, ["--help"])
    except SystemExit as stop:
        assert stop.code == 0
    hints = typing.get_type_hints(main)
    blocks = "configfiles" in hints or any(map(has_a_block, hints.values()))
    return {HEAVY} & sys.modules.keys() - ({{"pydantic"}} if blocks else set())

for script in sys.argv[1:]:
    if not os.fork():
        print("heavy:", script, *heavy(script), flush=True)
        os._exit(0)
    os.wait()
"""


def test_scripts_start_without_what_they_may_not_need() -> None:
    done = subprocess.run(
        [sys.executable, "-c", HEAVY_AT_START, *SCRIPTS],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": ""},
    )
    found = [line for line in done.stdout.splitlines() if line.startswith("heavy: ")]
    assert found == [f"heavy: {script}" for script in SCRIPTS]


def test_bad_input_ends_with_its_message_alone(tmp_path: Path) -> None:
    (tmp_path / "seeds").mkdir()
    (tmp_path / "seeds" / "a.csv").write_text("id,category,text\nx,insult,\nx,nonsense,Hello\n", encoding="utf-8")
    options = '--dataset {"seeds":"seeds"} --seeds out.csv --about about.json --repairs --given --review review'
    done = call("seeds", *options.split(), cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("error: seeds: 3 problem(s)")
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out.csv").exists()


def test_scripts_lead_from_seeds_to_queries(tmp_path: Path) -> None:
    (tmp_path / "seeds").mkdir()
    (tmp_path / "seeds" / "a.csv").write_text(SEEDS, encoding="utf-8")
    memory = tmp_path / "fr.csv"
    memory.write_text(
        "id,source,draft,engine,status\n"
        "insult-1,Say something rude about my hat.,Dis du mal de mon chapeau.,me,draft\n",
        encoding="utf-8",
    )
    (tmp_path / "reviews").mkdir()
    translator, connection = '{"engine":"none"}', '{"requests_per_minute":null,"timeout":1,"max_retries":0}'
    steps = [
        'seeds --dataset {"seeds":"seeds"} --seeds seeds.csv --about dataset.json --repairs --given --review review',
        "ledger --seeds seeds.csv --reviews reviews --release --given --lang fr"
        " --different-reviewers true --out ledger.jsonl --problems problems.txt",
        "drafts --seeds seeds.csv --ledger ledger.jsonl --given --memory fr.csv --journal journal.jsonl"
        f" --out drafts.csv --receipt receipt.json --memory-state x --source en --lang fr"
        f" --translator {translator} --connection {connection} --attempt 1",
        "queries --seeds seeds.csv --ledger ledger.jsonl --drafts drafts.csv --lang fr --out fr.jsonl"
        ' --gate {"rounds":1,"accept_drafts":true}',
    ]
    for step in steps:
        script, *arguments = step.split()
        done = call(script, *arguments, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
    [query] = [json.loads(line) for line in (tmp_path / "fr.jsonl").read_text(encoding="utf-8").splitlines()]
    assert (query["query"], query["basis"]) == ("Dis du mal de mon chapeau.", "unverified draft")
    drafts = {row["id"]: row["status"] for row in read_csv(tmp_path / "drafts.csv", ["id", "status"])}
    assert drafts["leak-1"] == "missing: no translation engine is configured"
