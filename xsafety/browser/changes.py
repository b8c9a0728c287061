"""What an edit changed, piece by piece, for the eye of whoever made it."""

import unicodedata
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from html import escape
from itertools import takewhile
from typing import Literal, NamedTuple

_JOINERS = "\u200c\u200d"  # inside words of Persian and of Indic scripts


class Piece(NamedTuple):
    kind: Literal["same", "del", "ins"]
    text: str


def tokens(text: str, *, spaced: bool) -> list[str]:
    """The units that are compared: words, single marks of punctuation, white space; joined again they are the text.

    Where no spaces part words (`spaced` is false), letters one by one. Combining marks stay with their letter.
    """
    found: list[str] = []
    in_word = False
    for char in text:
        category = unicodedata.category(char)
        is_mark = category[0] == "M" or char in _JOINERS
        is_word = category[0] in "LN" or (is_mark and in_word)
        if found and ((is_mark and not found[-1].isspace()) or (is_word and in_word and spaced)):
            found[-1] += char
        else:
            found.append(char)
        in_word = is_word
    return found


def changes(before: str, after: str, *, spaced: bool = True) -> list[Piece]:
    """The texts as pieces that are the same, deleted or inserted, in order."""
    old, new = tokens(before, spaced=spaced), tokens(after, spaced=spaced)
    # An edit mostly touches one place: what is alike around it need not be compared any further.
    start = _alike(old, new)
    end = _alike(old[start:][::-1], new[start:][::-1])
    middle = old[start : len(old) - end], new[start : len(new) - end]
    pieces = [Piece("same", "".join(old[:start])), *_compared(*middle), Piece("same", "".join(old[len(old) - end :]))]
    return [piece for piece in pieces if piece.text]


def _alike(old: Sequence[str], new: Sequence[str]) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(old, new, strict=False)))


def _compared(old: Sequence[str], new: Sequence[str]) -> Iterator[Piece]:
    for kind, i, j, k, n in SequenceMatcher(None, old, new).get_opcodes():
        if kind == "equal":
            yield Piece("same", "".join(old[i:j]))
        else:
            yield Piece("del", "".join(old[i:j]))
            yield Piece("ins", "".join(new[k:n]))


def as_html(pieces: Sequence[Piece]) -> str:
    """The pieces as HTML, their texts escaped; a line break that was put in or taken out can be seen."""

    def marked(piece: Piece) -> str:
        text = escape(piece.text)
        changed = text.replace("\n", "↵\n")
        return text if piece.kind == "same" else f"<{piece.kind}>{changed}</{piece.kind}>"

    return "".join(marked(piece) for piece in pieces)
