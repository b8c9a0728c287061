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


def read_undrafted(
    lang: str, seeds: Sequence[Seed], given: Sequence[GivenText], ledger: Path, memory: Path
) -> Undrafted:
    """What a language needs a draft of, by its ledger, the memory's file and the translations that came along."""
    row_states = fold_rows(seeds, read_rows(ledger, Evidence))
    frozen = read_memory(memory)
    wanted = [seed for seed in seeds if needs_draft(row_states[seed["id"]])]
    return Undrafted(wanted, frozen, with_given(frozen, given, lang))
