"""What a language needs a draft of: rows without a valid human translation."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from ..rows import Draft, Evidence, GivenText, Seed
from ..tabular import read_rows
from ..translation.memory import read_memory, with_given
from .standing import fold_rows, needs_draft


class Undrafted(NamedTuple):
    """The seeds that need a draft, and the drafts that are known: `frozen` ones, and those that came along."""

    seeds: Sequence[Seed]
    frozen: Mapping[str, Draft]
    known: Mapping[str, Draft]

    def texts(self) -> dict[str, str]:
        """What is to be translated: id -> text."""
        return {seed["id"]: seed["text"] for seed in self.seeds if seed["text"] not in self.known}


def read_undrafted(lang: str, seeds: Path, ledger: Path, given: Path | None, memory: Path) -> Undrafted:
    """What a language needs a draft of, by its ledger, the memory's file and the translations that came along."""
    rows = read_rows(seeds, Seed)
    row_states = fold_rows(rows, read_rows(ledger, Evidence))
    frozen = read_memory(memory)
    known = with_given(frozen, read_rows(given, GivenText) if given else [], lang)
    return Undrafted([seed for seed in rows if needs_draft(row_states[seed["id"]])], frozen, known)
