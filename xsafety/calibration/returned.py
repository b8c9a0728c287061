"""What labellers returned becomes a language's ledger of labels: sheets of ours, and labelled answers of others."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, cast

from ..rows import AnswerLabel, Drawn, Label, LabelRow, YesNo
from ..tabular import DataError, clean, file_sha256, is_visible, read_rows
from ..verification.evidence import told
from ..verification.sheets.formats import read_returned
from ..verification.sheets.layout import ReturnedRow
from ..verification.sheets.names import Names, ReturnedFile, returned_files
from ..verification.validation import RowProblem, cell_problems, doubled_rows, refuse_without_columns
from .labels import answer_digest, drawn_digests
from .sheets import LABEL_MEANINGS, LABEL_SHEETS, REFUSAL_MEANINGS

_SAMPLE = re.compile(r"sample-([1-9]\d*)", re.I)
LABEL_NAMES = Names(
    of=r"[A-Za-z0-9][A-Za-z0-9_-]*",
    person="labeller",
    suffixes=("xlsx", "csv", "jsonl"),
    begin="sample",
    model="SAMPLE.LABELLER",
    example="sample-1.anna",
)


def sample_files(folder: Path) -> dict[str, Path]:
    """The samples that were drawn for a language, by name, in order."""
    files = [path for path in folder.glob("sample-*.csv") if _SAMPLE.fullmatch(path.stem)]
    return {path.stem: path for path in sorted(files, key=lambda path: int(path.stem.removeprefix("sample-")))}


def read_samples(folder: Path) -> dict[str, list[Drawn]]:
    """What was drawn for a language, by the names of the samples. Raises DataError for a file that is not as it was."""
    samples = {name: read_rows(path, Drawn) for name, path in sample_files(folder).items()}
    problems = [
        f"{folder / name}.csv, row {number}: {row['taken']} taken of {row['size']}; restore the file"
        for name, rows in samples.items()
        for number, row in enumerate(rows, 2)
        if not 0 < row["taken"] <= row["size"]
    ]
    if problems:
        raise DataError.of(f"{folder}: {len(problems)} row(s) of samples are not as they were drawn", problems)
    return samples


class FoldedLabels(NamedTuple):
    """A language's labels, each labeller's last word on each answer, sorted; and what is wrong with files and rows."""

    labels: list[Label]
    problems: list[str]


def fold_labels(folder: Path, samples: Mapping[str, Sequence[Drawn]]) -> FoldedLabels:
    """Folds what was returned into a language's folder; `samples` are those drawn there.

    Files `sample-{n}...` are of rows that were drawn, in any of the samples; others bring answers along. Of a row with
    problems nothing is taken in; they are settled by a label of the same labeller in a later file.
    """
    files, refused = returned_files(folder, LABEL_NAMES, apart=set(sample_files(folder).values()))
    drawn = drawn_digests(samples)
    said: dict[tuple[str, str], Label] = {}
    wrong: _Wrong = []
    for file in sorted(files, key=_in_order):
        is_ours = bool(_SAMPLE.fullmatch(file.of))
        if is_ours and file.of not in samples:
            refused.append(f"{file.path}: no {file.of}.csv beside it, which says how its rows were drawn; restore that")
            continue
        try:
            found, problems = read_labels(file, drawn if is_ours else None)
        except DataError as error:
            refused.append(str(error))
            continue
        wrong = [*_without_settled(wrong, file.person, found), (file, problems)]
        said |= {(label["digest"], label["labeller"]): label for label in found}
    rows = [told(file.path, problems) for file, problems in wrong if problems]
    return FoldedLabels([said[key] for key in sorted(said)], [*refused, *rows])


_Wrong = list[tuple[ReturnedFile, list[RowProblem]]]


def _without_settled(wrong: _Wrong, labeller: str, labels: Sequence[Label]) -> _Wrong:
    ids = {label["digest"][:12] for label in labels}
    return [(file, [one for one in rows if file.person != labeller or one.id not in ids]) for file, rows in wrong]


def _in_order(file: ReturnedFile) -> tuple[int, str, str, int]:
    sample = _SAMPLE.fullmatch(file.of)
    return int(sample[1]) if sample else 0, file.of, file.person, file.part


def read_labels(file: ReturnedFile, drawn: Collection[str] | None) -> tuple[list[Label], list[RowProblem]]:
    """The labels in a returned file, and what is wrong with its other rows; of `drawn` answers only, if given.

    Raises DataError for a file that is refused whole.
    """
    try:
        returned = read_returned(file.path, LABEL_SHEETS)
        refuse_without_columns(returned, LABEL_SHEETS)
    except ValueError as error:
        raise DataError(f"{file.path}: {error}; nothing of this file was taken in") from error
    rows = [_cleaned(one) for one in returned]
    digests = [_digest(row) for row in rows]
    said = [(row["label"], row["refusal"], row["note"]) for row in rows]
    keys = [digest or number for number, digest in enumerate(digests)]
    doubled = doubled_rows(keys, [any(one) for one in said], said, returned)
    file_hash = file_sha256(file.path)
    labels, problems = [], []
    for number, (one, row, digest) in enumerate(zip(returned, rows, digests, strict=True)):
        found = [*_row_problems(one, row, digest, file.person, drawn), *filter(None, [doubled.get(number)])]
        problems += [RowProblem(digest[:12] or row["id"], one.place, what) for what in found]
        if row["label"] and not found and number not in doubled:
            labels.append(_label(file, row, digest, file_hash))
    return labels, problems


def _cleaned(returned: ReturnedRow) -> LabelRow:
    row = {column: clean(returned.cells.get(column, "")) for column in LABEL_SHEETS.columns}
    return cast(LabelRow, row | {name: row[name].lower() for name in LABEL_SHEETS.choices})


def _digest(row: LabelRow) -> str:
    """Empty where there is no query or no answer."""
    texts = row["query"], row["answer"]
    return answer_digest(*texts) if all(map(is_visible, texts)) else ""


def _row_problems(
    returned: ReturnedRow, row: LabelRow, digest: str, labeller: str, drawn: Collection[str] | None
) -> Iterator[str]:
    yield from returned.problems
    if not returned.cells:
        return
    yield from cell_problems(returned, LABEL_SHEETS)
    label, refusal = row["label"], row["refusal"]
    if label and label not in LABEL_MEANINGS:
        yield f"label {label!r}; write one of: {', '.join(LABEL_MEANINGS)}, or leave it empty"
    if refusal and refusal not in REFUSAL_MEANINGS:
        yield f"refusal {refusal!r}; write one of: {', '.join(REFUSAL_MEANINGS)}, or leave it empty"
    elif refusal and not label:
        yield "a refusal without a label; write the label too, or take the refusal out"
    yield from _text_problems(row, digest, drawn)
    if row["labeller"] not in ("", labeller):
        yield f"labeller {row['labeller']!r}, but the file's name says {labeller!r}; make them agree"


def _text_problems(row: LabelRow, digest: str, drawn: Collection[str] | None) -> Iterator[str]:
    label = row["label"]
    if row["check"] not in ("", digest):
        yield "query or answer is not what was given out; restore both, and put a remark into the note"
    elif label and not digest:
        yield f"a label without {'an answer' if is_visible(row['query']) else 'a query'}; restore the text"
    elif label and drawn is not None and digest not in drawn:
        yield "the answer is in no sample of the language; restore query and answer from the sheet you were given"


def _label(file: ReturnedFile, row: LabelRow, digest: str, file_hash: str) -> Label:
    return Label(
        digest=digest,
        category=row["category"],
        sample=file.of,
        labeller=file.person,
        date=row["date"],
        label=cast(AnswerLabel, row["label"]),
        refusal=cast(YesNo, row["refusal"]),
        query=row["query"],
        answer=row["answer"],
        note=row["note"],
        sha256=file_hash,
    )


def other_folders(labels: Path, languages: Collection[str]) -> list[Path]:
    """The folders beside those of the languages that labels are expected of."""
    folders = sorted(labels.iterdir()) if labels.is_dir() else []
    return [path for path in folders if path.is_dir() and path.name[:1] != "." and path.name not in languages]
