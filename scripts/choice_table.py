"""Counts the choices of all models by one judge, and which queries all languages have."""

from pathlib import Path

from xsafety.analysis.choices import choice_rates
from xsafety.cli import call
from xsafety.rows import Choice, ChoiceRate, ShuffledQuery, in_cell
from xsafety.tabular import read_rows, write_rows


def main(
    *,
    queries: list[Path],
    choices: Path,
    judge: str,
    languages: list[str],
    models: list[str],
    promptings: list[str],
    max_failed: float,
    out: Path,
) -> None:
    ids = [{row["id"] for row in read_rows(file, ShuffledQuery)} for file in queries]
    common = set.intersection(*ids) if ids else set()
    given = {model: read_rows(choices / f"{model}.jsonl", Choice) for model in models}
    rates = choice_rates(given, common, promptings, languages, max_failed)
    write_rows(out, ChoiceRate, in_cell(rates, judge=judge))


if __name__ == "__main__":
    call(main)
