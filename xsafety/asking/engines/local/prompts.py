"""Prompts: messages by the chat template of a model, and as tokens, in a stream."""

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from ....config.models import LocalConnection
from ....rows import Message
from ...requests import Fatal, Request

WINDOW = 2048  # prompts that are held as tokens, and sorted


def set_template(tokenizer: Any, connection: LocalConnection) -> None:
    """Gives a tokenizer the configuration's chat template, where that names one. Raises Fatal where there is none."""
    if connection.chat_template:
        tokenizer.chat_template = Path(connection.chat_template).read_text(encoding="utf-8")
    if not tokenizer.chat_template:
        raise Fatal(
            f"{connection.model}: its tokenizer has no chat template; use the chat or instruct version of the model, "
            "or name a file by chat_template"
        )


def write_prompt(tokenizer: Any, messages: Sequence[Message]) -> str:
    """The prompt text. A template that rejects a system message, or leaves it out, gets its text before the query.

    One that leaves a text out gets it as a list of parts, as Llama Guard 4 takes it.
    """
    from jinja2 import TemplateError

    def rendered(conversation: Sequence[Mapping[str, Any]]) -> str:
        return str(tokenizer.apply_chat_template(list(conversation), tokenize=False, add_generation_prompt=True))

    def written(conversation: Sequence[Message]) -> str:
        text, last = rendered(conversation), conversation[-1]["content"].strip()
        if last in text:
            return text
        parts = [{**message, "content": [{"type": "text", "text": message["content"]}]} for message in conversation]
        with_parts = rendered(parts)
        return with_parts if last in with_parts else text

    has_system = messages[0]["role"] == "system"
    try:
        text = written(messages)
        if not has_system or messages[0]["content"] in text:
            return text
    except TemplateError:
        if not has_system:
            raise
    return written([Message(role="user", content="\n\n".join(message["content"] for message in messages))])


def encoded(
    tokenizer: Any, requests: Iterable[Request], window: int = WINDOW
) -> Iterator[tuple[Sequence[int], Request]]:
    """The prompts of requests as tokens; of each `window` of them, which are held at a time, the longest first."""
    stream = iter(requests)
    while some := list(islice(stream, window)):
        prompts = tokenizer([write_prompt(tokenizer, request.messages) for request in some], add_special_tokens=False)
        pairs = [(array("i", ids), request) for ids, request in zip(prompts["input_ids"], some, strict=True)]
        yield from sorted(pairs, key=lambda pair: -len(pair[0]))
