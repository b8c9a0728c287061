"""Checks one language's translations by machine: what is probably broken, with reasons for reviewers."""

from pathlib import Path

from xsafety.cli import call
from xsafety.rows import Check, Draft, Evidence, Seed, in_cell
from xsafety.tabular import read_rows, write_rows
from xsafety.verification.checks import Segment, check, check_rows
from xsafety.verification.standing import current_text, fold_rows


def main(*, seeds: Path, ledger: Path, drafts: Path, source: str, lang: str, out: Path) -> None:
    rows = read_rows(seeds, Seed)
    drafted = {row["id"]: row for row in read_rows(drafts, Draft)}
    row_states = fold_rows(rows, read_rows(ledger, Evidence))
    texts = {id: current_text(row_state, drafted.get(id)) for id, row_state in row_states.items()}
    # Benign queries of such a category have options too, though none of them is unsafe.
    with_options = {seed["category"] for seed in rows if "unsafe_options" in seed}
    segments = [
        Segment(seed["id"], seed["category"], seed["text"], texts[seed["id"]], seed["category"] in with_options)
        for seed in rows
        if row_states[seed["id"]].state != "rejected"
    ]
    found = check_rows(segments, check(lang, segments, source))
    write_rows(out, Check, in_cell(found, lang=lang))


if __name__ == "__main__":
    call(main)
