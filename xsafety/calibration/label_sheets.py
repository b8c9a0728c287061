"""What labellers of a language are given: a sample where one is wanted, and sheets of what waits for whom."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..categories import read_about
from ..rows import UNNAMED, Drawn, Label, LabelRow
from ..tabular import DataError, write_rows
from ..verification.sheets.names import file_name
from .labels import Turn, by_answer, doubled, drawn_digests, waiting
from .sampling import Answer, draw_sample, is_short, sampling_frame
from .sheets import WRITERS, LabelGuide, write_label_sheet

if TYPE_CHECKING:
    from ..config.calibration import Calibration

Samples = Mapping[str, Sequence[Drawn]]  # by name, in order

_WAIT_FOR: dict[Turn, str] = {
    "first": "wait for a label",
    "second": "wait for a second labeller",
    "third": "wait for a third labeller, as two differ",
}


def with_new_sample(
    answers: Sequence[Answer], samples: Samples, ledger: Sequence[Label], judge: str, settings: "Calibration"
) -> dict[str, Sequence[Drawn]]:
    """The samples of a language, with a new one if those are not enough; labels that people brought, if there is none.

    Raises DataError where they would be of two seeds.
    """
    frame = sampling_frame(answers)
    had = drawn_digests(samples) or by_answer(ledger).keys()
    if not is_short(frame, had, settings):
        return dict(samples)
    if seeds := {row["seed"] for sample in samples.values() for row in sample} - {settings.seed}:
        raise DataError(
            f"calibration.seed: {settings.seed}, but the samples so far were drawn by {min(seeds)}, and how likely an"
            f" answer was to be drawn by either cannot be told; set it to {min(seeds)}"
        )
    number = 1 + max([0, *(int(name.removeprefix("sample-")) for name in samples)])
    return {**samples, f"sample-{number}": draw_sample(frame, judge, settings)}


def drawn_rows(answers: Sequence[Answer], samples: Samples) -> list[LabelRow]:
    """The rows for labellers, nothing filled in: what was drawn into any sample and is still there."""
    drawn = drawn_digests(samples)
    return [answer.row for answer in answers if answer.digest in drawn]


def give_out(
    lang: str, answers: Sequence[Answer], samples: Samples, ledger: Sequence[Label], labels: Path, results: Path
) -> list[str]:
    """Writes the samples that are new to the folder of a language's `labels`, and its sheets, whose former ones go.

    Returns what was done and what waits for whom, in lines.
    """
    lines, sheets = [], results / "labels" / "sheets" / lang
    for name, sample in samples.items():
        if not (path := labels / f"{name}.csv").exists():
            write_rows(path, Drawn, sample)
            lines.append(f"{lang}: drew {len(sample)} answers, {path}")
    for path in sheets.glob("sample-*"):
        path.unlink()
    if not samples:
        return [f"{lang}: no answers with a valid verdict yet; run snakemake first"]
    rows = drawn_rows(answers, samples)
    waits = waiting(rows, doubled(samples), ledger)
    lines.append(f"{lang}: {len(rows) - sum(map(len, waits.values()))} of {len(rows)} drawn answers are labelled")
    if gone := len(drawn_digests(samples) - {row["check"] for row in rows}):
        lines.append(f"  {gone} more that were drawn are no answers of the present models")
    latest, categories = [*samples][-1], read_about(results / "dataset.json").categories
    save_as = labels / file_name(latest, UNNAMED, 1, "")
    for turn, theirs in waits.items():
        if theirs:
            ids = {row["check"] for row in theirs}
            before = sorted({label["labeller"] for label in ledger if label["digest"] in ids})
            lines += _write_sheets(theirs, LabelGuide(lang, str(save_as), turn, categories), sheets / latest, before)
    return lines


def _write_sheets(rows: Sequence[LabelRow], guide: LabelGuide, sheet: Path, before: Sequence[str]) -> list[str]:
    """Writes rows in all formats, and says for whom; `before`: who labelled some of them already."""
    files = [sheet.with_name(f"{sheet.name}.{guide.turn}.{suffix}") for suffix in WRITERS]
    others = f" (other than {', '.join(before)})" if before else ""
    fill = f"fill {files[0]}, save it as {guide.save_as}{files[0].suffix}"
    lines = [f"  {len(rows)} {_WAIT_FOR[guide.turn]}{others}: {fill}"]
    for file in files:
        if left_out := write_label_sheet(file, rows, guide):
            lines.append(f"  {file} is without {', '.join(left_out)}, too long for a spreadsheet: see {files[1].name}")
    return lines
