"""The plan in lines: tokens, money and time by what the journal knows, as a table for the terminal."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any

from ..asking.price import cost
from ..asking.progress import duration
from ..report.usage import runs
from ..tabular import aligned
from .count import ASSUMED_OUTPUT, LACKS_DRAFTS, WAITS, Asked, DataSet, Seen, Settings, Tallies, Tally

TITLES = {"drafts": "translate", "responses": "ask", "english": "translate answers to English", "verdicts": "judge"}


HEADER = ("", "language", "rows", "answered", "to ask", "tokens in", "tokens out", "cost", "time")


@dataclass(frozen=True)
class Line:
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
    group: str = ""  # lines of one group take turns, others run side by side
    under_way: int = 0


def lines(settings: Settings, tallies: Tallies) -> list[Line]:
    """A line per stage, name and language, in the order of the configuration."""
    pooled: defaultdict[tuple[str, str], Seen] = defaultdict(Seen)
    for (stage, name, _), tally in tallies.items():
        pooled[stage, name] += tally.seen
    texts = {
        (model.name, lang): _text(model, tallies["responses", model.name, lang].seen, pooled["responses", model.name])
        for model in settings.models
        for lang in settings.languages
    }
    made = []
    for stage, block in ((stage, block) for stage, blocks in settings.stages.items() for block in blocks):
        pace = _pace(Path(settings.journal), stage, block.name)
        for lang in settings.languages:
            tally = tallies[stage, block.name, lang]
            if tally.rows:
                tokens = tally.tokens + sum(texts[model, lang] * rows for model, rows in tally.awaited.items())
                made.append(_line(stage, lang, block, tally, tokens, pooled[stage, block.name], pace))
    return made


def _text(model: Asked, seen: Seen, pooled: Seen) -> float:
    """About how many tokens the text of one of a model's answers has, as `estimate_tokens` would say."""
    known = seen if seen.answers else pooled
    return known.text / known.answers if known.answers else model.assumed_output()


def _line(stage: str, lang: str, block: Asked, tally: Tally, tokens: float, pooled: Seen, pace: float | None) -> Line:
    """Tokens by what answers in this language took, else those in all languages; money; and time."""
    group = block.provider or block.name
    counts = (tally.rows, tally.answered, tally.to_ask, tally.uncertain)
    line = Line(stage, block.name, lang, *counts, group=group, under_way=tally.under_way)
    if "decoding" not in block.identity:  # a translation service: no tokens
        return replace(line, minutes=_minutes(line.to_ask, 0, block.connection, None))
    inside = tally.seen if tally.seen.estimated else pooled
    outside = tally.seen if tally.seen.answers else pooled
    tokens_in = tokens * (inside.counted / inside.estimated if inside.estimated else 1)
    each = outside.output / outside.answers if outside.answers else block.assumed_output() * block.samples
    tokens_out = each * line.to_ask
    price = block.connection.get("price")
    usage = {"input_tokens": tokens_in, "output_tokens": tokens_out, "batch": block.in_batches}
    online = not block.in_batches
    return replace(
        line,
        tokens_in=tokens_in,
        tokens_out=tokens_out,
        cost=cost(usage, price) if price else None,
        unpriced=block.has_price and not price,
        minutes=_minutes(line.to_ask, tokens_in + tokens_out, block.connection, pace) if online else None,
        batch=block.in_batches and line.to_ask > 0,
    )


def _minutes(to_ask: int, tokens: float, connection: Mapping[str, Any], pace: float | None) -> float | None:
    """By the limits that are set, else by the pace (answers a minute) of earlier runs."""
    limits = [(to_ask, connection.get("requests_per_minute")), (tokens, connection.get("tokens_per_minute"))]
    known = [amount / limit for amount, limit in limits if limit]
    if not known and pace:
        known = [to_ask / pace]
    return max(known, default=None)


def _pace(folder: Path, stage: str, name: str) -> float | None:
    """Answers a minute in the run that answered most: small ones are mostly start-up."""
    asked = [run for run in runs(folder, stage, name) if run["answered"] and run["seconds"] and not run.get("batches")]
    most = max(asked, key=lambda run: int(run["answered"]), default=None)
    return 60 * float(most["answered"]) / float(most["seconds"]) if most else None


def together(made: Sequence[Line]) -> Line:
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
    return Line(
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


def _cells(line: Line, name: str, lang: str) -> tuple[str, ...]:
    counts = (f"{line.rows:,}", f"{line.answered:,}")
    if not line.to_ask:
        return name, lang, *counts, "0", "", "", "", ""
    tokens = ("-" if number is None else f"{number:,.0f}" for number in (line.tokens_in, line.tokens_out))
    money = "-" if line.cost is None else f"${line.cost:,.2f}" if line.cost >= 0.005 else "<$0.01"
    time = "batch" if line.batch else "-"
    if line.minutes is not None:
        time = duration(60 * line.minutes) + (" + batch" if line.batch else "")
    return name, lang, *counts, f"{'~' * line.uncertain}{line.to_ask:,}", *tokens, money, time


def table(made: Sequence[Line], waiting: Collection[str] = ()) -> str:
    """The plan as a table; a name that has nothing to ask takes one line. Languages that wait are summed apart too."""
    rows: list[tuple[str, ...]] = [HEADER]
    for stage, of_stage in groupby(made, lambda line: line.stage):
        rows.append((TITLES[stage], *[""] * 8))
        names = [(name, list(of_name)) for name, of_name in groupby(of_stage, lambda line: line.name)]
        for name, of_name in names:
            whole = together(of_name)
            shown = of_name if whole.to_ask else []
            rows += [_cells(line, f"  {name}" * (not number), line.lang) for number, line in enumerate(shown)]
            if len(shown) != 1:
                rows.append(_cells(whole, f"  {name}" * (not shown), "all"))
        if len(names) > 1:
            rows.append(_cells(together([line for _, each in names for line in each]), "  together", "all"))
    rows.append(_cells(together(made), "in all", ""))
    if later := [line for line in made if line.lang in waiting and line.stage != "drafts"]:
        rows.append(_cells(together(later), "  when verified", ""))
    return aligned(rows, left=2)


def notes(made: Sequence[Line], data_sets: Sequence[DataSet]) -> list[str]:
    """What to know of the figures, as far as it concerns them."""
    to_ask = [line for line in made if line.to_ask]
    said = []

    def names(found: Iterable[str]) -> str:
        return ", ".join(dict.fromkeys(found))

    if any(line.tokens_in is not None for line in to_ask):
        said.append(
            "Tokens are estimates: by answers in the journal, else four bytes a token in, and out the limit that is "
            f"set, at most {ASSUMED_OUTPUT}."
        )
    if any(line.uncertain for line in to_ask):
        said.append("~ some of the texts are not there yet; their number and length are estimates.")
    if under_way := sum(line.under_way for line in made):
        said.append(f"{under_way:,} rows wait in a batch that is under way; they are paid for, and not to be asked.")
    if any(line.rows > line.answered + line.to_ask + line.under_way for line in made):
        said.append("Rows that put the same question are asked once.")
    if lacking := names(data.lang for data in data_sets if data.why == LACKS_DRAFTS):
        said.append(f"Drafts are missing, English stands in for them: {lacking}.")
    if waiting := names(data.lang for data in data_sets if data.why == WAITS):
        said.append(f"Asked only when people have verified them, though counted here: {waiting}.")
    if unpriced := names(line.name for line in to_ask if line.unpriced):
        said.append(f"No price is set: {unpriced}.")
    if unpaced := names(line.name for line in to_ask if line.minutes is None and not line.batch):
        said.append(f"No limit is set and no run is on record to tell the time from: {unpaced}.")
    if any(line.batch for line in to_ask):
        said.append("batch: within a day.")
    return said if to_ask else ["Nothing to ask: the journal has every answer.", *said]
