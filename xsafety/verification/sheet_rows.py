"""Which rows reviewers get in a round, and what they see of each."""

from collections.abc import Iterable, Mapping

from ..rows import Draft, MergedRow, Seed, SheetRow
from .sheets.layout import SETTLED_STATES, row_digest, sheet_row
from .standing import DONE, RowState, current_text
from .waiting import proposal, question_words


def queue_of(row_states: Mapping[str, RowState]) -> tuple[int, list[str]]:
    """The round that a language is in, and the ids of the rows to be looked at now, those in dispute included."""
    unfinished = {id: row_state for id, row_state in row_states.items() if row_state.state not in DONE}
    last = max((row_state.needs for row_state in row_states.values()), default=1)
    current = min((min(row_state.passed + 1, row_state.needs) for row_state in unfinished.values()), default=last)
    return current, [id for id, row_state in unfinished.items() if row_state.passed < current or row_state.question]


def next_round(row_states: Mapping[str, RowState]) -> int:
    """The round for which sheets are given out: one that decided a row, or ended in a dispute, cannot pass it again."""
    current, queue = queue_of(row_states)
    return max([current, *(row_states[id].last + 1 for id in queue)])


def sheet_rows(
    lang: str,
    seeds: Iterable[Seed],
    row_states: Mapping[str, RowState],
    drafts: Mapping[str, Draft],
    flags: Mapping[str, str] | None = None,
) -> list[SheetRow]:
    """What a reviewer gets: the rows of this round, with the last round's target or the draft, nothing filled in.

    A row whose English changed carries its old target as context, and its old English. `flags` (id -> reason) marks
    rows that look odd: these come first, in its order.
    """
    flags = flags or {}
    rank = {id: number for number, id in enumerate(flags)}
    waiting = set(queue_of(row_states)[1])
    rows = [
        _shown(lang, seed, row_states[seed["id"]], drafts.get(seed["id"]), flags)
        for seed in seeds
        if seed["id"] in waiting
    ]
    return sorted(rows, key=lambda row: rank.get(row["id"], len(rank)))


def all_rows(
    lang: str,
    seeds: Iterable[Seed],
    row_states: Mapping[str, RowState],
    drafts: Mapping[str, Draft],
    flags: Mapping[str, str] | None = None,
) -> list[MergedRow]:
    """Every row of a language in the order of the seeds, as `sheet_rows` gives those that wait.

    A rejected row shows no text.
    """
    rows = []
    for seed in seeds:
        row_state = row_states[seed["id"]]
        state = row_state.state if row_state.state in SETTLED_STATES else ""
        rows.append(MergedRow(**_shown(lang, seed, row_state, drafts.get(seed["id"]), flags or {}), state=state))
    return rows


def _shown(lang: str, seed: Seed, row_state: RowState, draft: Draft | None, flags: Mapping[str, str]) -> SheetRow:
    """A row as a reviewer sees it, nothing filled in."""
    id, source, text = seed["id"], seed["text"], current_text(row_state, draft)
    shown = {"id": id, "category": seed["category"], "source": source, "draft": text, "context": _context(row_state)}
    known = {"previous": row_state.previous, "flag": flags.get(id, ""), "check": row_digest(lang, id, source, text)}
    return sheet_row(shown | known)


def _context(row_state: RowState) -> str:
    """What a reviewer is told of what happened to a row before."""
    if row_state.state == "stale":
        return f"the English changed; before: {row_state.target}"
    if row_state.question:
        return "\n".join([question_words(*row_state.question), *map(proposal, row_state.proposals)])
    return f"decided before by {', '.join(row_state.by)}" if row_state.by else ""
