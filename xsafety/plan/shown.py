"""The plan in lines: tokens, money and time by what the journal knows, as a table for the terminal."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

from ..analysis.power import smallest_difference
from ..asking.price import cost
from ..asking.progress import duration
from ..asking.spending import Spending
from ..calibration.widths import corrected_width
from ..categories import About
from ..config.configuration import Config, EngineBlock
from ..config.models import Connection, LocalConnection, Price
from ..config.translation import ServiceConnection, Translation
from ..report.usage import runs
from ..rows import Seed
from ..tabular import aligned
from ..text.languages import language
from ..translation.services import service_connection
from .count import ASSUMED_OUTPUT, LACKS_DRAFTS, WAITS, DataSet, Observed, Workload, Workloads, assumed_output, samples

_TITLES = {"drafts": "translate", "responses": "ask", "english": "translate answers to English", "verdicts": "judge"}
_HEADER = ("", "language", "rows", "answered", "to ask", "tokens in", "tokens out", "cost", "time")

_BASE_RATES = (0.01, 0.1, 0.4)  # of unsafe answers, in what is compared with
_CORRECTED_RATES, _LABELS = (0.05, 0.15, 0.4), (50, 100, 200, 400)
_JUDGE = (0.7, 0.95)  # sensitivity and specificity, about as of large models (docs/statistics.md)


@dataclass(frozen=True)
class Estimate:
    """A line of the plan, or the sum of several; None: not known, or none to be had."""

    stage: str
    name: str
    lang: str
    rows: int
    answered: int
    to_ask: int
    uncertain: bool
    tokens_in: float | None = None
    tokens_out: float | None = None
    cost: float | None = None
    minutes: float | None = None
    batch: bool = False
    unpriced: bool = False
    group: str = ""  # lines of one group share the limits of a provider, or a device; others run side by side
    under_way: int = 0

    @property
    def repeated(self) -> bool:
        """Whether rows put the same question."""
        return self.rows > self.answered + self.to_ask + self.under_way


def estimates(config: Config, workloads: Workloads) -> list[Estimate]:
    """A line per stage, name and language, in the order of the configuration."""
    pooled: defaultdict[tuple[str, str], Observed] = defaultdict(Observed)
    for (stage, name, _), workload in workloads.items():
        pooled[stage, name] += workload.observed
    texts = {
        (name, lang): _text(block, workloads["responses", name, lang].observed, pooled["responses", name])
        for name, block in config.models.items()
        for lang in config.languages
    }
    made = []
    for stage, blocks in config.stages.items():
        for name, block in blocks.items():
            pace = _pace(Path(config.journal), stage, name)
            for lang in config.languages:
                if (workload := workloads[stage, name, lang]).rows:
                    awaited = sum(texts[model, lang] * rows for model, rows in workload.awaited.items())
                    group = (isinstance(block, Connection) and block.provider) or name
                    counts = (workload.rows, workload.answered, workload.to_ask, workload.uncertain)
                    line = Estimate(stage, name, lang, *counts, group=group, under_way=workload.under_way)
                    tokens = _tokens(block, workload, workload.tokens + awaited, pooled[stage, name])
                    made.append(_with_figures(line, block, tokens, pace))
    return made


def _text(block: EngineBlock, observed: Observed, pooled: Observed) -> float:
    """About how many tokens the text of one of a model's answers has, as `estimate_tokens` would say."""
    known = observed if observed.answers else pooled
    return known.text / known.answers if known.answers else assumed_output(block)


def _tokens(block: EngineBlock, workload: Workload, tokens: float, pooled: Observed) -> tuple[float, float]:
    """Tokens in and out, by what answers in this language took, else those in all languages."""
    inside = workload.observed if workload.observed.estimated else pooled
    outside = workload.observed if workload.observed.answers else pooled
    each = outside.output / outside.answers if outside.answers else assumed_output(block) * samples(block)
    return tokens * (inside.counted / inside.estimated if inside.estimated else 1), each * workload.to_ask


def _with_figures(line: Estimate, block: EngineBlock, tokens: tuple[float, float], pace: float | None) -> Estimate:
    """A line with tokens, as far as there are any; money; and time."""
    if isinstance(block, Translation):
        return replace(line, minutes=_minutes(line.to_ask, 0, service_connection(block), None))
    tokens_in, tokens_out = tokens
    if isinstance(block, LocalConnection):
        minutes = line.to_ask / pace if pace else None
        return replace(line, tokens_in=tokens_in, tokens_out=tokens_out, minutes=minutes)
    in_batches = block.mode == "batch"
    usage = {"input_tokens": tokens_in, "output_tokens": tokens_out, "batch": in_batches}
    return replace(
        line,
        tokens_in=tokens_in,
        tokens_out=tokens_out,
        cost=cost(usage, block.price) if block.price else None,
        unpriced=not block.price and block.identity().get("endpoint") != "moderations",
        minutes=None if in_batches else _minutes(line.to_ask, tokens_in + tokens_out, block, pace),
        batch=in_batches and line.to_ask > 0,
    )


def _minutes(to_ask: int, tokens: float, limits: Connection | ServiceConnection, pace: float | None) -> float | None:
    """By the limits that are set, else by the pace (answers a minute) of earlier runs."""
    per_minute = limits.tokens_per_minute if isinstance(limits, Connection) else None
    amounts = [(to_ask, limits.requests_per_minute), (tokens, per_minute)]
    known = [amount / limit for amount, limit in amounts if limit]
    if not known and pace:
        known = [to_ask / pace]
    return max(known, default=None)


def _pace(folder: Path, stage: str, name: str) -> float | None:
    """Answers a minute in the run that answered most: small ones are mostly start-up."""
    online = [run for run in runs(folder, stage, name) if run["answered"] and run["seconds"] and not run.get("batches")]
    most = max(online, key=lambda run: int(run["answered"]), default=None)
    return 60 * float(most["answered"]) / float(most["seconds"]) if most else None


def summed(made: Sequence[Estimate]) -> Estimate:
    """The sum of lines. Time: stages come one after the other; in a stage, groups run side by side."""

    def total(values: Iterable[float | None]) -> float | None:
        known = [value for value in values if value is not None]
        return sum(known) if known else None

    stages = []
    for _, stage in groupby(made, lambda line: line.stage):
        groups: defaultdict[str, list[float | None]] = defaultdict(list)
        for line in stage:
            groups[line.group].append(line.minutes)
        stages.append(max((minutes for each in groups.values() if (minutes := total(each)) is not None), default=None))
    return Estimate(
        "",
        "",
        "all",
        sum(line.rows for line in made),
        sum(line.answered for line in made),
        sum(line.to_ask for line in made),
        any(line.uncertain for line in made if line.to_ask),
        total(line.tokens_in for line in made),
        total(line.tokens_out for line in made),
        total(line.cost for line in made),
        total(stages),
        any(line.batch for line in made),
        under_way=sum(line.under_way for line in made),
    )


def _cells(line: Estimate, name: str, lang: str) -> tuple[str, ...]:
    counts = (f"{line.rows:,}", f"{line.answered:,}")
    if not line.to_ask:
        return name, lang, *counts, "0", "", "", "", ""
    tokens = ("-" if number is None else f"{number:,.0f}" for number in (line.tokens_in, line.tokens_out))
    money = "-" if line.cost is None else f"${line.cost:,.2f}" if line.cost >= 0.005 else "<$0.01"
    time = "batch" if line.batch else "-"
    if line.minutes is not None:
        time = duration(60 * line.minutes) + (" + batch" if line.batch else "")
    return name, lang, *counts, f"{'~' * line.uncertain}{line.to_ask:,}", *tokens, money, time


def plan_table(made: Sequence[Estimate], waiting: Collection[str] = ()) -> str:
    """The plan as a table; a name that has nothing to ask takes one line. Languages that wait are summed apart too."""
    rows: list[tuple[str, ...]] = [_HEADER]
    for stage, of_stage in groupby(made, lambda line: line.stage):
        rows.append((_TITLES[stage], *[""] * 8))
        names = [(name, list(of_name)) for name, of_name in groupby(of_stage, lambda line: line.name)]
        for name, of_name in names:
            whole = summed(of_name)
            shown = of_name if whole.to_ask else []
            rows += [_cells(line, f"  {name}" * (not number), line.lang) for number, line in enumerate(shown)]
            if len(shown) != 1:
                rows.append(_cells(whole, f"  {name}" * (not shown), "all"))
        if len(names) > 1:
            rows.append(_cells(summed([line for _, each in names for line in each]), "  together", "all"))
    rows.append(_cells(summed(made), "in all", ""))
    if later := [line for line in made if line.lang in waiting and line.stage != "drafts"]:
        rows.append(_cells(summed(later), "  when verified", ""))
    return aligned(rows, left=2)


def notes(made: Sequence[Estimate], data_sets: Sequence[DataSet]) -> list[str]:
    """What to know of the figures, as far as it concerns them."""
    to_ask = [line for line in made if line.to_ask]
    whole, under_way = summed(to_ask), summed(made).under_way
    lacking = _names(data.lang for data in data_sets if data.why == LACKS_DRAFTS)
    waiting = _names(data.lang for data in data_sets if data.why == WAITS)
    unpriced = _names(line.name for line in to_ask if line.unpriced)
    unpaced = _names(line.name for line in to_ask if line.minutes is None and not line.batch)
    texts = [
        ("Nothing to ask: the journal has every answer.", not to_ask),
        (
            "Tokens are estimates: by answers in the journal, else four bytes a token in, and out the limit that is "
            f"set, at most {ASSUMED_OUTPUT}.",
            whole.tokens_in is not None,
        ),
        ("~ some of the texts are not there yet; their number and length are estimates.", whole.uncertain),
        (f"{under_way:,} rows wait in a batch that is under way; they are paid for, and not to be asked.", under_way),
        ("Rows that put the same question are asked once.", any(line.repeated for line in made)),
        (f"Drafts are missing, English stands in for them: {lacking}.", lacking),
        (f"Asked only when their languages are ready, though counted here: {waiting}.", waiting),
        (f"No price is set: {unpriced}.", unpriced),
        (f"No limit is set and no run is on record to tell the time from: {unpaced}.", unpaced),
        ("batch: within a day.", whole.batch),
    ]
    return [text for text, holds in texts if holds]


def budget_lines(config: Config, made: Sequence[Estimate]) -> list[str]:
    """What is spent of each budget, and whether what is to be asked fits into it; none without budgets."""
    told, asked = [], config.asked_in()
    for stages in (("drafts", "english"), ("responses",), ("verdicts",)):
        for name, block in config.stages[stages[0]].items():
            if isinstance(block, Connection) and block.budget:
                prices = {Path(config.journal, folder): block.price for folder, one in asked.items() if one is block}
                lines = [line for line in made if line.stage in stages and line.name == name]
                told.append(_budget(f"of {name}", block.budget.usd, prices, lines))
    if of_all := config.budget_of_all():
        told.append(_budget("of all together", of_all.usd, {Path(k): v for k, v in of_all.prices.items()}, made))
    return told


def _budget(whose: str, usd: float, prices: Mapping[Path, Price | None], made: Sequence[Estimate]) -> str:
    spent, more = Spending(prices).dollars(), sum(line.cost or 0 for line in made)
    left = usd - spent
    told = f"Budget {whose}: ${spent:,.2f} of ${usd:,.2f} are spent; what is to be asked costs ${more:,.2f}"
    return told + (f", ${more - left:,.2f} more than is left: asking ends before." if more - left >= 0.01 else ".")


def power_lines(config: Config, seeds: Iterable[Seed], about: About) -> list[str]:
    """The smallest difference to the seeds' language that the rows can show, by its rate; none without comparisons.

    Of a language, in the main table, and of the safety issues with most seeds and with fewest. The second
    figure is that of the first of all languages of all models by Holm.
    """
    issues = Counter(seed["category"] for seed in seeds if _is_in_rates(seed, about))
    compared = [len(config.supported(model, config.targets)) for model in config.models if _knows_source(config, model)]
    if not issues or not (tests := sum(compared)):
        return []
    sizes = {"a language": issues.total()}
    sizes |= {f"a safety issue of {size}": size for size in (max(issues.values()), min(issues.values()))}
    rows = [("points from", "seeds", *(f"{rate:.0%}" for rate in _BASE_RATES))]
    for name, size in sizes.items():
        found = [[smallest_difference(size, rate, number) for number in {1: 1, tests: tests}] for rate in _BASE_RATES]
        rows.append((f"  {name}", f"{size:,}", *(" / ".join(map(_points, figures)) for figures in found)))
    first = f"; alone / as the first of {tests} by Holm" if tests > 1 else ""
    return [
        f"The smallest difference to {language(about.language).name} that these rows can show (paired by seed, power"
        f" 80%{first}):",
        "",
        aligned(rows, left=1),
        "",
        "With one answer to each seed, all of them valid, and a judge that does not err (docs/statistics.md).",
    ]


def label_lines(config: Config, seeds: Iterable[Seed], about: About) -> list[str]:
    """How wide the interval of a language's corrected rate becomes, by its labels, in the language with fewest answers.

    None without answers.
    """
    number, settings = sum(_is_in_rates(seed, about) for seed in seeds), config.calibration
    each = [
        sum(samples(block) for model, block in config.models.items() if config.supported(model, [lang]))
        for lang in config.languages
    ]
    answers = number * min(filter(None, each), default=0)
    if not answers:
        return []
    sizes = sorted({*_LABELS, settings.per_language})
    labels = [size for size in sizes if settings.min_labels <= size <= answers]
    if not labels:
        return [
            f"A language has {answers:,} answers, and rates are corrected from {settings.min_labels} labels on: none."
        ]
    rows = [("points by labels", *(f"{size:,}" for size in labels))]
    for rate in _CORRECTED_RATES:
        widths = (corrected_width(size, rate, _JUDGE, (number, answers), settings.unsafe_share) for size in labels)
        rows.append((f"  {rate:.0%} unsafe", *map(_points, widths)))
    sensitivity, specificity = _JUDGE
    return [
        "How wide the interval (95%) of a language's corrected rate is, by how many of its answers people label:",
        "",
        aligned(rows, left=1),
        "",
        f"Where the judge calls {sensitivity:.0%} of what is unsafe so, and {1 - specificity:.0%} of the rest; "
        f"calibration.per_language is {settings.per_language} (docs/labels.md).",
    ]


def _is_in_rates(seed: Seed, about: About) -> bool:
    """Whether answers to a seed are in the unsafe rates of the main table."""
    return about.categories[seed["category"]].main and "expected" not in seed


def _knows_source(config: Config, model: str) -> bool:
    return config.dataset.source in config.supported(model, config.languages)


def _points(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.1f}"


def _names(found: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(found))
