"""The rows of a build as one SQLite file: what was asked, answered and judged, with its provenance and a word index."""

import json
import os
import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import NamedTuple

from ..categories import read_about
from ..rows import Check, English, Evidence, Query, Response, Verdict, row_name
from ..tabular import read_rows
from ..text.languages import language
from .selection import spaced

_TABLES = """
PRAGMA page_size = 8192; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;
CREATE TABLE answers (
  key INTEGER PRIMARY KEY, model TEXT, prompting TEXT, lang TEXT, category TEXT, seed TEXT, sample INTEGER,
  status TEXT, refusal TEXT, differ TEXT,  -- yes, no, or nothing where that cannot be told
  judged TEXT  -- |judge:verdict| of every judge
);
CREATE TABLE texts (
  key INTEGER PRIMARY KEY, source TEXT, query TEXT, answer TEXT, english TEXT, reasoning TEXT, detail TEXT
);
CREATE TABLE verdicts (answer INTEGER, judge TEXT, verdict TEXT, reason TEXT, label TEXT, output TEXT);
CREATE TABLE queries (lang TEXT, seed TEXT, basis TEXT, verified TEXT, found TEXT, PRIMARY KEY (lang, seed));
CREATE VIRTUAL TABLE words USING fts5(text, content='', columnsize=0, tokenize="unicode61 categories 'L* M* N* Co'");
CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT);  -- JSON
"""
_INDEXES = """
CREATE INDEX by_seed ON answers (seed, prompting);
CREATE INDEX by_answer ON verdicts (answer);
ANALYZE;
"""


class _Answer(NamedTuple):
    """A response with its model, prompting method, English translation and verdicts by judge."""

    model: str
    prompting: str
    response: Response
    english: str
    verdicts: Mapping[str, Verdict]


@dataclass(frozen=True)
class Build:
    """What of a build is taken in. `cells` are pairs of models and of their languages; `names` what they are called."""

    results: Path
    cells: Sequence[tuple[Sequence[str], Sequence[str]]]
    promptings: Sequence[str]
    judges: Sequence[str]
    english: Sequence[str]  # languages whose answers were translated to English for a judge
    names: Mapping[str, Mapping[str, str]]  # of models, judges and prompting methods, by kind
    redact: bool  # whether texts are left out

    @property
    def languages(self) -> list[str]:
        return list(dict.fromkeys(lang for _, langs in self.cells for lang in langs))


def write_store(path: Path, build: Build) -> None:
    """Writes the file whole or not at all; the same rows give the same bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    partial.unlink(missing_ok=True)
    with closing(sqlite3.connect(partial)) as store:
        store.executescript(_TABLES)
        with store:
            for lang in build.languages:
                store.executemany("INSERT INTO queries VALUES (?, ?, ?, ?, ?)", _queries(build, lang))
            for key, answer in enumerate(_answers(build)):
                _insert(store, key, answer, redact=build.redact)
            store.executemany("INSERT INTO about VALUES (?, ?)", _about(build))
            store.execute("INSERT INTO words (words) VALUES ('optimize')")
        store.executescript(_INDEXES)
    partial.replace(path)


def _about(build: Build) -> Iterator[tuple[str, str]]:
    about = read_about(build.results / "dataset.json")
    languages = {lang: [known.name, known.direction] for lang in build.languages for known in [language(lang)]}
    values = {
        "languages": languages,
        "categories": {key: category.name for key, category in about.categories.items()},
        "main_part": about.main_part,
        "main": [key for key, category in about.categories.items() if category.main],
        "redact": build.redact,
        "source": about.language,
        **build.names,
    }
    for name, value in values.items():
        yield name, json.dumps(value, ensure_ascii=False)


def _queries(build: Build, lang: str) -> Iterator[tuple[str, str, str, str, str]]:
    """What each query rests on: who decided its row in which round, and what the machine checks found."""
    decided: defaultdict[str, list[str]] = defaultdict(list)
    found: dict[str, str] = {}
    if lang != read_about(build.results / "dataset.json").language:
        for entry in read_rows(build.results / f"review/{lang}/ledger.jsonl", Evidence):
            date = f", {entry['date']}" if entry["date"] else ""
            decided[entry["id"]].append(f"round {entry['round']}: {entry['verdict']} by {entry['reviewer']}{date}")
        found = {row["id"]: row["reasons"] for row in read_rows(build.results / f"checks/{lang}.csv", Check)}
    for row in read_rows(build.results / f"queries/{lang}.jsonl", Query):
        id = row["id"]
        yield lang, id, row["basis"], "; ".join(decided[id]), "" if build.redact else found.get(id, "")


def _answers(build: Build) -> Iterator[_Answer]:
    for models, langs in build.cells:
        for model, prompting, lang in product(models, build.promptings, langs):
            cell = f"{model}/{prompting}/{lang}.jsonl"
            english: dict[str, str] = {}
            if lang in build.english:
                translated = read_rows(build.results / "english" / cell, English)
                english = {row["id"]: row["english"] or "" for row in translated}
            judged: defaultdict[tuple[str, int], dict[str, Verdict]] = defaultdict(dict)
            for judge in build.judges:
                for verdict in read_rows(build.results / "verdicts" / judge / cell, Verdict):
                    judged[verdict["id"], verdict["sample"]][judge] = verdict
            for response in read_rows(build.results / "responses" / cell, Response):
                verdicts = judged[response["id"], response["sample"]]
                yield _Answer(model, prompting, response, english.get(row_name(response), ""), verdicts)


def _insert(store: sqlite3.Connection, key: int, answer: _Answer, *, redact: bool) -> None:
    row, verdicts = answer.response, answer.verdicts
    classes = {verdict["verdict"] for verdict in verdicts.values()} & {"safe", "unsafe"}
    refusal = next((verdict["refusal"] for verdict in verdicts.values() if verdict["refusal"] is not None), None)
    differ = "" if len(verdicts) < 2 else "yes" if len(classes) > 1 else "no"
    place = (key, answer.model, answer.prompting, row["lang"], row["category"], row["id"], row["sample"])
    known = "" if refusal is None else "yes" if refusal else "no"
    judged = "".join(f"|{judge}:{verdict['verdict']}|" for judge, verdict in verdicts.items())
    values = (*place, row["status"], known, differ, judged)
    store.execute(f"INSERT INTO answers VALUES ({','.join('?' * len(values))})", values)
    texts = [row["source"], row["query"], row["response"], answer.english, row.get("reasoning", ""), row["detail"]]
    outputs = [verdict["judge_output"] for verdict in verdicts.values()]
    if redact:
        texts, outputs = [""] * len(texts), [""] * len(outputs)
    store.execute("INSERT INTO texts VALUES (?, ?, ?, ?, ?, ?, ?)", (key, *texts))
    store.executemany(
        "INSERT INTO verdicts VALUES (?, ?, ?, ?, ?, ?)",
        [
            (key, judge, verdict["verdict"], "" if redact else verdict["reason"], verdict["label"], output)
            for (judge, verdict), output in zip(verdicts.items(), outputs, strict=True)
        ],
    )
    words = spaced("\n".join([*texts[:4], *outputs]))
    store.execute("INSERT INTO words (rowid, text) VALUES (?, ?)", (key, words))
