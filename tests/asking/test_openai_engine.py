"""The openai engine against a real server on loopback: pacing, refusals of the provider, faults, and what stops it."""

import asyncio
import time
from typing import Any

import pytest
from aiohttp import web

from tests.asking.collected import Collected
from tests.servers.loopback import Limit, Server, drop, truncate
from xsafety.asking.engines import limits, openai
from xsafety.asking.requests import Completion, Fatal, Meter, Request, request
from xsafety.config.models import Connection, OpenAI
from xsafety.rows import Identity

IDENTITY: Identity = {"engine": "openai", "model": "gpt-x", "decoding": {"temperature": 0, "max_tokens": 5}}
SECRET = "s3cret-key-0123456789"


def requests(*texts: str) -> list[Request]:
    return [request(IDENTITY, text, "none/en", [{"role": "user", "content": text}]) for text in texts]


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Further tries come soon."""
    monkeypatch.setattr(openai, "MAX_BACKOFF", 0.02)


def connect(server: Server, **more: Any) -> Connection:
    settings = {"base_url": f"{server.url}/v1", "concurrency": 4, "timeout": 5, "max_retries": 0} | more
    return OpenAI(engine="openai", model="gpt-x", **settings).connection()


def ask(
    server: Server, *texts: str, identity: Identity = IDENTITY, meter: Meter | None = None, **connection: Any
) -> tuple[dict[str, Completion], dict[str, str]]:
    collected = Collected(meter=meter or Meter())
    openai.ask_online(requests(*texts), collected, identity=identity, connection=connect(server, **connection))
    return collected.done, collected.failed


def test_messages_and_decoding_are_sent_and_the_answer_comes_back(server: Server) -> None:
    server.reply = lambda body: f"  To {body['messages'][0]['content']}\n"
    done, failed = ask(server, "a", "b")
    usage = {"input_tokens": 10, "output_tokens": 5}
    assert done == {id: Completion("answered", f"To {id}", "stop", "", usage) for id in "ab"}
    assert failed == {}
    assert sorted(server.chats, key=str) == [
        {"messages": [{"role": "user", "content": id}], "model": "gpt-x", "temperature": 0, "max_tokens": 5}
        for id in "ab"
    ]


@pytest.mark.parametrize("concurrency", [1, 3])
def test_no_more_requests_are_in_flight_than_configured(server: Server, concurrency: int) -> None:
    server.delay = 0.03
    done, _ = ask(server, *map(str, range(12)), concurrency=concurrency)
    assert (len(done), server.most_in_flight) == (12, concurrency)


def error(code: str | None, message: str = "refused", param: str | None = None) -> dict[str, Any]:
    return {"error": {"message": message, "type": "invalid_request_error", "code": code, "param": param}}


@pytest.mark.parametrize(
    ("reply", "status", "detail"),
    [
        ((400, error("content_policy_violation")), "blocked", "content_policy_violation"),
        ((400, error("content_filter")), "blocked", "content_filter"),
        ((422, error("content_filter")), "blocked", "content_filter"),
        ((400, error("context_length_exceeded", SECRET)), "too_long", "400 context_length_exceeded"),
        (
            (400, error("context_length_exceeded", SECRET, "messages")),
            "too_long",
            "400 context_length_exceeded messages",
        ),
        ((400, error("invalid_value", SECRET, "temperature")), "rejected", "400 invalid_value temperature"),
        ((400, error("invalid_prompt", SECRET)), "blocked", "invalid_prompt"),
        ((400, error(None, "maximum context length is 4096 tokens")), "too_long", "400 invalid_request_error"),
        ((413, {}), "too_long", "413"),
        ((400, error("data_inspection_failed", SECRET)), "blocked", "data_inspection_failed"),
        ((400, error(None, "Content Exists Risk")), "blocked", "400 invalid_request_error"),
        ((400, error("a\nb" + 200 * "c")), "rejected", "400 a b" + 77 * "c" + ": refused"),
        ((400, error(None, SECRET)), "rejected", "400 invalid_request_error"),
        ((400, {"error": {"message": SECRET, "code": 400}}), "rejected", "400"),
        ((422, {"detail": [{"msg": "no\nquery"}]}), "rejected", '422: [{"msg": "no\\nquery"}]'),
        ((451, {}), "blocked", "451"),
        ((403, {"error": {"code": 403, "metadata": {"flagged_input": SECRET}}}), "blocked", "flagged input"),
        ((200, {"choices": None, "usage": {"prompt_tokens": 9, "completion_tokens": 0}}), "blocked", "no choices"),
        ((200, {"choices": [], "promptFeedback": {"blockReason": "OTHER"}}), "blocked", "no choices"),
        ((200, {"error": {"code": 400, "message": "x", "param": "top_k"}}), "rejected", "400 top_k: x"),
        ({"finish_reason": "content_filter", "message": {"content": "Half an ans"}}, "blocked", "content_filter"),
        (
            {"finish_reason": "stop", "message": {"content": None, "refusal": "I won't."}},
            "blocked",
            "refusal: I won't.",
        ),
        ({"finish_reason": "stop", "message": {"content": None}}, "answered", ""),
        ({"finish_reason": "stop", "message": {"content": ""}}, "answered", ""),
    ],
)
def test_what_is_no_text_is_an_outcome_that_stays(server: Server, reply: Any, status: str, detail: str) -> None:
    server.reply = lambda body: reply
    done, failed = ask(server, "a")
    assert failed == {}
    assert (done["a"].status, done["a"].text, done["a"].detail) == (status, "", detail)


def test_an_answer_cut_at_the_limit_says_so(server: Server) -> None:
    server.reply = lambda body: {"finish_reason": "length", "message": {"content": "Once upon a"}}
    assert ask(server, "a")[0]["a"] == Completion(
        "answered", "Once upon a", "length", "", {"input_tokens": 10, "output_tokens": 5}
    )


@pytest.mark.parametrize(
    ("status", "code", "told"),
    [(401, "invalid_api_key", "401 invalid_api_key"), (400, "unsupported_value", "400 unsupported_value")],
)
def test_what_no_request_survives_ends_the_job_with_one_line(
    server: Server, monkeypatch: pytest.MonkeyPatch, status: int, code: str | None, told: str
) -> None:
    monkeypatch.setenv("GPT_KEY", SECRET)
    server.reply = lambda body: (status, error(code, f"no such key {SECRET}"))
    with pytest.raises(Fatal) as caught:
        ask(server, *map(str, range(20)), api_key_env="GPT_KEY")
    message = str(caught.value)
    assert told in message
    assert all(word in message for word in (server.url, "'gpt-x'", "GPT_KEY"))
    assert "\n" not in message
    assert SECRET not in message
    assert len(server.chats) <= 8


def test_a_quota_used_up_ends_the_job(server: Server) -> None:
    server.reply = lambda body: (429, error("insufficient_quota", SECRET))
    with pytest.raises(Fatal, match=r"quota is used up .*; top it up, then run snakemake again") as caught:
        ask(server, *map(str, range(20)))
    assert SECRET not in str(caught.value)
    assert len(server.chats) <= 8


def test_answers_before_a_fatal_end_are_delivered(server: Server) -> None:
    server.reply = lambda body: "fine" if body["messages"][0]["content"] == "a" else (401, error(None))
    collected = Collected()
    with pytest.raises(Fatal):
        openai.ask_online(requests("a", "b"), collected, identity=IDENTITY, connection=connect(server, concurrency=1))
    assert list(collected.done) == ["a"]


def test_a_decoding_parameter_that_is_none_ends_the_job(server: Server) -> None:
    with pytest.raises(Fatal, match=r"'max_new_tokens'.*extra_body"):
        ask(server, "a", identity=IDENTITY | {"decoding": {"max_new_tokens": 5}})
    done, _ = ask(server, "a", identity=IDENTITY | {"decoding": {"extra_body": {"top_k": 1}}})
    assert "a" in done
    assert server.chats[-1]["top_k"] == 1


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (lambda: (500, error("server_error", SECRET)), "500 server_error"),
        (lambda: (503, {}), "503"),
        (lambda: (429, error("rate_limit_exceeded")), "429 rate_limit_exceeded"),
        (lambda: (408, {}), "408"),
        (lambda: (409, {}), "409"),
        (lambda: (529, {"error": {"type": "overloaded_error"}}), "529 overloaded_error"),
        (lambda: (200, {"error": {"code": 502, "message": SECRET}}), "502"),
        (lambda: web.Response(text="<html>", status=502), "502"),
        (lambda: web.Response(text='{"id": ', content_type="application/json"), "no JSON, or only part of it"),
        (lambda: web.Response(text="<html>", content_type="text/html"), "no JSON, or only part of it"),
        (lambda: drop, "connection failed"),
        (lambda: truncate, "connection failed"),
        (lambda: web.json_response({"error": "busy"}), "200: busy"),
        (lambda: web.json_response({"choices": []}), "no completion"),
        (lambda: web.json_response({"choices": [{"index": 0}]}), "no completion"),
        (lambda: web.json_response({"choices": ["x"]}), "no completion"),
        (lambda: web.json_response([]), "no completion"),
        (
            lambda: {"finish_reason": "stop", "message": {"content": [{"type": "image"}]}},
            "no completion, but a part of",
        ),
        (
            lambda: {"finish_reason": "error", "message": {"content": "x"}},
            "the answer ended with 'error'",
        ),
    ],
)
def test_a_faulty_answer_fails_its_row_only_and_is_tried_again(server: Server, reply: Any, reason: str) -> None:
    server.reply = lambda body: reply() if body["messages"][0]["content"] == "bad" else "fine"
    done, failed = ask(server, "a", "bad", "b")
    assert sorted(done) == ["a", "b"]
    assert list(failed) == ["bad"]
    assert failed["bad"].startswith(reason)

    server.reset()
    server.reply = lambda body: "fine" if len(server.chats) > 2 else reply()
    meter = Meter()
    done, failed = ask(server, "bad", max_retries=2, meter=meter)
    assert (done["bad"].text, failed, len(server.chats)) == ("fine", {}, 3)
    assert (meter.requests, meter.retries, meter.rate_limited) == (3, 2, 2 * reason.startswith("429"))


def test_a_passing_failure_is_tried_again(server: Server) -> None:
    replies: list[Any] = [(500, {}), "fine"]
    server.reply = lambda body: replies.pop(0)
    done, failed = ask(server, "a", max_retries=1)
    assert (done["a"].text, failed, len(server.chats)) == ("fine", {}, 2)


def test_tries_end(server: Server) -> None:
    server.reply = lambda body: (500, {})
    assert ask(server, "a", max_retries=1) == ({}, {"a": "500"})
    assert len(server.chats) == 2


def test_a_silent_and_an_absent_server_fail_their_rows(server: Server) -> None:
    server.delay = 1
    assert ask(server, "a", timeout=0.2)[1] == {"a": "no answer within 0.2 s"}
    done, failed = ask(server, "a", "b", base_url="http://127.0.0.1:9/v1")
    assert done == {}
    assert sorted(failed) == ["a", "b"]
    assert all(reason.startswith("connection failed") for reason in failed.values())


@pytest.mark.parametrize("scheme", ["http://", ""])
def test_the_environments_proxy_is_used(server: Server, monkeypatch: pytest.MonkeyPatch, scheme: str) -> None:
    monkeypatch.setenv("http_proxy", scheme + server.url.removeprefix("http://"))
    server.reply = lambda body: "fine"
    assert ask(server, "a", "b", base_url="http://provider.invalid/v1")[0]["b"].text == "fine"


def test_a_proxy_that_speaks_no_http_is_told(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("all_proxy", "socks5://user:secret@127.0.0.1:9")
    with pytest.raises(Fatal, match=r"provider.invalid: the environment names a socks5 proxy; .* in http_proxy"):
        ask(server, "a", base_url="http://provider.invalid/v1")


def test_a_provider_that_asks_to_wait_is_heeded(server: Server) -> None:
    times: list[float] = []

    def reply(body: dict[str, Any]) -> Any:
        times.append(time.monotonic())
        refusal = {
            "text": "{}",
            "content_type": "application/json",
            "status": 429,
            "headers": {"retry-after-ms": "300"},
        }
        return web.Response(**refusal) if len(times) == 1 else "fine"  # type: ignore[arg-type]

    server.reply = reply
    assert ask(server, "a", max_retries=1)[0]["a"].text == "fine"
    assert times[1] - times[0] >= 0.3


def test_a_wait_of_hours_ends_the_job(server: Server) -> None:
    server.reply = lambda body: web.Response(status=429, headers={"retry-after": "7200"})
    with pytest.raises(Fatal, match="refuses all requests"):
        ask(server, "a", max_retries=5)
    assert len(server.chats) == 1


@pytest.mark.parametrize("status", [429, 503])
def test_a_row_with_a_wait_of_hours_fails_and_the_others_go_on(server: Server, status: int) -> None:
    far = web.Response
    server.reply = lambda body: (
        far(status=status, headers={"retry-after": "7200"}) if body["messages"][0]["content"] == "b" else "fine"
    )
    done, failed = ask(server, "a", "b", "c", concurrency=1, max_retries=5)
    assert (sorted(done), failed) == (["a", "c"], {"b": str(status)})


def test_what_is_under_way_when_the_job_ends_still_comes_in(server: Server) -> None:
    async def slow(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(0.3)
        return web.json_response({"model": "m", "choices": [{"message": {"content": "late"}, "finish_reason": "stop"}]})

    server.reply = lambda body: (401, {}) if body["messages"][0]["content"] == "bad" else slow
    collected, rows = Collected(), requests("a", "b", "bad", *map(str, range(20)))
    with pytest.raises(Fatal, match="401"):
        openai.ask_online(rows, collected, identity=IDENTITY, connection=connect(server, concurrency=3))
    assert list(collected.done) == ["a", "b"]
    assert len(server.chats) == 3


@pytest.mark.parametrize(
    "reply",
    [
        (402, {}),
        (400, error(None, "Your credit balance is too low to access the API")),
        (403, error("insufficient_balance")),
    ],
)
def test_no_money_ends_the_job(server: Server, reply: Any) -> None:
    server.reply = lambda body: reply
    with pytest.raises(Fatal, match=r"quota is used up"):
        ask(server, *map(str, range(20)))


def test_a_wrong_google_key_ends_the_job(server: Server) -> None:
    server.reply = lambda body: (
        400,
        [{"error": {"code": 400, "message": "API key not valid. Please pass a valid one."}}],
    )
    with pytest.raises(Fatal, match=r"answers 400: API key not valid.* for model .*check the key"):
        ask(server, *map(str, range(20)))
    assert len(server.chats) <= 4


def test_a_placeholder_for_a_key_is_no_secret(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GPT_KEY", "ollama")
    server.reply = lambda body: "Install ollama first."
    assert ask(server, "a", api_key_env="GPT_KEY")[0]["a"].text == "Install ollama first."


@pytest.mark.parametrize("key", ["sk-abc\n", "sk-“abc”"])
def test_a_key_that_is_none_is_told_by_its_name(server: Server, monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    monkeypatch.setenv("GPT_KEY", key)
    with pytest.raises(Fatal, match="variable GPT_KEY holds a line break or a letter that no key has"):
        ask(server, "a", api_key_env="GPT_KEY")


def test_under_a_limit_no_row_fails_and_few_calls_are_refused(server: Server) -> None:
    server.limit = Limit(per_minute=3000, capacity=20, tells=True)
    began = time.monotonic()
    done, failed = ask(server, *map(str, range(300)), concurrency=256, max_retries=5)
    goodput = 300 / (time.monotonic() - began)
    assert (len(done), failed) == (300, {})
    assert server.limit.refused <= 0.02 * len(server.chats)
    assert goodput > 0.8 * 50, "a start of some 20 calls and a late wake-up weigh much in 6 s"


def test_a_configured_limit_is_kept_without_any_refusal(server: Server) -> None:
    server.limit = Limit(per_minute=3000, capacity=10)
    done, failed = ask(server, *map(str, range(150)), concurrency=64, requests_per_minute=3000)
    assert (len(done), failed) == (150, {})
    assert server.limit.refused <= 2, "a busy machine may wake up late twice"


def test_keys_and_headers_come_from_the_environment_and_only_configured_ones_are_sent(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OPENAI_BASE_URL"):
        monkeypatch.setenv(name, "http://not-for-others")
    monkeypatch.setenv("GATE_KEY", SECRET)
    ask(server, "a", headers={"X-Title": "XSafety"}, headers_env={"x-gate": "GATE_KEY"}, organization="org-1")
    ask(server, "a", api_key_env="GATE_KEY")
    first, second = server.headers
    assert (first["x-title"], first["x-gate"], first["openai-organization"]) == ("XSafety", SECRET, "org-1")
    assert first["authorization"] == "Bearer none"
    assert second["authorization"] == f"Bearer {SECRET}"
    assert "not-for-others" not in str(server.headers)
    assert "openai-organization" not in second


def test_a_key_that_the_provider_repeats_is_taken_out(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GPT_KEY", SECRET)
    replies: list[Any] = [f"Your key is {SECRET}.", (400, error(f"bad {SECRET}", SECRET, SECRET)), (500, error(SECRET))]
    server.reply = lambda body: replies.pop(0)
    done, failed = ask(server, "a", "b", "c", api_key_env="GPT_KEY", concurrency=1)
    assert done["a"].text == "Your key is [key]."
    assert SECRET not in str(done) + str(failed)
    assert failed == {"c": "500 [key]: refused"}


def test_no_part_of_a_key_is_left_where_words_are_cut_short_or_put_together(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = f"{SECRET}-{'0123456789abcdef' * 8}"
    monkeypatch.setenv("GPT_KEY", key)
    parts = [{"type": "text", "text": part} for part in (key[:20], key[20:])]
    replies: list[Any] = [
        {"finish_reason": f"content_filter for {key}", "message": {"content": ""}},
        (200, {"error": {"message": "The prompt is too long", "param": key, "code": 400}}),
        {"finish_reason": "stop", "message": {"content": parts}},
        {
            "finish_reason": "stop",
            "message": {"content": [{"type": "refusal", "refusal": part["text"]} for part in parts]},
        },
    ]
    server.reply = lambda body: replies.pop(0)
    done, failed = ask(server, *"abcd", api_key_env="GPT_KEY", concurrency=1)
    assert (len(done), failed) == (4, {})
    assert key[:12] not in str(done)


def test_an_unset_key_ends_the_job(server: Server) -> None:
    with pytest.raises(Fatal, match="NOT_SET is not set; run: export NOT_SET="):
        ask(server, "a", api_key_env="NOT_SET")


def test_several_answers_to_a_query(server: Server) -> None:
    identity = IDENTITY | {"decoding": {"n": 3, "temperature": 1, "seed": 7}}
    server.reply = lambda body: "one"
    done, _ = ask(server, "a", identity=identity)
    assert (done["a"].text, [other.text for other in done["a"].more]) == ("one", ["one", "one"])
    assert (server.chats[-1]["n"], server.chats[-1]["seed"]) == (3, 7)
    choice = {"index": 0, "finish_reason": "stop", "message": {"content": "one"}}
    server.reply = lambda body: (200, {"model": "m", "choices": [choice, choice]})
    done, _ = ask(server, "a", identity=identity)
    assert [other.status for other in done["a"].more] == ["answered", "blocked"]
    server.reply = lambda body: (200, {"model": "m", "choices": [choice]})
    with pytest.raises(Fatal, match=r"gives 1 answer where decoding\.n asks for 3"):
        ask(server, "a", identity=identity)


def test_a_reasoning_model_is_sent_its_own_limit_and_no_temperature(server: Server) -> None:
    decoding = {"max_completion_tokens": 2048, "reasoning_effort": "low"}
    ask(server, "a", identity=IDENTITY | {"decoding": decoding})
    assert server.chats[-1] == {"model": "gpt-x", "messages": [{"role": "user", "content": "a"}], **decoding}


def test_tokens_of_caches_and_of_reasoning_are_kept(server: Server) -> None:
    usage = {"prompt_tokens": 9, "completion_tokens": 8, "prompt_tokens_details": {"cached_tokens": 4}} | {
        "completion_tokens_details": {"reasoning_tokens": 6}
    }
    choice = {"index": 0, "finish_reason": "stop", "message": {"content": "x"}}
    server.reply = lambda body: (200, {"model": "m", "choices": [choice], "usage": usage})
    assert ask(server, "a")[0]["a"].usage == {
        "input_tokens": 9,
        "output_tokens": 8,
        "cached_input_tokens": 4,
        "reasoning_tokens": 6,
    }


def test_the_moderation_endpoint_gets_the_text_and_its_result_comes_back(server: Server) -> None:
    server.moderate = lambda text: {"flagged": text == "a", "categories": {"hate": True}}
    done, _ = ask(
        server, "a", "b", identity={"engine": "openai", "model": "mod", "decoding": {}, "endpoint": "moderations"}
    )
    assert done["a"].text == '{"categories": {"hate": true}, "flagged": true}'
    assert {"model": "mod", "input": "b"} in server.moderations
    assert server.chats == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2", 2),
        ("0.5", 0.5),
        ("6m0s", 360),
        ("120ms", 0.12),
        ("1h2m3s", 3723),
        ("soon", None),
        ("", None),
        ("-1", None),
    ],
)
def test_durations_of_providers(text: str, expected: float | None) -> None:
    assert limits.seconds(text) == expected
    assert limits.retry_after({"retry-after": text}) == expected


def test_a_date_to_wait_for() -> None:
    assert limits.retry_after({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}) == 0
    assert limits.retry_after({}) is None
