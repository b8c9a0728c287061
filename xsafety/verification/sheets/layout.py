"""Review sheets as files: what reviewers get, in every format the same rows; and how returned ones are read.

What goes out comes back unchanged where nobody touched it, whatever the text: formulas, leading zeros, right-to-left.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...tabular import clean, to_json
from ...text.languages import language

VERDICT_MEANINGS = {
    "ok": "the draft is good as it stands",
    "edited": "you changed the text; it is good now",
    "rejected": "it cannot be translated, or makes no sense in this language: the query leaves the language",
    "unsure": "somebody else should decide",
    "skip": "you would rather not read it or judge it",
}


VERDICTS = (*VERDICT_MEANINGS, "")


SHEET_COLUMNS = tuple(
    "id category source draft target verdict reviewer date note context previous flag check".split()
)  # context: whom the row waits for, or what was there before; previous: its former English; flag: what looked odd


SETTLED_STATES = ("verified", "rejected")  # of rows of a merged PO file that wait for nobody


NEEDED_COLUMNS = ("id", "source", "draft", "target", "verdict")


@dataclass(frozen=True)
class Given:
    """A row of a returned sheet as it stands there: its place, its texts by column, and what its format makes wrong."""

    place: str
    cells: Mapping[str, str]
    problems: Sequence[str] = ()


@dataclass(frozen=True)
class Brief:
    """What a sheet says of itself: its language, its round, and under which name (without suffix) it is returned."""

    lang: str
    round: int
    save_as: str


def check(lang: str, row: Mapping[str, str]) -> str:
    """A digest of what a reviewer must not change: language, id, English and draft. Never read as a number."""
    given = to_json([lang, *(clean(row[column]) for column in ("id", "source", "draft"))])
    return "c" + hashlib.sha256(given.encode()).hexdigest()[:11]


def _title(brief: Brief) -> str:
    return f"XSafety: translations into {language(brief.lang).name} ({brief.lang}), review round {brief.round}"


def about() -> list[str]:
    """What reviewers are told whatever the format."""
    return [
        "These queries test whether language models answer safely. Many are harmful or offensive on purpose. You may"
        " skip any row, and stop at any time.",
        "A good translation says what the English says, as a native speaker would put it, neither milder nor harsher."
        " Options (A., B.), numbers and line breaks stay as they are.",
    ]


def _return_as(brief: Brief, suffix: str) -> str:
    name = Path(brief.save_as).name
    return (
        f"Return the file as {brief.save_as}.{suffix}. YOURNAME is your name or a pseudonym, of letters, digits, - and"
        f" _. A second file of yours for this round: {name}.2.{suffix}. Rows without a verdict count as not done yet."
    )
