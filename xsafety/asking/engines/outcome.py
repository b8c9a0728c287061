"""What a provider's reply means: an answer, an outcome that stays, or none of them.

Known-good, not known-bad: a reply is an answer only where it ends in a way that is known of answers. Whatever is not
known is asked again, and then fails as a row. Online replies and the lines of a batch's result are read alike.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from ...rows import Identity
from ...tabular import is_visible
from ...text.reasoning import Marks, split_reasoning
from ..answers import NO_ANSWER, NO_END
from ..price import estimate_tokens
from ..requests import Completion
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
_KNOWN = WHOLE | AT_LIMIT
BLOCKED = re.compile(
    r"safety|filter|sensitive|prohibited|block|moderat|refus|guardrail|toxic|policy|violat|censor|spii|recitation"
    r"|^language$|model_armor|risk|blacklist|profan|harmful|unsafe|illegal|inappropriate|forbidden"
)
_REASONING = ("reasoning_content", "reasoning", "reasoning_text", "thinking", "thought")  # fields of a message


class Empty(Transient):
    """An answer without text: a hiccup more often than a silence. `completion` is what it comes to if it stays so."""

    most_retries = 2

    def __init__(self, completion: Completion) -> None:
        super().__init__("an empty answer")
        self.completion = completion


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
    wanted = identity["decoding"].get("n", 1)
    read = [_choice(choice, marks) for choice in _in_order(choices)[:wanted]]
    read += [Completion("blocked", "", "", NO_CHOICE)] * (wanted - len(read))
    usage = _usage(body, sum(estimate_tokens(one.reasoning) for one in read))
    found = replace(read[0], usage=usage, more=tuple(read[1:]))
    if found.status == "answered" and not any(one.text for one in read):
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


def _choice(choice: Any, marks: Marks | None) -> Completion:
    """One choice: its status by how it ends, its text without reasoning."""
    if not isinstance(choice, dict):
        raise Transient("no completion")
    if (error := choice.get("error")) and isinstance(error, dict | str):
        return read_error(status_of(error), {"error": error})
    message = choice.get("message")
    if not isinstance(message, dict):
        raise Transient("no completion")
    reason, native = (_end(choice.get(name)) for name in ("finish_reason", "native_finish_reason"))
    if blocked := [name for name in (reason, native) if BLOCKED.search(name.lower())]:
        return Completion("blocked", "", reason, blocked[0])
    content = _content(message)
    if content.refusal:
        return Completion("blocked", "", reason, f"refusal: {' '.join(content.refusal.split())}")
    known = reason.lower().rpartition(".")[2].removeprefix("finish_reason_")
    if known not in _KNOWN:
        raise Transient(f"the answer ended with {reason!r}" if reason else "the answer has no finish reason")
    return _answer(content, "length" if known in AT_LIMIT else reason, marks)


def _end(named: Any) -> str:
    """How an answer ended, by its name, or by that in SGLang's object."""
    return str(named.get("type") if isinstance(named, dict) else named or "")[:80]


def _answer(content: "_Content", reason: str, marks: Marks | None) -> Completion:
    """An answer that ended in a known way; `cut_off` where the model only thought."""
    parts = split_reasoning(content.said.strip(), marks)
    answer = parts.answer if is_visible(parts.answer) else ""
    reasoning = "\n\n".join(filter(None, (content.thought.strip(), parts.reasoning)))
    if not parts.ended or (reason == "length" and not answer):
        return Completion("cut_off", "", reason, NO_ANSWER if parts.ended else NO_END, reasoning=reasoning)
    return Completion("answered", answer, reason, reasoning=reasoning)


class _Content(NamedTuple):
    """What a message holds."""

    said: str
    thought: str
    refusal: str


def _content(message: Mapping[str, Any]) -> _Content:
    """The text, the reasoning and the refusal in a message, whose content is a text or a list of parts."""
    content = message.get("content")
    parts = [_part(part) for part in (content if isinstance(content, list) else [content])]
    thought = [_plain(value) for name in _REASONING if (value := message.get(name))]
    if not thought and (details := message.get("reasoning_details") or message.get("thinking_blocks")):
        thought = [_plain(details)]
    thought += [text for kind, text in parts if kind == "thought"]
    refusal = message.get("refusal")
    refusals = [refusal if isinstance(refusal, str) else "", *(text for kind, text in parts if kind == "refusal")]
    return _Content(
        "".join(text for kind, text in parts if kind == "said"),
        "\n\n".join(dict.fromkeys(filter(None, thought))),  # some servers give the same in two fields
        "".join(refusals),
    )


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


def _usage(body: Mapping[str, Any], reasoning: float = 0) -> dict[str, int] | None:
    """Tokens as the provider counted them; those from a cache and of reasoning, where it says so.

    Tokens of reasoning count as output, also where the provider counts them beside it. Where it does not count them,
    `reasoning` is an estimate.
    """
    usage = body.get("usage")
    if not isinstance(usage, dict):
        return None
    inside, made = (_mapping(usage, f"{kind}_tokens_details") for kind in ("prompt", "completion"))
    read = _number(usage.get("prompt_tokens"), usage.get("input_tokens"))
    written = _number(usage.get("completion_tokens"), usage.get("output_tokens"))
    cached = _number(inside.get("cached_tokens"), usage.get("prompt_cache_hit_tokens"), usage.get("cached_tokens"), 0)
    thought = _number(made.get("reasoning_tokens"), usage.get("reasoning_tokens"), 0)
    beside = sum(filter(None, (_number(usage.get("total_tokens")), -(read or 0), -(written or 0))))
    if read and written is not None and beside > 0 and thought in (0, beside):  # Google, xAI
        written, thought = written + beside, beside
    counted = {
        "input_tokens": read,
        "output_tokens": written,
        "cached_input_tokens": cached,
        "reasoning_tokens": thought or min(written or 0, round(reasoning)),
    }
    always = ("input_tokens", "output_tokens")
    return {name: number for name, number in counted.items() if number or (number == 0 and name in always)}


def _mapping(usage: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = usage.get(name)
    return found if isinstance(found, dict) else {}


def _number(*values: Any) -> int | None:
    """The first of the values that is a number of tokens."""
    for value in values:
        if type(value) in (int, float) and 0 <= value <= MOST_TOKENS and value == int(value):
            return int(value)
    return None
