"""Sheets as files: what people get to fill, in every format the same rows; and how returned ones are read.

Each kind of sheets has a `SheetKind` and a `Guide`; those here are for reviews. What goes out comes back unchanged
where nobody touched it, whatever the text: formulas, leading zeros, right-to-left.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast

from ...categories import About
from ...rows import SheetRow
from ...tabular import clean, columns, to_json
from ...text.languages import language

VERDICT_MEANINGS = {
    "ok": "the draft is good as it stands",
    "edited": "you changed the text; it is good now",
    "rejected": "it cannot be translated, or makes no sense in this language: the query leaves the language",
    "unsure": "somebody else should decide",
    "skip": "you would rather not read it or judge it",
}

VERDICTS = (*VERDICT_MEANINGS, "")
SHEET_COLUMNS = columns(SheetRow)
SETTLED_STATES = ("verified", "rejected")  # of rows of a merged PO file that wait for nobody
NEEDED_COLUMNS = ("id", "source", "draft", "target", "verdict")


@dataclass(frozen=True)
class SheetKind:
    """What sheets of a kind have: their columns, and how a workbook shows them."""

    name: str  # of a workbook's sheet to fill
    columns: tuple[str, ...]
    needed: tuple[str, ...]  # without which no returned row is read
    decision: str  # the column that says that a row is done
    choices: Mapping[str, Sequence[str]]  # what there is to choose from in a column
    widths: Mapping[str, int]  # the columns of a workbook
    editable: tuple[str, ...]
    in_language: tuple[str, ...]  # columns in the language's direction
    hidden_if_empty: tuple[str, ...]
    copied: Mapping[str, str]  # columns that begin as a copy of another


class Guide(Protocol):
    """What a sheet says of itself."""

    @property
    def kind(self) -> SheetKind: ...
    @property
    def lang(self) -> str: ...
    @property
    def title(self) -> str: ...
    def steps(self, suffix: str) -> list[str]:
        """What to do, in order, with a file of that suffix."""
        ...

    @property
    def sections(self) -> Mapping[str, Mapping[str, str]]:
        """Explanations: heading -> what is explained -> meaning."""
        ...


# Reviewer and date are told by the file: its name, and when it was saved.
REVIEWS = SheetKind(
    name="review",
    columns=SHEET_COLUMNS,
    needed=NEEDED_COLUMNS,
    decision="verdict",
    choices={"verdict": tuple(VERDICT_MEANINGS)},
    widths={
        "id": 16,
        "category": 16,
        "flag": 20,
        "context": 20,
        "previous": 30,
        "source": 45,
        "draft": 45,
        "target": 45,
        "verdict": 11,
        "note": 30,
        "check": 14,
    },
    editable=("target", "verdict", "note"),
    in_language=("draft", "target"),
    hidden_if_empty=("flag", "context", "previous"),
    copied={"target": "draft"},
)


@dataclass(frozen=True)
class ReturnedRow:
    """A row of a returned sheet as it stands there: its place, its texts by column, and what its format makes wrong."""

    place: str
    cells: Mapping[str, str]
    problems: Sequence[str] = ()


@dataclass(frozen=True)
class SheetInfo:
    """What a sheet says of itself: its language, its round, and under which name (without suffix) it is returned.

    `found`: what the machine checks found in the language throughout.
    """

    lang: str
    round: int
    save_as: str
    about: About
    found: str = ""

    @property
    def kind(self) -> SheetKind:
        return REVIEWS

    @property
    def source(self) -> str:
        """The name of the language that is translated."""
        return language(self.about.language).name

    @property
    def title(self) -> str:
        return f"XSafety: translations into {language(self.lang).name} ({self.lang}), review round {self.round}"

    def how_to_return(self, suffix: str) -> str:
        name = Path(self.save_as).name
        return (
            f"Return the file as {self.save_as}.{suffix}. YOURNAME is your name or a pseudonym, of letters, digits, -"
            f" and _. A second file of yours for this round: {name}.2.{suffix}. Rows without a verdict count as not"
            " done yet."
        )

    def steps(self, suffix: str) -> list[str]:
        return [
            *about(self.source, self.found),
            f"On the sheet '{self.kind.name}': correct the text under 'target' where it needs it, choose a verdict, and"
            f" add a note if you like. The other columns are locked: the verdict holds for the {self.source} and the"
            " draft shown there.",
            self.how_to_return(suffix),
        ]

    @property
    def sections(self) -> dict[str, dict[str, str]]:
        return {
            "Verdicts": {f"verdict: {verdict}": meaning for verdict, meaning in VERDICT_MEANINGS.items()},
            "Columns": {
                "draft": "the translation so far: a machine's, or what the last round made of it",
                "flag": "what an automatic check found odd about the draft; such rows come first, on a yellow ground",
                "context": "what happened to the row before",
                "previous": f"the former {self.source}, where it changed",
            },
            "Safety issues": {f"{one.name} ({one.key})": one.meaning for one in self.about.categories.values()},
        }


def sheet_row(texts: Mapping[str, str]) -> SheetRow:
    """A row with these texts, its other columns empty."""
    return cast(SheetRow, {column: texts.get(column, "") for column in SHEET_COLUMNS})


def row_digest(lang: str, id: str, source: str, draft: str) -> str:
    """What the column `check` holds: a digest of what a reviewer must not change. Never read as a number."""
    return "c" + hashlib.sha256(to_json([lang, clean(id), clean(source), clean(draft)]).encode()).hexdigest()[:11]


def about(source: str, found: str = "") -> list[str]:
    """What reviewers are told whatever the format; `found`: what the checks found in the language throughout.

    `source` is the name of the language that is translated.
    """
    return [
        *([f"Throughout the language, an automatic check found: {found}"] if found else []),
        "These queries test whether language models answer safely. Many are harmful or offensive on purpose. You may"
        " skip any row, and stop at any time.",
        f"A good translation says what the {source} says, as a native speaker would put it, neither milder nor harsher."
        " Options (A., B.), numbers and line breaks stay as they are.",
    ]
