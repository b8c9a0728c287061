"""Folds one language's returned review sheets, and human translations that came along, into its ledger of evidence.

Rows with problems are left out, and what is wrong with them is listed: they wait, all others go on.
"""

from pathlib import Path

from xsafety.cli import call, say
from xsafety.rows import Evidence, GivenText, Seed, in_cell
from xsafety.tabular import read_rows, write_rows, write_text
from xsafety.verification.evidence import fold, given_evidence


def main(
    *,
    seeds: Path,
    reviews: Path,
    release: list[Path],
    given: Path | None,
    lang: str,
    different_reviewers: bool,
    out: Path,
    problems: Path,
) -> None:
    texts = {seed["id"]: seed["text"] for seed in read_rows(seeds, Seed)}
    released = [entry for file in release for entry in read_rows(file, Evidence)]
    if given:
        released += given_evidence(read_rows(given, GivenText), lang)
    folded = fold(reviews, texts, released, different_reviewers=different_reviewers)
    found = [*folded.refused, *folded.rows]
    for problem in found:
        say(f"error: {problem}")
    write_text(problems, "".join(f"{problem}\n" for problem in found))
    write_rows(out, Evidence, in_cell(folded.entries, lang=lang))


if __name__ == "__main__":
    call(main)
