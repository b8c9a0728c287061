"""What the checks and the reader of the release know of texts: words, letters and scripts of any BCP 47 language."""

import re
import unicodedata
from functools import cache
from itertools import pairwise

from .languages import language

# With these a text or a part of it ends.
MARKS = ".!?…。！？．।॥৷؟;；|\"'”“„»«’‘」』)）"
UNSPACED = frozenset("Hani Hans Hant Jpan Khmr Laoo Mymr Thai Tibt".split())

# First words of the Unicode names of letters, where that is not the first word of the script's English name.
_LETTERS = {
    "Aran": ("ARABIC",),
    "Beng": ("BENGALI",),
    "Cans": ("CANADIAN",),
    "Hani": ("CJK", "IDEOGRAPHIC"),
    "Hans": ("CJK", "IDEOGRAPHIC"),
    "Hant": ("CJK", "IDEOGRAPHIC", "BOPOMOFO"),
    "Jpan": ("HIRAGANA", "KATAKANA", "CJK", "IDEOGRAPHIC"),
    "Kore": ("HANGUL", "CJK"),
    "Mtei": ("MEETEI",),
    "Nkoo": ("NKO",),
    "Orya": ("ORIYA",),
}


@cache
def scripts_of(tag: str) -> tuple[str, ...]:
    """First words of the Unicode names of the letters that a language is written in."""
    import langcodes

    code = language(tag).script
    return _LETTERS.get(code) or (langcodes.Language.make(script=code).script_name().upper().split()[0],)


@cache
def script(char: str) -> str:
    """The first word of a character's Unicode name."""
    # 'CJK UNIFIED IDEOGRAPH-4E00', but 'KATAKANA-HIRAGANA PROLONGED SOUND MARK'.
    return re.split("[ -]", unicodedata.name(char, ""))[0]


@cache
def unspaced(tag: str) -> bool:
    """Whether a language is written without spaces between words."""
    return language(tag).script in UNSPACED


@cache
def han(char: str) -> str:
    """'Hans' or 'Hant' of a Chinese character that is of one of the two alone, by the character sets of their homes."""
    if script(char) != "CJK":
        return ""
    simplified, traditional = (char.encode(code, "ignore") for code in ("gb2312", "big5"))
    return "" if bool(simplified) == bool(traditional) else "Hans" if simplified else "Hant"


def letters_only(text: str) -> str:
    """Letters, marks and digits alone, without case: equal for texts that differ in punctuation and spaces."""
    text = unicodedata.normalize("NFKC", text).casefold()
    return "".join(filter(_is_kept, text))


@cache
def _is_kept(char: str) -> bool:
    return unicodedata.category(char)[0] in "LMN"


def words(text: str) -> list[str]:
    """What stands between spaces, without case and the marks around it."""
    found = (word.strip(MARKS + ",:،、-–—(") for word in text.casefold().split())
    return [word for word in found if word]


def stems(tag: str, text: str) -> list[str]:
    """What stands for the words of a text in counts, each once, in their order.

    Beginnings of words, as endings vary; pairs of characters where no space parts words.
    """
    if unspaced(tag):
        return list(dict.fromkeys(a + b for a, b in pairwise(letters_only(text))))
    return list(dict.fromkeys(word[:5] for word in words(text)))
