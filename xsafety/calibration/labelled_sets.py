"""Answers that people labelled elsewhere, in any layout, by a mapping: they become labels as any other."""

import re
from collections.abc import Iterator, Mapping
from typing import cast

from ..config.calibration import LabelledSet
from ..rows import AnswerLabel, Label, YesNo
from ..seeds.mapping import Problems, TableView, Unmapped, said_language, tables_in, tag_in
from ..seeds.tables import origin_digest
from ..tabular import DataError, clean, is_visible
from .labels import answer_digest
from .returned import FoldedLabels
from .sheets import LABEL_MEANINGS, REFUSAL_MEANINGS


def labels_of_sets(sets: Mapping[str, LabelledSet], lang: str) -> FoldedLabels:
    """What sets of labelled answers say in a language, each labeller's word on each answer.

    Nothing is taken of a row with problems, and nothing of a set that cannot be read by its mapping.
    """
    labels: list[Label] = []
    wrong = []
    for name, block in sets.items():
        problems = Problems()
        try:
            labels += _labels(name, block, lang, problems)
        except (DataError, Unmapped) as error:
            wrong.append(f"calibration.sets.{name}: {error}; nothing of it was taken in")
        if lines := problems.lines():
            title = f"calibration.sets.{name}: {len(lines)} problem(s); rows that have none were taken in"
            wrong.append(str(DataError.of(title, lines)))
    return FoldedLabels(labels, wrong)


def _labels(name: str, block: LabelledSet, lang: str, problems: Problems) -> list[Label]:
    said: dict[tuple[str, str], Label] = {}
    for place, label in _rows(name, block, lang, problems):
        first = said.setdefault((label["digest"], label["labeller"]), label)
        if first["label"] != label["label"]:
            fix = "name the column that says who labelled, as labeller: NAME, or leave one out by `where`"
            problems.add(f"label: two of one labeller on the same answer; the first counts; {fix}", place)
    return list(said.values())


def _rows(name: str, block: LabelledSet, lang: str, problems: Problems) -> Iterator[tuple[str, Label]]:
    """The rows of a language that have a label, and where each stands."""
    for table in tables_in(block, block.language):
        view = TableView(table)
        language = said_language(view, block.language)
        query, answer = view.column(block.query, "query"), view.column(block.answer, "answer")
        label, refusal = view.said(block.label, "label"), view.said(block.refusal, "refusal")
        category, labeller = view.said(block.category, "category"), view.said(block.labeller, "labeller")
        sha256 = origin_digest(block, table.file)
        for row in view.kept(block.where):
            place = table.place(row)
            found = {
                "label": label(row).strip().lower(),
                "refusal": refusal(row).strip().lower(),
                "query": clean(query(row)),
                "answer": clean(answer(row)),
            }
            if _is_sound(language(row), found, lang, place, problems):
                yield (
                    place,
                    Label(
                        digest=answer_digest(found["query"], found["answer"]),
                        category=" ".join(category(row).split()),
                        sample=name,
                        labeller=_labeller(name, labeller(row)),
                        date="",
                        label=cast(AnswerLabel, found["label"]),
                        refusal=cast(YesNo, found["refusal"]),
                        query=found["query"],
                        answer=found["answer"],
                        note="",
                        sha256=sha256,
                    ),
                )


def _is_sound(language: str, found: Mapping[str, str], lang: str, place: str, problems: Problems) -> bool:
    """Whether a row is a label in a language; what is wrong with one is added to the problems."""
    if tag_in(language, place, problems) != lang or not found["label"]:
        return False
    wrong = [
        f"{name}: none of {', '.join(known)}; map it: {name}: {{column: NAME, map: {{VALUE: {next(iter(known))}}}}}"
        for name, known in (("label", LABEL_MEANINGS), ("refusal", REFUSAL_MEANINGS))
        if found[name] not in ("", *known)
    ]
    wrong += [f"{name}: empty, but there is a label" for name in ("query", "answer") if not is_visible(found[name])]
    for problem in wrong:
        problems.add(problem, f"{place}: {found[problem.split(':')[0]]!r}")
    return not wrong


def _labeller(name: str, who: str) -> str:
    return "-".join(part for part in (name, *re.findall("[A-Za-z0-9]+", who)) if part)
