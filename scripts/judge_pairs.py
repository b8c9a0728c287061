"""Counts how far each two judges agree, by language."""

from pathlib import Path

from xsafety.calibration.judges import pair_rows, valid_verdicts
from xsafety.calibration.sampling import verdicts_by_model
from xsafety.cli import call
from xsafety.rows import JudgePair
from xsafety.tabular import write_rows


def main(
    *,
    verdicts: Path,
    judges: list[str],
    prompting: str,
    languages: list[str],
    cells: list[list[list[str]]],
    out: Path,
) -> None:
    found: list[JudgePair] = []
    for lang in languages:
        models = [model for models, langs in cells if lang in langs for model in models]
        said = {judge: valid_verdicts(verdicts_by_model(lang, models, prompting, verdicts / judge)) for judge in judges}
        found += pair_rows(lang, said)
    write_rows(out, JudgePair, found)


if __name__ == "__main__":
    call(main)
