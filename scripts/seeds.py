"""Reads and checks the English seed queries of a folder and writes them as one table, sorted by id."""

from pathlib import Path

from xsafety.cli import call
from xsafety.rows import Seed
from xsafety.seeds.csv_folder import read_seeds
from xsafety.tabular import write_rows


def main(*, folder: Path, out: Path) -> None:
    write_rows(out, Seed, sorted(read_seeds(folder), key=lambda seed: seed["id"]))


if __name__ == "__main__":
    call(main)
