"""Makes the tables of one judge from its counts, one counts file per model."""

from collections.abc import Sequence
from pathlib import Path

from xsafety.cli import parser, run
from xsafety.report.tables import read_counts, tables
from xsafety.rows import Status
from xsafety.tabular import read_rows, write_csv


def main(argv: Sequence[str] | None = None) -> None:
    arguments = parser(__doc__, paths="status out")
    arguments.add_argument("--counts", type=Path, nargs="+", required=True)
    for name in ("languages", "models", "promptings"):
        arguments.add_argument(f"--{name}", nargs="+", required=True, help="in the order of the configuration")
    args = arguments.parse_args(argv)
    status = read_rows(args.status, Status)
    made = tables(read_counts(args.counts), args.languages, args.models, args.promptings, status)
    for name, (columns, rows) in made.items():
        write_csv(args.out / name, columns, rows)


if __name__ == "__main__":
    run(main)
