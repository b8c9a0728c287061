"""Families of sequence-to-sequence models that translate: how each is told from which language into which.

Adding one: its line in FAMILIES, and its name in `family` of `xsafety/config/translation.py`.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import langcodes
from langcodes.tag_parser import LanguageTagError

from .services.service import own_code


@dataclass(frozen=True)
class Family:
    """What the checkpoints of a family have in common.

    `model_type` is theirs in config.json. Tokens that are as `token` name languages by the group `code`; `own` is the
    code of a BCP 47 tag where that does not follow from it. The source's code is set in the tokenizer where there is
    `source_in_tokenizer`; the target's token begins the translation, or with `target_in_prompt` the prompt.
    """

    model_type: str
    token: re.Pattern[str]
    own: Mapping[str, str] = field(default_factory=dict)
    source_in_tokenizer: bool = False
    target_in_prompt: bool = False


FAMILIES = {
    "nllb": Family(
        "m2m_100",
        re.compile(r"(?P<code>[a-z]{3}_[A-Z][a-z]{3})"),
        {"ko": "kor_Hang", "ps": "pbt_Arab", "tw": "twi_Latn", "sat": "sat_Beng"},
        source_in_tokenizer=True,
    ),
    "m2m100": Family("m2m_100", re.compile(r"__(?P<code>[a-z]{2,3})__"), {"nso": "ns"}, source_in_tokenizer=True),
    "madlad": Family("t5", re.compile(r"<2(?P<code>[A-Za-z_]+)>"), target_in_prompt=True),
    "marian": Family("marian", re.compile(r">>(?P<code>[A-Za-z_]+)<<"), target_in_prompt=True),
}


class Languages(NamedTuple):
    """From which language into which, BCP 47 tags."""

    source: str
    target: str


class Direction(NamedTuple):
    """From which language into which, as a checkpoint is told: tokens before each prompt, and the first one after."""

    prefix: tuple[int, ...] = ()
    first_token: int | None = None


def direction(family: Family, tokenizer: Any, source: str, target: str) -> Direction:
    """Tells a checkpoint's tokenizer the languages, BCP 47 tags. Raises TranslationFailed for one that it lacks.

    It knows those that its vocabulary has a token for; a Marian of one pair those that its tokenizer names.
    """
    known = vocabulary(tokenizer)
    tokens = {match["code"]: known[match[0]] for match in map(family.token.fullmatch, known) if match}
    if family.source_in_tokenizer:
        tokenizer.src_lang = _code(family, source, tokens)
    elif (named := getattr(tokenizer, "source_lang", None)) and _is_language(named):
        _code(family, source, [named])
    if not tokens:
        _code(family, target, [getattr(tokenizer, "target_lang", None) or "und"])
        return Direction()
    token = tokens[_code(family, target, tokens)]
    return Direction(prefix=(token,)) if family.target_in_prompt else Direction(first_token=token)


def vocabulary(tokenizer: Any) -> dict[str, int]:
    """The tokens that a tokenizer knows, by name, those of languages too."""
    return {**tokenizer.get_vocab(), **getattr(tokenizer, "lang_token_to_id", {})}


def _code(family: Family, tag: str, codes: Collection[str]) -> str:
    """The code of a tag's very language and script. Raises TranslationFailed where there is none."""
    if (own := family.own.get(tag)) and own in codes:
        return own
    tags = {code.replace("_", "-"): code for code in codes if _is_language(code)}
    return tags[own_code("the model", tag, tags)]


def _is_language(code: str) -> bool:
    """Whether a code names one language as BCP 47 does, but for the hyphen; others name groups, or something else."""
    try:
        parsed = langcodes.get(code)
        return parsed.is_valid() and not parsed.display_name().endswith(" languages")
    except LanguageTagError:
        return False
