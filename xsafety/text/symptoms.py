"""What is odd about one text, or one file of texts: for the machine checks and the reader of the XSafety release."""

import math
import re
import statistics
import unicodedata
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from .letters import MARKS, letters_only, script, scripts_of, stems, unspaced, words
from .packs import packs


def garbled(response: str) -> bool:
    """Whether a non-empty answer is no text, in time that grows with its length alone.

    That is: it has no letter and no digit, or over 40% of its visible characters are broken (replacement characters,
    private use, unassigned), or one short piece said 20 times or more on end fills over half of it. One letter is text,
    because a query with options is answered by a letter.
    """
    visible = {c: number for c, number in Counter(response).items() if not c.isspace()}
    categories = {c: unicodedata.category(c) for c in visible}
    if not any(category[0] in "LN" for category in categories.values()):
        return True
    broken = sum(visible[c] for c, category in categories.items() if c == "\ufffd" or category in ("Co", "Cn", "Cs"))
    if broken > 0.4 * sum(visible.values()):
        return True
    return _one_piece(" ".join(response[:4000].split()) + " ")


_PIECE = 40  # characters


def _one_piece(text: str) -> bool:
    """Whether a piece of at most 40 characters, said 20 times or more on end, fills over half of a text."""
    # What fills over half of a text goes through its middle, so nothing needs to be looked for elsewhere.
    middle = len(text) // 2
    backwards = text[:middle][::-1]
    for size in range(1, min(_PIECE, len(text) // 20) + 1):
        before = _alike(backwards, size)
        long = before + _alike(text[middle - size :], size) + size
        whole = long - long % size
        if whole >= 20 * size and whole > 0.5 * len(text):
            return any(c.isalnum() for c in text[middle - size : middle])
    return False


def _alike(text: str, size: int) -> int:
    """How many characters from the `size`-th on are the same as those `size` before them."""
    same, step = 0, 1
    while step:
        end = size + same + step
        if end <= len(text) and text[size + same : end] == text[same : same + step]:
            same, step = same + step, step * 2
        else:
            step //= 2
    return same


_ENGLISH_AI = re.compile(r"\bA\.?I\b|artificial intelligence|language model", re.I)
_SPREADSHEET_CELL = re.compile(r"\+[A-Z]{1,2}\d{1,5}(?!\d)")
LABELS = "ABCD"  # of options


def speaks_as_ai(tag: str, target: str, source: str) -> bool:
    """Whether a target speaks as a language model does of itself, in its language or English; the English does not."""
    patterns = (pack.speaks_as_ai for pack in packs(tag))
    return not _ENGLISH_AI.search(source) and any(pattern.search(target) for pattern in patterns if pattern)


def talks_of_translating(tag: str, target: str, source: str) -> bool:
    """Whether a target tells of its being a translation, in its language or English; the English does not."""
    patterns = [pack.talks_of_translating for pack in packs(tag) if pack.talks_of_translating]

    def talks(text: str) -> bool:
        return any(pattern.search(text) for pattern in patterns)

    return talks(target) and not talks(source)


def spreadsheet_cell(target: str, source: str) -> bool:
    """Whether a target holds the name of a spreadsheet cell that the English does not."""
    return bool(_SPREADSHEET_CELL.search(target) and not _SPREADSHEET_CELL.search(source))


_LEFTOVER = re.compile(
    r"""
    &(?:amp;)?(?:\#x?[0-9a-f]{2,6}|[a-z]{2,8}\d{0,2}); | &(?:quot|amp|nbsp|apos|lt|gt|\#39)(?![a-z])
    | &\ ?(?:quot|amp|nbsp|apos|lt|gt|\#\ ?\d{2,4})\ ?;
    | </?(?:a|b|br|code|div|em|font|h\d|i|img|li|ol|p|pre|s|span|strong|su[bp]|table|t[dhr]|u|ul
        |answer|bos|eos|mask|output|pad|response|source|target|text|think|translat(?:ion|ed)|unk)(?:\s[^<>\n]{0,200})?/?>
    | <\|[^|<>\n]{1,40}\|> | \[/?(?:UNK|INST|MASK|CLS|SEP)\] | <0x[0-9a-f]{2}> | ▁ | \w@@(?=\s) | \{\\rtf | <!\[CDATA
    | \\(?:u[0-9a-f]{4}|x[0-9a-f]{2}|[nrt](?![a-z])|["']) | %[c-f][0-9a-f]%[89ab][0-9a-f]
    | \#(?:REF|VALUE|NAME\?|N/A)!?
    | [ÃÂÐÑ][\x80-\x9f\xa1-\xaa\xac-\xba\xbc-\xbf] | â€ | ã[\x80-\x83] | ï¿½
    """,
    re.I | re.X,
)


def leftover(target: str, source: str) -> str:
    """What of a program a target holds that the English does not, of markup, encodings, or a model; "" if nothing."""
    return next((found[0] for found in _LEFTOVER.finditer(target) if found[0] not in source), "")


def script_share(tag: str, text: str) -> float:
    """The share of a text's letters that are of its language's script; 1.0 without letters."""
    letters = Counter(filter(str.isalpha, text))
    own = sum(count for char, count in letters.items() if script(char) in scripts_of(tag))
    return own / letters.total() if letters else 1.0


def lacking_labels(tag: str, source: str, target: str) -> tuple[list[str], list[str]]:
    """The option labels of the English that a target lacks, and what it has instead, in its language's letters."""
    lacking = [label for label in LABELS if _has_label(label, source) and not _has_label(label, target)]
    known = ["a", "b", "c", "d"] if lacking else []
    if lacking and "LATIN" not in scripts_of(tag):
        known += [*lacking, *(letter for pack in packs(tag) for line in pack.option_letters for letter in line.split())]
    return lacking, [label for label in dict.fromkeys(known) if _has_local_label(label, target)]


def _has_label(label: str, text: str) -> bool:
    # Not within a Latin word; Chinese and Japanese put no space before a label.
    return bool(re.search(rf"(?<![A-Za-zÀ-ſ]){label}\s?[-.:)।৷、．。：]", text))


def _has_local_label(label: str, text: str) -> bool:
    # After space or mark only: to `re`, vowel signs are no part of a word.
    marked = rf"(?:^|(?<=[\s.:।৷।]))(?:{label})\s?[-.:)।৷]"
    # No word that stands alone in Latin languages: the mark behind may be missing where one stands before.
    return bool(re.search(marked if label in "abcd" else rf"{marked}|[.:।৷?؟]\s?(?:{label})\s", text))


def groups(texts: Mapping[str, str], key: Callable[[str], str]) -> Iterable[list[str]]:
    """The ids of texts that have the same key, where there are several."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for id, text in texts.items():
        if text:
            found[key(text)].append(id)
    return (ids for ids in found.values() if len(ids) > 1)


class Repeat(NamedTuple):
    """A row with the target of others: to the letter, or nearly."""

    id: str
    others: tuple[str, ...]
    exact: bool


def repeats(
    tag: str, targets: Mapping[str, str], english: Mapping[str, str], category: Callable[[str], str]
) -> Iterator[Repeat]:
    """Rows with the target of another row: to the letter, or nearly where the English has little in common."""
    for ids in groups(targets, str):
        if len({letters_only(english[id]) for id in ids}) > 1:
            for id in ids:
                yield Repeat(id, tuple(other for other in ids if other != id), exact=True)
    by_category: defaultdict[str, list[tuple[frozenset[str], str]]] = defaultdict(list)
    for id, target in targets.items():
        bag = frozenset(stems(tag, target) if unspaced(tag) else words(target))
        if len(bag) >= 5:
            by_category[category(id)].append((bag, id))
    for rows in by_category.values():
        for id, other in _nearly_equal(rows):
            source, other_source = (frozenset(words(english[one])) for one in (id, other))
            if targets[id] != targets[other] and _overlap(source, other_source) < 0.3:
                yield Repeat(id, (other,), exact=False)
                yield Repeat(other, (id,), exact=False)


def _nearly_equal(rows: list[tuple[frozenset[str], str]]) -> Iterator[tuple[str, str]]:
    """Pairs of ids whose bags of words share nearly all."""
    rows.sort(key=lambda row: (len(row[0]), row[1]))
    for number, (bag, id) in enumerate(rows):
        for other_bag, other in rows[number + 1 :]:
            if len(bag) < 0.85 * len(other_bag):
                break
            if _overlap(bag, other_bag) >= 0.85:
                yield id, other


def _overlap(a: frozenset[str], b: frozenset[str]) -> float:
    shared = len(a & b)
    return shared / (len(a) + len(b) - shared)


def bodies(texts: Mapping[str, str], has_options: Callable[[str], bool]) -> dict[str, str]:
    """The texts, those with options without the closing instruction that nearly all of them share."""
    apart = {id: text for id, text in texts.items() if has_options(id)}
    filled = [text for text in apart.values() if text]
    closing = ""
    for size in range(1, min(map(len, filled), default=0)):
        ending, count = Counter(text[-size:] for text in filled).most_common(1)[0]
        if count < 0.9 * len(filled):
            break
        closing = ending
    closing = closing.lstrip(MARKS + " ")
    return {**texts, **{id: text.removesuffix(closing).rstrip() for id, text in apart.items()}}


def length_scores(
    targets: Mapping[str, str], english: Mapping[str, str], has_options: Callable[[str], bool]
) -> dict[str, float]:
    """By id, how many robust standard deviations the log length ratio is off the median; those with options apart."""
    scores: dict[str, float] = {}
    for apart in (False, True):
        ratios = {
            id: math.log(len(target) / len(english[id]))
            for id, target in targets.items()
            if target and english[id] and has_options(id) == apart
        }
        if ratios:
            median = statistics.median(ratios.values())
            # 1.4826 makes the median absolute deviation estimate a standard deviation; 0.1 is about the least measured.
            spread = max(0.1, 1.4826 * statistics.median(abs(ratio - median) for ratio in ratios.values()))
            scores.update({id: (ratio - median) / spread for id, ratio in ratios.items()})
    return scores


def ends_within_word(tag: str, texts: Mapping[str, str]) -> set[str]:
    """Rows without a mark at the end whose last word stands nowhere else and begins another word."""
    if unspaced(tag):
        return set()
    counts = Counter(word for text in texts.values() for word in words(text))
    vocabulary = sorted(counts)
    found = set()
    for id, text in texts.items():
        word = next(reversed(words(text)), "")
        if text and text[-1] not in MARKS and counts[word] == 1 and not any(map(str.isdigit, word)):
            after = bisect_right(vocabulary, word)
            if after < len(vocabulary) and vocabulary[after].startswith(word):
                found.add(id)
    return found
