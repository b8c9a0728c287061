"""Writes what the page in the browser needs of one labeller's queue; takes the verdicts that there are."""

from pathlib import Path

from xsafety.browser.queue import queue_of_labeller
from xsafety.calibration.returned import read_samples
from xsafety.calibration.sampling import judged_answers
from xsafety.categories import read_about
from xsafety.cli import call
from xsafety.config.calibration import Calibration
from xsafety.rows import Label
from xsafety.tabular import read_rows, write_json


def main(
    *,
    ledger: Path,
    results: Path,
    judge: str,
    prompting: str,
    models: list[str],
    lang: str,
    labeller: str,
    settings: Calibration,
    out: Path,
) -> None:
    answers = judged_answers(lang, models, prompting, judge, results)
    samples = read_samples(Path(settings.labels, lang))
    categories = read_about(results / "dataset.json").categories
    write_json(out, queue_of_labeller(lang, labeller, answers, samples, read_rows(ledger, Label), categories))


if __name__ == "__main__":
    call(main)
