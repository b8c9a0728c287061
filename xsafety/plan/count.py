"""The plan: what a run would ask, and what that takes in tokens, money and time, before anything is asked.

It reads what people own (seeds, memory, returned sheets) and the journal, and no result: so it holds for a fresh clone,
for results that are old or gone, and while translations are missing. It asks nobody and writes nothing.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cache
from pathlib import Path
from typing import Any

from ..asking import journal
from ..asking.engines.start import pin
from ..asking.journal import journal_file
from ..asking.price import estimate_tokens
from ..asking.requests import Request
from ..generation.prompting import Prompting
from ..generation.responses import model_requests, response_rows, row_name
from ..judging.verdicts import judge_requests
from ..protocols.protocol import Protocol, load
from ..rows import Message
from ..seeds.dataset import read_dataset
from ..seeds.release import Release, release_evidence
from ..text.languages import SOURCE_LANGUAGE
from ..translation.drafting import drafts, translation, translation_requests
from ..translation.memory import read_memory
from ..verification.dataset import queries, source_queries
from ..verification.evidence import fold
from ..verification.gate import Gate
from ..verification.standing import needs_draft, standings
from ..verification.waiting import status

ASSUMED_OUTPUT = 300  # tokens of an answer, where the journal has none and no lower limit is set


LACKS_DRAFTS, WAITS = "lacks drafts", "waits for people"


LIMITS = ("max_tokens", "max_completion_tokens", "max_new_tokens")


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


def data_set(settings: Settings, lang: str, seeds: Sequence[Any], release: Release | None, tally: Tally) -> DataSet:
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
