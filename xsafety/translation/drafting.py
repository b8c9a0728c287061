"""Machine drafts: from the translation memory, from the journal, and only then from an engine."""

import re
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from ..asking import journal
from ..asking.answers import split_answer
from ..asking.ask import ask
from ..asking.engines.register import open_engine, with_weights
from ..asking.progress import Progress, Throughput, Work
from ..asking.requests import Engine, Fatal, Receipt, Recipient, Request, request
from ..asking.servers import settled
from ..config.models import Connection
from ..config.translation import ServiceConnection, TranslatorConnection
from ..rows import Draft, Identity, JournalAnswer, Message, Seed, TranslatorIdentity
from ..tabular import clean
from ..text.instead import instead
from ..text.languages import EN, language
from .local import translate_texts
from .memory import UNVERIFIED, from_memory, missing_draft
from .services import translator
from .services.service import AccessDenied, TextRejected, TranslationFailed, Unreachable

FAILURES_IN_A_ROW = 3  # texts that a service does not answer; twice as many where it has answered before


class Translator(NamedTuple):
    """An engine that translates, and how it is reached, or where its weights lie."""

    identity: TranslatorIdentity
    connection: ServiceConnection | Connection | TranslatorConnection
    threads: int = 1

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
    long text only when all its pieces came.
    """
    identity = settled(with_weights(by.identity, by.connection), journal_file.parent, by.connection, progress)
    requests = translation_requests(identity, texts, source, target, journal_file.stem)
    if not isinstance(by.connection, ServiceConnection):
        asked = [(one, texts[one.id] if source == EN else "") for one in requests]
        folder, part = journal_file.parent, {journal_file.stem: lambda: requests}
        engine = _engine(identity, by.connection, by.threads, (source, target), folder, progress)
        asking = partial(ask, part, folder, engine, progress, by.connection, target)
        return _by_model(asked, asking, by.name, target, journal_file)
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
    model = _model(identity)
    return [request(model, id, part, [Message(role="user", content=text)]) for id, text in prompts.items()]


def _model(identity: TranslatorIdentity) -> Identity:
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


def _engine(
    identity: TranslatorIdentity,
    connection: Connection | TranslatorConnection,
    threads: int,
    languages: tuple[str, str],
    folder: Path,
    say: Callable[[str], None],
) -> Engine:
    """The engine of a model that translates; one in process says under what licence it is."""
    if not isinstance(connection, TranslatorConnection):
        return open_engine(_model(identity), connection, folder)

    def begin(requests: Iterable[Request], recipient: Recipient) -> Engine | None:
        licence = connection.licence or "not known; look it up and set translation.transformers.licence"
        say(f"note: translated by {connection.name}; its licence: {licence}")
        run: Engine = partial(
            translate_texts, identity=identity, connection=connection, languages=languages, threads=threads
        )
        if "family" not in identity:
            run = open_engine(_model(identity), connection, folder, threads=threads)
        return run(requests, recipient)

    return begin


def _by_model(
    asked: Sequence[tuple[Request, str]], asking: Callable[[], Receipt], name: str, target: str, file: Path
) -> Translated:
    lacking = ""  # the language that the model lacks, however often it is asked
    try:
        reasons = asking()["failed"].get(file.stem, {})
    except Fatal as error:
        reasons = {one.id: str(error) for one, _ in asked}
    except TranslationFailed as error:
        lacking = str(error)
    known = journal.answers(file, of_services=True)
    found = Translated({}, {}, {})
    for one, text in asked:
        if one.key not in known:
            found.failed[one.id] = lacking or reasons[one.id]
            if not lacking:
                found.again[one.id] = reasons[one.id]
            continue
        draft, problem = translation(known[one.key], text, target)
        if draft:
            found.done[one.id] = draft
        else:
            found.failed[one.id] = f"{name}: {problem}"
    return found


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
