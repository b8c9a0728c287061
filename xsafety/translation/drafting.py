"""Machine drafts: from the translation memory, from the journal, and only then from an engine."""

import re
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ..asking import journal
from ..asking.ask import ask
from ..asking.progress import Progress, Throughput, duration
from ..asking.requests import Fatal, Request, request
from ..config.models import Connection
from ..rows import Message, TranslatorIdentity
from ..tabular import clean
from ..text.languages import SOURCE_LANGUAGE, language
from .memory import from_memory

UNVERIFIED = "unverified machine draft"


GIVE_UP_AFTER = 3  # texts in a row that an engine did not answer; twice as many where it has answered before


class Translated(NamedTuple):
    """What came of translating (id -> text), what did not (id -> reason), and the part of that to ask for again."""

    done: dict[str, str]
    failed: dict[str, str]
    again: dict[str, str]


def translate(
    texts: Mapping[str, str],
    *,
    source: str,
    target: str,
    engine: str,
    model: TranslatorIdentity | None = None,
    connection: Mapping[str, Any],
    journal_file: Path,
    progress: Callable[[str], None],
) -> Translated:
    """Translates `texts` (id -> text) by an engine, each text asked for once in the life of the journal.

    Engine `openai` asks the `model`: an identity with the `prompt`. Where an engine cannot be reached three times in a
    row (six where it answered before; a model, 32 times), or refuses the key or every text, the rest is not asked for,
    so that a dead network ends soon; what came is in the journal, a long text only when all its pieces came.
    """
    if engine == "openai":
        assert model
        return _by_model(texts, source, target, model, connection, journal_file, progress)
    requests = translation_requests({"engine": engine}, texts, source, target, journal_file.stem)
    keys = {texts[request.id]: request.key for request in requests}
    answers = journal.answers(journal_file)
    known = {text: answers[key]["text"] for text, key in keys.items() if key in answers}
    missing = {text: id for id, text in texts.items() if text not in known}
    failed: dict[str, str] = {}
    again: dict[str, str] = {}
    if missing and engine == "none":
        failed = dict.fromkeys(missing, "no translation engine is configured")
    elif missing:
        from .services import Unavailable, translator

        try:
            ask = translator(engine, source, target, connection)
        except Unavailable as error:
            failed = dict.fromkeys(missing, str(error))
        else:
            with journal.Journal(journal_file) as log:

                def keep(text: str, translation: str) -> None:
                    known[text] = translation
                    log.append(keys[text], missing[text], {"text": translation})

                line = _Line(source, target, len(missing))
                with Progress(line, progress):
                    failed, again = _by_service(missing, known, ask, engine, keep, line)
    return Translated(
        *({id: found[text] for id, text in texts.items() if text in found} for found in (known, failed, again))
    )


def _by_service(
    texts: Iterable[str],
    known: Mapping[str, str],
    ask: Callable[[str], str],
    engine: str,
    keep: Callable[[str, str], None],
    line: "_Line",
) -> tuple[dict[str, str], dict[str, str]]:
    """Hands each translation to `keep` as it comes; what failed (text -> reason), and the part of that to ask again.

    After a failure the next text is one from the other end: a few texts that the engine fails at, side by side, are no
    dead engine. `known` is what it has translated, now and in earlier runs: an engine that did, and refuses what is
    left, does not refuse everything.
    """
    from .services import Closed, Refused, Unavailable, Unreachable

    failed: dict[str, str] = {}
    again: dict[str, str] = {}
    refused: dict[str, str] = {}
    in_a_row, closed = 0, ""
    answered, well = False, True
    waiting = deque(texts)
    for number in range(len(waiting)):
        text = waiting.popleft() if well else waiting.pop()
        well = False
        line.done = number
        if len(refused) == GIVE_UP_AFTER and not known:
            closed = f"not asked for: {engine} took none of the first {GIVE_UP_AFTER} texts"
            again |= refused
        if in_a_row == GIVE_UP_AFTER * (1 + answered):
            closed = f"not asked for: {engine} did not answer {in_a_row} times in a row"
        if closed:
            failed[text] = again[text] = closed
            continue
        try:
            keep(text, ask(text))
            in_a_row, answered, well = 0, True, True
        except Closed as error:
            failed[text] = again[text] = closed = str(error)
        except Unreachable as error:
            failed[text] = again[text] = str(error)
            in_a_row += 1
        except Unavailable as error:
            failed[text] = str(error)
            if isinstance(error, Refused):
                refused[text] = str(error)
    return failed, again


class _Line:
    """Where a job of translation stands, in a line."""

    def __init__(self, source: str, target: str, texts: int) -> None:
        self.done = 0
        self._name, self._what = (target, "drafts") if source == SOURCE_LANGUAGE else (source, "answers in English")
        self._texts, self._rate = texts, Throughput()

    def __call__(self) -> str:
        rate = self._rate.at(self.done)
        left = f"{rate:.1f}/s, {duration((self._texts - self.done) / rate)} to go" if rate else "waiting"
        return f"{self._name}: {self.done:,} of {self._texts:,} {self._what}, {left}"


def translation_requests(
    translator: TranslatorIdentity, texts: Mapping[str, str], source: str, target: str, part: str
) -> list[Request]:
    """One request per text (id -> text), to a service, or to a model: then `translator` is its identity and prompt."""
    if translator["engine"] != "openai":
        asked = {"engine": translator["engine"], "source": source, "target": target}
        return [
            Request(journal.digest({**asked, "text": text}), id, part, [Message(role="user", content=text)])
            for id, text in texts.items()
        ]
    identity = translator.copy()
    del identity["prompt"]
    names = {"{source}": language(source).name, "{target}": language(target).name}
    prompt = re.sub(r"\{(source|target)\}", lambda field: names[field[0]], translator["prompt"].strip())
    return [
        request(identity, id, part, [Message(role="user", content=prompt.replace("{text}", text))])
        for id, text in texts.items()
    ]


def translation(answer: Mapping[str, Any]) -> tuple[str, str]:
    """The translation in a journal's answer, and why there is none; one of the two is empty."""
    if answer.get("status", "answered") != "answered":
        return "", f"{answer['status']} ({answer['detail']})"
    if answer.get("finish_reason") == "length":
        return "", "cut off at the token limit; raise it in `decoding`"
    text = clean(answer["text"])
    return text, "" if text else "empty"


def _by_model(
    texts: Mapping[str, str],
    source: str,
    target: str,
    model: TranslatorIdentity,
    connection: Mapping[str, Any],
    file: Path,
    progress: Callable[[str], None],
) -> Translated:
    from ..asking.engines.register import open_engine

    identity = model.copy()
    del identity["prompt"]
    requests = translation_requests(model, texts, source, target, file.stem)
    try:
        endpoint = Connection.model_validate(connection)
        engine = open_engine(identity, endpoint, file.parent)
        receipt = ask({file.stem: lambda: requests}, file.parent, engine, progress, endpoint, target)
        reasons = receipt["failed"].get(file.stem, {})
    except Fatal as error:
        reasons = dict.fromkeys(texts, str(error))
    known = journal.answers(file)
    found = Translated({}, {}, {})
    for one in requests:
        if one.key not in known:
            found.failed[one.id] = found.again[one.id] = reasons[one.id]
            continue
        text, problem = translation(known[one.key])
        if text:
            found.done[one.id] = text
        else:
            found.failed[one.id] = f"{model['model']}: {problem}"
    return found


def drafts(
    seeds: Sequence[Mapping[str, str]],
    memory: Mapping[str, Mapping[str, str]],
    translated: Mapping[str, str],
    failed: Mapping[str, str],
    engine: str,
) -> list[dict[str, str]]:
    """The rows of a drafts file for the seeds that need one; a row without a draft says why in `status`."""
    rows = []
    for seed in seeds:
        row = {"id": seed["id"], "source": seed["text"]}
        if seed["text"] in memory:
            rows.append(row | from_memory(memory[seed["text"]]))
        elif seed["id"] in translated:
            rows.append(row | {"draft": translated[seed["id"]], "engine": engine, "status": UNVERIFIED})
        else:
            rows.append(row | {"draft": "", "engine": "", "status": f"missing: {failed[seed['id']]}"})
    return rows
