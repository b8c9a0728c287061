"""Folds one language's returned review sheets, and the release's translations, into its ledger of evidence.

A sheet with problems is left out, and what is wrong with it listed: the language waits, the others go on.
"""

from pathlib import Path

from xsafety.cli import parser, run, say
from xsafety.review import evidence, sheets
from xsafety.seeds import COLUMNS
from xsafety.tabular import DataError, read_csv, read_jsonl, write_jsonl, write_text


def main() -> None:
    arguments = parser(__doc__, paths="seeds reviews out problems")
    arguments.add_argument("--release", type=Path, nargs="*", help="the release's translations as evidence")
    args = arguments.parse_args()
    seeds = {seed["id"]: seed["text"] for seed in read_csv(args.seeds, COLUMNS)}
    entries = [entry for file in args.release for entry in read_jsonl(file)]
    returned, problems = sheets(args.reviews)
    for sheet in returned:
        try:
            entries += evidence(sheet, seeds)
        except DataError as error:
            problems.append(str(error))
    for problem in problems:
        say(f"error: {problem}")
    write_text(args.problems, "".join(f"{problem}\n" for problem in problems))
    write_jsonl(args.out, sorted(entries, key=lambda entry: (entry["round"], entry["reviewer"], entry["id"])))


if __name__ == "__main__":
    run(main)
