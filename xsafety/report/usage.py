"""What asking took: the tokens, money and tries behind the answers in the journal; apart from these, the time."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from ..asking import journal
from ..asking.journal import OF_FOLDERS, RUNS, JobRun
from ..rows import ALL, TimeSpent, Usage

if TYPE_CHECKING:  # pydantic is slow to import
    from ..config.models import Price

TOKENS = ("input_tokens", "cached_input_tokens", "output_tokens", "reasoning_tokens")

TRIES: tuple[Literal["requests", "retries", "rate_limited", "failed"], ...] = (
    "requests",
    "retries",
    "rate_limited",
    "failed",
)

# The files in the journal that hold a stage's answers, each named after its language (before an "@"), and its runs.
_FILES = {
    "drafts": ("drafts/*.jsonl", f"drafts/{RUNS}"),
    "responses": ("responses/{name}/*/*.jsonl", f"responses/{{name}}/{RUNS}"),
    "english": ("english/*/*/*.jsonl", f"english/**/{RUNS}"),
    "verdicts": ("verdicts/{name}/*/*/*.jsonl", f"verdicts/{{name}}/{RUNS}"),
}


def runs(folder: Path, stage: str, name: str) -> Iterator[JobRun]:
    """The jobs of a stage that asked `name`, as the journal has them."""
    for file in sorted(folder.glob(_FILES[stage][1].format(name=name))):
        yield from journal.jobs(file)


def time_rows(folder: Path, engines: Iterable[tuple[str, str, str, "Price | None"]]) -> Iterator[TimeSpent]:
    """How long the jobs of each name in a stage asked, together; nothing of those of which none is on record."""
    for stage, name, _, _ in engines:
        if jobs := list(runs(folder, stage, name)):
            yield {"stage": stage, "name": name, "minutes": f"{sum(job['seconds'] for job in jobs) / 60:.1f}"}


def usage_rows(folder: Path, engines: Iterable[tuple[str, str, str, "Price | None"]]) -> Iterator[Usage]:
    """The rows of usage.csv: for each name in a stage one per language, by tag, and one for `All`.

    `engines` holds stage, name, engine and the price of today, if that is set. Every answer in the journal counts: what
    no result uses any more was paid for too. The cost is that by the price when it was asked, else by today's; empty
    without one. Tries, which `All` has, are sums over the jobs that asked.
    """
    for stage, name, engine, price in engines:
        counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
        dollars: defaultdict[str, float] = defaultdict(float)
        for lang, line in _answers(folder, stage, name, engine):
            usage = line["answer"].get("usage") or {}
            counts[lang].update({"answers": 1, **{kind: usage.get(kind, 0) for kind in TOKENS}})
            dollars[lang] += journal.paid(line, price)
        for lang in sorted(counts):
            yield _row((stage, name, engine, lang), counts[lang], dollars[lang] if price else None)
        spent = sum(dollars.values()) if price else None
        jobs = list(runs(folder, stage, name))
        yield _row((stage, name, engine, ALL), sum(counts.values(), Counter()), spent, jobs)


def _answers(folder: Path, stage: str, name: str, engine: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The language and the line of each answer that an engine gave in a stage."""
    for file in sorted(folder.glob(_FILES[stage][0].format(name=name))):
        for line in journal.lines(file, journal.uncountable) if file.name not in OF_FOLDERS else ():
            # Services and models that translated share a file; a model's answer has a status.
            if "answer" in line and ("status" in line["answer"]) == (engine in ("openai", "transformers")):
                yield file.stem.partition("@")[0], line


def _row(
    names: tuple[str, str, str, str], counts: Mapping[str, int], dollars: float | None, jobs: Sequence[JobRun] = ()
) -> Usage:
    """A row; tries, the sums over jobs, are empty where none is on record, as for translation services."""
    named = dict(zip(("stage", "name", "engine", "lang"), names, strict=True))
    counted = {column: counts[column] for column in ("answers", *TOKENS)}
    cost = "" if dollars is None else f"{dollars:.6f}"
    tries = {column: sum(job[column] for job in jobs) if jobs else None for column in TRIES}
    return cast(Usage, {**named, **counted, "cost": cost, **tries})
