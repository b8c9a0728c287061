"""Says for every language where its verification stands, what is used of it, and what waits for whom."""

from pathlib import Path

from xsafety.cli import call
from xsafety.config.verification import Verification
from xsafety.rows import Draft, Seed, Status
from xsafety.tabular import DataError, read_rows, write_rows
from xsafety.verification.status import Drafts, statuses
from xsafety.verification.waiting import file_words, state_words, waiting_words


def main(
    *, seeds: Path, source: str, results: Path, reviews: str, languages: list[str], gate: Verification, out: Path
) -> None:
    def drafts(lang: str) -> Drafts | None:
        if lang == source:
            return None
        return {row["id"]: row for row in read_rows(results / "drafts" / f"{lang}.csv", Draft)}

    rows = statuses(languages, read_rows(seeds, Seed), drafts, gate, results=results, reviews=reviews)
    if gate.require_all and (waiting := [row for row in rows if row["ready"] == "no"]):
        raise DataError.of(
            "verification.require_all: these languages wait; finish them, take them out, or set require_all: false",
            [f"{row['lang']}: {state_words(row)}; {waiting_words(row)}; {file_words(row)}" for row in waiting],
        )
    write_rows(out, Status, rows)


if __name__ == "__main__":
    call(main)
