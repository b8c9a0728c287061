"""Writes the data set of the seeds' own language: the seeds."""

from pathlib import Path

from xsafety.cli import call
from xsafety.rows import Query, Seed
from xsafety.tabular import read_rows, write_rows
from xsafety.verification.dataset import source_queries


def main(*, seeds: Path, lang: str, out: Path) -> None:
    write_rows(out, Query, source_queries(lang, read_rows(seeds, Seed)))


if __name__ == "__main__":
    call(main)
