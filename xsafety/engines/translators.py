"""Translation engines by the deep-translator library, with what it leaves out: time limits, retries, own languages."""

import functools
import os
import time
from collections.abc import Callable, Mapping
from typing import Any

import langcodes
import requests
from deep_translator import GoogleTranslator, LibreTranslator
from deep_translator.constants import GOOGLE_LANGUAGES_TO_CODES
from deep_translator.exceptions import (
    AuthorizationException,
    NotValidLength,
    RequestError,
    ServerException,
    TooManyRequests,
)

PASSING = (RequestError, ServerException, TooManyRequests, requests.RequestException)


class Unavailable(Exception):
    """A text could not be translated; the message says why and holds no key and no address."""


class Unreachable(Unavailable):
    """The engine did not answer; it may when asked again."""


def google_code(tag: str) -> str:
    """Google's code of a BCP 47 tag, e.g. `zh` -> `zh-CN`. Raises Unavailable where it has none."""
    codes = list(GOOGLE_LANGUAGES_TO_CODES.values())
    if tag in codes:
        return tag
    code, distance = langcodes.closest_match(tag, codes, max_distance=9)
    if distance > 9 or code == "und":
        raise Unavailable(f"google does not translate {tag}")
    return code


def libretranslate_code(tag: str) -> str:
    """LibreTranslate's code of a BCP 47 tag: the bare language, with `zt` for traditional Chinese."""
    parsed = langcodes.get(tag).maximize()
    if parsed.language == "zh":
        return "zt" if parsed.script == "Hant" else "zh"
    return "nb" if parsed.language == "no" else parsed.language or tag


def translator(engine: str, source: str, target: str, connection: Mapping[str, Any]) -> Callable[[str], str]:
    """A function that translates one text; it raises Unavailable when the tries of `max_retries` are used up.

    `connection` holds `base_url`, `api_key_env`, `timeout` (seconds) and `max_retries`. Not to be shared by threads:
    deep-translator hands one thread another's text.
    """
    # deep-translator passes no time limit to requests, which then waits for ever.
    requests.Session.request = functools.partialmethod(  # type: ignore[method-assign, assignment]
        _session_request, timeout=connection["timeout"]
    )
    if engine == "google":
        client: Any = GoogleTranslator(source=google_code(source), target=google_code(target))
    else:
        variable = connection["api_key_env"]
        # deep-translator insists on a key even where the server wants none, and knows only some languages.
        client = LibreTranslator(
            api_key=os.environ[variable] if variable else "none",
            custom_url=connection["base_url"].rstrip("/") + "/",
        )
        client.source, client.target = libretranslate_code(source), libretranslate_code(target)

    def translate(text: str) -> str:
        if not any(map(str.isalnum, text)):
            raise Unavailable(f"{engine} translates no text without letters")
        wait = 1.0
        for tries_left in range(connection["max_retries"], -1, -1):
            try:
                return client.translate(text) or ""
            except NotValidLength:
                raise Unavailable(f"{engine} takes at most 4,999 characters") from None
            except AuthorizationException:  # its message is the key
                raise Unavailable(f"{engine} refused the key in {connection['api_key_env']}") from None
            except PASSING as error:  # its message may hold the address with the key
                if not tries_left:
                    raise Unreachable(
                        f"{engine} does not answer, or not as it should ({type(error).__name__})"
                    ) from None
            except Exception as error:
                raise Unavailable(f"{engine} gave no translation ({type(error).__name__})") from None
            time.sleep(wait)
            wait = min(2 * wait, 30)
        raise AssertionError

    return translate


_session_request = requests.Session.request
