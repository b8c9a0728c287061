"""What a provider's reply means: an answer, an outcome that stays, or none of them.

Known-good, not known-bad: a reply is an answer only where it ends in a way that is known of answers. Whatever is not
known is asked again, and then fails as a row. Online replies and the lines of a batch's result are read alike.
"""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from ...rows import Identity
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
BLOCKED = re.compile(
    r"safety|filter|sensitive|prohibited|block|moderat|refus|guardrail|toxic|policy|violat|censor|spii|recitation"
    r"|^language$|model_armor|risk"
)
_REASONING = ("reasoning_content", "reasoning", "reasoning_text", "thinking", "thought")  # fields of a message


class Empty(Transient):
    """An answer without text: a hiccup more often than a silence. `completion` is what it comes to if it stays so."""

    def __init__(self, completion: Completion) -> None:
        super().__init__("an empty answer")
        self.completion = completion


def read_success(body: Any, identity: Identity, marks: Marks | None = None) -> Completion:
    """The answer in a reply with a status of success; `marks` are those of the model's reasoning beside the known ones.

    Raises Transient for what is no answer (Empty: without text), and as `read_error` for an error inside.
    """
    if not isinstance(body, Mapping):
        raise Transient("no completion")
    if error := error_in(body):
        return read_error(status_of(error), body)
    if identity.get("endpoint") == "moderations":
        results = body.get("results")
        if not isinstance(results, list) or not results or not isinstance(results[0], Mapping):
            raise Transient("no moderation result")
        return Completion("answered", json.dumps(results[0], ensure_ascii=False, sort_keys=True), "stop", "", None)
    if body.get("input_sensitive") is True or body.get("output_sensitive") is True:
        return Completion("blocked", "", "content_filter", "sensitive", _usage(body))
    choices = body.get("choices")
    if not isinstance(choices, list) or not choices:
        return _without_choices(body)
    wanted = identity["decoding"].get("n", 1)
    first, *more = [_choice(choice, marks) for choice in _in_order(choices)[:wanted]]
    usage = _usage(body, sum(estimate_tokens(one.reasoning) for one in (first, *more)))
    found = Completion(
        first.status, first.text, first.finish_reason, first.detail, usage,
        (*more, *[Completion("blocked", "", "", NO_CHOICE)] * (wanted - len(choices))), first.reasoning,
    )  # fmt: skip
    if found.status == "answered" and not any((found.text, *(other.text for other in more))):
        raise Empty(found)
    return found


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
    numbers = [choice.get("index") if isinstance(choice, Mapping) else None for choice in choices]
    if all(isinstance(number, int) for number in numbers) and len(set(numbers)) == len(numbers):
        return sorted(choices, key=lambda choice: int(choice["index"]))
    return choices


def _choice(choice: Any, marks: Marks | None) -> Completion:
    """One choice: its status by how it ends, its text without reasoning."""
    message = choice.get("message") if isinstance(choice, Mapping) else None
    if isinstance(choice, Mapping) and (error := choice.get("error")) and isinstance(error, Mapping | str):
        return read_error(status_of(error), {"error": error})
    if not isinstance(message, Mapping):
        raise Transient("no completion")
    ends = [choice.get(name) for name in ("finish_reason", "native_finish_reason")]
    reason, native = (str(end.get("type") if isinstance(end, Mapping) else end or "")[:80] for end in ends)
    for named in (reason, native):
        if BLOCKED.search(named.lower()):
            return Completion("blocked", "", reason, named)
    known = reason.lower().rpartition(".")[2].removeprefix("finish_reason_")
    text, thought, refusal = _content(message)
    if refusal:
        return Completion("blocked", "", reason, f"refusal: {' '.join(refusal.split())}")
    at_limit = known in AT_LIMIT
    if not at_limit and known not in WHOLE:
        raise Transient(f"the answer ended with {reason!r}" if reason else "the answer has no finish reason")
    parts = split_reasoning(text.strip(), marks)
    reasoning = "\n\n".join(filter(None, (thought.strip(), parts.reasoning)))
    if not parts.ended or (at_limit and not parts.answer):
        detail = NO_ANSWER if parts.ended else NO_END
        return Completion("cut_off", "", "length" if at_limit else reason, detail, reasoning=reasoning)
    return Completion("answered", parts.answer, "length" if at_limit else reason, reasoning=reasoning)


def _content(message: Mapping[str, Any]) -> tuple[str, str, str]:
    """The text, the reasoning and the refusal in a message, whose content is a text or a list of parts."""
    content = message.get("content")
    refusal = message.get("refusal")
    said, thought = list[str](), [_plain(message.get(name)) for name in _REASONING]
    if not any(thought):
        thought = [_plain(message.get("reasoning_details") or message.get("thinking_blocks"))]
    for part in content if isinstance(content, list) else [content]:
        kind = str(part.get("type") or "") if isinstance(part, Mapping) else ""
        if isinstance(part, str | None):
            said.append(part or "")
        elif not isinstance(part, Mapping):
            raise Transient("no completion")
        elif kind == "refusal":
            refusal = refusal or _plain(part)
        elif re.search("think|reason|thought", kind) or part.get("thought") is True:
            thought.append(_plain(part))
        elif kind in ("", "text", "output_text"):
            said.append(_plain(part))
        else:
            raise Transient(f"an answer with a part of the kind {kind[:40]!r}")
    # Some servers give the same reasoning in two fields.
    return "".join(said), "\n\n".join(dict.fromkeys(filter(None, thought))), refusal if isinstance(refusal, str) else ""


def _plain(value: Any) -> str:
    """The text in a part of a message, or in a list of parts."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "".join(map(_plain, value[:10_000]))
    if not isinstance(value, Mapping):
        return ""
    held = (value.get(name) for name in ("text", "thinking", "reasoning", "summary", "refusal", "content", "value"))
    return next((text for one in held if (text := _plain(one))), "")


def _usage(body: Mapping[str, Any], reasoning: float = 0) -> dict[str, int] | None:
    """Tokens as the provider counted them; those from a cache and of reasoning, where it says so.

    Tokens of reasoning count as output, also where the provider counts them beside it. Where it does not count them,
    `reasoning` is an estimate.
    """
    usage = body.get("usage")
    if not isinstance(usage, Mapping):
        return None
    inside, made = (_mapping(usage, f"{kind}_tokens_details") for kind in ("prompt", "completion"))
    read = _number([usage.get("prompt_tokens"), usage.get("input_tokens")])
    written = _number([usage.get("completion_tokens"), usage.get("output_tokens")])
    cached = _number([inside.get("cached_tokens"), usage.get("prompt_cache_hit_tokens"), usage.get("cached_tokens")])
    thought = _number([made.get("reasoning_tokens"), usage.get("reasoning_tokens")])
    total = _number([usage.get("total_tokens")])
    if read and total and written is not None and total > read + written:
        beside = total - read - written
        if beside == thought or not thought:  # Google, xAI
            written, thought = written + beside, thought or beside
    if not thought and reasoning and written:
        thought = min(written, round(reasoning))
    counted = {
        "input_tokens": read,
        "output_tokens": written,
        "cached_input_tokens": cached or None,
        "reasoning_tokens": thought or None,
    }
    return {name: number for name, number in counted.items() if number is not None}


def _mapping(usage: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = usage.get(name)
    return found if isinstance(found, Mapping) else {}


def _number(values: Iterable[Any]) -> int | None:
    """The first of the values that is a number of tokens."""
    for value in values:
        if (
            isinstance(value, int | float)
            and not isinstance(value, bool)
            and 0 <= value <= MOST_TOKENS
            and value == int(value)
        ):
            return int(value)
    return None
