"""Prints what a run would ask, and what that takes; asks nothing."""

import json
from pathlib import Path

from xsafety.categories import read_about
from xsafety.cli import call
from xsafety.config.configuration import read
from xsafety.plan.count import WAITS, count_workloads
from xsafety.plan.shown import budget_lines, estimates, label_lines, notes, plan_table, power_lines
from xsafety.rows import Seed
from xsafety.tabular import read_rows


def main(*, seeds: Path, about: Path, configfiles: list[Path], overrides: str) -> None:
    config = read(configfiles, json.loads(overrides))
    rows = read_rows(seeds, Seed)
    known = read_about(about)
    workloads, data_sets = count_workloads(config, rows, known)
    made = estimates(config, workloads)
    waiting = {data.lang for data in data_sets if data.why == WAITS}
    print("\nWhat a run would ask now (nothing was asked for this):\n")
    print(
        plan_table(made, waiting),
        "",
        *notes(made, data_sets),
        *budget_lines(config, made),
        "",
        *power_lines(config, rows, known),
        "",
        *label_lines(config, rows, known),
        sep="\n",
    )


if __name__ == "__main__":
    call(main)
