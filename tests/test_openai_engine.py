"""The openai engine against a real server on loopback: pacing, refusals of the provider, faults, and what stops it."""

from typing import Any

import pytest
from aiohttp import web

from tests.loopback import Server
from xsafety.asking import Answer, Fatal, Request, request
from xsafety.engines import openai

IDENTITY = {"engine": "openai", "model": "gpt-x", "decoding": {"temperature": 0, "max_tokens": 5}}
SECRET = "s3cret-key"


def requests(*texts: str) -> list[Request]:
    return [request(IDENTITY, text, "none/en", [{"role": "user", "content": text}]) for text in texts]


def ask(
    server: Server, *texts: str, identity: dict[str, Any] = IDENTITY, **connection: Any
) -> tuple[dict[str, Answer], dict[str, str]]:
    done: dict[str, Answer] = {}
    failed: dict[str, str] = {}
    openai.answer(
        requests(*texts),
        lambda asked, answer: done.setdefault(asked.id, answer) and None,
        lambda asked, reason: failed.setdefault(asked.id, reason) and None,
        identity=identity,
        connection={
            "base_url": f"{server.url}/v1",
            "api_key_env": None,
            "concurrency": 4,
            "timeout": 5,
            "max_retries": 0,
        }
        | connection,
    )
    return done, failed


def test_messages_and_decoding_are_sent_and_the_answer_comes_back(server: Server) -> None:
    server.reply = lambda body: f"  To {body['messages'][0]['content']}\n"
    done, failed = ask(server, "a", "b")
    usage = {"input_tokens": 10, "output_tokens": 5}
    assert done == {id: Answer("answered", f"To {id}", "stop", "", usage) for id in "ab"}
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
        ((400, error(None, SECRET)), "rejected", "400 BadRequestError"),
        ((400, {"error": {"message": SECRET, "code": 400}}), "rejected", "400 400"),
        ((422, {"detail": [{"msg": SECRET}]}), "rejected", "422 UnprocessableEntityError"),
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
    assert ask(server, "a")[0]["a"] == Answer(
        "answered", "Once upon a", "length", "", {"input_tokens": 10, "output_tokens": 5}
    )


@pytest.mark.parametrize(
    ("status", "code", "told"),
    [(401, "invalid_api_key", "401 invalid_api_key"), (403, None, "403"), (404, "x", "404 x")],
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
    with pytest.raises(Fatal, match="quota is used up; top it up, then run snakemake again") as caught:
        ask(server, *map(str, range(20)))
    assert SECRET not in str(caught.value)
    assert len(server.chats) <= 8


def test_answers_before_a_fatal_end_are_delivered(server: Server) -> None:
    server.reply = lambda body: "fine" if body["messages"][0]["content"] == "a" else (401, error(None))
    done: list[str] = []
    with pytest.raises(Fatal):
        openai.answer(
            requests("a", "b"),
            lambda asked, _: done.append(asked.id),
            lambda *_: None,
            identity=IDENTITY,
            connection={"base_url": f"{server.url}/v1", "api_key_env": None, "concurrency": 1}
            | {"timeout": 5, "max_retries": 0},
        )
    assert done == ["a"]


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
        (lambda: (503, {}), "503 InternalServerError"),
        (lambda: (429, error("rate_limit_exceeded")), "429 rate_limit_exceeded"),
        (lambda: web.Response(text='{"id": ', content_type="application/json"), "JSONDecodeError"),
        (lambda: web.Response(text="<html>", content_type="text/html"), "NoCompletion"),
        (lambda: web.json_response({"error": "busy"}), "NoCompletion"),
        (lambda: web.json_response({"choices": []}), "NoCompletion"),
        (lambda: web.json_response({"choices": [{"index": 0}]}), "NoCompletion"),
        (lambda: web.json_response([]), "NoCompletion"),
        (lambda: {"finish_reason": "stop", "message": {"content": [{"type": "text", "text": "x"}]}}, "NoCompletion"),
    ],
)
def test_a_faulty_answer_fails_its_row_only(server: Server, reply: Any, reason: str) -> None:
    server.reply = lambda body: reply() if body["messages"][0]["content"] == "bad" else "fine"
    done, failed = ask(server, "a", "bad", "b")
    assert sorted(done) == ["a", "b"]
    assert failed == {"bad": reason}


def test_a_passing_failure_is_tried_again(server: Server) -> None:
    replies: list[Any] = [(500, {}), "fine"]
    server.reply = lambda body: replies.pop(0)
    done, failed = ask(server, "a", max_retries=1)
    assert (done["a"].text, failed, len(server.chats)) == ("fine", {}, 2)


def test_tries_end(server: Server) -> None:
    server.reply = lambda body: (500, {})
    assert ask(server, "a", max_retries=1) == ({}, {"a": "500 InternalServerError"})
    assert len(server.chats) == 2


def test_a_silent_and_an_absent_server_fail_their_rows(server: Server) -> None:
    server.delay = 1
    assert ask(server, "a", timeout=0.2)[1] == {"a": "APITimeoutError"}
    done, failed = ask(server, "a", "b", base_url="http://127.0.0.1:9/v1")
    assert done == {}
    assert sorted(failed) == ["a", "b"]
    assert all(reason.startswith("API") for reason in failed.values())
