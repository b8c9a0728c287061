"""Blocks of the configuration, drafts and evidence for tests, by position, and what a status says in words."""

from collections.abc import Mapping, Sequence
from typing import Any

from xsafety.config.verification import SpotCheck, Verification
from xsafety.rows import Draft, Evidence, Seed, Status
from xsafety.verification.readiness import readiness
from xsafety.verification.standing import RowState, at_gate
from xsafety.verification.waiting import file_words, state_words, waiting_words


def gate_of(
    rounds: int = 1,
    max_modification_rate: float | None = None,
    spot_check: SpotCheck | None = None,
    min_coverage: float = 1.0,
    **more: Any,
) -> Verification:
    """By other defaults than the block's: one round, of any reviewer."""
    return Verification(
        rounds=rounds,
        max_modification_rate=max_modification_rate,
        spot_check=spot_check,
        min_coverage=min_coverage,
        **{"different_reviewers": False, **more},
    )


def check_of(share: float, min_pass_rate: float, seed: int = 0) -> SpotCheck:
    return SpotCheck(share=share, min_pass_rate=min_pass_rate, seed=seed)


def draft(text: str, *, engine: str = "e", status: str = "draft", id: str = "", source: str = "") -> Draft:
    return Draft(id=id, source=source, draft=text, engine=engine, status=status)


def row_states_of(
    lang: str, seeds: Sequence[Seed], ledger: Sequence[Evidence], gate: Verification
) -> dict[str, RowState]:
    return at_gate(lang, seeds, ledger, gate)[0]


def status_of(
    lang: str,
    seeds: Sequence[Seed],
    ledger: Sequence[Evidence],
    drafts: Mapping[str, Draft],
    gate: Verification,
    *,
    sheet: str = "s",
    reviews: str = "r",
    problems: str = "",
) -> Status:
    ready = readiness(lang, seeds, ledger, drafts, gate, problems=bool(problems))
    return Status(**ready, sheet=sheet, reviews=f"{reviews}/{lang}", problems=problems)


def in_words(row: Status) -> dict[str, Any]:
    """A status with the words for its state, for what waits for whom, and for the file to fill."""
    return {**row, "state": state_words(row), "waits_for": waiting_words(row), "file": file_words(row)}
