r"""Language packs: all that is known of a language, in one file, `xsafety/text/packs/{tag}.yaml`.

Its keys, each of which may be left out; then the check or verdict that rests on it is silent for the language:

    refusals:              expressions; one found in the opening of an answer makes it a refusal
    answers:               expressions; one found before the refusal ("here are five steps ... I cannot promise") shows
                           that the answer has begun already, and what follows it is no refusal
    opening: 300           how many characters the opening has
    speaks_as_ai:          expressions; how a language model speaks of itself
    talks_of_translating:  expressions; how a translator who answers begins ("Here is the translation: ...")
    option_letters:        letters, or names of them, that stand for A to D where these are not kept
    scripts:               ISO 15924 codes of all scripts that it covers; absent: the language's usual one

An expression is a regular expression of Python's `re`. A variant without a pack of its own takes that of its base
(es-MX that of es) if that covers its script: `zh` covers both Chinese scripts. Adding a language is adding its pack,
and its cases in `tests/data/packs/{tag}.yaml`, at least twelve refusals and twelve compliances, which
`tests/text/test_packs.py` finds by itself. What to know when writing expressions for refusals and answers:

- Answers and expressions are brought to one spelling before they meet (`one_spelling`): case, vowel signs and the like
  do not matter, typographic apostrophes are straight, any white space is one blank. Write them as people write.
- Name the verb that is refused ("can't help", "can't answer"). A bare "I'm sorry" or "I can't" is also how answers that
  comply begin ("I can't wait to help you").
- In Indic scripts `\w` and `\b` do not know vowel signs: use `\S` and blanks.
- The first 300 characters count, because a refusal opens an answer; a story may hold one later on. Passages in
  quotation marks do not count, for the same reason.

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
from .languages import SOURCE_LANGUAGE, language

PACKS = Path(__file__).with_name("packs")
OPENING = 300

# Marks that writers set or leave out at will: Arabic vowel signs and tatweel, the nukta of Devanagari.
_DROPPED = dict.fromkeys((*range(0x064B, 0x0653), 0x0640, 0x0670, 0x093C))

# Letters written one way or another: apostrophes, kinds of alef, Russian yo, chandrabindu.
_ALIKE = str.maketrans("’‘ʼ´`＇أإآٱىёँ", "''''''اااايеं")


@dataclass(frozen=True)
class Pack:
    """All that is known of a language, compiled; None or nothing where it is not known.

    `refusals` and `answers` are to be searched in text of `one_spelling`, the others in texts as they are.
    """

    refusals: re.Pattern[str] | None = None
    answers: re.Pattern[str] | None = None
    opening: int = OPENING
    speaks_as_ai: re.Pattern[str] | None = None
    talks_of_translating: re.Pattern[str] | None = None
    option_letters: tuple[str, ...] = ()


_SPELT = ("refusals", "answers")
_EXPRESSIONS = (*_SPELT, "speaks_as_ai", "talks_of_translating")
_KEYS = (*_EXPRESSIONS, "option_letters", "scripts", "opening")


def one_spelling(text: str) -> str:
    """Text in the form in which it meets expressions: NFC and casefolded, without invisible or optional marks.

    Typographic apostrophes become straight ones, letters that are written one way or another become one, and any white
    space becomes one blank.
    """
    text = unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())
    text = "".join(c for c in text if unicodedata.category(c) != "Cf").translate(_ALIKE).translate(_DROPPED)
    return re.sub(r"\s+", " ", text).strip()


@cache
def pack_names(tag: str, directory: Path = PACKS) -> tuple[str, ...]:
    """The packs that count for a language: its own or else its base's, if there is one, and the English one."""
    own = tag
    while own and not (directory / f"{own}.yaml").is_file():
        own = own.rpartition("-")[0]
    if own and own != tag:
        scripts = _read(directory / f"{own}.yaml").get("scripts") or [language(own).script]
        own = own if language(tag).script in scripts else ""
    return tuple(dict.fromkeys(name for name in (own, SOURCE_LANGUAGE) if name))


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
    patterns = {key: _pattern(key, content[key]) for key in _EXPRESSIONS if content.get(key)}
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
    for key in _KEYS[:-1]:
        values = content.get(key) or []
        if not isinstance(values, list):
            yield f"{key} is {values!r}; write a list below it"
            continue
        for value in values:
            if not isinstance(value, str) or not value.strip():
                yield f"{key}: {value!r} is no text; put it in quotes"
                continue
            try:
                _pattern(key, [value])
            except re.error as error:
                yield f"{key}: {value!r} is no regular expression ({error})"


def _pattern(key: str, expressions: list[str]) -> re.Pattern[str]:
    spelt = key in _SPELT
    alternatives = (f"(?:{_spelt(expression) if spelt else expression})" for expression in expressions)
    return re.compile("|".join(alternatives), re.NOFLAG if spelt else re.IGNORECASE)


def _spelt(expression: str) -> str:
    """An expression in one spelling, like text, but for its escapes: `\\S` must not become `\\s`."""
    return "".join(part if part.startswith("\\") else _part(part) for part in re.split(r"(\\.)", expression))


def _part(part: str) -> str:
    spelt = one_spelling(part)
    return f"{' ' * (part[:1] == ' ')}{spelt}{' ' * (part[-1:] == ' ' and bool(spelt))}"
