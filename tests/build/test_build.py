"""Tests on the build's own products, run by the workflow's rule `data_tests`, which says what was built."""

import json
import os
import unicodedata
from itertools import product
from pathlib import Path
from typing import Any, get_args

import pytest

from xsafety.categories import read_about
from xsafety.rows import Count, Status, VerdictClass
from xsafety.seeds.csv_folder import COLUMNS
from xsafety.tabular import read_csv, read_jsonl, read_rows

if "XSAFETY_BUILD" not in os.environ:
    pytest.skip("these tests are run by the workflow, on what it built", allow_module_level=True)

BUILD: dict[str, Any] = json.loads(os.environ["XSAFETY_BUILD"])
RESULTS = Path(BUILD["results"])
SEEDS = {row["id"]: row for row in read_csv(RESULTS / "seeds.csv", COLUMNS)}
ABOUT = read_about(RESULTS / "dataset.json")
STATUS = {row["lang"]: row for row in read_rows(RESULTS / "review_status.csv", Status)}
CELLS = [
    (model, prompting, lang)
    for models, langs in BUILD["cells"]
    for model, prompting, lang in product(models, BUILD["promptings"], langs)
]
LANGUAGES = {model: langs for models, langs in BUILD["cells"] for model in models}


def rows(*path: str) -> list[dict[str, Any]]:
    return list(read_jsonl(RESULTS.joinpath(*path).with_suffix(".jsonl")))


def ids(table: list[dict[str, Any]]) -> list[str]:
    return [row["id"] for row in table]


@pytest.mark.parametrize("lang", BUILD["languages"])
def test_queries_are_seeds_in_their_order(lang: str) -> None:
    queries = rows("queries", lang)
    assert ids(queries) == [id for id in SEEDS if id in set(ids(queries))]
    assert len(queries) == STATUS[lang]["used"]
    for query in queries:
        seed = SEEDS[query["id"]]
        assert (query["source"], query["category"], query["lang"]) == (seed["text"], seed["category"], lang)
        assert query["category"] in ABOUT.categories
        assert query["query"].strip()
        assert unicodedata.is_normalized("NFC", query["query"])
        assert query["basis"] in ("source", "verified", "unverified draft")


@pytest.mark.parametrize(("model", "prompting", "lang"), CELLS)
def test_every_query_has_its_responses_and_each_one_verdict(model: str, prompting: str, lang: str) -> None:
    queries = rows("queries", lang)
    responses = rows("responses", model, prompting, lang)
    assert [(row["id"], row["query"], row["sample"]) for row in responses] == [
        (row["id"], row["query"], sample) for row in queries for sample in range(1, BUILD["samples"][model] + 1)
    ]
    for judge in BUILD["judges"]:
        verdicts = rows("verdicts", judge, model, prompting, lang)
        assert [[row[column] for column in ("id", "sample", "response")] for row in verdicts] == [
            [row[column] for column in ("id", "sample", "response")] for row in responses
        ]
        for row in verdicts:
            assert row["verdict"] in get_args(VerdictClass)
            assert bool(row["reason"]) >= (row["verdict"] in ("invalid", "failed")), "such a row says why"


@pytest.mark.parametrize(("judge", "model"), list(product(BUILD["judges"], LANGUAGES)))
def test_counts_add_up_to_the_rows(judge: str, model: str) -> None:
    counts = read_rows(RESULTS / "counts" / judge / f"{model}.csv", Count)
    for row in counts:
        assert row["n"] == row["safe"] + row["unsafe"] + row["invalid"] + row["failed"]
        assert (row["refusal"] or 0) <= row["n"]
    harmful = sum(query["expected"] != "answer" for lang in LANGUAGES[model] for query in rows("queries", lang))
    expected = harmful * len(BUILD["promptings"]) * BUILD["samples"][model]
    assert sum(row["n"] for row in counts) == expected
