"""Writes one language's data set: the rows that may be evaluated, each with its provenance."""

from pathlib import Path

from xsafety.cli import call
from xsafety.config.verification import Verification
from xsafety.rows import Draft, Evidence, Query, Seed
from xsafety.tabular import read_rows, write_rows
from xsafety.verification.dataset import queries
from xsafety.verification.standing import at_gate


def main(*, seeds: Path, ledger: Path, drafts: Path, lang: str, gate: Verification, out: Path) -> None:
    rows = read_rows(seeds, Seed)
    drafted = {row["id"]: row for row in read_rows(drafts, Draft)}
    row_states, _ = at_gate(lang, rows, read_rows(ledger, Evidence), gate)
    write_rows(out, Query, queries(lang, rows, row_states, drafted, accept_drafts=gate.accept_drafts))


if __name__ == "__main__":
    call(main)
