"""Batch mode against a Batch API on loopback: nothing is submitted twice, whatever dies in between."""

import json
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from tests.servers.loopback import Server
from xsafety.asking import ask as asking
from xsafety.asking.ask import Receipt
from xsafety.asking.engines import openai
from xsafety.asking.engines.register import open_engine
from xsafety.asking.journal import answers, journal_file, lines, open_batches
from xsafety.asking.requests import Ended, Fatal, Request, request
from xsafety.config.models import Connection, JobBudget, JobConnection, OpenAI, Price
from xsafety.rows import Identity

IDENTITY: Identity = {"engine": "openai", "model": "gpt-x", "decoding": {"temperature": 0}}


class Killed(BaseException):
    """The process dies here."""


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openai, "MAX_BACKOFF", 0.02)


def requests(*texts: str) -> list[Request]:
    return [request(IDENTITY, text, "none/en", [{"role": "user", "content": text}]) for text in texts]


def connect(server: Server, mode: str = "batch", **settings: Any) -> Connection:
    made = {"engine": "openai", "model": "gpt-x", "base_url": f"{server.url}/v1", "mode": mode}
    return OpenAI.model_validate(made | {"batch": {"poll": 0.01, **settings}, "max_retries": 2}).connection()


def ask(server: Server, folder: Path, *texts: str, mode: str = "batch", **settings: Any) -> Receipt:
    """Asks in one job; the receipt."""
    asked: Callable[[], Iterable[Request]] = partial(requests, *texts)
    engine = open_engine(IDENTITY, connect(server, mode, **settings), folder)
    return asking.ask({"none/en": asked}, folder, engine, lambda line: None)


def answered(folder: Path) -> dict[str, str]:
    """Row -> text of its answer; each row is in the journal once."""
    rows = [line["id"] for line in lines(journal_file(folder, "none/en"))]
    assert len(rows) == len(set(rows))
    return dict(zip(rows, (found["text"] for found in answers(journal_file(folder, "none/en")).values()), strict=True))


def asked(server: Server) -> list[str]:
    return sorted(body["messages"][-1]["content"] for body in server.chats)


def echo(body: dict[str, Any]) -> Any:
    return f"To {body['messages'][-1]['content']}"


def test_answers_come_by_a_batch_and_reach_their_rows(server: Server, tmp_path: Path) -> None:
    server.reply = echo
    assert ask(server, tmp_path, "a", "b", "c") == {"rows": 3, "failed": {}, "ended": ""}
    assert answered(tmp_path) == {"a": "To a", "b": "To b", "c": "To c"}
    (made,) = server.batch.batches.values()
    assert (made["endpoint"], made["completion_window"]) == ("/v1/chat/completions", "24h")
    first = json.loads(server.batch.files["file-0"].splitlines()[0])
    assert first == {
        "custom_id": "0",
        "method": "POST",
        "url": "/v1/chat/completions",
        "body": {"model": "gpt-x", "messages": [{"role": "user", "content": "a"}], "temperature": 0},
    }
    usage = next(iter(answers(journal_file(tmp_path, "none/en")).values()))["usage"]
    assert usage == {"input_tokens": 10, "output_tokens": 5, "batch": 1}
    assert ask(server, tmp_path, "a", "b", "c")["failed"] == {}
    assert len(server.batch.batches) == 1


def test_batches_keep_to_both_limits_of_size(server: Server, tmp_path: Path) -> None:
    ask(server, tmp_path / "number", *"abcde", max_requests=2)
    assert [text.count("\n") for text in list(server.batch.files.values())[:3]] == [2, 2, 1]
    before = len(server.batch.batches)
    ask(server, tmp_path / "bytes", *("x" * 1000 + end for end in "abc"), max_megabytes=0.0025)
    assert len(server.batch.batches) - before == 2
    assert answered(tmp_path / "bytes").keys() == {"x" * 1000 + end for end in "abc"}


def test_a_line_with_an_error_is_an_outcome_or_asked_again(server: Server, tmp_path: Path) -> None:
    replies = {"blocked": [(400, {"error": {"code": "content_filter"}})], "busy": [(500, {}), "late"]}
    server.reply = lambda body: replies.get(body["messages"][-1]["content"], ["fine"]).pop(0)
    replies["good"] = ["fine"]
    assert ask(server, tmp_path, "good", "blocked", "busy")["failed"] == {}
    assert answered(tmp_path) == {"good": "fine", "blocked": "", "busy": "late"}
    assert asked(server) == ["blocked", "busy", "busy", "good"]
    assert len(server.batch.batches) == 2


def cut_short(status: str) -> Callable[[dict[str, Any], list[dict[str, Any]]], list[dict[str, Any]]]:
    def end(made: dict[str, Any], found: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if made["id"] != "batch-0":
            return found
        made["status"] = status
        return found[:1]

    return end


@pytest.mark.parametrize("status", ["expired", "cancelled", "completed"])
@pytest.mark.parametrize("rest", ["batch", "online"])
def test_what_a_batch_leaves_is_asked_by_a_further_one_or_online(
    server: Server, tmp_path: Path, status: str, rest: str
) -> None:
    server.reply, server.batch.end = echo, cut_short(status)
    assert ask(server, tmp_path, "a", "b", "c", rest=rest)["failed"] == {}
    assert answered(tmp_path) == {"a": "To a", "b": "To b", "c": "To c"}
    assert asked(server) == ["a", "b", "c"]
    assert len(server.batch.batches) == (2 if rest == "batch" else 1)
    assert len(server.headers) == (2 if rest == "online" else 0)


def test_rows_that_no_batch_answers_fail_in_the_end(server: Server, tmp_path: Path) -> None:
    server.batch.end = lambda made, found: found[:1] if len(found) == 3 else []
    assert ask(server, tmp_path, "a", "b", "c")["failed"] == {
        "none/en": dict.fromkeys("bc", "3 batches did not answer it")
    }
    assert len(server.batch.batches) == 3


def queue_of(most: int) -> Callable[[dict[str, Any], list[dict[str, Any]]], list[dict[str, Any]]]:
    """An account that takes batches of at most so many rows, one at a time."""

    def end(made: dict[str, Any], found: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if len(found) <= most:
            return found
        made |= {"status": "failed", "errors": {"object": "list", "data": [{"code": "token_limit_exceeded"}]}}
        return []

    return end


def test_an_account_that_takes_little_at_a_time_gets_smaller_batches(server: Server, tmp_path: Path) -> None:
    server.reply, server.batch.end = echo, queue_of(2)
    assert ask(server, tmp_path, *"abcdefgh", max_requests=8)["failed"] == {}
    assert answered(tmp_path).keys() == set("abcdefgh")
    assert asked(server) == list("abcdefgh")


def test_a_batch_that_the_provider_finds_invalid_ends_the_job_and_is_not_met_again(
    server: Server, tmp_path: Path
) -> None:
    def invalid(made: dict[str, Any], found: list[dict[str, Any]]) -> list[dict[str, Any]]:
        made |= {"status": "failed", "errors": {"object": "list", "data": [{"code": "model_not_found"}]}}
        return []

    server.batch.end = invalid
    with pytest.raises(Fatal, match="batch batch-0 failed: model_not_found"):
        ask(server, tmp_path, "a")
    assert open_batches(tmp_path) == {}
    server.batch.end = lambda made, found: found
    assert ask(server, tmp_path, "a")["failed"] == {}


def die(*_: object) -> None:
    raise Killed


@pytest.mark.parametrize(
    ("place", "name"),
    [
        ("uploaded", "xsafety.asking.engines.batch.Submitted"),
        ("created", "xsafety.asking.engines.batch._Round._created"),
        ("waiting", "asyncio.sleep"),
        ("brought in", "xsafety.asking.engines.batch._Round._bring_in"),
        ("delivering", "xsafety.asking.ask._Log.write"),
    ],
)
def test_a_job_that_dies_anywhere_submits_and_loses_nothing_twice(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str, name: str
) -> None:
    server.reply = echo
    with monkeypatch.context() as patch:
        patch.setattr(name, die)
        with pytest.raises(Killed):
            ask(server, tmp_path, "a", "b")
    assert ask(server, tmp_path, "a", "b", "c")["failed"] == {}
    assert answered(tmp_path) == {"a": "To a", "b": "To b", "c": "To c"}
    assert asked(server) == ["a", "b", "c"], place
    assert open_batches(tmp_path) == {}


def test_a_job_that_dies_among_deliveries_takes_the_rest_from_the_same_batch(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep, kept = asking._Log.write, list[str]()

    def keep_two(log: Any, one: Request, found: asking.Completion, price: Any) -> float:
        if len(kept) == 2:
            raise Killed
        kept.append(one.id)
        return keep(log, one, found, price)

    with monkeypatch.context() as patch:
        patch.setattr("xsafety.asking.ask._Log.write", keep_two)
        with pytest.raises(Killed):
            ask(server, tmp_path, *"abcd")
    assert ask(server, tmp_path, *"abcd")["failed"] == {}
    assert answered(tmp_path).keys() == set("abcd")
    assert asked(server) == list("abcd")
    assert len(server.batch.batches) == 1


@pytest.mark.parametrize("created", [True, False])
def test_a_creation_that_is_not_confirmed_is_looked_for(server: Server, tmp_path: Path, created: bool) -> None:
    def unsure(made: dict[str, Any]) -> None:
        if not tries:
            tries.append(made["id"])
            if not created:
                del server.batch.batches[made["id"]]
            raise web.HTTPBadGateway

    tries: list[str] = []
    server.reply, server.batch.on_create = echo, unsure
    assert ask(server, tmp_path, "a", "b")["failed"] == {}
    assert answered(tmp_path).keys() == {"a", "b"}
    assert asked(server) == ["a", "b"]
    assert tries == ["batch-0"]
    assert len(server.batch.batches) == 1


def test_rows_in_a_batch_are_not_asked_online_when_the_mode_changes(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.reply = echo
    with monkeypatch.context() as patch:
        patch.setattr("asyncio.sleep", die)
        with pytest.raises(Killed):
            ask(server, tmp_path, "a", "b")
    assert ask(server, tmp_path, "a", "b", "c", mode="online")["failed"] == {}
    assert answered(tmp_path).keys() == {"a", "b", "c"}
    assert asked(server) == ["a", "b", "c"]
    assert len(server.headers) == 1, "c was asked online"


@pytest.mark.parametrize("mode", ["batch", "online"])
def test_what_is_under_way_is_brought_in_when_the_budget_is_used_up(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    server.reply = echo
    price = Price(input=0, output=1e6)
    budget = JobBudget(usd=2, prices={str(tmp_path): price})
    connection = JobConnection(**dict(connect(server, mode)) | {"price": price, "budgets": [budget]})
    ask(server, tmp_path, "spent")
    with monkeypatch.context() as patch:
        patch.setattr("asyncio.sleep", die)
        with pytest.raises(Killed):
            ask(server, tmp_path, "a", "b")

    def ask_beyond(*texts: str) -> Receipt:
        engine = open_engine(IDENTITY, connection, tmp_path)
        return asking.ask({"none/en": partial(requests, *texts)}, tmp_path, engine, lambda line: None, connection)

    with pytest.raises(Ended, match=r"its budget of \$2.00 is used up"):
        ask_beyond("a", "b", "c")
    assert answered(tmp_path).keys() == {"spent", "a", "b"}
    assert open_batches(tmp_path) == {}
    assert asked(server) == ["a", "b", "spent"]
    assert ask_beyond("a", "b") == {"rows": 2, "failed": {}, "ended": ""}


def test_a_batch_that_the_provider_does_not_know_is_not_submitted_anew(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("asyncio.sleep", die)
        with pytest.raises(Killed):
            ask(server, tmp_path, "a")
    server.batch.batches.clear()
    with pytest.raises(Fatal, match="was it submitted with another key or address"):
        ask(server, tmp_path, "a")
    assert server.batch.batches == {}
    assert len(open_batches(tmp_path)) == 1


def test_a_wrong_key_ends_the_job_before_anything_is_on_record(server: Server, tmp_path: Path) -> None:
    def refuse(made: dict[str, Any]) -> None:
        raise web.HTTPUnauthorized(text='{"error": {"code": "invalid_api_key"}}', content_type="application/json")

    server.batch.on_create = refuse
    with pytest.raises(Fatal, match="401 invalid_api_key for model 'gpt-x'"):
        ask(server, tmp_path, "a")
    assert open_batches(tmp_path) == {}


def test_where_every_line_is_rejected_the_job_ends_and_the_batch_is_not_met_again(
    server: Server, tmp_path: Path
) -> None:
    server.reply = lambda body: (400, {"error": {"code": "invalid_value", "param": "temperature"}})
    with pytest.raises(Fatal, match=r"none of 2 requests was answered \(2 times 400 invalid_value temperature\)"):
        ask(server, tmp_path, "a", "b")
    assert open_batches(tmp_path) == {}
    assert answers(journal_file(tmp_path, "none/en")) == {}


def add_lines(server: Server, *lines: str) -> None:
    """Makes results hold further lines, before the others."""
    finish = server.batch._finish

    def longer(made: dict[str, Any]) -> None:
        finish(made)
        name = made.setdefault("output_file_id", "output-more")
        server.batch.files[name] = "".join(f"{line}\n" for line in lines) + server.batch.files.get(name, "")

    server.batch._finish = longer  # type: ignore[method-assign]


def test_odd_lines_of_a_result_are_no_answers(server: Server, tmp_path: Path) -> None:
    server.reply = echo
    odd = ["", "{", "[]", "7", '{"custom_id": "zzz"}', '{"custom_id": "99"}', '{"custom_id": "-1"}', '{"response": {}}']
    add_lines(server, *odd, '{"custom_id": "0", "response": null}', '{"custom_id": "0", "response": {"body": 5}}')
    assert ask(server, tmp_path, "a", "b")["failed"] == {}
    assert answered(tmp_path) == {"a": "To a", "b": "To b"}
    assert len(server.batch.batches) == 1


def test_separators_inside_an_answer_are_no_ends_of_lines(server: Server, tmp_path: Path) -> None:
    text = "one\u2028two\u0085three"
    choice = {"index": 0, "finish_reason": "stop", "message": {"content": text}}
    body = {"model": "m", "choices": [choice], "usage": {"prompt_tokens": 1, "completion_tokens": 1}}
    line = {"custom_id": "0", "response": {"status_code": 200, "body": body}}
    server.batch.end = lambda made, found: []
    add_lines(server, json.dumps(line, ensure_ascii=False))
    ask(server, tmp_path, "a")
    assert answered(tmp_path) == {"a": text}


def test_a_line_that_ends_the_job_takes_no_others_with_it(server: Server, tmp_path: Path) -> None:
    server.reply = lambda body: (401, {}) if body["messages"][-1]["content"] == "b" else "fine"
    with pytest.raises(Fatal, match="401"):
        ask(server, tmp_path, "a", "b", "c")
    assert answered(tmp_path).keys() == {"a", "c"}
    assert open_batches(tmp_path) == {}


def test_an_account_that_takes_nothing_ends_the_job(server: Server, tmp_path: Path) -> None:
    server.batch.end = queue_of(0)
    with pytest.raises(Fatal, match="does not take even one request"):
        ask(server, tmp_path, *"abcd", max_requests=4)
    assert len(server.batch.batches) <= 4
    assert open_batches(tmp_path) == {}


def test_creating_a_batch_is_tried_again_under_a_limit(server: Server, tmp_path: Path) -> None:
    def busy(made: dict[str, Any]) -> None:
        tries.append(made["id"])
        if len(tries) < 3:
            del server.batch.batches[made["id"]]
            raise web.HTTPTooManyRequests

    tries: list[str] = []
    server.reply, server.batch.on_create = echo, busy
    assert ask(server, tmp_path, "a")["failed"] == {}
    assert (len(tries), len(server.batch.batches)) == (3, 1)


@pytest.mark.parametrize("keeps_metadata", [True, False])
@pytest.mark.parametrize("error", [web.HTTPRequestTimeout, web.HTTPBadGateway])
def test_a_created_batch_is_known_by_its_mark_or_its_file(
    server: Server, tmp_path: Path, error: type[web.HTTPException], keeps_metadata: bool
) -> None:
    def unsure(made: dict[str, Any]) -> None:
        if not keeps_metadata:
            made["metadata"] = None
        raise error

    server.reply, server.batch.on_create = echo, unsure
    assert ask(server, tmp_path, "a", "b")["failed"] == {}
    assert asked(server) == ["a", "b"]
    assert len(server.batch.batches) == 1


def test_many_rows_that_no_batch_answers_fail_one_by_one(server: Server, tmp_path: Path) -> None:
    server.reply, server.batch.end = echo, lambda made, found: found[:1] if made["id"] == "batch-0" else []
    failed = ask(server, tmp_path, *map(str, range(50)))["failed"]["none/en"]
    assert set(failed.values()) == {"3 batches did not answer it"}
    assert len(failed) == 49
