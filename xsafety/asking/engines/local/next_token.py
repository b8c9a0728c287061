"""A judge's verdict off the probabilities of its labels as the next token: one forward pass, no generation."""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Any

from ....config.models import LocalConnection
from ....rows import Identity
from ...requests import Completion, Fatal, Recipient, Request
from .batches import BUDGET, NO_ROOM, by_tokens, in_halves
from .loading import CAUSAL
from .process import Local
from .prompts import WINDOW, encoded, set_template

_SPACES = ("", " ", "▁", "Ġ")  # before a word, as tokenizers write it


def read_next_token(
    loaded: tuple[Any, Any],
    requests: Iterable[Request],
    recipient: Recipient,
    *,
    identity: Identity,
    connection: LocalConnection,
    window: int = WINDOW,
) -> None:
    """The likeliest next token behind each prompt and the protocol's `lead`.

    Its text is the answer: a label, with its probability among the labels as `confidence`, or what is none.
    Raises Fatal for a folder that is no chat model, and where two labels begin with the same token.
    """
    tokenizer, model = loaded
    set_template(tokenizer, connection)
    tokens = label_tokens(tokenizer, identity["labels"])
    lead = tokenizer.encode(identity["lead"], add_special_tokens=False)
    context = getattr(model.config.get_text_config(decoder=True), "max_position_embeddings", None)
    prompts = _fitting(encoded(tokenizer, requests, window), lead, context, recipient)
    for batch in by_tokens(prompts, connection.tokens_in_memory or BUDGET):
        found = in_halves(partial(_logits, tokenizer, model), [[*ids, *lead] for ids, _ in batch])
        for (prompt, request), logits in zip(batch, found, strict=True):
            if logits is None:
                recipient.fail(request, NO_ROOM)
                continue
            usage = {"input_tokens": len(prompt) + len(lead), "output_tokens": 1}
            recipient.deliver(request, _read(tokenizer, logits, tokens, usage))


NEXT_TOKEN = Local(CAUSAL, read_next_token, BUDGET)


def _logits(tokenizer: Any, model: Any, prompts: Sequence[Sequence[int]]) -> list[Any]:
    """The logits of the token behind each prompt."""
    import torch

    padded = tokenizer.pad({"input_ids": prompts}, return_tensors="pt").to(model.device)
    wanted = {"max_new_tokens": 1, "max_length": None, "do_sample": False, "pad_token_id": tokenizer.pad_token_id}
    with torch.inference_mode():
        output = model.generate(**padded, **wanted, output_logits=True, return_dict_in_generate=True)
    return list(output.logits[0].float())


def label_tokens(tokenizer: Any, labels: Sequence[str]) -> dict[int, str]:
    """The tokens that say a label, whatever their case, or else begin it, each with its label.

    Raises Fatal where one token stands for two labels.
    """
    found: dict[int, str] = {}
    for label in labels:
        forms = {label.lower(), label.upper(), label.capitalize()}
        known = {tokenizer.convert_tokens_to_ids(space + form) for form in forms for space in _SPACES}
        whole = known - {None, tokenizer.unk_token_id}
        begin = {tokenizer.encode(form, add_special_tokens=False)[0] for form in (label, label.capitalize())}
        for token in whole or begin:
            if found.setdefault(token, label) != label:
                raise Fatal(f"its tokenizer begins {label!r} and {found[token]!r} with one token; set one_pass: false")
    return found


def _fitting(
    prompts: Iterable[tuple[Sequence[int], Request]], lead: Sequence[int], context: int | None, recipient: Recipient
) -> Iterator[tuple[Sequence[int], Request]]:
    """The prompts that the model can see whole; the others are delivered as too long."""
    room = context - len(lead) - 1 if context else None
    for ids, request in prompts:
        if room and len(ids) > room:
            detail = f"{len(ids)} tokens; the model's context leaves {room}"
            recipient.deliver(request, Completion("too_long", "", detail=detail))
        else:
            yield ids, request


def _read(tokenizer: Any, logits: Any, tokens: dict[int, str], usage: dict[str, int]) -> Completion:
    """What the logits of the next token come to."""
    import torch

    best = int(logits.argmax())
    text = str(tokenizer.decode([best])).strip()
    if best not in tokens:
        return Completion("answered", text or tokenizer.convert_ids_to_tokens(best), "stop", usage=usage)
    ids = list(tokens)
    shares = torch.softmax(logits[ids], dim=0).tolist()
    own = sum(share for token, share in zip(ids, shares, strict=True) if tokens[token] == tokens[best])
    said = text if text.casefold() == tokens[best] else tokens[best]  # of which the token may be the beginning
    return Completion("answered", said, "stop", usage=usage, confidence=round(own, 6))
