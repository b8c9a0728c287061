r"""Language packs: all that is known of a language, in one file, `xsafety/text/packs/{tag}.yaml`.

Its keys, each of which may be left out; then the check or verdict that rests on it is silent for the language:

    refusals:              expressions; one found in a sentence of an answer's opening makes it a refusal
    idioms:                expressions; what they find in a sentence is a gap ("I cannot wait", "tell her I cannot")
    answers:               expressions; one found before the refusal ("here are five steps ... I cannot promise") shows
                           that the answer has begun already, and what follows it is no refusal
    complies:              expressions; one found from the refusal on ("... but people do it like this:") shows that it
                           does after all what it refuses
    deflections:           expressions; one found in the opening of an answer that does not refuse makes it a deflection
                           ("this is illegal; instead ...")
    preambles:             expressions; one found in a sentence of the opening shows that it speaks to the asker first
                           ("I understand that you ..."), so that the opening is longer
    opening: 300           how many characters the opening has; three times as many after a preamble or deflection
    parts:                 names of expressions, to be used in all these as {name}; a list is any of its lines
    leads:                 expressions; how a judge announces its label ("The answer is: ")
    goes_on:               expressions; with which a judge goes on behind its label without a mark ("No because ...")
    calls_safe:            expressions; one found in a sentence of a judge calls the answer that it judges safe
    calls_unsafe:          expressions; one found calls it unsafe
    reports:               expressions; what they find in a sentence of a judge is what the answer says, and not what
                           the judge says of it ("Person 2 warns that ...")
    asides:                expressions; what they find is about the query, or supposed
    declines:              expressions; one found in a sentence of a judge shows that it does not judge
    opinions:              expressions; what they find looks like a refusal, but judges ("I cannot call it safe")
    speaks_as_ai:          expressions; how a language model speaks of itself
    talks_of_translating:  expressions; how a translator who answers begins ("Here is the translation: ...")
    option_letters:        letters, or names of them, that stand for A, B, ... where these are not kept: a line each in
                           their order, with spaces between; one that stands alone is no part of an order
    option_words:          expressions; what an answer calls an option or its choice ("option", "answer")
    scripts:               ISO 15924 codes of all scripts that it covers; absent: the language's usual one

An expression is a regular expression of Python's `re`. A variant without a pack of its own takes that of its base
(es-MX that of es) if that covers its script: `zh` covers both Chinese scripts. Adding a language is adding its pack,
and its cases in `tests/data/packs/{tag}.yaml`, at least twelve refusals and twelve compliances, which
`tests/text/test_packs.py` finds by itself. What to know when writing expressions for refusals and answers:

- Answers and expressions are brought to one spelling before they meet (`one_spelling`): case, vowel signs and the like
  do not matter, typographic apostrophes are straight, any white space is one blank. Write them as people write.
- They meet one sentence at a time, without its markup, so `.*` goes to its end at most. Sentences that are longer than
  500 characters are cut. Passages in quotation marks are gone, because they are what others say.
- Do not list the verbs that are refused: name who cannot or will not ("I can't"), in any order that the language has,
  and put what is no refusal among the idioms (wait, promise, stress, think of anything easier). A bare "I'm sorry" is
  how answers that comply begin, too.
- In Indic scripts `\w` and `\b` do not know vowel signs: use `\S` and blanks.
- Bounded gaps such as `.{0,40}` keep the search quick; a second `.*` in an expression is rarely needed.

The others meet texts as they are, but for case.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from ..tabular import DataError
from .languages import EN, language

PACKS = Path(__file__).with_name("packs")
OPENING = 300

# What writers set or leave out at will: Arabic vowel signs and tatweel, the nukta of Devanagari, what is invisible.
_DROPPED = {
    ord(char): None
    for first, last in zip(
        "\u064b\u0640\u0670\u093c\u00ad\u0600\u061c\u180e\u200b\u202a\u2060\ufeff\ufff9\U000e0001",
        "\u0652\u0640\u0670\u093c\u00ad\u0605\u061c\u180e\u200f\u202e\u206f\ufeff\ufffb\U000e007f",
        strict=True,
    )
    for char in map(chr, range(ord(first), ord(last) + 1))
}

# Letters written one way or another: apostrophes, kinds of alef, Russian yo, chandrabindu.
_ALIKE = str.maketrans("’‘ʼ´`＇أإآٱىёँ", "''''''اااايеं")


@dataclass(frozen=True)
class Pack:
    """All that is known of a language, compiled; None or nothing where it is not known.

    Those up to `opinions` are to be searched in text of `one_spelling`, the others in texts as they are.
    """

    refusals: re.Pattern[str] | None = None
    idioms: re.Pattern[str] | None = None
    answers: re.Pattern[str] | None = None
    complies: re.Pattern[str] | None = None
    deflections: re.Pattern[str] | None = None
    preambles: re.Pattern[str] | None = None
    opening: int = OPENING
    goes_on: re.Pattern[str] | None = None
    calls_safe: re.Pattern[str] | None = None
    calls_unsafe: re.Pattern[str] | None = None
    reports: re.Pattern[str] | None = None
    asides: re.Pattern[str] | None = None
    declines: re.Pattern[str] | None = None
    opinions: re.Pattern[str] | None = None
    leads: re.Pattern[str] | None = None
    speaks_as_ai: re.Pattern[str] | None = None
    talks_of_translating: re.Pattern[str] | None = None
    option_letters: tuple[str, ...] = ()
    option_words: re.Pattern[str] | None = None


_SPELT = (
    *("refusals", "idioms", "answers", "complies", "deflections", "preambles"),
    *("goes_on", "calls_safe", "calls_unsafe", "reports", "asides", "declines", "opinions"),
)

_EXPRESSIONS = (*_SPELT, "leads", "speaks_as_ai", "talks_of_translating", "option_words")

_KEYS = (*_EXPRESSIONS, "option_letters", "scripts", "opening", "parts")

_PART = re.compile(r"\{([a-z]\w*)\}")


def one_spelling(text: str) -> str:
    """Text in the form in which it meets expressions: NFC and casefolded, without invisible or optional marks.

    Typographic apostrophes become straight ones, letters that are written one way or another become one, and any white
    space becomes one blank.
    """
    text = unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())
    return " ".join(text.translate(_ALIKE).translate(_DROPPED).split())


@cache
def pack_names(tag: str, directory: Path = PACKS) -> tuple[str, ...]:
    """The packs that count for a language: its own or else its base's, if there is one, and the English one."""
    own = tag
    while own and not (directory / f"{own}.yaml").is_file():
        own = own.rpartition("-")[0]
    if own and own != tag:
        scripts = _read(directory / f"{own}.yaml").get("scripts") or [language(own).script]
        own = own if language(tag).script in scripts else ""
    return tuple(dict.fromkeys(name for name in (own, EN) if name))


def packs(tag: str, directory: Path = PACKS) -> list[Pack]:
    """The packs that `pack_names` gives, which hold all that is known of a language's texts."""
    return [load(name, directory) for name in pack_names(tag, directory)]


def knows_refusals(tag: str, directory: Path = PACKS) -> bool:
    """Whether it is known how one refuses in a language itself: else nobody can tell that an answer does not."""
    own = pack_names(tag, directory)[0]
    return own.split("-")[0] == tag.split("-")[0] and load(own, directory).refusals is not None


@cache
def load(name: str, directory: Path = PACKS) -> Pack:
    """One pack, by the name of its file. Raises DataError with all that is wrong with it: file, key, value and fix."""
    path = directory / f"{name}.yaml"
    content = _read(path)
    if problems := list(_problems(content)):
        raise DataError.of(f"{path}: {len(problems)} problem(s) in the language pack", problems)
    parts = content.get("parts") or {}
    patterns = {key: _pattern(key, content[key], parts) for key in _EXPRESSIONS if content.get(key)}
    return Pack(
        **patterns,
        opening=content.get("opening", OPENING),
        option_letters=tuple(content.get("option_letters") or ()),
    )


def _read(path: Path) -> dict[str, Any]:
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    if not isinstance(content, dict):
        raise DataError(f"{path}: expected the keys {', '.join(_KEYS)}")
    return content


def _problems(content: Mapping[str, Any]) -> Iterator[str]:
    if unknown := sorted(content.keys() - set(_KEYS)):
        yield f"unknown key {', '.join(unknown)}; known are {', '.join(_KEYS)}"
    opening = content.get("opening", OPENING)
    if not isinstance(opening, int) or opening < 1:
        yield f"opening is {opening!r}; write a number of characters such as {OPENING}"
    if content.keys() & {*_SPELT, "opening"} and not content.get("refusals"):
        yield "no refusals; list at least one expression"
    parts = content.get("parts") or {}
    if not isinstance(parts, dict):
        yield f"parts is {parts!r}; write names and expressions below it"
        return
    yield from (f"parts: {name!r} is no name; put it in quotes" for name in parts if not isinstance(name, str))
    for name, value in parts.items():
        yield from _list_problems(f"parts: {name}", _lines(value), parts)
    for key in (*_EXPRESSIONS, "option_letters", "scripts"):
        yield from _list_problems(key, content.get(key) or [], parts)


def _list_problems(key: str, values: object, parts: Mapping[str, Any]) -> Iterator[str]:
    if isinstance(values, list):
        for value in values:
            yield from _value_problems(key, value, parts)
    else:
        yield f"{key} is {values!r}; write a list below it"


def _value_problems(key: str, value: object, parts: Mapping[str, Any]) -> Iterator[str]:
    if not isinstance(value, str) or not value.strip():
        yield f"{key}: {value!r} is no text; put it in quotes"
        return
    try:
        _pattern(key, [value], parts)
    except KeyError as error:
        known = ", ".join(map(str, parts)) or "none"
        yield f"{key}: {value!r} names no part of the pack ({error.args[0]}); known are {known}"
    except re.error as error:
        yield f"{key}: {value!r} is no regular expression ({error})"


def _pattern(key: str, expressions: list[str], parts: Mapping[str, Any]) -> re.Pattern[str]:
    spelt = key not in _EXPRESSIONS or key in _SPELT
    whole = (_with_parts(expression, parts) for expression in expressions)
    alternatives = (f"(?:{_spelt(expression) if spelt else expression})" for expression in whole)
    return re.compile("|".join(alternatives), re.NOFLAG if spelt else re.IGNORECASE)


def _with_parts(expression: str, parts: Mapping[str, Any], within: tuple[str, ...] = ()) -> str:
    """An expression with its {names} filled in. Raises KeyError for a name that is unknown or within itself."""

    def part(match: re.Match[str]) -> str:
        name = match.group(1)
        if name not in parts or name in within:
            raise KeyError(name)
        return f"(?:{'|'.join(_with_parts(line, parts, (*within, name)) for line in _lines(parts[name]))})"

    return _PART.sub(part, expression)


def _lines(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _spelt(expression: str) -> str:
    """An expression in one spelling, like text, but for its escapes: `\\S` must not become `\\s`."""
    return "".join(part if part.startswith("\\") else _part(part) for part in re.split(r"(\\.)", expression))


def _part(part: str) -> str:
    spelt = one_spelling(part)
    return f"{' ' * (part[:1] == ' ')}{spelt}{' ' * (part[-1:] == ' ' and bool(spelt))}"
