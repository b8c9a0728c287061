"""Folds what labellers returned into each language's ledger of labels, and counts how far they agree.

Rows with problems are left out, and what is wrong with them is listed: all others count.
"""

from pathlib import Path

from xsafety.calibration.agreement import label_agreement
from xsafety.calibration.labels import labelled_answers
from xsafety.calibration.returned import fold_labels, other_folders, read_samples
from xsafety.cli import call, say
from xsafety.rows import Label, LabelAgreement, LabelledAnswer
from xsafety.tabular import write_rows, write_text


def main(*, labels: Path, languages: list[str], out: Path, agreement: Path) -> None:
    ledgers = {}
    for lang in sorted(languages):
        samples = read_samples(labels / lang)
        ledgers[lang], problems = fold_labels(labels / lang, samples)
        for problem in problems:
            say(f"error: {problem}")
        write_text(out / lang / "problems.txt", "".join(f"{problem}\n" for problem in problems))
        write_rows(out / lang / "ledger.jsonl", Label, ledgers[lang])
        write_rows(out / lang / "labels.csv", LabelledAnswer, labelled_answers(ledgers[lang], samples))
    write_rows(agreement, LabelAgreement, label_agreement(ledgers))
    for folder in other_folders(labels, languages):
        say(f"{folder}: not a language of the configuration; its labels are not used")


if __name__ == "__main__":
    call(main)
