"""Checks one language's translations by machine: what is probably broken, with reasons for reviewers."""

from xsafety.cli import parser, run
from xsafety.seeds.csv_folder import COLUMNS
from xsafety.tabular import read_csv, read_jsonl, write_csv
from xsafety.translation.memory import DRAFT_COLUMNS
from xsafety.verification.checks import CHECK_COLUMNS, Row, check, check_rows
from xsafety.verification.gate import Gate
from xsafety.verification.standing import current_text, standings


def main() -> None:
    args = parser(__doc__, paths="seeds ledger drafts out", texts="lang").parse_args()
    seeds = read_csv(args.seeds, COLUMNS)
    drafts = {row["id"]: row for row in read_csv(args.drafts, DRAFT_COLUMNS)}
    stands = standings(args.lang, seeds, read_jsonl(args.ledger), Gate())
    rows = [
        Row(seed["id"], seed["category"], seed["text"], current_text(stands[seed["id"]], drafts.get(seed["id"], {})))
        for seed in seeds
        if stands[seed["id"]].state != "rejected"
    ]
    write_csv(args.out, CHECK_COLUMNS, check_rows(rows, check(args.lang, rows)))


if __name__ == "__main__":
    run(main)
