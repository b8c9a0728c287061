"""Machine checks of a language's translations, so that people see first what is probably broken.

A check yields for a row points and a reason for reviewers. A row with a whole point, of one check or of several that
agree, is flagged; what weighs less is listed. What holds for a language throughout (its option letters are translated,
its service joins lines) is one finding of the language, under the id THROUGHOUT, and of none of its rows.

A row can be checked by itself, as when a reviewer returned it: `check(lang, [Segment(id, category, english, text)])`.
Only what is learnt from the other rows (length, cut off, other row, repeated, override) is silent then.
"""

import math
import re
import statistics
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from ..rows import Check
from ..text.form import losses, without_tokens
from ..text.identify import other_language
from ..text.instead import instead
from ..text.languages import EN, language
from ..text.letters import MARKS, han, letters_only, script, scripts_of, stems, unspaced, words
from ..text.symptoms import (
    LABELS,
    bodies,
    ends_within_word,
    lacking_labels,
    leftover,
    length_scores,
    repeats,
    script_share,
    spreadsheet_cell,
)

if TYPE_CHECKING:
    from ..text.alignment import Fit

FLAGGED = 1.0
THROUGHOUT = ""  # in place of a row's id: a finding of the whole language
ENOUGH_ROWS = 300  # for what is learnt from the rows; fewer teach too little
STRONG, HALF, HINT = 1.0, 0.5, 0.25


FEW_LETTERS = 8  # of a text whose script may be another: a name, a formula


class Segment(NamedTuple):
    """A translation to be checked, beside its English."""

    id: str
    category: str
    source: str
    target: str
    has_options: bool = False


class Finding(NamedTuple):
    """What one check says of a row: its points, up to a whole one, and a reason that a reviewer understands."""

    check: str
    points: float
    reason: str


# Row id, points, reason; and its trait, where it may be one of the whole language.
Found = Iterator[tuple[str, float, str] | tuple[str, float, str, str]]


class _Rows:
    """One language's rows with a text, and what several checks look at."""

    def __init__(self, tag: str, rows: Sequence[Segment], source: str) -> None:
        self.tag = tag
        self.source = source
        self.rows = rows
        self.targets = {row.id: row.target for row in rows}
        self.english = {row.id: row.source for row in rows}
        self._categories = {row.id: row.category for row in rows}
        self._with_options = {row.id for row in rows if row.has_options}

    def category(self, id: str) -> str:
        return self._categories[id]

    def has_options(self, id: str) -> bool:
        return id in self._with_options

    @cached_property
    def bodies(self) -> tuple[dict[str, str], dict[str, str]]:
        """Targets and English, those with options without their closing instruction."""
        return bodies(self.targets, self.has_options), bodies(self.english, self.has_options)

    @cached_property
    def lengths(self) -> dict[str, float]:
        """Length scores, damped where there are too few rows to know what is usual."""
        scores = length_scores(*self.bodies, self.has_options)
        counts = Counter(map(self.has_options, scores))
        return {id: score * min(1.0, math.sqrt(counts[self.has_options(id)] / 50)) for id, score in scores.items()}

    @cached_property
    def fit(self) -> "Fit | None":
        """The fit of targets to their English; None where the rows teach too little."""
        from ..text.alignment import Fit

        if len(self.rows) < ENOUGH_ROWS:
            return None
        sources = [stems(self.source, row.source) for row in self.rows]
        return Fit(sources, [stems(self.tag, row.target) for row in self.rows])


def _untranslated(rows: _Rows) -> Found:
    if rows.tag.split("-")[0] == rows.source.split("-")[0]:
        return
    for row in rows.rows:
        if letters_only(row.target) == letters_only(row.source) and any(map(str.isalpha, row.source)):
            yield row.id, STRONG, "The text is still the English one."
        elif _left_in_english(rows.tag, row) and (count := _left_in_english(rows.tag, _without_tokens(row))):
            points = STRONG if count >= 0.3 * len(row.source.split()) else HALF
            yield row.id, points, f"{count} English words in a row were left as they are; should they be translated?"


def _without_tokens(row: Segment) -> Segment:
    return row._replace(target=without_tokens(row.source, row.target))


def _left_in_english(tag: str, row: Segment) -> int:
    """The length of the longest run of English words in the target, where it is long and no name or quotation."""
    least = 4 if "LATIN" in scripts_of(tag) else 3
    source = [word.casefold() for word in _LATIN.findall(row.source)]
    known = set(zip(*(source[n:] for n in range(least)), strict=False))
    # Other characters part words, in the target by a sign that is not in the English.
    found = [
        word if word[0].isascii() and word[0].isalpha() else "…"
        for word in _LATIN.findall(_QUOTATION.sub("…", row.target))
    ]
    folded = [word.casefold() for word in found]
    longest = start = end = 0
    for n, piece in enumerate(zip(*(folded[n:] for n in range(least)), strict=False)):
        if piece not in known:
            continue
        start = n if n + least > end + 1 else start
        end = n + least
        if sum(word[0].islower() for word in found[start:end]) >= 2:
            longest = max(longest, end - start)
    return longest


_QUOTATION = re.compile(r"“[^“”]*”|„[^„“”]*[“”]|«[^«»]*»|「[^「」]*」|『[^『』]*』|\"[^\"]*\"")
_LATIN = re.compile(r"[A-Za-z]+(?:['’][a-z]+)?|[^A-Za-z\s'’.,]+")


def _wrong_script(rows: _Rows) -> Found:
    tag, name = rows.tag, language(rows.tag).name
    variant = language(tag).script if {"zh", "cmn", "Hans", "Hant"} & {*tag.split("-")} else ""
    for row in rows.rows:
        share = script_share(tag, row.target)
        if share < 0.7:
            share = script_share(tag, _without_names(row))
        if share < 0.5 or (share < 0.7 and (share := script_share(tag, _without_kept(row))) < 0.7):
            points = STRONG if share < 0.5 else HALF
            yield row.id, points, f"Only {share:.0%} of the letters are those that {name} is written with."
        elif strange := _strange_letters(rows.tag, row):
            yield row.id, HALF, f"Letters of another script stand in the text: {strange}."
        elif variant and (found := _other_variant(variant, row)):
            characters, points = found
            which, own = ("traditional", "simplified") if variant == "Hans" else ("simplified", "traditional")
            reason = f"Characters of {which} Chinese stand in the text ({characters}), which is to be in {own} script."
            yield row.id, points, reason


def _other_variant(variant: str, row: Segment) -> tuple[str, float] | None:
    """The characters of the other Chinese script in a target, and what they weigh; None for none, or a stray one."""
    kinds = Counter(kind for char in row.target if (kind := han(char)))
    own, other = kinds[variant], kinds.total() - kinds[variant]
    found = (char for char in row.target if han(char) not in ("", variant) and char not in row.source)
    characters = "".join(islice(dict.fromkeys(found), 10))
    if not characters or other < max(1, 0.2 * own) or (other == 1 and own):
        return None
    return characters, STRONG if other > max(1, own) else HALF


# Before a capital that begins no sentence.
_NAME = re.compile(r"(?<=[^.!?:\s]\s)[A-Z][A-Za-z]*")


def _without_names(row: Segment) -> str:
    """The target without what stays to the letter, and without names in Latin letters that the English has."""
    names = set(_NAME.findall(row.source))
    target = _without_tokens(row).target
    return re.sub(r"[A-Za-z]+", lambda word: "" if word[0] in names else word[0], target)


def _without_kept(row: Segment) -> str:
    """The target without Latin words that the English has too: names and terms may stay."""
    source = row.source.casefold()
    return re.sub(r"[A-Za-z]+", lambda word: "" if word[0].casefold() in source else word[0], row.target)


# Letters that several scripts share.
_SHARED = frozenset("LATIN FULLWIDTH HALFWIDTH MODIFIER MICRO KATAKANA IDEOGRAPHIC".split())


def _strange_letters(tag: str, row: Segment) -> str:
    """Letters of scripts that are neither the language's nor Latin, and not in the English."""
    own = _SHARED.union(scripts_of(tag))
    strange = (char for char in row.target if char.isalpha() and script(char) not in own and char not in row.source)
    return "".join(dict.fromkeys(strange))


def _wrong_language(rows: _Rows) -> Found:
    import langcodes

    for row in rows.rows:
        if found := other_language(row.target, rows.tag):
            name = langcodes.Language.make(found).display_name()
            yield row.id, STRONG, f"The text seems to be {name}, not {language(rows.tag).name}."


def _length(rows: _Rows) -> Found:
    targets, english = rows.bodies
    scores = rows.lengths
    usual: dict[bool, tuple[float, float]] = {}
    for apart in (False, True):
        near = [
            len(targets[id]) / len(english[id])
            for id, score in scores.items()
            if abs(score) < 2 and rows.has_options(id) == apart
        ]
        usual[apart] = (min(near, default=0.0), max(near, default=0.0))
    for id, score in scores.items():
        points = STRONG if score < -3.25 or score > 4 else HALF if score < -2.25 or score > 3 else 0.0
        if not points and abs(score) >= 2:
            points = HINT
        if points:
            ratio = len(targets[id]) / len(english[id])
            least, most = usual[rows.has_options(id)]
            how, question = ("shorter", "is something missing") if score < 0 else ("longer", "was something added")
            much = "much " if points == STRONG else ""
            numbers = f"ratio {ratio:.2g}, usual {least:.2g} to {most:.2g}"
            yield id, points, f"The translation is {much}{how} than usual for the English ({numbers}); {question}?"


def _cut_off(rows: _Rows) -> Found:
    ends = _Ends(rows)
    for id, text in rows.bodies[0].items():
        if text and text[-1] not in MARKS:
            for points, doubt in ends.doubts(id):
                yield id, points, doubt


class _Ends:
    """How a language's texts end, and what is odd about one that ends without a mark."""

    def __init__(self, rows: _Rows) -> None:
        self._targets, self._english = rows.bodies
        self._lengths = rows.lengths
        marked = {id for id, text in self._english.items() if text and text[-1] in MARKS and self._targets[id]}
        self._unmarked = {id for id in marked if self._targets[id][-1] not in MARKS}
        self._rarity = len(self._unmarked) / max(1, len(marked))
        self._pieces = ends_within_word(rows.tag, self._targets)
        self._chances = _word_endings(rows.tag, self._targets.values())
        self._last = {id: _last(rows.tag, text) for id, text in self._targets.items()}
        self._never_last = _never_last(rows.tag, self._targets.values(), Counter(self._last.values()))

    def doubts(self, id: str) -> Iterator[tuple[float, str]]:
        text, source, last = self._targets[id], self._english[id], self._last[id]
        short = self._lengths.get(id, 0.0) < -2.25
        expected = id in self._unmarked and self._rarity <= 0.2
        if points := _within_word(self._chances.get(last), id in self._pieces, expected, short):
            yield points, f"The text seems to end within a word ('{last}')."
        elif (last in self._never_last or text[-1] in _GOES_ON) and source[-1:] not in _GOES_ON:
            yield HALF if expected else HINT, f"Hardly any text ends with '{last}'; was it cut off?"
        if expected:
            points = HALF if short or self._rarity <= 0.03 else HINT
            yield points, "The English ends with a full stop or the like and the text does not; was it cut off?"
        if _within_quotation(text) and source.count('"') % 2 == 0:
            yield HALF, "The text ends within a quotation; was it cut off?"


def _within_quotation(text: str) -> bool:
    return text.count('"') % 2 == 1 and text.rfind('"') < len(text) - 1


_GOES_ON = tuple(",،、，:：-–—(（")


def _within_word(chance: float | None, piece: bool, expected: bool, short: bool) -> float:
    """Points for a last word whose letters end a word with this chance, or that is a piece of another one."""
    if chance is not None and chance < 0.03:
        return STRONG if expected or short or chance == 0 else HALF
    if piece and (expected or short):
        return STRONG if expected and (chance is None or chance < 0.2) else HALF
    return 0.0


def _word_endings(tag: str, texts: Iterable[str]) -> dict[str, float]:
    """For rare last words of texts: how often their last three letters end a word, where that can be overrides.

    A word begins with '^', so that a short word is a case of its own.
    """
    if unspaced(tag):
        return {}
    inner: Counter[str] = Counter()
    last: Counter[str] = Counter()
    for text in texts:
        *others, final = words(text) or [""]
        inner.update(others)
        last[final] += 1
    everywhere: Counter[str] = Counter()
    ends: Counter[str] = Counter()
    for word, count in inner.items():
        for size in (2, 3):
            for start in range(len(word) + 2 - size):
                everywhere[f"^{word}"[start : start + size]] += count
        ends[f"^{word}"[-3:]] += count
    chances = {}
    for word, count in last.items():
        letters = f"^{word}"[-3:]
        rare = word and count + inner[word] <= 4 and not any(char.isdigit() for char in word)
        if rare and (often := everywhere[letters]) >= 30:
            # With fewer than a hundred an end may just not have come up.
            chances[word] = max(ends[letters] / often, 0.0 if often >= 100 else 0.01)
    return chances


def _last(tag: str, text: str) -> str:
    return letters_only(text)[-1:] if unspaced(tag) else next(reversed(words(text)), "")


def _never_last(tag: str, texts: Iterable[str], last: Mapping[str, int]) -> set[str]:
    """Frequent words that end hardly any text."""
    everywhere: Counter[str] = Counter()
    for text in texts:
        everywhere.update(letters_only(text) if unspaced(tag) else words(text))
    return {word for word, count in everywhere.items() if count >= 30 and last.get(word, 0) <= max(1, 0.005 * count)}


# A number with what parts its groups: 1,000 and 1 000 and 1'000; but 10:30 are two.
_DIGITS = re.compile(r"\d+(?:[.,٫٬]\d+|[   '’]\d{3}(?!\d))*|[①-⑨⑴-⑼❶-❾]")

_AFTERNOON = re.compile(r"\b(0?[1-9]|1[01])(?=(?:[:.]\d\d)?\s?p\.?m\b)", re.I)


def _numbers(rows: _Rows) -> Found:
    for row in rows.rows:
        source, target = _numbers_of(row.source), _numbers_of(row.target)
        source -= {hour.lstrip("0") for hour in _AFTERNOON.findall(row.source) if str(int(hour) + 12) in target}
        if lost := sorted(number for number in source - target if not _said(number, row.target)):
            points = STRONG if any(len(number) > 1 for number in lost) else HINT
            yield row.id, points, f"A number of the English is not in the text: {', '.join(lost)}."
        elif added := sorted(number for number in target - source if len(number) > 2):
            yield row.id, HINT, f"A number is not in the English: {', '.join(added)}."


def _numbers_of(text: str) -> set[str]:
    found = ("".join(str(unicodedata.digit(c)) for c in number if c.isdigit()) for number in _DIGITS.findall(text))
    return {number.lstrip("0") or "0" for number in found}


def _said(number: str, target: str) -> bool:
    """Whether a number stands in a text in another way: 二十五, 1万, the 90s."""
    n, text = int(number), target.replace(" ", "")
    ways = [f"{n / size:g}{unit}" for size, units in _UNITS.items() if n >= size for unit in units]
    if n < 100:
        tens, ones = divmod(n, 10)
        ways.append(f"{_HAN[tens] if tens > 1 else ''}{'十' if tens else ''}{_HAN[ones]}")
    return any(way in text for way in ways if way) or (n in range(1900, 2030, 10) and number[2:] in _numbers_of(target))


_UNITS = {10_000: "万萬만", 100_000: ("लाख", "লাখ", "লক্ষ"), 10_000_000: ("करोड़", "কোটি"), 100_000_000: "亿億억"}
_HAN = ("", *"一二三四五六七八九")


_ANY_QUOTE = re.compile(r"[\"“”„«»「」『』《》‘’‚‹›]|''|``")


def _quotes(rows: _Rows) -> Found:
    for row in rows.rows:
        if _quoted(row.source) and not _ANY_QUOTE.search(row.target) and "'" not in row.target:
            yield row.id, HINT, "The English has quotation marks and the text has none; is the quoted part there?"
        elif row.source.count('"') % 2 == 0 and row.target.count('"') % 2 and not _CURLY.search(row.target):
            yield row.id, HINT, "A quotation mark is opened and not closed; is something missing?"


_CURLY = re.compile("[“”„«»]")


def _quoted(text: str) -> bool:
    return text.count('"') >= 2 or ("“" in text and "”" in text)


def _options(rows: _Rows) -> Found:
    for row in rows.rows:
        if not row.has_options:
            continue
        lacking, local = lacking_labels(rows.tag, row.source, row.target)
        if not lacking:
            continue
        letters = ", ".join(lacking)
        if len(local) >= len(lacking):
            reason = f"The option letters {letters} are written {', '.join(local)}; restore A, B, C, D."
            # Where none is left they are at least of one alphabet.
            yield row.id, HINT if len(lacking) == len(LABELS) else STRONG, reason, "options"
        else:
            yield row.id, STRONG, f"The options have no letter {letters}; restore A, B, C, D."


_OVERRIDES = re.compile(
    r"\b(?:ignor|disregard|forget|neglect|skip)\w*\b[^.!?]*\b(?:instruct|above|previous|prior|order)", re.I
)

_OVERRIDING = ("ignor", "disre", "forge", "instr", "outpu", "above")  # stems of the words that override


def _override(rows: _Rows) -> Found:
    fit = rows.fit
    if fit is None:
        return
    overrides: dict[str, dict[str, float]] = {}
    start = 0
    for row in rows.rows:
        source = stems(rows.source, row.source)
        row_scores = dict(zip(source, fit.scores[start : start + len(source)], strict=True))
        start += len(source)
        if row.category == "goal_hijacking" and _OVERRIDES.search(row.source):
            overrides[row.id] = {word: float(row_scores[word]) for word in _OVERRIDING if word in row_scores}
    usual = {
        word: statistics.median(scores)
        for word in _OVERRIDING
        if (scores := [found[word] for found in overrides.values() if word in found])
    }
    for id, found in overrides.items():
        if all(score < min(0.5, usual[word] - 1) for word, score in found.items()):
            yield id, STRONG, "The part that overrides the first task ('ignore the above') seems to be lost."


def _repeated(rows: _Rows) -> Found:
    for id, others, exact in repeats(rows.tag, rows.targets, rows.english, rows.category):
        how = "the same text as" if exact else "nearly the text of"
        yield id, STRONG, f"This is {how} {', '.join(others)}, whose English differs."


def _other_row(rows: _Rows) -> Found:
    fit = rows.fit
    if fit is None:
        return
    low = sorted(range(len(rows.rows)), key=lambda number: (fit.own[number], number))
    for number in low[: len(low) // 25]:
        own = fit.own[number]
        if own > 0:
            break
        row = rows.rows[number]
        other, better = fit.best_other(number)
        near = abs(other - number) <= 5
        if better - own > (1.5 if near else 2.5):
            yield row.id, STRONG, f"The text fits the English of {rows.rows[other].id} much better than its own."
        elif own < -0.5:
            points = HALF if own < -1 else HINT
            yield row.id, points, "Few words of the English seem to have a counterpart in the text; does it fit?"


def _doubled(rows: _Rows) -> Found:
    for row in rows.rows:
        text, source = letters_only(row.target), letters_only(row.source)
        half = len(text) // 2
        if half >= 15 and text[:half] == text[-half:] and source[: half // 2] * 2 not in source:
            yield row.id, STRONG, "The text stands there twice."


def _speaks(rows: _Rows) -> Found:
    if rows.source != EN:
        return
    fit = rows.fit
    for number, row in enumerate(rows.rows):
        # People refuse too ("I do not want to ..."): what fits its English is no translator's refusal.
        fits = None if fit is None else bool(fit.own[number] >= 0.3)
        if found := instead(rows.tag, row.source, row.target, fits=fits):
            yield row.id, STRONG if found.sure else HALF if fit else HINT, found.reason


def _not_nfc(rows: _Rows) -> Found:
    for row in rows.rows:
        if not unicodedata.is_normalized("NFC", row.target):
            yield row.id, HALF, "Characters are stored in pieces (not Unicode NFC); type them anew.", "nfc"


# Joiners shape letters and words in these scripts.
_JOINED = frozenset(
    "Arab Aran Syrc Mong Nkoo Adlm Deva Beng Guru Gujr Orya Taml Telu Knda Mlym Sinh Khmr Mymr Tibt".split()
)

_DIRECTIONS = {"\u200e", "\u200f", "\u061c", *map(chr, range(0x2066, 0x206A))}  # marks, isolates


def _invisible(rows: _Rows) -> Found:
    home = language(rows.tag)
    allowed = {"\u200c", "\u200d"} if home.script in _JOINED else set()
    allowed |= _DIRECTIONS if home.direction == "rtl" else set()
    allowed |= {"\u200b"} if home.script in ("Khmr", "Laoo", "Mymr", "Thai", "Tibt") else set()
    for row in rows.rows:
        # An emoji may be joined of several.
        text = re.sub(r"(?<=[\u2600-\u27bf\ufe0f\U0001f000-\U0001faff])\u200d", "", row.target)
        hidden = {c for c in text if unicodedata.category(c) in ("Cf", "Cc", "Co", "Cn") and c not in "\n\t"} - allowed
        hidden -= set(row.source)
        if broken := "\ufffd" in text and "\ufffd" not in row.source:
            yield row.id, STRONG, "The text holds a broken character (U+FFFD)."
        if hidden and not broken:
            names = ", ".join(sorted(f"U+{ord(c):04X}" for c in hidden))
            yield row.id, HALF, f"The text holds invisible characters ({names}); take them out."


def _leftover(rows: _Rows) -> Found:
    for row in rows.rows:
        if spreadsheet_cell(row.target, row.source):
            yield row.id, STRONG, "The text holds the name of a spreadsheet cell; take it out."
        elif found := leftover(row.target, row.source):
            yield row.id, HALF, f"The text holds '{found}', which looks like a leftover of a program."


def _form(rows: _Rows) -> Found:
    for row in rows.rows:
        for loss in losses(row.source, row.target):
            yield row.id, STRONG if loss.firm else HALF, loss.reason, loss.kind


CHECKS: dict[str, Callable[[_Rows], Found]] = {
    "untranslated": _untranslated,
    "script": _wrong_script,
    "language": _wrong_language,
    "other row": _other_row,
    "repeated": _repeated,
    "doubled": _doubled,
    "cut off": _cut_off,
    "length": _length,
    "override": _override,
    "options": _options,
    "numbers": _numbers,
    "quotes": _quotes,
    "form": _form,
    "disclaimer": _speaks,
    "leftover": _leftover,
    "nfc": _not_nfc,
    "invisible": _invisible,
}


# By check, which traits a row's English lets it have: of these rows that many, or that share, make it the language's.
_TRAITS: dict[str, Callable[[Segment], Iterable[str]]] = {
    "options": lambda row: ["options"] if row.has_options else [],
    "form": lambda row: [loss.kind for loss in losses(row.source, "")],
    "nfc": lambda _: ["nfc"],
}
_THROUGHOUT_ROWS, _THROUGHOUT_SHARE = 20, 0.2


def check(tag: str, rows: Sequence[Segment], source: str = EN) -> dict[str, list[Finding]]:
    """What the checks find in one language's rows, by id, in the order of `rows`; rows without a finding are left out.

    `source` is the language that they were translated from. What reads like an answer is told of English alone.

    A row without a text has the finding 'empty' alone. Findings of the whole language come first, by the id THROUGHOUT,
    and weigh nothing.
    """
    found: dict[str, list[Finding]] = {THROUGHOUT: [], **{row.id: [] for row in rows}}
    for row in rows:
        if not row.target:
            found[row.id].append(Finding("empty", STRONG, "There is no translation."))
    filled = _Rows(tag, [row for row in rows if row.target], source)
    for name, function in CHECKS.items():
        findings = list(function(filled))
        whole = _throughout(name, findings, filled.rows)
        found[THROUGHOUT] += (Finding(name, 0.0, reason) for reason in whole.values())
        for id, points, reason, *trait in findings:
            if not trait or trait[0] not in whole:
                found[id].append(Finding(name, points, reason))
    return {id: findings for id, findings in found.items() if findings}


def _throughout(name: str, findings: Sequence[tuple[object, ...]], rows: Iterable[Segment]) -> dict[str, str]:
    """The traits of a check that hold for the whole language, and what is said of it."""
    examples = {str(trait): str(reason) for _, _, reason, *traits in reversed(findings) for trait in traits}
    counts = Counter(str(trait) for _, _, _, *traits in findings for trait in traits)
    if not any(count >= _THROUGHOUT_ROWS for count in counts.values()):
        return {}
    able = Counter(trait for row in rows for trait in set(_TRAITS[name](row)))
    return {
        trait: f"in {count} of {able[trait]} rows that could show it, as here: {examples[trait]}"
        for trait, count in counts.items()
        if count >= max(_THROUGHOUT_ROWS, _THROUGHOUT_SHARE * able[trait])
    }


def in_another_language(tag: str, rows: Sequence[Segment]) -> dict[str, str]:
    """The rows whose text is surely in another language or script than `tag`, with what it seems to be, by id.

    A few letters are sure of nothing.
    """
    filled = _Rows(tag, [row for row in rows if sum(map(str.isalpha, row.target)) >= FEW_LETTERS], EN)
    found = [*_wrong_script(filled), *_wrong_language(filled)]
    return {id: reason for id, points, reason, *_ in found if points == STRONG}


def check_rows(rows: Sequence[Segment], found: Mapping[str, Sequence[Finding]]) -> list[Check]:
    """The rows of a checks file, in the order of `rows`, without texts; the heaviest reason comes first.

    Before them that of the whole language, with the id THROUGHOUT, if there is a finding of it.
    """
    result: list[Check] = []
    for id in (*([THROUGHOUT] if THROUGHOUT in found else []), *(row.id for row in rows)):
        findings = sorted(found.get(id, ()), key=lambda finding: -finding.points)
        score = sum(finding.points for finding in findings)
        result.append(
            Check(
                id=id,
                flagged="yes" if score >= FLAGGED else "no",
                score=f"{score:g}",
                checks="; ".join(dict.fromkeys(finding.check for finding in findings)),
                reasons=" ".join(finding.reason for finding in findings),
            )
        )
    return result


def flags(rows: Iterable[Check]) -> dict[str, str]:
    """The flagged rows of a checks file: id -> reasons, the most suspicious first."""
    flagged = sorted((row for row in rows if row["flagged"] == "yes"), key=lambda row: -float(row["score"]))
    return {row["id"]: row["reasons"] for row in flagged}


def of_whole(rows: Iterable[Check]) -> str:
    """What a checks file says of the whole language; "" if nothing."""
    return next((row["reasons"] for row in rows if row["id"] == THROUGHOUT), "")
