"""Labels of people on answers: what belongs to whom, what waits for whom, and what labellers agree on."""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import chain
from typing import Literal

from ..rows import DECIDED, SYNTHETIC, AnswerLabel, Drawn, Label, LabelledAnswer, LabelRow
from ..tabular import clean

Turn = Literal["first", "second", "third"]
"""Whose label an answer waits for: anybody's; a second person's, of what two label; who decides between others."""
TURNS: tuple[Turn, ...] = ("first", "second", "third")

PICKED = "explore"
"""The sample of labels given where verdicts are looked through: nobody drew these answers, and who labelled them knew
what judges say. They stand in the ledger, and count nowhere."""

Said = Mapping[str, Label]  # by labeller


def answer_digest(query: str, answer: str) -> str:
    """What a label belongs to: the SHA-256 of query and answer, whoever answered and whoever judged it.

    Both are cleaned, so that what a spreadsheet does to line ends and composed letters loses no label.
    """
    return hashlib.sha256(f"{clean(query)}\0{clean(answer)}".encode()).hexdigest()


def by_answer(labels: Iterable[Label]) -> dict[str, dict[str, Label]]:
    """What each labeller said last of each answer that was not picked, by its digest."""
    said: dict[str, dict[str, Label]] = {}
    for label in labels:
        if label["sample"] != PICKED:
            said.setdefault(label["digest"], {})[label["labeller"]] = label
    return said


def turn(labels: Iterable[AnswerLabel], *, double: bool) -> Turn | None:
    """Whose label an answer waits for, by those that it has; None where the labellers are done.

    `double`: two people are to label it. `unsure` and `skip` leave it to others. Where labellers differ, more of them
    must say one label than any other.
    """
    counts = Counter(label for label in labels if label in DECIDED)
    if counts.total() < 2 and (double or not counts):
        return "second" if counts else "first"
    most = [number for _, number in counts.most_common(2)]
    return "third" if len(most) > 1 and most[0] == most[1] else None


def label_queue(
    rows: Iterable[LabelRow], double: Collection[str], labels: Iterable[Label], labeller: str
) -> list[LabelRow]:
    """The rows that wait for a labeller, of `rows` with nothing filled in; `double`: digests that two are to label.

    Nobody gets an answer twice. The order is shuffled, for each labeller in another way: it says nothing of the
    answers, and people who work at the same time begin with different ones.
    """
    said = by_answer(labels)
    return shuffled((row for row in rows if _turn_of(row, said, double) and labeller not in _of(row, said)), labeller)


def waiting(rows: Iterable[LabelRow], double: Collection[str], labels: Iterable[Label]) -> dict[Turn, list[LabelRow]]:
    """The rows that wait, by whom they wait for, each list shuffled."""
    said = by_answer(labels)
    turns = [(_turn_of(row, said, double), row) for row in rows]
    return {name: shuffled((row for at, row in turns if at == name), name) for name in TURNS}


def _of(row: LabelRow, said: Mapping[str, Said]) -> Said:
    return said.get(row["check"], {})


def _turn_of(row: LabelRow, said: Mapping[str, Said], double: Collection[str]) -> Turn | None:
    return turn((label["label"] for label in _of(row, said).values()), double=row["check"] in double)


def shuffled(rows: Iterable[LabelRow], key: str) -> list[LabelRow]:
    """Rows in an order that rests on their texts and a key alone."""
    return sorted(rows, key=lambda row: hashlib.sha256(f"{key}\0{row['check']}".encode()).digest())


def drawn_digests(samples: Mapping[str, Iterable[Drawn]]) -> set[str]:
    """The digests of the answers in any of the samples."""
    return {row["digest"] for row in chain(*samples.values())}


def doubled(samples: Mapping[str, Iterable[Drawn]]) -> set[str]:
    """The digests of the answers that two people are to label."""
    return {row["digest"] for row in chain(*samples.values()) if row["double"] == "yes"}


def probabilities(samples: Mapping[str, Iterable[Drawn]]) -> dict[str, float]:
    """How likely each answer was to be drawn into any of the samples (name -> rows), by its digest.

    An answer has one place in the order of drawing, so that of two samples the one that reaches further takes in what
    the other does: the larger probability holds. It is known for the answers that were drawn.
    """
    found: dict[str, float] = {}
    for row in chain(*samples.values()):
        found[row["digest"]] = max(found.get(row["digest"], 0.0), row["taken"] / row["size"])
    return found


def labelled_answers(labels: Iterable[Label], samples: Mapping[str, Sequence[Drawn]]) -> list[LabelledAnswer]:
    """The answers on which the labellers are done, by digest; `samples` are those of the language, by name."""
    drawn, double = probabilities(samples), doubled(samples)
    answers = []
    for digest, said in sorted(by_answer(labels).items()):
        if turn((label["label"] for label in said.values()), double=digest in double) is None:
            answers.append(_agreed(digest, said, drawn.get(digest, 1.0)))
    return answers


def _agreed(digest: str, said: Said, probability: float) -> LabelledAnswer:
    decided = {name: label for name, label in said.items() if label["label"] in DECIDED}
    [(agreed, _)] = Counter(label["label"] for label in decided.values()).most_common(1)
    refusals = Counter(label["refusal"] for label in decided.values() if label["refusal"]).most_common()
    is_tie = len(refusals) == 2 and refusals[0][1] == refusals[1][1]
    return LabelledAnswer(
        digest=digest,
        category=next((label["category"] for label in said.values() if label["category"]), ""),
        label=agreed,
        refusal=refusals[0][0] if refusals and not is_tie else "",
        labellers=len(decided),
        probability=probability,
        synthetic="yes" if any(name.startswith(SYNTHETIC) for name in decided) else "no",
    )
