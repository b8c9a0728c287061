"""A classifier in process: a model with a head of classes, such as an encoder, reads a text or a pair of texts."""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import Any

from ....config.models import LocalConnection
from ....rows import Identity
from ....tabular import to_json
from ...requests import Completion, Fatal, Recipient, Request
from .batches import BUDGET, NO_ROOM, by_tokens, in_halves
from .loading import CLASSIFIER
from .process import Local
from .prompts import WINDOW

NONE = "none"  # what a head says that may say several classes, where none is likelier than not


def classify(
    loaded: tuple[Any, Any],
    requests: Iterable[Request],
    recipient: Recipient,
    *,
    identity: Identity,
    connection: LocalConnection,
    window: int = WINDOW,
) -> None:
    """The class of each request's text, or pair of texts, as JSON: its `label`, and the `probabilities` of all classes.

    Raises Fatal for a folder that is no classifier, or whose classes the configuration does not name.
    """
    tokenizer, model = loaded
    tokenizer.padding_side = "right"
    if model.config.pad_token_id is None:  # heads on causal models find the last token by it
        model.config.pad_token_id = tokenizer.pad_token_id
    classes = [str(model.config.id2label[number]) for number in range(model.config.num_labels)]
    many = model.config.problem_type == "multi_label_classification"
    _check(classes, many, identity["labels"], connection.model)
    prompts = _encoded(tokenizer, model, requests, recipient, window)
    for batch in by_tokens(prompts, connection.tokens_in_memory or BUDGET):
        found = in_halves(partial(_shares, tokenizer, model, many), [inputs for _, (_, inputs) in batch])
        for (ids, (request, _)), shares in zip(batch, found, strict=True):
            if shares is None:
                recipient.fail(request, NO_ROOM)
                continue
            recipient.deliver(request, _read(dict(zip(classes, shares, strict=True)), many, len(ids)))


CLASSIFY = Local(CLASSIFIER, classify, BUDGET)


def _shares(tokenizer: Any, model: Any, many: bool, batch: Sequence[Any]) -> list[list[float]]:
    """The probabilities of the classes of each text; of each class by itself where a text may have `many`."""
    import torch

    padded = tokenizer.pad(batch, return_tensors="pt").to(model.device)
    with torch.inference_mode():
        logits = model(**padded).logits.float()
    return list((logits.sigmoid() if many else logits.softmax(dim=1)).tolist())


def _check(classes: Sequence[str], many: bool, labels: Sequence[str], name: str) -> None:
    told = [*classes, *([NONE] if many else [])]
    if lacking := [label for label in told if label.casefold() not in labels]:
        raise Fatal(
            f"{name}: its classes are {', '.join(told)}; say by `labels` of the judge what each means, such as "
            f"{{{lacking[0]}: unsafe}}"
        )


def _encoded(
    tokenizer: Any, model: Any, requests: Iterable[Request], recipient: Recipient, window: int
) -> Iterator[tuple[Sequence[int], tuple[Request, Any]]]:
    """The texts of requests as tokens, with all that the model is given; of each `window` of them the longest first.

    Those that the model cannot see whole are delivered as such.
    """
    room = min(tokenizer.model_max_length, getattr(model.config, "max_position_embeddings", None) or 1 << 30)
    stream = iter(requests)
    while some := list(islice(stream, window)):
        prompts = []
        for request in some:
            inputs = tokenizer(*(message["content"] for message in request.messages))
            if (length := len(inputs["input_ids"])) > room:
                detail = f"{length} tokens; the model sees {room}"
                recipient.deliver(request, Completion("too_long", "", detail=detail))
            else:
                prompts.append((inputs["input_ids"], (request, inputs)))
        yield from sorted(prompts, key=lambda prompt: -len(prompt[0]))


def _read(shares: dict[str, float], many: bool, tokens: int) -> Completion:
    """What the probabilities of classes come to."""
    label = max(shares, key=lambda name: shares[name])
    confidence = shares[label]
    if many and confidence < 0.5:
        label, confidence = NONE, 1 - confidence
    text = to_json({"label": label, "probabilities": {name: round(share, 4) for name, share in shares.items()}})
    usage = {"input_tokens": tokens, "output_tokens": 0}
    return Completion("answered", text, "stop", usage=usage, confidence=round(confidence, 6))
