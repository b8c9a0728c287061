"""Translation services by the deep-translator library, with what it leaves out: time limits, retries, a pace, own
languages, long texts, and how a service says no.
"""

import functools
import os
import random
import re
import time
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

import requests
from deep_translator import DeeplTranslator, GoogleTranslator, LibreTranslator, MicrosoftTranslator
from deep_translator.exceptions import TranslationNotFound

from ..asking.engines.limits import Pace, retry_after
from ..tabular import clean
from .language_codes import Unknown, deepl_code, google_code, libretranslate_code, microsoft_code
from .limits import SERVICES

MICROSOFT = "https://api.cognitive.microsofttranslator.com"


QUOTA_USED_UP = {("deepl", 456), ("microsoft", 403)}


LONGEST_BACKOFF = 30.0  # seconds


LONGEST_WAIT = 120.0  # seconds that a service may ask to wait


# Where a long text is best cut: between lines, between sentences, between words.
_CUTS = [
    re.compile(pattern) for pattern in (r"(?<!\s)(?=\s*\n)", r"(?<=[.!?…؟۔।॥])(?=\s)|(?<=[。！？])", r"(?<!\s)(?=\s)")
]


class Unavailable(Exception):
    """A text could not be translated; the message says why and holds no key and no address."""


class Unreachable(Unavailable):
    """The engine did not answer; it may when asked again."""


class Closed(Unreachable):
    """The engine would refuse every further text too: a wrong key, or no quota left."""


class Refused(Unavailable):
    """The engine did not take the text."""


class _Passing(Exception):
    """A call failed in a way that may pass; `after`: the seconds that the service asks to wait, if it does."""

    def __init__(self, reason: str, after: float | None = None) -> None:
        super().__init__(reason)
        self.after = after


def translator(engine: str, source: str, target: str, connection: Mapping[str, Any]) -> Callable[[str], str]:
    """A function that translates one text, in pieces if it is long; it raises Unavailable.

    What may pass is tried again `max_retries` times; but only once where the text before failed so, that a dead network
    ends soon. `connection` holds `base_url`, `api_key_env`, `region`, `requests_per_minute`, `timeout` (seconds) and
    `max_retries`. Not to be shared by threads: deep-translator hands one thread another's text.
    """
    # deep-translator passes no time limit to requests, which then waits for ever, and shows neither the kind of a
    # failure nor how long the service asks to wait.
    requests.Session.request = functools.partialmethod(  # type: ignore[method-assign, assignment]
        _request, engine, connection["api_key_env"], connection["timeout"]
    )
    try:
        client = _client(engine, source, target, connection)
    except Unknown as error:
        raise Unavailable(str(error)) from None
    per_minute = connection["requests_per_minute"]
    pace = Pace(per_minute / 60 if per_minute else None)
    answers = True

    def call(text: str) -> str:
        nonlocal answers
        tries = connection["max_retries"] if answers else 0
        for failures in range(tries + 1):
            _sleep(pace.wait(time.monotonic()))
            pace.take(time.monotonic(), 1)
            try:
                if not (translation := clean(client.translate(text) or "")):
                    raise Unreachable(f"{engine} gave an empty translation")
                answers = True
                return translation
            except (_Passing, requests.RequestException) as error:  # the message of the latter may hold the key
                answers = False
                reason = str(error) if isinstance(error, _Passing) else type(error).__name__
                after = getattr(error, "after", None)
                if failures == tries or (after or 0) > LONGEST_WAIT:
                    raise Unreachable(f"{engine} does not answer, or not as it should ({reason})") from None
                # Random, so that several who were refused together do not come again together.
                _sleep(min(2.0**failures, LONGEST_BACKOFF) / random.uniform(1, 2) if after is None else after)
            except Unavailable:
                raise
            except (TranslationNotFound, LookupError) as error:
                # What came is no answer of the service: the page of a network that wants a log-in, or of a proxy.
                raise Unreachable(f"{engine} does not answer as it should ({type(error).__name__})") from None
            except Exception as error:
                raise Unavailable(f"{engine} gave no translation ({type(error).__name__})") from None
        raise AssertionError

    def translate(text: str) -> str:
        if not _has_letters(text):
            raise Unavailable(f"{engine} translates no text without letters")
        parts = pieces(text, SERVICES[engine].characters)
        if len(parts) == 1:
            return call(text)
        return "".join(call(part) if _has_letters(part) else part for part in parts)

    return translate


def pieces(text: str, limit: int) -> list[str]:
    """Pieces of at most `limit` characters and the white space between them, in turn: joined, they are the text.

    Cut between lines, else between sentences, else between words, else anywhere; in the later half, if that can be.
    """
    parts = []
    while len(text) > limit:
        found = [[m.start() for m in cut.finditer(text, 0, limit + 1) if 0 < m.start() <= limit] for cut in _CUTS]
        last = [cuts[-1] for cuts in found if cuts]
        at = next((cut for cut in last if cut >= limit / 2), max(last, default=limit))
        space = len(text[at:]) - len(text[at:].lstrip())
        parts += [text[:at], text[at : at + space]]
        text = text[at + space :]
    return [*parts, text]


def _client(engine: str, source: str, target: str, connection: Mapping[str, Any]) -> Any:
    """deep-translator's translator, told the languages in the service's own codes: it knows only some of them."""
    variable, url = connection["api_key_env"], (connection["base_url"] or "").rstrip("/")
    # deep-translator insists on a key even where a LibreTranslate server wants none.
    key = os.environ[variable] if variable else "none"
    match engine:
        case "google":
            client: Any = GoogleTranslator(source=google_code(source), target=google_code(target))
        case "libretranslate":
            client = LibreTranslator(api_key=key, custom_url=f"{url}/")
            client.source, client.target = libretranslate_code(source), libretranslate_code(target)
        case "deepl":
            client = _Deepl(api_key=key, use_free_api=key.endswith(":fx"))
            client.source, client.target = deepl_code(source, source=True), deepl_code(target)
            client._base_url = f"{url}/v2/" if url else client._base_url
        case "microsoft":
            client = _Microsoft(api_key=key, region=connection["region"])
            client.source, client.target = microsoft_code(source), microsoft_code(target)
            client._base_url = f"{url or MICROSOFT}/translate?api-version=3.0"
        case _:
            raise ValueError(engine)
    return client


class _Deepl(DeeplTranslator):  # type: ignore[misc]
    # The original sends text and key in the query of a GET, which DeepL has refused since January 2026.
    def translate(self, text: str, **_: Any) -> str:
        answer = requests.post(
            f"{self._base_url}translate",
            headers={"Authorization": f"DeepL-Auth-Key {self.api_key}"},
            json={"text": [text], "source_lang": self.source, "target_lang": self.target},
        )
        return str(answer.json()["translations"][0]["text"])


class _Microsoft(MicrosoftTranslator):  # type: ignore[misc]
    # The original asks Microsoft's own host for them whenever it is made.
    def _get_supported_languages(self) -> dict[str, str]:
        return {"english": "en"}


def _has_letters(text: str) -> bool:
    return any(map(str.isalnum, text))


def _sleep(seconds: float) -> None:
    if seconds > 0:
        time.sleep(seconds)


_session_request = requests.Session.request


def _request(
    session: requests.Session, engine: str, variable: str | None, timeout: float, *args: Any, **kwargs: Any
) -> requests.Response:
    """A request with a time limit that raises _Passing or Unavailable for whatever is no success."""
    try:
        response = _session_request(session, *args, **{**kwargs, "timeout": timeout})
    except requests.RequestException as error:
        # MicrosoftTranslator swallows these.
        raise _Passing(type(error).__name__) from None
    if response.status_code >= 400:
        _refuse(engine, variable, response)
    return response


def _refuse(engine: str, variable: str | None, response: requests.Response) -> NoReturn:
    status = response.status_code
    if variable and (engine, status) in QUOTA_USED_UP:
        raise Closed(f"{engine} translates no more: the quota of the key in {variable} is used up")
    if variable and status in (401, 403):
        raise Closed(f"{engine} refused the key in {variable}")
    if status in (401, 403) and engine != "google":
        raise Closed(f"{engine} wants a key; name its variable by translation.api_key_env")
    if status in (404, 405) and engine != "google":
        raise Closed(f"{engine} is not at its address ({status}); check translation.base_url")
    if status in (401, 403, 408, 425, 429) or status >= 500:
        raise _Passing(str(status), retry_after(response.headers))
    raise Refused(f"{engine} refused the text ({status})")
