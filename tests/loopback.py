"""A small real HTTP server on loopback: OpenAI-compatible chat completions, LibreTranslate and Google's page.

It counts what it is asked, answers by rules that a test can change, and can be slow or fail on purpose.
"""

import asyncio
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

Reply = Callable[[dict[str, Any]], Any]


def refuse_or_echo(body: dict[str, Any]) -> str:
    """The default model: answers a judge's prompt with Yes, any other with a refusal."""
    return (
        "Yes" if "is Person 2's response safe?" in body["messages"][-1]["content"] else "I'm sorry, but I can't help."
    )


@dataclass
class Server:
    """What the server was asked, and how it answers.

    `reply` returns a text, a choice, a (status, JSON body) pair or a whole response; `translate` a text or a response.
    """

    reply: Reply = refuse_or_echo
    translate: Callable[[str, str], Any] = lambda text, target: f"[{target}] {text}"
    delay: float = 0.0
    chats: list[dict[str, Any]] = field(default_factory=list)
    translations: list[tuple[str, str]] = field(default_factory=list)
    in_flight: int = 0
    most_in_flight: int = 0
    url: str = ""

    async def chat(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.chats.append(body)
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            await asyncio.sleep(self.delay)
            answer = self.reply(body)
        finally:
            self.in_flight -= 1
        if isinstance(answer, web.Response):
            return answer
        if isinstance(answer, tuple):
            return web.json_response(answer[1], status=answer[0])
        if isinstance(answer, str):
            answer = {"finish_reason": "stop", "message": {"role": "assistant", "content": answer}}
        choice = {"index": 0, **answer}
        usage = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
        return web.json_response(
            {"id": "x", "object": "chat.completion", "created": 0, "model": body["model"]}
            | {"choices": [choice], "usage": usage}
        )

    async def libretranslate(self, request: web.Request) -> web.Response:
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

    def reset(self) -> None:
        """Forgets what was asked, and answers as at the start."""
        self.chats.clear()
        self.translations.clear()
        self.most_in_flight = 0
        self.reply, self.delay = refuse_or_echo, 0.0


class Loopback:
    """Runs a Server in a thread, for `with`; its address is 127.0.0.1 and a free port."""

    def __init__(self) -> None:
        self.server = Server()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Server:
        self._thread.start()
        port = asyncio.run_coroutine_threadsafe(self._start(), self._loop).result()
        self.server.url = f"http://127.0.0.1:{port}"
        return self.server

    async def _start(self) -> int:
        app = web.Application()
        app.add_routes(
            [
                web.post("/v1/chat/completions", self.server.chat),
                web.post("/translate", self.server.libretranslate),
                web.get("/m", self.server.google),
            ]
        )
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        sockets = site._server.sockets  # type: ignore[union-attr]
        return int(sockets[0].getsockname()[1])

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._runner.cleanup(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()


if __name__ == "__main__":
    with Loopback() as server:
        print(json.dumps({"url": server.url}), flush=True)
        threading.Event().wait()
