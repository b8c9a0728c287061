"""The data set of a language: the rows that may be asked, each with where its text is from."""

from collections.abc import Iterable, Mapping

from ..rows import Basis, Draft, Query, Seed, of_seed
from .standing import RowState, current_text, needs_draft


def queries(
    lang: str,
    seeds: Iterable[Seed],
    row_states: Mapping[str, RowState],
    drafts: Mapping[str, Draft],
    *,
    accept_drafts: bool,
) -> list[Query]:
    """The data set of one language: verified rows and, where accepted, unverified drafts, each with its provenance.

    Rejected rows, and rows without any text, are not in it.
    """
    rows = []
    for seed in seeds:
        row_state, draft = row_states[seed["id"]], drafts.get(seed["id"])
        verified = row_state.state == "verified"
        if (verified or accept_drafts) and (text := current_text(row_state, draft)):
            origin = draft["engine"] if draft and needs_draft(row_state) else row_state.reviewer
            rows.append(
                _query(lang, seed, text, "verified" if verified else "unverified draft", origin, row_state.passed)
            )
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
