"""Who may open a page that this machine serves: whoever has the address that the terminal showed, and no other page.

Every user of a shared machine reaches 127.0.0.1, and so does every page that a browser shows.
"""

from collections.abc import Awaitable, Callable, Iterator, MutableMapping, Sequence
from hmac import compare_digest
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]

_REFUSED = b"Open the address that the terminal shows; it holds the token of this page."


class Guard:
    """ASGI middleware that asks requests and sockets for the token: once in the address, from then on in a cookie.

    `hosts` are the names with port under which the page is reached; a request for another, or from a page of another
    origin, is refused. None: any name.
    """

    def __init__(self, app: Callable[..., Awaitable[None]], token: str, port: int, hosts: Sequence[str] | None) -> None:
        self._app = app
        self._token = token
        self._cookie = f"xsafety-{port}"  # cookies do not tell ports apart
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        host, origin = headers.get("host", ""), headers.get("origin")
        own = (self._hosts is None or host in self._hosts) and (origin is None or urlsplit(origin).netloc == host)
        query = scope["query_string"].decode("latin-1")
        if own and any(map(self._right, parse_qs(query).get("token", []))) and scope["type"] == "http":
            rest = urlencode([pair for pair in parse_qsl(query) if pair[0] != "token"])
            where = scope["path"] + (f"?{rest}" if rest else "")
            cookie = f"{self._cookie}={self._token}; Path=/; HttpOnly; SameSite=Lax"
            await _answer(send, 303, b"", [("location", where), ("set-cookie", cookie)])
        elif own and any(map(self._right, self._kept(headers.get("cookie", "")))):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            await _answer(send, 403, _REFUSED, [("content-type", "text/plain; charset=utf-8")])

    def _right(self, token: str) -> bool:
        return compare_digest(token.encode(), self._token.encode())

    def _kept(self, cookies: str) -> Iterator[str]:
        try:
            if found := SimpleCookie(cookies).get(self._cookie):
                yield found.value
        except CookieError:
            return


async def _answer(send: Send, status: int, body: bytes, headers: Sequence[tuple[str, str]]) -> None:
    pairs = [(name.encode(), value.encode("latin-1")) for name, value in [*headers, ("cache-control", "no-store")]]
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": body})
