"""The data set of a language: the rows that may be asked, each with where its text is from."""

from collections.abc import Mapping, Sequence
from typing import Any

from .standing import Standing, current_text, needs_draft


def queries(
    lang: str,
    seeds: Sequence[Mapping[str, str]],
    stands: Mapping[str, Standing],
    drafts: Mapping[str, Mapping[str, str]],
    *,
    accept_drafts: bool,
) -> list[dict[str, Any]]:
    """The data set of one language: verified rows and, where accepted, unverified drafts, each with its provenance.

    `drafts` maps ids to rows of the drafts file. Rejected rows, and rows without any text, are not in it.
    """
    rows: list[dict[str, Any]] = []
    for seed in seeds:
        stand, draft = stands[seed["id"]], drafts.get(seed["id"], {})
        verified = stand.state == "verified"
        if (verified or accept_drafts) and (text := current_text(stand, draft)):
            provenance = {
                "basis": "verified" if verified else "unverified draft",
                "origin": draft.get("engine", "") if needs_draft(stand) else stand.reviewer,
                "rounds": stand.rounds,
            }
            rows.append(_query(seed, lang, text) | provenance)
    return rows


def source_queries(lang: str, seeds: Sequence[Mapping[str, str]]) -> list[dict[str, Any]]:
    """The data set of the seeds' own language: the seeds."""
    return [_query(seed, lang, seed["text"]) | {"basis": "source", "origin": "seed", "rounds": 0} for seed in seeds]


def _query(seed: Mapping[str, str], lang: str, text: str) -> dict[str, Any]:
    return {"id": seed["id"], "lang": lang, "category": seed["category"], "source": seed["text"], "query": text}
