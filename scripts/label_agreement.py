"""Counts how far the labellers of each language agree."""

from pathlib import Path

from xsafety.calibration.agreement import label_agreement
from xsafety.calibration.returned import other_folders
from xsafety.cli import call, say
from xsafety.rows import Label, LabelAgreement
from xsafety.tabular import read_rows, write_rows


def main(*, labels: Path, languages: list[str], ledgers: Path, out: Path) -> None:
    found = {lang: read_rows(ledgers / lang / "ledger.jsonl", Label) for lang in sorted(languages)}
    write_rows(out, LabelAgreement, label_agreement(found))
    for folder in other_folders(labels, languages):
        say(f"note: {folder}: not a language of the configuration; its labels are not used")


if __name__ == "__main__":
    call(main)
