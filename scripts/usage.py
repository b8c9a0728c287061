"""Counts what the answers in the journal took: tokens, money, time and tries."""

from xsafety.cli import parser, run
from xsafety.report.usage import COLUMNS, Block, usage_rows
from xsafety.tabular import write_csv


def main() -> None:
    args = parser(__doc__, paths="journal out", objects="translator models judges").parse_args()
    translators = [block for block in [Block(*args.translator)] if block.engine != "none"]
    stages = {
        "drafts": translators,
        "responses": [Block(*model) for model in args.models],
        "english": translators,
        "verdicts": [Block(*judge) for judge in args.judges],
    }
    write_csv(args.out, COLUMNS, usage_rows(args.journal, stages))


if __name__ == "__main__":
    run(main)
