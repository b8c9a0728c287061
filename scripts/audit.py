"""Writes what the checks found, by language and category: counts and row ids, no texts."""

from pathlib import Path

from xsafety.cli import parser, run
from xsafety.rows import Check
from xsafety.seeds.csv_folder import COLUMNS
from xsafety.tabular import columns, read_csv, write_text
from xsafety.verification.audit import audit


def main() -> None:
    arguments = parser(__doc__, paths="seeds out")
    arguments.add_argument("--checks", nargs="+", required=True, help="LANG=FILE for each language")
    args = arguments.parse_args()
    categories = {row["id"]: row["category"] for row in read_csv(args.seeds, COLUMNS)}
    files = dict(given.split("=", 1) for given in args.checks)
    checked = {lang: read_csv(Path(file), columns(Check)) for lang, file in files.items()}
    write_text(args.out, audit(categories, checked))


if __name__ == "__main__":
    run(main)
