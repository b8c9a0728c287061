"""Folds one language's returned review sheets, and the release's translations, into its ledger of evidence."""

from pathlib import Path

from xsafety.cli import parser, run
from xsafety.review import evidence, sheets
from xsafety.seeds import COLUMNS
from xsafety.tabular import read_csv, read_jsonl, write_jsonl


def main() -> None:
    arguments = parser(__doc__, paths="seeds reviews out")
    arguments.add_argument("--release", type=Path, nargs="*", help="the release's translations as evidence")
    args = arguments.parse_args()
    ids = {seed["id"] for seed in read_csv(args.seeds, COLUMNS)}
    entries = [entry for file in args.release for entry in read_jsonl(file)]
    for sheet in sheets(args.reviews):
        entries += evidence(sheet, ids)
    write_jsonl(args.out, sorted(entries, key=lambda entry: (entry["round"], entry["reviewer"], entry["id"])))


if __name__ == "__main__":
    run(main)
