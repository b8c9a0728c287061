"""Machine drafts: from the translation memory, from the journal, and only then from an engine."""

import re
from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, cast

from ..asking import journal
from ..asking.answers import split_answer
from ..asking.ask import ask
from ..asking.engines.register import open_engine
from ..asking.progress import Progress, Throughput, Work
from ..asking.receipt import read_receipt
from ..asking.requests import Ended, Receipt, Request, request
from ..asking.servers import settled
from ..config.models import Connection
from ..config.translation import ServiceConnection, TranslatorConnection
from ..rows import Draft, Identity, JournalAnswer, Message, Response, Seed, TranslatorIdentity, row_name
from ..tabular import DataError, clean
from ..text.instead import instead
from ..text.languages import EN, language
from .memory import UNVERIFIED, from_memory, missing_draft
from .services import translator
from .services.service import AccessDenied, TextRejected, TranslationFailed, Unreachable

FAILURES_IN_A_ROW = 3  # texts that a service does not answer; twice as many where it has answered before


class Asked(NamedTuple):
    """The receipt of a job that asked a model in process, and the part of the journal in it."""

    receipt: Path
    part: str


class Translator(NamedTuple):
    """An engine that translates, and how it is reached; one in process was `asked` before."""

    identity: TranslatorIdentity
    connection: ServiceConnection | Connection | TranslatorConnection
    asked: Asked | None = None

    @property
    def name(self) -> str:
        """Who translates, as drafts name it."""
        if isinstance(self.connection, TranslatorConnection):
            return self.connection.name
        return self.identity.get("model") or self.identity["engine"]


class Translated(NamedTuple):
    """What came of translating (id -> text), what did not (id -> reason), and the part of that to ask for again."""

    done: dict[str, str]
    failed: dict[str, str]
    again: dict[str, str]


def translate(
    texts: Mapping[str, str],
    by: Translator,
    *,
    source: str,
    target: str,
    journal_file: Path,
    progress: Callable[[str], None],
) -> Translated:
    """Translates `texts` (id -> text) by an engine, each text asked for once in the life of the journal.

    Where an engine cannot be reached three times in a row (six where it answered before; a model, 32 times), or refuses
    the key or every text, the rest is not asked for, so that a dead network ends soon; what came is in the journal, a
    long text only when all its pieces came. A model in process is not asked: what it said is in the journal.
    """
    if isinstance(by.connection, TranslatorConnection):
        return _asked_before(texts, by, source, target, journal_file)
    folder, part = journal_file.parent, journal_file.stem
    identity = settled(by.identity, folder, by.connection, progress)
    requests = translation_requests(identity, texts, source, target, part)
    if isinstance(by.connection, Connection):
        engine = open_engine(model_identity(identity), by.connection, folder)
        try:
            receipt = ask({part: lambda: requests}, folder, engine, progress, by.connection, target)
        except Ended as error:
            receipt = error.receipt
        return _by_model(requests, texts, receipt, by, (source, target), journal_file)
    keys = {texts[one.id]: one.key for one in requests}
    answers = journal.answers(journal_file, of_services=True)
    known = {text: str(answers[key]["text"]) for text, key in keys.items() if key in answers}
    missing = {text: id for id, text in texts.items() if text not in known}
    failed: dict[str, str] = {}
    again: dict[str, str] = {}
    if missing:
        done = _Done(source, target, len(missing))
        try:
            call = translator(by.identity["engine"], source, target, by.connection)
            with journal.Journal(journal_file) as log, Progress(done.work, progress):

                def translated(text: str) -> None:
                    known[text] = call(text)
                    log.append(keys[text], missing[text], {"text": known[text]})

                failed, again = _ask_for_each(missing, translated, by.identity["engine"], bool(known), done)
        except TranslationFailed as error:  # there is no such engine, or none for these languages
            failed = dict.fromkeys(missing, str(error))
    return Translated(
        *({id: found[text] for id, text in texts.items() if text in found} for found in (known, failed, again))
    )


def _ask_for_each(
    texts: Iterable[str], translated: Callable[[str], None], engine: str, accepts: bool, done: "_Done"
) -> tuple[dict[str, str], dict[str, str]]:
    """What `translated` failed at (text -> reason), and the part of that to ask for again.

    After a failure the next text is one from the other end: a few texts that the engine fails at, side by side, are no
    dead engine. `accepts`: it translated some in earlier runs; an engine that did, now or then, and refuses what is
    left, does not refuse everything.
    """
    failed: dict[str, str] = {}
    again: dict[str, str] = {}
    rejected: dict[str, str] = {}
    in_a_row, closed = 0, ""
    answered, well = False, True
    waiting = deque(texts)
    for number in range(len(waiting)):
        text = waiting.popleft() if well else waiting.pop()
        well = False
        done.number = number
        if len(rejected) == FAILURES_IN_A_ROW and not (accepts or answered):
            closed = f"not asked for: {engine} took none of the first {FAILURES_IN_A_ROW} texts"
            again |= rejected
        if in_a_row == FAILURES_IN_A_ROW * (1 + answered):
            closed = f"not asked for: {engine} did not answer {in_a_row} times in a row"
        if closed:
            failed[text] = again[text] = closed
            continue
        try:
            translated(text)
            in_a_row, answered, well = 0, True, True
        except AccessDenied as error:
            failed[text] = again[text] = closed = str(error)
        except Unreachable as error:
            failed[text] = again[text] = str(error)
            in_a_row += 1
        except TranslationFailed as error:
            failed[text] = str(error)
            if isinstance(error, TextRejected):
                rejected[text] = str(error)
    return failed, again


class _Done:
    """Where a job of translation stands."""

    def __init__(self, source: str, target: str, texts: int) -> None:
        self.number = 0
        self._who, self._what = (target, "drafts") if source == EN or target != EN else (source, "answers in English")
        self._texts, self._rate = texts, Throughput()

    def work(self) -> Work:
        return Work(self._who, self._what, self.number, self._texts, self._rate.at(self.number))


def translation_requests(
    identity: TranslatorIdentity, texts: Mapping[str, str], source: str, target: str, part: str
) -> list[Request]:
    """One request per text (id -> text), to a service or a model."""
    if "prompt" not in identity:
        fixed = {**identity, "source": source, "target": target}
        keys = {id: journal.digest({**fixed, "text": text}) for id, text in texts.items()}
        return [Request(key, id, part, [Message(role="user", content=texts[id])]) for id, key in keys.items()]
    names = {"{source}": language(source).name, "{target}": language(target).name}
    prompt = re.sub(r"\{(source|target)\}", lambda field: names[field[0]], identity["prompt"].strip())
    prompts = {id: prompt.replace("{text}", text) for id, text in texts.items()}
    model = model_identity(identity)
    return [request(model, id, part, [Message(role="user", content=text)]) for id, text in prompts.items()]


def model_identity(identity: TranslatorIdentity) -> Identity:
    """The identity of a model, without what it is asked to do."""
    model = identity.copy()
    del model["prompt"]
    return model


def translation(answer: JournalAnswer, asked: str = "", target: str = "") -> tuple[str, str]:
    """The translation in a journal's answer, and why there is none; one of the two is empty.

    Of an English query `asked` into another language `target`, what surely refuses or answers it is none: such a text
    must never be asked as the query. Answers that are translated into English may refuse.
    """
    answer = split_answer(answer)
    if answer.get("status") == "cut_off":
        return "", f"cut off ({answer['detail']}); raise the limit of tokens in `decoding`"
    if answer.get("status", "answered") != "answered":
        return "", f"{answer['status']} ({answer['detail']})"
    if answer.get("finish_reason") == "length":
        return "", "cut off at the token limit; raise it in `decoding`"
    text = clean(answer["text"])
    if asked and target != EN and (found := instead(target, asked, text)) and found.sure:
        return "", f"no translation ({found.reason})"
    return text, "" if text else "empty"


def _asked_before(texts: Mapping[str, str], by: Translator, source: str, target: str, journal_file: Path) -> Translated:
    """The translations by a model in process."""
    if not by.asked:
        raise ValueError("a model in process is asked by a job of its own")
    receipt = read_receipt(by.asked.receipt)
    identity = cast(TranslatorIdentity, receipt["identity"])
    requests = translation_requests(identity, texts, source, target, by.asked.part)
    return _by_model(requests, texts, receipt, by, (source, target), journal_file)


def _by_model(
    requests: Sequence[Request],
    texts: Mapping[str, str],
    receipt: Receipt,
    by: Translator,
    languages: tuple[str, str],
    file: Path,
) -> Translated:
    """The translations that a model gave in reply to requests, as its journal and the receipt of asking tell.

    Raises DataError for answers that are in neither.
    """
    known = journal.answers(file, of_services=True)
    lacks, part = receipt.get("lacks", {}), requests[0].part if requests else ""
    reasons = receipt["failed"].get(part, {})
    found = Translated({}, {}, {})
    lost = []
    source, target = languages
    for one in requests:
        if one.key in known:
            draft, problem = translation(known[one.key], texts[one.id] if source == EN else "", target)
            if draft:
                found.done[one.id] = draft
            else:
                found.failed[one.id] = f"{by.name}: {problem}"
        elif part in lacks:
            found.failed[one.id] = lacks[part]
        elif reason := reasons.get(one.id) or receipt["ended"]:
            found.failed[one.id] = found.again[one.id] = reason
        else:
            lost.append(one.id)
    if lost:
        told = by.asked.receipt if by.asked else "the job"
        raise DataError(
            f"{file}: {len(lost)} of {len(requests)} translations are gone, though {told} says that they were given "
            f"(first: {lost[0]}). Put the journal back, or ask again: rm {told} && snakemake"
        )
    return found


def response_texts(rows: Iterable[Response], queries: Collection[str] | None) -> dict[str, str]:
    """The responses that are to be translated, of all `queries` or of those with these ids: name of the row -> text."""
    wanted = (row for row in rows if queries is None or row["id"] in queries)
    return {row_name(row): row["response"] for row in wanted if row["response"].strip()}


def drafts(
    seeds: Sequence[Seed],
    memory: Mapping[str, Draft],
    translated: Mapping[str, str],
    failed: Mapping[str, str],
    engine: str,
) -> list[Draft]:
    """The rows of a drafts file for the seeds that need one; a row without a draft says why in `status`."""
    rows: list[Draft] = []
    for seed in seeds:
        id, source = seed["id"], seed["text"]
        if source in memory:
            rows.append(from_memory(memory[source], id))
        elif id in translated:
            rows.append(Draft(id=id, source=source, draft=translated[id], engine=engine, status=UNVERIFIED))
        else:
            rows.append(missing_draft(seed, failed[id]))
    return rows
