"""Translation services: their register, and what they share: retries, a pace, the pieces of long texts.

Adding one: a module beside this one, its line in SERVICES, and its name in `engine` of `xsafety/config/translation.py`.
deep-translator knows addresses and codes; requests are sent here, with a time limit, so that how a service says no, and
how long it asks to wait, is seen.
"""

import random
from collections.abc import Callable
from time import monotonic, sleep

from ...asking.engines.limits import Pace
from ...config.models import Connection
from ...config.translation import ServiceConnection, Translation, TranslatorConnection
from ...tabular import clean
from ..pieces import has_letters, pieces
from .deepl import DEEPL
from .google import GOOGLE
from .libretranslate import LIBRETRANSLATE
from .microsoft import MICROSOFT
from .service import Endpoint, TransientFailure, TranslationFailed, Unreachable

SERVICES = {"google": GOOGLE, "libretranslate": LIBRETRANSLATE, "deepl": DEEPL, "microsoft": MICROSOFT}
LONGEST_BACKOFF = 30.0  # seconds
LONGEST_RETRY_AFTER = 120.0  # seconds that a service may ask to wait


def connection(block: Translation) -> ServiceConnection | Connection | TranslatorConnection:
    """How the engine that translates is reached and paced, with the defaults of its service."""
    return block.model.connection() if block.model else service_connection(block)


def service_connection(block: Translation) -> ServiceConnection:
    given = block.model_dump(include=set(ServiceConnection.model_fields) - {"api_key_env", "requests_per_minute"})
    usual = SERVICES[block.engine].requests_per_minute if block.engine in SERVICES else None
    pace = block.requests_per_minute or usual
    return ServiceConnection(**given, api_key_env=block.key_variable, requests_per_minute=pace)


def translator(engine: str, source: str, target: str, connection: ServiceConnection) -> Callable[[str], str]:
    """A function that translates one text, in pieces if it is long; it raises TranslationFailed, as this function does.

    What may pass is tried again `max_retries` times; but only once where the text before failed so, that a dead network
    ends soon.
    """
    if engine not in SERVICES:
        raise TranslationFailed("no translation engine is configured")
    service = SERVICES[engine]
    ask = service.client(Endpoint(engine, service, connection), source, target)
    return _Caller(engine, ask, service.characters, connection)


class _Caller:
    """Calls a service, at its pace, and again where it failed in passing."""

    def __init__(self, engine: str, ask: Callable[[str], str], limit: int, connection: ServiceConnection) -> None:
        self._engine, self._ask, self._limit, self._retries = engine, ask, limit, connection.max_retries
        per_minute = connection.requests_per_minute
        self._pace = Pace(per_minute / 60 if per_minute else None)
        self._answers = True

    def __call__(self, text: str) -> str:
        if not has_letters(text):
            raise TranslationFailed(f"{self._engine} translates no text without letters")
        parts = pieces(text, self._limit)
        return "".join(self._translated(part) if has_letters(part) else part for part in parts)

    def _translated(self, text: str) -> str:
        tries = self._retries if self._answers else 0
        for failures in range(tries + 1):
            try:
                return self._once(text)
            except TransientFailure as error:
                self._answers = False
                if failures == tries or (error.after or 0) > LONGEST_RETRY_AFTER:
                    raise Unreachable(f"{self._engine} does not answer, or not as it should ({error})") from None
                # Random, so that several who were refused together do not come again together.
                backoff = min(2.0**failures, LONGEST_BACKOFF) / random.uniform(1, 2)
                sleep(backoff if error.after is None else error.after)
        raise AssertionError

    def _once(self, text: str) -> str:
        sleep(self._pace.wait(monotonic()))
        self._pace.take(monotonic(), 1)
        try:
            translation = clean(self._ask(text))
        except (TransientFailure, TranslationFailed):
            raise
        except LookupError as error:
            raise Unreachable(f"{self._engine} does not answer as it should ({type(error).__name__})") from None
        except Exception as error:
            raise TranslationFailed(f"{self._engine} gave no translation ({type(error).__name__})") from None
        if not translation:
            raise Unreachable(f"{self._engine} gave an empty translation")
        self._answers = True
        return translation
