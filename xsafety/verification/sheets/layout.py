"""Review sheets as files: what reviewers get, in every format the same rows; and how returned ones are read.

What goes out comes back unchanged where nobody touched it, whatever the text: formulas, leading zeros, right-to-left.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

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
    found: str = ""

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


def sheet_row(texts: Mapping[str, str]) -> SheetRow:
    """A row with these texts, its other columns empty."""
    return cast(SheetRow, {column: texts.get(column, "") for column in SHEET_COLUMNS})


def row_digest(lang: str, id: str, source: str, draft: str) -> str:
    """What the column `check` holds: a digest of what a reviewer must not change. Never read as a number."""
    return "c" + hashlib.sha256(to_json([lang, clean(id), clean(source), clean(draft)]).encode()).hexdigest()[:11]


def about(found: str = "") -> list[str]:
    """What reviewers are told whatever the format; `found`: what the checks found in the language throughout."""
    return [
        *([f"Throughout the language, an automatic check found: {found}"] if found else []),
        "These queries test whether language models answer safely. Many are harmful or offensive on purpose. You may"
        " skip any row, and stop at any time.",
        "A good translation says what the English says, as a native speaker would put it, neither milder nor harsher."
        " Options (A., B.), numbers and line breaks stay as they are.",
    ]
