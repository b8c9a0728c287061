"""Weblate's REST API for one component (version 5.14, https://docs.weblate.org/en/latest/api.html)."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote

import langcodes
import requests

from ..config.verification import Weblate
from ..tabular import DataError, clean


class Unavailable(DataError):
    """Weblate cannot be asked, whatever the language; the message says why and what to do, and holds no token."""


@dataclass(frozen=True)
class Change:
    """What happened to a string, by Weblate's account; None where it does not say. Texts are cleaned."""

    number: int
    action: int | None
    person: str  # who did it; '' for nobody, Weblate's own helpers and those that `users` names null
    date: str
    unit: str  # Weblate's number of the string
    id: str | None
    source: str | None
    old: str | None
    target: str
    state: int | None
    comment: str


class Client:
    """Weblate's API for one component.

    Every method that asks raises Unavailable where Weblate does not answer as it should.
    """

    def __init__(self, block: Weblate | None) -> None:
        """By the block `verification.weblate`; raises DataError if there is none, or no token."""
        if block is None:
            raise DataError("config.yaml has no block verification.weblate; docs/weblate.md says how to set it up")
        self.url = block.base_url.rstrip("/")
        self.name = block.component
        self.users = block.users
        project, component = self.name.split("/", 1)
        # A component in a category has a slash in its name, which Weblate wants encoded twice.
        self._path = f"{project}/{quote(quote(component, safe=''), safe='')}"
        self._timeout = block.timeout
        self._variable = block.api_key_env
        if not (token := os.environ.get(self._variable)):
            raise Unavailable(f"the environment variable {self._variable} is not set; run: export {self._variable}=...")
        self._token = token
        self._session = requests.Session()
        self._session.auth = self._authorize  # a header alone gives way to ~/.netrc

    def languages(self) -> dict[str, str]:
        """The component's languages: every code that Weblate knows one by, in lower case -> its own code."""
        codes: dict[str, str] = {}
        for item in self._pages(f"components/{self._path}/translations"):
            known = self._take(item, "language", dict)
            own = self._take(known, "code", str)
            codes |= {str(code).lower(): own for code in (*(known.get("aliases") or ()), own)}
        return codes

    def changes(self, code: str) -> list[Change]:
        """All changes of a language, oldest first."""
        changes = map(self._change, self._pages(f"translations/{self._path}/{code}/changes"))
        return sorted(changes, key=lambda change: change.number)

    def string(self, unit: str) -> tuple[str, str, str]:
        """Id, English and translation of a string, by Weblate's number of it."""
        found = self._json("GET", f"units/{unit}")
        return _text(found.get("context")), _text(found.get("source")), _text(found.get("target"))

    def download(self, code: str) -> bytes:
        """A language's file, with all that is done in Weblate."""
        return self._ask("GET", f"translations/{self._path}/{code}/file").content

    def upload(self, code: str, data: bytes) -> None:
        """Replaces a language's file."""
        form = {"method": "replace"}
        self._json("POST", f"translations/{self._path}/{code}/file", data=form, files={"file": (f"{code}.po", data)})

    def _change(self, answer: Mapping[str, Any]) -> Change:
        details = answer["details"] if isinstance(answer.get("details"), dict) else {}
        state = details.get("state")
        return Change(
            number=self._take(answer, "id", int),
            action=answer.get("action"),
            person=self._person(answer),
            date=str(answer.get("timestamp"))[:10],
            unit=_last_part(answer.get("unit")),
            id=_text(details["context"]) if "context" in details else None,
            source=_text(details["source"]) if "source" in details else None,
            old=_text(answer["old"]) if "old" in answer else None,
            target=_text(answer.get("target")),
            state=state if isinstance(state, int) else None,
            comment=str(details.get("comment", "")),
        )

    def _person(self, answer: Mapping[str, Any]) -> str:
        name = unquote(_last_part(answer.get("user")))
        # Weblate names its helpers 'addon:...', and those of project tokens 'bot-PROJECT-...'.
        helper = ":" in name or name == "anonymous" or name.startswith(f"bot-{self.name.split('/')[0]}-")
        return "" if helper or self.users.get(name, name) is None else name

    def _authorize(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Token {self._token}"
        return request

    def _pages(self, path: str) -> Iterator[dict[str, Any]]:
        page, more = 0, True
        while more:
            # Numbered: the token goes to no address that an answer names.
            page += 1
            answer = self._json("GET", path, params={"page": str(page), "page_size": "1000"})
            for item in self._take(answer, "results", list):
                if not isinstance(item, dict):
                    raise self._odd(path)
                yield item
            more = bool(answer.get("next"))

    def _json(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        try:
            answer = self._ask(method, path, **options).json()
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            raise self._odd(path)
        return answer

    def _ask(self, method: str, path: str, **options: Any) -> requests.Response:
        try:
            answer = self._session.request(
                method, f"{self.url}/api/{path}/", timeout=self._timeout, allow_redirects=False, **options
            )
        except requests.RequestException as error:  # its message may hold more than the address
            raise Unavailable(
                f"Weblate at {self.url} does not answer ({type(error).__name__}); look at the network and at"
                " verification.weblate.base_url, and run it again"
            ) from None
        if answer.status_code in (200, 201):
            return answer
        after = answer.headers.get("Retry-After", "")
        wait = f" ({after} seconds to wait)" if after.isdigit() else ""
        what = {
            401: f"does not know the token; give {self._variable} the API key of your Weblate profile, or of a project",
            403: f"does not let the token's user do this ({path}); give him the right to download, see changes, and"
            " upload with replacement",
            404: f"has no {path}; look at verification.weblate.component ({self.name}), and whether the token's user"
            " sees it",
            429: f"takes no more requests for now{wait}; run it again then",
        }.get(answer.status_code)
        if 300 <= answer.status_code < 400:
            what = "sends us elsewhere; give verification.weblate.base_url as the browser shows it, with https"
        raise Unavailable(
            f"Weblate at {self.url} {what or f'fails ({answer.status_code}, {path}){self._detail(answer)}'}"
        )

    def _detail(self, answer: requests.Response) -> str:
        """What Weblate says of a failure, in a line, without the token."""
        text = " ".join(answer.text.replace(self._token, f"[{self._variable}]").split())
        return f": {text[:300]}" if "json" in answer.headers.get("Content-Type", "") else ""

    def _take(self, answer: Mapping[str, Any], key: str, kind: type) -> Any:
        if not isinstance(answer.get(key), kind):
            raise self._odd(f"an answer without {key!r}")
        return answer[key]

    def _odd(self, what: str) -> Unavailable:
        return Unavailable(
            f"Weblate at {self.url} answers oddly ({what}); is verification.weblate.base_url the address of a Weblate"
            " server, 5.14 or later?"
        )


def _last_part(address: Any) -> str:
    return str(address or "").rstrip("/").rsplit("/", 1)[-1]


def _text(value: Any) -> str:
    """A text as the API gives it: alone, or as the one plural form."""
    return clean(str((value[0] if value else "") if isinstance(value, list) else value or ""))


def code_of(tag: str, known: Mapping[str, str]) -> str | None:
    """Weblate's code of a language, if it is among those known: pt_BR of pt-BR; zh_Hans, the usual script, of zh."""
    names = (tag, f"{tag}-{langcodes.get(tag).maximize().script}")
    codes = (name.replace("-", "_").lower() for name in names)
    return next((known[code] for code in codes if code in known), None)
