"""Chat completions at any OpenAI-compatible endpoint, by the openai client on its aiohttp transport."""

import asyncio
import json
import os
from collections.abc import Mapping, Sequence
from typing import Any, Literal, cast

import openai
from openai.types.chat import ChatCompletion

from ..asking import Answer, Deliver, Fail, Fatal, Request

BLOCKED_CODES = ("content_policy_violation", "content_filter")
TOO_LONG = "context_length_exceeded"


class NoCompletion(Exception):
    """A success that holds no completion, such as the web page at a wrong base_url."""


def answer(
    requests: Sequence[Request],
    deliver: Deliver,
    fail: Fail,
    *,
    identity: Mapping[str, Any],
    connection: Mapping[str, Any],
) -> None:
    """Asks with `concurrency` requests in flight. Raises Fatal where no request can succeed."""
    asyncio.run(_answer(requests, deliver, fail, identity, connection))


async def _answer(
    requests: Sequence[Request],
    deliver: Deliver,
    fail: Fail,
    identity: Mapping[str, Any],
    connection: Mapping[str, Any],
) -> None:
    variable = connection["api_key_env"]
    async with openai.AsyncOpenAI(
        api_key=os.environ[variable] if variable else "none",
        base_url=connection["base_url"],
        timeout=connection["timeout"],
        max_retries=connection["max_retries"],
        http_client=openai.DefaultAioHttpClient(),
    ) as client:
        queue = iter(requests)

        async def work() -> None:
            for request in queue:
                try:
                    deliver(request, await _ask(client, identity, request, connection))
                except (openai.OpenAIError, json.JSONDecodeError, NoCompletion) as error:
                    fail(request, _reason(error))

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(connection["concurrency"], len(requests))):
                    group.create_task(work())
        except ExceptionGroup as errors:
            raise errors.exceptions[0] from None


def _reason(error: Exception) -> str:
    """Why a request failed, without the provider's text, which may repeat part of a key."""
    if isinstance(error, openai.APIStatusError):
        return " ".join(filter(None, [str(error.status_code), error.code or type(error).__name__]))
    return type(error).__name__


async def _ask(
    client: openai.AsyncOpenAI, identity: Mapping[str, Any], request: Request, connection: Mapping[str, Any]
) -> Answer:
    try:
        completion = await client.chat.completions.create(
            model=identity["model"], messages=cast(Any, list(request.messages)), **identity["decoding"]
        )
    except (openai.AuthenticationError, openai.PermissionDeniedError, openai.NotFoundError) as error:
        where = connection["base_url"] or "OpenAI"
        key = f"the key in {connection['api_key_env']}" if connection["api_key_env"] else "no api_key_env being set"
        raise Fatal(
            f"{where} answers {_reason(error)} for model {identity['model']!r} with {key}; check model, address and key"
        ) from None
    except TypeError as error:
        raise Fatal(
            f"decoding of model {identity['model']!r}: {error}; parameters of other servers go under extra_body"
        ) from None
    except openai.RateLimitError as error:
        if error.code == "insufficient_quota":
            raise Fatal("the account's quota is used up; top it up, then run snakemake again") from None
        raise
    except (openai.BadRequestError, openai.UnprocessableEntityError) as error:
        if error.code in BLOCKED_CODES:
            return Answer("blocked", "", finish_reason="content_filter", detail=str(error.code))
        status: Literal["too_long", "rejected"] = "too_long" if error.code == TOO_LONG else "rejected"
        return Answer(status, "", detail=" ".join(filter(None, [_reason(error), error.param])))
    # The client passes on whatever a server sends with status 200.
    choice = completion.choices[0] if isinstance(completion, ChatCompletion) and completion.choices else None
    if choice is None or choice.message is None or not isinstance(choice.message.content, str | None):
        raise NoCompletion
    usage = completion.usage
    counted = {"input_tokens": usage.prompt_tokens, "output_tokens": usage.completion_tokens} if usage else None
    refusal = choice.message.refusal
    if choice.finish_reason == "content_filter" or refusal:
        return Answer(
            "blocked", "", choice.finish_reason, f"refusal: {refusal}" if refusal else "content_filter", counted
        )
    return Answer("answered", (choice.message.content or "").strip(), choice.finish_reason, "", counted)
