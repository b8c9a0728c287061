"""The wire to an endpoint: a reply is read whole, unpacked and bounded, and belongs to the request it was made for.

Each request has a connection of its own. On one that is kept, a server that answers twice, or late, would give the next
request the answer to the last, and HTTP/1.1 has nothing to tell them apart by.
"""

import asyncio
import json
import zlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import cache
from ssl import SSLContext
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
import httpx2

PACKING = "gzip"  # that a reply may come in
LARGE = 2**20  # bytes: larger replies are read one at a time, so that memory is bounded whatever the concurrency


class Unreadable(Exception):
    """No reply, or none that can be read, or too large a one; the message is the reason."""


class Wire:
    """Posts bodies to one address, and reads replies of at most `limit` bytes, unpacked."""

    def __init__(self, session: aiohttp.ClientSession, url: str, limit: int) -> None:
        self._session, self._url, self._limit, self._lane = session, url, limit, asyncio.Lock()

    async def post(self, body: Mapping[str, Any]) -> tuple[int, Mapping[str, str], str]:
        """Status, headers and text of the reply. Raises Unreadable."""
        data = json.dumps(body, ensure_ascii=False).encode(errors="replace")
        try:
            async with self._session.post(self._url, data=data) as reply:
                content = await self._read(reply.content, reply.headers.get("Content-Encoding", "").strip().lower())
        except Unreadable:
            raise
        except Exception as error:  # what is no HTTP, or no gzip, shows in many kinds
            raise Unreadable(f"connection failed ({type(error).__name__})") from error
        return reply.status, reply.headers, content.decode("utf-8-sig", errors="replace")

    async def _read(self, stream: aiohttp.StreamReader, packing: str) -> bytes:
        pieces, size, is_large = list[bytes](), 0, False
        try:
            async for piece in _unpacked(stream, packing):
                pieces.append(piece)
                size += len(piece)
                if size > self._limit:
                    raise Unreadable(f"a reply of more than {self._limit / 2**20:g} MiB")
                if size > LARGE and not is_large:
                    is_large = await self._lane.acquire()
            return b"".join(pieces)
        finally:
            pieces.clear()  # the frame outlives this in the traceback of an error
            if is_large:
                self._lane.release()


async def _unpacked(stream: aiohttp.StreamReader, packing: str) -> AsyncIterator[bytes]:
    """The body in pieces of at most LARGE bytes. Raises Unreadable for another packing, or a torn one."""
    if packing not in ("", "identity", PACKING):
        raise Unreadable(f"connection failed (packed as {packing[:20]!r}, which was not asked for)")
    unpack = zlib.decompressobj(zlib.MAX_WBITS | 16)
    async for sent in stream.iter_any():
        if packing != PACKING:
            yield sent
            continue
        while piece := unpack.decompress(sent, LARGE):
            yield piece
            sent = unpack.unconsumed_tail
    if packing == PACKING and not unpack.eof:
        raise Unreadable("connection failed (only part of a packed reply)")


@cache
def certificates() -> SSLContext:
    """What connections trust, by the environment: read once, as it takes longer than many a job's asking."""
    return httpx2.create_ssl_context()


@asynccontextmanager
async def open_wire(url: str, headers: Mapping[str, str], connections: int, limit: int) -> AsyncIterator[Wire]:
    """A wire to a URL, with at most so many requests in flight; through the environment's proxy where it names one."""
    address, proxies = urlsplit(url), getproxies()
    proxy = None if proxy_bypass(address.hostname or "") else proxies.get(address.scheme, proxies.get("all"))
    connector = aiohttp.TCPConnector(ssl=certificates(), limit=connections, force_close=True)
    own = {"Content-Type": "application/json", "Accept-Encoding": PACKING}
    async with aiohttp.ClientSession(
        connector=connector,
        headers={**headers, **own},
        proxy=proxy,
        auto_decompress=False,
        timeout=aiohttp.ClientTimeout(total=None),
    ) as session:
        yield Wire(session, url, limit)
