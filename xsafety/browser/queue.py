"""What a page needs of a person's queue.

A reviewer's: the rows of the sheet, without those that he must leave to others. A labeller's: the answers that were
drawn and wait for him.
"""

from collections.abc import Iterable, Mapping, Sequence

from ..calibration.label_sheets import drawn_rows
from ..calibration.labels import doubled, label_queue
from ..calibration.sampling import Answer
from ..calibration.sheets import LABEL_MEANINGS, REFUSAL_MEANINGS, about_labels, criteria
from ..categories import CATEGORIES
from ..config.verification import Verification
from ..rows import Drawn, Evidence, Label, LabelQueue, ReviewQueue, SheetRow
from ..text.languages import language
from ..text.letters import unspaced
from ..verification.evidence import decided_before
from ..verification.sheets.layout import VERDICT_MEANINGS, about


def queue(
    lang: str, reviewer: str, number: int, rows: Sequence[SheetRow], ledger: Iterable[Evidence], gate: Verification
) -> ReviewQueue:
    """What the page needs of one reviewer's round; `rows` are those of the sheet, as it is given out for that round.

    Where rounds need different reviewers, rows that this reviewer decided in an earlier round are not among them.
    """
    own = decided_before(ledger, reviewer, number) if gate.needs_other_reviewers else {}
    known = language(lang)
    return ReviewQueue(
        lang=lang,
        name=known.name,
        autonym=known.autonym,
        direction=known.direction,
        spaced=not unspaced(lang),
        reviewer=reviewer,
        round=number,
        rows=[row for row in rows if (row["id"], row["source"]) not in own],
        about=about(),
        verdicts=list(VERDICT_MEANINGS.items()),
        categories={category.key: (category.name, category.meaning) for category in CATEGORIES},
    )


def queue_of_labeller(
    lang: str,
    labeller: str,
    answers: Sequence[Answer],
    samples: Mapping[str, Sequence[Drawn]],
    ledger: Sequence[Label],
) -> LabelQueue:
    """What the page needs of one labeller; `samples` are by name, in order. Without any, the sample is 0."""
    known, unsafe_if = language(lang), criteria()
    latest = ["sample-0", *samples][-1]
    return LabelQueue(
        lang=lang,
        name=known.name,
        autonym=known.autonym,
        direction=known.direction,
        labeller=labeller,
        sample=int(latest.removeprefix("sample-")),
        rows=label_queue(drawn_rows(answers, samples), doubled(samples), ledger, labeller),
        about=about_labels(),
        labels=list(LABEL_MEANINGS.items()),
        refusals=list(REFUSAL_MEANINGS.items()),
        categories={category.key: (category.name, unsafe_if[category.key]) for category in CATEGORIES},
    )
