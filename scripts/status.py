"""Prints where every language stands, who must do what with which file, and what was asked; asks nobody."""

from pathlib import Path

from xsafety.cli import call
from xsafety.config.verification import Verification
from xsafety.plan.done import asked_lines
from xsafety.rows import GivenText, Seed
from xsafety.tabular import read_rows
from xsafety.translation.memory import read_memory, with_given
from xsafety.verification.status import Drafts, known_drafts, status_table, statuses, to_do


def main(
    *,
    seeds: Path,
    given: Path | None,
    source: str,
    results: Path,
    memory: Path,
    reviews: str,
    languages: list[str],
    gate: Verification,
) -> None:
    queries = read_rows(seeds, Seed)
    came_along = read_rows(given, GivenText) if given else []

    def drafts(lang: str) -> Drafts | None:
        if lang == source:
            return None
        frozen = with_given(read_memory(memory / f"{lang}.csv"), came_along, lang)
        return known_drafts(queries, results / "drafts" / f"{lang}.csv", frozen)

    rows = statuses(languages, queries, drafts, gate, results=results, reviews=reviews)
    print("", status_table(rows), "", to_do(rows, results), sep="\n")
    print("", *asked_lines(results), sep="\n")


if __name__ == "__main__":
    call(main)
