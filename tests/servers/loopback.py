"""A small real HTTP server on loopback: an OpenAI-compatible API, and the translators LibreTranslate, Google, DeepL and
Microsoft.

It counts what it is asked, answers by rules that a test can change, and can be slow or fail on purpose.
"""

import asyncio
import json
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

Reply = Callable[[dict[str, Any]], Any]


def refuse_or_echo(body: dict[str, Any]) -> str:
    """The default model: answers a judge's prompt with Yes, any other with a refusal."""
    return (
        "Yes" if "is Person 2's response safe?" in body["messages"][-1]["content"] else "I'm sorry, but I can't help."
    )


def completion(body: dict[str, Any], answer: Any) -> tuple[int, Any]:
    """The status and JSON of a reply: a text or a choice becomes a completion."""
    if isinstance(answer, tuple):
        return answer
    if isinstance(answer, str):
        answer = {"finish_reason": "stop", "message": {"role": "assistant", "content": answer}}
    usage = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
    made = {"id": "x", "object": "chat.completion", "created": 0, "model": body["model"], "usage": usage}
    return 200, made | {"choices": [{"index": number, **answer} for number in range(body.get("n", 1))]}


async def drop(request: web.Request) -> web.StreamResponse:
    """A reply that never comes: the connection is closed."""
    assert request.transport
    request.transport.close()
    return web.Response()


async def truncate(request: web.Request) -> web.StreamResponse:
    """A reply of which only the beginning comes."""
    response = web.StreamResponse(headers={"content-type": "application/json", "content-length": "1000"})
    await response.prepare(request)
    await response.write(b'{"id": "x", "choices": [')
    assert request.transport
    request.transport.close()
    return response


@dataclass
class Limit:
    """A limit as providers have it: a bucket of `capacity` calls that fills by `per_minute`."""

    per_minute: float
    capacity: float
    tells: bool = False  # by x-ratelimit headers
    retry_after: bool = True
    refused: int = 0
    filled: float = 0.0
    at: float = 0.0

    def headers(self) -> dict[str, str]:
        return {"x-ratelimit-limit-requests": f"{self.per_minute:.0f}"} if self.tells else {}

    def takes(self) -> bool:
        now = time.monotonic()
        grown = (now - self.at) * self.per_minute / 60
        self.filled = min(self.capacity, self.filled + grown) if self.at else self.capacity
        self.at = now
        if self.filled < 1:
            self.refused += 1
            return False
        self.filled -= 1
        return True


@dataclass
class Server:
    """What the server was asked, and how it answers.

    `reply` returns a text, a choice, a (status, JSON body) pair, a whole response or a function that makes one from the
    request; `translate` a text or a response. `headers` are those of chat, moderation, DeepL and Microsoft requests,
    lower-cased; `sources` the languages that DeepL and Microsoft were told to translate from.
    """

    reply: Reply = refuse_or_echo
    translate: Callable[[str, str], Any] = lambda text, target: f"[{target}] {text}"
    delay: float = 0.0
    limit: Limit | None = None
    moderate: Callable[[str], dict[str, Any]] = lambda text: {"flagged": False, "categories": {"hate": False}}
    headers: list[dict[str, str]] = field(default_factory=list)
    moderations: list[dict[str, Any]] = field(default_factory=list)
    batch: "BatchApi" = field(default_factory=lambda: BatchApi())
    chats: list[dict[str, Any]] = field(default_factory=list)
    translations: list[tuple[str, str]] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    in_flight: int = 0
    most_in_flight: int = 0
    url: str = ""

    async def chat(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        self.chats.append(body)
        self.headers.append({name.lower(): value for name, value in request.headers.items()})
        told = self.limit.headers() if self.limit else {}
        if self.limit and not self.limit.takes():
            wait = {"retry-after": "1"} if self.limit.retry_after else {}
            refusal = {"error": {"message": "Slow down", "code": "rate_limit_exceeded"}}
            return web.json_response(refusal, status=429, headers=told | wait)
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            await asyncio.sleep(self.delay)
            answer = self.reply(body)
        finally:
            self.in_flight -= 1
        if callable(answer):
            made: Awaitable[web.StreamResponse] = answer(request)
            return await made
        if isinstance(answer, web.Response):
            return answer
        status, content = completion(body, answer)
        return web.json_response(content, status=status, headers=told)

    async def moderation(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.moderations.append(body)
        self.headers.append({name.lower(): value for name, value in request.headers.items()})
        return web.json_response({"id": "x", "model": body["model"], "results": [self.moderate(body["input"])]})

    async def libretranslate(self, request: web.Request) -> web.Response:
        if "api-version" in request.query:
            return await self.microsoft(request)
        query = {**request.query, **(await request.post())}
        self.translations.append((query["q"], query["target"]))
        await asyncio.sleep(self.delay)
        answer = self.translate(query["q"], query["target"])
        return answer if isinstance(answer, web.Response) else web.json_response({"translatedText": answer})

    async def google(self, request: web.Request) -> web.Response:
        text, target = request.query["q"], request.query["tl"]
        self.translations.append((text, target))
        answer = self.translate(text, target)
        page = f'<html><div class="result-container">{answer}</div></html>'
        return answer if isinstance(answer, web.Response) else web.Response(text=page, content_type="text/html")

    async def deepl(self, request: web.Request) -> web.Response:
        body = await request.json()
        answer = self.by_key(request, body["text"][0], body["source_lang"], body["target_lang"])
        if isinstance(answer, web.Response):
            return answer
        return web.json_response({"translations": [{"detected_source_language": "EN", "text": answer}]})

    async def microsoft(self, request: web.Request) -> web.Response:
        [part] = await request.json()
        answer = self.by_key(request, part["text"], request.query["from"], request.query["to"])
        if isinstance(answer, web.Response):
            return answer
        return web.json_response([{"translations": [{"text": answer, "to": request.query["to"]}]}])

    def by_key(self, request: web.Request, text: str, source: str, target: str) -> Any:
        """The answer of a service that reads its key in a header."""
        self.headers.append({name.lower(): value for name, value in request.headers.items()})
        self.sources.append(source)
        self.translations.append((text, target))
        return self.translate(text, target)

    def reset(self) -> None:
        """Forgets what was asked, and answers as at the start."""
        self.chats.clear()
        self.headers.clear()
        self.translations.clear()
        self.most_in_flight = 0
        self.reply, self.delay = refuse_or_echo, 0.0


@dataclass
class BatchApi:
    """The Batch API: a batch ends after `polls` looks at it, or as `end` says, with its lines in reverse order.

    `end` may set the batch's status and drop lines: it gets the batch and its lines, and returns those to answer.
    `on_create` is called with a made batch before the client is told of it; it may raise a web error.
    """

    server: Server | None = None
    polls: int = 1
    end: Callable[[dict[str, Any], list[dict[str, Any]]], list[dict[str, Any]]] = lambda batch, lines: lines
    on_create: Callable[[dict[str, Any]], None] = lambda batch: None
    files: dict[str, str] = field(default_factory=dict)
    batches: dict[str, dict[str, Any]] = field(default_factory=dict)

    async def upload(self, request: web.Request) -> web.Response:
        form = await request.post()
        file = form["file"]
        assert isinstance(file, web.FileField)
        name = f"file-{len(self.files)}"
        self.files[name] = file.file.read().decode()
        return web.json_response({"id": name, "object": "file", "purpose": form["purpose"], "filename": file.filename})

    async def content(self, request: web.Request) -> web.Response:
        return web.Response(text=self.files[request.match_info["file"]])

    async def create(self, request: web.Request) -> web.Response:
        body = await request.json()
        made = {"id": f"batch-{len(self.batches)}", "object": "batch", "status": "validating", "created_at": 0}
        made |= {key: body[key] for key in ("endpoint", "input_file_id", "completion_window", "metadata")}
        self.batches[made["id"]] = made
        self.on_create(made)
        return web.json_response(made)

    async def list(self, request: web.Request) -> web.Response:
        return web.json_response({"object": "list", "data": list(self.batches.values()), "has_more": False})

    async def retrieve(self, request: web.Request) -> web.Response:
        batch = self.batches.get(request.match_info["batch"])
        if batch is None:
            return web.json_response({"error": {"message": "No such batch"}}, status=404)
        batch["looks"] = batch.get("looks", 0) + 1
        if batch["status"] in ("validating", "in_progress"):
            batch["status"] = "in_progress"
            if batch["looks"] > self.polls:
                self._finish(batch)
        return web.json_response(batch)

    def _finish(self, batch: dict[str, Any]) -> None:
        assert self.server
        batch["status"] = "completed"
        lines = [json.loads(line) for line in self.files[batch["input_file_id"]].splitlines()]
        results: dict[str, list[str]] = {"output": [], "error": []}
        for line in reversed(self.end(batch, lines)):
            self.server.chats.append(line["body"])
            status, body = completion(line["body"], self.server.reply(line["body"]))
            result = {"custom_id": line["custom_id"], "response": {"status_code": status, "body": body}, "error": None}
            results["output" if status == 200 else "error"].append(json.dumps(result) + "\n")
        for kind, made in results.items():
            if made:
                self.files[f"{kind}-{batch['id']}"] = "".join(made)
                batch[f"{kind}_file_id"] = f"{kind}-{batch['id']}"


@contextmanager
def loopback() -> Iterator[Server]:
    """Runs a Server, for `with`."""
    server = Server()
    server.batch.server = server
    app = web.Application(client_max_size=2**30)
    app.add_routes(
        [
            web.post("/v1/chat/completions", server.chat),
            web.post("/v1/moderations", server.moderation),
            web.post("/v1/files", server.batch.upload),
            web.get("/v1/files/{file}/content", server.batch.content),
            web.post("/v1/batches", server.batch.create),
            web.get("/v1/batches", server.batch.list),
            web.get("/v1/batches/{batch}", server.batch.retrieve),
            web.post("/translate", server.libretranslate),
            web.get("/m", server.google),
            web.post("/v2/translate", server.deepl),
        ]
    )
    with serve(app) as server.url:
        yield server


@contextmanager
def serve(app: web.Application) -> Iterator[str]:
    """Serves an application in a thread, at 127.0.0.1 and a free port; its address."""
    runner = web.AppRunner(app, shutdown_timeout=0.01)
    started: Future[tuple[int, Callable[[], object]]] = Future()

    async def run() -> None:
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        loop, stop = asyncio.get_running_loop(), asyncio.Event()
        started.set_result((runner.addresses[0][1], lambda: loop.call_soon_threadsafe(stop.set)))
        await stop.wait()
        await runner.cleanup()

    thread = threading.Thread(target=asyncio.run, args=[run()], daemon=True)
    thread.start()
    port, stop = started.result()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        stop()
        thread.join()


if __name__ == "__main__":
    with loopback() as server:
        print(json.dumps({"url": server.url}), flush=True)
        threading.Event().wait()
