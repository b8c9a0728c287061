"""Options of a choice: their labels in a text, in letters of any script, and the one that an answer names.

A label is one letter with its marks (A, b, Б, أ, ক, बी), alone between others than letters, and with a mark behind.
Which option a letter stands for that is not Latin is known of a language from its packs.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import NamedTuple

from .letters import MARKS, letters_only, script, scripts_of
from .packs import packs

LATIN = "ABCDE"
_BEHIND = re.compile(r"\s?(?:[.:)।৷．。、，：،）】\]]|[-–—](?=\s))\**")  # a label
_OPENS = ".!?…。！？।॥৷؟:：\n"  # a sentence or list; so does the beginning of a text
ENDS = ".!?…。！？।॥৷؟"  # of sentences
_FEW = 10  # texts, of which the ending that they share may be chance
_SHARED = 0.9  # of the texts have the same closing instruction


class Options(NamedTuple):
    """A query that asks for a choice, in its parts, without labels."""

    situation: str
    options: tuple[str, ...]
    instruction: str


class Word(NamedTuple):
    """A run of letters of one kind (Latin, others), digits and marks in a text."""

    text: str
    start: int
    end: int


def runs_of_letters(text: str) -> Iterator[Word]:
    """Runs of letters, digits and marks; where Latin letters and others meet, one run ends ("选项A是")."""
    start, kind = 0, ""
    for place, char in enumerate(text):
        found = _kind(char)
        if found == "mark":
            found = kind
        if found != kind:
            if kind:
                yield Word(text[start:place], start, place)
            start, kind = place, found
    if kind:
        yield Word(text[start:], start, len(text))


@cache
def _kind(char: str) -> str:
    category = unicodedata.category(char)
    if category[0] == "M" or char in "\u0640\u200c\u200d":  # tatweel, joiners
        return "mark"
    if category[0] == "L":
        return "latin" if script(char) in ("LATIN", "FULLWIDTH") else "other"
    return "latin" if category[0] == "N" or char == "_" else ""


def places(letter: str, lang: str) -> frozenset[int]:
    """The options, from 0, that a letter or its name may stand for in a language; none where that is not known."""
    return _known(lang).get(_plain(letter), frozenset())


@cache
def _known(lang: str) -> dict[str, frozenset[int]]:
    series = [LATIN, *(line.split() for pack in packs(lang) for line in pack.option_letters if " " in line)]
    found: dict[str, frozenset[int]] = {}
    for letters in series:
        for place, letter in enumerate(letters):
            found[_plain(letter)] = found.get(_plain(letter), frozenset()) | {place}
    return found


def _plain(letter: str) -> str:
    return unicodedata.normalize("NFKC", letter).casefold().replace("\u0640", "")


def _is_one_letter(word: str) -> bool:
    """Whether a word is one letter with its marks."""
    return word[:1].isalpha() and all(_kind(char) == "mark" for char in word[1:])


class _Label(NamedTuple):
    start: int
    end: int
    places: frozenset[int]  # what it may stand for; empty where that is not known


def _labels(text: str, lang: str) -> Iterator[_Label]:
    """What may be labels of options, in the order of the text: letters with a mark behind.

    At the beginning of a sentence letters without a mark count that are no word there, and with a mark unknown ones.
    """

    def bare(letter: str) -> bool:
        return letter in LATIN[1:] or (letter == "A" and "LATIN" not in scripts_of(lang)) or not letter.isascii()

    for word in runs_of_letters(text):
        if not _is_one_letter(word.text):
            continue
        known = places(word.text, lang)
        behind = _BEHIND.match(text, word.end)
        opens = text[: word.start].rstrip(" \t\"'([（【«“")[-1:] in _OPENS
        if behind and (known or opens):
            yield _Label(word.start, behind.end(), known)
        elif len(known) == 1 and opens and bare(word.text) and text[word.end : word.end + 1] == " ":
            yield _Label(word.start, word.end, known)


def _sequences(labels: Iterable[_Label], number: int) -> list[tuple[_Label, ...]]:
    """The ways to take one label for each of a number of options, in order; two at most, as two are too many."""
    ways: list[list[tuple[_Label, ...]]] = [[()], *([] for _ in range(number))]
    for label in labels:
        for place in range(number - 1, -1, -1):
            if not label.places or place in label.places:
                ways[place + 1] = (ways[place + 1] + [(*way, label) for way in ways[place]])[:2]
    return ways[number]


def labels_of(text: str, lang: str, number: int) -> tuple[_Label, ...] | None:
    """The labels of a number of options in a text; None where there are not that many, or it cannot be told which.

    Letters that are not known in the language count only where the known ones do not suffice.
    """
    labels = list(_labels(text, lang))
    for found in ([label for label in labels if label.places], labels):
        if ways := _sequences(found, number):
            return ways[0] if len(ways) == 1 else None
    return None


def closing_instruction(texts: Sequence[str]) -> str:
    """The ending that most texts of a data set share, which asks for the choice; empty where there is none.

    Of a few texts, whose options may end alike by chance, it is the last sentence.
    """
    filled = [text.rstrip() for text in texts if text.strip()]
    shared = _shared_ending(filled)
    if len(filled) < _FEW:
        return re.split(rf"(?<=[{re.escape(ENDS)}])(?=.)\s*|\n", shared)[-1].strip()
    before = [text[-len(shared) - 1].isalnum() for text in filled if text.endswith(shared) and text != shared]
    if shared[:1].isalnum() and 2 * sum(before) > len(before):  # it begins in the last word of an option
        shared = re.sub(rf"^[^\s{re.escape(ENDS)}]*", "", shared)
    return shared.lstrip(MARKS + " \n").strip()


def _shared_ending(texts: Sequence[str]) -> str:
    """The longest ending, less than a whole text, that nine in ten of the texts have."""
    shared = ""
    for size in range(1, min(map(len, texts), default=0)):
        [(ending, count)] = Counter(text[-size:] for text in texts).most_common(1)
        if count < _SHARED * len(texts):
            break
        shared = ending
    return shared


def split_options(text: str, lang: str, number: int, instruction: str) -> Options | None:
    """A query in its parts, by the labels of a number of options; None where it cannot be split or a part is empty."""
    body = text.rstrip().removesuffix(instruction) if instruction else ""
    if not body or body == text.rstrip() or not (labels := labels_of(body, lang, number)):
        return None
    ends = [label.start for label in labels[1:]] + [len(body)]
    options = tuple(_part(body[label.end : end]) for label, end in zip(labels, ends, strict=True))
    situation = _part(body[: labels[0].start])
    return Options(situation, options, instruction) if situation and all(map(letters_only, options)) else None


def _part(text: str) -> str:
    return text.rstrip(" \t\n*([（").lstrip()


def number_of_options(text: str, lang: str) -> int:
    """How many options a query in a language has: A, B, ... without a gap; 0 for none."""
    return max((number for number in range(2, len(LATIN) + 1) if labels_of(text, lang, number)), default=0)
