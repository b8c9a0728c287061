"""The register of sources of data sets, and the data set that a configuration names."""

from dataclasses import replace
from pathlib import Path

from ..config.dataset import Dataset
from . import csv_folder, release
from .source import SeedSet, Source

# By their keys in the block `dataset` of the configuration.
SOURCES = {
    "seeds": Source(csv_folder.read, ("*.csv",)),
    "xsafety": Source(release.read, ("*/*.csv", "*/*.xlsx"), release.LANGUAGES),
}


def read_dataset(dataset: Dataset) -> SeedSet:
    """The data set that is configured, its seeds sorted by id. Raises DataError with all that is wrong with it."""
    found = SOURCES[dataset.source].read(Path(dataset.folder))
    return replace(found, seeds=sorted(found.seeds, key=lambda seed: seed["id"]))
