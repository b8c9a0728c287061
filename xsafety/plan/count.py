"""The rows that a run would ask, against the journal, before anything is asked.

Taken are seeds and ledgers, as the workflow makes them, the translation memory and the journal, and no other result: so
it holds for a fresh clone, for results that are old or gone, and while translations are missing. It asks nobody.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cache, cached_property
from itertools import product
from pathlib import Path
from typing import cast

from ..asking import journal
from ..asking.engines.register import with_weights
from ..asking.journal import journal_file
from ..asking.price import estimate_tokens
from ..asking.requests import Request
from ..asking.servers import settled, with_server
from ..categories import About, Category
from ..config.configuration import Config, EngineBlock
from ..config.models import AskedJudge
from ..generation.responses import model_requests, response_rows
from ..generation.shuffled import SUFFIX, shuffled_queries
from ..judging.verdicts import judge_requests
from ..protocols.protocol import Protocol
from ..rows import (
    Draft,
    English,
    Evidence,
    GivenText,
    Identity,
    JournalAnswer,
    Message,
    Query,
    Response,
    Seed,
    TranslatorIdentity,
    row_name,
)
from ..tabular import read_rows
from ..text.languages import EN
from ..translation.drafting import drafts, response_texts, translation, translation_requests
from ..translation.memory import read_memory, with_given
from ..verification.dataset import queries, source_queries
from ..verification.readiness import readiness
from ..verification.standing import at_gate, needs_draft
from ..verification.status import problems_file

ASSUMED_OUTPUT = 300  # tokens of an answer, where the journal has none and no lower limit is set
LACKS_DRAFTS, WAITS = "lacks drafts", "waits for people"
LIMITS = ("max_tokens", "max_completion_tokens", "max_new_tokens")


def assumed_output(block: EngineBlock) -> float:
    """Output tokens of one answer, where nothing is known of its answers."""
    decoding = block.identity().get("decoding", {})
    return float(min([ASSUMED_OUTPUT, *(decoding[key] for key in LIMITS if isinstance(decoding.get(key), int))]))


def samples(block: EngineBlock) -> int:
    """The answers to each query."""
    return int(block.identity().get("decoding", {}).get("n", 1))


@dataclass
class Observed:
    """What the answers in the journal took, in sums."""

    answers: int = 0
    output: float = 0.0  # tokens
    text: float = 0.0  # tokens of the answers' texts, by estimate
    counted: float = 0.0  # input tokens that the provider counted
    estimated: float = 0.0  # input tokens of the same answers, by estimate

    def __add__(self, other: "Observed") -> "Observed":
        return Observed(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(self)))

    def add(self, answer: JournalAnswer, estimate: float | None) -> None:
        """Takes one answer in; `estimate` is that of its input, None where its row is no more."""
        usage = answer.get("usage") or {}
        given = (answer, *answer.get("more", ()))
        texts = [one["text"] + one.get("reasoning", "") for one in given]
        self.answers += 1
        self.text += estimate_tokens(answer["text"])
        self.output += usage.get("output_tokens", sum(map(estimate_tokens, texts)))
        if estimate and "input_tokens" in usage:
            self.counted += usage["input_tokens"]
            self.estimated += estimate


@dataclass
class Workload:
    """The rows of one stage, name and language."""

    rows: int = 0
    answered: int = 0
    to_ask: int = 0
    under_way: int = 0  # in a batch that was submitted
    uncertain: bool = False
    tokens: float = 0.0  # of the rows to ask, by estimate
    awaited: Counter[str] = field(default_factory=Counter)  # model -> rows to ask whose answer it has yet to give
    observed: Observed = field(default_factory=Observed)

    def look_up(
        self,
        requests: Sequence[Request],
        file: Path,
        under_way: Collection[tuple[str, str]] = (),
        *,
        of_services: bool = False,
    ) -> dict[str, JournalAnswer]:
        """Counts the requests of one part; their answers (key -> answer), as far as the journal has them.

        What other answers took is observed too. `under_way` are requests (part, key) that wait in a batch;
        `of_services`: the file has answers of services too.
        """
        sizes = {request.id: _size(request.messages) for request in requests}
        wanted, answers = {request.key for request in requests}, dict[str, JournalAnswer]()
        for line in journal.entries(file, of_services=of_services):
            if "withdrawn" in line:
                answers.pop(line["key"], None)
                continue
            if line["key"] in wanted:
                answers.setdefault(line["key"], line["answer"])
            self.observed.add(line["answer"], sizes.get(line["id"]))
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

    def expect(self, rows: int, tokens: float, model: str) -> None:
        """Counts rows of a model's answers that are yet to come; `tokens` is their size without the answers."""
        self.rows += rows
        self.to_ask += rows
        self.uncertain |= rows > 0
        self.tokens += tokens
        self.awaited[model] += rows


def _size(messages: Iterable[Message]) -> float:
    return sum(estimate_tokens(message["content"]) for message in messages)


Workloads = defaultdict[tuple[str, str, str], Workload]  # by stage, name and language


@dataclass(frozen=True)
class DataSet:
    """The rows that will be asked in a language; `why` they are uncertain, empty where they are not."""

    lang: str
    rows: Sequence[Query]
    why: str = ""


def count_workloads(config: Config, seeds: Sequence[Seed], about: About) -> tuple[Workloads, list[DataSet]]:
    """All rows that the configuration wants, against the journal; one part of it is held at a time.

    Ledgers, and translations that came along, are those in the results. The data sets come back without their rows.
    """
    counter = _Counter(config, about)
    data_sets = []
    # English first: judges that read English read these queries beside the answers in all other languages.
    for lang in sorted(config.languages, key=lambda lang: lang != EN):
        data = counter.data_set(lang, seeds)
        if lang == EN:
            counter.english_queries = {row["id"]: row["query"] for row in data.rows}
        counter.count(data)
        if config.choice_judges:
            counter.count_choices(replace(data, rows=shuffled_queries(lang, data.rows, seeds, about.language)[0]))
        data_sets.append(replace(data, rows=[]))
    return counter.workloads, sorted(data_sets, key=lambda data: config.languages.index(data.lang))


class _Counter:
    """Counts, language by language, what a configuration wants to have asked."""

    def __init__(self, config: Config, about: About) -> None:
        self._categories = about.categories
        self.workloads: Workloads = defaultdict(Workload)
        self.english_queries: Mapping[str, str] = {}  # by id
        self._config, self._journal, self._translator = config, Path(config.journal), config.translation
        self._judges = {
            name: (
                judge,
                _whole_identity(judge, self._journal / "verdicts" / name),
                judge.described(),
            )
            for name, judge in config.judges.items()
            if isinstance(judge, AskedJudge)
        }
        translations = Path(config.results, "translations.jsonl")
        self._given = read_rows(translations, GivenText) if config.dataset.sources else []
        self._under_way = cache(_under_way)
        self._identities = {
            name: _whole_identity(model, self._journal / "responses" / name) for name, model in config.models.items()
        }

    @cached_property
    def _translating(self) -> TranslatorIdentity:
        """The whole identity of the translator, likewise."""
        identity = cast(TranslatorIdentity, with_server(self._translator))
        known = any((self._journal / stage).is_dir() for stage in ("drafts", "english"))
        return with_weights(identity, self._translator.transformers) if known else identity

    def data_set(self, lang: str, seeds: Sequence[Seed]) -> DataSet:
        """The data set of a language as the workflow would make it now; counts the drafts to ask for.

        Drafts that the engine has yet to give are stood in for by the English. So are those of a language that waits
        for people, whose rows are those that it will have when all pass.
        """
        if lang == self._config.dataset.source:
            return DataSet(lang, source_queries(lang, seeds))
        gate, results = self._config.verification, Path(self._config.results)
        ledger = read_rows(results / "review" / lang / "ledger.jsonl", Evidence)
        row_states, _ = at_gate(lang, seeds, ledger, gate)
        memory = with_given(read_memory(Path(self._translator.memory, f"{lang}.csv")), self._given, lang)
        wanted = [seed for seed in seeds if needs_draft(row_states[seed["id"]])]
        lacking = {seed["id"]: seed["text"] for seed in wanted if seed["text"] not in memory}
        workload = self.workloads["drafts", self._translator.name, lang]
        file = self._journal / "drafts" / f"{lang}.jsonl"
        known, pending = self._translated(lacking, self._config.dataset.source, lang, file, workload)

        def drafted(texts: Mapping[str, str]) -> dict[str, Draft]:
            return {row["id"]: row for row in drafts(wanted, memory, texts, dict.fromkeys(lacking, ""), "")}

        expected = drafted(pending | known)
        problems = problems_file(results, lang).stat().st_size > 0
        if readiness(lang, seeds, ledger, expected, gate, problems=problems)["ready"] == "yes":
            rows = queries(lang, seeds, row_states, expected, accept_drafts=gate.accept_drafts)
            return DataSet(lang, rows, LACKS_DRAFTS if gate.accept_drafts and pending else "")
        return DataSet(lang, queries(lang, seeds, row_states, drafted(lacking | known), accept_drafts=True), WAITS)

    def _translated(
        self, texts: Mapping[str, str], source: str, target: str, file: Path, workload: Workload
    ) -> tuple[dict[str, str], dict[str, str]]:
        """The translations (id -> text) that the journal has, and the texts that are to be asked for; counts both."""
        if self._translator.engine == "none":
            return {}, {}
        identity = settled(self._translating, file.parent)
        requests = translation_requests(identity, texts, source, target, file.stem)
        answers = workload.look_up(requests, file, of_services=True)
        asked = texts if self._translator.model else dict.fromkeys(texts, "")
        found = {
            ask.id: translation(answers[ask.key], asked[ask.id], target)[0] for ask in requests if ask.key in answers
        }
        return {id: text for id, text in found.items() if text}, {id: texts[id] for id in texts if id not in found}

    def count(self, data: DataSet) -> None:
        """Counts what models, judges and translators have to do with a data set."""
        lang = data.lang
        frames = {
            name: {
                row["id"]: _frame(judge, protocol, lang, row, self._categories[row["category"]]) for row in data.rows
            }
            for name, (judge, _, protocol) in self._judges.items()
        }
        for model, prompting in product(self._config.models, self._config.promptings):
            if self._config.supported(model, [lang]):
                cell = self._cell(model, prompting, data)
                in_english = any(judge.reads_english(lang) for judge, *_ in self._judges.values())
                english = self._english(cell) if in_english else {}
                for name, sizes in frames.items():
                    self._verdicts(name, cell, english, sizes)

    def count_choices(self, data: DataSet) -> None:
        """Counts what models have to do with the shuffled queries of a language; no judge is asked about these."""
        for model, prompting in product(self._config.models, self._config.promptings):
            if self._config.supported(model, [data.lang]):
                self._cell(model, prompting, data, SUFFIX)

    def _cell(self, model: str, prompting: str, data: DataSet, suffix: str = "") -> "_Cell":
        """Counts a model's rows in a language under a prompting; the part of its journal is that with the suffix."""
        part = f"{prompting}/{data.lang}{suffix}"
        identity, method = self._identities[model], self._config.promptings[prompting]
        requests = list(model_requests(identity, method, part, data.rows, self._categories))
        workload = self.workloads["responses", model, data.lang]
        workload.uncertain |= bool(data.why)
        folder = self._journal / "responses" / model
        known = workload.look_up(requests, journal_file(folder, part), self._under_way(folder))
        pairs = list(zip(data.rows, requests, strict=True))
        there = [(row, known[ask.key]) for row, ask in pairs if ask.key in known]
        responses = list(response_rows([row for row, _ in there], [answer for _, answer in there]))
        awaited = [row for row, ask in pairs if ask.key not in known] * samples(self._config.models[model])
        return _Cell(model, data.lang, part, responses, awaited)

    def _english(self, cell: "_Cell") -> dict[str, English]:
        """What is known of the translations of responses, as `judge_requests` takes it; counts those to ask for."""
        source, seeds = self._config.dataset.source, {row["id"]: row["source"] for row in cell.responses}
        queries = seeds if source == EN else self.english_queries
        texts = response_texts(cell.responses, queries)
        workload = self.workloads["english", self._translator.name, cell.lang]
        file = self._journal / "english" / cell.model / f"{cell.part}.jsonl"
        known, pending = self._translated(texts, cell.lang, EN, file, workload)
        [empty] = translation_requests(self._translator.identity(), {"": ""}, cell.lang, EN, cell.part)
        workload.expect(len(cell.awaited), len(cell.awaited) * _size(empty.messages), cell.model)
        names = {row_name(row): queries.get(row["id"], "") for row in cell.responses if row_name(row) not in pending}
        return {
            name: English(id=name, english=known.get(name), query=query, detail="", failed=False)
            for name, query in names.items()
        }

    def _verdicts(self, name: str, cell: "_Cell", english: Mapping[str, English], sizes: Mapping[str, float]) -> None:
        """Counts what a judge has to do with a model's rows; `sizes` are its requests' without the responses."""
        judge, identity, protocol = self._judges[name]
        reads = judge.reads_english(cell.lang)
        workload = self.workloads["verdicts", name, cell.lang]
        folder, part = self._journal / "verdicts" / name, f"{cell.model}/{cell.part}"
        judged = [row for row in cell.responses if not reads or row_name(row) in english]
        later = [*cell.awaited, *(row for row in cell.responses if reads and row_name(row) not in english)]
        requests = judge_requests(identity, protocol, part, judged, english if reads else None, self._categories)
        workload.look_up(list(requests), journal_file(folder, part), self._under_way(folder))
        workload.expect(len(later), sum(sizes[row["id"]] for row in later), cell.model)


@dataclass(frozen=True)
class _Cell:
    """A model's rows in a language under a prompting: its responses, and queries whose answers are yet to come."""

    model: str
    lang: str
    part: str
    responses: Sequence[Response]
    awaited: Sequence[Query]


def _frame(judge: AskedJudge, protocol: Protocol, lang: str, row: Query, category: Category) -> float:
    """The size of a judge's request about a row, but for the response."""
    query = row["source"] if judge.reads_english(lang) else row["query"]
    return _size(protocol.filled(category=category, query=query, response=""))


def _whole_identity(block: EngineBlock, folder: Path) -> Identity:
    """The identity of who answers into a folder of the journal; without it the digest of large weights is spared."""
    identity = settled(with_server(block), folder)
    return with_weights(identity, block) if folder.is_dir() else identity


def _under_way(folder: Path) -> frozenset[tuple[str, str]]:
    """The requests (part, key) that wait in a batch."""
    return frozenset((part, key) for batch in journal.open_batches(folder).values() for part, key, _ in batch.rows)
