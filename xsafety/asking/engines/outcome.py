"""What a provider's reply means: an answer, an outcome that stays, or none of them.

Known-good, not known-bad: a reply is an answer only where it ends in a way that is known of answers. Whatever is not
known is asked again, and then fails as a row. Online replies and the lines of a batch's result are read alike.
"""

import json
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Literal, NamedTuple

from ...rows import Identity
from ...tabular import is_visible
from ...text.reasoning import Marks, split_reasoning
from ..answers import NO_ANSWER, NO_END
from ..price import estimate_tokens
from ..requests import Completion, Request
from .errors import Transient, error_in, read_error, status_of

NO_CHOICE = "no choice"  # of the further answers that were asked for
MOST_TOKENS = 10**9  # of one reply: a larger number is none

# How answers end, as providers call it, in small letters: whole, or at the limit of tokens. A model that calls a tool
# which nobody gave it is taken by what it says.
WHOLE = {
    *("stop", "end_turn", "eos", "eos_token", "stop_sequence", "stop_token", "endoftext", "complete", "completed"),
    *("normal", "end", "finished", "stopped", "tool_calls", "function_call", "tool_use"),
}
AT_LIMIT = {
    *(
        "length",
        "max_tokens",
        "max_output_tokens",
        "max_new_tokens",
        "max_completion_tokens",
        "max_length",
        "max_output",
    ),
    *("model_length", "token_limit", "context_length", "model_context_window_exceeded", "context_length_exceeded"),
}
BLOCKED = re.compile(
    r"safety|filter|sensitive|prohibited|block|moderat|refus|guardrail|toxic|policy|violat|censor|spii|recitation"
    r"|^language$|model_armor|risk|blacklist|profan|harmful|unsafe|illegal|inappropriate|forbidden"
)
_REASONING = ("reasoning_content", "reasoning", "reasoning_text", "thinking", "thought")  # fields of a message
_DETAILS = ("reasoning_details", "thinking_blocks")  # read where it has none of these
_BESIDE = (*_REASONING, *_DETAILS, "refusal")


class Empty(Transient):
    """An answer without text: a hiccup more often than a silence.

    `completion` is what it comes to if it stays so; `gave` notes the request that it was taken for, as a reply's does.
    """

    most_retries = 2

    def __init__(self, completion: Completion) -> None:
        super().__init__("an empty answer")
        self.completion = completion
        self.gave: Callable[[Request], None] = lambda request: None


def read_success(body: Any, identity: Identity, marks: Marks | None = None) -> Completion:
    """The answer in a reply with a status of success; `marks` are those of the model's reasoning beside the known ones.

    Raises Transient for what is no answer (Empty: without text), and as `read_error` for an error inside.
    """
    if not isinstance(body, dict):
        raise Transient("no completion")
    if error := error_in(body):
        return read_error(status_of(error), body)
    if identity.get("endpoint") == "moderations":
        return _moderation(body)
    if body.get("input_sensitive") is True or body.get("output_sensitive") is True:
        return Completion("blocked", "", "content_filter", "sensitive", _usage(body))
    choices = body.get("choices")
    if not isinstance(choices, list) or not choices:
        return _without_choices(body)
    return _answers(_in_order(choices), identity["decoding"].get("n", 1), _usage(body), marks)


def _answers(choices: list[Any], wanted: int, usage: dict[str, int] | None, marks: Marks | None) -> Completion:
    """The first of the choices, and the others that are wanted. Raises Empty where none has a text."""
    read = [_choice(choice, marks, usage) for choice in choices[:wanted]]
    if usage and "reasoning_tokens" not in usage and (thoughts := [one.reasoning for one in read if one.reasoning]):
        estimate = min(usage.get("output_tokens", 0), round(sum(map(estimate_tokens, thoughts))))
        usage |= {"reasoning_tokens": estimate} if estimate else {}
    found = read[0]
    if wanted > 1:
        read += [Completion("blocked", "", "", NO_CHOICE)] * (wanted - len(read))
        found = found._replace(more=tuple(other._replace(usage=None) for other in read[1:]))
    if found.status == "answered" and not (found.text or any(one.text for one in read)):
        raise Empty(found)
    return found


def _moderation(body: Mapping[str, Any]) -> Completion:
    results = body.get("results")
    if not isinstance(results, list) or not results or not isinstance(results[0], dict):
        raise Transient("no moderation result")
    return Completion("answered", json.dumps(results[0], ensure_ascii=False, sort_keys=True), "stop", "", None)


def _without_choices(body: Mapping[str, Any]) -> Completion:
    """How Gemini and Azure end a prompt that they block: its tokens are counted, or it is said in a field."""
    feedback = body.get("prompt_feedback") or body.get("promptFeedback") or body.get("prompt_filter_results")
    usage = _usage(body) or {}
    only_read = usage.get("input_tokens") and not usage.get("output_tokens")
    if body.get("choices") in (None, []) and (feedback or only_read):
        return Completion("blocked", "", "", "no choices", usage or None)
    raise Transient("no completion")


def _in_order(choices: list[Any]) -> list[Any]:
    """Choices by their numbers, where each has another one; else as they came."""
    if len(choices) == 1:
        return choices
    numbers = [choice.get("index") if isinstance(choice, dict) else None for choice in choices]
    if all(isinstance(number, int) for number in numbers) and len(set(numbers)) == len(numbers):
        return sorted(choices, key=lambda choice: int(choice["index"]))
    return choices


def _choice(choice: Any, marks: Marks | None, usage: Mapping[str, int] | None) -> Completion:
    """One choice: its status by how it ends, its text without reasoning. `usage` is that of the whole reply."""
    if not isinstance(choice, dict):
        raise Transient("no completion")
    if (error := choice.get("error")) and isinstance(error, dict | str):
        return read_error(status_of(error), {"error": error})
    message = choice.get("message")
    if not isinstance(message, dict):
        raise Transient("no completion")
    reason, native = _end(choice.get("finish_reason")), _end(choice.get("native_finish_reason"))
    if blocked := [name for name in (reason, native) if name and _way(name) == "blocked"]:
        return Completion("blocked", "", reason, blocked[0], usage)
    content = _content(message)
    if content.refusal:
        return Completion("blocked", "", reason, f"refusal: {' '.join(content.refusal.split())}", usage)
    way = _way(reason)
    if way == "unknown":
        raise Transient(f"the answer ended with {reason!r}" if reason else "the answer has no finish reason")
    return _answer(content, "length" if way == "at limit" else reason, marks, usage)


@lru_cache(maxsize=256)
def _way(reason: str) -> Literal["blocked", "whole", "at limit", "unknown"]:
    """What it means that an answer ended so."""
    name = reason.lower()
    known = name.rpartition(".")[2].removeprefix("finish_reason_")
    if BLOCKED.search(name):
        return "blocked"
    return "whole" if known in WHOLE else "at limit" if known in AT_LIMIT else "unknown"


def _end(named: Any) -> str:
    """How an answer ended, by its name, or by that in SGLang's object."""
    return str(named.get("type") if isinstance(named, dict) else named or "")[:80]


def _answer(content: "_Content", reason: str, marks: Marks | None, usage: Mapping[str, int] | None) -> Completion:
    """An answer that ended in a known way; `cut_off` where the model only thought."""
    parts = split_reasoning(content.said.strip(), marks)
    answer = parts.answer if parts.answer[:1].isalnum() or is_visible(parts.answer) else ""
    thought = content.thought.strip()
    reasoning = f"{thought}\n\n{parts.reasoning}" if thought and parts.reasoning else thought or parts.reasoning
    if not parts.ended or (reason == "length" and not answer):
        return Completion("cut_off", "", reason, NO_ANSWER if parts.ended else NO_END, usage, reasoning=reasoning)
    return Completion("answered", answer, reason, usage=usage, reasoning=reasoning)


class _Content(NamedTuple):
    """What a message holds."""

    said: str
    thought: str
    refusal: str


def _content(message: Mapping[str, Any]) -> _Content:
    """The text, the reasoning and the refusal in a message, which mostly has a text alone."""
    content = message.get("content")
    if isinstance(content, str) and not any(map(message.get, _BESIDE)):
        return _Content(content, "", "")
    parts = [_part(part) for part in (content if isinstance(content, list) else [content])]
    thought = [_plain(value) for name in _REASONING if (value := message.get(name))]
    if not thought:
        thought = [_plain(next(filter(None, map(message.get, _DETAILS)), ""))]
    thought += [text for kind, text in parts if kind == "thought"]
    refusal = message.get("refusal")
    return _Content(
        _joined(parts, "said"),
        "\n\n".join(dict.fromkeys(filter(None, thought))),  # some servers give the same in two fields
        (refusal if isinstance(refusal, str) else "") + _joined(parts, "refusal"),
    )


def _joined(parts: list[tuple[str, str]], wanted: str) -> str:
    return "".join(text for kind, text in parts if kind == wanted)


def _part(part: Any) -> tuple[str, str]:
    """One part of a message's content: what it is, and its text. Raises Transient for what is no text."""
    if isinstance(part, str | None):
        return "said", part or ""
    kind = part.get("type") or "" if isinstance(part, dict) else "unknown"
    if kind == "refusal":
        return "refusal", _plain(part)
    if re.search("think|reason|thought", str(kind)) or (isinstance(part, dict) and part.get("thought") is True):
        return "thought", _plain(part)
    if kind in ("", "text", "output_text"):
        return "said", _plain(part)
    raise Transient(f"no completion, but a part of the kind {str(kind)[:40]!r}")


def _plain(value: Any) -> str:
    """The text in a part of a message, or in a list of parts."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "".join(map(_plain, value[:10_000]))
    if not isinstance(value, dict):
        return ""
    held = (value.get(name) for name in ("text", "thinking", "reasoning", "summary", "refusal", "content", "value"))
    return next((text for one in held if (text := _plain(one))), "")


def _usage(body: Mapping[str, Any]) -> dict[str, int] | None:
    """Tokens as the provider counted them; those from a cache and of reasoning, where it says so.

    Tokens of reasoning count as output, also where the provider counts them beside it.
    """
    usage = body.get("usage")
    if not isinstance(usage, dict):
        return None
    inside, made = _mapping(usage, "prompt_tokens_details"), _mapping(usage, "completion_tokens_details")
    read = _number(usage.get("prompt_tokens"), usage.get("input_tokens"))
    written = _number(usage.get("completion_tokens"), usage.get("output_tokens"))
    cached = _number(inside.get("cached_tokens"), usage.get("prompt_cache_hit_tokens"), usage.get("cached_tokens"), 0)
    thought = _number(made.get("reasoning_tokens"), usage.get("reasoning_tokens"), 0)
    beside = (_number(usage.get("total_tokens")) or 0) - (read or 0) - (written or 0)
    if beside > 0 and read and written is not None and thought in (0, beside):  # Google, xAI
        written, thought = written + beside, beside
    found = {}
    if read is not None:
        found["input_tokens"] = read
    if written is not None:
        found["output_tokens"] = written
    if cached:
        found["cached_input_tokens"] = cached
    if thought:
        found["reasoning_tokens"] = thought
    return found


def _mapping(usage: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = usage.get(name)
    return found if isinstance(found, dict) else {}


def _number(*values: Any) -> int | None:
    """The first of the values that is a number of tokens."""
    for value in values:
        if type(value) in (int, float) and 0 <= value <= MOST_TOKENS and value == int(value):
            return int(value)
    return None
