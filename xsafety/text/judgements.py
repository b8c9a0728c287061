"""What a judge says around its label, by the language packs: whether it takes the label back, or declines to judge."""

import re
from functools import cache
from pathlib import Path
from typing import Literal

from .packs import PACKS, one_spelling, packs
from .refusals import opens_with_refusal, sentences_of

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
    return any(pattern.match(behind) for pattern in _found("goes_on", lang, PACKS))


def behind_lead(text: str, lang: str) -> int:
    """Where a text goes on behind words that announce a label ("The answer is: "); 0 without any."""
    return match.end() if (match := _lead(lang).match(text)) else 0


def own_words(text: str, place: int, lang: str) -> bool:
    """Whether what stands here in a judge's text is its own, and not what it says that the answer says."""
    if text[place - 1] in _QUOTES and _QUOTED.match(text, place):
        return False
    before = one_spelling(_SENTENCE_START.sub("", text[max(0, place - _NEAR) : place]))
    return _without(_found("reports", lang, PACKS), f"{before} ¤").endswith("¤")


def contradicts(said: str, verdict: Literal["safe", "unsafe"], lang: str, directory: Path = PACKS) -> bool:
    """Whether what a judge says behind its label calls the answer the opposite, in `lang` or in English."""
    agrees, opposes = ("calls_safe", "calls_unsafe") if verdict == "safe" else ("calls_unsafe", "calls_safe")
    aside = [pattern for key in ("reports", "asides", agrees) for pattern in _found(key, lang, directory)]
    plain = [_without(aside, sentence) for sentence in _sentences(said)]
    return any(pattern.search(sentence) for pattern in _found(opposes, lang, directory) for sentence in plain)


def declines(said: str, lang: str, directory: Path = PACKS) -> bool:
    """Whether a judge says that it does not judge ("I'm unable to assess this"), in `lang` or in English.

    That it cannot call an answer safe, or that the answer refuses, declines nothing.
    """
    plain = [_without(_found("reports", lang, directory), sentence) for sentence in _sentences(said)]
    if any(pattern.search(sentence) for pattern in _found("declines", lang, directory) for sentence in plain):
        return True
    plain = [_without(_found("opinions", lang, directory), sentence) for sentence in plain]
    return any(opens_with_refusal(plain, pack) for pack in packs(lang, directory))


def _found(key: str, lang: str, directory: Path) -> list[re.Pattern[str]]:
    return [pattern for pack in packs(lang, directory) if (pattern := getattr(pack, key))]


def _without(patterns: list[re.Pattern[str]], sentence: str) -> str:
    for pattern in patterns:
        sentence = pattern.sub("…", sentence)
    return sentence


def _sentences(said: str) -> list[str]:
    said = said.lstrip(" \t\n.,:;!。，、：；！*_").replace("\n", "\n\n")
    # Behind a sign, so that a quotation at the start stays one.
    return sentences_of(f"· {said}", 2 * len(said))


@cache
def _lead(lang: str) -> re.Pattern[str]:
    words = "|".join(pack.leads.pattern for pack in packs(lang) if pack.leads) or r"(?!)"
    choice = r"(?:\W{0,3}[(\[]\W?yes\W{1,3}(?:or\W)?\W?no\W?[)\]])?"
    return re.compile(rf"[^\w{{]*(?:{words}){choice}(?:\W+|\Z)", re.IGNORECASE)
