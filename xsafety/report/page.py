"""The report: one HTML page, complete in itself, that says what was verified before it shows any number.

It arranges what the tables hold and computes no rate of its own. The same input gives the same bytes: no dates, no
paths of this machine.
"""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import sqrt
from pathlib import Path
from typing import Any

import jinja2

from ..categories import BY_KEY, CATEGORIES
from ..rows import Status
from ..tabular import read_csv
from ..text.languages import SOURCE_LANGUAGE, Language, language
from ..verification.agreement import EVERYONE, REMOVED
from ..verification.waiting import file_words, state_words, todo_words
from .tables import ALL, AVE, CATEGORY_COLUMNS, CELL_COLUMNS, NONE, PROMPTING_COLUMNS, is_unverified, rounded
from .usage import TOKENS, TRIES

HEAT_BINS = (0, 5, 10, 20, 30, 50, 75)
"""Upper edges, in percent, of the heat map's colours: 0 itself, then up to 5 and so on; above the last one more."""


MANY = 12
"""Longer lists of languages are given as their number, and longer tables of them scroll."""


COUNTED = ("answers", *TOKENS, "cost", *TRIES, "minutes")


@dataclass(frozen=True)
class JudgeTables:
    """The tables of one judge, as `scripts/tables.py` writes them; every value is text."""

    name: str
    main: Sequence[Mapping[str, str]]
    with_commonsense: Sequence[Mapping[str, str]]
    categories: Sequence[Mapping[str, str]]
    promptings: Sequence[Mapping[str, str]]
    cells: Sequence[Mapping[str, str]]

    @property
    def models(self) -> list[str]:
        return [column for column in self.main[0] if column not in ("lang", ALL, "basis")]


def read_judge(name: str, folder: Path) -> JudgeTables:
    """The tables in `folder`. Raises DataError for a table that lacks a column."""
    return JudgeTables(
        name,
        main=read_csv(folder / "unsafe_rate.csv", ("lang", ALL, "basis")),
        with_commonsense=read_csv(folder / "unsafe_rate_with_commonsense.csv", ("lang", ALL, "basis")),
        categories=read_csv(folder / "by_category.csv", CATEGORY_COLUMNS),
        promptings=read_csv(folder / "by_prompting.csv", PROMPTING_COLUMNS),
        cells=read_csv(folder / "cells.csv", CELL_COLUMNS),
    )


@dataclass(frozen=True)
class Verification:
    """What is known of the translations: rows of review_status.csv, modification_rates.csv and agreement.csv."""

    status: Sequence[Status]
    rates: Sequence[Mapping[str, str]] = ()
    agreement: Sequence[Mapping[str, str]] = ()


@dataclass(frozen=True)
class Column:
    """A language as the tables show it; `unverified`: machine drafts that nobody verified are among its queries."""

    tag: str
    language: Language
    unverified: bool


@dataclass(frozen=True)
class Cell:
    """One value with what stands small below it."""

    text: str
    note: str = ""
    css: str = ""


def percent(text: str) -> str:
    """A rate of a tidy table with one decimal; '-' where there is none."""
    return rounded(Decimal(text)) if text else NONE


def change(text: str) -> str:
    """A change in percentage points, with its sign."""
    if not text:
        return NONE
    points = Decimal(percent(text))
    sign = "+" if points > 0 else "−" if points < 0 else "±"
    return f"{sign}{abs(points)}"


def kappa(text: str) -> str:
    """A coefficient of agreement with two decimals; '-' where it is undefined."""
    return f"{Decimal(text):.2f}".replace("-", "−") if text else NONE


def heat(text: str) -> str:
    """The CSS class of a rate in the heat map; none where there is no rate."""
    return f"h{sum(Decimal(text) > edge for edge in HEAT_BINS)}" if text else ""


def printable(text: str) -> str:
    """Text for a page: control characters and lone surrogates, which HTML forbids, as U+FFFD."""
    return "".join(c if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs") else "\ufffd" for c in text)


def _columns(judge: JudgeTables, status: Mapping[str, Status]) -> list[Column]:
    tags = [row["lang"] for row in judge.main if row["lang"] != AVE]
    return [Column(tag, language(tag), is_unverified(status[tag]["basis"])) for tag in tags]


def _status(status: Iterable[Status]) -> list[dict[str, Any]]:
    rows = []
    for row in status:
        source = row["basis"] == "source"
        if not row["used"]:
            kind, says = "waits", "not evaluated"
        elif source:
            kind, says = "source", "source text"
        elif is_unverified(row["basis"]):
            kind, says = "unverified", row["basis"]
        else:
            kind, says = "verified", "verified by people"
        looks = {"verified": "verified", "source": "source", "bad sheet": "unsafe", "stale": "unverified"}
        words = {"state": state_words(row), "todo": [todo_words(todo) for todo in row["waits_for"]]}
        shown = {"language": language(row["lang"]), "is_source": source, "kind": kind, "says": says}
        more = {"stage": row["state"], "look": looks.get(row["state"], "waits"), "file": file_words(row)}
        rows.append({**row, **shown, **words, **more})
    return rows


def _gate(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The rows to show, those to fold away because they wait for nobody, and how many languages are in which state."""
    done = [row for row in rows if not row["todo"]]
    folded = done if 3 < len(done) < len(rows) else []
    return {
        "shown": [row for row in rows if row not in folded],
        "folded": folded,
        "waits": len(done) < len(rows),
        "stages": Counter(row["stage"] for row in rows if not row["is_source"]).most_common(),
    }


def _changes(rates: Sequence[Mapping[str, str]], langs: Iterable[str]) -> dict[str, Any] | None:
    """Modification rates by language and round, by safety issue and round, and by reviewer; None without evidence.

    A cell is a row of the table, with the names of its `reviewers`, or None.
    """
    if not rates:
        return None
    rounds = sorted({int(row["round"]) for row in rates})
    by_reviewer = [row for row in rates if row["category"] == ALL and row["reviewer"] != EVERYONE]
    names: dict[tuple[str, str], list[str]] = {}
    for row in by_reviewer:
        names.setdefault((row["lang"], row["round"]), []).append(row["reviewer"])
    cells = {
        (row["lang"], row["category"], int(row["round"])): {**row, "reviewers": names[row["lang"], row["round"]]}
        for row in rates
        if row["reviewer"] == EVERYONE
    }
    tags = {row["lang"] for row in rates}
    order = {lang: place for place, lang in enumerate(lang for lang in langs if lang in tags)}
    reviewers = sorted((row for row in by_reviewer if row["lang"] in order), key=lambda row: order[row["lang"]])
    issues = {**{key: category.name for key, category in BY_KEY.items()}, REMOVED: "of queries that are no more"}
    by_issue = {name: [cells.get((ALL, key, number)) for number in rounds] for key, name in issues.items()}
    return {
        "rounds": rounds,
        "rows": [(language(lang), [cells.get((lang, ALL, number)) for number in rounds]) for lang in order],
        "together": [cells.get((ALL, ALL, number)) for number in rounds] if len(order) > 1 else [],
        "issues": [(name, line) for name, line in by_issue.items() if any(line)],
        "reviewers": [(language(row["lang"]), row) for row in reviewers],
    }


def _bounds(cell: Mapping[str, str]) -> str:
    """How many verdicts are invalid and what that leaves open; empty if none is."""
    if cell["invalid"] == "0":
        return ""
    if not cell["unsafe_rate"]:
        return f"all {cell['n']} invalid"
    return f"{cell['invalid']} invalid: {percent(cell['lower'])}–{percent(cell['upper'])}"


def _main(
    table: Sequence[Mapping[str, str]], judge: JudgeTables, columns: Sequence[Column], first: str, commonsense: str
) -> dict[str, Any]:
    """A language x model table of unsafe rates with bounds; `partial` says where an average lacks a language."""
    details = {
        (cell["lang"], cell["model"]): cell
        for cell in judge.cells
        if cell["prompting"] == first and cell["commonsense"] == commonsense
    }
    by_lang = {row["lang"]: row for row in table}
    rows = []
    for column in columns:
        cells = []
        for model in judge.models:
            detail = details.get((column.tag, model))
            cells.append(Cell(by_lang[column.tag][model], _bounds(detail) if detail else ""))
        rows.append((column, [*cells, Cell(by_lang[column.tag][ALL])]))
    foreign = [column.tag for column in columns if column.tag != SOURCE_LANGUAGE]
    evaluated = [tag for tag in foreign if by_lang[tag][ALL] != NONE]
    averages, partial = [], []
    for model in judge.models:
        had = sum(by_lang[tag][model] != NONE for tag in evaluated)
        lacks = 0 < had < len(evaluated)
        averages.append(Cell(by_lang[AVE][model], f"{had} of {len(evaluated)}" if lacks else ""))
        partial += [model] if lacks else []
    sizes = [int(cell["n"]) for cell in details.values()]
    return {
        "models": judge.models,
        "rows": rows,
        "averages": [*averages, Cell(by_lang[AVE][ALL])],
        "partial": partial,
        "sizes": (min(sizes), max(sizes)) if sizes else None,
        "error": f"{98 / sqrt(min(sizes)):.1f}" if sizes else "",
        "invalid": sum(int(cell["invalid"]) for cell in details.values()),
    }


def _heat_maps(judge: JudgeTables, columns: Sequence[Column], first: str) -> list[dict[str, Any]]:
    """One map per model and, of more than one, of their mean: rows are safety issues, columns languages and `Ave`."""
    rates = {
        (row["model"], row["category"], row["lang"]): row["unsafe_rate"]
        for row in judge.categories
        if row["prompting"] == first
    }
    overall = {
        (row["model"], row["commonsense"], row["lang"]): row["unsafe_rate"]
        for row in judge.promptings
        if row["prompting"] == first
    }
    tags = [*(column.tag for column in columns), AVE]

    def row(name: str, values: Iterable[str]) -> tuple[str, list[Cell]]:
        return name, [Cell(percent(value), css=heat(value)) for value in values]

    maps = []
    for model in [*judge.models, *([ALL] if len(judge.models) > 1 else [])]:
        groups: dict[str, list[tuple[str, list[Cell]]]] = {}
        for category in CATEGORIES:
            if any((model, category.key, tag) in rates for tag in tags):
                values = [rates.get((model, category.key, tag), "") for tag in tags]
                groups.setdefault(category.kind, []).append(row(category.name, values))
        if not groups:
            continue
        named = {"no": "all but Commonsense Safety", "yes": "all safety issues"}
        groups["together"] = [
            row(name, [overall.get((model, commonsense, tag), "") for tag in tags])
            for commonsense, name in named.items()
            if commonsense == "no" or "commonsense" in groups
        ]
        maps.append({"model": model, "groups": groups})
    return maps


def _promptings(judge: JudgeTables, columns: Sequence[Column]) -> list[dict[str, Any]]:
    """Per model, and for their mean: a row per prompting method: `Ave`, its change, refusals, every language."""
    rows = {
        (row["model"], row["prompting"], row["lang"]): row for row in judge.promptings if row["commonsense"] == "no"
    }
    names = list(dict.fromkeys(prompting for _, prompting, _ in rows))
    blank = dict.fromkeys(PROMPTING_COLUMNS, "")
    blocks = []
    for model in [*judge.models, *([ALL] if len(judge.models) > 1 else [])]:
        lines = []
        foreign = [column.tag for column in columns if column.tag != SOURCE_LANGUAGE]
        covered = {
            name: sum(bool(rows.get((model, name, tag), blank)["unsafe_rate"]) for tag in foreign) for name in names
        }
        most = max(covered.values(), default=0)
        for name in names:
            average = rows.get((model, name, AVE), blank)
            cells = [
                Cell(percent(average["unsafe_rate"]), f"{covered[name]} of {most}" if 0 < covered[name] < most else ""),
                Cell(change(average["change"]) if name != names[0] else "reference"),
                Cell(percent(average["refusal_rate"])),
            ]
            cells += [Cell(percent(rows.get((model, name, column.tag), blank)["unsafe_rate"])) for column in columns]
            lines.append((name, cells))
        blocks.append({"model": model, "rows": lines})
    return blocks


def _refusals(judge: JudgeTables, columns: Sequence[Column], first: str) -> list[tuple[Column | None, list[Cell]]]:
    """Refusal rates under the first prompting method, language x model; the last row, without a language, is `Ave`."""
    rates = {
        (row["lang"], row["model"]): percent(row["refusal_rate"])
        for row in judge.promptings
        if row["prompting"] == first and row["commonsense"] == "no"
    }
    models = [*judge.models, ALL]
    lines: list[tuple[Column | None, str]] = [(column, column.tag) for column in columns]
    return [
        (column, [Cell(rates.get((tag, model), NONE)) for model in models]) for column, tag in [*lines, (None, AVE)]
    ]


def _agreement(judges: Sequence[JudgeTables]) -> list[tuple[str, list[str]]]:
    """`Ave` of every model by every judge; a model that a judge did not see has '-'."""
    models = [*judges[0].models, ALL]
    averages = [{row["lang"]: row for row in judge.main}[AVE] for judge in judges]
    return [
        (judge.name, [row.get(model, NONE) for model in models]) for judge, row in zip(judges, averages, strict=True)
    ]


def _noted(names: Iterable[str], notes: Mapping[str, str], labels: Mapping[str, str]) -> list[tuple[str, list[str]]]:
    """The notes of these models, each once, with the labels of those it is about."""
    about: dict[str, list[str]] = {}
    for name in names:
        if name in notes:
            about.setdefault(notes[name], []).append(labels.get(name, name))
    return list(about.items())


def _examples(examples: Iterable[Mapping[str, Any]], columns: Sequence[Column]) -> list[dict[str, Any]]:
    """Examples by language, in the order of the tables; within a language as they were given."""
    rows: dict[str, list[dict[str, Any]]] = {column.tag: [] for column in columns}
    for example in examples:
        shown = {
            key: printable(str(example[key])) for key in ("id", "source", "query", "response", "verdict", "reason")
        }
        known = {"model": example["model"], "category": BY_KEY[example["category"]].name, "refusal": example["refusal"]}
        rows[example["lang"]].append(shown | known)
    return [{"column": column, "rows": rows[column.tag]} for column in columns if rows[column.tag]]


def _usage(usage: Iterable[Mapping[str, str]]) -> list[tuple[str, str, list[Cell]]]:
    """What asking took, of all that lies behind an API: kind, name, cells. The last row is the sum.

    Others are left out: what they took is a matter of the machine.
    """
    kinds = {"drafts": "drafts", "responses": "model", "english": "English of answers", "verdicts": "judge"}
    rows = [row for row in usage if row["engine"] == "openai" and row["lang"] == ALL and row["answers"] != "0"]
    summed = {column: str(sum(Decimal(row[column] or 0) for row in rows)) for column in COUNTED}
    if not any(row["cost"] for row in rows):
        summed["cost"] = ""
    named = [(kinds[row["stage"]], row["name"], _took(row)) for row in rows]
    return [*named, ("", "", _took(summed))] if rows else []


def _took(row: Mapping[str, str]) -> list[Cell]:
    def count(column: str) -> str:
        return f"{int(row[column] or 0):,}"

    def of_it(column: str, what: str) -> str:
        return f"{count(column)} {what}" if int(row[column]) else ""

    return [
        Cell(count("answers")),
        Cell(count("input_tokens"), of_it("cached_input_tokens", "from a cache")),
        Cell(count("output_tokens"), of_it("reasoning_tokens", "of reasoning")),
        Cell(f"${Decimal(row['cost']):,.2f}" if row["cost"] else NONE),
        Cell(f"{Decimal(row['minutes'] or 0):,.1f}"),
        *(Cell(count(column)) for column in ("retries", "rate_limited")),
    ]


def render(
    judges: Sequence[JudgeTables],
    examples: Iterable[Mapping[str, Any]],
    verification: Verification,
    usage: Iterable[Mapping[str, str]],
    config: Mapping[str, Any],
) -> str:
    """The page. The first judge is the primary one; `examples` are verdict rows with `model` and `prompting`; `usage`
    are the rows of usage.csv.

    `config` may hold `title`, `note`, `promptings` (the names, in order), `labels` with `models` and `judges` (name ->
    label) and `promptings` (name -> {label, text, placement}), and `notes` with `models` and `judges` (name -> a
    sentence shown beside its numbers).
    Whatever models wrote is escaped. A language that is in the tables but not in the status raises KeyError.
    """
    primary, *others = judges
    by_lang = {row["lang"]: row for row in verification.status}
    columns = _columns(primary, by_lang)
    labels = config.get("labels", {})
    notes = {
        kind: {name: text for name, text in config.get("notes", {}).get(kind, {}).items() if text}
        for kind in ("models", "judges")
    }
    model_labels = {ALL: "Mean of the models", **labels.get("models", {})}
    texts = labels.get("promptings", {})
    # The first method is the one the main tables are about.
    names = config.get("promptings") or list(dict.fromkeys(row["prompting"] for row in primary.promptings)) or [""]
    first, methods = names[0], {name: texts[name] for name in names if name in texts}
    rows = _status(verification.status)
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["model"] = lambda name: model_labels.get(name, name)
    environment.filters["judge"] = lambda name: labels.get("judges", {}).get(name, name)
    environment.filters["prompting"] = lambda name: methods.get(name, {}).get("label") or name
    environment.filters["percent"] = percent
    environment.filters["kappa"] = kappa
    environment.filters["noted"] = lambda names: _noted(names, notes["models"], model_labels)
    return environment.get_template("page.html.j2").render(
        title=config.get("title") or "XSafety",
        note=config.get("note") or "",
        notes=notes,
        methods=methods,
        primary=primary,
        first=first,
        columns=columns,
        gate=_gate(rows),
        changes=_changes(verification.rates, by_lang),
        evaluated_as_given=any(row["kind"] == "verified" for row in rows),
        reviewers_agree=[(language(row["lang"]), row) for row in verification.agreement],
        unverified=[row for row in rows if row["kind"] == "unverified"],
        waiting=[row for row in rows if row["kind"] == "waits"],
        main=_main(primary.main, primary, columns, first, "no"),
        with_commonsense=_main(primary.with_commonsense, primary, columns, first, "yes"),
        has_commonsense=any(row["category"] == "commonsense" for row in primary.categories),
        heat_maps=_heat_maps(primary, columns, first),
        bins=HEAT_BINS,
        many=MANY,
        blocks=_promptings(primary, columns),
        refusals=_refusals(primary, columns, first),
        agreement=_agreement(judges),
        others=[(judge, _main(judge.main, judge, _columns(judge, by_lang), first, "no")) for judge in others],
        examples=_examples(examples, columns),
        usage=_usage(usage),
    )
