"""Counts a judge's verdicts on a model by seed and by cell, and picks examples of the first prompting method."""

from pathlib import Path

from xsafety.analysis.counts import cell_counts, pick_examples
from xsafety.analysis.outcomes import seed_counts
from xsafety.categories import read_about
from xsafety.cli import call
from xsafety.rows import AnswerLanguage, Count, Example, Response, SeedCount, Verdict, in_cell
from xsafety.tabular import read_rows, write_rows


def main(
    *,
    verdicts: Path,
    responses: Path,
    answer_languages: Path,
    about: Path,
    judge: str,
    model: str,
    promptings: list[str],
    languages: list[str],
    counts: Path,
    seeds: Path,
    examples: Path,
) -> None:
    categories = read_about(about).categories
    found: dict[tuple[str, str], dict[tuple[str, int], str]] = {}
    for row in read_rows(answer_languages, AnswerLanguage):
        found.setdefault((row["prompting"], row["lang"]), {})[row["id"], row["sample"]] = row["found"]
    counted: list[SeedCount] = []
    picked: list[Example] = []
    for prompting in sorted(promptings):
        for lang in languages:
            file = f"{prompting}/{lang}.jsonl"
            given, answers = read_rows(verdicts / file, Verdict), read_rows(responses / file, Response)
            counted += seed_counts(given, answers, found.get((prompting, lang), {}), categories, prompting=prompting)
            if prompting == promptings[0]:
                picked += pick_examples(given, model=model, prompting=prompting)
    write_rows(counts, Count, in_cell(cell_counts(counted, categories, model=model), judge=judge))
    counted.sort(key=lambda row: (row["prompting"], row["lang"]))
    write_rows(seeds, SeedCount, in_cell(counted, judge=judge, model=model))
    write_rows(examples, Example, picked)


if __name__ == "__main__":
    call(main)
