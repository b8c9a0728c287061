"""The blocks of configs/models: each is valid, sends the request that it should, and is served as its comment says."""

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from jinja2 import TemplateError

from tests.asking.collected import Collected
from tests.conftest import ROOT
from xsafety.asking.engines.register import open_engine
from xsafety.asking.requests import request
from xsafety.categories import PAPER
from xsafety.config.configuration import Config, load
from xsafety.config.models import OpenAI, OpenAIJudge
from xsafety.protocols import protocol as protocols
from xsafety.rows import Message

FOLDER = ROOT / "configs" / "models"
TEXTS = {file.stem: file.read_text(encoding="utf-8") for file in sorted(FOLDER.glob("*.yaml"))}
FILES = {stem: yaml.safe_load(text) for stem, text in TEXTS.items()}
BLOCKS = [f"{stem}/{name}" for stem, kinds in FILES.items() for blocks in kinds.values() for name in blocks]
EXPECTED = yaml.safe_load((ROOT / "tests/data/models/requests.yaml").read_text(encoding="utf-8"))
MESSAGES: list[Message] = [{"role": "system", "content": "Be helpful."}, {"role": "user", "content": "नमस्ते"}]
DIALOGUE = {"category": PAPER["insult"], "query": "नमस्ते", "response": "I'd rather not."}
OWN_HEADERS = re.compile(r"x-stainless-.*|accept.*|connection|content-.*|host|user-agent|x-request-id")


class Endpoint(ThreadingHTTPServer):
    """Answers any path as a chat completion and a moderation, and keeps what it was asked: path, headers, body."""

    asked: list[tuple[str, dict[str, str], Any]]


class Handler(BaseHTTPRequestHandler):
    server: Endpoint

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append((self.path, {key.lower(): value for key, value in self.headers.items()}, body))
        choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "No."}}
        results = [{"flagged": False, "categories": {}}]
        answer = json.dumps({"id": "x", "created": 0, "model": "x", "choices": [choice], "results": results}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with Endpoint(("127.0.0.1", 0), Handler) as server:
        server.asked = []
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A key in each variable that a block names; settings of the shell's own, which no provider must get."""
    monkeypatch.chdir(ROOT)
    for variable in ("OPENAI_BASE_URL", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID"):
        monkeypatch.setenv(variable, "of-the-shell")
    named = {name for text in TEXTS.values() for name in re.findall(r"\b[A-Z]+(?:_[A-Z]+)*_API_KEY\b", text)}
    found = {name: f"key of {name}" for name in sorted(named)}
    for name, key in found.items():
        monkeypatch.setenv(name, key)
    return found


def config(kinds: dict[str, Any], keys: dict[str, str]) -> Config:
    """The demo with the blocks of a file."""
    demo = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    return load({**demo, **kinds})


def block(name: str, keys: dict[str, str]) -> OpenAI:
    stem, name = name.split("/")
    loaded = config(FILES[stem], keys)
    found = {**loaded.judges, **loaded.models}[name]
    assert isinstance(found, OpenAI)
    return found


def test_there_is_an_expected_request_for_every_block() -> None:
    assert sorted(EXPECTED) == sorted(BLOCKS)


def asked_of(model: OpenAI) -> tuple[list[Message], dict[str, Any]]:
    """Messages as they go to a model, or by a judge's protocol, and what the body then holds beside the block's."""
    if not isinstance(model, OpenAIJudge):
        return MESSAGES, {"messages": MESSAGES}
    protocol = protocols.load(model.protocol)
    messages = [Message(role=m["role"], content=m["content"]) for m in protocol.filled(**DIALOGUE)]
    if protocol.endpoint == "moderations":
        return messages, {"input": DIALOGUE["response"]}
    parameters = dict(protocol.parameters)
    return messages, {"messages": messages, **parameters.pop("extra_body", {}), **parameters}


@pytest.mark.parametrize("name", BLOCKS)
def test_a_block_sends_exactly_the_expected_request(
    name: str, endpoint: Endpoint, keys: dict[str, str], tmp_path: Path
) -> None:
    model, expected = block(name, keys), EXPECTED[name]
    address, url = urlsplit(model.base_url or "https://api.openai.com/v1"), urlsplit(expected["url"])
    assert (address.scheme, address.netloc) == (url.scheme, url.netloc)
    here = f"http://127.0.0.1:{endpoint.server_port}{address.path}"
    messages, rest = asked_of(model)
    collected = Collected()
    connection = model.connection().model_copy(update={"base_url": here, "max_retries": 0})
    engine = open_engine(model.identity(), connection, tmp_path)
    engine([request(model.identity(), "a", "none/hi", messages)], collected)
    assert collected.failed == {}
    assert collected.done["a"].status == "answered"
    ((path, headers, body),) = endpoint.asked
    assert path == url.path
    assert body == {**expected["body"], **rest}
    assert {key: headers[key] for key in headers if not OWN_HEADERS.fullmatch(key)} == expected["headers"]


def test_there_is_a_judge_for_every_protocol(keys: dict[str, str]) -> None:
    judges = config(FILES["judges"], keys).judges
    assert {name: judge.protocol for name, judge in judges.items() if isinstance(judge, OpenAIJudge)} == {
        name: name for name in protocols.names() if protocols.load(name).endpoint != "classifier"
    }


@pytest.mark.parametrize("name", BLOCKS)
def test_a_block_says_what_it_needs(name: str, keys: dict[str, str]) -> None:
    stem, short = name.split("/")
    model = block(name, keys)
    comment = re.search(rf"((?:  #.*\n)+)  {re.escape(short)}:\n", TEXTS[stem])
    assert comment, "a comment stands above the block"
    said = re.sub(r"\s*\\?\n\s*#\s*", " ", comment[1])
    assert f"Key: {model.key_variable}" in said if model.key_variable else "No key" in said
    if "vllm serve" not in said:
        assert not (model.base_url or "").startswith("http://127.0.0.1:80")
        return
    command = said[said.index("vllm serve") :].split()
    options = dict(zip(command[3::2], command[4::2], strict=True))
    assert command[2] == model.model
    assert model.base_url == f"http://{options['--host']}:{options['--port']}/v1"
    assert options["--host"] == "127.0.0.1"
    assert options.get("--revision") == options.get("--tokenizer-revision")
    assert re.fullmatch("[0-9a-f]{40}", options.get("--revision", "")) or "pin it by --revision" in said
    assert "--chat-template" not in options or (ROOT / options["--chat-template"]).is_file()


def test_the_rows_of_the_paper_are_asked_as_far_as_known_as_it_did(keys: dict[str, str]) -> None:
    models = config(FILES["paper"], keys).models
    assert [model.decoding["temperature"] for model in models.values()] == [0] * len(models)
    assert models["llama-2-chat-13b"].languages == ["en", "zh", "fr", "ru", "de", "hi", "es", "ja"]
    assert [name for name, model in models.items() if model.languages] == ["llama-2-chat-13b"]
    assert all(model.note for name, model in models.items() if name.endswith("-successor"))


SYSTEM = {"role": "system", "content": "Be brief."}
USER = {"role": "user", "content": "Hello"}
ASSISTANT = {"role": "assistant", "content": "Hi!"}
AGAIN = {"role": "user", "content": "Who are you?"}
VICUNA = (
    "<s>A chat between a curious user and an artificial intelligence assistant. "
    "The assistant gives helpful, detailed, and polite answers to the user's questions. "
)


def render(template: str, *messages: dict[str, str]) -> str:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(ROOT / "data/models/demo-a")
    tokenizer.bos_token, tokenizer.eos_token = "<s>", "</s>"
    tokenizer.chat_template = (FOLDER / "templates" / f"{template}.jinja").read_text(encoding="utf-8")
    return str(tokenizer.apply_chat_template(list(messages), tokenize=False, add_generation_prompt=True))


@pytest.mark.parametrize(
    ("template", "messages", "prompt"),
    [
        ("llama-2-chat", [USER], "<s>[INST] Hello [/INST]"),
        ("llama-2-chat", [SYSTEM, USER], "<s>[INST] <<SYS>>\nBe brief.\n<</SYS>>\n\nHello [/INST]"),
        (
            "llama-2-chat",
            [USER, ASSISTANT, AGAIN],
            "<s>[INST] Hello [/INST] Hi! </s><s>[INST] Who are you? [/INST]",
        ),
        (
            "llama-2-chat",
            [SYSTEM, USER, ASSISTANT, AGAIN],
            "<s>[INST] <<SYS>>\nBe brief.\n<</SYS>>\n\nHello [/INST] Hi! </s><s>[INST] Who are you? [/INST]",
        ),
        ("llama-2-chat", [{"role": "user", "content": " \nHello\n"}], "<s>[INST] Hello [/INST]"),
        ("vicuna", [USER], f"{VICUNA}USER: Hello ASSISTANT:"),
        ("vicuna", [SYSTEM, USER], "<s>Be brief. USER: Hello ASSISTANT:"),
        (
            "vicuna",
            [USER, ASSISTANT, AGAIN],
            f"{VICUNA}USER: Hello ASSISTANT: Hi!</s>USER: Who are you? ASSISTANT:",
        ),
    ],
)
def test_a_template_writes_the_prompt_the_model_was_trained_on(
    template: str, messages: list[dict[str, str]], prompt: str
) -> None:
    assert render(template, *messages) == prompt


@pytest.mark.parametrize("template", sorted(file.stem for file in (FOLDER / "templates").iterdir()))
def test_a_template_rejects_turns_out_of_order(template: str) -> None:
    for messages in ([ASSISTANT], [USER, AGAIN], [SYSTEM, ASSISTANT]):
        with pytest.raises(TemplateError, match="take turns"):
            render(template, *messages)
