"""Translation: real requests to a server on loopback, what fails on it, and that nothing is asked twice."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from aiohttp import web
from deep_translator.constants import BASE_URLS

from tests.loopback import Server
from xsafety.engines import translators
from xsafety.journal import answers
from xsafety.tabular import write_csv
from xsafety.translation import DRAFT_COLUMNS, UNVERIFIED, drafts, read_memory, translate

SECRET = "s3cret-key"


@pytest.fixture(autouse=True)
def usual_session() -> Iterator[None]:
    """Takes back the time limit that a translator sets for all of requests."""
    request = requests.Session.request
    yield
    requests.Session.request = request  # type: ignore[method-assign]


def connection(server: Server, **more: Any) -> dict[str, Any]:
    return {"base_url": server.url, "api_key_env": None, "timeout": 5, "max_retries": 0} | more


def ask(
    server: Server,
    folder: Path,
    texts: dict[str, str],
    *,
    engine: str = "libretranslate",
    target: str = "fr",
    **more: Any,
) -> tuple[dict[str, str], dict[str, str]]:
    return translate(
        texts,
        source="en",
        target=target,
        engine=engine,
        connection=connection(server, **more),
        journal_file=folder / "j.jsonl",
        progress=lambda _: None,
    )


@pytest.mark.parametrize(
    ("engine", "target", "code"),
    [
        ("libretranslate", "fr", "fr"),
        ("libretranslate", "bn", "bn"),
        ("libretranslate", "zh", "zh"),
        ("libretranslate", "zh-Hant", "zt"),
        ("google", "bn", "bn"),
        ("google", "zh", "zh-CN"),
        ("google", "he", "iw"),
    ],
)
def test_texts_are_sent_in_the_engines_own_code(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: str, target: str, code: str
) -> None:
    monkeypatch.setitem(BASE_URLS, "GOOGLE_TRANSLATE", f"{server.url}/m")
    texts = {"a": "A mild text & more?", "b": "Two\nlines"}
    done, failed = ask(server, tmp_path, texts, engine=engine, target=target)
    assert server.translations == [(text, code) for text in texts.values()]
    assert (done, failed) == ({"a": f"[{code}] A mild text & more?", "b": f"[{code}] Two\nlines"}, {})


def test_translations_are_cleaned(server: Server, tmp_path: Path) -> None:
    server.translate = lambda text, target: " e\u0301\r\n\u0007"
    assert ask(server, tmp_path, {"a": "x"})[0] == {"a": "é"}


def test_only_missing_rows_are_asked_again(server: Server, tmp_path: Path) -> None:
    ask(server, tmp_path, {"a": "One", "b": "Two"})
    server.translations.clear()
    done, _ = ask(server, tmp_path, {"a": "One", "b": "Two, edited", "c": "Two"})
    assert server.translations == [("Two, edited", "fr")]
    assert done["c"] == "[fr] Two"
    ask(server, tmp_path, {"a": "One"}, target="de")
    assert server.translations[-1] == ("One", "de")


def test_a_passing_failure_is_tried_again(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr(translators.time, "sleep", waits.append)
    tries = iter([web.Response(status=500), web.Response(status=429), "gut"])
    server.translate = lambda text, target: next(tries)
    assert ask(server, tmp_path, {"a": "good"}, max_retries=2) == ({"a": "gut"}, {})
    assert waits == [1, 2]


def test_tries_end(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(translators.time, "sleep", lambda _: None)
    server.translate = lambda text, target: web.Response(status=503)
    assert ask(server, tmp_path, {"a": "x"}, max_retries=2)[1] == {
        "a": "libretranslate cannot be reached (ServerException)"
    }
    assert len(server.translations) == 3


def test_a_dead_server_ends_soon_and_keeps_what_came(server: Server, tmp_path: Path) -> None:
    texts = {str(number): f"Text {number}" for number in range(10)}
    server.translate = lambda text, target: web.Response(status=500) if text > "Text 1" else text.upper()
    done, failed = ask(server, tmp_path, texts)
    assert done == {"0": "TEXT 0", "1": "TEXT 1"}
    assert failed["4"] == "libretranslate cannot be reached (ServerException)"
    assert failed["5"] == failed["9"] == f"not asked for after 3 failures: {failed['4']}"
    assert len(server.translations) == 5
    server.translate = lambda text, target: text.lower()
    assert ask(server, tmp_path, texts) == (
        {id: text.upper() if id in done else text.lower() for id, text in texts.items()},
        {},
    )


def test_rows_that_fail_here_and_there_do_not_end_it(server: Server, tmp_path: Path) -> None:
    server.translate = lambda text, target: web.Response(status=500) if int(text) % 3 else text
    done, failed = ask(server, tmp_path, {str(n): str(n) for n in range(8)})
    assert (sorted(done), sorted(failed)) == (["0", "3", "6"], ["1", "2", "4", "5", "7"])


def test_nobody_at_the_address(tmp_path: Path) -> None:
    _, failed = ask(Server(url="http://127.0.0.1:9"), tmp_path, dict.fromkeys("abcde", "x"))
    assert failed["a"] == "libretranslate cannot be reached (ConnectionError)"
    assert failed["e"].startswith("not asked for after 3 failures")


def test_a_silent_server_is_not_waited_for(server: Server, tmp_path: Path) -> None:
    server.delay = 1
    start = time.monotonic()
    _, failed = ask(server, tmp_path, {"a": "x"}, timeout=0.2)
    assert failed == {"a": "libretranslate cannot be reached (ReadTimeout)"}
    assert time.monotonic() - start < 0.9


@pytest.mark.parametrize("status", [403, 500])
def test_a_key_is_sent_and_never_told(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    monkeypatch.setenv("LT_KEY", SECRET)
    server.translate = lambda text, target: web.Response(status=status, text=f"wrong key {SECRET}")
    _, failed = ask(server, tmp_path, {"a": "x"}, api_key_env="LT_KEY")
    _, unreachable = ask(Server(url="http://127.0.0.1:9"), tmp_path, {"a": "x"}, api_key_env="LT_KEY")
    assert SECRET not in str(failed) + str(unreachable)
    if status == 403:
        assert failed == {"a": "libretranslate refused the key in LT_KEY"}


@pytest.mark.parametrize(
    ("content_type", "text", "reason"),
    [
        ("text/html", "<html>", "libretranslate cannot be reached (JSONDecodeError)"),
        ("application/json", "{}", "libretranslate gave no translation (TranslationNotFound)"),
        ("application/json", '{"error": "busy"}', "libretranslate gave no translation (KeyError)"),
    ],
)
def test_other_failures_are_told_by_kind(
    server: Server, tmp_path: Path, content_type: str, text: str, reason: str
) -> None:
    server.translate = lambda *_: web.Response(text=text, content_type=content_type)
    assert ask(server, tmp_path, {"a": "x"}) == ({}, {"a": reason})


def test_google_refuses_long_texts_and_unknown_languages(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(BASE_URLS, "GOOGLE_TRANSLATE", f"{server.url}/m")
    _, failed = ask(server, tmp_path, {"a": "x" * 5000}, engine="google")
    assert failed == {"a": "google takes at most 4,999 characters"}
    assert ask(server, tmp_path, {"a": "x"}, engine="google", target="tlh")[1] == {"a": "google does not translate tlh"}
    assert server.translations == []


def test_google_gives_no_text_for_text_without_letters(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(BASE_URLS, "GOOGLE_TRANSLATE", f"{server.url}/m")
    server.translate = lambda text, target: text
    assert ask(server, tmp_path, {"a": "?!"}, engine="google") == ({"a": ""}, {})


def test_without_an_engine_the_journal_still_serves(server: Server, tmp_path: Path) -> None:
    assert ask(server, tmp_path, {"a": "x"}, engine="none") == ({}, {"a": "no translation engine is configured"})
    assert answers(tmp_path / "j.jsonl") == {}


def test_memory_comes_before_the_engine_and_missing_drafts_say_why(tmp_path: Path) -> None:
    kept = {"id": "old", "source": "One", "draft": " Un ", "engine": "somebody", "status": "checked"}
    write_csv(tmp_path / "fr.csv", DRAFT_COLUMNS, [kept, kept | {"source": "Two", "draft": ""}])
    memory = read_memory(tmp_path / "fr.csv")
    assert read_memory(tmp_path / "de.csv") == {}
    seeds = [{"id": id, "text": text} for id, text in zip("abcd", ("One", "Two", "Three", "Four"), strict=True)]
    rows = drafts(seeds, memory, {"b": "Deux", "c": ""}, {"d": "dead"}, "google")
    assert [tuple(row[column] for column in DRAFT_COLUMNS) for row in rows] == [
        ("a", "One", "Un", "somebody", "checked"),
        ("b", "Two", "Deux", "google", UNVERIFIED),
        ("c", "Three", "", "", "missing: google gave an empty translation"),
        ("d", "Four", "", "", "missing: dead"),
    ]
