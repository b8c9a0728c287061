"""Writes the demo's synthetic labels of the samples that were drawn; of the last language only every other one."""

from pathlib import Path

from xsafety.calibration.label_sheets import drawn_rows
from xsafety.calibration.labels import doubled
from xsafety.calibration.returned import read_samples
from xsafety.calibration.sampling import judged_answers
from xsafety.cli import call
from xsafety.demo.labels import synthetic_labels
from xsafety.rows import LabelRow
from xsafety.tabular import write_rows


def main(*, results: Path, labels: Path, judge: str, prompting: str, models: list[str], languages: list[str]) -> None:
    for lang in languages:
        samples = read_samples(labels / lang)
        answers = judged_answers(lang, models, prompting, judge, results)
        rows = drawn_rows(answers, samples)[:: 2 if lang == languages[-1] else 1]
        for labeller, sheet in synthetic_labels(lang, rows, doubled(samples)).items():
            write_rows(labels / lang / f"{[*samples][-1]}.{labeller}.csv", LabelRow, sheet)


if __name__ == "__main__":
    call(main)
