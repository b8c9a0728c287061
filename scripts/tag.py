"""Keeps the verdicts as they are under a name, to compare later ones with."""

from pathlib import Path

from xsafety.analysis.runs import tag_verdicts
from xsafety.cli import call, say
from xsafety.tabular import DataError


def main(*, tag: str | None, tags: Path, results: Path, judges: list[str]) -> None:
    if not tag:
        raise DataError("no name; give one: snakemake tag --config tag=NAME")
    number = tag_verdicts(results, judges, tags / tag)
    say(f"{number} file(s) of verdicts are kept in {tags / tag}, without a text.")
    say(f"What changed since, at any time: snakemake compare --config with={tag}")


if __name__ == "__main__":
    call(main)
