"""What a model thought, split from what it said: the marks that models and their chat templates put around reasoning.

Marks count where models write them: at the start of a text, behind other reasoning, or at the start of a line. A mark
inside a sentence, a quotation or code is spoken of, and stays. Sources: the reasoning parsers of vLLM and SGLang, the
chat templates in the models' own repositories, https://cookbook.openai.com/articles/openai-harmony
"""

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass

_NAME = (
    r"(?:[a-z]{1,9}[:_]|ant)?(?:think(?:ing)?|thoughts?|reasoning|(?:think(?:ing)?|thought|reasoning)[_-]process"
    r"|scratchpad|chain[_-]of[_-]thought|(?:inner|internal)[_-](?:monologue|thoughts?))"
)
_STARTS = (
    rf"(?:<|&lt;)\s?{_NAME}(?:\s[^<>\n]{{0,80}})?(?:>|&gt;)",  # <think>, <thinking>, <seed:think>
    r"(?-i:\[THINK(?:ING)?\])",
    r"[◁◂]think(?:ing)?[▷▸]",
    r"<\|(?:begin|start)_of_(?:thought|reasoning|thinking)\|>",
    r"<\|(?:start_)?think(?:ing)?(?:_start)?\|>",
    r"<unused94>thought\b",
    r"\[unused16\]",
    r"<\|channel>thought\b",
    r"(?:<\|start\|>assistant\s?)?(?:<\|channel\|>\s?)?\b(?:analysis|commentary)\b[^<\n]{0,80}<\|message\|>",
    r"<details\s[^<>\n]{0,40}type=.reasoning.[^<>\n]{0,80}>",
)
_ENDS = (
    rf"(?:<|&lt;)\s?/\s?{_NAME}\s?(?:>|&gt;)",
    r"(?-i:\[/THINK(?:ING)?\])",
    r"[◁◂]/think(?:ing)?[▷▸]",
    r"<\|end_of_(?:thought|reasoning|thinking)\|>",
    r"<\|(?:/think(?:ing)?|end_think(?:ing)?|think(?:ing)?_end)\|>(?:<\|start_response\|>)?",
    r"<\|end\|>\s?<\|begin\|>assistant\s?<\|content\|>",
    r"<unused95>",
    r"\[unused17\]",
    r"<channel\|>",
    r"(?:<\|(?:end|return)\|>\s?)?(?:<\|start\|>assistant\s?)?(?:<\|channel\|>\s?)?\bfinal\b[^<\n]{0,80}"
    r"(?:<\|constrain\|>[^<\n]{0,80})?<\|message\|>",
    r"</details>",
)
_MARK = re.compile(rf"(?P<start>{'|'.join(_STARTS)})|(?P<end>{'|'.join(_ENDS)})", re.IGNORECASE)
# Every text with a mark holds one of these; where marks may begin, to look at no other place.
_HINTS = ("think", "thought", "reasoning", "scratchpad", "monologue", "<|message|", "unused", "channel|")
_SIGNS = "<[&◁◂"
_OPEN, _CLOSE = "<think>", "</think>"
_CHANNEL_PLACES = re.compile(r"[<\[&◁◂]|\b(?:analysis|commentary|final)\b")
# Words for marks: they count as a pair only, from the first word on. The second: a server took the tokens out.
_WORDS = (
    re.compile(
        r"\s*(?:here(?:'s| is) my thought process:|here are my reasoning steps:)(?P<thought>.*?)"
        r"(?:here(?:'s| is) my response:|\[begin final response\])(?P<said>.*)",
        re.DOTALL | re.IGNORECASE,
    ),
    re.compile(r"\s*analysis(?=[A-Z\"“'])(?P<thought>.*?)(?:assistantfinal(?P<said>.*)|\Z)", re.DOTALL),
)
_WITH_WORDS = re.compile(r"\s*(?:analysis[A-Z\"“']|here(?:'s| is| are) my )", re.IGNORECASE)
# What templates put around the answer behind reasoning, and tokens that end a turn.
_WRAPPERS = ("answer", "response", "output", "final_answer")
_LAST_TOKEN = re.compile(r"(?:<\|\w{1,30}\|>|<｜[\w▁]{1,30}｜>|</s>|<end_of_turn>|\[END FINAL RESPONSE\])\Z")
_FENCE = re.compile(r"^[ \t]*(?:```|~~~)", re.MULTILINE)
_QUOTES = "`'\"“”‘’«»‹›„「」『』"
_AMONG_WORDS = re.compile(r"[ \t]+(?=[^\W\d_])(?![A-Z])|[ \t]*[,;:)]")
_SENTENCE_ENDS = ".!?…。！？।॥؟\n"
_BLANK = " \t\r\n\ufeff\u200b"
_LINE = 200  # characters of a line that are looked at


@dataclass(frozen=True)
class Marks:
    """What a model writes before and behind its reasoning; without `start`, the chat template opens it."""

    end: str
    start: str = ""


@dataclass(frozen=True)
class Reasoned:
    """A text without its reasoning, and the reasoning; `ended` is False where that breaks off before an answer."""

    answer: str
    reasoning: str = ""
    ended: bool = True


def split_reasoning(text: str, marks: Marks | None = None) -> Reasoned:
    """The answer in a model's text and the reasoning before or between; `marks` are its own, beside the known.

    A text without reasoning comes back as it is, an answer behind one without white space around. Takes time linear in
    the text.
    """
    if marks and (parts := _by_marks(text, marks)):
        return parts
    if _WITH_WORDS.match(text) and (found := _WORDS[0].match(text) or _WORDS[1].match(text)):
        return Reasoned(_unwrapped(found["said"] or ""), found["thought"].strip(), found["said"] is not None)
    if not _has_sign(text):
        return Reasoned(text)
    if text.startswith(_OPEN) and (parts := _plainly_tagged(text)):
        return parts
    folded = text.lower()
    return _Scan(text).parts() if any(hint in folded for hint in _HINTS) else Reasoned(text)


def _has_sign(text: str) -> bool:
    return "<" in text or "[" in text or "&" in text or "◁" in text or "◂" in text


def _plainly_tagged(text: str) -> Reasoned | None:
    """A text of one thought in the tags that most models write, and an answer without a mark; None for any other.

    What the whole scan finds, in a fraction of its time.
    """
    thought, end, said = text.removeprefix(_OPEN).partition(_CLOSE)
    if not end or "`" in said or thought[-1:] in _QUOTES or _has_sign(thought) or _has_sign(said):
        return None
    return Reasoned(said.strip().strip(_BLANK), thought.strip())


def _marks(text: str) -> Iterator[re.Match[str]]:
    """The marks in a text, in order."""
    end = 0
    for place in _places(text):
        if place >= end and (mark := _MARK.match(text, place)):
            end = mark.end()
            yield mark


def _places(text: str) -> list[int]:
    """Where marks may begin, in order. `find` is many times as fast as an expression where there are few."""
    if "<|message|>" in text:
        return [place.start() for place in _CHANNEL_PLACES.finditer(text)]
    places = []
    for sign in _SIGNS:
        place = text.find(sign)
        while place >= 0:
            places.append(place)
            place = text.find(sign, place + 1)
    return sorted(places)


def _by_marks(text: str, marks: Marks) -> Reasoned | None:
    """A text split at the marks of its model; None where it has none of them."""
    body = text.strip()
    opened = bool(marks.start) and body.startswith(marks.start)
    thought, end, said = body.removeprefix(marks.start).partition(marks.end)
    if not opened and not end:
        return None
    return Reasoned(_unwrapped(said), thought.strip(), bool(end))


class _Scan:
    """Goes from mark to mark, and keeps what stands between them as said or as thought."""

    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0
        self._said, self._thought = list[str](), list[str]()
        has_code = "```" in text or "~~~" in text
        self._fences = [fence.start() for fence in _FENCE.finditer(text)] if has_code else []
        self._found = False

    def parts(self) -> Reasoned:
        inside = spoken_of = False
        for mark in _marks(self._text):
            if inside:
                if mark["end"] and not self._quoted(mark):
                    self._take(self._thought, mark)
                    inside = False
            elif mark["start"]:
                inside = self._opens(mark)
                spoken_of = spoken_of or not inside
                if inside:
                    self._take(self._said, mark)
            elif not spoken_of and self._ends_alone(mark):
                self._take(self._said, mark)
                self._thought += self._said
                self._said = []
        rest = self._text[self._at :]
        if inside and rest.strip():
            return Reasoned("", _joined([*self._said, *self._thought, rest]), ended=False)
        if inside and not "".join(self._said).strip():
            return Reasoned("", _joined(self._thought), ended=False)
        if not self._found:
            return Reasoned(self._text)
        return Reasoned(_unwrapped("".join([*self._said, rest])), _joined(self._thought))

    def _take(self, to: list[str], mark: re.Match[str]) -> None:
        to.append(self._text[self._at : mark.start()])
        self._at, self._found = mark.end(), True

    def _opens(self, mark: re.Match[str]) -> bool:
        """Whether reasoning starts here: nothing was said yet, or the mark is not part of a sentence."""
        before = self._text[max(self._at, mark.start() - _LINE) : mark.start()]
        if not before.strip(_BLANK):
            return self._at > 0 or mark.start() <= _LINE or not self._text[: mark.start()].strip(_BLANK)
        follows = self._text[mark.end() : mark.end() + 1]
        stands_apart = before.rstrip(" \t")[-1] in _SENTENCE_ENDS and follows not in (" ", "\t")
        return stands_apart and "think" in mark[0].lower() and not self._in_fence(mark)

    def _ends_alone(self, mark: re.Match[str]) -> bool:
        """Whether all before this mark is reasoning that the chat template opened, and not a sentence that names it."""
        if mark[0] == "</details>" or self._quoted(mark) or self._in_fence(mark):
            return False
        before = self._text[max(0, mark.start() - _LINE) : mark.start()].rstrip(" \t")
        among_words = before[-1:].isalnum() and _AMONG_WORDS.match(self._text, mark.end())
        return not among_words

    def _quoted(self, mark: re.Match[str]) -> bool:
        """Whether a mark stands in quotation marks or in code within its line."""
        before = self._text[max(self._at, mark.start() - _LINE) : mark.start()].rpartition("\n")[2]
        behind = self._text[mark.end() : mark.end() + _LINE].partition("\n")[0]
        if before[-1:] and behind[:1] and before[-1] in _QUOTES and behind[0] in _QUOTES:
            return True
        return before.count("`") % 2 == 1 and "`" in behind

    def _in_fence(self, mark: re.Match[str]) -> bool:
        """Whether a mark stands in a block of code that ends."""
        place = bisect_left(self._fences, mark.start())
        return (place - bisect_left(self._fences, self._at)) % 2 == 1 and place < len(self._fences)


def _joined(thought: list[str]) -> str:
    return "\n\n".join(filter(None, (part.strip() for part in thought)))


def _unwrapped(said: str) -> str:
    """What follows reasoning, without what templates put around it."""
    said = said.strip().strip(_BLANK).removeprefix("<|begin_of_solution|>")
    while token := _LAST_TOKEN.search(said, max(0, len(said) - 40)):
        said = said[: token.start()].rstrip()
    for name in _WRAPPERS:
        inner = said.removeprefix(f"<{name}>").removesuffix(f"</{name}>")
        if len(inner) == len(said) - 2 * len(name) - 5:
            return inner.strip()
    return said
