"""What people read results with reads them, by the readers in .venv-release where it is set up, else by pandas."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from xsafety.release.results_card import results_card, row_kinds
from xsafety.rows import Verdict
from xsafety.tabular import read_rows, write_rows, write_text

OTHERS = ROOT / ".venv-release" / "bin" / "python"
LOAD = """
import json, sys
from datasets import load_dataset
print(json.dumps(load_dataset(sys.argv[1], "verdicts", split="train", cache_dir=sys.argv[2])[:]))
"""


@pytest.mark.slow
def test_every_file_of_results_is_read(finished: Path) -> None:
    """Each alone, and all responses and verdicts together; numeric columns hold numbers or nothing."""
    python = OTHERS if OTHERS.exists() else Path(sys.executable)
    command = [str(python), str(ROOT / "tests/release/read_results.py"), str(finished / "results")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == []


def test_all_rows_of_a_kind_are_joined_whatever_the_first_file_lacks(tmp_path: Path) -> None:
    """Of which a file without refusals, probabilities or categories tells no type."""
    asked = {"lang": "en", "category": "insult", "source": "Q", "query": "Q", "model": "one", "prompting": "none"}
    first: Any = {**asked, "id": "a", "sample": 1, "response": "", "verdict": "safe", "reason": "", "refusal": None}
    first |= {"label": "", "categories": [], "judge_output": "", "judge": "first"}
    later = {**first, "refusal": True, "categories": ["rude"], "confidence": 0.5, "judge": "later", "group": "g"}
    for row in (first, later):
        write_rows(tmp_path / "verdicts" / row["judge"] / "one/none/en.jsonl", Verdict, [row])
    write_rows(tmp_path / "verdicts/gone/one/none/en.jsonl", Verdict, [{**first, "judge": "gone"}])
    write_text(
        tmp_path / "README.md",
        results_card(row_kinds([(["one"], ["en"])], ["none"], ["first", "later"], choices=False)[-1:]),
    )
    assert read_rows(tmp_path / "verdicts/first/one/none/en.jsonl", Verdict) == [first]
    if not OTHERS.exists():
        pytest.skip("make release sets up the readers")
    command = [str(OTHERS), "-c", LOAD, str(tmp_path), str(tmp_path / "cache")]
    offline = os.environ | {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "HF_HOME": str(tmp_path / "hub")}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=offline)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["refusal"], found["confidence"], found["categories"]) == ([None, True], [None, 0.5], [[], ["rude"]])
    assert [found[name] for name in ("judge", "group", "expected")] == [["first", "later"], ["", "g"], ["", ""]]
