"""Counts one judge's verdicts on one model per prompting, language and category, and picks examples to show."""

from collections.abc import Sequence
from pathlib import Path

from xsafety.cli import parser, run
from xsafety.report.tables import COUNT_COLUMNS, count, pick_examples
from xsafety.tabular import read_jsonl, write_csv, write_jsonl


def main(argv: Sequence[str] | None = None) -> None:
    arguments = parser(__doc__, paths="verdicts counts examples", texts="model", objects="cells")
    arguments.add_argument("--first", required=True, help="the prompting method to take examples from")
    args = arguments.parse_args(argv)
    counts, examples = [], []
    for prompting, languages in args.cells.items():
        for lang in languages:
            rows = list(read_jsonl(Path(args.verdicts, prompting, f"{lang}.jsonl")))
            counts += count(rows, model=args.model, prompting=prompting)
            if prompting == args.first:
                examples += pick_examples(rows, model=args.model, prompting=prompting)
    write_csv(args.counts, COUNT_COLUMNS, counts)
    write_jsonl(args.examples, examples)


if __name__ == "__main__":
    run(main)
