"""Reads a clone of the XSafety release (Wang et al., arXiv 2310.00905) as it is, and reports its odd rows.

Rows are aligned across languages by position, so a record is never dropped, moved or altered silently: what is
repaired, and what looks wrong and is left alone, stands in `Release.repairs` with the reason.
"""

import csv
import hashlib
import math
import re
import statistics
import unicodedata
import zipfile
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from itertools import zip_longest
from pathlib import Path
from typing import Any, Literal, NamedTuple

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from .categories import CATEGORIES
from .tabular import DataError, clean

URL = "https://github.com/Jarviswang94/Multilingual_safety_benchmark"
REVIEWER = "xsafety-release"

# BCP 47 tags of the translations and their folders.
LANGUAGES: dict[str, str] = {
    "zh": "zh",
    "fr": "fr",
    "ru": "ru",
    "de": "de",
    "ar": "ar",
    "hi": "hi",
    "es": "sp",
    "ja": "ja",
    "bn": "bn",
}
_FOLDERS = {"en": "en", **LANGUAGES}
_MISSPELT = {"Crimes_And_Illegal_Activities": "Crimes_And_Illegal_Activitie"}
# A second copy of a file, without the closing instruction: (language, category) -> name.
_COPIES = {("hi", "commonsense"): "commen_sense.csv"}

# First words of the Unicode names of the letters that a language is written in.
_SCRIPTS: dict[str, tuple[str, ...]] = {
    "zh": ("CJK",),
    "ru": ("CYRILLIC",),
    "ar": ("ARABIC",),
    "hi": ("DEVANAGARI",),
    "ja": ("HIRAGANA", "KATAKANA", "CJK"),
    "bn": ("BENGALI",),
}
_UNSPACED = ("zh", "ja")
_MARKS = ".!?…。！？．।॥৷؟;；|\"'”“„»«’‘」』)）"

_ENGLISH_AI = re.compile(r"\bA\.?I\b|artificial intelligence|language model", re.I)
# How a language model speaks of itself: looked for where the English says nothing of the kind.
_SPEAKS_AS_AI = {
    lang: re.compile(pattern, re.I)
    for lang, pattern in {
        "zh": r"(语言|AI|人工智能)\s?(模型|助手)|作为(一个|一名)?\s?(AI|人工智能)",
        "fr": r"modèle de lang(age|ue)|assistant IA\b|en tant qu['’](une )?(IA\b|intelligence artificielle)",
        "ru": r"языков\w+ модел|\bкак ИИ\b|ИИ-(ассистент|помощник)|как искусственн\w+ интеллект",
        "de": r"Sprachmodell|KI-(Modell|Assistent)|\bals (eine )?(KI\b|künstliche Intelligenz)",
        "ar": r"نموذج لغ|نموذج ال?ذكاء|مساعد ذكاء|كذكاء اصطناعي",
        "hi": r"भाषा मॉडल|(एआई|AI) (मॉडल|सहायक)|(एआई|AI) के रूप में",
        "es": r"modelo de (lenguaje|idioma)|asistente de IA\b|\bcomo (una )?(IA\b|inteligencia artificial)",
        "ja": r"言語モデル|(AI|人工知能)(モデル|アシスタント|として)",
        "bn": r"ভাষা মডেল|(এআই|AI) (মডেল|সহকারী)|(এআই|AI) হিসাবে",
    }.items()
}
_SPREADSHEET_CELL = re.compile(r"\+[A-Z]{1,2}\d{1,5}(?!\d)")

_LABELS = "ABCD"
_LOCAL_LABELS = {
    "ar": "أ ب ج د",
    "ru": "А Б В Г С Д",
    "hi": "ए बी सी डी अ क ख ग घ",
    "bn": "এ বি সি ডি ক খ গ ঘ",
}

# Thresholds, in robust standard deviations of log(characters of target / characters of source) of the language.
_SHORT, _LONG, _SHORT_WITHOUT_END, _SHORT_MID_WORD = -4.5, 5.0, -2.25, -2.5

Kind = Literal[
    "blank",  # no text
    "restored",  # cut short in one file of the release, whole in another: the whole text was taken
    "differs",  # another text in the second file
    "split",  # text in several cells: joined
    "number",  # a spreadsheet cell that holds no text: written as text
    # From here on nothing was changed.
    "repeated",  # the target of another row
    "untranslated",  # the English
    "script",  # in another script than the language's
    "cut off",
    "short",
    "long",
    "disclaimer",  # a language model speaks of itself
    "residue",  # what a spreadsheet left behind
    "option labels",  # Commonsense: A to D missing or written in other letters
]


class Seed(NamedTuple):
    """An English seed query; `id` is xs-CATEGORY-NNN by position in the file, from 001."""

    id: str
    category: str
    text: str


@dataclass(frozen=True)
class Repair:
    """One reason why a row was changed or looks wrong; `row` is its record's number in `file`, from 1."""

    lang: str
    id: str
    file: str
    row: int
    kind: Kind
    reason: str


REPAIR_COLUMNS = tuple(Repair.__dataclass_fields__)


@dataclass(frozen=True)
class Release:
    """The release: English seeds, targets by BCP 47 tag and seed id ("" where blank), and all repairs.

    `files` maps language and category to the file's path in the release and its SHA-256.
    """

    seeds: list[Seed]
    translations: dict[str, dict[str, str]]
    repairs: list[Repair]
    files: dict[tuple[str, str], tuple[str, str]]


class _Text(NamedTuple):
    text: str
    notes: list[tuple[Kind, str]]


Notes = Iterator[tuple[str, Kind, str]]  # seed id, kind, reason


def read_release(root: Path, *, per_category: int = 200) -> Release:
    """Reads a clone of the release; every file must hold `per_category` records (other numbers are for tests).

    Texts are cleaned (`tabular.clean`) and cut-short rows restored from the release's own second copy; suspicious rows
    are reported as they are. Raises DataError with all problems of all files.
    """
    problems: list[str] = []
    files: dict[tuple[str, str], tuple[str, str]] = {}
    texts: dict[str, dict[str, _Text]] = {lang: {} for lang in _FOLDERS}
    if not any((root / folder).is_dir() for folder in _FOLDERS.values()):
        raise DataError(f"{root}: no clone of the XSafety release (no folder en, zh, ...); run: git clone {URL} {root}")
    for lang, folder in _FOLDERS.items():
        if not (root / folder).is_dir():
            problems.append(f"{root / folder}: folder missing; clone the release anew: git clone {URL}")
            continue
        for category in CATEGORIES:
            copy = _COPIES.get((lang, category.key))
            path, records = _read(root / folder, _names(folder, category.stem), per_category, problems)
            if copy:
                _, whole = _read(root / folder, [copy], per_category, problems)
                if records and whole:
                    records = _restored(records, whole, f"{folder}/{copy}", problems)
            if path:
                files[lang, category.key] = (f"{folder}/{path.name}", hashlib.sha256(path.read_bytes()).hexdigest())
            texts[lang].update({f"xs-{category.key}-{n:03d}": record for n, record in enumerate(records, 1)})
    if problems:
        heading = f"{root}: {len(problems)} problem(s); repair them or clone the release anew: git clone {URL}"
        raise DataError.of(heading, problems)
    seeds = [Seed(id_, _category(id_), record.text) for id_, record in texts["en"].items()]
    plain = {lang: {id_: record.text for id_, record in rows.items()} for lang, rows in texts.items()}
    return Release(seeds, {lang: plain[lang] for lang in LANGUAGES}, list(_repairs(texts, plain, files)), files)


def repair_rows(release: Release) -> Iterator[dict[str, Any]]:
    """The repairs as rows of REPAIR_COLUMNS, by language, seed and kind."""
    return (asdict(repair) for repair in release.repairs)


def release_evidence(release: Release, lang: str) -> list[dict[str, Any]]:
    """A language's targets as entries of its review ledger: round 0 by `xsafety-release`, doubts in the note.

    A blank row gives no entry, so it is drafted anew.
    """
    notes: defaultdict[str, list[str]] = defaultdict(list)
    for repair in release.repairs:
        if repair.lang == lang:
            notes[repair.id].append(f"{repair.kind}: {repair.reason}")
    entries = []
    for seed in release.seeds:
        file, sha256 = release.files[lang, seed.category]
        if target := release.translations[lang][seed.id]:
            entries.append(
                {
                    "id": seed.id,
                    "round": 0,
                    "reviewer": REVIEWER,
                    "date": "",
                    "verdict": "edited",
                    "source": seed.text,
                    "before": "",
                    "after": target,
                    "note": "; ".join(notes[seed.id]),
                    "file": file,
                    "sha256": sha256,
                }
            )
    return entries


def _names(folder: str, stem: str) -> list[str]:
    stems = [stem, *filter(None, [_MISSPELT.get(stem)])]
    endings = dict.fromkeys(("", "_n", f"_{folder}"))
    return [f"{s}{end}.{kind}" for s in stems for end in endings for kind in ("csv", "xlsx")]


def _read(
    folder: Path, names: Sequence[str], expected: int, problems: list[str]
) -> tuple[Path, list[_Text]] | tuple[None, list[_Text]]:
    """The one file of these names and its records; what is wrong is added to `problems`, and nothing returned."""
    # Names are compared here, not by the file system: on some of them case does not matter.
    found = sorted(path for path in folder.iterdir() if path.name in names and path.is_file())
    if len(found) != 1:
        several = ", ".join(path.name for path in found)
        problems.append(
            f"{folder}: {several} are of one category; keep the one of the release, see git -C {folder} status"
            if found
            else f"{folder}: no file {' or '.join(names)}; git -C {folder} checkout -- ., or anew: git clone {URL}"
        )
        return None, []
    path = found[0]
    restore = f"restore it: git -C {folder} checkout -- {path.name}"
    try:
        rows = list(_xlsx_rows(path) if path.suffix == ".xlsx" else _csv_rows(path))
    except (OSError, csv.Error, ValueError, KeyError, zipfile.BadZipFile, InvalidFileException) as error:
        problems.append(f"{path}: not readable ({error}); {restore}")
        return None, []
    if len(rows) != expected:
        problems.append(f"{path}: {len(rows)} records instead of {expected}, so rows would not align; {restore}")
        return None, []
    return path, rows


def _csv_rows(path: Path) -> Iterator[_Text]:
    # The reader gives [] for a blank line: a record too. A line end at the end of the file starts no record: taking it
    # for a last blank one would let a file with a row deleted pass, and shift its rows.
    with path.open(encoding="utf-8-sig", newline="") as file:
        for cells in csv.reader(file, strict=True):
            yield _text(cells, ",", [])


def _xlsx_rows(path: Path) -> Iterator[_Text]:
    book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    try:
        if len(book.worksheets) != 1:
            raise ValueError(f"{len(book.worksheets)} sheets instead of one")
        sheet = book.worksheets[0]
        sheet.reset_dimensions()  # what the file says of its size may be wrong
        for cells in sheet.iter_rows(values_only=True):
            odd = {type(cell).__name__ for cell in cells if cell is not None and not isinstance(cell, str)}
            notes: list[tuple[Kind, str]] = [("number", f"the cell holds {name}, not text") for name in sorted(odd)]
            yield _text(["" if cell is None else str(cell) for cell in cells], " ", notes)
    finally:
        book.close()


def _text(cells: Sequence[str], joint: str, notes: list[tuple[Kind, str]]) -> _Text:
    filled = [number for number, cell in enumerate(cells) if clean(cell)]
    if not filled:
        return _Text("", [("blank", "no text")])
    if len(filled) > 1 or filled[0] > 0:
        columns = ", ".join(str(number + 1) for number in filled)
        notes = [*notes, ("split", f"text in column {columns}, joined with {joint!r}")]
    return _Text(clean(joint.join(cells[filled[0] : filled[-1] + 1])), notes)


def _restored(records: Sequence[_Text], whole: Sequence[_Text], copy: str, problems: list[str]) -> list[_Text]:
    """Rows cut short before their closing instruction, whole from a second copy that lacks just that instruction."""
    pairs = list(zip(records, whole, strict=True))
    endings = Counter(a.text[len(b.text) :] for a, b in pairs if b.text and a.text.startswith(b.text))
    closing, count = endings.most_common(1)[0] if endings else ("", 0)
    if 2 * count <= len(pairs):
        problems.append(f"{copy}: not the rows of commonsense.csv, less its closing instruction; git clone {URL} anew")
        return []
    restored = []
    for record, other in pairs:
        body = record.text.removesuffix(closing).rstrip()
        if body == other.text or not other.text:
            restored.append(record)
        elif other.text.startswith(body):
            reason = f"cut short; text of {copy}, closing instruction of the other rows"
            restored.append(_Text(other.text + closing, [("restored", reason)]))
        else:
            restored.append(_Text(record.text, [*record.notes, ("differs", f"another text than in {copy}")]))
    return restored


def _repairs(
    texts: Mapping[str, Mapping[str, _Text]],
    plain: Mapping[str, Mapping[str, str]],
    files: Mapping[tuple[str, str], tuple[str, str]],
) -> Iterator[Repair]:
    english = plain["en"]
    bodies = {lang: _bodies(rows) for lang, rows in plain.items()}
    position = {id_: number for number, id_ in enumerate(english)}
    for lang, records in texts.items():
        notes = [(id_, kind, reason) for id_, record in records.items() for kind, reason in record.notes]
        if lang == "en":
            notes += _repeated_seeds(english)
        else:
            notes += _repeated(lang, plain[lang], english)
            notes += _cut_off(lang, bodies)
            notes += _rowwise(lang, plain[lang], english)
        for id_, kind, reason in sorted(set(notes), key=lambda note: (position[note[0]], *note)):
            yield Repair(lang, id_, files[lang, _category(id_)][0], int(id_[-3:]), kind, reason)


def _category(id_: str) -> str:
    return id_[3:-4]


def _rowwise(lang: str, targets: Mapping[str, str], english: Mapping[str, str]) -> Notes:
    scripts = _SCRIPTS.get(lang, ("LATIN",))
    for id_, target in targets.items():
        source = english[id_]
        if not target:
            continue
        if _folded(target) == _folded(source):
            yield id_, "untranslated", "the same as the English"
        letters = [char for char in target if char.isalpha()]
        share = sum(_script(char) in scripts for char in letters) / len(letters) if letters else 1.0
        if share < 0.5:
            yield id_, "script", f"{share:.0%} of its letters are {' or '.join(scripts).lower()}"
        if _SPEAKS_AS_AI[lang].search(target) and not _ENGLISH_AI.search(source):
            yield id_, "disclaimer", "speaks as an AI model, which the English does not"
        if _SPREADSHEET_CELL.search(target) and not _SPREADSHEET_CELL.search(source):
            yield id_, "residue", "holds the name of a spreadsheet cell, which the English does not"
        if _category(id_) == "commonsense":
            lacking = [label for label in _LABELS if _has_label(label, source) and not _has_label(label, target)]
            if lacking:
                known = "a b c d " + _LOCAL_LABELS.get(lang, "")
                local = [label for label in known.split() if _has_local_label(label, target)]
                reason = f"no {', '.join(lacking)}"
                yield id_, "option labels", reason + (f"; has {', '.join(local)}" if local else "")


@cache
def _script(char: str) -> str:
    # 'CJK UNIFIED IDEOGRAPH-4E00', but 'KATAKANA-HIRAGANA PROLONGED SOUND MARK'.
    return re.split("[ -]", unicodedata.name(char, ""))[0]


@cache
def _label_pattern(label: str) -> re.Pattern[str]:
    # Not within a Latin word; Chinese and Japanese put no space before a label.
    return re.compile(rf"(?<![A-Za-zÀ-ſ]){label}\s?[-.:)।৷、．。：]")


def _has_label(label: str, text: str) -> bool:
    return bool(_label_pattern(label).search(text))


@cache
def _local_label_pattern(label: str) -> re.Pattern[str]:
    # After space or mark only: to `re`, vowel signs are no part of a word.
    return re.compile(rf"(?:^|(?<=[\s.:।৷।]))(?:{label})\s?[-.:)।৷]")


def _has_local_label(label: str, text: str) -> bool:
    return bool(_local_label_pattern(label).search(text))


def _folded(text: str) -> str:
    """Letters, marks and digits alone, without case: equal for texts that differ in punctuation and spaces."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(char for char in folded if unicodedata.category(char)[0] in "LMN")


def _words(text: str) -> list[str]:
    words = (word.strip(_MARKS + ",:،、-–—(") for word in text.casefold().split())
    return [word for word in words if word]


def _repeated_seeds(english: Mapping[str, str]) -> Notes:
    for ids in _groups(english, _folded):
        for id_ in ids:
            yield id_, "repeated", f"the same text as {_others(ids, id_)}"


def _repeated(lang: str, targets: Mapping[str, str], english: Mapping[str, str]) -> Notes:
    """Rows with the target of another row: to the letter, or nearly where the English has little in common."""
    for ids in _groups(targets, str):
        if len({_folded(english[id_]) for id_ in ids}) > 1:
            for id_ in ids:
                yield id_, "repeated", f"the same text as {_others(ids, id_)}, whose English differs"
    unspaced = lang in _UNSPACED
    by_category: defaultdict[str, list[tuple[frozenset[str], str]]] = defaultdict(list)
    for id_, target in targets.items():
        pieces = zip_longest(target, target[1:], fillvalue="") if unspaced else ()
        bag = frozenset(a + b for a, b in pieces) if unspaced else frozenset(_words(target))
        if len(bag) >= 5:
            by_category[_category(id_)].append((bag, id_))
    for rows in by_category.values():
        rows.sort(key=lambda row: (len(row[0]), row[1]))
        for number, (bag, id_) in enumerate(rows):
            for other_bag, other in rows[number + 1 :]:
                if len(bag) < 0.85 * len(other_bag):
                    break
                if _overlap(bag, other_bag) < 0.85 or targets[id_] == targets[other]:
                    continue
                if _overlap(frozenset(_words(english[id_])), frozenset(_words(english[other]))) < 0.3:
                    yield id_, "repeated", f"nearly the text of {other}, whose English differs"
                    yield other, "repeated", f"nearly the text of {id_}, whose English differs"


def _overlap(a: frozenset[str], b: frozenset[str]) -> float:
    shared = len(a & b)
    return shared / (len(a) + len(b) - shared)


def _groups(texts: Mapping[str, str], key: Any) -> Iterable[list[str]]:
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for id_, text in texts.items():
        if text:
            groups[key(text)].append(id_)
    return (ids for ids in groups.values() if len(ids) > 1)


def _others(ids: Sequence[str], id_: str) -> str:
    return ", ".join(other for other in ids if other != id_)


def _bodies(texts: Mapping[str, str]) -> dict[str, str]:
    """The texts, those of Commonsense without the closing instruction that nearly all of them share."""
    filled = [text for id_, text in texts.items() if _category(id_) == "commonsense" and text]
    closing = ""
    for size in range(1, min(map(len, filled), default=0)):
        ending, count = Counter(text[-size:] for text in filled).most_common(1)[0]
        if count < 0.9 * len(filled):
            break
        closing = ending
    closing = closing.lstrip(_MARKS + " ")
    return {
        id_: text.removesuffix(closing).rstrip() if _category(id_) == "commonsense" else text
        for id_, text in texts.items()
    }


def _cut_off(lang: str, bodies: Mapping[str, Mapping[str, str]]) -> Notes:
    """Rows that end before their end, or whose length is far from what the language makes of the English.

    A missing full stop alone says little. It counts where two thirds of the other languages have one and the row is
    also short or ends in a piece of a word: one that stands nowhere else and begins another word.
    """
    rows = bodies[lang]
    lengths = _length_scores(rows, bodies["en"])
    counts = Counter(word for text in rows.values() for word in _words(text))
    vocabulary = sorted(counts)
    for id_, score in lengths.items():
        text = rows[id_]
        ratio = f"{len(text)} characters for {len(bodies['en'][id_])}"
        if text[-1] not in _MARKS:
            others = [texts[id_][-1] in _MARKS for other, texts in bodies.items() if other != lang and texts[id_]]
            expected = 3 * sum(others) >= 2 * len(others)
            word = next(reversed(_words(text)), "")
            after = bisect_right(vocabulary, word)
            piece = (
                lang not in _UNSPACED
                and not any(char.isdigit() for char in word)
                and counts[word] == 1
                and after < len(vocabulary)
                and vocabulary[after].startswith(word)
            )
            if piece and (expected or score < _SHORT_MID_WORD):
                yield id_, "cut off", f"seems to end within a word; {ratio}"
                continue
            if expected and score < _SHORT_WITHOUT_END:
                yield id_, "cut off", f"ends without a full stop and short; {ratio}"
                continue
        if score < _SHORT:
            yield id_, "short", f"far shorter than the English; {ratio}"
        elif score > _LONG:
            yield id_, "long", f"far longer than the English; {ratio}"


def _length_scores(targets: Mapping[str, str], english: Mapping[str, str]) -> dict[str, float]:
    """By id, how many robust standard deviations the log length ratio is off the median; Commonsense apart."""
    scores: dict[str, float] = {}
    for apart in (False, True):
        ratios = {
            id_: math.log(len(target) / len(english[id_]))
            for id_, target in targets.items()
            if target and english[id_] and (_category(id_) == "commonsense") == apart
        }
        if ratios:
            median = statistics.median(ratios.values())
            # 1.4826 makes the median absolute deviation estimate a standard deviation; 0.1 is about the least measured.
            spread = max(0.1, 1.4826 * statistics.median(abs(ratio - median) for ratio in ratios.values()))
            scores.update({id_: (ratio - median) / spread for id_, ratio in ratios.items()})
    return scores
