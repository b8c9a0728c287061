"""Counts in the ledgers of all languages, each in a folder named by its tag, what reviewers changed and agreed on."""

from pathlib import Path

from xsafety.categories import read_about
from xsafety.cli import call
from xsafety.rows import Evidence, Seed
from xsafety.tabular import read_rows, write_rows
from xsafety.verification.agreement import (
    ModificationRate,
    ReviewerAgreement,
    modification_rates,
    reviewer_agreement,
    survey,
)


def main(*, seeds: Path, about: Path, ledgers: list[Path], rates: Path, agreement: Path) -> None:
    categories = {seed["id"]: seed["category"] for seed in read_rows(seeds, Seed)}
    surveys = {path.parent.name: survey(read_rows(path, Evidence), categories) for path in ledgers}
    write_rows(rates, ModificationRate, modification_rates(surveys, read_about(about).categories))
    write_rows(agreement, ReviewerAgreement, reviewer_agreement(surveys))


if __name__ == "__main__":
    call(main)
