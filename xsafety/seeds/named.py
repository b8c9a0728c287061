"""Named sources as one data set: their texts in the language of the seeds are the seeds, all others translations."""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..categories import Category, load_categories
from ..config.dataset import Dataset, NamedSource
from ..rows import GivenText, Repair, Seed
from ..tabular import DataError
from .mapping import Note, OriginText, Reading, digest_of, read_texts
from .source import SeedSet
from .tables import grouped, origin_digest

Item = tuple[OriginText, Sequence[OriginText]]
"""A seed and its translations."""


class _Problem(Exception):
    """What makes no data set of the texts of a source."""


@dataclass
class _Made:
    """A data set in the making."""

    seeds: dict[str, Seed] = field(default_factory=dict)
    categories: dict[str, Category] = field(default_factory=dict)
    given: list[GivenText] = field(default_factory=list)
    repairs: list[Repair] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def read_named(dataset: Dataset) -> SeedSet:
    """The data set of all named sources. Raises DataError with all that is wrong with them, source by source."""
    made, problems = _Made(), []
    for name, source in dataset.sources.items():
        try:
            _add(made, name, source, dataset.source)
        except DataError as error:
            told = str(error)
            problems.append(told if told.startswith("dataset.") else f"dataset.{name}: {told}")
        except _Problem as problem:
            problems.append(f"dataset.{name}: {problem}")
    if problems:
        raise DataError("\n".join(problems))
    given = sorted(made.given, key=lambda row: (row["lang"], row["id"]))
    return SeedSet(list(made.seeds.values()), made.categories, given=given, repairs=made.repairs, notes=made.notes)


def _add(made: _Made, name: str, source: NamedSource, language: str) -> None:
    reading = read_texts(name, source, language)
    items = list(_items(reading, language))
    keys = _categories(name, source, [seed for seed, _ in items], made.categories)
    digests = _digests(source, reading)
    ids: dict[tuple[str, str], str] = {}
    twice = []
    for seed, translations in items:
        row = _seed(name, seed, keys[_label(name, seed)])
        id = row["id"]
        if id in made.seeds:
            twice.append(f"{seed.place}: {id}")
        made.seeds[id] = row
        ids |= {(text.lang, text.place): id for text in (seed, *translations)}
        made.given += [
            GivenText(
                lang=text.lang,
                id=id,
                source=seed.text,
                text=text.text,
                status=source.translations.status,
                by=source.translations.by or f"{name}-translators",
                date=source.translations.date or "",
                sha256=digests[text.file],
            )
            for text in translations
        ]
    if twice:
        raise _Problem(grouped("id: two queries have the same; join columns that tell them apart", twice))
    made.repairs += [
        Repair(
            lang=text.lang,
            id=ids.get((text.lang, text.place)) or (f"{name}-{_part(text.group or text.id)}" if text.id else ""),
            file=text.where,
            row=text.row,
            kind=kind,
            reason=reason,
        )
        for text, kind, reason in reading.notes
    ]
    made.notes.append(_summary(name, reading, len(items)))
    if (origin := source.translations.source) not in (None, language):
        made.notes.append(f"{name}: its translations were made from {origin}, not from the seeds' {language}")


def _seed(name: str, text: OriginText, category: str) -> Seed:
    id, group = (f"{name}-{_part(one)}" for one in (text.id, text.group))
    row = Seed(id=id, category=category, text=text.text, dataset=name)
    if group != id:
        row["group"] = group
    if text.expected == "answer":
        row["expected"] = "answer"
    return row


def _items(reading: Reading, language: str) -> Iterator[Item]:
    """The seeds of a source with their translations, in the order of the rows; notes groups that have no seed."""
    groups: defaultdict[str, defaultdict[str, list[OriginText]]] = defaultdict(lambda: defaultdict(list))
    for text in reading.texts:
        groups[text.group][text.lang].append(text)
    unclear, found = [], 0
    for group, by_language in groups.items():
        seeds = by_language.pop(language, []) or _read_in(language, by_language.values())
        others = [*by_language.values()]
        found += len(seeds)
        if not seeds:
            [first, *_], *_ = others
            reading.notes.append(Note(first, "no source", f"no text in {language}, so nothing to translate from"))
        elif (items := _paired(group, seeds, others)) is None:
            unclear.append(f"{seeds[0].place}: {group!r}")
        else:
            yield from items
    if unclear:
        fix = "which is a translation of which? Join columns, as group: [id, type]"
        raise _Problem(grouped(f"group: several texts in one language; {fix}", unclear))
    if not found:
        there = Counter(text.lang for text in reading.texts).most_common()
        counts = ", ".join(f"{lang} ({number:,})" for lang, number in there)
        raise _Problem(f"no text in {language}, the language of the seeds; set dataset.source to one of: {counts}")


def _paired(group: str, seeds: Sequence[OriginText], others: Sequence[Sequence[OriginText]]) -> list[Item] | None:
    """The seeds of a group with their translations; None where nothing says which belong together."""
    if all(len(texts) == 1 for texts in (seeds, *others)):
        return [(seeds[0]._replace(id=group), [text for [text] in others])]
    # Variants of one query, each a seed; or the same query several times, each with its own translations.
    if not others or len({seed.text for seed in seeds}) == 1:
        return [(seed, [texts[at] for texts in others if at < len(texts)]) for at, seed in enumerate(seeds)]
    return None


def _read_in(language: str, others: Iterable[Sequence[OriginText]]) -> list[OriginText]:
    """A seed that only stands beside its translation, in the translation's row."""
    beside = (text for texts in others for text in texts if text.source_text)
    return [text._replace(lang=language, text=text.source_text) for text in [*beside][:1]]


def _label(name: str, text: OriginText) -> str:
    """The category in the origin's words; without any, the name of the source."""
    return text.category or name


def _categories(
    name: str, source: NamedSource, seeds: Sequence[OriginText], known: dict[str, Category]
) -> Mapping[str, str]:
    """The keys of a source's categories by their labels; the categories are added to those that are `known`.

    They are those of its file, or as found.
    """
    labels = {_label(name, seed): seed for seed in reversed(seeds)}
    labels = dict(sorted(labels.items(), key=lambda item: seeds.index(item[1])))
    if source.categories is None:
        keys = _slugs(labels)
        made = {key: Category(key, label, labels[label].scenario or label) for label, key in keys.items()}
    else:
        made = load_categories(Path(source.categories))
        words = {word.casefold(): key for key, one in made.items() for word in (one.name, key)}
        if lost := [f"{seed.place}: {label!r}" for label, seed in labels.items() if label.casefold() not in words]:
            raise _Problem(grouped(f"category: none of {source.categories}; add it there, or map it", lost))
        keys = {label: words[label.casefold()] for label in labels}
    for key, one in made.items():
        known.setdefault(key, one)
    return keys


def _slugs(labels: Mapping[str, object]) -> dict[str, str]:
    """A short key for each label, of small letters, digits and '_'."""
    slugs: dict[str, str] = {}
    for label in labels:
        ascii_only = unicodedata.normalize("NFKD", label).encode("ascii", "ignore").decode().lower()
        slug = re.sub(r"[^a-z0-9]+", "_", ascii_only).strip("_")
        lossy = not slug or len(slug) > 50 or slug in slugs.values()
        slugs[label] = f"{slug[:40]}_{digest_of(label)[:8]}".strip("_") if lossy else slug
    return slugs


def _part(id: str) -> str:
    """An id of the origin as the end of one of ours: as it is where that can be, else a digest."""
    short = re.sub(r"\s+", "_", id)
    return short if re.fullmatch(r"[A-Za-z0-9._-]{1,40}", short) else digest_of(id)


def _digests(source: NamedSource, reading: Reading) -> dict[str, str]:
    """What stands for each file: its SHA-256, or the revision on the hub."""
    return {file: origin_digest(source, file) for file in {text.file for text in reading.texts}}


def _summary(name: str, reading: Reading, seeds: int) -> str:
    kinds = Counter(note.kind for note in reading.notes)
    told = "".join(f"; {number:,} {kind}" for kind, number in kinds.items())
    langs = ", ".join(sorted({text.lang for text in reading.texts}))
    splits = Counter(text.split for text in reading.texts if text.split)
    of_splits = f"; by split: {', '.join(f'{split} {number:,}' for split, number in splits.items())}" if splits else ""
    return f"{name}: {seeds:,} queries, {len(reading.texts):,} texts in {langs}{of_splits}{told}"
