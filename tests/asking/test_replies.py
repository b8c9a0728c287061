"""What replies mean, in the shapes of many providers; and what the wire does with bytes that are no reply."""

import asyncio
import gzip
import json
import resource
from collections.abc import Awaitable, Callable
from typing import Any
from weakref import WeakKeyDictionary

import pytest

from tests.asking.collected import Collected
from xsafety.asking.answers import split_answer
from xsafety.asking.engines import openai, wire
from xsafety.asking.engines.errors import Denied, RateLimited, RowFailed, Transient, read_error
from xsafety.asking.engines.outcome import Empty, read_success
from xsafety.asking.requests import Completion, Fatal, Request, request
from xsafety.config.models import OpenAI
from xsafety.rows import Identity
from xsafety.text.reasoning import Marks

IDENTITY: Identity = {"engine": "openai", "model": "m", "decoding": {}}


QUOTED = '{"error":{"code":"content_filter","message":"The response was filtered"}}'


def reply(finish: Any = "stop", content: Any = "Turn it left.", **message: Any) -> dict[str, Any]:
    choice = {"index": 0, "finish_reason": finish, "message": {"role": "assistant", "content": content, **message}}
    return {"choices": [choice], "usage": {"prompt_tokens": 9, "completion_tokens": 5, "total_tokens": 14}}


@pytest.mark.parametrize(
    "finish",
    [
        *("stop", "STOP", "eos_token", "eos", "end_turn", "COMPLETE", "normal", "stop_sequence", "tool_calls"),
        *("FinishReason.STOP", "FINISH_REASON_STOP", {"type": "stop", "matched": 2}),
    ],
)
def test_an_answer_ends_in_a_known_way(finish: Any) -> None:
    assert read_success(reply(finish), IDENTITY).text == "Turn it left."


@pytest.mark.parametrize("finish", ["length", "MAX_TOKENS", "model_length", "max_output_tokens", {"type": "length"}])
def test_an_answer_at_the_limit_goes_as_far_as_it_goes(finish: Any) -> None:
    found = read_success(reply(finish), IDENTITY)
    assert (found.status, found.finish_reason) == ("answered", "length")
    assert read_success(reply(finish, ""), IDENTITY).status == "cut_off"


@pytest.mark.parametrize(
    "finish",
    [
        *("content_filter", "sensitive", "SAFETY", "PROHIBITED_CONTENT", "BLOCKLIST", "SPII", "RECITATION", "refusal"),
        *("guardrail_intervened", "content_filtered", "ERROR_TOXIC", "IMAGE_SAFETY", "blacklist"),
    ],
)
def test_what_the_provider_stopped_is_blocked(finish: str) -> None:
    assert read_success(reply(finish), IDENTITY).status == "blocked"
    assert (
        read_success(reply() | {"choices": [reply()["choices"][0] | {"native_finish_reason": finish}]}, IDENTITY).text
        == ""
    )


@pytest.mark.parametrize(
    "finish",
    [
        *(
            "error",
            "network_error",
            "insufficient_system_resource",
            "abort",
            "cancelled",
            "OTHER",
            "time_limit",
            "null",
        ),
        *("MALFORMED_FUNCTION_CALL", "FINISH_REASON_UNSPECIFIED", "halted", None, "", 7, [], {}),
    ],
)
def test_what_ends_in_another_way_is_no_answer(finish: Any) -> None:
    with pytest.raises(Transient):
        read_success(reply(finish), IDENTITY)


@pytest.mark.parametrize(
    "content",
    [
        [{"type": "text", "text": "Turn "}, {"type": "text", "text": "it left."}],
        [{"type": "output_text", "text": "Turn it left."}],
        ["Turn ", "it left."],
        {"type": "text", "text": "Turn it left."},
        [{"type": "thinking", "thinking": "a thought"}, {"type": "text", "text": {"value": "Turn it left."}}],
        [{"text": "a thought", "thought": True}, {"text": "Turn it left."}],
        "<think>a thought</think>Turn it left.",
    ],
)
def test_parts_are_joined_and_thoughts_are_kept_apart(content: Any) -> None:
    found = read_success(reply(content=content), IDENTITY)
    assert found.text == "Turn it left."
    assert found.reasoning == ("a thought" if "thought" in str(content) else "")


@pytest.mark.parametrize(
    "field",
    [
        {"reasoning_content": "a thought"},
        {"reasoning": "a thought", "reasoning_details": [{"type": "reasoning.text", "text": "a thought"}]},
        {"reasoning_details": [{"type": "reasoning.summary", "summary": "a thought"}]},
        {"thinking": "a thought"},
        {"thinking_blocks": [{"type": "thinking", "thinking": "a thought"}]},
    ],
)
def test_reasoning_in_a_field_of_its_own_is_kept(field: dict[str, Any]) -> None:
    found = read_success(reply(**field), IDENTITY)
    assert (found.text, found.reasoning) == ("Turn it left.", "a thought")


def test_reasoning_without_an_end_is_cut_off_however_the_answer_ended() -> None:
    for finish in ("stop", "length"):
        found = read_success(reply(finish, "<think>a thought"), IDENTITY)
        assert (found.status, found.text, found.reasoning) == ("cut_off", "", "a thought")
    with pytest.raises(Empty) as caught:
        read_success(reply(content="<think>a thought</think>"), IDENTITY)
    assert caught.value.completion.reasoning == "a thought"


@pytest.mark.parametrize("content", ["\u200b\n", " \ufeff", "<think>a thought</think>\u2060", [{"text": "\u200d"}], ""])
def test_what_does_not_show_is_no_answer(content: Any) -> None:
    with pytest.raises(Empty):
        read_success(reply(content=content), IDENTITY)
    assert read_success(reply("length", content), IDENTITY).status == "cut_off"


def test_marks_of_a_model_are_heeded() -> None:
    assert read_success(reply(content="##a@@b"), IDENTITY, Marks("@@", "##")).text == "b"
    assert read_success(reply(content="##a##b"), IDENTITY, Marks("##", "##")).text == "b"


@pytest.mark.parametrize(
    ("usage", "counted"),
    [
        ([], None),
        ({"prompt_tokens": -1, "completion_tokens": 10**400}, {}),
        ({"prompt_tokens": 9.0, "completion_tokens": 5.5}, {"input_tokens": 9}),
        ({"prompt_tokens": "9", "completion_tokens": True}, {}),
        ({"prompt_tokens": 9, "prompt_tokens_details": [], "completion_tokens_details": 7}, {"input_tokens": 9}),
        (
            {"prompt_tokens": float("inf"), "input_tokens": 9, "output_tokens": 5},
            {"input_tokens": 9, "output_tokens": 5},
        ),
        # Google counts thoughts in the total alone, xAI beside the completion.
        (
            {"prompt_tokens": 9, "completion_tokens": 5, "total_tokens": 34},
            {"input_tokens": 9, "output_tokens": 25, "reasoning_tokens": 20},
        ),
        (
            {
                "prompt_tokens": 9,
                "completion_tokens": 5,
                "total_tokens": 34,
                "completion_tokens_details": {"reasoning_tokens": 20},
            },
            {"input_tokens": 9, "output_tokens": 25, "reasoning_tokens": 20},
        ),
    ],
)
def test_odd_usage_costs_no_answer(usage: Any, counted: Any) -> None:
    found = read_success(reply() | {"usage": usage}, IDENTITY)
    assert (found.text, found.usage) == ("Turn it left.", counted)


def test_reasoning_that_nobody_counted_is_estimated() -> None:
    found = read_success(reply(content=f"<think>{'a' * 8}</think>b"), IDENTITY)
    assert found.usage == {"input_tokens": 9, "output_tokens": 5, "reasoning_tokens": 2}


def test_choices_out_of_order_are_put_in_order() -> None:
    body = reply()
    body["choices"] = [body["choices"][0] | {"index": n, "message": {"content": f"answer {n}"}} for n in (2, 0, 1)]
    found = read_success(body, IDENTITY | {"decoding": {"n": 3}})
    assert [one.text for one in (found, *found.more)] == ["answer 0", "answer 1", "answer 2"]


@pytest.mark.parametrize(
    ("status", "body", "means"),
    [
        (200, {"error": "busy"}, Transient),
        (200, {"error": {"code": "502", "message": "flagged content"}}, Transient),
        (200, {"errors": [{"message": "upstream"}]}, Transient),
        (200, {"base_resp": {"status_code": 1002, "status_msg": "rate limit"}}, RateLimited),
        (200, {"base_resp": {"status_code": 1008, "status_msg": "insufficient balance"}}, Fatal),
        (200, {"base_resp": {"status_code": 1027, "status_msg": "output"}}, "blocked"),
        (200, {"error_code": 18, "error_msg": "Open api qps request limit reached"}, Transient),
        (200, {"Response": {"Error": {"Code": "InternalError", "Message": "x"}}}, Transient),
        (200, {"object": "error", "message": "x", "code": 400}, "rejected"),
        (200, {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}, Transient),
        (200, {"detail": "Not ready"}, Transient),
        (400, {"code": "DataInspectionFailed", "message": "Input data may contain inappropriate content."}, "blocked"),
        (400, {"error": {"message": "Output blocked by content filtering policy"}}, "blocked"),
        (403, {"error": {"message": "Content violates usage guidelines."}}, "blocked"),
        (400, {"error": {"code": "InputTextSensitiveContentDetected", "message": "x"}}, "blocked"),
        (451, {}, "blocked"),
        (429, {"error": {"type": "exceeded_current_quota_error", "message": "suspended"}}, Fatal),
        (429, {"error": {"code": "1113", "message": "您的账户已欠费，请充值后重试。"}}, Fatal),
        (400, {"code": "Arrearage", "message": "Access denied"}, Fatal),
        (403, {"error": {"code": "insufficient_user_quota", "message": "用户额度不足"}}, Fatal),
        (403, {"message": "Your account balance is insufficient"}, Fatal),
        (403, {"error": "Your team has used all available credits or reached its monthly spending limit."}, Fatal),
        (429, {"error": {"message": "You exceeded your current quota, please check your plan and billing."}}, Fatal),
        (
            429,
            [{"error": {"message": "You exceeded your current quota, check your billing. Please retry in 34s."}}],
            RateLimited,
        ),
        (429, {"error": {"message": "Rate limit reached on tokens per min (TPM): Limit 10000"}}, RateLimited),
        (403, {"error": {"message": "API key expired. Please renew the API key.", "code": 403}}, Denied),
        (400, {"error": {"message": "Unrecognized request argument supplied: top_k"}}, Denied),
        (400, [{"error": {"code": 400, "message": "User location is not supported for the API use."}}], Denied),
        (403, {"error": {"code": "forbidden", "message": "no"}}, RowFailed),
        (404, {"error": {"code": "model_not_found", "message": "The model does not exist"}}, RowFailed),
        (405, {}, RowFailed),
        (400, None, RowFailed),
        (400, {"error": {"message": "prompt is too long: 210000 tokens > 200000 maximum"}}, "too_long"),
        (422, {"error": "`inputs` tokens + `max_new_tokens` must be <= 4096."}, "too_long"),
        (400, {"error": {"message": "Range of input length should be [1, 30720]"}}, "too_long"),
        (400, {"error": {"message": "the request exceeds the available context size"}}, "too_long"),
        (422, {"error": {"message": "Input validation error: `inputs` must have less than 4096 tokens."}}, "too_long"),
        (400, {"error": {"message": "Provider returned error", "metadata": {"raw": QUOTED}}}, "blocked"),
        (400, {"error": {"message": "Provider returned error", "metadata": {"raw": "prompt is too long"}}}, "too_long"),
        (400, {"error": {"message": "Provider returned error", "metadata": {"raw": {"a": 1}}}}, "rejected"),
        (400, {"error": "Model unloaded."}, Transient),
        (400, {"error": {"message": "System role not supported"}}, "rejected"),
        (520, {}, Transient),
        (424, {}, Transient),
        (400, {"error": {"message": "Upstream request failed, try again later"}}, Transient),
    ],
)
def test_what_an_error_means(status: int, body: Any, means: Any) -> None:
    def read() -> Completion:
        return read_error(status, body) if status != 200 else read_success(body, IDENTITY)

    if isinstance(means, str):
        assert read().status == means
        return
    with pytest.raises(means) as caught:
        read()
    assert type(caught.value) is means


def test_the_providers_words_reach_the_reason_without_what_may_be_a_key() -> None:
    said = "Incorrect key: abc, sk-proj-12 or s****et for org-0123456789abcdef\n in your plan " + "x" * 300
    with pytest.raises(RowFailed) as caught:
        read_error(403, {"error": {"code": "no_access", "message": said}})
    told = str(caught.value)
    assert told.startswith("403 no_access: Incorrect key: ... ... or ... for ... in your plan xxx")
    assert len(told) < 230


def test_an_older_answer_is_split_when_it_is_read() -> None:
    old: Any = {"status": "answered", "text": "<think>a</think>b", "finish_reason": "stop", "detail": "", "usage": None}
    assert split_answer(old) == old | {"text": "b", "reasoning": "a"}
    assert split_answer(old | {"text": "<think>a"})["status"] == "cut_off"
    assert split_answer(old | {"text": " plain "}) == old | {"text": " plain "}


# Bytes on the wire.

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter, str], Awaitable[None]]


NAMES = WeakKeyDictionary[asyncio.StreamWriter, str]()  # of the last request on a connection


def good(text: str, name: str = "", *, blank: bool = False) -> bytes:
    body = json.dumps(reply(content="" if blank else f"To {text}") | {"id": f"chatcmpl-{name}"}).encode()
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body


_FILTERED = json.dumps({"error": {"message": "Filtered.", "code": "content_filter"}}).encode()
BLOCKED = b"HTTP/1.1 400 Bad Request\r\nContent-Length: %d\r\n\r\n" % len(_FILTERED) + _FILTERED


NO_OPTIONS = b"HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\n\r\n"


def ask(
    handle: Handler, *texts: str, last: bytes = NO_OPTIONS, into: Collected | None = None, **settings: Any
) -> Collected:
    """Asks a server that handles each connection's requests, one after the other, by `handle`.

    It replies `last` to what ends a connection, and does so; where that is empty, it neither replies nor ends it.
    """
    collected = into or Collected()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := (await reader.readuntil(b"\r\n\r\n")).decode().lower():
                if head.startswith("options"):
                    writer.write(last)
                    if last:
                        return
                    await asyncio.sleep(1)
                length = int(head.partition("content-length:")[2].partition("\r\n")[0])
                NAMES[writer] = head.partition("x-request-id: ")[2].partition("\r\n")[0]
                asked = json.loads(await reader.readexactly(length))
                await handle(reader, writer, asked["messages"][-1]["content"])
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def run() -> None:
        server = await asyncio.start_server(connected, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
        given = {"base_url": url, "concurrency": 4, "timeout": 5, "max_retries": 0} | settings
        rows: list[Request] = [request(IDENTITY, text, "p", [{"role": "user", "content": text}]) for text in texts]
        connection = OpenAI.model_validate({"engine": "openai", "model": "m", **given}).connection()
        await openai._ask_online(rows, collected, IDENTITY, connection)
        server.close()

    asyncio.run(run())
    return collected


# When a second reply comes: seconds after the first, or with the next request on the connection, before its reply.
NEXT = -1.0


@pytest.mark.parametrize(
    ("late", "names"),
    [(0, True), (0.01, True), (0.1, True), (0.6, True), (2.0, True), (NEXT, True), (0.1, False), (NEXT, False)],
)
def test_a_late_second_reply_is_never_the_answer_to_another_request(late: float, names: bool) -> None:
    pending = set[asyncio.Task[None]]()
    held = dict[asyncio.StreamWriter, bytes]()

    async def twice(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, text: str) -> None:
        sent = good(text, NAMES[writer] if names else "")
        second = sent if int(text) % 2 else BLOCKED

        async def again() -> None:
            await asyncio.sleep(late)
            writer.write(second)

        if writer in held:
            writer.write(held.pop(writer))
        await asyncio.sleep(max(late / 12, 0.005))
        writer.write(sent)
        if late == NEXT:
            held[writer] = second
        elif 8 <= int(text) < 16:
            pending.add(asyncio.create_task(again()))

    texts = [str(number) for number in range(64)]
    found = ask(twice, *texts)
    assert {id: one.text for id, one in found.done.items()} == {text: f"To {text}" for text in texts}


@pytest.mark.parametrize(("names", "number"), [(True, 1), (False, 3)])
def test_a_connection_is_used_until_much_of_what_it_brought_is_uncertain(names: bool, number: int) -> None:
    connections = set[asyncio.StreamReader]()

    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, text: str) -> None:
        connections.add(reader)
        writer.write(good(text, NAMES[writer] if names else ""))

    found = ask(once, *map(str, range(140)), concurrency=1)
    assert (len(found.done), found.withdrawn, len(connections)) == (140, [], number)


def test_what_a_server_that_answers_twice_said_on_a_connection_is_asked_again_on_others() -> None:
    asked, connections = list[str](), set[asyncio.StreamReader]()

    async def twice(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, text: str) -> None:
        asked.append(text)
        connections.add(reader)
        writer.write(good(text) * (2 if asked.count("12") == 1 and text == "12" else 1))

    found = ask(twice, *map(str, range(40)), concurrency=1)
    assert {id: one.text for id, one in found.done.items()} == {str(n): f"To {n}" for n in range(40)}
    assert (found.withdrawn, found.failed) == ([str(n) for n in range(1, 13)], {})
    assert len(connections) == 1 + 27 + 12


def answering_twice(to: str, empty: str = "") -> Handler:
    """A server that replies to the request before `to` once more, so that all later replies come one too late."""
    asked = list[str]()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, text: str) -> None:
        asked.append(text)
        if text == to and asked.count(to) == 1:
            writer.write(good(asked[-2]))
        await asyncio.sleep(0.03)
        writer.write(good(text, blank=text == empty and asked.count(empty) == 1))

    return handle


def test_an_empty_reply_to_another_request_is_taken_back_too() -> None:
    found = ask(answering_twice("2", empty="4"), *map(str, range(8)), concurrency=1)
    assert {id: one.text for id, one in found.done.items()} == {str(n): f"To {n}" for n in range(8)}


def test_what_ends_the_job_is_taken_back_too() -> None:
    class Poor(Collected):
        def deliver(self, request: Request, completion: Completion) -> None:
            super().deliver(request, completion)
            if request.id == "4":
                raise Fatal("the budget is used up")

    found = Poor()
    with pytest.raises(Fatal):
        ask(answering_twice("2"), *map(str, range(8)), concurrency=1, into=found)
    assert {id: one.text for id, one in found.done.items()} == {"0": "To 0"}


def test_an_answer_that_cannot_be_taken_back_ends_the_job(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "MOST_UNCERTAIN", 3)  # so that it is found while others are asked

    class Full(Collected):
        def withdraw(self, request: Request) -> None:
            raise OSError("is the disk full?")

    with pytest.raises(OSError, match="disk full"):
        ask(answering_twice("2"), *map(str, range(16)), concurrency=1, into=Full())


def test_what_a_connection_that_broke_brought_is_asked_again_once_the_server_answers_twice() -> None:
    asked, held = list[str](), dict[asyncio.StreamWriter, bytes]()

    async def odd(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, text: str) -> None:
        asked.append(text)
        writer.write(held.pop(writer, b""))
        await asyncio.sleep(0.3 if text == "9" else 0.005)
        writer.write(good(text))
        if text in ("3", "20"):
            held[writer] = good(text)  # comes with the next request, before its reply

    found = ask(odd, *map(str, range(30)), concurrency=1, timeout=0.2)
    assert all(one.text == f"To {id}" for id, one in found.done.items())
    assert len(found.done | found.failed) == 30
    assert {"4", "8", "21"} <= set(found.withdrawn)


def test_a_server_may_say_that_it_closes_what_is_not_used() -> None:
    late = b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"

    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, text: str) -> None:
        writer.write(good(text) + (late if text in ("5", "8") else b""))

    found = ask(once, *map(str, range(9)), concurrency=1)
    assert (len(found.done), found.withdrawn) == (9, [])


def test_a_reply_that_nobody_waited_for_any_more_is_no_second_one() -> None:
    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, text: str) -> None:
        await asyncio.sleep(0.3 if text == "7" else 0)
        writer.write(good(text))

    found = ask(slow, *map(str, range(9)), concurrency=1, timeout=0.3)
    assert len(found.done | found.failed) == 9
    assert found.withdrawn == []


def test_a_server_that_does_not_reply_to_the_last_request_of_a_connection_is_believed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(wire, "PROOF", 0.1)

    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, text: str) -> None:
        writer.write(good(text))

    found = ask(once, *map(str, range(9)), concurrency=1, last=b"")
    assert (len(found.done), found.withdrawn) == (9, [])


def test_a_refusal_without_a_name_is_not_asked_for_twice_at_once() -> None:
    refused = b"HTTP/1.1 429 Too Many Requests\r\nRetry-After-Ms: 1\r\nContent-Length: 2\r\n\r\n{}"
    asked = list[str]()

    async def busy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, text: str) -> None:
        asked.append(text)
        writer.write(refused if asked.count("3") == 1 and text == "3" else good(text, NAMES[writer]))

    found = ask(busy, *map(str, range(6)), concurrency=1, max_retries=1)
    assert (asked, found.failed) == ([*"0123345"], {})
    assert found.meter.rate_limited == 1


def test_large_replies_take_no_more_memory_at_many_in_flight(monkeypatch: pytest.MonkeyPatch) -> None:
    packed = gzip.compress(b"\0" * 2**26)
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed)

    async def bomb(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, text: str) -> None:
        writer.write(head + packed)

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = ask(bomb, *map(str, range(16)), concurrency=16)
    assert set(found.failed.values()) == {"a reply of more than 32 MiB"}
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024 < 150


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 2\r\n\r\n{}", "packed as 'br'"),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip, gzip\r\nContent-Length: 2\r\n\r\n{}", "packed as 'gzip, gzip'"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "no JSON"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n" + b"[" * 200_000, "no JSON"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1800\r\n\r\n" + b"[" * 900 + b"]" * 900, "no completion"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nNaN ", "no JSON"),
        (b"HTTP/1.1 302 Found\r\nLocation: /v1/chat/completions\r\nContent-Length: 0\r\n\r\n", "connection failed"),
    ],
)
def test_bytes_that_are_no_reply_fail_their_row(sent: bytes, reason: str) -> None:
    async def odd(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, text: str) -> None:
        writer.write(sent if text == "odd" else good(text))

    found = ask(odd, "a", "odd", "b", timeout=2)
    assert set(found.done) == {"a", "b"}
    assert reason in found.failed["odd"]


def test_a_mark_of_byte_order_and_numbers_of_any_length_cost_no_answer() -> None:
    body = b"\xef\xbb\xbf" + json.dumps(reply() | {"created": 7}).replace(": 7", ": " + "7" * 5000).encode()

    async def marked(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, text: str) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)

    assert ask(marked, "a").done["a"].text == "Turn it left."


def test_the_limit_of_a_reply_is_a_setting() -> None:
    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, text: str) -> None:
        writer.write(good(text))

    assert ask(plain, "a", max_reply_mib=2**-14).failed == {"a": "a reply of more than 6.10352e-05 MiB"}
    assert wire.LARGE < 32 * 2**20
