"""Writes what the page in the browser needs of one reviewer's queue."""

from pathlib import Path

from xsafety.browser.queue import queue
from xsafety.categories import read_about
from xsafety.cli import call
from xsafety.config.verification import Verification
from xsafety.rows import Check, Draft, Evidence, Seed
from xsafety.tabular import read_rows, write_json
from xsafety.verification.checks import flags, of_whole
from xsafety.verification.sheet_rows import next_round, sheet_rows
from xsafety.verification.sheets.layout import SheetInfo
from xsafety.verification.standing import at_gate


def main(
    *,
    seeds: Path,
    ledger: Path,
    drafts: Path,
    checks: Path,
    about: Path,
    lang: str,
    reviewer: str,
    gate: Verification,
    out: Path,
) -> None:
    queries, evidence = read_rows(seeds, Seed), read_rows(ledger, Evidence)
    drafted = {row["id"]: row for row in read_rows(drafts, Draft)}
    row_states, _ = at_gate(lang, queries, evidence, gate)
    checked = read_rows(checks, Check)
    rows = sheet_rows(lang, queries, row_states, drafted, flags(checked))
    info = SheetInfo(lang, next_round(row_states), "", read_about(about), of_whole(checked))
    write_json(out, queue(info, reviewer, rows, evidence, gate))


if __name__ == "__main__":
    call(main)
