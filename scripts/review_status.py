"""Says for every language where its verification stands, what is used of it, and what waits for whom."""

from xsafety.cli import parser, run
from xsafety.seeds.csv_folder import COLUMNS
from xsafety.tabular import DataError, read_csv, write_csv
from xsafety.translation.memory import DRAFT_COLUMNS
from xsafety.verification.gate import Gate
from xsafety.verification.status import Drafts, statuses
from xsafety.verification.waiting import STATUS_COLUMNS


def main() -> None:
    arguments = parser(
        __doc__,
        paths="seeds results out",
        texts="reviews",
        objects="gate",
    )
    arguments.add_argument("--languages", nargs="+", required=True)
    args = arguments.parse_args()

    def drafts(lang: str) -> Drafts:
        return {row["id"]: row for row in read_csv(args.results / "drafts" / f"{lang}.csv", DRAFT_COLUMNS)}

    seeds, gate = read_csv(args.seeds, COLUMNS), Gate.read(args.gate)
    rows = statuses(args.languages, seeds, drafts, gate, results=args.results, reviews=args.reviews)
    if args.gate["require_all"] and (waiting := [row for row in rows if row["ready"] == "no"]):
        raise DataError.of(
            "verification.require_all: these languages wait; finish them, take them out, or set require_all: false",
            [f"{row['lang']}: {row['state']}; {row['waits_for']}; {row['file']}" for row in waiting],
        )
    write_csv(args.out, STATUS_COLUMNS, rows)


if __name__ == "__main__":
    run(main)
