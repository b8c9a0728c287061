"""Keys, and the forms in which a provider may repeat them."""

import re
from base64 import b64encode
from collections import defaultdict
from collections.abc import Iterable
from functools import cached_property

SHORTEST_SECRET = 16  # characters: placeholders such as "none" are words of answers too
IN_PLACE_OF_A_KEY = "[key]"
_BREAKS = r"(?:\s|\\+[nrt]|%(?:25)*(?:0[9ad]|20))*"  # what may stand between two letters
_ESCAPED = re.compile(rb"\\+u00([2-7][0-9a-fA-F])")
_BREAK = (b"n", b"r", b"t")  # behind a backslash
_QUOTED = re.compile(rb"%(?:25)*([0-7][0-9a-fA-F])")
_RARE = b"~^|@#$&*+=/_<>[]{};!?()9876543zqxjkvb210wpfgmycuhldrsnoiate-:,.\"'"  # from rare to common, in JSON
MOST_LOOKS = 50  # for a character that is not as rare as it should be
_SMALL = bytes(range(256)).lower()


class Secrets:
    """Hides keys in texts: as they are, escaped as in JSON or URLs, in base64, in other cases, broken over lines."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._forms = [form for secret in secrets if len(secret) >= SHORTEST_SECRET for form in _forms(secret)]
        # A form's rarest character -> the form, and where in it that stands.
        self._signs = defaultdict[bytes, list[tuple[bytes, int]]](list)
        for form in map(_bare, self._forms):
            place = min(range(len(form)), key=lambda place: (_RARE.find(form[place]), place))
            self._signs[form[place : place + 1]].append((form, place))

    def hide(self, text: str) -> str:
        """A text without the keys. One that cannot be freed of them is hidden whole. Linear in its length."""
        if not self.are_in(text):
            return text
        for pattern in self._patterns:
            text = pattern.sub(IN_PLACE_OF_A_KEY, text)
        return IN_PLACE_OF_A_KEY if self.are_in(text) else text

    def are_in(self, text: str) -> bool:
        """Whether a text holds a key in any of its forms."""
        if not self._forms or len(text) < SHORTEST_SECRET:
            return False
        bare = _bare(text)
        return any(sign in bare and any(_holds(bare, *form) for form in forms) for sign, forms in self._signs.items())

    @cached_property
    def _patterns(self) -> list[re.Pattern[str]]:
        return [re.compile(_BREAKS.join(map(_letter, form)), re.IGNORECASE) for form in self._forms]


def _forms(secret: str) -> list[str]:
    """A secret, and what is sure to stand in the base64 of a text that holds it, by where in that text it begins."""
    data = secret.encode()
    found = [secret]
    for before in range(3):
        whole = (before + len(data)) // 3 * 4  # characters of groups that are full
        code = b64encode(b"\0" * before + data).decode()[-(-before * 4 // 3) : whole]
        found += {code, code.translate(str.maketrans("+/", "-_"))}
    return found


def _bare(text: str) -> bytes:
    """A text for the search: without escapes, backslashes and white space, in small letters."""
    data = text.encode(errors="ignore")
    if b"\\" in data:
        if b"\\u00" in data:
            data = _ESCAPED.sub(_byte, data)
        first, *others = data.split(b"\\")
        data = b"".join([first, *[other[1:] if other[:1] in _BREAK else other for other in others]])
    if b"%" in data:
        data = _QUOTED.sub(_byte, data)
    return data.translate(_SMALL, b" \t\n\r\f\v\\")


def _holds(text: bytes, form: bytes, place: int) -> bool:
    """Whether a text holds a form: looks where its rarest character is, many times as fast as `in` in prose."""
    sign, at = form[place], -1
    for _ in range(MOST_LOOKS):
        at = text.find(sign, at + 1)
        if at < 0:
            return False
        if at >= place and text.startswith(form, at - place):
            return True
    return form in text


def _byte(code: re.Match[bytes]) -> bytes:
    return bytes([int(code[1], 16)])


def _letter(letter: str) -> str:
    """A pattern of a letter and its escapes."""
    code = f"{ord(letter):02x}"
    return rf"(?:\\*{re.escape(letter)}|\\+u00{code}|%(?:25)*{code})"
