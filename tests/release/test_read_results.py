"""What people read results with reads them, by the readers in .venv-release where it is set up, else by pandas."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT


@pytest.mark.slow
def test_every_file_of_results_is_read(finished: Path) -> None:
    """Each alone, and all responses and verdicts together; numeric columns hold numbers or nothing."""
    others = ROOT / ".venv-release" / "bin" / "python"
    python = others if others.exists() else Path(sys.executable)
    command = [str(python), str(ROOT / "tests/release/read_results.py"), str(finished / "results")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == []
