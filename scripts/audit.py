"""Writes what the checks found, by language and category: counts and row ids, no texts."""

from pathlib import Path

from xsafety.categories import read_about
from xsafety.cli import call
from xsafety.rows import Check, Seed
from xsafety.tabular import read_rows, write_text
from xsafety.verification.audit import audit


def main(*, seeds: Path, about: Path, checks: list[Path], out: Path) -> None:
    categories = {seed["id"]: seed["category"] for seed in read_rows(seeds, Seed)}
    checked = {path.stem: read_rows(path, Check) for path in checks}
    write_text(out, audit(categories, checked, read_about(about).categories))


if __name__ == "__main__":
    call(main)
