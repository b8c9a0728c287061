"""Prompts: messages by the chat template of a model, and as tokens."""

from collections.abc import Iterable, Sequence
from typing import Any

from ....rows import Message
from ...requests import Fatal, Request


def check_template(tokenizer: Any, name: str) -> None:
    """Raises Fatal for a tokenizer that cannot write a chat."""
    if not tokenizer.chat_template:
        raise Fatal(f"{name}: its tokenizer has no chat template; use the chat or instruct version of the model")


def render(tokenizer: Any, messages: Sequence[Message]) -> str:
    """The prompt text. A template that rejects a system message, or leaves it out, gets its text before the query."""
    from jinja2 import TemplateError

    def written(conversation: Sequence[Message]) -> str:
        return str(tokenizer.apply_chat_template(list(conversation), tokenize=False, add_generation_prompt=True))

    has_system = messages[0]["role"] == "system"
    try:
        text = written(messages)
        if not has_system or messages[0]["content"] in text:
            return text
    except TemplateError:
        if not has_system:
            raise
    return written([Message(role="user", content="\n\n".join(message["content"] for message in messages))])


def encoded(tokenizer: Any, requests: Iterable[Request]) -> list[tuple[list[int], Request]]:
    """The prompts of requests as tokens, longest first."""
    requests = list(requests)
    prompts = tokenizer([render(tokenizer, request.messages) for request in requests], add_special_tokens=False)
    return sorted(zip(prompts["input_ids"], requests, strict=True), key=lambda pair: -len(pair[0]))
