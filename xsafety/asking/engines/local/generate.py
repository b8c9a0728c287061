"""Answers of a causal language model in process: greedy, or drawn with a seed that is the row's own."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from ....config.models import LocalConnection
from ....rows import Identity
from ....text.reasoning import Marks, split_reasoning
from ...answers import NO_ANSWER, NO_END
from ...requests import Completion, Recipient, Request
from .decoding import Decoder
from .loading import CAUSAL
from .memory import tokens_that_fit
from .picking import Picker
from .process import Local
from .prompts import WINDOW, encoded, set_template
from .rows import DecodedRow

TAIL = 8  # tokens behind which a text that ends answers may lie, beside as many as it has bytes


def answer(
    loaded: tuple[Any, Any],
    requests: Iterable[Request],
    recipient: Recipient,
    *,
    identity: Identity,
    connection: LocalConnection,
    window: int = WINDOW,
) -> None:
    """Answers, each delivered when it ends, as many at a time as fit into `tokens_in_memory`.

    In float32 on a CPU an answer is the same whatever else is asked. Raises Fatal for what is no chat model.
    """
    tokenizer, model = loaded
    set_template(tokenizer, connection)
    picker = Picker(model, identity["decoding"])
    budget = connection.tokens_in_memory or tokens_that_fit(model)
    decoder = Decoder(model, picker, budget, _stopped(tokenizer, picker.stops))
    recipient.meter.pace = lambda: f"{len(decoder.rows)} at a time"
    answers = _Answers(tokenizer, picker, connection.reasoning.marks() if connection.reasoning else None)
    done: defaultdict[str, list[DecodedRow]] = defaultdict(list)
    prompts = encoded(tokenizer, requests, window)
    for row in decoder.decode(_rows(prompts, recipient, picker, _context(model))):
        request = row.request
        done[request.key].append(row)
        if len(done[request.key]) < picker.samples:
            continue
        samples = sorted(done.pop(request.key), key=lambda row: row.sample)
        if failure := next((row.failure for row in samples if row.failure), ""):
            recipient.fail(request, failure)
        else:
            recipient.deliver(request, _with_more([answers.read(row) for row in samples]))


GENERATE = Local(CAUSAL, answer)


def _context(model: Any) -> int | None:
    """The tokens that a model can see, where that is bounded."""
    found: int | None = getattr(model.config.get_text_config(decoder=True), "max_position_embeddings", None)
    return found


def _rows(
    prompts: Iterable[tuple[Sequence[int], Request]], recipient: Recipient, picker: Picker, context: int | None
) -> Iterator[DecodedRow]:
    """The rows to be decoded; prompts that leave no room for an answer are delivered as such."""
    for prompt, request in prompts:
        if context and len(prompt) > context - picker.limit:
            detail = f"{len(prompt)} tokens; the model's context leaves {context - picker.limit}"
            recipient.deliver(request, _with_more([Completion("too_long", "", detail=detail)] * picker.samples))
        else:
            yield from (DecodedRow(request, prompt, sample) for sample in range(picker.samples))


def _with_more(completions: Sequence[Completion]) -> Completion:
    """The first completion, which holds the others."""
    first, *more = completions
    return first._replace(more=tuple(more))


def _stopped(tokenizer: Any, stops: Sequence[str]) -> Callable[[list[int]], bool]:
    """Whether an answer's tokens end with a text that ends answers."""
    tail = max((len(stop.encode()) for stop in stops), default=0) + TAIL

    def stopped(answer: list[int]) -> bool:
        text = tokenizer.decode(answer[-tail:], skip_special_tokens=False) if stops else ""
        return any(stop in text for stop in stops)

    return stopped


class _Answers:
    """Reads what a model's tokens come to; some marks of reasoning are special tokens, which no answer holds."""

    def __init__(self, tokenizer: Any, picker: Picker, marks: Marks | None) -> None:
        self._tokenizer, self._picker, self._marks = tokenizer, picker, marks

    def read(self, row: DecodedRow) -> Completion:
        finish_reason = "stop" if row.ended else "length"
        usage = {"input_tokens": len(row.prompt), "output_tokens": len(row.answer)}
        parts = split_reasoning(self._text(row, skip_special=False).strip(), self._marks)
        if parts.reasoning:
            usage["reasoning_tokens"] = len(self._tokenizer.encode(parts.reasoning, add_special_tokens=False))
        if not parts.ended or (not row.ended and parts.reasoning and not parts.answer):
            detail = NO_ANSWER if parts.ended else NO_END
            return Completion("cut_off", "", finish_reason, detail, usage, reasoning=parts.reasoning)
        if not parts.reasoning:
            text = split_reasoning(self._text(row, skip_special=True), self._marks).answer
        else:
            special = "|".join(map(re.escape, sorted(self._tokenizer.all_special_tokens, key=len, reverse=True)))
            text = re.sub(special, "", parts.answer) if special else parts.answer
        return Completion("answered", text.strip(), finish_reason, "", usage, reasoning=parts.reasoning)

    def _text(self, row: DecodedRow, *, skip_special: bool) -> str:
        """The text of an answer, up to a text that ends answers."""
        text = str(self._tokenizer.decode(row.answer, skip_special_tokens=skip_special))
        return min((text.partition(stop)[0] for stop in self._picker.stops), key=len, default=text)
