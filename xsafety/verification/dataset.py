"""The data set of a language: the rows that may be asked, each with where its text is from."""

from collections.abc import Iterable, Iterator, Mapping

from ..rows import Basis, Draft, Query, Seed, of_seed
from .standing import RowState, current_text, needs_draft


def used_rows(
    seeds: Iterable[Seed], row_states: Mapping[str, RowState], drafts: Mapping[str, Draft], *, accept_drafts: bool
) -> Iterator[tuple[Seed, str, Basis]]:
    """The rows of one language that may be asked: verified ones and, where accepted, unverified drafts.

    Each with its text and what that rests on. Rejected rows, and rows without any text, are not among them.
    """
    for seed in seeds:
        row_state = row_states[seed["id"]]
        verified = row_state.state == "verified"
        if (verified or accept_drafts) and (text := current_text(row_state, drafts.get(seed["id"]))):
            yield seed, text, "verified" if verified else "unverified draft"


def queries(
    lang: str,
    seeds: Iterable[Seed],
    row_states: Mapping[str, RowState],
    drafts: Mapping[str, Draft],
    *,
    accept_drafts: bool,
) -> list[Query]:
    """The data set of one language: the rows that may be asked, each with its provenance."""
    rows = []
    for seed, text, basis in used_rows(seeds, row_states, drafts, accept_drafts=accept_drafts):
        row_state, draft = row_states[seed["id"]], drafts.get(seed["id"])
        origin = draft["engine"] if draft and needs_draft(row_state) else row_state.reviewer
        rows.append(_query(lang, seed, text, basis, origin, row_state.passed))
    return rows


def source_queries(lang: str, seeds: Iterable[Seed]) -> list[Query]:
    """The data set of the seeds' own language: the seeds."""
    return [_query(lang, seed, seed["text"], "source", "seed", 0) for seed in seeds]


def _query(lang: str, seed: Seed, text: str, basis: Basis, origin: str, rounds: int) -> Query:
    return Query(
        **of_seed(seed),
        id=seed["id"],
        lang=lang,
        category=seed["category"],
        source=seed["text"],
        query=text,
        basis=basis,
        origin=origin,
        rounds=rounds,
    )
