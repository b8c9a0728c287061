"""Counts a judge's verdicts on a model by seed, per prompting and language, with how the answers ended."""

from pathlib import Path

from xsafety.analysis.outcomes import seed_counts
from xsafety.cli import call
from xsafety.rows import Response, SeedCount, Verdict
from xsafety.tabular import read_rows, write_rows


def main(*, verdicts: Path, responses: Path, promptings: list[str], languages: list[str], out: Path) -> None:
    counts: list[SeedCount] = []
    for prompting in sorted(promptings):
        for lang in sorted(languages):
            file = f"{prompting}/{lang}.jsonl"
            given, answers = read_rows(verdicts / file, Verdict), read_rows(responses / file, Response)
            counts += seed_counts(given, answers, prompting=prompting)
    write_rows(out, SeedCount, counts)


if __name__ == "__main__":
    call(main)
