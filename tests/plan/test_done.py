"""What was asked so far, as `snakemake status` tells it."""

from pathlib import Path
from typing import Any

from tests.report.test_report import used
from xsafety.plan.done import asked_lines
from xsafety.rows import Usage
from xsafety.tabular import write_json, write_rows


def receipt(path: Path, **more: Any) -> None:
    write_json(path, {"rows": 1200, "failed": {}, "ended": "", "attempt": 1, "identity": {}, **more})


def test_what_was_asked_failed_and_cost(tmp_path: Path) -> None:
    assert asked_lines(tmp_path) == []
    receipt(tmp_path / "asked/models/a.json", failed={"none/en": {"x": "timeout", "y": "timeout"}})
    receipt(tmp_path / "asked/judges/strict.json", ended="the key was refused")
    costs = {"responses": "1.239", "verdicts": ""}
    write_rows(
        tmp_path / "usage.csv",
        Usage,
        [used("responses", "a", "openai", cost=costs["responses"]), used("verdicts", "strict", "openai")],
    )
    table, *lines = asked_lines(tmp_path)
    assert [line.split() for line in table.splitlines()] == [
        ["asked", "rows", "failed", "spent"],
        ["a", "model", "1,200", "2", "$1.24"],
        ["strict", "judge", "1,200", "ended", "early"],
    ]
    assert lines[0] == "judge strict ended early: the key was refused"
    assert lines[1].startswith("The next run asks 2 failed row(s) again.")
