"""Draws answers for labellers where more are wanted, writes their sheets, and says what waits for whom; asks nobody."""

from pathlib import Path

from xsafety.calibration.label_sheets import give_out, with_new_sample
from xsafety.calibration.returned import other_folders, read_samples
from xsafety.calibration.sampling import judged_answers
from xsafety.cli import call
from xsafety.config.calibration import Calibration
from xsafety.rows import Label
from xsafety.tabular import read_rows


def main(
    *,
    results: Path,
    labels: Path,
    judge: str,
    prompting: str,
    languages: list[str],
    models: list[tuple[str, list[str]]],
    settings: Calibration,
) -> None:
    for lang in languages:
        supporting = [model for model, langs in models if lang in langs]
        answers = judged_answers(lang, supporting, prompting, judge, results)
        ledger = read_rows(results / "labels" / lang / "ledger.jsonl", Label)
        samples = with_new_sample(answers, read_samples(labels / lang), ledger, judge, settings)
        lines = give_out(lang, answers, samples, ledger, labels / lang, results)
        print(*lines, sep="\n")
    for folder in other_folders(labels, languages):
        print(f"{folder}: not a language of the configuration; its labels are not used")
    print(f"Returned sheets count from the next run of snakemake on. Commit {labels}.")


if __name__ == "__main__":
    call(main)
