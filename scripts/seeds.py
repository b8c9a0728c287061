"""Reads and checks a data set: English seed queries sorted by id, and translations and repairs that come along."""

from pathlib import Path

from xsafety.cli import call
from xsafety.config.dataset import Dataset
from xsafety.rows import Evidence, Repair, Seed
from xsafety.seeds.dataset import read_dataset
from xsafety.tabular import write_rows


def main(*, dataset: Dataset, seeds: Path, repairs: Path | None, review: Path) -> None:
    found = read_dataset(dataset)
    if repairs:
        write_rows(repairs, Repair, found.repairs)
    for lang, evidence in found.evidence.items():
        write_rows(review / lang / "release.jsonl", Evidence, evidence)
    write_rows(seeds, Seed, found.seeds)


if __name__ == "__main__":
    call(main)
