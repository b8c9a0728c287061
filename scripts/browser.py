"""Writes what the page in the browser needs of one reviewer's queue."""

from xsafety.browser.queue import queue
from xsafety.cli import parser, run
from xsafety.rows import Check
from xsafety.seeds.csv_folder import COLUMNS
from xsafety.tabular import read_csv, read_jsonl, read_rows, write_json
from xsafety.translation.memory import DRAFT_COLUMNS
from xsafety.verification.checks import flags
from xsafety.verification.gate import Gate


def main() -> None:
    args = parser(
        __doc__,
        paths="seeds ledger drafts checks out",
        texts="lang reviewer",
        objects="gate",
    ).parse_args()
    found = queue(
        args.lang,
        args.reviewer,
        read_csv(args.seeds, COLUMNS),
        list(read_jsonl(args.ledger)),
        {row["id"]: row for row in read_csv(args.drafts, DRAFT_COLUMNS)},
        Gate.read(args.gate),
        flags(read_rows(args.checks, Check)),
    )
    write_json(args.out, found)


if __name__ == "__main__":
    run(main)
