"""Writes one language's sheets for reviewers: the rows that wait, suspicious ones first, with empty columns to fill.

And the merged PO file: all rows, with what was verified.
"""

from pathlib import Path

from xsafety.categories import read_about
from xsafety.cli import call, say
from xsafety.config.verification import Verification
from xsafety.rows import Check, Draft, Evidence, Seed
from xsafety.tabular import read_rows
from xsafety.verification.checks import flags, of_whole
from xsafety.verification.evidence import save_as
from xsafety.verification.sheet_rows import all_rows, next_round, sheet_rows
from xsafety.verification.sheets.formats import write_sheet
from xsafety.verification.sheets.layout import SheetInfo
from xsafety.verification.sheets.po import write_merged_po
from xsafety.verification.standing import at_gate


def main(
    *,
    seeds: Path,
    ledger: Path,
    drafts: Path,
    checks: Path,
    about: Path,
    lang: str,
    reviews: str,
    gate: Verification,
    sheets: list[Path],
    merged: Path,
) -> None:
    queries = read_rows(seeds, Seed)
    drafted = {row["id"]: row for row in read_rows(drafts, Draft)}
    row_states, _ = at_gate(lang, queries, read_rows(ledger, Evidence), gate)
    checked = read_rows(checks, Check)
    flagged = flags(checked)
    rows = sheet_rows(lang, queries, row_states, drafted, flagged)
    number = next_round(row_states)
    info = SheetInfo(lang, number, save_as(f"{reviews}/{lang}", number), read_about(about), of_whole(checked))
    for path in sheets:
        if left_out := write_sheet(path, rows, info):
            say(f"note: {path}: without rows that do not fit into a spreadsheet: {', '.join(left_out)}")
    write_merged_po(merged, all_rows(lang, queries, row_states, drafted, flagged), info)


if __name__ == "__main__":
    call(main)
