"""Counts what the answers in the journal took: tokens, money, tries; and apart from these the time."""

from pathlib import Path

from xsafety.cli import call
from xsafety.config.models import Price
from xsafety.report.usage import time_rows, usage_rows
from xsafety.rows import TimeSpent, Usage
from xsafety.tabular import write_rows


def main(*, journal: Path, engines: list[tuple[str, str, str, Price | None]], out: Path, times: Path) -> None:
    write_rows(out, Usage, usage_rows(journal, engines))
    write_rows(times, TimeSpent, time_rows(journal, engines))


if __name__ == "__main__":
    call(main)
