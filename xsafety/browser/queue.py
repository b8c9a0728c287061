"""A reviewer's queue: the rows of the sheet, without those that he must leave to others, and what the page shows."""

from collections.abc import Mapping, Sequence
from typing import Any

from ..categories import CATEGORIES
from ..text.languages import language
from ..text.letters import unspaced
from ..verification.evidence import decided_before
from ..verification.gate import Gate
from ..verification.sheet_rows import next_round, sheet_rows
from ..verification.sheets.layout import VERDICT_MEANINGS, about
from ..verification.standing import standings


def queue(
    lang: str,
    reviewer: str,
    seeds: Sequence[Mapping[str, str]],
    ledger: Sequence[Mapping[str, Any]],
    drafts: Mapping[str, Mapping[str, str]],
    gate: Gate,
    flags: Mapping[str, str],
) -> dict[str, Any]:
    """What the page needs of one reviewer's round, ready for JSON; `rows` are those of the sheet, flagged ones first.

    Where rounds need different reviewers, rows that this reviewer decided in an earlier round are not among them.
    """
    stands = standings(lang, seeds, ledger, gate)
    number = next_round(stands)
    rows = sheet_rows(lang, seeds, stands, drafts, flags)
    if gate.others:
        own = decided_before(ledger, reviewer, number)
        rows = [row for row in rows if (row["id"], row["source"]) not in own]
    known = language(lang)
    return {
        "lang": lang,
        "name": known.name,
        "autonym": known.autonym,
        "direction": known.direction,
        "spaced": not unspaced(lang),
        "reviewer": reviewer,
        "round": number,
        "rows": rows,
        "about": about(),
        "verdicts": list(VERDICT_MEANINGS.items()),
        "categories": {category.key: [category.name, category.meaning] for category in CATEGORIES},
    }
