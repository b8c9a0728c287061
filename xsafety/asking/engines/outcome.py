"""What a provider's reply means: an answer, an outcome that stays, a passing failure, or the end of the job.

Online replies and the lines of a batch's result are read alike. Nothing of what a provider says in an error reaches an
outcome but its codes: its messages may repeat part of a key.
"""

import json
import re
import sys
from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ...rows import Identity
from ..requests import Completion, Fatal

NO_CHOICE = "no choice"  # of the further answers that were asked for


class Transient(Exception):
    """A failure that may not come again: the reason to show, and the seconds that the provider asks to wait, if any."""

    after: float | None = None


class RateLimited(Transient):
    """The provider's limit is reached (429)."""


class Denied(Exception):
    """The key, the model or the address is wrong: no request will succeed. The message is the reason."""


@dataclass(frozen=True)
class ErrorReply:
    """What of a reply with an error status tells what is wrong."""

    status: int
    code: str
    param: str
    message: str
    metadata: Container[str]

    @property
    def reason(self) -> str:
        """Status and code, as far as the code says more."""
        return " ".join(filter(None, [str(self.status), "" if self.code == str(self.status) else self.code]))


@dataclass(frozen=True)
class Rule:
    """What an error means for which all conditions hold that are given; `message` is searched for."""

    meaning: Literal["no money", "rate limit", "transient", "denied", "blocked", "too_long", "rejected"]
    status: Container[int] | None = None
    code: Container[str] | None = None
    message: str | None = None
    metadata: str | None = None
    detail: str = "{reason} {param}"  # of the outcome

    def holds(self, error: ErrorReply) -> bool:
        return (
            (self.status is None or error.status in self.status)
            and (self.code is None or error.code in self.code)
            and (self.message is None or bool(re.search(self.message, error.message, re.IGNORECASE)))
            and (self.metadata is None or self.metadata in error.metadata)
        )


# The first that holds decides. The words of messages are those of vLLM, llama.cpp, Anthropic, DeepSeek, Google.
RULES = (
    Rule("no money", code={"insufficient_quota", "billing_hard_limit_reached", "insufficient_balance"}),
    Rule("no money", status={402}),
    Rule("no money", status={400, 403}, message=r"credit balance|insufficient (balance|credits|funds|quota)"),
    Rule("rate limit", status={429}),
    Rule("transient", status={408, 409, 425}),
    Rule("transient", status=range(500, sys.maxsize)),
    Rule(
        "blocked",
        code={"content_policy_violation", "content_filter", "invalid_prompt", "data_inspection_failed"},
        detail="{code}",
    ),
    Rule("blocked", status={403}, metadata="flagged_input", detail="flagged input"),
    Rule("denied", status={401, 403, 404}),
    Rule("denied", message=r"api[ _]key[ _](not valid|invalid)"),
    Rule(
        "blocked", message=r"content exists risk|content (management )?policy|inappropriate content", detail="{reason}"
    ),
    Rule("too_long", code={"context_length_exceeded", "string_above_max_length"}),
    Rule("too_long", status={413}),
    Rule("too_long", message=r"context (length|size|window)|maximum (model|context|input) len"),
    Rule("too_long", message=r"too many (input )?tokens"),
    Rule("rejected"),
)


def read_success(body: Any, identity: Identity) -> Completion:
    """The answer in a reply with status 200. Raises Transient for what is no completion; servers send anything."""
    if not isinstance(body, Mapping):
        raise Transient("no completion")
    if identity.get("endpoint") == "moderations":
        results = body.get("results")
        if not isinstance(results, list) or not results or not isinstance(results[0], Mapping):
            raise Transient("no moderation result")
        return Completion("answered", json.dumps(results[0], ensure_ascii=False, sort_keys=True), "stop", "", None)
    choices = body.get("choices")
    if isinstance(body.get("error"), Mapping):  # some gateways put errors of the provider behind them into a success
        code = body["error"].get("code")
        return read_error(code if isinstance(code, int) else 500, body)
    if not choices and ("usage" in body or "model" in body) and isinstance(choices, list | None):
        return Completion("blocked", "", "", "no choices", _usage(body))  # how Gemini ends a prompt that it blocks
    if not isinstance(choices, list) or not choices:
        raise Transient("no completion")
    wanted = identity["decoding"].get("n", 1)
    first, *more = [_choice(choice) for choice in choices[:wanted]]
    more += [Completion("blocked", "", "", NO_CHOICE)] * (wanted - len(choices))
    return Completion(first.status, first.text, first.finish_reason, first.detail, _usage(body), tuple(more))


def _choice(choice: Any) -> Completion:
    message = choice.get("message") if isinstance(choice, Mapping) else None
    if not isinstance(message, Mapping) or not isinstance(message.get("content"), str | None):
        raise Transient("no completion")
    finish_reason = str(choice.get("finish_reason") or "")
    if finish_reason == "error":
        raise Transient("the provider ended the answer with an error")
    if refusal := message.get("refusal"):
        return Completion("blocked", "", finish_reason, f"refusal: {refusal}")
    if finish_reason == "content_filter":
        return Completion("blocked", "", finish_reason, "content_filter")
    return Completion("answered", (message.get("content") or "").strip(), finish_reason)


def _usage(body: Mapping[str, Any]) -> dict[str, int] | None:
    """Tokens as the provider counted them; those from a cache and of reasoning, where it says so."""
    usage = body.get("usage")
    if not isinstance(usage, Mapping):
        return None
    inside, made = (usage.get(f"{kind}_tokens_details") or {} for kind in ("prompt", "completion"))
    counted = {
        "input_tokens": usage.get("prompt_tokens"),
        "output_tokens": usage.get("completion_tokens"),
        "cached_input_tokens": inside.get("cached_tokens") or None,
        "reasoning_tokens": made.get("reasoning_tokens") or None,
    }
    return {name: number for name, number in counted.items() if isinstance(number, int)}


def read_error(status: int, body: Any) -> Completion:
    """The outcome in a reply with an error status. Raises Transient, RateLimited, Denied or Fatal."""
    error = _error(status, body)
    rule = next(rule for rule in RULES if rule.holds(error))
    match rule.meaning:
        case "no money":
            raise Fatal("the account's quota is used up; top it up, then run snakemake again")
        case "rate limit":
            raise RateLimited(error.reason)
        case "transient":
            raise Transient(error.reason)
        case "denied":
            raise Denied(error.reason)
        case outcome:
            detail = rule.detail.format(reason=error.reason, code=error.code, param=error.param).strip()
            return Completion(outcome, "", "content_filter" if outcome == "blocked" else "", detail)


def _error(status: int, body: Any) -> ErrorReply:
    if isinstance(body, list) and body:  # Google wraps it
        body = body[0]
    error = body.get("error", body) if isinstance(body, Mapping) else {}
    error = error if isinstance(error, Mapping) else {}
    named = (error.get("code") or error.get("type"), error.get("param"))
    code, param = (" ".join(str(text or "").split())[:80] for text in named)
    metadata = error.get("metadata")
    message = str(error.get("message") or "")
    return ErrorReply(status, code, param, message, metadata if isinstance(metadata, Mapping) else ())
