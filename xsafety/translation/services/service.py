"""What translation services have in common: what is known of each, how it is reached, and how it fails."""

import os
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

import langcodes

from ...asking.engines.limits import retry_after
from ...config.translation import ServiceConnection

if TYPE_CHECKING:
    import requests

Refusal = Literal["key", "quota", "address", "later", "text"]
"""What a status that is no success means: a wrong key, no quota left, a wrong address, a failure that may pass, a text
that the service does not take."""


class TranslationFailed(Exception):
    """A text could not be translated; the message says why and holds no key and no address."""


class Unreachable(TranslationFailed):
    """The service did not answer; it may when asked again."""


class AccessDenied(Unreachable):
    """The service would refuse every further text too: a wrong key, or no quota left."""


class TextRejected(TranslationFailed):
    """The service did not take the text."""


class TransientFailure(Exception):
    """A call failed in a way that may pass; `after`: the seconds that the service asks to wait, if it does."""

    def __init__(self, reason: str, after: float | None = None) -> None:
        super().__init__(reason)
        self.after = after


class TranslationNotFound(LookupError):
    """What came is no answer of the service: the page of a network that wants a log-in, or of a proxy."""


@dataclass(frozen=True)
class Service:
    """A translation service.

    `client` makes, of an endpoint and two BCP 47 tags, a function that translates one text of at most `characters`; it
    raises TranslationFailed for a language that the service lacks. `requests_per_minute` is the pace where none is
    configured; `refusals` what statuses mean beside the usual ones.
    """

    client: Callable[["Endpoint", str, str], Callable[[str], str]]
    characters: int
    requests_per_minute: float | None = None
    refusals: Mapping[int, Refusal] = field(default_factory=dict)


_USUAL: Mapping[int, Refusal] = {
    **dict.fromkeys((401, 403), "key"),
    **dict.fromkeys((404, 405), "address"),
    **dict.fromkeys((408, 425, 429), "later"),
}


class Endpoint:
    """A service as it is reached: its name, address and key, and requests with a time limit."""

    def __init__(self, name: str, service: Service, connection: ServiceConnection) -> None:
        self.name, self.region = name, connection.region
        self.url = (connection.base_url or "").rstrip("/")
        self.key = os.environ.get(connection.api_key_env, "") if connection.api_key_env else ""
        if connection.api_key_env and not self.key:
            variable = connection.api_key_env
            raise AccessDenied(f"the environment variable {variable} is not set; run: export {variable}=...")
        self._variable, self._timeout = connection.api_key_env, connection.timeout
        self._refusals = {**_USUAL, **service.refusals}

    def request(self, method: str, url: str, **parts: Any) -> "requests.Response":
        """The response to a request; raises TransientFailure or TranslationFailed for whatever is no success."""
        import requests  # slow to import

        try:
            response = requests.request(method, url, **parts, timeout=self._timeout)
        except requests.RequestException as error:  # its message may hold the key
            raise TransientFailure(type(error).__name__) from None
        if response.status_code >= 400:
            raise self._refusal(response)
        return response

    def json(self, method: str, url: str, **parts: Any) -> Any:
        """The JSON of a response, as `request` gets it."""
        response = self.request(method, url, **parts)
        try:
            return response.json()
        except ValueError as error:
            raise TransientFailure(type(error).__name__) from None

    def _refusal(self, response: "requests.Response") -> Exception:
        status, variable = response.status_code, self._variable
        match self._refusals.get(status, "later" if status >= 500 else "text"):
            case "quota":
                return AccessDenied(f"{self.name} translates no more: the quota of the key in {variable} is used up")
            case "key" if variable:
                return AccessDenied(f"{self.name} refused the key in {variable}")
            case "key":
                return AccessDenied(f"{self.name} wants a key; name its variable by translation.api_key_env")
            case "address":
                return AccessDenied(f"{self.name} is not at its address ({status}); check translation.base_url")
            case "later":
                return TransientFailure(str(status), retry_after(response.headers))
        return TextRejected(f"{self.name} refused the text ({status})")


def own_code(service: str, tag: str, codes: Collection[str]) -> str:
    """The service's code of the very language and script of a BCP 47 tag: of several varieties, the nearest one.

    A neighbour (German for Swiss German, Bosnian for Montenegrin) or another script is another language. Raises
    TranslationFailed where the service has none.
    """
    if tag in codes:
        return tag
    same = [code for code in codes if _written(code) == _written(tag)]
    if not same:
        raise TranslationFailed(f"{service} does not translate {tag}")
    return min(same, key=lambda code: langcodes.tag_distance(tag, code))


@cache
def _written(tag: str) -> tuple[str | None, str | None]:
    """Language and script of a tag or code; `arb` is `ar`, as CLDR has it, and `nb` is `no`."""
    parsed = langcodes.get(langcodes.standardize_tag(tag, macro=True)).maximize()
    return "no" if parsed.language == "nb" else parsed.language, parsed.script
