"""Renders the report: one HTML page that holds all it shows."""

from collections.abc import Sequence
from pathlib import Path

from xsafety.cli import parser, run
from xsafety.report.page import Verification, read_judge, render
from xsafety.rows import Status, Usage
from xsafety.tabular import DataError, columns, read_csv, read_jsonl, read_rows, write_text
from xsafety.verification.agreement import AGREEMENT_COLUMNS, RATE_COLUMNS


def _judge(text: str) -> tuple[str, Path]:
    name, separator, folder = text.partition("=")
    if not (name and separator and folder):
        raise DataError(f"--judge {text!r}; write NAME=FOLDER, the folder with the judge's tables")
    return name, Path(folder)


def main(argv: Sequence[str] | None = None) -> None:
    arguments = parser(__doc__, paths="status rates agreement usage out", objects="config")
    arguments.add_argument(
        "--judge",
        metavar="NAME=FOLDER",
        action="append",
        required=True,
        help="its tables; the first is the primary one",
    )
    arguments.add_argument("--examples", type=Path, nargs="*", default=[], help="JSONL files of the primary judge")
    args = arguments.parse_args(argv)
    judges = [read_judge(*_judge(text)) for text in args.judge]
    examples = [row for path in args.examples for row in read_jsonl(path)]
    verification = Verification(
        status=read_rows(args.status, Status),
        rates=read_csv(args.rates, RATE_COLUMNS),
        agreement=read_csv(args.agreement, AGREEMENT_COLUMNS),
    )
    write_text(args.out, render(judges, examples, verification, read_csv(args.usage, columns(Usage)), args.config))


if __name__ == "__main__":
    run(main)
