"""Reads the seed queries from where the configuration says they are."""

from collections.abc import Mapping
from pathlib import Path

from ..rows import Seed
from .csv_folder import read_seeds
from .release import Release, read_release


def read_dataset(dataset: Mapping[str, str | None]) -> tuple[list[Seed], Release | None]:
    """The seed queries, sorted by id, and the release that they are from, if any."""
    if not dataset["xsafety"]:
        return sorted(read_seeds(Path(str(dataset["seeds"]))), key=lambda seed: seed["id"]), None
    release = read_release(Path(dataset["xsafety"]))
    return sorted(
        (Seed(id=seed.id, category=seed.category, text=seed.text) for seed in release.seeds),
        key=lambda seed: seed["id"],
    ), release
