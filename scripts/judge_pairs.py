"""Counts how far each two judges agree, by language."""

from pathlib import Path

from xsafety.calibration.judges import pair_rows, valid_verdicts
from xsafety.calibration.sampling import verdicts_by_model
from xsafety.categories import read_about
from xsafety.cli import call
from xsafety.rows import JudgePair
from xsafety.tabular import write_rows


def main(
    *,
    verdicts: Path,
    about: Path,
    judges: list[str],
    prompting: str,
    languages: list[str],
    cells: list[list[list[str]]],
    out: Path,
) -> None:
    known = read_about(about)
    found: list[JudgePair] = []
    for lang in languages:
        models = [model for models, langs in cells if lang in langs for model in models]
        given = {judge: verdicts_by_model(lang, models, prompting, verdicts / judge) for judge in judges}
        said = {judge: valid_verdicts(rows, known) for judge, rows in given.items()}
        found += pair_rows(lang, said)
    write_rows(out, JudgePair, found)


if __name__ == "__main__":
    call(main)
