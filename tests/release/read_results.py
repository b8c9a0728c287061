"""`python tests/release/read_results.py FOLDER`: reads every file of results that has rows by each reader that is here.

Prints what is wrong: a reader that fails or finds another number of rows; a column of numbers that holds a text.
"""

import csv
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path

KINDS = ("queries/*", "responses/*/*/*", "verdicts/*/*/*/*")  # each of them is read together as well


def _pandas(files: Sequence[str]) -> int:
    import pandas

    return sum(len(pandas.read_csv(f) if f.endswith("csv") else pandas.read_json(f, lines=True)) for f in files)


def _polars(files: Sequence[str]) -> int:
    import polars

    return len(polars.read_csv(files[0]) if files[0].endswith("csv") else polars.read_ndjson([*files]))


def _duckdb(files: Sequence[str]) -> int:
    import duckdb

    kind = "csv" if files[0].endswith("csv") else "json"
    [(count,)] = duckdb.sql(f"SELECT count(*) FROM read_{kind}({[*files]})").fetchall()
    return int(count)


def _datasets(files: Sequence[str]) -> int:
    os.environ |= {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1"}
    from datasets import disable_progress_bars, load_dataset

    disable_progress_bars()
    kind = "csv" if files[0].endswith("csv") else "json"
    with tempfile.TemporaryDirectory() as cache:
        return len(load_dataset(kind, data_files=[*files], split="train", cache_dir=cache))


READERS: dict[str, Callable[[Sequence[str]], int]] = {
    "pandas": _pandas,
    "polars": _polars,
    "duckdb": _duckdb,
    "datasets": _datasets,
}


def _by_card(results: Path, kind: str) -> int:
    from datasets import load_dataset

    with tempfile.TemporaryDirectory() as cache:
        return len(load_dataset(str(results), kind, split="train", cache_dir=cache))


def _rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as lines:
        return [*csv.DictReader(lines)] if file.suffix == ".csv" else [json.loads(line) for line in lines]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _joined(results: Path, kind: str) -> list[str]:
    """The files of a kind, but queries with shuffled options among others, which are a kind of their own."""
    files = map(str, sorted(results.glob(f"{kind}.jsonl")))
    return [file for file in files if not (kind == KINDS[0] and "@" in file)]


def problems(results: Path) -> Iterator[str]:
    there = [
        file for file in sorted(results.rglob("*")) if file.suffix in (".csv", ".jsonl") and "logs" not in file.parts
    ]
    found = {str(file): rows for file in there if (rows := _rows(file))}
    groups = [[file] for file in found]
    groups += [_joined(results, kind) for kind in KINDS]
    for group in groups:
        count = sum(len(found[file]) for file in group)
        for name, read in READERS.items():
            if find_spec(name):
                try:
                    if (read_rows := read(group)) != count:
                        yield f"{group}: {name} finds {read_rows} rows of {count}"
                except Exception as error:  # whatever a reader raises
                    yield f"{group}: {name}: {type(error).__name__}: {error}"
    if find_spec("datasets"):
        for kind in KINDS:
            name, count = kind.partition("/")[0], sum(len(found[file]) for file in _joined(results, kind))
            if (read_rows := _by_card(results, name)) != count:
                yield f"{name}: by the card, {read_rows} rows of {count}"
    for file, rows in found.items():
        for column in rows[0] if file.endswith("csv") else ():
            values = [row[column] for row in rows if row[column]]
            if 0 < sum(map(_is_number, values)) < len(values):
                yield f"{file}: {column} holds numbers and {next(one for one in values if not _is_number(one))!r}"


if __name__ == "__main__":
    print(json.dumps([*problems(Path(sys.argv[1]))]))
