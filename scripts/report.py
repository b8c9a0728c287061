"""Renders the report, one HTML page that holds all it shows; the first judge is the primary one."""

from pathlib import Path

from xsafety.categories import read_about
from xsafety.cli import call
from xsafety.report.charts import drawing_names
from xsafety.report.drawing import read_pictures
from xsafety.report.page import Contents, ReviewTables, read_judge, render
from xsafety.rows import ChoiceRate, Example, JudgePair, RunChange, Shown, Status, Usage
from xsafety.tabular import read_rows, write_text
from xsafety.verification.agreement import ModificationRate, ReviewerAgreement


def main(
    *,
    tables: Path,
    judges: list[str],
    examples: list[Path],
    status: Path,
    about: Path,
    rates: Path,
    agreement: Path,
    usage: Path,
    shown: Shown,
    charts: Path,
    qualities: list[Path],
    choices: list[Path],
    pairs: list[Path],
    changes: list[Path],
    out: Path,
) -> None:
    review = ReviewTables(
        status=read_rows(status, Status),
        rates=read_rows(rates, ModificationRate),
        agreement=read_rows(agreement, ReviewerAgreement),
    )
    known = read_about(about)
    of_judges = {path.stem: path for path in qualities}
    given = [read_judge(name, tables / name, known, of_judges[name]) for name in judges]
    picked = [row for path in examples for row in read_rows(path, Example)]
    pictures = read_pictures(charts, drawing_names(given[0].models))
    chosen = [row for path in choices for row in read_rows(path, ChoiceRate)]
    changed = [row for path in changes for row in read_rows(path, RunChange)]
    agreeing = [row for path in pairs for row in read_rows(path, JudgePair)]
    used = read_rows(usage, Usage)
    write_text(out, render(Contents(given, picked, review, used, shown, pictures, changed, chosen, agreeing)))


if __name__ == "__main__":
    call(main)
