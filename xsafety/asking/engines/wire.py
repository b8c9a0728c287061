"""The wire to an endpoint: a reply is read whole, unpacked and bounded, and belongs to the request it was made for.

On a connection that is kept, a server that answers twice, or late, would give the next request the answer to the last,
and from then on each the one before: HTTP/1.1 tells replies apart by their order alone. So the first reply on a
connection is certain, and so is one that repeats the name of its request (`X-Request-Id`), as vLLM's do, with all
before it. Others are proven by number: once a connection ends, it has brought as many replies as it took requests.
Where it brought more, none of its uncertain replies counts, and each request gets a connection of its own from then on.
"""

import asyncio
import time
import zlib
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from http import HTTPStatus
from itertools import count
from secrets import token_hex
from ssl import SSLContext
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
import httpx2
from aiohttp.client_proto import ResponseHandler
from yarl import URL

from ...tabular import to_json
from ..requests import Fatal, Request

NAME_HEADER = "X-Request-Id"  # the header with the name of a try
PACKING = "gzip"  # that a reply may come in
KEPT = 3.0  # seconds that a connection waits for a request: uvicorn closes it after 5
NEVER = 1e6  # seconds after which aiohttp would end one by itself
LARGE = 2**20  # bytes: larger replies are read one at a time, so that memory is bounded whatever the concurrency
MOST_UNCERTAIN = 50  # replies on a connection before it is ended
PROOF = 10.0  # seconds, and as long again as the slowest reply took, for what a connection still holds
MOST_SLOW = 30.0  # seconds of that
MOST_UNPROVEN = 200  # connections that broke, of which the last are remembered

# Takes back what was made of the uncertain replies that do not count.
Withdraw = Callable[[Request], None]


class Unreadable(Exception):
    """No reply, or none that can be read, or too large a one; the message is the reason."""


class _Response(aiohttp.ClientResponse):
    """Knows the connection that it comes on, whose length is the number of replies that nobody has read."""

    line: ResponseHandler | None = None

    async def start(self, connection: aiohttp.connector.Connection) -> aiohttp.ClientResponse:
        self.line = connection.protocol
        return await super().start(connection)


@dataclass(slots=True)
class _Lane:
    """A session with one connection at a time, and the requests whose answers on it are uncertain."""

    session: aiohttp.ClientSession
    line: ResponseHandler | None = None
    uncertain: list[Request] = field(default_factory=list)
    used: float = 0.0
    owed: int = 0  # replies to what was sent

    def has_surplus(self) -> bool:
        return self.line is not None and len(self.line) > self.owed

    def is_open(self) -> bool:
        return self.line is not None and self.line.is_connected()


@dataclass(frozen=True, slots=True)
class Reply:
    """What came for a request, and the lane, where it is uncertain whether it is the request's own."""

    status: int
    headers: Mapping[str, str]
    text: str
    lane: _Lane | None

    def gave(self, request: Request) -> None:
        """Notes the request that the reply was taken for."""
        if self.lane:
            self.lane.uncertain.append(request)


class Wire:
    """Posts bodies to one address, and reads replies of at most `limit` bytes, unpacked.

    `open_session` opens one whose connections are kept, or not; `withdraw` gets requests whose replies do not count;
    `keeps`: connections are used again, until the server sends more than it was asked for.
    """

    def __init__(
        self,
        open_session: Callable[[bool], aiohttp.ClientSession],
        url: str,
        limit: int,
        withdraw: Withdraw,
        keeps: bool,
    ) -> None:
        self._open_session, self._url, self._limit, self._withdraw = open_session, URL(url), limit, withdraw
        self._large = asyncio.Lock()
        self._names = map(f"{token_hex(8)}{{:08x}}".format, count())
        self._once = _Lane(open_session(False))
        self._free: list[_Lane] = []
        self._unproven = deque[_Lane](maxlen=MOST_UNPROVEN)  # ended while a reply was due
        self._ending = set[asyncio.Task[None]]()
        self._slowest = 0.0
        self._keeps = keeps

    async def post(self, body: Mapping[str, Any]) -> Reply:
        """The reply. Raises Unreadable."""
        data = to_json(body).encode(errors="replace")
        if not self._keeps:
            return await self._exchange(self._once, data)
        lane = self._free_lane()
        try:
            reply = await self._exchange(lane, data)
        except BaseException:
            self._end(lane)
            raise
        (self._free.append if self._keeps else self._end)(lane)
        return reply

    async def close(self) -> None:
        """Ends all connections, so that no reply stays uncertain. Raises what taking replies back raised."""
        self._end_free()
        try:
            await asyncio.gather(*self._ending)
        finally:
            await self._once.session.close()

    def _free_lane(self) -> _Lane:
        """The lane that was used last, so that few are open, if its connection may be used again; else another."""
        while self._free:
            lane = self._free.pop()
            is_used_up = len(lane.uncertain) >= MOST_UNCERTAIN or lane.used + KEPT < time.monotonic()
            if not (lane.has_surplus() or is_used_up) and (lane.is_open() or not lane.uncertain):
                return lane
            self._end(lane)
        return _Lane(self._open_session(True))

    def _end_free(self) -> None:
        while self._free:
            self._end(self._free.pop())

    def _end(self, lane: _Lane) -> None:
        task = asyncio.create_task(self._prove(lane))
        self._ending.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not (task.cancelled() or task.exception()):  # which `close` raises
            self._ending.discard(task)

    async def _prove(self, lane: _Lane) -> None:
        """Ends a connection with a request whose reply is the last that it brings, and counts what else came."""
        try:
            if lane.uncertain and lane.is_open() and not lane.has_surplus():
                async with asyncio.timeout(PROOF + min(self._slowest, MOST_SLOW)):
                    await self._drain(lane)
        except Exception:  # it ended otherwise
            pass
        finally:
            await lane.session.close()
        if await _surplus(lane):
            self._stop_keeping(lane)
        elif lane.owed and lane.uncertain:
            self._unproven.append(lane)
            if not self._keeps:
                self._stop_keeping()

    def _stop_keeping(self, *lanes: _Lane) -> None:
        """Once a server sent more than it was asked for: takes back what is uncertain, and what was never proven."""
        self._keeps = False
        for lane in (*lanes, *self._unproven):
            for request in lane.uncertain:
                self._withdraw(request)
        self._unproven.clear()
        self._end_free()

    async def _drain(self, lane: _Lane) -> None:
        async with lane.session.options(self._url, headers={"Connection": "close"}) as got:
            await self._read(got.content, _packing(got))
            if "close" in got.headers.get("Connection", "").lower():
                return  # as only the reply to a request that asks for it does
        if lane.line is not None and (closed := lane.line.closed):
            await asyncio.wait([closed], timeout=1)

    async def _exchange(self, lane: _Lane, data: bytes) -> Reply:
        """Sends a request once; the reply, with the lane where it is uncertain. Raises Unreadable."""
        name, began = next(self._names), time.monotonic()
        lane.owed = 1
        try:
            async with lane.session.post(self._url, data=data, headers={NAME_HEADER: name}) as got:
                content = await self._read(got.content, _packing(got))
        except Unreadable:
            raise
        except Exception as error:  # what is no HTTP, or no gzip, shows in many kinds
            raise Unreadable(f"connection failed ({type(error).__name__})") from error
        assert isinstance(got, _Response)
        is_first = got.line is not lane.line
        if is_first and lane.uncertain:  # which came on the connection that is gone
            self._end(_Lane(self._open_session(True), lane.line, lane.uncertain))
            lane.uncertain = []
        lane.line, lane.used, lane.owed = got.line, time.monotonic(), 0
        self._slowest = max(self._slowest, lane.used - began)
        is_named = name.encode() in content or any(name in value for value in got.headers.values())
        if is_named:
            lane.uncertain.clear()
        text = content.decode(errors="replace")
        return Reply(got.status, got.headers, text, None if is_first or is_named else lane)

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
                        is_large = await self._large.acquire()
            if packed and not packed.is_whole():
                raise Unreadable("connection failed (only part of a packed reply)")
            return b"".join(pieces)
        finally:
            pieces.clear()  # the frame outlives this in the traceback of an error
            if is_large:
                self._large.release()


def _packing(got: aiohttp.ClientResponse) -> str:
    return got.headers.get("Content-Encoding", "").strip().lower()


async def _surplus(lane: _Lane) -> bool:
    """Whether more replies came than requests went; some servers say 408 before they close what is not used."""
    return (
        lane.line is not None and lane.has_surplus() and (await lane.line.read())[0].code != HTTPStatus.REQUEST_TIMEOUT
    )


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
async def open_wire(
    url: str, headers: Mapping[str, str], limit: int, withdraw: Withdraw, *, keeps: bool = True
) -> AsyncIterator[Wire]:
    """A wire to a URL; through the environment's proxy where it names one. Raises Fatal for one of another kind."""
    proxy = _proxy(url)
    own = {"Content-Type": "application/json", "Accept-Encoding": PACKING}

    def open_session(keeps: bool) -> aiohttp.ClientSession:
        # Whoever asks gets a connection: those who ask are bounded elsewhere.
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                ssl=certificates(), limit=0, force_close=not keeps, keepalive_timeout=NEVER if keeps else None
            ),
            headers={**headers, **own},
            cookie_jar=aiohttp.DummyCookieJar(),
            proxy=proxy,
            auto_decompress=False,
            timeout=aiohttp.ClientTimeout(total=None),
            response_class=_Response,
        )

    wire = Wire(open_session, url, limit, withdraw, keeps)
    try:
        yield wire
    finally:
        await wire.close()
