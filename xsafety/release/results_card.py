"""`README.md` of results: which files hold the rows of a kind, and of what types their columns are.

By it `datasets.load_dataset(RESULTS, KIND)` joins them; of the first file alone it could not tell the type of a column
that holds nothing there.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, get_type_hints

import yaml

from ..rows import Choice, Query, Response, ShuffledQuery, Verdict
from .columns import ColumnType, column_type

_TYPES: Mapping[ColumnType, dict[str, str]] = {
    "text": {"dtype": "string"},
    "number": {"dtype": "int64"},
    "fraction": {"dtype": "float64"},
    "yes or no": {"dtype": "bool"},
    "list of texts": {"list": "string"},
}


class RowKind(NamedTuple):
    """A kind of rows and its files, relative to the folder of results."""

    name: str
    kind: type[Mapping[str, Any]]
    files: Sequence[str]


def row_kinds(
    cells: Sequence[tuple[Sequence[str], Sequence[str]]],
    promptings: Sequence[str],
    judges: Sequence[str],
    *,
    choices: bool,
) -> list[RowKind]:
    """The kinds of rows in results, none without any; what models and judges of older configurations left is none.

    `cells` are groups of models and the languages that each of them has; `choices`: whether a judge reads these.
    """
    languages = list(dict.fromkeys(lang for _, langs in cells for lang in langs))
    if not languages:
        return []  # a reader looks for all files, whichever kind it is to load
    # Responses to shuffled queries lie beside those to the others.
    files = [
        f"{model}/{prompting}/{lang}.jsonl"
        for models, langs in cells
        for model in models
        for prompting in promptings
        for lang in (langs if choices else ["*"])
    ]
    kinds = [
        RowKind("queries", Query, [f"queries/{lang}.jsonl" for lang in languages]),
        RowKind("responses", Response, [f"responses/{file}" for file in files]),
        RowKind("verdicts", Verdict, [f"verdicts/{judge}/{file}" for judge in judges for file in files]),
    ]
    if not choices:
        return kinds
    shuffled = RowKind("shuffled", ShuffledQuery, ["queries/*@shuffled.jsonl"])
    return [*kinds, shuffled, RowKind("choices", Choice, ["choices/*/*.jsonl"])]


def results_card(kinds: Sequence[RowKind]) -> str:
    """The card: a header as hubs of data sets read it, and how to load each kind."""
    header = {
        "configs": [{"config_name": one.name, "data_files": [*one.files]} for one in kinds],
        "dataset_info": [{"config_name": one.name, "features": _features(one.kind)} for one in kinds],
    }
    return (
        f"---\n{yaml.safe_dump(header, sort_keys=False)}---\n\n"
        f"`datasets.load_dataset(FOLDER, KIND)` loads all rows of a kind from this folder:"
        f" {', '.join(one.name for one in kinds)}. DuckDB reads all their files as they are; polars one by one, and"
        ' joins them by `polars.concat(tables, how="diagonal_relaxed")`.\n'
    )


def _features(kind: type[Mapping[str, Any]]) -> list[dict[str, str]]:
    return [{"name": name, **_TYPES[column_type(hint)]} for name, hint in get_type_hints(kind).items()]
