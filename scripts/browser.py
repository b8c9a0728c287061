"""Writes what the page in the browser needs of one reviewer's queue."""

from pathlib import Path

from xsafety.browser.queue import queue
from xsafety.cli import call
from xsafety.config.verification import Verification
from xsafety.rows import Check, Draft, Evidence, Seed
from xsafety.tabular import read_rows, write_json
from xsafety.verification.checks import flags
from xsafety.verification.sheet_rows import next_round, sheet_rows
from xsafety.verification.standing import at_gate


def main(
    *,
    seeds: Path,
    ledger: Path,
    drafts: Path,
    checks: Path,
    lang: str,
    reviewer: str,
    gate: Verification,
    out: Path,
) -> None:
    queries, evidence = read_rows(seeds, Seed), read_rows(ledger, Evidence)
    drafted = {row["id"]: row for row in read_rows(drafts, Draft)}
    row_states, _ = at_gate(lang, queries, evidence, gate)
    rows = sheet_rows(lang, queries, row_states, drafted, flags(read_rows(checks, Check)))
    write_json(out, queue(lang, reviewer, next_round(row_states), rows, evidence, gate))


if __name__ == "__main__":
    call(main)
