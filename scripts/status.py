"""Prints where every language stands, who must do what with which file, and what was asked; asks nobody."""

from pathlib import Path

from xsafety.cli import call
from xsafety.config.verification import Verification
from xsafety.plan.done import asked_lines
from xsafety.rows import Seed
from xsafety.tabular import read_rows
from xsafety.verification.status import Drafts, known_drafts, status_table, statuses, to_do


def main(*, seeds: Path, results: Path, memory: Path, reviews: str, languages: list[str], gate: Verification) -> None:
    queries = read_rows(seeds, Seed)

    def drafts(lang: str) -> Drafts:
        return known_drafts(queries, results / "drafts" / f"{lang}.csv", memory / f"{lang}.csv")

    rows = statuses(languages, queries, drafts, gate, results=results, reviews=reviews)
    print("", status_table(rows), "", to_do(rows, results), sep="\n")
    print("", *asked_lines(results), sep="\n")


if __name__ == "__main__":
    call(main)
