"""Folds one language's returned review sheets, and the release's translations, into its ledger of evidence.

A sheet with problems is left out, and what is wrong with it listed: the language waits, the others go on.
"""

from pathlib import Path

from xsafety.cli import parser, run, say
from xsafety.seeds.csv_folder import COLUMNS
from xsafety.tabular import read_csv, read_jsonl, write_jsonl, write_text
from xsafety.verification.evidence import fold


def main() -> None:
    arguments = parser(__doc__, paths="seeds reviews out problems", objects="different_reviewers")
    arguments.add_argument("--release", type=Path, nargs="*", help="the release's translations as evidence")
    args = arguments.parse_args()
    seeds = {seed["id"]: seed["text"] for seed in read_csv(args.seeds, COLUMNS)}
    release = [entry for file in args.release for entry in read_jsonl(file)]
    entries, problems = fold(args.reviews, seeds, release, different_reviewers=args.different_reviewers)
    for problem in problems:
        say(f"error: {problem}")
    write_text(args.problems, "".join(f"{problem}\n" for problem in problems))
    write_jsonl(args.out, entries)


if __name__ == "__main__":
    run(main)
