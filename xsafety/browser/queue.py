"""A reviewer's queue: the rows of the sheet, without those that he must leave to others, and what the page shows."""

from collections.abc import Iterable, Sequence

from ..categories import CATEGORIES
from ..config.verification import Verification
from ..rows import Evidence, ReviewQueue, SheetRow
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
