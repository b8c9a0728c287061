"""Writes one language's sheet for reviewers: the rows that wait, suspicious ones first, with empty columns to fill."""

from xsafety.checks import CHECK_COLUMNS
from xsafety.cli import parser, run
from xsafety.review import SHEET_COLUMNS, sheet_rows, standings
from xsafety.seeds import COLUMNS
from xsafety.tabular import read_csv, read_jsonl, write_csv
from xsafety.translation import DRAFT_COLUMNS


def main() -> None:
    args = parser(__doc__, paths="seeds ledger drafts checks out", objects="rounds").parse_args()
    seeds = read_csv(args.seeds, COLUMNS)
    drafts = {row["id"]: row for row in read_csv(args.drafts, DRAFT_COLUMNS)}
    stands = standings(seeds, read_jsonl(args.ledger), args.rounds)
    checks = {row["id"]: row for row in read_csv(args.checks, CHECK_COLUMNS)}
    write_csv(args.out, SHEET_COLUMNS, sheet_rows(seeds, stands, drafts, args.rounds, checks))


if __name__ == "__main__":
    run(main)
