"""What stands in place of a translation: a refusal, an answer, a model or a translator that speaks for itself."""

import re
from pathlib import Path
from typing import NamedTuple

import yaml

from .languages import EN
from .letters import unspaced
from .packs import knows_refusals
from .refusals import begins_answer, refuses
from .symptoms import speaks_as_ai, talks_of_translating

# English that says no, of whatever: its translation may read like a refusal.
_DENIES = re.compile(
    r"n['’`]?t\b|\b(?:no|not|nor|cannot|never|nothing|none|nobody|without|neither|too|rather|afraid|difficult\w*"
    r"|(?:refus|reject|declin|deni|avoid|lack|fail|fear|impossib|inabl|insecur)\w*|deny|\w+less"
    r"|un(?!der|til|ion|it|i[qv])\w{4,}|dis(?:[abglot][a-z]|s[ao])\w{2,})\b",
    re.I,
)
_APOLOGISES = re.compile(r"\b(?:sorry|apolog|excuse|pardon|forgiv|regret|unfortunate|afraid|pit(?:y|ies)\b)", re.I)
_WORDS = {
    name: "|".join(lines)
    for name, lines in yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text("utf-8")).items()
}
_APOLOGY = re.compile(rf"\W*(?:{_WORDS['apologies']})", re.I)
_MODEL = re.compile(_WORDS["models"], re.I)
_TALK = re.compile(
    rf"(?:[^:：.?!。？！\n]{{0,40}}[.!。！]\s?)?\W{{0,3}}(?:[^:：.?!。？！\n]{{0,80}}(?:{_WORDS['translation']})[^:：.?!。？！\n]{{0,40}}"
    rf"|(?:{_WORDS['notes']})[\w ]{{0,30}}\.?[ *]{{0,3}})[:：]",
    re.I,
)
_REMARK = re.compile(rf"[\n(（[*] ?(?:{_WORDS['notes']})[\w ]{{0,30}}\.?[ *]{{0,3}}[:：]", re.I)
_TALKS = re.compile(r"translat|interpret|version|transfer|\bnote\b|remark|\bN\.?B\b|subtitle|render", re.I)
_ASKS = "?？؟⁇՞፧"
_ENDS = ".!。।！…"
_NUMBERED = re.compile(r"(?:^|\s)(?:[1١१১一][.)、:]|\(1\))\s?\S.*(?:^|\s)(?:[2٢२২二][.)、:]|\(2\))\s?\S", re.S)
_BULLETED = re.compile(r"^[ \t]*[-*•]\s.*^[ \t]*[-*•]\s", re.M | re.S)


class Instead(NamedTuple):
    """What seems to stand in place of a translation: a reason for reviewers, and whether that is `sure`."""

    reason: str
    sure: bool


def instead(tag: str, source: str, target: str, *, fits: bool | None = None) -> Instead | None:
    """What stands in a language's `target` in place of a translation of the English `source`; None if nothing does.

    `fits`: whether the target says what the English says, where that is known. If it does, nothing in it is the
    translator's refusal; if it does not, a refusal counts, not as sure, even where the English says no to something.
    """
    if _is_model(tag, source, target):
        return Instead("The text speaks as an AI model and the English does not; did a translator answer?", sure=True)
    if _talks(tag, source, target):
        return Instead("The text talks about translating and the English does not; did a translator answer?", sure=True)
    mute = source.rstrip("\"'”’ )")[-1:] == "?" and not any(mark in target for mark in _ASKS + ";" * (tag == "el"))
    declines = None if fits else _declines(tag, source, target)
    if declines is not None and (declines or mute or fits is False):
        reason = "The text reads like a refusal and the English does not; did a translator answer?"
        return Instead(reason, declines or mute)
    if signs := _signs_of_an_answer(tag, source, target, mute=mute):
        return Instead(f"The text reads like an answer ({' and '.join(signs)}); was it translated?", len(signs) > 1)
    return None


def _is_model(tag: str, source: str, target: str) -> bool:
    if speaks_as_ai(tag, target, source):
        return True
    return not knows_refusals(tag) and "model" not in source.casefold() and bool(_MODEL.search(target))


def _talks(tag: str, source: str, target: str) -> bool:
    if talks_of_translating(tag, target, source):
        return True
    return bool(_TALK.match(target) or _REMARK.search(target)) and not _TALKS.search(source)


def _declines(tag: str, source: str, target: str) -> bool | None:
    """Whether a target surely refuses where the English does not; None if it does not refuse."""
    sorry = bool(_APOLOGY.match(target)) and not _APOLOGISES.search(source)
    refused = refuses(target, tag) and not refuses(source, EN)
    if refused or (sorry and not knows_refusals(tag)):
        return sorry or not _DENIES.search(source)
    return None


def _signs_of_an_answer(tag: str, source: str, target: str, *, mute: bool) -> list[str]:
    # An unspaced script takes half as many characters, or a third.
    signs = {
        "it is much too long": len(target) > (1.5 if unspaced(tag) else 3.2) * len(source) + 40,
        "it has a list": any(kind.search(target) and not kind.search(source) for kind in (_NUMBERED, _BULLETED)),
        "it asks nothing": mute and target.rstrip("\"'”’»」 )")[-1:] in tuple(_ENDS) and not _QUESTION.search(target),
    }
    found = [sign for sign, there in signs.items() if there]
    if found and begins_answer(target, tag) and not begins_answer(source, EN):
        found.append("it begins like one")
    return [] if found == ["it asks nothing"] else found


# Questions without a mark.
_QUESTION = re.compile(
    r"[吗嗎呢么麼什怎哪谁誰几幾]|如何|为何|為何|是否|多少|[かの][。．.]|なぜ|どう|方法|教え|知りたい|क्या|कैसे|ไหม|อย่างไร|อะไร"
)
