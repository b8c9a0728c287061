"""Folds what labellers returned into a language's ledger of labels, and says on which answers they are done.

Rows with problems are left out, and what is wrong with them is listed: all others count.
"""

from pathlib import Path

from xsafety.calibration.labelled_sets import labels_of_sets
from xsafety.calibration.labels import labelled_answers
from xsafety.calibration.returned import fold_labels, read_samples
from xsafety.cli import call, say
from xsafety.config.calibration import LabelledSet
from xsafety.rows import Label, LabelledAnswer, in_cell
from xsafety.tabular import write_rows, write_text


def main(
    *, labels: Path, lang: str, sets: dict[str, LabelledSet], ledger: Path, labelled: Path, problems: Path
) -> None:
    samples = read_samples(labels)
    returned, of_others = fold_labels(labels, samples), labels_of_sets(sets, lang)
    found = sorted([*returned.labels, *of_others.labels], key=lambda label: (label["digest"], label["labeller"]))
    wrong = [*returned.problems, *of_others.problems]
    for problem in wrong:
        say(f"error: {problem}")
    write_text(problems, "".join(f"{problem}\n" for problem in wrong))
    write_rows(ledger, Label, in_cell(found, lang=lang))
    write_rows(labelled, LabelledAnswer, in_cell(labelled_answers(found, samples), lang=lang))


if __name__ == "__main__":
    call(main)
