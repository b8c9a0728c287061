"""The workflow where others take it in: imported into another Snakefile, deployed, and in Snakemake's own report."""

import html
import re
import shutil
import subprocess
from base64 import b64decode
from pathlib import Path

import pytest
import yaml

from tests.conftest import ROOT, Project
from xsafety.rows import Example
from xsafety.tabular import read_rows

IMPORTING = f"""
import copy

configfile: "config.yaml"

module one:
    snakefile: "{ROOT / "Snakefile"}"
    config: config

use rule * from one as one_*

module two:
    snakefile: "{ROOT / "Snakefile"}"
    config: copy.deepcopy(config) | {{"results": "other/results", "journal": "other/journal"}}

use rule * from two as two_*

rule both:
    default_target: True
    input:
        rules.one_all.input,
        rules.two_all.input,
"""


def test_two_data_sets_are_made_by_one_snakefile_that_imports_this_one_twice(project: Project) -> None:
    project.write("Snakefile", IMPORTING)
    done = project.run("-n", "--snakefile", "Snakefile")
    assert done.status == 0, done.output
    rules = {job.split()[0] for job in done.jobs}
    for name in ("one", "two"):
        assert {f"{name}_{rule}" for rule in ("seeds", "drafts", "review_status", "report", "provenance")} <= rules
    outputs = [line.split(": ")[1] for line in done.output.splitlines() if line.startswith("    output: ")]
    assert {"results/report.html", "other/results/report.html"} <= set(outputs)
    assert len(outputs) == len(set(outputs))
    done = project.run("other/results/queries/en.jsonl", "--snakefile", "Snakefile")
    assert done.status == 0, done.output
    assert len(project.rows("other/results/queries/en.jsonl")) == 3


def test_a_prefix_of_a_module_is_told_what_to_do_instead(project: Project) -> None:
    module = f'module one:\n    snakefile: "{ROOT / "Snakefile"}"\n    config: config\n    prefix: "sub"\n'
    project.write("Snakefile", f'configfile: "config.yaml"\n{module}use rule * from one\n')
    done = project.run("-n", "--snakefile", "Snakefile")
    assert done.status == 1
    assert "set `results` and `journal` in its `config`" in done.output


def test_a_module_from_a_git_server_is_told_to_clone(project: Project) -> None:
    """As github(...) has it, but of a repository here."""
    repository = project.folder / "repository"
    repository.mkdir()
    shutil.copy(ROOT / "Snakefile", repository)
    for command in ("init -q -b main", "add Snakefile", "-c user.name=a -c user.email=a@b.c commit -q -m one"):
        subprocess.run(["git", "-C", str(repository), *command.split()], check=True)
    place = f'LocalGitFile("{repository}", path="Snakefile", ref="main")'
    module = f"module one:\n    snakefile: {place}\n    config: config\n"
    project.write("Snakefile", f"from snakemake.sourcecache import LocalGitFile\n{module}use rule * from one\n")
    done = project.run("-n", "--snakefile", "Snakefile")
    assert done.status == 1
    assert "which github(...) and its like do not bring along: clone the repository" in done.output


def test_the_repository_is_as_the_workflow_catalog_has_it(tmp_path: Path) -> None:
    usage = yaml.safe_load((ROOT / ".snakemake-workflow-catalog.yml").read_text(encoding="utf-8"))["usage"]
    assert {"mandatory-flags", "software-stack-deployment", "report"} == usage.keys()
    assert (ROOT / "config/config.yaml").read_bytes() == (ROOT / "config.yaml").read_bytes()
    assert (ROOT / "config/README.md").is_file()


def test_it_is_deployed_with_a_configuration_that_works(tmp_path: Path) -> None:
    """By snakedeploy in .venv-release; a module on this disk takes the Snakefile from the clone."""
    snakedeploy = ROOT / ".venv-release" / "bin" / "snakedeploy"
    if not snakedeploy.exists():
        pytest.skip("no .venv-release; make .venv-release/installed")
    clone = tmp_path / "clone"
    for name in ("config", "profiles", "workflow"):
        shutil.copytree(ROOT / name, clone / name)
    shutil.copy(ROOT / "LICENSE", clone)
    deployed = tmp_path / "deployed"
    command = [str(snakedeploy), "deploy-workflow", str(clone), str(deployed), "--branch", "main", "--name", "xsafety"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    snakefile = deployed / "workflow/Snakefile"
    text = snakefile.read_text(encoding="utf-8")
    assert '"workflow/Snakefile"' in text
    snakefile.write_text(text.replace("workflow/Snakefile", str(ROOT / "workflow/Snakefile")), encoding="utf-8")
    (deployed / "data").symlink_to(ROOT / "data")
    project = Project(deployed, yaml.safe_load((deployed / "config/config.yaml").read_text(encoding="utf-8")))
    planned = project.run("-n", "--snakefile", "workflow/Snakefile")
    assert planned.status == 0, planned.output
    assert "xsafety" not in {job.split()[0] for job in planned.jobs}
    assert {"seeds", "review_status"} <= {job.split()[0] for job in planned.jobs}


def test_snakemakes_own_report(built: Project) -> None:
    done = built.run("--report", "all.html")
    assert done.status == 0, done.output
    page = (built.folder / "all.html").read_text(encoding="utf-8")
    for name in ("report.html", "unsafe_rate.csv", "modification_rates.csv", "Verification"):
        assert name in page
    assert _held(page, texts := _texts(built)) == texts, "what is embedded is found, so that the next line can fail"
    built.config["report"] = {"redact": True}
    done = built.run("all", "explore")
    assert done.status == 0, done.output
    assert built.run("--report", "all.html").status == 0
    shared = ["all.html", "results/report.html", "results/explore.sqlite"]
    pages = [(built.folder / name).read_text(encoding="utf-8", errors="replace") for name in shared]
    assert [_held(page, texts) for page in pages] == [set()] * 3


def _texts(project: Project) -> set[str]:
    """The queries and answers that the report shows as examples."""
    [shown] = project.folder.glob("results/counts/lexicon/*.examples.jsonl")
    return {text for row in read_rows(shown, Example) for text in (row["query"], row["response"]) if len(text) > 12}


def _held(page: str, texts: set[str]) -> set[str]:
    """The texts that a page holds, as they are or in what is embedded in it."""
    embedded = [b64decode(part).decode(errors="replace") for part in re.findall(r"base64,([A-Za-z0-9+/=]{64,})", page)]
    whole = "".join(map(html.unescape, [page, *embedded]))
    return {text for text in texts if text in whole}
