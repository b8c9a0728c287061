"""A model of one name at two servers is two models; old keys stay, and a move that is declared costs nothing."""

from pathlib import Path
from typing import Any

import pytest

from xsafety.asking.journal import SERVERS, Journal, answers, lines
from xsafety.asking.requests import request
from xsafety.asking.servers import settled, with_server
from xsafety.config.models import OpenAI
from xsafety.tabular import DataError

HERE, THERE = "http://localhost:8000/v1", "http://localhost:8001/v1"


def block(**keys: Any) -> OpenAI:
    return OpenAI(engine="openai", model="default", **keys)


def key(folder: Path, said: list[str] | None = None, **keys: Any) -> str:
    """The key of a question to a model, as a job that asks makes it."""
    model = block(**keys)
    identity = settled(with_server(model), folder, model.connection(), [].append if said is None else said.append)
    assert settled(with_server(model), folder) == identity
    return request(identity, "a", "none/en", [{"role": "user", "content": "Hello"}]).key


OLD = request(block().identity(), "a", "none/en", [{"role": "user", "content": "Hello"}]).key


def test_another_server_is_another_model_and_the_first_has_the_old_keys(tmp_path: Path) -> None:
    said: list[str] = []
    assert key(tmp_path, said, base_url=HERE) == OLD
    assert not said
    other = key(tmp_path, said, base_url=THERE)
    assert other != OLD
    assert said == [
        f"note: {tmp_path}: default was first asked at localhost:8000/v1; "
        "localhost:8001/v1 is taken for another model. If it is the same, set same_as: localhost:8000/v1"
    ]
    assert len({OLD, other, key(tmp_path), key(tmp_path, base_url="http://node7:8000/v1")}) == 4
    assert key(tmp_path, base_url=HERE) == OLD
    assert key(tmp_path, base_url=THERE) == other


def test_a_move_that_is_declared_keeps_the_keys_and_is_said(tmp_path: Path) -> None:
    key(tmp_path, base_url=HERE)
    for same_as in (HERE, "localhost:8000/v1", "http://127.0.0.1:8000/v1/"):
        said: list[str] = []
        assert key(tmp_path, said, base_url=THERE, same_as=same_as) == OLD
        assert said == [f"note: answers of default at localhost:8000/v1 count for {THERE}, by same_as"]
    assert key(tmp_path, same_as=HERE) == OLD


def test_answers_from_before_servers_were_named_count_as_the_first_ones(tmp_path: Path) -> None:
    answer = {"text": "Hi", "status": "answered", "finish_reason": "stop", "detail": ""}
    with Journal(tmp_path / "none" / "en.jsonl") as journal:
        journal.append(OLD, "a", answer)
    said: list[str] = []
    assert key(tmp_path, said, base_url=HERE) in answers(tmp_path / "none" / "en.jsonl")
    assert said == [f"note: {tmp_path}: the answers there name no server; they count as those of localhost:8000/v1"]
    assert key(tmp_path, said, base_url=THERE) not in answers(tmp_path / "none" / "en.jsonl")
    assert [line["server"] for line in lines(tmp_path / SERVERS)] == ["localhost:8000/v1"]


def test_each_model_of_a_folder_has_a_first_server(tmp_path: Path) -> None:
    key(tmp_path, base_url=HERE)
    other = OpenAI(engine="openai", model="other", base_url=THERE)
    said: list[str] = []
    assert "server" not in settled(with_server(other), tmp_path, other.connection(), said.append)
    assert not said
    assert "server" in settled(with_server(block(base_url=THERE)), tmp_path)


def test_looking_writes_nothing(tmp_path: Path) -> None:
    assert "server" not in settled(with_server(block(base_url=HERE)), tmp_path / "none")
    assert not list(tmp_path.iterdir())


def test_a_broken_line_is_told(tmp_path: Path) -> None:
    (tmp_path / SERVERS).write_text('{"model":"default"}\n')
    with pytest.raises(DataError, match="line 1: no server"):
        settled(with_server(block(base_url=HERE)), tmp_path)


@pytest.mark.parametrize(
    ("address", "server"),
    [
        (None, "api.openai.com/v1"),
        ("https://api.openai.com/v1/", "api.openai.com/v1"),
        ("https://API.openai.com:443/v1", "api.openai.com/v1"),
        ("http://127.0.0.1:8000/v1", "localhost:8000/v1"),
        ("http://[::1]:8000/v1", "localhost:8000/v1"),
        ("http://0.0.0.0:8000", "localhost:8000"),
        ("http://localhost", "localhost"),
        ("http://localhost:80/", "localhost"),
        ("https://localhost:80/", "localhost:80"),
        ("http://node17:8000/models/a/v1", "node17:8000/models/a/v1"),
        ("http://[fe80::2]:81/v1", "fe80::2:81/v1"),
        ("node17:8000/v1", "node17:8000/v1"),
        ("http://x", "x"),
        ("http://x:port/v1", "x:port/v1"),
    ],
)
def test_one_server_has_one_name(address: str | None, server: str) -> None:
    assert block(base_url=address).server == server
    assert block(base_url="http://other", same_as=address).server == (server if address else "other")
