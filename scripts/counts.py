"""Counts a judge's verdicts on a model per prompting, language and category, and picks examples of the first one."""

from pathlib import Path

from xsafety.analysis.counts import count_verdicts, pick_examples
from xsafety.cli import call
from xsafety.rows import Count, Example, Verdict
from xsafety.tabular import read_rows, write_rows


def main(
    *, verdicts: Path, model: str, promptings: list[str], languages: list[str], counts: Path, examples: Path
) -> None:
    counted: list[Count] = []
    picked: list[Example] = []
    for prompting in sorted(promptings):
        for lang in languages:
            rows = read_rows(verdicts / prompting / f"{lang}.jsonl", Verdict)
            counted += count_verdicts(rows, model=model, prompting=prompting)
            if prompting == promptings[0]:
                picked += pick_examples(rows, model=model, prompting=prompting)
    write_rows(counts, Count, counted)
    write_rows(examples, Example, picked)


if __name__ == "__main__":
    call(main)
