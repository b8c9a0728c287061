"""What a provider's reply means: an answer, an outcome that stays, a passing failure, or the end of the job.

Online replies and the lines of a batch's result are read alike. Nothing of what a provider says in an error reaches an
outcome but its codes: its messages may repeat part of a key.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, Literal

from ..requests import Answer, Fatal

BLOCKED = frozenset({"content_policy_violation", "content_filter", "invalid_prompt", "data_inspection_failed"})


TOO_LONG = frozenset({"context_length_exceeded", "string_above_max_length"})


NO_MONEY = frozenset({"insufficient_quota", "billing_hard_limit_reached", "insufficient_balance"})


NO_CHOICE = "no choice"  # of the further answers that were asked for


# Where the code does not tell, the words may: of vLLM and llama.cpp, of Anthropic, DeepSeek and Google.
_TOO_LONG = re.compile(r"context (length|size|window)|maximum (model|context|input) len|too many (input )?tokens", re.I)


_NO_MONEY = re.compile(r"credit balance|insufficient (balance|credits|funds|quota)", re.I)


_BLOCKED = re.compile(r"content exists risk|content (management )?policy|inappropriate content", re.I)


_WRONG_KEY = re.compile(r"api[ _]key[ _](not valid|invalid)", re.I)


class Passing(Exception):
    """A failure that may not come again: the reason to show, and the seconds that the provider asks to wait, if any."""

    after: float | None = None


class Refused(Passing):
    """The provider's limit is reached (429)."""


class Denied(Exception):
    """The key, the model or the address is wrong: no request will succeed. The message is the reason."""


def read_success(body: Any, identity: Mapping[str, Any]) -> Answer:
    """The answer in a reply with status 200. Raises Passing for what is no completion; servers send anything."""
    if not isinstance(body, Mapping):
        raise Passing("no completion")
    if identity.get("endpoint") == "moderations":
        results = body.get("results")
        if not isinstance(results, list) or not results or not isinstance(results[0], Mapping):
            raise Passing("no moderation result")
        return Answer("answered", json.dumps(results[0], ensure_ascii=False, sort_keys=True), "stop", "", None)
    choices = body.get("choices")
    if isinstance(body.get("error"), Mapping):  # some gateways put errors of the provider behind them into a success
        code = body["error"].get("code")
        return read_error(code if isinstance(code, int) else 500, body)
    if not choices and ("usage" in body or "model" in body) and isinstance(choices, list | None):
        return Answer("blocked", "", "", "no choices", _usage(body))  # how Gemini ends a prompt that it blocks
    if not isinstance(choices, list) or not choices:
        raise Passing("no completion")
    wanted = identity["decoding"].get("n", 1)
    first, *others = [_choice(choice) for choice in choices[:wanted]]
    others += [Answer("blocked", "", "", NO_CHOICE)] * (wanted - len(choices))
    return Answer(first.status, first.text, first.finish_reason, first.detail, _usage(body), tuple(others))


def _choice(choice: Any) -> Answer:
    message = choice.get("message") if isinstance(choice, Mapping) else None
    if not isinstance(message, Mapping) or not isinstance(message.get("content"), str | None):
        raise Passing("no completion")
    finish_reason = str(choice.get("finish_reason") or "")
    if finish_reason == "error":
        raise Passing("the provider ended the answer with an error")
    if refusal := message.get("refusal"):
        return Answer("blocked", "", finish_reason, f"refusal: {refusal}")
    if finish_reason == "content_filter":
        return Answer("blocked", "", finish_reason, "content_filter")
    return Answer("answered", (message.get("content") or "").strip(), finish_reason)


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


def read_error(status: int, body: Any) -> Answer:
    """The outcome in a reply with an error status. Raises Passing, Refused, Denied or Fatal."""
    if isinstance(body, list) and body:  # Google wraps it
        body = body[0]
    error = body.get("error", body) if isinstance(body, Mapping) else {}
    error = error if isinstance(error, Mapping) else {}
    code = " ".join(str(error.get("code") or error.get("type") or "").split())[:80]
    words = str(error.get("message") or "")
    reason = " ".join(filter(None, [str(status), "" if code == str(status) else code]))
    if code in NO_MONEY or status == 402 or (status in (400, 403) and _NO_MONEY.search(words)):
        raise Fatal("the account's quota is used up; top it up, then run snakemake again")
    if status == 429:
        raise Refused(reason)
    if status in (408, 409, 425) or status >= 500:
        raise Passing(reason)
    metadata = error.get("metadata")
    if code in BLOCKED or (status == 403 and isinstance(metadata, Mapping) and "flagged_input" in metadata):
        return Answer("blocked", "", "content_filter", code if code in BLOCKED else "flagged input")
    if status in (401, 403, 404) or _WRONG_KEY.search(words):
        raise Denied(reason)
    if _BLOCKED.search(words):
        return Answer("blocked", "", "content_filter", reason)
    status_of_row: Literal["too_long", "rejected"] = "rejected"
    if code in TOO_LONG or status == 413 or _TOO_LONG.search(words):
        status_of_row = "too_long"
    param = " ".join(str(error.get("param") or "").split())[:80]
    return Answer(status_of_row, "", "", " ".join(filter(None, [reason, param])))
