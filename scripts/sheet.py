"""Writes one language's sheet for reviewers: the rows that wait, with English, draft and empty columns to fill."""

from xsafety.cli import parser, run
from xsafety.memory import DRAFT_COLUMNS
from xsafety.review import SHEET_COLUMNS, sheet_rows, standings
from xsafety.seeds import COLUMNS
from xsafety.tabular import read_csv, read_jsonl, write_csv


def main() -> None:
    args = parser(__doc__, paths="seeds ledger drafts out", objects="rounds").parse_args()
    seeds = read_csv(args.seeds, COLUMNS)
    drafts = {row["id"]: row for row in read_csv(args.drafts, DRAFT_COLUMNS)}
    stands = standings(seeds, read_jsonl(args.ledger), args.rounds)
    write_csv(args.out, SHEET_COLUMNS, sheet_rows(seeds, stands, drafts, args.rounds))


if __name__ == "__main__":
    run(main)
