"""Makes one language's queries that have options with these shuffled, and lists those that are left out."""

from pathlib import Path

from xsafety.cli import call
from xsafety.generation.shuffled import shuffled_queries
from xsafety.rows import LeftOut, Query, Seed, ShuffledQuery
from xsafety.tabular import read_rows, write_rows


def main(*, queries: Path, seeds: Path, lang: str, source: str, left_out: Path, out: Path) -> None:
    shuffled, without = shuffled_queries(lang, read_rows(queries, Query), read_rows(seeds, Seed), source)
    write_rows(left_out, LeftOut, without)
    write_rows(out, ShuffledQuery, shuffled)


if __name__ == "__main__":
    call(main)
