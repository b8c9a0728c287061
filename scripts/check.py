"""Checks one language's translations by machine: what is probably broken, with reasons for reviewers."""

from pathlib import Path

from xsafety.cli import call
from xsafety.rows import Check, Draft, Seed
from xsafety.tabular import read_jsonl, read_rows, write_rows
from xsafety.verification.checks import Segment, check, check_rows
from xsafety.verification.gate import Gate
from xsafety.verification.standing import current_text, standings


def main(*, seeds: Path, ledger: Path, drafts: Path, lang: str, out: Path) -> None:
    rows = read_rows(seeds, Seed)
    drafted = {row["id"]: row for row in read_rows(drafts, Draft)}
    stands = standings(lang, rows, read_jsonl(ledger), Gate())  # type: ignore[arg-type]
    texts = {id: current_text(stand, drafted.get(id, {})) for id, stand in stands.items()}  # type: ignore[arg-type]
    segments = [
        Segment(seed["id"], seed["category"], seed["text"], texts[seed["id"]])
        for seed in rows
        if stands[seed["id"]].state != "rejected"
    ]
    write_rows(out, Check, check_rows(segments, check(lang, segments)))


if __name__ == "__main__":
    call(main)
