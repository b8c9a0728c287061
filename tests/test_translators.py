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
from xsafety.journal import Journal, answers, digest
from xsafety.tabular import write_csv
from xsafety.translation import DRAFT_COLUMNS, UNVERIFIED, Translated, drafts, read_memory, translate

SECRET = "s3cret-key"
DEAD = "libretranslate does not answer, or not as it should (ServerException)"
SKIPPED = "not asked for: libretranslate did not answer 3 times in a row"


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
) -> Translated:
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
        ("libretranslate", "zh-TW", "zt"),
        ("libretranslate", "zh-HK", "zt"),
        ("libretranslate", "zh-CN", "zh"),
        ("libretranslate", "no", "nb"),
        ("libretranslate", "pt-BR", "pt"),
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
    found = ask(server, tmp_path, texts, engine=engine, target=target)
    assert server.translations == [(text, code) for text in texts.values()]
    assert found == ({"a": f"[{code}] A mild text & more?", "b": f"[{code}] Two\nlines"}, {}, {})


def test_translations_are_cleaned(server: Server, tmp_path: Path) -> None:
    server.translate = lambda text, target: " e\u0301\r\n\u0007"
    assert ask(server, tmp_path, {"a": "x"})[0] == {"a": "é"}


def test_only_missing_rows_are_asked_again(server: Server, tmp_path: Path) -> None:
    ask(server, tmp_path, {"a": "One", "b": "Two"})
    server.translations.clear()
    done = ask(server, tmp_path, {"a": "One", "b": "Two, edited", "c": "Two"}).done
    assert server.translations == [("Two, edited", "fr")]
    assert done["c"] == "[fr] Two"
    ask(server, tmp_path, {"a": "One"}, target="de")
    assert server.translations[-1] == ("One", "de")


def test_equal_texts_are_asked_once(server: Server, tmp_path: Path) -> None:
    texts = {"a": "One", "b": "Two", "c": "One"}
    assert ask(server, tmp_path, texts).done == {"a": "[fr] One", "b": "[fr] Two", "c": "[fr] One"}
    assert sorted(server.translations) == [("One", "fr"), ("Two", "fr")]
    server.translations.clear()
    server.translate = lambda text, target: web.Response(status=500)
    found = ask(server, tmp_path, {"d": "Three", "e": "Three"})
    assert found.failed == found.again == {"d": DEAD, "e": DEAD}
    assert server.translations == [("Three", "fr")]


def test_a_passing_failure_is_tried_again(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr(translators.time, "sleep", waits.append)
    tries = iter([web.Response(status=500), web.Response(status=429), "gut"])
    server.translate = lambda text, target: next(tries)
    assert ask(server, tmp_path, {"a": "good"}, max_retries=2) == ({"a": "gut"}, {}, {})
    assert waits == [1, 2]


def test_tries_end(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(translators.time, "sleep", lambda _: None)
    server.translate = lambda text, target: web.Response(status=503)
    assert ask(server, tmp_path, {"a": "x"}, max_retries=2) == ({}, {"a": DEAD}, {"a": DEAD})
    assert len(server.translations) == 3


def test_a_dead_server_ends_soon_and_keeps_what_came(server: Server, tmp_path: Path) -> None:
    texts = {str(number): f"Text {number}" for number in range(10)}
    server.translate = lambda text, target: web.Response(status=500) if text > "Text 1" else text.upper()
    done, failed, again = ask(server, tmp_path, texts)
    assert done == {"0": "TEXT 0", "1": "TEXT 1"}
    assert failed == again == dict.fromkeys("234", DEAD) | dict.fromkeys("56789", SKIPPED)
    assert len(server.translations) == 5
    server.translate = lambda text, target: text.lower()
    assert ask(server, tmp_path, texts) == (
        {id: text.upper() if id in done else text.lower() for id, text in texts.items()},
        {},
        {},
    )


def test_rows_that_fail_here_and_there_do_not_end_it(server: Server, tmp_path: Path) -> None:
    server.translate = lambda text, target: web.Response(status=500) if int(text) % 3 else text
    done, failed, again = ask(server, tmp_path, {str(n): str(n) for n in range(8)})
    assert (sorted(done), sorted(failed)) == (["0", "3", "6"], ["1", "2", "4", "5", "7"])
    assert again == failed


LONG = "google takes at most 4,999 characters"


def test_texts_that_the_engine_never_takes_do_not_end_it(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(BASE_URLS, "GOOGLE_TRANSLATE", f"{server.url}/m")
    texts = {str(number): "x" * (5000 + number) for number in range(5)} | {"last": "Good"}
    assert ask(server, tmp_path, texts, engine="google") == (
        {"last": "[fr] Good"},
        dict.fromkeys("01234", LONG),
        {},
    )


def test_only_failures_in_passing_count_towards_giving_up(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(BASE_URLS, "GOOGLE_TRANSLATE", f"{server.url}/m")
    server.translate = lambda text, target: text.upper() if text == "good" else web.Response(status=500)
    texts = {"a": "a", "b": "b", "c": "x" * 5000, "d": "good", "e": "e", "f": "f", "g": "g", "h": "good too"}
    done, failed, again = ask(server, tmp_path, texts, engine="google")
    assert done == {"d": "GOOD"}
    assert failed["c"] == LONG
    assert failed["h"] == "not asked for: google did not answer 3 times in a row"
    assert again == {id: reason for id, reason in failed.items() if id != "c"}
    assert sorted(again) == ["a", "b", "e", "f", "g", "h"]


def test_an_empty_translation_is_asked_for_again(server: Server, tmp_path: Path) -> None:
    server.translate = lambda text, target: " \n"
    reason = {"a": "libretranslate gave an empty translation"}
    assert ask(server, tmp_path, {"a": "x"}) == ({}, reason, reason)
    assert answers(tmp_path / "j.jsonl") == {}
    server.translate = lambda text, target: "ix"
    assert ask(server, tmp_path, {"a": "x"}) == ({"a": "ix"}, {}, {})


def test_nobody_at_the_address(tmp_path: Path) -> None:
    _, failed, again = ask(Server(url="http://127.0.0.1:9"), tmp_path, {id: f"Text {id}" for id in "abcde"})
    reason = "libretranslate does not answer, or not as it should (ConnectionError)"
    assert failed == again == dict.fromkeys("abc", reason) | dict.fromkeys("de", SKIPPED)


def test_a_silent_server_is_not_waited_for(server: Server, tmp_path: Path) -> None:
    server.delay = 1
    start = time.monotonic()
    found = ask(server, tmp_path, {"a": "x"}, timeout=0.2)
    reason = "libretranslate does not answer, or not as it should (ReadTimeout)"
    assert found.failed == found.again == {"a": reason}
    assert time.monotonic() - start < 0.9


@pytest.mark.parametrize("status", [403, 500])
def test_a_key_is_sent_and_never_told(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    monkeypatch.setenv("LT_KEY", SECRET)
    server.translate = lambda text, target: web.Response(status=status, text=f"wrong key {SECRET}")
    found = ask(server, tmp_path, {"a": "x"}, api_key_env="LT_KEY")
    unreachable = ask(Server(url="http://127.0.0.1:9"), tmp_path, {"a": "x"}, api_key_env="LT_KEY")
    assert SECRET not in str(found) + str(unreachable)
    if status == 403:
        assert found == ({}, {"a": "libretranslate refused the key in LT_KEY"}, {})
    else:
        assert found == ({}, {"a": DEAD}, {"a": DEAD})


@pytest.mark.parametrize(
    ("content_type", "text", "reason", "passing"),
    [
        ("text/html", "<html>", "libretranslate does not answer, or not as it should (JSONDecodeError)", True),
        ("application/json", "{}", "libretranslate gave no translation (TranslationNotFound)", False),
        ("application/json", '{"error": "busy"}', "libretranslate gave no translation (KeyError)", False),
    ],
)
def test_other_failures_are_told_by_kind(
    server: Server, tmp_path: Path, content_type: str, text: str, reason: str, passing: bool
) -> None:
    server.translate = lambda *_: web.Response(text=text, content_type=content_type)
    assert ask(server, tmp_path, {"a": "x"}) == ({}, {"a": reason}, {"a": reason} if passing else {})


def test_google_refuses_long_texts_and_unknown_languages(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(BASE_URLS, "GOOGLE_TRANSLATE", f"{server.url}/m")
    assert ask(server, tmp_path, {"a": "x" * 5000}, engine="google") == ({}, {"a": LONG}, {})
    unknown = ask(server, tmp_path, {"a": "x", "b": "y"}, engine="google", target="tlh")
    assert unknown == ({}, dict.fromkeys("ab", "google does not translate tlh"), {})
    assert server.translations == []


def test_text_without_letters_is_not_asked_for_again(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(BASE_URLS, "GOOGLE_TRANSLATE", f"{server.url}/m")
    server.translate = lambda text, target: text
    done, failed, again = ask(server, tmp_path, {"a": "?!"}, engine="google")
    assert (done, again) == ({}, {})
    assert failed["a"].startswith("google ")


def test_without_an_engine_the_journal_still_serves(server: Server, tmp_path: Path) -> None:
    assert ask(server, tmp_path, {"a": "x"}, engine="none") == ({}, {"a": "no translation engine is configured"}, {})
    assert answers(tmp_path / "j.jsonl") == {}
    with Journal(tmp_path / "j.jsonl") as log:
        key = digest({"engine": "none", "source": "en", "target": "fr", "text": "x"})
        log.append(key, "a", {"text": "ix"})
    assert ask(server, tmp_path, {"a": "x"}, engine="none") == ({"a": "ix"}, {}, {})
    assert server.translations == []


def test_memory_comes_before_the_engine_and_missing_drafts_say_why(tmp_path: Path) -> None:
    kept = {"id": "old", "source": "One", "draft": " Un ", "engine": "somebody", "status": "checked"}
    write_csv(tmp_path / "fr.csv", DRAFT_COLUMNS, [kept, kept | {"source": "Two", "draft": ""}])
    memory = read_memory(tmp_path / "fr.csv")
    assert read_memory(tmp_path / "de.csv") == {}
    seeds = [{"id": id, "text": text} for id, text in zip("abcd", ("One", "Two", "Three", "Four"), strict=True)]
    failed = {"c": "google gave an empty translation", "d": "dead"}
    rows = drafts(seeds, memory, {"b": "Deux"}, failed, "google")
    assert [tuple(row[column] for column in DRAFT_COLUMNS) for row in rows] == [
        ("a", "One", "Un", "somebody", "checked"),
        ("b", "Two", "Deux", "google", UNVERIFIED),
        ("c", "Three", "", "", "missing: google gave an empty translation"),
        ("d", "Four", "", "", "missing: dead"),
    ]
