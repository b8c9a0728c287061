"""Writes all rows of a build into one SQLite file, for `make explore`."""

from pathlib import Path

from xsafety.cli import call
from xsafety.explore.store import Build, write_store


def main(
    *,
    results: Path,
    cells: list[list[list[str]]],
    promptings: list[str],
    judges: list[str],
    english: list[str],
    names: dict[str, dict[str, str]],
    redact: bool,
    out: Path,
) -> None:
    write_store(
        out, Build(results, [(models, langs) for models, langs in cells], promptings, judges, english, names, redact)
    )


if __name__ == "__main__":
    call(main)
