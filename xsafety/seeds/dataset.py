"""The register of sources of data sets, and the data set that a configuration names."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ..config.dataset import Dataset
from ..rows import Seed
from . import csv_folder, release
from .language import look_at_language
from .named import read_named
from .source import SeedSet, Source
from .tables import files_of, found_files

# Folders, by their keys in the block `dataset` of the configuration.
SOURCES = {
    "seeds": Source(csv_folder.read, ("*.csv", "categories.yaml")),
    "xsafety": Source(release.read, ("*/*.csv", "*/*.xlsx"), release.LANGUAGES),
}


def read_dataset(dataset: Dataset) -> SeedSet:
    """The data set that is configured, its seeds sorted by id. Raises DataError with all that is wrong with it."""
    found = as_it_stands(dataset)
    named: list[Seed] = [{"dataset": dataset.kind, **seed} for seed in found.seeds]
    seeds = sorted(named, key=lambda seed: seed["id"])
    return replace(found, seeds=seeds, notes=[*found.notes, *look_at_language(seeds, dataset.source)])


def as_it_stands(dataset: Dataset) -> SeedSet:
    """The data set that is configured, its seeds in the order of its files and rows. Raises DataError likewise."""
    return read_named(dataset) if dataset.sources else SOURCES[dataset.kind].read(Path(dataset.folder))


def origin_files(dataset: Dataset) -> list[Path]:
    """The files that a data set is read from, sorted within each source."""
    if not dataset.sources:
        return [
            file for pattern in SOURCES[dataset.kind].files for file in found_files(Path(dataset.folder).glob(pattern))
        ]
    return [
        file
        for source in dataset.sources.values()
        for file in (*files_of(source), *map(Path, [source.categories] if source.categories else []))
    ]


def evidence_languages(dataset: Dataset) -> Sequence[str]:
    """The languages of a folder whose translations come along; those of named sources are known when they are read."""
    return () if dataset.sources else sorted(SOURCES[dataset.kind].languages)
