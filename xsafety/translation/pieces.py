"""Texts in pieces, for what translates only so much at a time, and whole again."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from ..text.form import blocks_of_code, line_marks, tokens_to_keep
from ..text.letters import unspaced
from ..text.options import labels_of, number_of_options

# Where a long text is best cut: between lines, between sentences, between words.
_SENTENCES = r"(?<=[.!?…؟۔।॥])(?=\s)|(?<=[。！？])"
_CUTS = (r"(?<!\s)(?=\s*\n)", _SENTENCES, r"(?<!\s)(?=\s)")

# Behind these, and before a small letter, no sentence ends.
_NO_END = re.compile(r"\b(?:[A-Z]|Mr|Mrs|Ms|Dr|St|Prof|vs|No|e\.g|i\.e|[ap]\.m)\.\Z")
_BREAKS = re.compile(r"\s*\n\s*")


class Stretch(NamedTuple):
    """A part of a text: a sentence that is translated, or what stays as it is, such as the space behind it."""

    text: str
    translated: bool


def has_letters(text: str) -> bool:
    """Whether there is anything in a text to translate: a letter or a digit."""
    return any(map(str.isalnum, text))


def pieces(text: str, limit: int) -> list[str]:
    """Pieces of at most `limit` characters and the white space between them, in turn: joined, they are the text.

    Cut between lines, else between sentences, else between words, else anywhere; in the later half, if that can be.
    """
    parts = []
    while len(text) > limit:
        found = [[m.start() for m in re.finditer(cut, text[: limit + 1]) if 0 < m.start() <= limit] for cut in _CUTS]
        last = [cuts[-1] for cuts in found if cuts]
        at = next((cut for cut in last if cut >= limit / 2), max(last, default=limit))
        space = len(text[at:]) - len(text[at:].lstrip())
        parts += [text[:at], text[at : at + space]]
        text = text[at + space :]
    return [*parts, text]


def sentences(text: str, lang: str) -> list[Stretch]:
    """A text in `lang` sentence by sentence: joined, the parts are the text.

    Line breaks, indentation, blocks of code, marks of lists and letters of options stay as they are.
    """
    kept = [*blocks_of_code(text), *line_marks(text), *(match.span() for match in _BREAKS.finditer(text))]
    labels = labels_of(text, lang, number_of_options(text, lang)) or ()
    if not any(text[: label.start].endswith(".") for label in labels):  # as in "e.g."
        kept += [(label.start, label.end) for label in labels]
    return list(_between(text, kept, _SENTENCES))


def around_tokens(text: str) -> list[Stretch]:
    """A sentence in the parts between what stays to the letter (placeholders, code, addresses), and that itself."""
    tokens = sorted(tokens_to_keep(text), key=len, reverse=True)
    found = re.finditer("|".join(map(re.escape, tokens)), text) if tokens else ()
    return list(_between(text, [match.span() for match in found]))


def keeps_tokens(text: str, translation: str) -> bool:
    """Whether a translation has all that stays to the letter."""
    return all(translation.count(token) >= text.count(token) for token in tokens_to_keep(text))


def _between(text: str, kept: Sequence[tuple[int, int]], cuts: str = "") -> Iterator[Stretch]:
    """The parts of a text, of which the spans `kept` stay as they are, also where they overlap."""
    place = 0
    for start, end in [*sorted(kept), (len(text), len(text))]:
        if start > place:
            yield from _parts(text[place:start], cuts)
        if end > max(start, place):
            yield Stretch(text[max(start, place) : end], False)
        place = max(place, end)


def _parts(text: str, cuts: str) -> Iterator[Stretch]:
    """A stretch of text cut at sentences, with the space around these apart."""
    places = [match.start() for match in re.finditer(cuts, text) if _ends(text, match.start())] if cuts else []
    for start, end in zip([0, *places], [*places, len(text)], strict=True):
        sentence = text[start:end]
        body = sentence.strip()
        before, _, after = sentence.partition(body) if body else (sentence, "", "")
        found = [Stretch(before, False), Stretch(body, any(map(str.isalpha, body))), Stretch(after, False)]
        yield from (part for part in found if part.text)


def _ends(text: str, place: int) -> bool:
    """Whether a sentence ends at a place behind a mark."""
    return not (_NO_END.search(text, 0, place) or text[place:].lstrip()[:1].islower())


def joined(parts: Sequence[Stretch], translations: Mapping[str, str], target: str) -> str:
    """A text whole again, of its parts and their translations, with spaces between sentences as the target has them."""
    text, gap = "", ""
    behind = False  # a sentence, or space behind it on its line, which is in `gap`
    for part, translated in parts:
        if translated:
            text += ("" if unspaced(target) else gap or " ") * behind + translations[part]
            gap, behind = "", True
        elif behind and part.isspace() and "\n" not in part:
            gap += part
        else:
            text += gap or " " * (behind and part[0].isalnum() and not unspaced(target))
            text += part
            gap, behind = "", False
    return text + gap
