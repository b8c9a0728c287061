"""Counts in the ledgers of all languages how much reviewers changed, and how far they agree."""

from collections.abc import Sequence
from pathlib import Path

from xsafety.cli import parser, run
from xsafety.seeds.csv_folder import COLUMNS
from xsafety.tabular import read_csv, read_jsonl, write_csv
from xsafety.verification.agreement import AGREEMENT_COLUMNS, RATE_COLUMNS, agreement, modification_rates, survey


def main(argv: Sequence[str] | None = None) -> None:
    arguments = parser(__doc__, paths="seeds rates agreement")
    arguments.add_argument("--ledgers", type=Path, nargs="*", required=True, help="each in a folder named by its tag")
    args = arguments.parse_args(argv)
    categories = {seed["id"]: seed["category"] for seed in read_csv(args.seeds, COLUMNS)}
    surveys = {path.parent.name: survey(read_jsonl(path), categories) for path in args.ledgers}
    write_csv(args.rates, RATE_COLUMNS, modification_rates(surveys))
    write_csv(args.agreement, AGREEMENT_COLUMNS, agreement(surveys))


if __name__ == "__main__":
    run(main)
