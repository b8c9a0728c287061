"""Which rows reviewers get in a round, and what they see of each."""

from collections.abc import Mapping, Sequence

from ..rows import UNNAMED
from .evidence import sheet_name
from .sheets.layout import SETTLED_STATES, SHEET_COLUMNS, check
from .standing import DONE, Standing, current_text


def queue_of(stands: Mapping[str, Standing]) -> tuple[int, list[str]]:
    """The round that a language is in, and the ids of the rows to be looked at now, those in dispute included."""
    unfinished = {id: stand for id, stand in stands.items() if stand.state not in DONE}
    last = max((stand.needs for stand in stands.values()), default=1)
    current = min((min(stand.rounds + 1, stand.needs) for stand in unfinished.values()), default=last)
    return current, [id for id, stand in unfinished.items() if stand.rounds < current or stand.waits_for]


def next_round(stands: Mapping[str, Standing]) -> int:
    """The round for which sheets are given out: one that decided a row, or ended in a dispute, cannot pass it again."""
    current, queue = queue_of(stands)
    return max([current, *(stands[id].last + 1 for id in queue)])


def save_as(reviews: str, lang: str, round: int) -> str:
    """Where a reviewer saves a filled sheet, without the suffix of its format."""
    return f"{reviews}/{lang}/{sheet_name(round, UNNAMED, 1, '')}"


def sheet_rows(
    lang: str,
    seeds: Sequence[Mapping[str, str]],
    stands: Mapping[str, Standing],
    drafts: Mapping[str, Mapping[str, str]],
    flags: Mapping[str, str] | None = None,
) -> list[dict[str, str]]:
    """What a reviewer gets: the rows of this round, with the last round's target or the draft, nothing filled in.

    A row whose English changed carries its old target as context, and its old English. `flags` (id -> reason) marks
    rows that look odd: these come first, in its order.
    """
    flags = flags or {}
    rank = {id: number for number, id in enumerate(flags)}
    waiting = set(queue_of(stands)[1])
    rows = [_shown(lang, seed, stands[seed["id"]], drafts, flags) for seed in seeds if seed["id"] in waiting]
    return sorted(rows, key=lambda row: rank.get(row["id"], len(rank)))


def all_rows(
    lang: str,
    seeds: Sequence[Mapping[str, str]],
    stands: Mapping[str, Standing],
    drafts: Mapping[str, Mapping[str, str]],
    flags: Mapping[str, str] | None = None,
) -> list[dict[str, str]]:
    """Every row of a language in the order of the seeds, as `sheet_rows` gives those that wait.

    A further column, `state`, says which are settled: 'verified' or 'rejected'; a rejected row shows no text.
    """
    return [
        _shown(lang, seed, stand, drafts, flags or {}) | {"state": stand.state if stand.state in SETTLED_STATES else ""}
        for seed in seeds
        for stand in [stands[seed["id"]]]
    ]


def _shown(
    lang: str,
    seed: Mapping[str, str],
    stand: Standing,
    drafts: Mapping[str, Mapping[str, str]],
    flags: Mapping[str, str],
) -> dict[str, str]:
    """A row as a reviewer sees it, nothing filled in."""
    row = dict.fromkeys(SHEET_COLUMNS, "") | {
        "id": seed["id"],
        "category": seed["category"],
        "source": seed["text"],
        "draft": current_text(stand, drafts.get(seed["id"], {})),
        "context": _context(stand),
        "previous": stand.previous,
        "flag": flags.get(seed["id"], ""),
    }
    return row | {"check": check(lang, row)}


def _context(stand: Standing) -> str:
    """What a reviewer is told of what happened to a row before."""
    if stand.state == "stale":
        return f"the English changed; before: {stand.target}"
    if stand.waits_for:
        return f"{stand.waits_for}\n{stand.said}".strip()
    return f"decided before by {', '.join(stand.by)}" if stand.by else ""
