"""Tells the language that each answer of a model is in, and counts which came back under which method."""

from pathlib import Path

from xsafety.analysis.outcomes import answer_languages, language_counts
from xsafety.cli import call
from xsafety.rows import AnswerLanguage, LanguageCount, Response, in_cell
from xsafety.tabular import read_rows, write_rows


def main(*, responses: Path, model: str, promptings: list[str], languages: list[str], out: Path, counts: Path) -> None:
    found: list[AnswerLanguage] = []
    for prompting in promptings:
        for lang in languages:
            answers = read_rows(responses / prompting / f"{lang}.jsonl", Response)
            found += answer_languages(answers, prompting=prompting)
    write_rows(out, AnswerLanguage, in_cell(found, model=model))
    write_rows(counts, LanguageCount, language_counts(found, model=model))


if __name__ == "__main__":
    call(main)
