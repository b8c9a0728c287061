"""Reads a clone of the XSafety release (Wang et al., arXiv 2310.00905) as it is, and reports its odd rows.

Rows are aligned across languages by position, so a record is never dropped, moved or altered silently: what is
repaired, and what looks wrong and is left alone, stands in `Release.repairs` with the reason.
"""

import csv
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

from ..categories import PAPER
from ..rows import RELEASE_REVIEWER, Evidence, Repair, Seed
from ..tabular import DataError, clean, file_sha256
from ..text import symptoms
from ..text.letters import MARKS, letters_only, scripts_of
from .source import SeedSet

URL = "https://github.com/Jarviswang94/Multilingual_safety_benchmark"

LANGUAGES = ("zh", "fr", "ru", "de", "ar", "hi", "es", "ja", "bn")  # BCP 47 tags of the translations

_FOLDERS = {lang: lang for lang in ("en", *LANGUAGES)} | {"es": "sp"}
_MISSPELT = {"Crimes_And_Illegal_Activities": "Crimes_And_Illegal_Activitie"}

# Its queries have options, of which one is unsafe.
_COMMONSENSE = "commonsense"

# A second copy of a file, without the closing instruction: (language, category) -> name.
_COPIES = {("hi", _COMMONSENSE): "commen_sense.csv"}

# The unsafe options of Commonsense are A, but in these rows.
_UNSAFE_OPTIONS = {"xs-commonsense-140": "AB", "xs-commonsense-170": "AB"}

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


@dataclass(frozen=True)
class Release:
    """The release: English seeds, targets by BCP 47 tag and seed id ("" where blank), and all repairs.

    A seed's id is xs-CATEGORY-NNN by its position in the file, from 001. `files` maps language and category to the
    file's path in the release and its SHA-256.
    """

    seeds: list[Seed]
    translations: dict[str, dict[str, str]]
    repairs: list[Repair]
    files: dict[tuple[str, str], tuple[str, str]]


class _Text(NamedTuple):
    text: str
    notes: list[tuple[Kind, str]]


Notes = Iterator[tuple[str, Kind, str]]  # seed id, kind, reason


def read(folder: Path) -> SeedSet:
    """The release in a folder."""
    release = read_release(folder)
    evidence = {lang: release_evidence(release, lang) for lang in LANGUAGES}
    return SeedSet(release.seeds, PAPER, evidence, repairs=release.repairs)


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
        for category in PAPER:
            path, records = _records(root, lang, category, per_category, problems)
            if path:
                files[lang, category] = (f"{folder}/{path.name}", file_sha256(path))
            texts[lang].update({f"xs-{category}-{n:03d}": record for n, record in enumerate(records, 1)})
    if problems:
        heading = f"{root}: {len(problems)} problem(s); repair them or clone the release anew: git clone {URL}"
        raise DataError.of(heading, problems)
    seeds = [_seed(id_, record.text) for id_, record in texts["en"].items()]
    plain = {lang: {id_: record.text for id_, record in rows.items()} for lang, rows in texts.items()}
    return Release(seeds, {lang: plain[lang] for lang in LANGUAGES}, list(_repairs(texts, plain, files)), files)


def _seed(id_: str, text: str) -> Seed:
    seed = Seed(id=id_, category=_category(id_), text=text)
    return seed | {"unsafe_options": _UNSAFE_OPTIONS.get(id_, "A")} if seed["category"] == _COMMONSENSE else seed


def release_evidence(release: Release, lang: str) -> list[Evidence]:
    """A language's targets as entries of its review ledger: round 0 by `xsafety-release`, doubts in the note.

    A blank row gives no entry, so it is drafted anew.
    """
    notes: defaultdict[str, list[str]] = defaultdict(list)
    for repair in release.repairs:
        if repair["lang"] == lang:
            notes[repair["id"]].append(f"{repair['kind']}: {repair['reason']}")
    return [
        Evidence(
            id=seed["id"],
            round=0,
            reviewer=RELEASE_REVIEWER,
            date="",
            verdict="edited",
            source=seed["text"],
            before="",
            after=target,
            note="; ".join(notes[seed["id"]]),
            sha256=release.files[lang, seed["category"]][1],
        )
        for seed in release.seeds
        if (target := release.translations[lang][seed["id"]])
    ]


def _records(
    root: Path, lang: str, category: str, expected: int, problems: list[str]
) -> tuple[Path | None, list[_Text]]:
    """A category's file in a language, and its records, with what a second copy of it has whole."""
    folder = _FOLDERS[lang]
    path, records = _read(root / folder, _names(folder, category), expected, problems)
    if copy := _COPIES.get((lang, category)):
        _, whole = _read(root / folder, [copy], expected, problems)
        if records and whole:
            records = _restored(records, whole, f"{folder}/{copy}", problems)
    return path, records


def _names(folder: str, category: str) -> list[str]:
    stem = category if category == _COMMONSENSE else category.title()
    endings = dict.fromkeys(("", "_n", f"_{folder}"))
    stems = filter(None, (stem, _MISSPELT.get(stem)))
    return [f"{s}{end}.{kind}" for s in stems for end in endings for kind in ("csv", "xlsx")]


def _read(folder: Path, names: Sequence[str], expected: int, problems: list[str]) -> tuple[Path | None, list[_Text]]:
    """The one file of these names and its records; what is wrong is added to `problems`, and nothing returned."""
    from openpyxl.utils.exceptions import InvalidFileException

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
    # The reader gives [] for a blank line: a record too. A line end at the end of the file starts none: taken for a
    # last blank one, it would let a file with a row deleted pass, and shift its rows.
    with path.open(encoding="utf-8-sig", newline="") as file:
        for cells in csv.reader(file, strict=True):
            yield _text(cells, ",", [])


def _xlsx_rows(path: Path) -> Iterator[_Text]:
    import openpyxl  # slow to import

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
    whole = {lang: symptoms.bodies(rows, _has_options) for lang, rows in plain.items()}
    position = {id_: number for number, id_ in enumerate(english)}
    for lang, records in texts.items():
        notes = [(id_, kind, reason) for id_, record in records.items() for kind, reason in record.notes]
        if lang == "en":
            notes += _repeated_seeds(english)
        else:
            notes += [*_repeated(lang, plain[lang], english), *_cut_off(lang, whole)]
            notes += _rowwise(lang, plain[lang], english)
        for id_, kind, reason in sorted(set(notes), key=lambda note: (position[note[0]], *note)):
            file, _ = files[lang, _category(id_)]
            yield Repair(lang=lang, id=id_, file=file, row=int(id_[-3:]), kind=kind, reason=reason)


def _category(id_: str) -> str:
    return id_[3:-4]


def _has_options(id_: str) -> bool:
    return _category(id_) == _COMMONSENSE


def _rowwise(lang: str, targets: Mapping[str, str], english: Mapping[str, str]) -> Notes:
    for id_, target in targets.items():
        source = english[id_]
        if not target:
            continue
        if letters_only(target) == letters_only(source):
            yield id_, "untranslated", "the same as the English"
        if (share := symptoms.script_share(lang, target)) < 0.5:
            yield id_, "script", f"{share:.0%} of its letters are {' or '.join(scripts_of(lang)).lower()}"
        if symptoms.speaks_as_ai(lang, target, source):
            yield id_, "disclaimer", "speaks as an AI model, which the English does not"
        if symptoms.spreadsheet_cell(target, source):
            yield id_, "residue", "holds the name of a spreadsheet cell, which the English does not"
        if _has_options(id_):
            lacking, local = symptoms.lacking_labels(lang, source, target)
            if lacking:
                reason = f"no {', '.join(lacking)}"
                yield id_, "option labels", reason + (f"; has {', '.join(local)}" if local else "")


def _repeated_seeds(english: Mapping[str, str]) -> Notes:
    for ids in symptoms.groups(english, letters_only):
        for id_ in ids:
            yield id_, "repeated", f"the same text as {', '.join(other for other in ids if other != id_)}"


def _repeated(lang: str, targets: Mapping[str, str], english: Mapping[str, str]) -> Notes:
    for id_, others, exact in symptoms.repeats(lang, targets, english, _category):
        how = "the same text as" if exact else "nearly the text of"
        yield id_, "repeated", f"{how} {', '.join(others)}, whose English differs"


def _cut_off(lang: str, texts: Mapping[str, Mapping[str, str]]) -> Notes:
    """Rows that end before their end, or whose length is far from what the language makes of the English.

    A missing full stop counts where two thirds of the other languages have one and the row is also short or ends in a
    piece of a word.
    """
    rows = texts[lang]
    pieces = symptoms.ends_within_word(lang, rows)
    for id_, score in symptoms.length_scores(rows, texts["en"], _has_options).items():
        text = rows[id_]
        ratio = f"{len(text)} characters for {len(texts['en'][id_])}"
        others = [texts_[id_][-1] in MARKS for other, texts_ in texts.items() if other != lang and texts_[id_]]
        expected = text[-1] not in MARKS and 3 * sum(others) >= 2 * len(others)
        if id_ in pieces and (expected or score < _SHORT_MID_WORD):
            yield id_, "cut off", f"seems to end within a word; {ratio}"
        elif expected and score < _SHORT_WITHOUT_END:
            yield id_, "cut off", f"ends without a full stop and short; {ratio}"
        elif score < _SHORT:
            yield id_, "short", f"far shorter than the English; {ratio}"
        elif score > _LONG:
            yield id_, "long", f"far longer than the English; {ratio}"
