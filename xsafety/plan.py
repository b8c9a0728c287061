"""The plan: what a run would ask, and what that takes in tokens, money and time, before anything is asked.

It reads what people own (seeds, memory, returned sheets) and the journal, and no result: so it holds for a fresh clone,
for results that are old or gone, and while translations are missing. It asks nobody and writes nothing.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

from . import journal
from .accounting import runs
from .asking import Request, journal_file, model_requests, response_rows, row_name
from .engines.start import pin
from .gate import Gate
from .judges.protocols import Protocol, load
from .judging import judge_requests
from .languages import SOURCE_LANGUAGE
from .memory import read_memory
from .progress import duration
from .prompting import Message, Prompting
from .release import Release, read_release, release_evidence
from .review import fold, needs_draft, queries, source_queries, standings, status
from .seeds import read_seeds
from .tabular import aligned
from .translation import drafts, translation, translation_requests
from .usage import cost, estimate_tokens

TITLES = {"drafts": "translate", "responses": "ask", "english": "translate answers to English", "verdicts": "judge"}
ASSUMED_OUTPUT = 300  # tokens of an answer, where the journal has none and no lower limit is set
LACKS_DRAFTS, WAITS = "lacks drafts", "waits for people"
LIMITS = ("max_tokens", "max_completion_tokens", "max_new_tokens")
HEADER = ("", "language", "rows", "answered", "to ask", "tokens in", "tokens out", "cost", "time")

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Asked:
    """A model, judge or translator of the configuration; `provider` is whose limits it shares, None if nobody's."""

    name: str
    identity: Mapping[str, Any]
    connection: Mapping[str, Any]
    provider: str | None
    languages: Sequence[str] | None = None  # those that a model supports; None: all
    protocol: str = ""
    reading: Mapping[str, Any] = field(default_factory=dict)

    @property
    def samples(self) -> int:
        return int(self.identity["decoding"].get("n", 1))

    @property
    def has_price(self) -> bool:
        """Whether it may cost money: local models and free services do not."""
        return self.identity["engine"] == "openai" and self.identity.get("endpoint") != "moderations"

    @property
    def in_batches(self) -> bool:
        return self.connection.get("mode") == "batch"

    def reads_english(self, lang: str) -> bool:
        return bool(self.reading.get("translate_to_english")) and lang != SOURCE_LANGUAGE

    def assumed_output(self) -> float:
        """Output tokens of one answer, where nothing is known of its answers."""
        decoding = self.identity["decoding"]
        return float(min([ASSUMED_OUTPUT, *(decoding[key] for key in LIMITS if isinstance(decoding.get(key), int))]))


@dataclass(frozen=True)
class Settings:
    """What of the configuration decides the plan, as rules/plan.smk hands it over."""

    languages: Sequence[str]
    dataset: Mapping[str, str | None]
    memory: str
    verification: Mapping[str, Any]
    promptings: Mapping[str, Mapping[str, Any]]
    translator: Asked
    models: Sequence[Asked]
    judges: Sequence[Asked]
    journal: str

    @classmethod
    def read(cls, raw: Mapping[str, Any]) -> "Settings":
        asked = {kind: [Asked(**block) for block in raw[kind]] for kind in ("models", "judges")}
        return cls(**{**raw, **asked, "translator": Asked(**raw["translator"])})

    @property
    def stages(self) -> dict[str, Sequence[Asked]]:
        """Who is asked in each stage, in the order of the stages."""
        return {
            "drafts": [self.translator],
            "responses": self.models,
            "english": [self.translator],
            "verdicts": self.judges,
        }


@dataclass
class Seen:
    """What the answers in the journal took, in sums."""

    answers: int = 0
    output: float = 0.0  # tokens
    text: float = 0.0  # tokens of the answers' texts, by estimate
    counted: float = 0.0  # input tokens that the provider counted
    estimated: float = 0.0  # input tokens of the same answers, by estimate

    def __add__(self, other: "Seen") -> "Seen":
        return Seen(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(self)))

    def add(self, answer: Mapping[str, Any], estimate: float | None) -> None:
        """Takes one answer in; `estimate` is that of its input, None where its row is no more."""
        usage = answer.get("usage") or {}
        texts = [given["text"] for given in (answer, *answer.get("more", ()))]
        self.answers += 1
        self.text += estimate_tokens(texts[0])
        self.output += usage.get("output_tokens", sum(map(estimate_tokens, texts)))
        if estimate and "input_tokens" in usage:
            self.counted += usage["input_tokens"]
            self.estimated += estimate


@dataclass
class Tally:
    """The rows of one stage, name and language."""

    rows: int = 0
    answered: int = 0
    to_ask: int = 0
    under_way: int = 0  # in a batch that was submitted
    uncertain: bool = False
    tokens: float = 0.0  # of the rows to ask, by estimate
    awaited: Counter[str] = field(default_factory=Counter)  # model -> rows to ask whose answer it has yet to give
    seen: Seen = field(default_factory=Seen)

    def look_up(
        self, requests: Sequence[Request], file: Path, under_way: Collection[tuple[str, str]] = ()
    ) -> dict[str, dict[str, Any]]:
        """Counts the requests of one part; the answers (key -> answer) that the journal has, of other requests too.

        `under_way` are requests (part, key) that wait in a batch.
        """
        sizes = {request.id: _size(request.messages) for request in requests}
        answers: dict[str, dict[str, Any]] = {}
        for line in journal.lines(file):
            answers.setdefault(line["key"], line["answer"])
            self.seen.add(line["answer"], sizes.get(line["id"]))
        lacking = {request.key: sizes[request.id] for request in requests if request.key not in answers}
        waiting = {request.key for request in requests if (request.part, request.key) in under_way} & lacking.keys()
        self.under_way += len(waiting)
        for key in waiting:
            del lacking[key]
        self.rows += len(requests)
        self.answered += sum(request.key in answers for request in requests)
        self.to_ask += len(lacking)
        self.tokens += sum(lacking.values())
        return answers

    def expect(self, rows: int) -> None:
        """Counts rows that are known by their number only."""
        self.rows += rows
        self.to_ask += rows
        self.uncertain |= rows > 0


def _size(messages: Iterable[Message]) -> float:
    return sum(estimate_tokens(message["content"]) for message in messages)


Tallies = defaultdict[tuple[str, str, str], Tally]  # by stage, name and language


@dataclass(frozen=True)
class DataSet:
    """The rows that will be asked in a language; `why` they are uncertain, empty where they are not."""

    lang: str
    rows: Sequence[dict[str, Any]]
    why: str = ""


def read_dataset(dataset: Mapping[str, str | None]) -> tuple[list[dict[str, str]], Release | None]:
    """The seed queries, sorted by id, and the release that they are from, if any."""
    if not dataset["xsafety"]:
        return sorted(read_seeds(Path(str(dataset["seeds"]))), key=lambda seed: seed["id"]), None
    release = read_release(Path(dataset["xsafety"]))
    return sorted((seed._asdict() for seed in release.seeds), key=lambda seed: seed["id"]), release


def data_set(
    settings: Settings, lang: str, seeds: Sequence[dict[str, str]], release: Release | None, tally: Tally
) -> DataSet:
    """The data set of a language as the workflow would make it now; `tally` takes the drafts to ask for.

    Drafts that the engine has yet to give are stood in for by the English. So are those of a language that waits for
    people, whose rows are those that it will have when all pass.
    """
    if lang == SOURCE_LANGUAGE:
        return DataSet(lang, source_queries(lang, seeds))
    gate = Gate.read(settings.verification)
    evidence = release_evidence(release, lang) if release and lang in release.translations else []
    texts = {seed["id"]: seed["text"] for seed in seeds}
    reviews = Path(settings.verification["reviews"], lang)
    ledger, problems = fold(reviews, texts, evidence, different_reviewers=gate.others)
    stands = standings(lang, seeds, ledger, gate)
    memory = read_memory(Path(settings.memory, f"{lang}.csv"))
    wanted = [seed for seed in seeds if needs_draft(stands[seed["id"]])]
    lacking = {seed["id"]: seed["text"] for seed in wanted if seed["text"] not in memory}
    file = Path(settings.journal, "drafts", f"{lang}.jsonl")
    known, pending = _translated(settings.translator, lacking, SOURCE_LANGUAGE, lang, file, tally)

    def drafted(texts: Mapping[str, str]) -> dict[str, dict[str, str]]:
        return {row["id"]: row for row in drafts(wanted, memory, texts, dict.fromkeys(lacking, ""), "")}

    expected = drafted(pending | known)
    state = status(lang, seeds, ledger, expected, gate, sheet="", reviews="", problems="x" if problems else "")
    if state["ready"] == "yes":
        rows = queries(lang, seeds, stands, expected, accept_drafts=gate.accept_drafts)
        return DataSet(lang, rows, LACKS_DRAFTS if gate.accept_drafts and pending else "")
    return DataSet(lang, queries(lang, seeds, stands, drafted(lacking | known), accept_drafts=True), WAITS)


def _translated(
    translator: Asked, texts: Mapping[str, str], source: str, target: str, file: Path, tally: Tally
) -> tuple[dict[str, str], dict[str, str]]:
    """The translations (id -> text) that the journal has, and the texts that are to be asked for; counts both."""
    if translator.identity["engine"] == "none":
        return {}, {}
    requests = translation_requests(translator.identity, texts, source, target, file.stem)
    answers = tally.look_up(requests, file)
    found = {ask.id: translation(answers[ask.key])[0] for ask in requests if ask.key in answers}
    return {id: text for id, text in found.items() if text}, {id: texts[id] for id in texts if id not in found}


def count(settings: Settings) -> tuple[Tallies, list[DataSet]]:
    """All rows that the configuration wants, against the journal; one part of it is held at a time.

    The data sets come back without their rows.
    """
    seeds, release = read_dataset(settings.dataset)
    tallies: Tallies = defaultdict(Tally)
    models = [_pinned(settings, model) for model in settings.models]
    judges = [(judge, load(judge.protocol).with_prompt(judge.reading["prompt"])) for judge in settings.judges]
    data_sets = []
    for lang in settings.languages:
        data = data_set(settings, lang, seeds, release, tallies["drafts", settings.translator.name, lang])
        frames = {
            judge.name: {row["id"]: _frame(judge, protocol, lang, row) for row in data.rows}
            for judge, protocol in judges
        }
        for model in models:
            if model.languages is None or lang in model.languages:
                for prompting in settings.promptings:
                    _count_cell(settings, tallies, model, judges, prompting, data, frames)
        data_sets.append(replace(data, rows=[]))
    return tallies, data_sets


def _pinned(settings: Settings, model: Asked) -> Asked:
    """The model with its whole identity; without answers in the journal the digest of large weights can be spared."""
    known = Path(settings.journal, "responses", model.name).is_dir()
    return replace(model, identity=pin(model.identity, model.connection)) if known else model


def _frame(judge: Asked, protocol: Protocol, lang: str, row: Row) -> float:
    """The size of a judge's request about a row, but for the response."""
    query = row["source"] if judge.reads_english(lang) else row["query"]
    return _size(protocol.filled(category=row["category"], query=query, response=""))


def _count_cell(
    settings: Settings,
    tallies: Tallies,
    model: Asked,
    judges: Sequence[tuple[Asked, Protocol]],
    prompting: str,
    data: DataSet,
    frames: Mapping[str, Mapping[str, float]],
) -> None:
    """Counts a model's rows in a language under a prompting, and what judges and translators have to do with them."""
    lang, part = data.lang, f"{prompting}/{data.lang}"
    requests = model_requests(model.identity, Prompting(**settings.promptings[prompting]), part, data.rows)
    tally = tallies["responses", model.name, lang]
    tally.uncertain |= bool(data.why)
    folder = Path(settings.journal, "responses", model.name)
    known = tally.look_up(requests, journal_file(folder, part), _under_way(folder))
    there = [(row, known[ask.key]) for row, ask in zip(data.rows, requests, strict=True) if ask.key in known]
    responses = response_rows([row for row, _ in there], [answer for _, answer in there])
    awaited = [row for row, ask in zip(data.rows, requests, strict=True) if ask.key not in known] * model.samples
    english = {}
    if any(judge.reads_english(lang) for judge, _ in judges):
        english = _english(settings, tallies, model, responses, len(awaited), part, lang)
    for judge, protocol in judges:
        reads = judge.reads_english(lang)
        tally = tallies["verdicts", judge.name, lang]
        ready = [row for row in responses if not reads or row_name(row) in english]
        asked = judge_requests(judge.identity, protocol, f"{model.name}/{part}", ready, english if reads else None)
        folder = Path(settings.journal, "verdicts", judge.name)
        tally.look_up(asked, journal_file(folder, f"{model.name}/{part}"), _under_way(folder))
        later = [*awaited, *(row for row in responses if reads and row_name(row) not in english)]
        tally.expect(len(later))
        tally.tokens += sum(frames[judge.name][row["id"]] for row in later)
        tally.awaited[model.name] += len(later)


@cache
def _under_way(folder: Path) -> frozenset[tuple[str, str]]:
    """The requests (part, key) that wait in a batch."""
    return frozenset((part, key) for batch in journal.open_batches(folder).values() for part, key, _ in batch.rows)


def _english(
    settings: Settings, tallies: Tallies, model: Asked, responses: Sequence[Row], awaited: int, part: str, lang: str
) -> dict[str, dict[str, Any]]:
    """What is known of the translations of responses, as `judge_requests` takes it; counts those to ask for."""
    texts = {row_name(row): row["response"] for row in responses if row["response"].strip()}
    tally = tallies["english", settings.translator.name, lang]
    file = Path(settings.journal, "english", model.name, f"{part}.jsonl")
    known, pending = _translated(settings.translator, texts, lang, SOURCE_LANGUAGE, file, tally)
    empty = translation_requests(settings.translator.identity, {"": ""}, lang, SOURCE_LANGUAGE, part)[0]
    tally.expect(awaited)
    tally.tokens += awaited * _size(empty.messages)
    tally.awaited[model.name] += awaited
    names = [name for name in map(row_name, responses) if name not in pending]
    return {name: {"english": known.get(name), "detail": ""} for name in names}


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
