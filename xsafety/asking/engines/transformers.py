"""A causal language model in process, by transformers: chat template, left padding, length-sorted batches."""

import hashlib
import re
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from ...config.models import LocalConnection
from ...rows import Identity, Message
from ...text.reasoning import Marks, split_reasoning
from ..answers import NO_ANSWER, NO_END
from ..requests import Completion, Fatal, Recipient, Request

SAMPLES, SAMPLE_SIZE = 64, 65536


def model_files(folder: Path) -> list[Path]:
    """The files of a model folder that make it the model it is; model cards and hidden files do not."""
    if not folder.is_dir():
        return []
    return sorted(p for p in folder.iterdir() if p.is_file() and p.suffix != ".md" and not p.name.startswith("."))


@cache
def fingerprint(folder: Path) -> str:
    """SHA-256 over names, sizes and samples of a model folder's files: quick enough to see a change at every start.

    Of each file 64 blocks of 64 KiB are read, spread evenly; small files whole.
    """
    total = hashlib.sha256()
    for path in model_files(folder):
        size = path.stat().st_size
        total.update(f"{path.name}\0{size}\n".encode())
        with path.open("rb") as file:
            for number in range(SAMPLES):
                file.seek(max(size - SAMPLE_SIZE, 0) * number // (SAMPLES - 1))
                total.update(file.read(SAMPLE_SIZE))
    return total.hexdigest()


def weights_digest(folder: Path) -> str:
    """SHA-256 over names and contents of a model folder's files."""
    total = hashlib.sha256()
    for path in model_files(folder):
        with path.open("rb") as file:
            total.update(f"{path.name}\0{hashlib.file_digest(file, 'sha256').hexdigest()}\n".encode())
    return total.hexdigest()


def _render(tokenizer: Any, messages: Sequence[Message]) -> str:
    """The prompt text. A template that rejects a system message, or leaves it out, gets its text before the query."""
    from jinja2 import TemplateError

    def render(conversation: Sequence[Message]) -> str:
        return str(tokenizer.apply_chat_template(list(conversation), tokenize=False, add_generation_prompt=True))

    has_system = messages[0]["role"] == "system"
    try:
        text = render(messages)
        if not has_system or messages[0]["content"] in text:
            return text
    except TemplateError:
        if not has_system:
            raise
    return render([Message(role="user", content="\n\n".join(message["content"] for message in messages))])


def generate(
    requests: Iterable[Request], recipient: Recipient, *, identity: Identity, connection: LocalConnection, threads: int
) -> None:
    """Greedy answers in batches of `batch_size`, longest prompts first, on a GPU where there is one.

    Raises Fatal for a folder that is no chat model.
    """
    import torch

    torch.set_num_threads(threads)
    tokenizer, model = _load(identity, connection)
    decoding = {"max_new_tokens": 256, "do_sample": False, **identity["decoding"]}
    context = getattr(model.config, "max_position_embeddings", None)
    room = context - decoding["max_new_tokens"] if context else float("inf")
    prompts, fitting = _encoded(tokenizer, requests), []
    for ids, request in prompts:
        if len(ids) > room:
            detail = f"{len(ids)} tokens; the model's context leaves {room}"
            recipient.deliver(request, Completion("too_long", "", detail=detail))
        else:
            fitting.append((ids, request))
    last, size = _ends(model), connection.batch_size
    marks = connection.reasoning.marks() if connection.reasoning else None
    for start in range(0, len(fitting), size):
        batch = fitting[start : start + size]
        padded = tokenizer.pad({"input_ids": [ids for ids, _ in batch]}, return_tensors="pt").to(model.device)
        with torch.inference_mode():
            output = model.generate(**padded, **decoding, pad_token_id=tokenizer.pad_token_id)
        width = padded["input_ids"].shape[1]
        for (ids, request), tokens in zip(batch, output[:, width:].tolist(), strict=True):
            length = next((place for place, token in enumerate(tokens) if token in last), None)
            usage = {"input_tokens": len(ids), "output_tokens": len(tokens[:length])}
            recipient.deliver(request, _completion(tokenizer, tokens[:length], length is None, usage, marks))


def _completion(
    tokenizer: Any, tokens: list[int], at_limit: bool, usage: dict[str, int], marks: Marks | None
) -> Completion:
    """What a model's tokens come to; some marks of reasoning are special tokens, which no answer holds."""
    finish_reason = "length" if at_limit else "stop"
    parts = split_reasoning(tokenizer.decode(tokens, skip_special_tokens=False).strip(), marks)
    if parts.reasoning:
        usage |= {"reasoning_tokens": len(tokenizer.encode(parts.reasoning, add_special_tokens=False))}
    if not parts.ended or (at_limit and parts.reasoning and not parts.answer):
        detail = NO_ANSWER if parts.ended else NO_END
        return Completion("cut_off", "", finish_reason, detail, usage, reasoning=parts.reasoning)
    if not parts.reasoning:
        text = split_reasoning(tokenizer.decode(tokens, skip_special_tokens=True), marks).answer
    else:
        special = "|".join(map(re.escape, sorted(tokenizer.all_special_tokens, key=len, reverse=True)))
        text = re.sub(special, "", parts.answer) if special else parts.answer
    return Completion("answered", text.strip(), finish_reason, "", usage, reasoning=parts.reasoning)


def _load(identity: Identity, connection: LocalConnection) -> tuple[Any, Any]:
    """The tokenizer and the model."""
    import torch
    from safetensors import SafetensorError
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from transformers.utils import logging

    logging.disable_progress_bar()  # a log file is no terminal
    name, dtype = connection.model, getattr(torch, identity["dtype"])
    revision = None if Path(name).is_dir() else identity["revision"]
    try:
        tokenizer: Any = AutoTokenizer.from_pretrained(name, revision=revision, padding_side="left")
        model: Any = AutoModelForCausalLM.from_pretrained(name, revision=revision, dtype=dtype)
    except (OSError, ValueError, SafetensorError) as error:  # the last for instance of a Git LFS pointer
        raise Fatal(f"{name}: cannot be loaded as a causal language model: {error}") from error
    if not tokenizer.chat_template:
        raise Fatal(f"{name}: its tokenizer has no chat template; use the chat or instruct version of the model")
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer, model.to("cuda" if torch.cuda.is_available() else "cpu").eval()


def _encoded(tokenizer: Any, requests: Iterable[Request]) -> list[tuple[list[int], Request]]:
    """The prompts of requests as tokens, longest first."""
    requests = list(requests)
    encoded = tokenizer([_render(tokenizer, request.messages) for request in requests], add_special_tokens=False)
    return sorted(zip(encoded["input_ids"], requests, strict=True), key=lambda pair: -len(pair[0]))


def _ends(model: Any) -> set[int]:
    """The tokens that end an answer."""
    ends = model.generation_config.eos_token_id
    return set(ends if isinstance(ends, list) else [] if ends is None else [ends])
