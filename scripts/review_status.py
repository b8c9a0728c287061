"""Says for every language where its verification stands, what is used of it, and what waits for whom."""

from xsafety.cli import parser, run
from xsafety.languages import SOURCE_LANGUAGE
from xsafety.memory import DRAFT_COLUMNS
from xsafety.review import STATUS_COLUMNS, source_status, standings, status
from xsafety.seeds import COLUMNS
from xsafety.tabular import DataError, read_csv, read_jsonl, write_csv


def main() -> None:
    arguments = parser(
        __doc__,
        paths="seeds results reviews out",
        objects="gate",
    )
    arguments.add_argument("--languages", nargs="+", required=True)
    args = arguments.parse_args()
    gate = args.gate
    seeds = read_csv(args.seeds, COLUMNS)
    rows = []
    for lang in args.languages:
        if lang == SOURCE_LANGUAGE:
            rows.append(source_status(lang, len(seeds)))
            continue
        problems = args.results / "review" / lang / "problems.txt"
        ledger = read_jsonl(args.results / "review" / lang / "ledger.jsonl")
        drafts = {row["id"]: row for row in read_csv(args.results / "drafts" / f"{lang}.csv", DRAFT_COLUMNS)}
        rows.append(
            status(
                lang,
                seeds,
                standings(seeds, ledger, gate["rounds"]),
                drafts,
                rounds=gate["rounds"],
                min_coverage=gate["min_coverage"],
                accept_drafts=gate["accept_drafts"],
                different_reviewers=gate["different_reviewers"] and gate["rounds"] > 1,
                sheet=str(args.results / "sheets" / lang),
                reviews=str(args.reviews),
                problems=str(problems) if problems.stat().st_size else "",
            )
        )
    if gate["require_all"] and (waiting := [row for row in rows if row["ready"] == "no"]):
        raise DataError.of(
            "verification.require_all: these languages wait; finish them, take them out, or set require_all: false",
            [f"{row['lang']}: {row['state']}; {row['waits_for']}; {row['file']}" for row in waiting],
        )
    write_csv(args.out, STATUS_COLUMNS, rows)


if __name__ == "__main__":
    run(main)
