"""The wire to an endpoint: a reply is read whole, unpacked and bounded, and belongs to the request it was made for.

On a connection that is kept, a server that answers twice, or late, would give the next request the answer to the last,
and HTTP/1.1 has nothing to tell them apart by. So each try has a name of its own, `X-Request-Id`. Servers that repeat
it in a header or in the reply's `id`, as vLLM does, are asked on connections that are kept, where only a reply with the
name of its request is taken. All others get a connection for each request.
"""

import asyncio
import zlib
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache, partial
from http import HTTPStatus
from itertools import count
from secrets import token_hex
from ssl import SSLContext
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
import httpx2
from yarl import URL

from ...tabular import to_json
from ..requests import Fatal

NAME_HEADER = "X-Request-Id"  # the header with the name of a try
PACKING = "gzip"  # that a reply may come in
KEPT = 3.0  # seconds that a connection waits for a request: uvicorn closes it after 5
LARGE = 2**20  # bytes: larger replies are read one at a time, so that memory is bounded whatever the concurrency


class Unreadable(Exception):
    """No reply, or none that can be read, or too large a one; the message is the reason."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came for a request; `is_named`: with the request's own name."""

    status: int
    headers: Mapping[str, str]
    text: str
    is_named: bool


class Wire:
    """Posts bodies to one address, and reads replies of at most `limit` bytes, unpacked.

    `once` has a connection for each request, `kept` keeps them; `trusting`: whatever comes on a kept one is taken.
    """

    def __init__(
        self, once: aiohttp.ClientSession, kept: aiohttp.ClientSession, url: str, limit: int, trusting: bool
    ) -> None:
        self._once, self._kept, self._url, self._limit, self._trusting = once, kept, URL(url), limit, trusting
        self._lane = asyncio.Lock()
        self._names = map(f"{token_hex(8)}{{:08x}}".format, count())
        self._keeps, self._may_keep = False, True

    async def post(self, body: Mapping[str, Any]) -> Reply:
        """The reply. Raises Unreadable."""
        data = to_json(body).encode(errors="replace")
        if self._trusting:
            return await self._exchange(self._kept, data)
        if self._keeps:
            reply = await self._exchange(self._kept, data)
            if reply.is_named or reply.status == HTTPStatus.TOO_MANY_REQUESTS:  # which holds for all, and comes again
                return reply
            # Perhaps the reply to another request. Errors may have no name; where answers lack it, none is relied on.
            self._may_keep = self._may_keep and reply.status != HTTPStatus.OK
        reply = await self._exchange(self._once, data)
        self._keeps = reply.is_named and self._may_keep
        return reply

    async def _exchange(self, session: aiohttp.ClientSession, data: bytes) -> Reply:
        """Sends a request once. Raises Unreadable."""
        name = next(self._names)
        try:
            async with session.post(self._url, data=data, headers={NAME_HEADER: name}) as got:
                content = await self._read(got.content, got.headers.get("Content-Encoding", "").strip().lower())
        except Unreadable:
            raise
        except Exception as error:  # what is no HTTP, or no gzip, shows in many kinds
            raise Unreadable(f"connection failed ({type(error).__name__})") from error
        is_named = name.encode() in content or any(name in value for value in got.headers.values())
        return Reply(got.status, got.headers, content.decode(errors="replace"), is_named)

    async def _read(self, stream: aiohttp.StreamReader, packing: str) -> bytes:
        if packing not in ("", "identity", PACKING):
            raise Unreadable(f"connection failed (packed as {packing[:20]!r}, which was not asked for)")
        packed = _Unpacking() if packing == PACKING else None
        pieces, size, is_large = list[bytes](), 0, False
        try:
            while not stream.at_eof():
                sent = await stream.readany()
                for piece in packed.pieces(sent) if packed else (sent,):
                    pieces.append(piece)
                    size += len(piece)
                    if size > self._limit:
                        raise Unreadable(f"a reply of more than {self._limit / 2**20:g} MiB")
                    if size > LARGE and not is_large:
                        is_large = await self._lane.acquire()
            if packed and not packed.is_whole():
                raise Unreadable("connection failed (only part of a packed reply)")
            return b"".join(pieces)
        finally:
            pieces.clear()  # the frame outlives this in the traceback of an error
            if is_large:
                self._lane.release()


class _Unpacking:
    """Unpacks what comes in pieces of at most LARGE bytes."""

    def __init__(self) -> None:
        self._unpack = zlib.decompressobj(zlib.MAX_WBITS | 16)

    def pieces(self, sent: bytes) -> Iterator[bytes]:
        while piece := self._unpack.decompress(sent, LARGE):
            yield piece
            sent = self._unpack.unconsumed_tail

    def is_whole(self) -> bool:
        return self._unpack.eof


@cache
def certificates() -> SSLContext:
    """What connections trust, by the environment: read once, as it takes longer than many a job's asking."""
    return httpx2.create_ssl_context()


def _proxy(url: str) -> str | None:
    """The proxy that the environment names for a URL; as elsewhere, one without a scheme is of HTTP."""
    address, proxies = urlsplit(url), getproxies()
    named = None if proxy_bypass(address.hostname or "") else proxies.get(address.scheme, proxies.get("all"))
    if not named:
        return None
    proxy = named if "://" in named else f"http://{named}"
    if (kind := urlsplit(proxy).scheme) not in ("http", "https"):
        raise Fatal(
            f"{address.hostname}: the environment names a {kind} proxy; give an HTTP one in {address.scheme}_proxy, "
            "or the host in no_proxy"
        )
    return proxy


@asynccontextmanager
async def open_wire(url: str, headers: Mapping[str, str], limit: int, *, trusting: bool = False) -> AsyncIterator[Wire]:
    """A wire to a URL; through the environment's proxy where it names one. Raises Fatal for one of another kind."""
    proxy = _proxy(url)
    own = {"Content-Type": "application/json", "Accept-Encoding": PACKING}

    def session(connector: aiohttp.TCPConnector) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=connector,
            headers={**headers, **own},
            cookie_jar=aiohttp.DummyCookieJar(),
            proxy=proxy,
            auto_decompress=False,
            timeout=aiohttp.ClientTimeout(total=None),
        )

    # Whoever asks gets a connection: those who ask are bounded elsewhere.
    connections = partial(aiohttp.TCPConnector, ssl=certificates(), limit=0)
    async with session(connections(force_close=True)) as once, session(connections(keepalive_timeout=KEPT)) as kept:
        yield Wire(once, kept, url, limit, trusting)
