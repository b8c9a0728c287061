"""A hostile server on loopback that plays faults, down to the bytes on the wire.

A fault is as the cases beside the repository describe it: {"for", "times", "reply"}; what it does not concern gets the
good reply. Each row's query is its name, "row 10 en", and its good answer names it.
"""

import asyncio
import hashlib
import json
import threading
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any

HANG = 30.0  # seconds


def answer_to(name: str) -> str:
    """The good answer to a row."""
    return f"I'm sorry, but I can't help with that. ({name})"


def merged(good: Any, patch: Any) -> Any:
    """A value with a patch (RFC 7396) merged in; "<gone>" takes out, numbers are places of a list."""
    if isinstance(good, list) and isinstance(patch, dict) and all(key.isdigit() for key in patch):
        return [merged(value, patch[str(place)]) if str(place) in patch else value for place, value in enumerate(good)]
    if not isinstance(patch, dict):
        return patch
    good = good if isinstance(good, dict) else {}
    kept = {key: value for key, value in good.items() if patch.get(key) != "<gone>"}
    return kept | {key: merged(good.get(key), value) for key, value in patch.items() if value != "<gone>"}


def chance(name: str) -> float:
    """A number from 0 to 1 that belongs to a row."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big") / 2**32


class Player:
    """Plays one fault; counts calls by row."""

    def __init__(self, fault: dict[str, Any]) -> None:
        self.fault: dict[str, Any] | None = fault
        self.calls: Counter[str] = Counter()
        self.faulty: Counter[str] = Counter()
        self.url = ""

    def fault_of(self, name: str) -> dict[str, Any] | None:
        """The fault that this call for a row meets."""
        if self.fault and self._concerns(name, self.fault["for"]):
            times = self.fault.get("times", -1)
            if times < 0 or self.faulty[name] < times:
                self.faulty[name] += 1
                return self.fault
        return None

    def _concerns(self, name: str, whom: Any) -> bool:
        _, number, lang = name.split()
        match whom:
            case "row":
                return (number, lang) == ("0", "en")
            case {"row": row}:
                return (number, lang) == (str(row), "en")
            case {"lang": tag}:
                return bool(lang == tag)
            case {"share": share}:
                return bool(chance(name) < share)
            case {"after": calls}:
                return bool(self.calls.total() > calls)
        return True

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        try:
            while await self._one(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """One request and its reply; whether the connection is kept."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        length = int(head.partition("content-length:")[2].partition("\r\n")[0])
        body = json.loads(await reader.readexactly(length))
        name = body["messages"][-1]["content"].splitlines()[-1]
        self.calls[name] += 1
        key = head.partition("authorization: bearer ")[2].partition("\r\n")[0]
        good = {
            "id": "x",
            "object": "chat.completion",
            "model": body["model"],
            "choices": [
                {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": answer_to(name)}}
            ],
            "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
        }
        fault = self.fault_of(name)
        if not fault:
            return await self._send(writer, 200, {}, json.dumps(good).encode())
        return await self._play(writer, fault["reply"], good, {"answer": answer_to(name), "key": key})

    async def _play(
        self, writer: asyncio.StreamWriter, reply: dict[str, Any], good: dict[str, Any], words: dict[str, str]
    ) -> bool:
        def filled(text: str, quoted: bool = False) -> str:
            for word, value in ({"good": json.dumps(good)} | words).items():
                text = text.replace(f"{{{word}}}", json.dumps(value)[1:-1] if quoted and word != "good" else value)
            if "repeat" in reply:
                text = text.replace("@@", reply["repeat"]["text"] * reply["repeat"]["times"])
            return text

        if reply.get("then") == "hang" and "raw" not in reply:
            await asyncio.sleep(HANG)
            return False
        if "raw" in reply:
            writer.write(filled(reply["raw"]).encode())
            await writer.drain()
            if reply.get("then") == "reset":
                writer.transport.abort()
            if reply.get("then") == "hang":
                await asyncio.sleep(HANG)
            return "then" not in reply
        if reply.get("endless") or reply.get("gzip_zeros_mb"):
            return await self._flood(writer, reply)
        if isinstance(reply.get("body"), str):
            body = filled(reply["body"])
        else:
            body = filled(json.dumps(reply.get("body") or merged(good, reply.get("merge", {}))), quoted=True)
        data = body.encode()
        return await self._send(
            writer, reply.get("status", 200), reply.get("headers", {}), data, reply.get("cut"), reply.get("drip")
        )

    async def _flood(self, writer: asyncio.StreamWriter, reply: dict[str, Any]) -> bool:
        if reply.get("endless"):
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{")
            while True:
                writer.write(b" " * 2**16)
                await writer.drain()
        packer = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
        zeros = b"\0" * 2**20
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n")
        for _ in range(reply["gzip_zeros_mb"]):
            writer.write(packer.compress(zeros))
            await writer.drain()
        writer.write(packer.flush())
        await writer.drain()
        return False

    async def _send(
        self,
        writer: asyncio.StreamWriter,
        status: int,
        headers: dict[str, str],
        body: bytes,
        cut: float | None = None,
        drip: float | None = None,
    ) -> bool:
        head = {"Content-Type": "application/json", "Content-Length": str(len(body)), **headers}
        lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
        writer.write(f"HTTP/1.1 {status} X\r\n{lines}\r\n".encode())
        if drip:
            for byte in body:
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(drip)
            return True
        writer.write(body[: int(len(body) * cut)] if cut else body)
        await writer.drain()
        return cut is None


class Mixture(Player):
    """Plays one of several faults at each row of a `share`, all others well."""

    def __init__(self, faults: Sequence[dict[str, Any]], share: float) -> None:
        super().__init__({})
        self.faults, self.share = faults, share

    def number_of(self, name: str) -> int | None:
        """Which fault a row meets; None where it meets none."""
        place = chance(name) / self.share
        return int(place * len(self.faults)) if place < 1 else None

    def fault_of(self, name: str) -> dict[str, Any] | None:
        number = self.number_of(name)
        self.fault = None if number is None else self.faults[number] | {"for": "all"}
        return super().fault_of(name)


@contextmanager
def play(fault: dict[str, Any] | Player) -> Iterator[Player]:
    """Runs a Player in a thread, for `with`."""
    player = fault if isinstance(fault, Player) else Player(fault)
    started: Future[tuple[int, Any]] = Future()

    async def run() -> None:
        server = await asyncio.start_server(player.serve, "127.0.0.1", 0)
        stop, loop = asyncio.Event(), asyncio.get_running_loop()
        started.set_result((server.sockets[0].getsockname()[1], lambda: loop.call_soon_threadsafe(stop.set)))
        await stop.wait()
        server.close()

    thread = threading.Thread(target=asyncio.run, args=[run()], daemon=True)
    thread.start()
    port, stop = started.result()
    player.url = f"http://127.0.0.1:{port}/v1"
    try:
        yield player
    finally:
        stop()
        thread.join()
