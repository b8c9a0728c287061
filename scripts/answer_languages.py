"""Tells the language that each answer of a model is in, and counts which came back under which method."""

from collections import Counter
from pathlib import Path

from xsafety.analysis.estimates import decimals
from xsafety.analysis.outcomes import answer_languages
from xsafety.cli import call
from xsafety.rows import AnswerLanguage, LanguageCount, Response
from xsafety.tabular import read_rows, write_rows


def main(*, responses: Path, model: str, promptings: list[str], languages: list[str], out: Path, counts: Path) -> None:
    found: list[AnswerLanguage] = []
    counted: list[LanguageCount] = []
    for prompting in promptings:
        for lang in languages:
            rows = answer_languages(read_rows(responses / prompting / f"{lang}.jsonl", Response), prompting=prompting)
            found += rows
            numbers = Counter(row["found"] for row in rows)
            told = len(rows) - numbers[""]
            counted += (
                LanguageCount(
                    model=model,
                    prompting=prompting,
                    lang=lang,
                    found=name,
                    answers=number,
                    share=decimals(number / told) if name else "",
                )
                for name, number in sorted(numbers.items(), key=lambda item: (-item[1], item[0]))
            )
    write_rows(out, AnswerLanguage, found)
    write_rows(counts, LanguageCount, counted)


if __name__ == "__main__":
    call(main)
