"""What a source of a data set is, and what it gives."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..categories import Category
from ..rows import Evidence, GivenText, Repair, Seed


@dataclass(frozen=True)
class SeedSet:
    """A data set as its source has it.

    `evidence` holds human translations that come along, by BCP 47 tag, as entries of a language's ledger; `given` the
    translations of a named source; `repairs` what was changed in its rows or looks odd; `notes` are lines on all that.
    """

    seeds: Sequence[Seed]
    categories: Mapping[str, Category]
    evidence: Mapping[str, Sequence[Evidence]] = field(default_factory=dict)
    given: Sequence[GivenText] = ()
    repairs: Sequence[Repair] = ()
    notes: Sequence[str] = ()


@dataclass(frozen=True)
class Source:
    """A kind of folder that data sets are read from; `read` raises DataError with all that is wrong with it.

    `files` are the patterns of its files; `languages` those whose translations come along. Only with these it repairs.
    """

    read: Callable[[Path], SeedSet]
    files: tuple[str, ...]
    languages: tuple[str, ...] = ()
