"""`python -m xsafety.release.readers FOLDER`: a release as others read it, by each reader that is installed.

It needs nothing else of the workflow; `make release` runs it in an environment of its own.
"""

import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path

Files = Mapping[str, str]
"""The Parquet file of each configuration, in the folder of the release."""

Rows = Iterator[tuple[str, int]]
"""Configurations, and how many rows each has."""


def _pandas(folder: Path, files: Files) -> Rows:
    import pandas

    for config, file in files.items():
        lines = pandas.read_json(folder / file.replace(".parquet", ".jsonl.gz"), lines=True)
        key = "id" if "id" in lines else "digest"
        assert list(lines[key]) == list(pandas.read_parquet(folder / file)[key])
        yield config, len(lines)


def _polars(folder: Path, files: Files) -> Rows:
    import polars

    yield from ((config, len(polars.read_parquet(folder / file))) for config, file in files.items())


def _duckdb(folder: Path, files: Files) -> Rows:
    import duckdb

    for config, file in files.items():
        [(count,)] = duckdb.sql(f"SELECT count(*) FROM '{folder / file}'").fetchall()
        yield config, count


def _datasets(folder: Path, files: Files) -> Rows:
    os.environ |= {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1"}
    from datasets import disable_progress_bars, get_dataset_default_config_name, load_dataset

    disable_progress_bars()
    with tempfile.TemporaryDirectory() as cache:

        def count(config: str) -> int:
            return len(load_dataset(str(folder), config, split="test", cache_dir=cache))

        yield from ((config, count(config)) for config in files)
        queries = sum(count(config) for config, file in files.items() if file.startswith("data/"))
        assert count("all") == queries
        assert get_dataset_default_config_name(str(folder)) in files


def _mlcroissant(folder: Path, files: Files) -> Rows:
    import mlcroissant

    described = mlcroissant.Dataset(folder / "croissant.json")
    assert not described.metadata.ctx.issues.errors, described.metadata.ctx.issues.report()
    yield from ((config, sum(1 for _ in described.records(config))) for config in files)


READERS: dict[str, Callable[[Path, Files], Rows]] = {
    "pandas": _pandas,
    "polars": _polars,
    "duckdb": _duckdb,
    "datasets": _datasets,
    "mlcroissant": _mlcroissant,
}


def read_by_all(folder: Path) -> dict[str, dict[str, int] | None]:
    """By reader, the rows of each configuration; None where it is not installed. Raises what a reader raises."""
    described = json.loads((folder / "croissant.json").read_text(encoding="utf-8"))
    files = {one["name"].removesuffix(".parquet"): one["contentUrl"] for one in described["distribution"]}
    return {name: dict(read(folder, files)) if find_spec(name) else None for name, read in READERS.items()}


if __name__ == "__main__":
    print(json.dumps(read_by_all(Path(sys.argv[1]))))
