"""A stand-in for a provider on loopback: one chat completion per request after a fixed time, limited like OpenAI's.

Where a request has a name (X-Request-Id), the completion's id repeats it, as vLLM does; not with `--nameless`.

GET /stats returns what it has counted since it started, or since GET /reset. Prints its port; ends when its standard
input does. The standard library only, so that any interpreter runs it.
"""

import argparse
import asyncio
import json
import math
import sys
import time
from dataclasses import dataclass, field

ANSWER = (
    "Plants take in carbon dioxide through their leaves and water through their roots. With the light of the sun they "
    "make sugar of both, which feeds them, and give off the oxygen that we breathe."
)
COMPLETION = {
    "id": "chatcmpl-benchmark",
    "object": "chat.completion",
    "created": 1700000000,
    "model": "m",
    "choices": [
        {
            "index": 0,
            "message": {
                "role": "assistant",
                "content": ANSWER,
                "refusal": None,
            },
            "logprobs": None,
            "finish_reason": "stop",
        }
    ],
    "usage": {"prompt_tokens": 31, "completion_tokens": 42, "total_tokens": 73},
}
TOO_MANY = {"error": {"message": "Too many", "type": "requests", "param": None, "code": "rate_limit_exceeded"}}


def reply(text: str) -> str:
    """The completion whose answer is this text."""
    choice = {**COMPLETION["choices"][0], "message": {"role": "assistant", "content": text, "refusal": None}}  # type: ignore[index]
    return json.dumps({**COMPLETION, "choices": [choice]})


@dataclass
class Bucket:
    """A token bucket: full at first, filled at the limit's rate; a request that finds none is refused, at no charge."""

    per_minute: float
    capacity: float
    tokens: float = field(init=False)
    at: float = field(init=False)

    def __post_init__(self) -> None:
        self.tokens, self.at = self.capacity, time.monotonic()

    @property
    def rate(self) -> float:
        return self.per_minute / 60

    def take(self) -> bool:
        now = time.monotonic()
        self.tokens = min(self.capacity, self.tokens + (now - self.at) * self.rate)
        self.at = now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


@dataclass
class Counts:
    """What was counted, with the times of the first call and the last answer."""

    calls: int = 0
    answered: int = 0
    refused: int = 0
    in_flight: int = 0
    most_in_flight: int = 0
    first: float = 0.0
    last: float = 0.0
    cpu_at_start: float = field(default_factory=time.process_time)

    def called(self) -> None:
        self.first = self.first or time.monotonic()
        self.calls += 1
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)

    def replied(self) -> None:
        self.last = time.monotonic()
        self.in_flight -= 1


class Provider:
    """The state that all connections share."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.reset()

    def reset(self) -> None:
        limit, capacity = self.options.requests_per_minute, self.options.capacity
        self.bucket = Bucket(limit, capacity or limit) if limit else None
        self.counts = Counts()

    def stats(self) -> dict[str, float]:
        counts = self.counts
        return {
            "calls": counts.calls,
            "answered": counts.answered,
            "refused": counts.refused,
            "most_in_flight": counts.most_in_flight,
            "seconds": counts.last - counts.first,
            "cpu": time.process_time() - counts.cpu_at_start,
        }

    def limit_headers(self) -> dict[str, str]:
        if not self.bucket or not self.options.limit_headers:
            return {}
        return {
            "x-ratelimit-limit-requests": f"{self.bucket.per_minute:.0f}",
            "x-ratelimit-remaining-requests": f"{math.floor(self.bucket.tokens)}",
            "x-ratelimit-reset-requests": duration((self.bucket.capacity - self.bucket.tokens) / self.bucket.rate),
        }

    def wait(self) -> dict[str, str]:
        """Retry-After in whole seconds, as providers send it."""
        if not self.bucket or not self.options.retry_after:
            return {}
        return {"retry-after": str(math.ceil((1 - self.bucket.tokens) / self.bucket.rate))}


def duration(seconds: float) -> str:
    """As OpenAI writes it: 20ms, 1.2s, 1m0.5s."""
    if seconds < 1:
        return f"{math.ceil(seconds * 1000)}ms"
    minutes, rest = divmod(math.ceil(seconds * 1000) / 1000, 60)
    return (f"{minutes:.0f}m" if minutes else "") + f"{round(rest, 3):g}s"


def response(status: str, body: bytes, headers: dict[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status}", "content-type: application/json", f"content-length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


class Connection(asyncio.Protocol):
    """One kept-alive HTTP/1.1 connection, whose requests give their content-length and are not pipelined."""

    too_many = json.dumps(TOO_MANY).encode()

    def __init__(self, provider: Provider) -> None:
        self.provider = provider
        self.received = b""
        self.before_id, self.after_id = reply(provider.options.answer).encode().split(b"benchmark")

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.received += data
        head, end, body = self.received.partition(b"\r\n\r\n")
        if not end:
            return
        _, _, length = head.lower().partition(b"content-length:")
        if length and len(body) < int(length.partition(b"\r\n")[0]):
            return
        self.received = b""
        self.handle(head)

    def completion(self, head: bytes) -> bytes:
        """The answer to a request."""
        name = b"" if self.provider.options.nameless else head.lower().partition(b"x-request-id: ")[2]
        return b"%b%b%b" % (self.before_id, name.partition(b"\r\n")[0] or b"benchmark", self.after_id)

    def handle(self, head: bytes) -> None:
        provider = self.provider
        if head.startswith(b"POST /v1/chat/completions "):
            provider.counts.called()
            if provider.bucket and not provider.bucket.take():
                provider.counts.refused += 1
                headers = provider.limit_headers() | provider.wait()
                self.reply(response("429 Too Many Requests", self.too_many, headers))
            else:
                provider.counts.answered += 1
                answer = response("200 OK", self.completion(head), provider.limit_headers())
                asyncio.get_running_loop().call_later(provider.options.latency, self.reply, answer)
        elif head.startswith(b"GET /stats "):
            self.transport.write(response("200 OK", json.dumps(provider.stats()).encode(), {}))
        elif head.startswith(b"GET /reset "):
            provider.reset()
            self.transport.write(response("200 OK", b"{}", {}))
        else:
            self.transport.write(response("404 Not Found", b"{}", {"connection": "close"}))
            self.transport.close()

    def reply(self, answer: bytes) -> None:
        self.provider.counts.replied()
        self.transport.write(answer)


async def serve(options: argparse.Namespace) -> None:
    provider = Provider(options)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(provider), "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--latency", type=float, default=0.05, help="seconds until an answer")
    parser.add_argument("--requests-per-minute", type=float, help="the limit; absent: none")
    parser.add_argument("--capacity", type=float, help="requests that may come at once; absent: a minute's")
    parser.add_argument("--answer", default=ANSWER, help="the text of each answer")
    parser.add_argument("--nameless", action="store_true", help="never repeat the name of a request")
    parser.add_argument("--retry-after", action="store_true", help="send Retry-After with a 429")
    parser.add_argument("--limit-headers", action="store_true", help="send x-ratelimit-*-requests with every answer")
    asyncio.run(serve(parser.parse_args()))


if __name__ == "__main__":
    main()
