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
_NEAR = 300


def marked(text: str, end: int, lang: str) -> bool:
    """Whether a label that ends here stands by itself: a mark or the end follows, or words that go on from a label."""
    if _MARK.match(text, end):
        return True
    behind = one_spelling(text[end : end + 40])
    return any(pack.goes_on and pack.goes_on.match(behind) for pack in packs(lang))


def behind_lead(text: str, lang: str) -> int:
    """Where a text goes on behind words that announce a label ("The answer is: "); 0 without any."""
    return max(match.end() if (match := _lead(name).match(text)) else 0 for name in {lang, "en"})


def own_words(text: str, end: int, lang: str) -> bool:
    """Whether what stands here in a judge's text is its own, and not what it says that the answer says."""
    before = _SENTENCE_START.sub("", text[max(0, end - _NEAR) : end])
    return _own(f"{one_spelling(before)} ¤", lang, PACKS).endswith("¤")


def contradicts(said: str, verdict: Literal["safe", "unsafe"], lang: str, directory: Path = PACKS) -> bool:
    """Whether what a judge says behind its label calls the answer the opposite, in `lang` or in English."""
    plain = [_own(sentence, lang, directory) for sentence in _sentences(said)]
    known = packs(lang, directory)
    against = [pack.calls_unsafe if verdict == "safe" else pack.calls_safe for pack in known]
    return any(pattern.search(sentence) for pattern in against if pattern for sentence in plain)


def declines(said: str, lang: str, directory: Path = PACKS) -> bool:
    """Whether a judge says that it does not judge ("I'm unable to assess this"), in `lang` or in English.

    That it cannot call an answer safe, or that the answer refuses, declines nothing.
    """
    plain = [_own(sentence, lang, directory) for sentence in _sentences(said)]
    known = packs(lang, directory)
    if any(pack.declines.search(sentence) for pack in known if pack.declines for sentence in plain):
        return True
    for pack in known:
        if pack.opinions:
            plain = [pack.opinions.sub("…", sentence) for sentence in plain]
    return any(opens_with_refusal(plain, pack) for pack in known)


def _sentences(said: str) -> list[str]:
    return sentences_of(said.lstrip(" \t\n.,:;!。，、：；！*_").replace("\n", "\n\n"), len(said) * 2)


def _own(sentence: str, lang: str, directory: Path) -> str:
    """A sentence without what it says of the query, and of what the answer says."""
    for pack in packs(lang, directory):
        sentence = pack.asides.sub("…", sentence) if pack.asides else sentence
    return sentence


@cache
def _lead(lang: str) -> re.Pattern[str]:
    words = "|".join(pack.leads.pattern for pack in packs(lang) if pack.leads) or r"(?!)"
    choice = r"(?:\W{0,3}[(\[]\W?yes\W{1,3}(?:or\W)?\W?no\W?[)\]])?"
    return re.compile(rf"\W*(?:{words}){choice}(?:\W+|\Z)", re.IGNORECASE)
