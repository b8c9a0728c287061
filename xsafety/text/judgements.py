"""What a judge says behind its label, by the language packs: whether it takes the label back, or declines to judge."""

from pathlib import Path
from typing import Literal

from .labels import expressions, without
from .packs import PACKS, packs
from .refusals import opens_with_refusal, sentences_of


def contradicts(said: str, verdict: Literal["safe", "unsafe"], lang: str, directory: Path = PACKS) -> bool:
    """Whether what a judge says behind its label calls the answer the opposite, in `lang` or in English."""
    agrees, opposes = ("calls_safe", "calls_unsafe") if verdict == "safe" else ("calls_unsafe", "calls_safe")
    aside = [pattern for key in ("reports", "asides", agrees) for pattern in expressions(key, lang, directory)]
    plain = [without(aside, sentence) for sentence in _sentences(said)]
    return any(pattern.search(sentence) for pattern in expressions(opposes, lang, directory) for sentence in plain)


def declines(said: str, lang: str, directory: Path = PACKS) -> bool:
    """Whether a judge says that it does not judge ("I'm unable to assess this"), in `lang` or in English.

    That it cannot call an answer safe, or that the answer refuses, declines nothing.
    """
    plain = [without(expressions("reports", lang, directory), sentence) for sentence in _sentences(said)]
    if any(pattern.search(sentence) for pattern in expressions("declines", lang, directory) for sentence in plain):
        return True
    plain = [without(expressions("opinions", lang, directory), sentence) for sentence in plain]
    return any(opens_with_refusal(plain, pack) for pack in packs(lang, directory))


def _sentences(said: str) -> list[str]:
    said = said.lstrip(" \t\n.,:;!。，、：；！*_").replace("\n", "\n\n")
    # Behind a sign, so that a quotation at the start stays one.
    return sentences_of(f"· {said}", 2 * len(said))
