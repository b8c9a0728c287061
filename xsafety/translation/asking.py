"""A model in process is asked for translations in one job for all languages, so that it is loaded once."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import NamedTuple

from ..asking import journal
from ..asking.ask import ask
from ..asking.engines.register import open_engine
from ..asking.journal import journal_file
from ..asking.requests import Engine, Receipt, Recipient, Request
from ..config.translation import TranslatorConnection
from ..rows import TranslatorIdentity
from .drafting import model_identity, translation_requests
from .families import Languages


class Wanted(NamedTuple):
    """The texts of a part of the journal (id -> text), made anew at each call, and their languages."""

    languages: Languages
    texts: Callable[[], Mapping[str, str]]


def ask_model(
    parts: Mapping[str, Wanted],
    identity: TranslatorIdentity,
    connection: TranslatorConnection,
    folder: Path,
    threads: int,
    say: Callable[[str], None],
) -> Receipt:
    """Asks for the translations that the journal in `folder` lacks, part by part; the receipt of the job.

    Languages between which the model does not translate are not asked for. Raises Ended as `ask` does.
    """
    languages = {part: wanted.languages for part, wanted in parts.items()}

    def requests(part: str) -> list[Request]:
        return translation_requests(identity, parts[part].texts(), *languages[part], part)

    lacks: dict[str, str] = {}
    if "family" in identity:
        from .local import lacking

        # What a language lacks is looked for only where it has rows to ask for.
        asked = {languages[part] for part in parts if _has_unanswered(requests(part), journal_file(folder, part))}
        reasons = lacking(asked, identity, connection) if asked else {}
        lacks = {part: reasons[pair] for part, pair in languages.items() if pair in reasons}
    engine = _engine(identity, connection, folder, threads, languages, say)
    streams = {part: partial(requests, part) for part in parts if part not in lacks}
    return {**ask(streams, folder, engine, say, connection, folder.name), "lacks": lacks}


def _has_unanswered(requests: Iterable[Request], file: Path) -> bool:
    known = journal.keys(file)
    return any(request.key not in known for request in requests)


def _engine(
    identity: TranslatorIdentity,
    connection: TranslatorConnection,
    folder: Path,
    threads: int,
    languages: Mapping[str, Languages],
    say: Callable[[str], None],
) -> Engine:
    """The engine of a model, which says under what licence it is when it is asked."""

    def begin(requests: Iterable[Request], recipient: Recipient) -> Engine | None:
        licence = connection.licence or "not known; look it up and set translation.transformers.licence"
        say(f"note: translated by {connection.name}; its licence: {licence}")
        if "family" not in identity:
            return open_engine(model_identity(identity), connection, folder, threads=threads)(requests, recipient)
        from ..asking.engines.local.process import answer_in_process
        from .local import local_translator

        answer_in_process(
            local_translator(languages), requests, recipient, identity=identity, connection=connection, threads=threads
        )
        return None

    return begin
