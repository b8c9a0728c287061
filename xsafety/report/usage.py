"""What asking took: the tokens, money, time and tries behind the answers in the journal."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ..asking import journal
from ..asking.journal import RUNS
from ..asking.price import cost
from .tables import ALL

TOKENS = ("input_tokens", "cached_input_tokens", "output_tokens", "reasoning_tokens")


TRIES = ("requests", "retries", "rate_limited", "failed")


COLUMNS = ("stage", "name", "engine", "lang", "answers", *TOKENS, "cost", *TRIES, "minutes")


# The files in the journal that hold a stage's answers, each named after its language, and its runs.
_ANSWERS = {
    "drafts": "drafts/*.jsonl",
    "responses": "responses/{name}/*/*.jsonl",
    "english": "english/*/*/*.jsonl",
    "verdicts": "verdicts/{name}/*/*/*.jsonl",
}


_RUNS = {
    "drafts": f"drafts/{RUNS}",
    "responses": f"responses/{{name}}/{RUNS}",
    "english": f"english/*/*/{RUNS}",
    "verdicts": f"verdicts/{{name}}/{RUNS}",
}


def runs(folder: Path, stage: str, name: str) -> Iterator[dict[str, Any]]:
    """The jobs of a stage that asked `name`, as the journal has them."""
    for file in sorted(folder.glob(_RUNS[stage].format(name=name))):
        yield from journal.lines(file)


class Block(NamedTuple):
    """A model, a judge or a translator, and what a provider charges for it, if that is known."""

    name: str
    engine: str
    price: Mapping[str, Any] | None = None


def usage_rows(folder: Path, stages: Mapping[str, Iterable[Block]]) -> Iterator[dict[str, Any]]:
    """The rows of usage.csv: for each block of a stage one per language, by tag, and one for `All`.

    Every answer in the journal counts: what no result uses any more was paid for too. The cost is that by the price
    when it was asked, else by today's; empty without one. Tries and minutes, which `All` has, are sums over the jobs
    that asked.
    """
    for stage, block in ((stage, block) for stage, blocks in stages.items() for block in blocks):
        counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
        dollars: defaultdict[str, float] = defaultdict(float)
        files = sorted(folder.glob(_ANSWERS[stage].format(name=block.name)))
        for file in (file for file in files if file.name != RUNS):
            for line in journal.lines(file):
                # Services and models that translated share a file; a model's answer has a status.
                if ("status" in line["answer"]) != (block.engine in ("openai", "transformers")):
                    continue
                usage = line["answer"].get("usage") or {}
                counts[file.stem].update({"answers": 1, **{kind: usage.get(kind, 0) for kind in TOKENS}})
                dollars[file.stem] += line.get("dollars", cost(usage, block.price))
        for lang in sorted(counts):
            yield _row(stage, block, lang, counts[lang], dollars[lang])
        tries = _tries(runs(folder, stage, block.name))
        yield _row(stage, block, ALL, sum(counts.values(), Counter()), sum(dollars.values())) | tries


def _row(stage: str, block: Block, lang: str, counts: Mapping[str, int], dollars: float) -> dict[str, Any]:
    known = {"stage": stage, "name": block.name, "engine": block.engine, "lang": lang}
    numbers = {column: counts.get(column, 0) for column in ("answers", *TOKENS)}
    return {**known, **numbers, "cost": f"{dollars:.6f}" if block.price else ""}


def _tries(jobs: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The sums over jobs; nothing where none is on record, as for translation services."""
    total: Counter[str] = Counter()
    seconds = 0.0
    for run in jobs:
        total.update({column: run[column] for column in TRIES})
        seconds += run["seconds"]
    return {**total, "minutes": f"{seconds / 60:.1f}"} if total else {}
