"""Reads and checks a data set: seed queries sorted by id, its categories, and translations that come along."""

from dataclasses import replace
from pathlib import Path

from xsafety.categories import About, write_about
from xsafety.cli import call, say
from xsafety.config.dataset import Dataset
from xsafety.rows import Evidence, GivenText, Repair, Seed, in_cell
from xsafety.seeds.dataset import read_dataset
from xsafety.tabular import write_rows


def main(*, dataset: Dataset, seeds: Path, about: Path, repairs: Path | None, given: Path | None, review: Path) -> None:
    found = read_dataset(dataset)
    for note in found.notes:
        say(f"note: {note}")
    if repairs:
        write_rows(repairs, Repair, found.repairs)
        if number := len(found.repairs):
            say(f"note: {number:,} texts that were mended, left out, or look wrong, each with the reason: {repairs}")
    for lang, evidence in found.evidence.items():
        write_rows(review / lang / "release.jsonl", Evidence, in_cell(evidence, lang=lang))
    if given:
        write_rows(given, GivenText, found.given)
    choices = {seed["category"] for seed in found.seeds if "unsafe_options" in seed}
    categories = {key: replace(category, choice=key in choices) for key, category in found.categories.items()}
    write_about(about, About(dataset.source, categories))
    write_rows(seeds, Seed, found.seeds)


if __name__ == "__main__":
    call(main)
