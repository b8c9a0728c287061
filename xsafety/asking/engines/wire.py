"""The wire to an endpoint: a reply is read whole, unpacked and bounded, and belongs to the request it was made for.

On a connection that is kept, a server that answers twice, or late, would give the next request the answer to the last,
and HTTP/1.1 has nothing to tell them apart by. So a connection is used again only after a plain success, and after it
was silent for a while: with anything that comes in between it is closed.
"""

import asyncio
import zlib
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from functools import cache
from http import HTTPStatus
from ssl import SSLContext
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
import httpx2
from aiohttp.client_proto import ResponseHandler
from aiohttp.client_reqrep import ConnectionKey
from aiohttp.connector import Connection
from aiohttp.tracing import Trace

from ...tabular import to_json

PACKING = "gzip"  # that a reply may come in
SILENCE = 0.5  # seconds for which nothing may come before a connection is used again
RESTING = 384  # connections that are silent at a time; further ones are closed
KEPT = 3.0  # seconds that one waits for a request: uvicorn closes it after 5
LARGE = 2**20  # bytes: larger replies are read one at a time, so that memory is bounded whatever the concurrency


class Unreadable(Exception):
    """No reply, or none that can be read, or too large a one; the message is the reason."""


class Wire:
    """Posts bodies to one address, and reads replies of at most `limit` bytes, unpacked."""

    def __init__(self, session: aiohttp.ClientSession, url: str, limit: int) -> None:
        self._session, self._url, self._limit, self._lane = session, url, limit, asyncio.Lock()

    async def post(self, body: Mapping[str, Any]) -> tuple[int, Mapping[str, str], str]:
        """Status, headers and text of the reply. Raises Unreadable."""
        data = to_json(body).encode(errors="replace")
        try:
            async with self._session.post(self._url, data=data) as reply:
                content = await self._read(reply.content, reply.headers.get("Content-Encoding", "").strip().lower())
        except Unreadable:
            raise
        except Exception as error:  # what is no HTTP, or no gzip, shows in many kinds
            raise Unreadable(f"connection failed ({type(error).__name__})") from error
        return reply.status, reply.headers, content.decode(errors="replace")

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


class _Connections(aiohttp.TCPConnector):
    """Keeps each connection out of the pool until it was silent for a while after a success."""

    def __init__(self) -> None:
        # However many rest, whoever asks gets a connection: those who ask are bounded elsewhere.
        super().__init__(ssl=certificates(), limit=0, keepalive_timeout=KEPT)
        self._resting = 0

    async def connect(
        self, req: aiohttp.ClientRequest, traces: list[Trace], timeout: aiohttp.ClientTimeout
    ) -> Connection:
        while True:
            connection = await super().connect(req, traces, timeout)
            if not (connection.protocol and connection.protocol.should_close):
                return connection
            connection.close()  # something came while it was waiting

    def _release(self, key: ConnectionKey, protocol: ResponseHandler, *, should_close: bool = False) -> None:
        if should_close or protocol.should_close or self._resting >= RESTING:
            super()._release(key, protocol, should_close=True)
            return
        self._resting += 1
        asyncio.get_running_loop().call_later(SILENCE, self._rested, key, protocol)

    def _rested(self, key: ConnectionKey, protocol: ResponseHandler) -> None:
        self._resting -= 1
        super()._release(key, protocol)  # which closes one that got something


class _Reply(aiohttp.ClientResponse):
    """A reply after whose failure the connection is not used again: what timed out at a gateway may still come."""

    async def start(self, connection: Connection) -> "_Reply":
        protocol = connection.protocol
        await super().start(connection)
        if self.status != HTTPStatus.OK and protocol:
            protocol.force_close()
        return self


@asynccontextmanager
async def open_wire(url: str, headers: Mapping[str, str], limit: int) -> AsyncIterator[Wire]:
    """A wire to a URL; through the environment's proxy where it names one."""
    address, proxies = urlsplit(url), getproxies()
    proxy = None if proxy_bypass(address.hostname or "") else proxies.get(address.scheme, proxies.get("all"))
    own = {"Content-Type": "application/json", "Accept-Encoding": PACKING}
    async with aiohttp.ClientSession(
        connector=_Connections(),
        response_class=_Reply,
        headers={**headers, **own},
        proxy=proxy,
        auto_decompress=False,
        timeout=aiohttp.ClientTimeout(total=None),
    ) as session:
        yield Wire(session, url, limit)
