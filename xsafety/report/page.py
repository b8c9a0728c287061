"""The report: one HTML page, complete in itself, that says what was verified before it shows any number.

It arranges what the tables hold and computes no rate of its own. The same input gives the same bytes: no dates, no
paths of this machine.
"""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import jinja2

from ..analysis.comparisons import COMPARISONS_FILE, ENGLISH
from ..analysis.grid import NO_COMMONSENSE
from ..analysis.rates import RATES_FILE
from ..analysis.tables import (
    AVE,
    BY_CATEGORY,
    BY_PROMPTING,
    CELLS,
    MAIN,
    NO_RATE,
    WITH_COMMONSENSE,
    CategoryRates,
    CellRates,
    PromptingRates,
    is_unverified,
    rounded,
)
from ..categories import BY_KEY, CATEGORIES, COMMONSENSE
from ..rows import ALL, Comparison, Example, RateEstimate, Shown, Status, Usage
from ..tabular import columns, read_csv
from ..text.languages import SOURCE_LANGUAGE, Language, language
from ..verification.agreement import EVERYONE, REMOVED, ModificationRate, ReviewerAgreement
from ..verification.waiting import file_words, state_words, todo_words

HEAT_BINS = (0, 5, 10, 20, 30, 50, 75)
"""Upper edges, in percent, of the heat map's colours: 0 itself, then up to 5 and so on; above the last one more."""

MEASURED = Path(__file__).parents[1] / "text" / "refusals.csv"
"""How well the lexicon finds refusals in answers that others labelled, by language."""

MANY = 12
"""Longer lists of languages are given as their number, and longer tables of them scroll."""

_COUNTED = [column for column in Usage.__annotations__ if column not in ("stage", "name", "engine", "lang")]


@dataclass(frozen=True)
class JudgeTables:
    """The tables of one judge that the page shows, and its estimates of unsafe rates; every value is text."""

    name: str
    main: Sequence[Mapping[str, str]]
    with_commonsense: Sequence[Mapping[str, str]]
    categories: Sequence[CategoryRates]
    promptings: Sequence[PromptingRates]
    cells: Sequence[CellRates]
    rates: Sequence[Mapping[str, str]]
    comparisons: Sequence[Mapping[str, str]]  # with English

    @property
    def models(self) -> list[str]:
        return [column for column in self.main[0] if column not in ("lang", ALL, "basis")]


def read_judge(name: str, folder: Path) -> JudgeTables:
    """The tables in `folder`. Raises DataError for a table that lacks a column."""
    rates = [row for row in read_csv(folder / RATES_FILE, columns(RateEstimate)) if row["outcome"] == "unsafe"]
    compared = read_csv(folder / COMPARISONS_FILE, columns(Comparison))
    of_english = [row for row in compared if (row["family"], row["outcome"]) == (ENGLISH, "unsafe")]
    shown = (MAIN, WITH_COMMONSENSE, BY_CATEGORY, BY_PROMPTING, CELLS)
    tables: Any = [*(table.read(folder) for table in shown), rates, of_english]
    return JudgeTables(name, *tables)


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
    """One value with what stands small below it; `marked`: it differs from English."""

    text: str
    note: str = ""
    css: str = ""
    interval: str = ""
    marked: bool = False


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


def _changes(rates: Sequence[ModificationRate], langs: Sequence[str]) -> dict[str, Any] | None:
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
    issues = [(category.name, by_round(ALL, key)) for key, category in BY_KEY.items()]
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


def _main(judge: JudgeTables, columns: Sequence[Column], first: str, commonsense: str = "no") -> dict[str, Any]:
    """A language x model table of unsafe rates with bounds; `partial` says where an average lacks a language."""
    shown = [cell for cell in judge.cells if (cell["prompting"], cell["commonsense"]) == (first, commonsense)]
    cells = {(cell["lang"], cell["model"]): cell for cell in shown}
    rates = {row["lang"]: row for row in (judge.main if commonsense == "no" else judge.with_commonsense)}
    intervals = _estimated(judge.rates, first, commonsense)
    compared = _estimated(judge.comparisons, first, commonsense)
    incomplete = _partial(judge.models, [rates[column.tag] for column in columns if column.tag != SOURCE_LANGUAGE])

    def line(lang: str) -> list[Cell]:
        notes = incomplete if lang == AVE else {model: _bounds(cells.get((lang, model))) for model in judge.models}
        return [
            Cell(
                rates[lang][model],
                notes.get(model, ""),
                interval=_interval(intervals.get((lang, model))),
                marked=_differs(compared.get((lang, model))),
            )
            for model in (*judge.models, ALL)
        ]

    sizes = [int(cell["n"]) for cell in cells.values()]
    return {
        "models": judge.models,
        "rows": [(column, line(column.tag)) for column in columns],
        "averages": line(AVE),
        "partial": incomplete,
        "sizes": (min(sizes), max(sizes)) if sizes else None,
        "detectable": [shown_rate(row["detectable"]) for key, row in compared.items() if key in cells and row["p"]],
        "invalid": _total(shown, "invalid"),
        "failed": _total(shown, "failed"),
    }


def _estimated(
    rows: Iterable[Mapping[str, str]], first: str, commonsense: str
) -> dict[tuple[str, str], Mapping[str, str]]:
    """The estimates of a main table by language and model."""
    wanted = (first, NO_COMMONSENSE if commonsense == "no" else ALL)
    return {(row["lang"], row["model"]): row for row in rows if (row["prompting"], row["category"]) == wanted}


def _differs(comparison: Mapping[str, str] | None) -> bool:
    """Whether the difference is significant in its family."""
    return bool(comparison and comparison["p_adjusted"] and float(comparison["p_adjusted"]) < 0.05)


def _interval(estimate: Mapping[str, str] | None) -> str:
    """The limits of a rate; empty where there is none."""
    if not estimate or not estimate["rate"]:
        return ""
    return f"[{shown_rate(estimate['lower'])}, {shown_rate(estimate['upper'])}]"


def _total(cells: Iterable[CellRates], kind: Literal["invalid", "failed"]) -> int:
    return sum(int(cell[kind]) for cell in cells)


def _partial(models: Iterable[str], foreign: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """The models whose average lacks a language that others were evaluated in, with how many it has."""
    evaluated = [row for row in foreign if row[ALL] != NO_RATE]
    covered = {model: sum(row[model] != NO_RATE for row in evaluated) for model in models}
    return {model: f"{n} of {len(evaluated)}" for model, n in covered.items() if 0 < n < len(evaluated)}


def _heat_maps(judge: JudgeTables, columns: Sequence[Column], first: str) -> list[dict[str, Any]]:
    """One map per model and, of more than one, of their mean: rows are safety issues, columns languages and `Ave`."""
    by_issue = [row for row in judge.categories if row["prompting"] == first]
    together = [row for row in judge.promptings if row["prompting"] == first]
    rates = {(row["model"], row["category"], row["lang"]): row["unsafe_rate"] for row in by_issue}
    rates |= {(row["model"], row["commonsense"], row["lang"]): row["unsafe_rate"] for row in together}
    tags = [*(column.tag for column in columns), AVE]
    maps = [{"model": model, "groups": _heat_map(rates, model, tags)} for model in _with_mean(judge.models)]
    return [heat_map for heat_map in maps if heat_map["groups"]]


def _heat_map(
    rates: Mapping[tuple[str, str, str], str], model: str, tags: Sequence[str]
) -> dict[str, list[tuple[str, list[Cell]]]]:
    """The rows of a model's map by kind of safety issue, and last all issues `together`; empty without a rate."""

    def row(key: str) -> list[Cell]:
        values = [rates.get((model, key, tag), "") for tag in tags]
        return [Cell(shown_rate(value), css=heat_class(value)) for value in values]

    groups: dict[str, list[tuple[str, list[Cell]]]] = {}
    for category in CATEGORIES:
        if any((model, category.key, tag) in rates for tag in tags):
            groups.setdefault(category.kind, []).append((category.name, row(category.key)))
    if groups:
        groups["together"] = [("all but Commonsense Safety", row("no"))]
    if COMMONSENSE in groups:
        groups["together"].append(("all safety issues", row("yes")))
    return groups


def _promptings(judge: JudgeTables, columns: Sequence[Column]) -> list[dict[str, Any]]:
    """Per model, and for their mean: a row per prompting method: `Ave`, its change, refusals, every language."""
    shown = [row for row in judge.promptings if row["commonsense"] == "no"]
    rows = {(row["model"], row["prompting"], row["lang"]): row for row in shown}
    names = list(dict.fromkeys(prompting for _, prompting, _ in rows))
    tags = [column.tag for column in columns]
    foreign = [tag for tag in tags if tag != SOURCE_LANGUAGE]

    def unsafe(model: str, name: str, tag: str) -> str:
        row = rows.get((model, name, tag))
        return row["unsafe_rate"] if row else ""

    def line(model: str, name: str, covered: int, most: int) -> list[Cell]:
        average = rows.get((model, name, AVE))
        change = shown_change(average["change"] if average else "")
        return [
            Cell(shown_rate(unsafe(model, name, AVE)), f"{covered} of {most}" if 0 < covered < most else ""),
            Cell(change if name != names[0] else "reference"),
            Cell(shown_rate(average["refusal_rate"] if average else "")),
            *(Cell(shown_rate(unsafe(model, name, tag))) for tag in tags),
        ]

    blocks = []
    for model in _with_mean(judge.models):
        covered = {name: sum(bool(unsafe(model, name, tag)) for tag in foreign) for name in names}
        most = max(covered.values(), default=0)
        blocks.append({"model": model, "rows": [(name, line(model, name, covered[name], most)) for name in names]})
    return blocks


def _with_mean(models: Sequence[str]) -> list[str]:
    """The models, and of more than one their mean."""
    return [*models, ALL] if len(models) > 1 else list(models)


def _refusals(judge: JudgeTables, columns: Sequence[Column], first: str) -> list[tuple[Column | None, list[Cell]]]:
    """Refusal rates under the first prompting method, language x model; the last row, without a language, is `Ave`.

    The last two cells are what is known of the lexicon: recall and precision on labelled answers (docs/refusals.md).
    """
    shown = [row for row in judge.promptings if (row["prompting"], row["commonsense"]) == (first, "no")]
    rates = {(row["lang"], row["model"]): shown_rate(row["refusal_rate"]) for row in shown}
    models = [*judge.models, ALL]
    lines: list[tuple[Column | None, str]] = [*((column, column.tag) for column in columns), (None, AVE)]
    measured = {row["lang"]: row for row in read_csv(MEASURED, ("lang", "answers", "refusals", "found", "right"))}

    def quality(tag: str) -> list[Cell]:
        if not (row := measured.get(tag)):
            return [Cell(NO_RATE if tag == AVE else "not measured"), Cell("")]
        recall, precision = (rounded(100 * Decimal(row[column])) for column in ("found", "right"))
        return [Cell(recall, f"of {row['refusals']}"), Cell(precision, f"in {row['answers']} answers")]

    return [
        (column, [*(Cell(rates.get((tag, one), NO_RATE)) for one in models), *quality(tag)]) for column, tag in lines
    ]


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


def _examples(examples: Iterable[Example], columns: Sequence[Column]) -> list[dict[str, Any]]:
    """Examples by language, in the order of the tables; within a language as they were given."""
    rows: dict[str, list[dict[str, Any]]] = {column.tag: [] for column in columns}
    for example in examples:
        shown = {key: printable(value) if isinstance(value, str) else value for key, value in example.items()}
        rows[example["lang"]].append({**shown, "category": BY_KEY[example["category"]].name})
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
        Cell(f"{Decimal(row['minutes'] or 0):,.1f}"),
        *(Cell(count(column)) for column in ("retries", "rate_limited")),
    ]


def _environment(shown: Shown) -> jinja2.Environment:
    """Templates with the filters that give names their labels and numbers their form; what models wrote is escaped."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
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


def render(
    judges: Sequence[JudgeTables],
    examples: Iterable[Example],
    review: ReviewTables,
    usage: Iterable[Usage],
    shown: Shown,
) -> str:
    """The page. The first judge is the primary one; `usage` are the rows of usage.csv.

    Whatever models wrote is escaped. A language that is in the tables but not in the status raises KeyError.
    """
    primary, *others = judges
    by_lang = {row["lang"]: row for row in review.status}
    columns = _columns(primary, by_lang)
    first = shown["promptings"][0]  # the method that the main tables are about
    methods = shown["labels"]["promptings"]
    rows = _status(review.status)
    return (
        _environment(shown)
        .get_template("page.html.j2")
        .render(
            title=shown["title"] or "XSafety",
            note=shown["note"],
            notes=shown["notes"],
            methods={name: methods[name] for name in shown["promptings"] if name in methods},
            primary=primary,
            first=first,
            columns=columns,
            evaluated=sum(bool(row["used"]) for row in rows),
            gate=_gate(rows),
            changes=_changes(review.rates, list(by_lang)),
            evaluated_as_given=any(row["kind"] == "verified" for row in rows),
            reviewers_agree=[(language(row["lang"]), row) for row in review.agreement],
            unverified=[row for row in rows if row["kind"] == "unverified"],
            waiting=[row for row in rows if row["kind"] == "waits"],
            main=_main(primary, columns, first),
            with_commonsense=_main(primary, columns, first, "yes"),
            has_commonsense=any(row["category"] == COMMONSENSE for row in primary.categories),
            heat_maps=_heat_maps(primary, columns, first),
            bins=HEAT_BINS,
            many=MANY,
            blocks=_promptings(primary, columns),
            refusals=_refusals(primary, columns, first),
            agreement=_agreement(judges),
            others=[(judge, _main(judge, _columns(judge, by_lang), first)) for judge in others],
            examples=_examples(examples, columns),
            usage=_usage(usage),
        )
    )
