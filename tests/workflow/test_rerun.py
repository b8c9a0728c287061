"""What Snakemake runs below a job that runs, where the way down is `ancient`: with the mend and without."""

import os
import sys
from pathlib import Path

import pandas as pd
import pytest
from snakemake.persistence import PersistenceBase

from tests.conftest import ROOT, Run
from tests.servers.forks import SNAKEMAKE, Fork
from xsafety.workflow import rerun

FLOW = """
rule ask:
    output: "receipt"
    params: of=config["of"]
    shell: "echo {params.of} > {output}"
rule file:
    input: ancient("receipt")
    output: "filed"
    params: of=config["of"]
    shell: "echo {params.of} > {output}"
"""
MEND = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from snakemake.dag import DAG
from xsafety.workflow.rerun import judge_every_job
judge_every_job(DAG)
"""


def run(folder: Path, *arguments: str) -> Run:
    done = Run(*Fork(SNAKEMAKE, ["--cores", "1", "filed", *arguments], folder, os.environ).wait())
    if done.status:
        raise RuntimeError(done.output)
    return done


def planned_after_an_edit(folder: Path, flow: str) -> list[str]:
    """The jobs that are planned after a first run, for an edit that both rules have for a parameter."""
    (folder / "Snakefile").write_text(flow, encoding="utf-8")
    run(folder, "--config", "of=one")
    return run(folder, "-n", "--config", "of=other").jobs


def test_both_run_by_the_mend(tmp_path: Path) -> None:
    assert planned_after_an_edit(tmp_path, MEND + FLOW) == ["ask", "file"]


@pytest.mark.xfail(strict=True, raises=AssertionError, reason="snakemake#4166; when this passes, take rerun.py out")
def test_both_run_by_snakemake_itself(tmp_path: Path) -> None:
    assert planned_after_an_edit(tmp_path, FLOW) == ["ask", "file"]


class Decides:
    async def update_needrun(self) -> None:
        self.bfs("down")

    def bfs(self, direction: str) -> None: ...


class DecidesOtherwise:
    async def update_needrun(self) -> None: ...


def test_only_what_was_tested_is_mended(monkeypatch: pytest.MonkeyPatch) -> None:
    before = Decides.update_needrun
    monkeypatch.setattr(rerun, "__version__", "9.28.0")
    rerun.judge_every_job(Decides)
    assert Decides.update_needrun is before
    monkeypatch.setattr(rerun, "__version__", "9.27.1")
    with pytest.raises(AssertionError, match="decides otherwise"):
        rerun.judge_every_job(DecidesOtherwise)


class Serializes:
    _serialize_param_builtin = PersistenceBase._serialize_param_builtin
    _serialize_param_pandas = PersistenceBase._serialize_param_pandas


def test_pandas_is_loaded_by_parameters_that_are_its_tables_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    mended = type("Mended", (Serializes,), {})
    rerun.leave_pandas_unloaded(mended)
    for value in ("text", 3, pd.Series([1, 2])):
        assert mended()._serialize_param_pandas(value) == Serializes()._serialize_param_pandas(value)
    monkeypatch.delitem(sys.modules, "pandas")
    monkeypatch.setitem(sys.modules, "numpy", None)  # without which pandas cannot be loaded
    assert mended()._serialize_param_pandas("text") == repr("text")
