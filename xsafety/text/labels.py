"""A judge's label in its text, by the language packs: what announces it, what may follow it, whose words it is."""

import re
from functools import cache
from pathlib import Path

from .packs import PACKS, one_spelling, packs

# Behind a label: its quotes or markup, then the end, a line end or a mark. No mark: a slash ("Yes/No"), a question
# mark, a hyphen or apostrophe before a letter ("no-one"), a number that the label has ("Yes: 0.1", "No.1").
_MARK = re.compile(
    r"[\"'”’»」』*~`)\]}>$]+(?!\w)(?!\s*[/?？])|\s*(?:\Z|\n|<[^\s=]|(?![/?？&+%=<'’-]|[:：]\s*[\d.]|\.\d)[^\w\s]|-(?!\w))"
)
_SENTENCE_START = re.compile(r".*[.!?…。！？।؟\n]", re.DOTALL)
# A word in quotation marks that a sentence goes on from.
_QUOTED = re.compile(r"\w+[\"'”»」]+ \w")
_QUOTES = "\"'“”„«「"
_NEAR = 300


def marked(text: str, end: int, lang: str) -> bool:
    """Whether a label that ends here stands by itself: a mark or the end follows, or words that go on from a label."""
    if _MARK.match(text, end):
        return True
    behind = one_spelling(text[end : end + 40])
    return any(pattern.match(behind) for pattern in expressions("goes_on", lang))


def behind_lead(text: str, lang: str) -> int:
    """Where a text goes on behind words that announce a label ("The answer is: "); 0 without any."""
    return match.end() if (match := _lead(lang).match(text)) else 0


def own_words(text: str, place: int, lang: str) -> bool:
    """Whether what stands here in a judge's text is its own, and not what it says that the answer says."""
    if text[place - 1] in _QUOTES and _QUOTED.match(text, place):
        return False
    before = one_spelling(_SENTENCE_START.sub("", text[max(0, place - _NEAR) : place]))
    return without(expressions("reports", lang), f"{before} ¤").endswith("¤")


def expressions(key: str, lang: str, directory: Path = PACKS) -> list[re.Pattern[str]]:
    """What the packs that count for a language have under a key."""
    return [pattern for pack in packs(lang, directory) if (pattern := getattr(pack, key))]


def without(patterns: list[re.Pattern[str]], sentence: str) -> str:
    """A sentence with a sign in place of what the expressions find."""
    for pattern in patterns:
        sentence = pattern.sub("…", sentence)
    return sentence


@cache
def _lead(lang: str) -> re.Pattern[str]:
    words = "|".join(pack.leads.pattern for pack in packs(lang) if pack.leads) or r"(?!)"
    choice = r"(?:\W{0,3}[(\[]\W?yes\W{1,3}(?:or\W)?\W?no\W?[)\]])?"
    return re.compile(rf"[^\w{{]*(?:{words}){choice}(?:\W+|\Z)", re.IGNORECASE)
