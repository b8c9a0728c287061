"""The workflow imported into another, twice."""

from tests.conftest import ROOT, Project

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
