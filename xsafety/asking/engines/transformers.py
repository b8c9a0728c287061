"""A causal language model in process, by transformers: chat template, left padding, length-sorted batches."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from ...rows import Message
from ..requests import Answer, Deliver, Fail, Fatal, Meter, Request

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


def answer(
    requests: Iterable[Request],
    deliver: Deliver,
    fail: Fail,
    meter: Meter | None = None,
    *,
    identity: Mapping[str, Any],
    connection: Mapping[str, Any],
    threads: int,
) -> None:
    """Greedy answers in batches of `batch_size`, longest prompts first, on a GPU where there is one.

    Raises Fatal for a folder that is no chat model.
    """
    import torch
    from safetensors import SafetensorError
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from transformers.utils import logging

    torch.set_num_threads(threads)
    logging.disable_progress_bar()  # a log file is no terminal
    name, revision = connection["model"], None if Path(connection["model"]).is_dir() else identity["revision"]
    try:
        tokenizer: Any = AutoTokenizer.from_pretrained(name, revision=revision, padding_side="left")
        model: Any = AutoModelForCausalLM.from_pretrained(
            name, revision=revision, dtype=getattr(torch, identity["dtype"])
        )
    except (OSError, ValueError, SafetensorError) as error:  # the last for instance of a Git LFS pointer
        raise Fatal(f"{name}: cannot be loaded as a causal language model: {error}") from error
    if not tokenizer.chat_template:
        raise Fatal(f"{name}: its tokenizer has no chat template; use the chat or instruct version of the model")
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    device = "cuda" if torch.cuda.is_available() else "cpu"
    model = model.to(device).eval()

    decoding = {"max_new_tokens": 256, "do_sample": False, **identity["decoding"]}
    context = getattr(model.config, "max_position_embeddings", None)
    room = context - decoding["max_new_tokens"] if context else None
    requests = list(requests)
    encoded = tokenizer([_render(tokenizer, request.messages) for request in requests], add_special_tokens=False)
    prompts = sorted(zip(encoded["input_ids"], requests, strict=True), key=lambda pair: -len(pair[0]))
    for ids, request in prompts:
        if room is not None and len(ids) > room:
            deliver(request, Answer("too_long", "", detail=f"{len(ids)} tokens; the model's context leaves {room}"))
    fitting = [pair for pair in prompts if room is None or len(pair[0]) <= room]

    last = _ends(model)
    size = connection["batch_size"]
    for start in range(0, len(fitting), size):
        batch = fitting[start : start + size]
        padded = tokenizer.pad({"input_ids": [ids for ids, _ in batch]}, return_tensors="pt").to(device)
        with torch.inference_mode():
            output = model.generate(**padded, **decoding, pad_token_id=tokenizer.pad_token_id)
        width = padded["input_ids"].shape[1]
        for (ids, request), tokens in zip(batch, output[:, width:].tolist(), strict=True):
            ends = [i for i, token in enumerate(tokens) if token in last]
            kept = tokens[: ends[0]] if ends else tokens
            text = tokenizer.decode(kept, skip_special_tokens=True).strip()
            usage = {"input_tokens": len(ids), "output_tokens": len(kept)}
            deliver(request, Answer("answered", text, "stop" if ends else "length", "", usage))


def _ends(model: Any) -> set[int]:
    """The tokens that end an answer."""
    ends = model.generation_config.eos_token_id
    return set(ends if isinstance(ends, list) else [] if ends is None else [ends])
