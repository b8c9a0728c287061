"""A causal language model in process, by transformers: chat template, left padding, length-sorted batches."""

import re
from collections.abc import Iterable
from typing import Any

from ....config.models import LocalConnection
from ....rows import Identity
from ....text.reasoning import Marks, split_reasoning
from ...answers import NO_ANSWER, NO_END
from ...requests import Completion, Recipient, Request
from .loading import load
from .prompts import check_template, encoded


def generate(
    requests: Iterable[Request], recipient: Recipient, *, identity: Identity, connection: LocalConnection, threads: int
) -> None:
    """Greedy answers in batches of `batch_size`, longest prompts first, on a GPU where there is one.

    Raises Fatal for a folder that is no chat model.
    """
    import torch

    torch.set_num_threads(threads)
    tokenizer, model = load(identity, connection)
    check_template(tokenizer, connection.model)
    decoding = {"max_new_tokens": 256, "do_sample": False, **identity["decoding"]}
    context = getattr(model.config, "max_position_embeddings", None)
    room = context - decoding["max_new_tokens"] if context else float("inf")
    prompts, fitting = encoded(tokenizer, requests), []
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


def _ends(model: Any) -> set[int]:
    """The tokens that end an answer."""
    ends = model.generation_config.eos_token_id
    return set(ends if isinstance(ends, list) else [] if ends is None else [ends])
