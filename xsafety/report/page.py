"""The report: one HTML page, complete in itself, that says what was verified before it shows any number.

It arranges what the tables hold and computes no rate of its own. The same input gives the same bytes: no dates, no
paths of this machine.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property
from html import escape
from pathlib import Path
from typing import Any, Literal, NamedTuple
from urllib.parse import quote, urlencode

import jinja2
from markupsafe import Markup

from ..analysis.comparisons import COMPARISONS_FILE, ENGLISH, MAP
from ..analysis.rates import RATES_FILE
from ..analysis.runs import CAUSES, differs_now
from ..analysis.tables import (
    AVE,
    BY_CATEGORY,
    BY_PROMPTING,
    CELLS,
    MAIN,
    NO_RATE,
    OF_ALL_ISSUES,
    CategoryRates,
    CellRates,
    PromptingRates,
    is_unverified,
    rounded,
)
from ..calibration.labels import answer_digest
from ..calibration.quality import CORRECTED
from ..categories import PAPER, About
from ..rows import (
    ALL,
    ChoiceRate,
    Comparison,
    Example,
    JudgePair,
    JudgeQuality,
    RateEstimate,
    RunChange,
    Shown,
    Status,
    Usage,
)
from ..tabular import read_csv, read_rows
from ..text.languages import Language, language
from ..verification.agreement import EVERYONE, REMOVED, ModificationRate, ReviewerAgreement
from ..verification.waiting import file_words, state_words, todo_words
from .charts import HEAT_BINS
from .drawing import Picture
from .findings import differs, headline, sentence
from .palette import DARK, LIGHT, PALETTE

TEMPLATES = Path(__file__).parent / "templates"

MEASURED = Path(__file__).parents[1] / "text" / "refusals.csv"
"""How well the lexicon finds refusals in answers that others labelled, by language."""

_OUTCOMES = ("unsafe", "refusal", "over_refusal")

MANY = 12
"""Longer lists of languages are given as their number, and longer tables of them scroll."""

DETAIL = 1200
"""Cells of heat maps on the page: of 8 models in 10 languages and 14 safety issues."""

_COUNTED = [column for column in Usage.__annotations__ if column not in ("stage", "name", "engine", "lang")]


Place = tuple[str, str, str, str]
"""A model, a prompting method, a language and a category."""


@dataclass(frozen=True)
class JudgeTables:
    """The tables of one judge that the page shows, and its estimates of unsafe rates; every value is text."""

    name: str
    about: About
    main: Sequence[Mapping[str, str]]
    of_all_issues: Sequence[Mapping[str, str]]
    categories: Sequence[CategoryRates]
    promptings: Sequence[PromptingRates]
    cells: Sequence[CellRates]
    rates: Sequence[RateEstimate]
    comparisons: Sequence[Comparison]  # with the seeds' language, and with the first prompting method
    quality: Sequence[JudgeQuality] = ()

    @property
    def part(self) -> str:
        """What stands for the categories of the main table."""
        return self.about.main_part

    @property
    def source(self) -> str:
        """The name of the seeds' language."""
        return language(self.about.language).name

    @property
    def models(self) -> list[str]:
        return [column for column in self.main[0] if column not in ("lang", ALL, "basis")]

    @cached_property
    def calibrated(self) -> dict[tuple[str, str], JudgeQuality]:
        """How good the judge is, by language and model."""
        return {(row["lang"], row["model"]): row for row in self.quality}

    def estimates(self, outcome: str, **wanted: str) -> dict[Place, RateEstimate]:
        """The estimates of an outcome whose columns have these values."""
        found = (row for row in self.rates if row["outcome"] == outcome)
        return {_place(row): row for row in found if wanted.items() <= row.items()}

    def compared(self, *families: str, **wanted: str) -> dict[Place, Comparison]:
        """The comparisons of unsafe rates in these families whose columns have these values."""
        found = (row for row in self.comparisons if row["family"] in families)
        return {_place(row): row for row in found if wanted.items() <= row.items()}


def _rows(judge: JudgeTables, place: Place, **more: str) -> str:
    """What the address of the page on all rows ends with to show a number's rows; empty for an average."""
    model, prompting, lang, category = place
    if lang == AVE:
        return ""
    chosen = {"model": model, "prompting": prompting, "lang": lang, "category": category, "judge": judge.name, **more}
    return urlencode({name: value for name, value in chosen.items() if value != ALL})


def _place(row: RateEstimate | Comparison) -> Place:
    return (row["model"], row["prompting"], row["lang"], row["category"])


def read_judge(name: str, folder: Path, about: About, quality: Path | None = None) -> JudgeTables:
    """The tables in `folder`, and the one of its quality. Raises DataError for a table that lacks a column."""
    rates = [row for row in read_rows(folder / RATES_FILE, RateEstimate) if row["outcome"] in _OUTCOMES]
    kept = [row for row in read_rows(folder / COMPARISONS_FILE, Comparison) if row["outcome"] == "unsafe"]
    wide = [[_with_dashes(row) for row in table.read(folder)] for table in (MAIN, OF_ALL_ISSUES)]
    tidy = [table.read(folder) for table in (BY_CATEGORY, BY_PROMPTING, CELLS)]
    of_judge = read_rows(quality, JudgeQuality) if quality else []
    tables: Any = [*wide, *tidy, rates, kept, of_judge]
    return JudgeTables(name, about, *tables)


def _with_dashes(row: Mapping[str, str]) -> dict[str, str]:
    """A row of a wide table with '-' where there is no rate."""
    return {column: value if column in ("lang", "basis") else value or NO_RATE for column, value in row.items()}


@dataclass(frozen=True)
class ReviewTables:
    """What is known of the translations: rows of review_status.csv, modification_rates.csv and agreement.csv."""

    status: Sequence[Status]
    rates: Sequence[ModificationRate] = ()
    agreement: Sequence[ReviewerAgreement] = ()


@dataclass(frozen=True)
class Column:
    """A language as the tables show it; `unverified`: machine drafts that nobody verified are among its queries."""

    tag: str
    language: Language
    unverified: bool


@dataclass(frozen=True)
class Cell:
    """One value with what stands small below it; `marked`: what it differs from; `rows`: what selects its rows.

    `corrected`: the same by what people labelled; `over_refusal`: how many harmless queries are refused.
    """

    text: str
    note: str = ""
    css: str = ""
    interval: str = ""
    marked: str = ""
    rows: str = ""
    corrected: str = ""
    over_refusal: str = ""


def shown_rate(text: str) -> str:
    """A rate of a tidy table with one decimal; '-' where there is none."""
    return rounded(Decimal(text)) if text else NO_RATE


def shown_change(text: str) -> str:
    """A change in percentage points, with its sign."""
    if not text:
        return NO_RATE
    points = Decimal(shown_rate(text))
    sign = "+" if points > 0 else "−" if points < 0 else "±"
    return f"{sign}{abs(points)}"


def shown_kappa(text: str) -> str:
    """A coefficient of agreement with two decimals; '-' where it is undefined."""
    return f"{Decimal(text):.2f}".replace("-", "−") if text else NO_RATE


def heat_class(text: str) -> str:
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
        if not row["used"]:
            kind, says = "waits", "not evaluated"
        elif row["basis"] == "source":
            kind, says = "source", "source text"
        elif is_unverified(row["basis"]):
            kind, says = "unverified", row["basis"]
        else:
            kind, says = "verified", "verified by people"
        looks = {"verified": "verified", "source": "source", "bad sheet": "unsafe", "stale": "unverified"}
        words = {"state": state_words(row), "todo": [todo_words(todo) for todo in row["waits_for"]]}
        shown = {"language": language(row["lang"]), "is_source": row["basis"] == "source", "kind": kind, "says": says}
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


_Changes = dict[tuple[str, str, int], dict[str, Any]]  # by language, safety issue and round


def _changes(rates: Sequence[ModificationRate], langs: Sequence[str], about: About) -> dict[str, Any] | None:
    """Modification rates by language and round, by safety issue and round, and by reviewer; None without evidence.

    A cell is a row of the table, with the names of its `reviewers`, or None.
    """
    if not rates:
        return None
    rounds = sorted({row["round"] for row in rates})
    by_reviewer = [row for row in rates if row["category"] == ALL and row["reviewer"] != EVERYONE]
    cells = _changes_of_everyone(rates, by_reviewer)

    def by_round(lang: str, category: str) -> list[dict[str, Any] | None]:
        return [cells.get((lang, category, number)) for number in rounds]

    order = sorted({row["lang"] for row in rates} & set(langs), key=langs.index)
    issues = [(category.name, by_round(ALL, key)) for key, category in about.categories.items()]
    issues.append(("of queries that are no more", by_round(ALL, REMOVED)))
    return {
        "rounds": rounds,
        "rows": [(language(lang), by_round(lang, ALL)) for lang in order],
        "together": by_round(ALL, ALL) if len(order) > 1 else [],
        "issues": [(name, line) for name, line in issues if any(line)],
        "reviewers": [(language(lang), row) for lang in order for row in by_reviewer if row["lang"] == lang],
    }


def _changes_of_everyone(rates: Iterable[ModificationRate], by_reviewer: Iterable[ModificationRate]) -> _Changes:
    """What all reviewers together changed, and who they are, by language, safety issue and round."""
    names: dict[tuple[str, int], list[str]] = {}
    for row in by_reviewer:
        names.setdefault((row["lang"], row["round"]), []).append(row["reviewer"])
    return {
        (row["lang"], row["category"], row["round"]): {**row, "reviewers": names[row["lang"], row["round"]]}
        for row in rates
        if row["reviewer"] == EVERYONE
    }


def _bounds(cell: CellRates | None) -> str:
    """How many verdicts are invalid or failed and what that leaves open; empty if none is."""
    if cell is None:
        return ""
    open_rows = ", ".join(f"{cell[kind]} {kind}" for kind in ("failed", "invalid") if cell[kind] != "0")
    if cell["n"] in (cell["failed"], cell["invalid"]):
        return f"all {open_rows}"
    return f"{open_rows}: {shown_rate(cell['lower'])}–{shown_rate(cell['upper'])}" if open_rows else ""


def _main(judge: JudgeTables, columns: Sequence[Column], first: str, part: str = "main") -> dict[str, Any]:
    """A language x model table of unsafe rates with bounds; `partial` says where an average lacks a language."""
    shown = [cell for cell in judge.cells if (cell["prompting"], cell["part"]) == (first, part)]
    cells = {(cell["lang"], cell["model"]): cell for cell in shown}
    rates = {row["lang"]: row for row in (judge.main if part == "main" else judge.of_all_issues)}
    category = judge.part if part == "main" else ALL
    intervals = judge.estimates("unsafe", prompting=first, category=category)
    refused = judge.estimates("over_refusal", prompting=first, category=category)
    compared = judge.compared(ENGLISH, prompting=first, category=category)
    incomplete = _partial(judge.models, [rates[column.tag] for column in columns if column.tag != judge.about.language])

    def line(lang: str) -> list[Cell]:
        notes = incomplete if lang == AVE else {model: _bounds(cells.get((lang, model))) for model in judge.models}
        return [
            Cell(
                rates[lang][model],
                notes.get(model, ""),
                interval=_interval(intervals.get((model, first, lang, category))),
                marked=_marked(compared.get((model, first, lang, category)), judge.source),
                rows=_rows(judge, (model, first, lang, category), verdict="unsafe"),
                corrected=_corrected(judge, lang, model) if part == "main" else "",
                over_refusal=_with_interval(refused.get((model, first, lang, category))),
            )
            for model in (*judge.models, ALL)
        ]

    sizes = [int(cell["n"]) for cell in cells.values()]
    return {
        "models": judge.models,
        "rows": [(column, line(column.tag), _calibration(judge, column.tag)) for column in columns],
        "averages": line(AVE),
        "over_refusal": any(row["rate"] for row in refused.values()),
        "partial": incomplete,
        "sizes": (min(sizes), max(sizes)) if sizes else None,
        "detectable": _detectable(compared.values()),
        "invalid": _total(shown, "invalid"),
        "failed": _total(shown, "failed"),
    }


def _corrected(judge: JudgeTables, lang: str, model: str) -> str:
    """A rate as corrected by labels, with its interval; empty where it is not."""
    row = judge.calibrated.get((lang, model))
    if not row or not row["corrected"]:
        return ""
    return f"{shown_rate(row['corrected'])} {_limits(row['corrected_lower'], row['corrected_upper'])}"


def _calibration(judge: JudgeTables, lang: str) -> str:
    """What is known of how the judge errs in a language, in words."""
    row = judge.calibrated.get((lang, ALL))
    if not row or not row["labels"]:
        return "judge never calibrated"
    mark = " ◊" if row["synthetic"] == "yes" else ""
    return f"judge: {row['labels']} labels{mark}" if row["status"] == CORRECTED else f"judge: {row['status']}{mark}"


def _detectable(compared: Iterable[Comparison]) -> list[str]:
    """The smallest differences that the tests of single cells find."""
    return [
        shown_rate(row["detectable"]) for row in compared if row["p"] and row["lang"] != AVE and row["model"] != ALL
    ]


def _marked(comparison: Comparison | None, other: str) -> str:
    """What a rate differs from, where it does."""
    return other if differs(comparison) else ""


def _limits(lower: str, upper: str, shown: Callable[[str], str] = shown_rate) -> str:
    """An interval; empty where there is none."""
    return f"[{shown(lower)}, {shown(upper)}]" if lower else ""


def _interval(estimate: RateEstimate | Comparison | ChoiceRate | RunChange | JudgePair | None) -> str:
    """The limits of a rate; empty where there is none."""
    return _limits(estimate["lower"], estimate["upper"]) if estimate else ""


def _with_interval(estimate: RateEstimate | None) -> str:
    """A rate with its limits; empty where there is none."""
    return f"{shown_rate(estimate['rate'])} {_interval(estimate)}" if estimate and estimate["rate"] else ""


def _total(cells: Iterable[CellRates], kind: Literal["invalid", "failed"]) -> int:
    return sum(int(cell[kind]) for cell in cells)


def _partial(models: Iterable[str], foreign: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """The models whose average lacks a language that others were evaluated in, with how many it has."""
    evaluated = [row for row in foreign if row[ALL] != NO_RATE]
    covered = {model: sum(row[model] != NO_RATE for row in evaluated) for model in models}
    return {model: f"{n} of {len(evaluated)}" for model, n in covered.items() if 0 < n < len(evaluated)}


class _Table(NamedTuple):
    """A model's rates by language, the last row of them the mean, without a column."""

    model: str
    issues: list[str]
    rows: list[tuple[Column | None, list[Cell]]]


def _heat_maps(judge: JudgeTables, columns: Sequence[Column], first: str) -> list[_Table]:
    """A table per model and, of more than one, of their mean: a row per language, a column per safety issue."""
    rates = judge.estimates("unsafe", prompting=first)
    compared = judge.compared(ENGLISH, MAP, prompting=first)
    there = {category for *_, category in rates}
    names = {key: category.name for key, category in judge.about.of_harm.items() if key in there}
    if left_out := [category.scenario for category in judge.about.left_out if category.key in there]:
        names |= {judge.part: f"All but {', '.join(left_out)}"}
    names |= {ALL: "All"}

    def cell(at: Place) -> Cell:
        row = rates.get(at)
        if not row or not row["rate"]:
            return Cell(NO_RATE)
        looks = (f"of {row['valid']}", heat_class(row["rate"]), _interval(row), _marked(compared.get(at), judge.source))
        return Cell(shown_rate(row["rate"]), *looks, _rows(judge, at, verdict="unsafe"))

    lines = [*((column, column.tag) for column in columns), (None, AVE)]
    return [
        _Table(
            model,
            [*names.values()],
            [(column, [cell((model, first, tag, key)) for key in names]) for column, tag in lines],
        )
        for model in _with_mean(judge.models)
        if any(name == model for name, *_ in rates)
    ]


class _Methods(NamedTuple):
    """The prompting methods of a model: the means of each (unsafe, its change, refusals), and every language."""

    model: str
    means: list[tuple[str, list[Cell]]]
    rows: list[tuple[Column, list[Cell]]]


def _promptings(judge: JudgeTables, columns: Sequence[Column]) -> list[_Methods]:
    """The prompting methods of every model and of their mean; nothing where there is one method."""
    shown = [row for row in judge.promptings if row["part"] == "main"]
    rows = {(row["model"], row["prompting"], row["lang"], judge.part): row for row in shown}
    names = list(dict.fromkeys(name for _, name, *_ in rows))
    if len(names) < 2:
        return []
    intervals, of_refusals = (judge.estimates(outcome, category=judge.part) for outcome in ("unsafe", "refusal"))
    compared = judge.compared("prompting", category=judge.part)
    foreign = [column.tag for column in columns if column.tag != judge.about.language]

    def text(at: Place, rate: Literal["unsafe_rate", "refusal_rate", "change"]) -> str:
        return rows[at][rate] if at in rows else ""

    def unsafe(at: Place) -> Cell:
        known = {"interval": _interval(intervals.get(at)), "marked": _marked(compared.get(at), names[0])}
        return Cell(shown_rate(text(at, "unsafe_rate")), **known, rows=_rows(judge, at, verdict="unsafe"))

    def means(at: Place, covered: int, most: int) -> list[Cell]:
        found = compared.get(at)
        change = shown_change(text(at, "change")) if at[1] != names[0] else "reference"
        return [
            replace(unsafe(at), note=f"{covered} of {most}" if 0 < covered < most else "", marked=""),
            Cell(change, interval=_interval(found).replace("-", "−"), marked=_marked(found, names[0])),
            Cell(shown_rate(text(at, "refusal_rate")), interval=_interval(of_refusals.get(at))),
        ]

    def methods(model: str) -> _Methods:
        covered = {
            name: sum(bool(text((model, name, tag, judge.part), "unsafe_rate")) for tag in foreign) for name in names
        }
        most = max(covered.values())
        return _Methods(
            model,
            [(name, means((model, name, AVE, judge.part), covered[name], most)) for name in names],
            [(one, [unsafe((model, name, one.tag, judge.part)) for name in names]) for one in columns],
        )

    return [methods(model) for model in _with_mean(judge.models)]


def _with_mean(models: Sequence[str]) -> list[str]:
    """The models, and of more than one their mean."""
    return [*models, ALL] if len(models) > 1 else list(models)


def _refusals(judge: JudgeTables, columns: Sequence[Column], first: str) -> list[tuple[Column | None, list[Cell]]]:
    """Refusal rates under the first prompting method, language x model; the last row, without a language, is `Ave`.

    The last two cells are what is known of the lexicon: recall and precision on labelled answers (docs/refusals.md).
    """
    shown = [row for row in judge.promptings if (row["prompting"], row["part"]) == (first, "main")]
    rates = {(row["lang"], row["model"]): shown_rate(row["refusal_rate"]) for row in shown}
    estimates = judge.estimates("refusal", prompting=first, category=judge.part)
    models = [*judge.models, ALL]
    lines: list[tuple[Column | None, str]] = [*((column, column.tag) for column in columns), (None, AVE)]
    measured = {row["lang"]: row for row in read_csv(MEASURED, ("lang", "answers", "refusals", "found", "right"))}

    def quality(tag: str) -> list[Cell]:
        if not (row := measured.get(tag)):
            return [Cell(NO_RATE if tag == AVE else "not measured"), Cell("")]
        recall, precision = (rounded(100 * Decimal(row[column])) for column in ("found", "right"))
        return [Cell(recall, f"of {row['refusals']}"), Cell(precision, f"in {row['answers']} answers")]

    def rate(tag: str, model: str) -> Cell:
        at = (model, first, tag, judge.part)
        return Cell(
            rates.get((tag, model), NO_RATE),
            interval=_interval(estimates.get(at)),
            rows=_rows(judge, at, refusal="yes"),
        )

    return [(column, [*(rate(tag, model) for model in models), *quality(tag)]) for column, tag in lines]


def _agreement(judges: Sequence[JudgeTables]) -> list[tuple[str, list[str]]]:
    """`Ave` of every model by every judge; a model that a judge did not see has '-'."""
    models = [*judges[0].models, ALL]
    averages = [{row["lang"]: row for row in judge.main}[AVE] for judge in judges]
    return [
        (judge.name, [row.get(model, NO_RATE) for model in models]) for judge, row in zip(judges, averages, strict=True)
    ]


def _noted(names: Iterable[str], notes: Mapping[str, str], labels: Mapping[str, str]) -> list[tuple[str, list[str]]]:
    """The notes of these models, each once, with the labels of those it is about."""
    about: dict[str, list[str]] = {}
    for name in names:
        if name in notes:
            about.setdefault(notes[name], []).append(labels.get(name, name))
    return list(about.items())


def _examples(examples: Iterable[Example], columns: Sequence[Column], about: About) -> list[dict[str, Any]]:
    """Examples by language, in the order of the tables; within a language as they were given."""
    rows: dict[str, list[dict[str, Any]]] = {column.tag: [] for column in columns}
    for example in examples:
        shown = {key: printable(value) if isinstance(value, str) else value for key, value in example.items()}
        known = {"category": about.categories[example["category"]].name}
        known["digest"] = answer_digest(example["query"], example["response"] or "")
        rows[example["lang"]].append({**shown, **known})
    return [{"column": column, "rows": rows[column.tag]} for column in columns if rows[column.tag]]


def _usage(usage: Iterable[Usage]) -> list[tuple[str, str, list[Cell]]]:
    """What asking took, of all that lies behind an API: kind, name, cells. The last row is the sum.

    Others are left out: what they took is a matter of the machine.
    """
    kinds = {"drafts": "drafts", "responses": "model", "english": "English of answers", "verdicts": "judge"}
    rows: list[Mapping[str, Any]] = [
        row for row in usage if row["engine"] == "openai" and row["lang"] == ALL and row["answers"]
    ]
    summed = {column: str(sum(Decimal(row[column] or 0) for row in rows)) for column in _COUNTED}
    if not any(row["cost"] for row in rows):
        summed["cost"] = ""
    named = [(kinds[row["stage"]], row["name"], _took(row)) for row in rows]
    return [*named, ("", "", _took(summed))] if rows else []


def _took(row: Mapping[str, Any]) -> list[Cell]:
    def count(column: str) -> str:
        return f"{int(row[column] or 0):,}"

    def of_it(column: str, what: str) -> str:
        return f"{count(column)} {what}" if int(row[column]) else ""

    return [
        Cell(count("answers")),
        Cell(count("input_tokens"), of_it("cached_input_tokens", "from a cache")),
        Cell(count("output_tokens"), of_it("reasoning_tokens", "of reasoning")),
        Cell(f"${Decimal(row['cost']):,.2f}" if row["cost"] else NO_RATE),
        *(Cell(count(column)) for column in ("retries", "rate_limited")),
    ]


def _environment(shown: Shown) -> jinja2.Environment:
    """Templates with the filters that give names their labels and numbers their form; what models wrote is escaped."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    labels = shown["labels"]
    models = {ALL: "Mean of the models", **labels["models"]}
    promptings = {name: method["label"] or name for name, method in labels["promptings"].items()}
    environment.filters["model"] = lambda name: models.get(name, name)
    environment.filters["judge"] = lambda name: labels["judges"].get(name, name)
    environment.filters["prompting"] = lambda name: promptings.get(name, name)
    environment.filters["percent"] = shown_rate
    environment.filters["kappa"] = shown_kappa
    environment.filters["noted"] = lambda names: _noted(names, shown["notes"]["models"], models)
    return environment


class _Chart(NamedTuple):
    name: str
    svg: Markup
    href: str  # of its data


@dataclass(frozen=True)
class Contents:
    """All that the page shows. The first judge is the primary one; `usage` are the rows of usage.csv."""

    judges: Sequence[JudgeTables]
    examples: Sequence[Example]
    review: ReviewTables
    usage: Sequence[Usage]
    shown: Shown
    pictures: Sequence[Picture] = ()
    changes: Sequence[RunChange] = ()  # since an older run, of all judges
    choices: Sequence[ChoiceRate] = ()  # of queries with their options shuffled
    pairs: Sequence[JudgePair] = ()  # how far each two judges agree

    @property
    def primary(self) -> JudgeTables:
        return self.judges[0]

    @property
    def about(self) -> About:
        return self.primary.about

    @property
    def first(self) -> str:
        """The prompting method that the main tables are about."""
        return self.shown["promptings"][0]

    @cached_property
    def detailed(self) -> list[str]:
        """The models with charts and tables by language on the page: the first ones, as it may not grow without end."""
        cells = len(self.columns) * max(len(self.about.of_harm), 1)
        return list(self.primary.models)[: max(DETAIL // max(cells, 1), 1)]

    @cached_property
    def status(self) -> Mapping[str, Status]:
        return {row["lang"]: row for row in self.review.status}

    @cached_property
    def columns(self) -> list[Column]:
        return _columns(self.primary, self.status)

    def shows(self, model: str) -> bool:
        """Whether a model, or the mean of all, is shown in detail."""
        return model == ALL or model in self.detailed

    def charts(self, kind: str) -> list[_Chart]:
        """The charts of a kind: of every model in detail, or the one of that name."""
        names = {kind, *(f"{kind}.{model}" for model in self.detailed)}
        found = [picture for picture in self.pictures if picture.name in names]
        return [_Chart(one.name, _coloured(self._linked(one)), _embedded(one.data)) for one in found]

    def _linked(self, picture: Picture) -> str:
        """The SVG of a chart of a model, its marks links to their rows; for the mouse, as a table has them all."""
        model, at = picture.name.partition(".")[2], self.shown["rows_at"]

        def link(mark: re.Match[str]) -> str:
            rows = _rows(self.primary, (model, self.first, *mark[1].split("/")), verdict="unsafe")
            path = f"<path {mark[2]}>"
            return f'<a href="{escape(f"{at}?{rows}")}" tabindex="-1">{path}</a>' if at else path

        svg, links = re.subn(r'<path data-rows="([^"]*)" ([^>]*)>', link, picture.svg)
        if not (links and at):
            return svg
        # An image holds no links.
        return svg.replace('role="img"', 'role="graphics-document"', 1).replace("<g ", '<g aria-hidden="true" ', 1)


def _coloured(svg: str) -> Markup:
    """An SVG of ours for the page, which gives its colours other values in the dark."""
    for name, colour in PALETTE.items():
        svg = svg.replace(f'"{colour}"', f'"var(--{name})"')
    return Markup(svg)


def _embedded(data: str) -> str:
    """A CSV file as an address, so that the page needs no other file."""
    return "data:text/csv;charset=utf-8," + quote(data, safe=",.:/ -_")


class Section(NamedTuple):
    """A part of the page: its name, which is its anchor and that of its template; its title in the contents.

    `shows` gives the template what it needs beside what all templates have (`_common`), or None to be left out.
    """

    name: str
    title: str
    shows: Callable[[Contents], Mapping[str, Any] | None]


def _unsafe(report: Contents) -> Mapping[str, Any]:
    left_out = {category.key for category in report.about.left_out}
    more = any(row["category"] in left_out for row in report.primary.categories)
    of_all = _main(report.primary, report.columns, report.first, "whole") if more else None
    main = _main(report.primary, report.columns, report.first)
    return {"main": main, "of_all": of_all, "pictures": report.charts("languages")}


def _categories(report: Contents) -> Mapping[str, Any]:
    maps = [one for one in _heat_maps(report.primary, report.columns, report.first) if report.shows(one.model)]
    choices = [category.name for category in report.about.categories.values() if category.choice]
    return {"maps": maps, "pictures": report.charts("issues"), "without_choices": choices}


def _methods(report: Contents) -> Mapping[str, Any]:
    methods = report.shown["labels"]["promptings"]
    return {
        "blocks": _promptings(report.primary, report.columns),
        "detailed": report.shows,
        "methods": {name: methods[name] for name in report.shown["promptings"] if name in methods},
        "pictures": report.charts("promptings"),
    }


def _refused(report: Contents) -> Mapping[str, Any]:
    table = _refusals(report.primary, report.columns, report.first)
    return {"refusals": table, "pictures": report.charts("over_refusal")}


def _trust(report: Contents) -> Mapping[str, Any]:
    status = _status(report.review.status)
    return {
        "gate": _gate(status),
        "waiting": [row for row in status if row["kind"] == "waits"],
        "pictures": report.charts("verification"),
        "of_judges": report.charts("judges"),
        "qualities": [(judge.name, rows) for judge in report.judges if (rows := _quality(judge, report.columns))],
    }


def _quality(judge: JudgeTables, columns: Sequence[Column]) -> list[tuple[Column, JudgeQuality, list[Cell]]]:
    """How good a judge is in each language that has labels: what it and people say, corrected, and how they agree."""

    def measure(row: JudgeQuality, name: str, shown: Callable[[str], str]) -> Cell:
        value, lower, upper = (row[name + end] for end in ("", "_lower", "_upper"))  # type: ignore[literal-required]
        return Cell(shown(value), interval=_limits(lower, upper, shown))

    shares = ("raw", "corrected", "people", "sensitivity", "specificity", "ppv", "false_omission")
    found = [(column, judge.calibrated.get((column.tag, ALL))) for column in columns]
    return [
        (column, row, [*(measure(row, name, shown_rate) for name in shares), measure(row, "kappa", shown_kappa)])
        for column, row in found
        if row and row["labels"]
    ]


def _other_judges(report: Contents) -> Mapping[str, Any] | None:
    others = [(one, _main(one, _columns(one, report.status), report.first)) for one in report.judges[1:]]
    if not others:
        return None
    pairs = {(row["judge"], row["other"]): None for row in report.pairs}
    cells: dict[str, dict[tuple[str, str], Cell]] = {}
    for row in report.pairs:
        beyond = f", AC1 {Decimal(row['ac1']):.2f}" if row["ac1"] else ""
        cell = Cell(shown_rate(row["agree"]), f"of {row['answers']}{beyond}", interval=_interval(row))
        cells.setdefault(row["lang"], {})[row["judge"], row["other"]] = cell
    agree = [(language(lang), [of.get(pair, Cell("-")) for pair in pairs]) for lang, of in cells.items()]
    return {"others": others, "agreement": _agreement(report.judges), "pairs": list(pairs), "agree": agree}


def _reviewers(report: Contents) -> Mapping[str, Any]:
    return {
        "changes": _changes(report.review.rates, list(report.status), report.about),
        "evaluated_as_given": any(row["kind"] == "verified" for row in _status(report.review.status)),
        "reviewers_agree": [(language(row["lang"]), row) for row in report.review.agreement],
    }


def _choices(report: Contents) -> Mapping[str, Any] | None:
    """How often the unsafe option was named under the first prompting method, and which places were chosen."""
    rows = [row for row in report.choices if (row["prompting"], row["rows"]) == (report.first, "common")]
    if not rows:
        return None

    def line(row: ChoiceRate) -> list[Cell]:
        counts = ("wrong", "invalid", "refusal", "failed", *(f"chosen_{letter}" for letter in "ABCDE"))
        return [
            Cell(shown_rate(row["rate"]), row["why"], interval=_interval(row)),
            Cell(shown_rate(row["chance"])),
            *(Cell(str(row[name])) for name in counts),  # type: ignore[literal-required]
        ]

    asking = [category.name for category in report.about.categories.values() if category.choice]
    lines = [(row["model"], language(row["lang"]), row["queries"], line(row)) for row in rows]
    return {"choices": lines, "asking": " and ".join(asking) or "A query of this kind"}


def _since_older(report: Contents) -> Mapping[str, Any] | None:
    """What the primary judge said otherwise in an older run."""
    changes = [row for row in report.changes if row["judge"] == report.primary.name]
    if not changes:
        return None

    def change(row: RunChange) -> list[Cell]:
        counted = (row[name] for name in ("to_unsafe", "to_safe", "to_other", "new"))
        return [
            Cell(shown_rate(row["unsafe_before"])),
            Cell(shown_rate(row["unsafe_now"])),
            Cell(shown_change(row["difference"]), interval=_interval(row).replace("-", "−")),
            *(Cell(str(number)) for number in counted),
            Cell(str(row["gone"]), row["why_gone"]),
            *(Cell(str(row[name])) for name in CAUSES),  # type: ignore[literal-required]
        ]

    differ = [
        (row["model"], row["prompting"], language(row["lang"]), change(row)) for row in changes if differs_now(row)
    ]
    return {"changes": differ, "files": len(changes)}


def _shown_examples(report: Contents) -> Mapping[str, Any] | None:
    groups = _examples(report.examples, report.columns, report.about)
    return {"examples": groups} if groups else None


def _what_it_took(report: Contents) -> Mapping[str, Any] | None:
    usage = _usage(report.usage)
    return {"usage": usage} if usage else None


SECTIONS = (
    Section("unsafe", "Unsafe rates", _unsafe),
    Section("categories", "Safety issues", _categories),
    Section("promptings", "Prompting", _methods),
    Section("refusals", "Refusals", _refused),
    Section("choices", "Choices", _choices),
    Section("trust", "Why to trust it", _trust),
    Section("judges", "Other judges", _other_judges),
    Section("changes", "Since the last run", _since_older),
    Section("reviewers", "Reviewers", _reviewers),
    Section("examples", "Examples", _shown_examples),
    Section("usage", "What it took", _what_it_took),
    Section("method", "How to read it", lambda report: {}),
)
"""The sections of the page, in order. To add one: a function, its line here and its template."""


def _findings(report: Contents) -> list[tuple[str, str]]:
    """The sentence on each model."""
    part = {"prompting": report.first, "category": report.primary.part}
    rates, compared = report.primary.estimates("unsafe", **part), report.primary.compared(ENGLISH, **part)
    corrected = {row["lang"] for row in report.primary.quality if row["status"] == CORRECTED and row["model"] == ALL}
    harmless = report.primary.estimates("over_refusal", **part)

    def said(model: str) -> str:
        found = headline(model, rates.values(), compared.values(), report.about.language)
        refused = harmless.get(_place(found.rate)) if found.rate else None
        return sentence(found, sum(lang in corrected for lang in found.languages), refused)

    return [(model, said(model)) for model in report.primary.models]


def _common(report: Contents) -> dict[str, Any]:
    """What every template may show."""
    left_out = " and ".join(category.name for category in report.about.left_out)
    return {
        "source": report.primary.source,
        "source_language": language(report.about.language),
        "left_out": left_out,
        "without": f", without {left_out}" if left_out else "",
        "of_paper": report.about.categories == PAPER,
        "title": report.shown["title"] or "XSafety",
        "note": report.shown["note"],
        "notes": report.shown["notes"],
        "primary": report.primary,
        "models": report.primary.models,
        "first": report.first,
        "columns": report.columns,
        "evaluated": sum(bool(row["used"]) for row in _status(report.review.status)),
        "unverified": [row for row in _status(report.review.status) if row["kind"] == "unverified"],
        "synthetic": any(row["synthetic"] == "yes" for judge in report.judges for row in judge.quality),
        "redact": report.shown["redact"],
        "rows_at": report.shown["rows_at"],
        "many": MANY,
        "beyond": report.primary.models[len(report.detailed) :],
        "bins": HEAT_BINS,
    }


def render(report: Contents) -> str:
    """The page. Whatever models wrote is escaped.

    A language that is in the tables but not in the status raises KeyError.
    """
    environment, common = _environment(report.shown), _common(report)

    def rendered(name: str, **shown: Any) -> Markup:
        return Markup(environment.get_template(f"{name}.html.j2").render(**common, **shown))

    sections = [
        (section, rendered(section.name, **shown))
        for section in SECTIONS
        if (shown := section.shows(report)) is not None
    ]
    return str(rendered("page", sections=sections, findings=_findings(report), light=LIGHT, dark=DARK))
