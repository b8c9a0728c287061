"""Prints where the verification of every language stands, and who must do what with which file; asks nobody."""

from xsafety.cli import parser, run
from xsafety.seeds.csv_folder import COLUMNS
from xsafety.tabular import read_csv
from xsafety.verification.gate import Gate
from xsafety.verification.status import Drafts, known_drafts, statuses, table, to_do


def main() -> None:
    arguments = parser(__doc__, paths="seeds results memory", texts="reviews", objects="gate")
    arguments.add_argument("--languages", nargs="+", required=True)
    args = arguments.parse_args()
    seeds = read_csv(args.seeds, COLUMNS)

    def drafts(lang: str) -> Drafts:
        return known_drafts(seeds, args.results / "drafts" / f"{lang}.csv", args.memory / f"{lang}.csv")

    rows = statuses(args.languages, seeds, drafts, Gate.read(args.gate), results=args.results, reviews=args.reviews)
    print("", table(rows), "", to_do(rows, args.results), sep="\n")


if __name__ == "__main__":
    run(main)
