"""Says how good a judge is by labels of people, and corrects its rates where there are enough."""

from pathlib import Path

from xsafety.calibration.quality import main_rows, quality_rows, rates_to_correct
from xsafety.calibration.sampling import verdicts_by_model
from xsafety.categories import read_about
from xsafety.cli import call
from xsafety.config.calibration import Enough
from xsafety.rows import JudgeQuality, LabelledAnswer, RateEstimate, in_cell
from xsafety.tabular import read_rows, write_rows


def main(
    *,
    verdicts: Path,
    judge: str,
    rates: Path,
    about: Path,
    labels: Path,
    prompting: str,
    languages: list[str],
    cells: list[tuple[list[str], list[str]]],
    settings: Enough,
    out: Path,
) -> None:
    known = read_about(about)
    raw = rates_to_correct(read_rows(rates, RateEstimate), prompting, known)
    found: list[JudgeQuality] = []
    for lang in languages:
        models = [model for models, langs in cells if lang in langs for model in models]
        judged = main_rows(verdicts_by_model(lang, models, prompting, verdicts), known)
        labelled = read_rows(labels / lang / "labels.csv", LabelledAnswer)
        found += quality_rows(judged, [rate for rate in raw if rate["lang"] == lang], labelled, settings)
    write_rows(out, JudgeQuality, in_cell(found, judge=judge))


if __name__ == "__main__":
    call(main)
