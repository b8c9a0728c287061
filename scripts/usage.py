"""Counts what the answers in the journal took: tokens, money, time and tries."""

from pathlib import Path

from xsafety.cli import call
from xsafety.config.models import Price
from xsafety.report.usage import usage_rows
from xsafety.rows import Usage
from xsafety.tabular import write_rows


def main(*, journal: Path, engines: list[tuple[str, str, str, Price | None]], out: Path) -> None:
    write_rows(out, Usage, usage_rows(journal, engines))


if __name__ == "__main__":
    call(main)
