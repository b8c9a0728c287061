"""Builds a release: all its files, from a language's rows to the checksums."""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..categories import About
from ..config.release import Beside, DataRelease
from ..rows import Check, Draft, Evidence, Query, ReleaseRow
from ..tabular import DataError, whole_folder, write_json, write_text
from ..text.languages import language
from .answers import ANSWER_KINDS, ReleasedQueries, answer_rows
from .card import Numbers, Reviewed, card, citation, warning
from .changes import Released, changes_told, read_released, release_changes
from .checksums import write_sums
from .columns import json_schema
from .croissant import croissant
from .files import Part, write_released
from .inspection import inspect_release
from .licences import licence_url
from .provenance import AskedProvenance, DataProvenance
from .released import Omission, canary, release_rows


@dataclass(frozen=True)
class LanguageRows:
    """What the rows of a language are made of; the source language has queries alone."""

    tag: str
    queries: Sequence[Query]
    ledger: Sequence[Evidence] = ()
    memory: Mapping[str, Draft] | None = None
    checks: Sequence[Check] = ()


@dataclass(frozen=True)
class Papers:
    """What goes with the rows: licences of the sources by name, reviews, provenance, an older release, answers."""

    licences: Mapping[str, str | None]
    reviewed: Reviewed
    provenance: DataProvenance
    about: About
    older: Released | None = None
    licence_text: str | None = None
    answers: Mapping[Beside, Sequence[Path]] = field(default_factory=dict)  # files of what stands beside the rows
    asked: AskedProvenance | None = None  # of these
    references: Mapping[str, str] = field(default_factory=dict)  # to the sources, by name


def build_release(release: DataRelease, languages: Iterable[LanguageRows], papers: Papers, out: Path) -> list[Omission]:
    """Makes a release in place of the folder `out`, and gives what is left out.

    Raises DataError with all that is wrong with it, and leaves the folder as it was.
    """
    with whole_folder(out) as partial:
        return _build(release, languages, papers, partial)


def _build(release: DataRelease, languages: Iterable[LanguageRows], papers: Papers, out: Path) -> list[Omission]:
    parts: list[Part] = []
    left_out: list[Omission] = []
    texts: set[str] = set()
    numbers = Numbers.nothing()
    queries = ReleasedQueries(canary(release.name), release.include_text)
    for one in languages:
        rows, without = release_rows(release, papers.licences, one.queries, one.ledger, one.memory or {}, papers.about)
        left_out += without
        if rows:
            number = write_released(out / "data" / one.tag, ReleaseRow, rows)
            parts.append(Part(one.tag, ReleaseRow, "data", f"queries in {language(one.tag).name}", number))
            queries.add(one.tag, one.queries, rows)
            numbers.add(rows, {check["id"] for check in one.checks if check["flagged"] == "yes"})
        if release.redacted:
            texts |= {text for row in one.queries for text in (row["query"], row["source"])}
    if not parts:
        raise DataError.of(f"release {release.name}: no row may be in it", [str(one) for one in left_out])
    for what in dict.fromkeys(release.include):
        kind, about, _ = ANSWER_KINDS[what]
        number = write_released(out / "answers" / what, kind, answer_rows(what, papers.answers[what], queries))
        if number:
            parts.append(Part(what, kind, "answers", about, number))
        else:
            left_out.append(Omission(what, 0, "there are none on released queries"))
    _write_papers(release, parts, numbers, left_out, papers, out)
    write_sums(out, canary(release.name))
    if problems := inspect_release(out, release, parts, texts, _places()):
        raise DataError.of(f"release {release.name}: {len(problems)} problem(s)", problems)
    return left_out


def _places() -> list[Path]:
    """The folders of this machine that no release may name."""
    return [place for place in (Path(os.environ.get("HOME", "/")), Path.cwd()) if place != place.parent]


def _changes(release: DataRelease, older: Released | None, out: Path) -> str:
    if not older:
        return f"# {release.folder} {release.version}\n\nNo older release to compare with was named.\n"
    return changes_told(release_changes(older, read_released(out)), release.folder, release.version)


def _write_papers(
    release: DataRelease,
    parts: Sequence[Part],
    numbers: Numbers,
    left_out: Sequence[Omission],
    papers: Papers,
    out: Path,
) -> None:
    mark = canary(release.name)
    sources = {
        "licences": papers.licences,
        "references": papers.references,
        "commit": papers.provenance["code"]["commit"],
    }
    licence = papers.licence_text or f"SPDX-License-Identifier: {release.licence}\n{licence_url(release.licence)}\n"
    write_text(out / "README.md", card(release, parts, numbers, papers.reviewed, left_out, sources))
    write_text(out / "CITATION.cff", citation(release))
    write_text(out / "CHANGES.md", f"{_changes(release, papers.older, out)}\nCanary: {mark}\n")
    write_text(out / "LICENSE", f"{licence}\nCanary: {mark}\n")
    write_json(out / "croissant.json", croissant(release, warning(numbers), parts, out))
    write_json(out / "schema.json", json_schema({part.rows_of: part.kind for part in parts}, mark))
    write_json(out / "provenance.json", {**papers.provenance, **(papers.asked or {}), "canary": mark})


def in_order(tags: Iterable[str], source: str) -> list[str]:
    """Languages, the seeds' own first."""
    return sorted(tags, key=lambda tag: (tag != source, tag))
