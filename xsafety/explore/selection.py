"""Which rows are looked at, as the page's address says it, and how they are found in the file."""

import json
import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any
from urllib.parse import urlencode

PER_PAGE = 20

_ABOUT = "SELECT value FROM about WHERE name = '{}'"  # JSON
_MAIN = f"(SELECT value FROM json_each(({_ABOUT.format('main')})))"

# Written without spaces: each letter is a word, and words that are looked for are phrases.
_UNSPACED = re.compile(
    "([\u0e00-\u0eff\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff])"
)
_WORD = re.compile(r"\w")

FoundRow = dict[str, Any]


def spaced(text: str) -> str:
    """A text as its words are indexed: with spaces around each letter of scripts that are written without."""
    return _UNSPACED.sub(r" \1 ", text)


@dataclass(frozen=True)
class Selection:
    """Rows by what they are ('' for any) and by words, all of which must occur in them; `page` counts from 1.

    A verdict without a judge is that of any judge. `category` may be the part of them that counts in the main table.
    """

    model: str = ""
    lang: str = ""
    category: str = ""
    prompting: str = ""
    judge: str = ""
    verdict: str = ""
    status: str = ""
    refusal: str = ""
    differ: str = ""
    seed: str = ""
    words: str = ""
    page: int = 1

    @classmethod
    def of(cls, query: Mapping[str, str]) -> "Selection":
        """The selection that an address names; what it does not know is left out."""
        texts = {field.name: query[field.name].strip() for field in fields(cls) if query.get(field.name)}
        page = texts.pop("page", "1")
        return cls(**texts, page=max(1, int(page)) if page.isdecimal() and len(page) < 9 else 1)

    def address(self, **change: object) -> str:
        """The address of the selection, or of one that differs by `change`."""
        other = replace(self, **change)  # type: ignore[arg-type]
        return urlencode({name: value for name, value in vars(other).items() if value and (name, value) != ("page", 1)})

    def condition(self) -> tuple[str, list[str]]:
        """The condition on table `answers` in SQL, with its parameters."""
        parts, values = ["1"], []
        if self.category:
            parts.append(f"(category = ? OR ? = ({_ABOUT.format('main_part')}) AND category IN {_MAIN})")
            values += [self.category, json.dumps(self.category)]
        for name in ("model", "lang", "prompting", "status", "refusal", "differ", "seed"):
            if value := getattr(self, name):
                parts.append(f"{name} = ?")
                values.append(value)
        if self.verdict:
            parts.append("instr(judged, ?)")
            values.append(f"|{self.judge}:{self.verdict}|" if self.judge else f":{self.verdict}|")
        if phrases := [f'"{spaced(word)}"*' for word in self.words.replace('"', " ").split() if _WORD.search(word)]:
            parts.append("key IN (SELECT rowid FROM words WHERE words MATCH ?)")
            values.append(" ".join(phrases))
        return " AND ".join(parts), values


def keys_of(store: sqlite3.Connection, selection: Selection) -> list[int]:
    """The keys of all rows of a selection, whatever its page, in order."""
    where, values = selection.condition()
    found = store.cursor()
    found.row_factory = None
    return [key for (key,) in found.execute(f"SELECT key FROM answers WHERE {where} ORDER BY key", values)]


def every(store: sqlite3.Connection, wanted: Sequence[int]) -> Iterator[FoundRow]:
    """Rows by their keys, whole, read in parts."""
    for start in range(0, len(wanted), 500):
        yield from _whole(store, wanted[start : start + 500])


def beside(store: sqlite3.Connection, seed: str, prompting: str) -> list[FoundRow]:
    """The answers to one seed under one prompting method, in every language and by every model."""
    found = store.execute("SELECT key FROM answers WHERE seed = ? AND prompting = ? ORDER BY key", (seed, prompting))
    return list(every(store, [row["key"] for row in found]))


def _whole(store: sqlite3.Connection, keys: Sequence[int]) -> Iterator[FoundRow]:
    """Rows by their keys, in order, each with its texts, its query's provenance and `verdicts` by judge."""
    places = ",".join("?" * len(keys))
    verdicts: dict[int, dict[str, FoundRow]] = {key: {} for key in keys}
    for row in store.execute(f"SELECT * FROM verdicts WHERE answer IN ({places}) ORDER BY rowid", keys):
        verdicts[row["answer"]][row["judge"]] = dict(row)
    joined = "answers JOIN texts USING (key) LEFT JOIN queries USING (lang, seed)"
    for row in store.execute(f"SELECT * FROM {joined} WHERE key IN ({places}) ORDER BY key", keys):
        yield {**row, "verdicts": verdicts[row["key"]]}
