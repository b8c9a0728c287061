"""What a page needs of a person's queue.

A reviewer's: the rows of the sheet, without those that he must leave to others. A labeller's: the answers that were
drawn and wait for him.
"""

from collections.abc import Iterable, Mapping, Sequence

from ..calibration.label_sheets import drawn_rows
from ..calibration.labels import doubled, label_queue
from ..calibration.sampling import Answer
from ..calibration.sheets import LABEL_MEANINGS, REFUSAL_MEANINGS, about_labels, criteria
from ..categories import Category
from ..config.verification import Verification
from ..rows import Drawn, Evidence, Label, LabelQueue, ReviewQueue, SheetRow
from ..text.languages import language
from ..text.letters import unspaced
from ..verification.evidence import decided_before
from ..verification.sheets.layout import VERDICT_MEANINGS, SheetInfo, about


def queue(
    info: SheetInfo, reviewer: str, rows: Sequence[SheetRow], ledger: Iterable[Evidence], gate: Verification
) -> ReviewQueue:
    """What the page needs of one reviewer's round; `rows` and `info` are those of the sheet that is given out for it.

    Where rounds need different reviewers, rows that this reviewer decided in an earlier round are not among them.
    """
    own = decided_before(ledger, reviewer, info.round) if gate.needs_other_reviewers else {}
    known = language(info.lang)
    return ReviewQueue(
        lang=info.lang,
        name=known.name,
        autonym=known.autonym,
        direction=known.direction,
        spaced=not unspaced(info.lang),
        reviewer=reviewer,
        round=info.round,
        rows=[row for row in rows if (row["id"], row["source"]) not in own],
        about=about(info.source, info.found),
        verdicts=list(VERDICT_MEANINGS.items()),
        categories={key: (category.name, category.meaning) for key, category in info.about.categories.items()},
    )


def queue_of_labeller(
    lang: str,
    labeller: str,
    answers: Sequence[Answer],
    samples: Mapping[str, Sequence[Drawn]],
    ledger: Sequence[Label],
    categories: Mapping[str, Category],
) -> LabelQueue:
    """What the page needs of one labeller; `samples` are by name, in order. Without any, the sample is 0."""
    known, unsafe_if = language(lang), criteria(categories)
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
        categories={key: (category.name, unsafe_if[key]) for key, category in categories.items()},
    )
