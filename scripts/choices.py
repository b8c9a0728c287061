"""Reads which options one model's responses to the queries with shuffled options choose."""

from pathlib import Path

from xsafety.cli import call
from xsafety.generation.shuffled import SUFFIX
from xsafety.judging.choice import choice_rows
from xsafety.rows import Choice, Response, ShuffledQuery, in_cell
from xsafety.tabular import read_rows, write_rows


def main(
    *, queries: Path, responses: Path, judge: str, model: str, promptings: list[str], languages: list[str], out: Path
) -> None:
    rows: list[Choice] = []
    for lang in sorted(languages):
        asked = read_rows(queries / f"{lang}{SUFFIX}.jsonl", ShuffledQuery)
        for prompting in sorted(promptings):
            given = read_rows(responses / prompting / f"{lang}{SUFFIX}.jsonl", Response)
            rows += choice_rows(asked, given, prompting=prompting)
    write_rows(out, Choice, in_cell(rows, judge=judge, model=model))


if __name__ == "__main__":
    call(main)
