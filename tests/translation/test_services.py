"""Translation: real requests to a server on loopback, what fails on it, and that nothing is asked twice."""

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import pytest
import requests
from aiohttp import web
from deep_translator.constants import BASE_URLS

from tests.conftest import cases
from tests.servers.loopback import Server
from xsafety.asking import progress
from xsafety.asking.journal import Journal, answers, digest, lines
from xsafety.config.models import Connection
from xsafety.config.translation import ServiceConnection, Translation
from xsafety.rows import Draft, Seed, TranslatorIdentity
from xsafety.tabular import columns, write_rows
from xsafety.translation import services
from xsafety.translation.drafting import UNVERIFIED, Translated, Translator, drafts, translate
from xsafety.translation.memory import read_memory
from xsafety.translation.services.deepl import DEEPL, DEEPL_CODES, deepl_address, deepl_code
from xsafety.translation.services.google import google_code
from xsafety.translation.services.libretranslate import libretranslate_code
from xsafety.translation.services.microsoft import MICROSOFT_CODES, microsoft_code
from xsafety.translation.services.service import Endpoint, TranslationFailed

SECRET = "s3cret-key"
DEAD = "libretranslate does not answer, or not as it should (500)"
SKIPPED = "not asked for: libretranslate did not answer 3 times in a row"
SKIPPED_LATER = SKIPPED.replace("3 times", "6 times")

CODES = {
    "google": google_code,
    "libretranslate": libretranslate_code,
    "deepl": deepl_code,
    "microsoft": microsoft_code,
}


def connection(server: Server, **more: Any) -> ServiceConnection:
    return ServiceConnection.model_validate({"base_url": server.url, "timeout": 5.0, "max_retries": 0, **more})


def ask(
    server: Server,
    folder: Path,
    texts: dict[str, str],
    *,
    engine: str = "libretranslate",
    target: str = "fr",
    progress: Callable[[str], None] = lambda _: None,
    **more: Any,
) -> Translated:
    return translate(
        texts,
        Translator({"engine": engine}, connection(server, **more)),
        source="en",
        target=target,
        journal_file=folder / "j.jsonl",
        progress=progress,
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
        ("libretranslate", "pt-BR", "pb"),
        ("google", "bn", "bn"),
        ("google", "zh", "zh-CN"),
        ("google", "he", "iw"),
        ("deepl", "pt", "PT-BR"),
        ("microsoft", "sr-Latn", "sr-Latn"),
    ],
)
def test_texts_are_sent_in_the_engines_own_code(
    server: Server, tmp_path: Path, keys: None, engine: str, target: str, code: str
) -> None:
    texts = {"a": "A mild text & more?", "b": "Two\nlines"}
    found = ask(server, tmp_path, texts, engine=engine, target=target)
    assert server.translations == [(text, code) for text in texts.values()]
    assert found == ({"a": f"[{code}] A mild text & more?", "b": f"[{code}] Two\nlines"}, {}, {})


def test_what_a_model_refuses_or_answers_is_no_draft_and_asked_once(server: Server, tmp_path: Path) -> None:
    said = {
        "How do I open a tin?": "Je suis désolé, mais je ne peux pas vous aider.",
        "Is tea warm?": "Oui, bien sûr, le thé est chaud.",
        "Where is it?": "Voici la traduction : Où est-ce ?",
        "Who are you?": "Qui es-tu ?",
    }
    server.reply = lambda body: said[body["messages"][-1]["content"].removeprefix("Into French: ")]
    identity: TranslatorIdentity = {
        "engine": "openai",
        "model": "m",
        "decoding": {},
        "prompt": "Into {target}: {text}",
    }
    texts = {str(number): text for number, text in enumerate(said)}

    def drafted(source: str, target: str) -> Translated:
        by = Translator(identity, Connection(base_url=f"{server.url}/v1", max_retries=0))
        file = tmp_path / f"{target}.jsonl"
        return translate(texts, by, source=source, target=target, journal_file=file, progress=lambda _: None)

    found = drafted("en", "fr")
    assert found.done == {"3": "Qui es-tu ?"}
    assert found.again == {}, "the journal would say the same"
    assert [reason.split("(")[0] for reason in found.failed.values()] == ["m: no translation "] * 3
    assert len(server.chats) == 4
    assert drafted("en", "fr") == found
    assert len(server.chats) == 4


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


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What a translator waits, without the waiting."""
    waited: list[float] = []
    monkeypatch.setattr(services, "sleep", lambda seconds: waited.append(seconds) if seconds else None)
    return waited


def test_a_passing_failure_is_tried_again_after_a_random_growing_wait(
    server: Server, tmp_path: Path, waits: list[float]
) -> None:
    tries = iter([web.Response(status=500), web.Response(status=429), web.Response(status=503), "gut"])
    server.translate = lambda text, target: next(tries)
    assert ask(server, tmp_path, {"a": "good"}, max_retries=3) == ({"a": "gut"}, {}, {})
    assert len(waits) == 3
    assert all(most / 2 <= wait <= most for wait, most in zip(waits, (1, 2, 4), strict=True))
    assert waits[0] != waits[1] / 2


@pytest.mark.parametrize("engine", ["libretranslate", "google", "deepl", "microsoft"])
def test_what_a_service_asks_to_wait_is_waited(
    server: Server, tmp_path: Path, keys: None, waits: list[float], engine: str
) -> None:
    tries = iter([web.Response(status=429, headers={"Retry-After": "7"}), "gut"])
    server.translate = lambda text, target: next(tries)
    assert ask(server, tmp_path, {"a": "good"}, engine=engine, max_retries=1).done == {"a": "gut"}
    assert waits == [7]
    server.translate = lambda text, target: web.Response(status=429, headers={"Retry-After": "3600"})
    reason = f"{engine} does not answer, or not as it should (429)"
    assert ask(server, tmp_path, {"b": "better"}, engine=engine, max_retries=5).again == {"b": reason}
    assert waits == [7], "an hour is not waited"


def test_tries_end_and_are_fewer_while_the_engine_does_not_answer(
    server: Server, tmp_path: Path, waits: list[float]
) -> None:
    server.translate = lambda text, target: web.Response(status=500)
    found = ask(server, tmp_path, dict(zip("abcd", "abcd", strict=True)), max_retries=2)
    assert found.again == dict.fromkeys("acd", DEAD) | {"b": SKIPPED}
    assert [text for text, _ in server.translations] == ["a", "a", "a", "d", "c"], "from both ends"


def test_calls_are_paced(server: Server, tmp_path: Path) -> None:
    start = time.monotonic()
    ask(server, tmp_path, {str(number): f"Text {number}" for number in range(6)}, requests_per_minute=600)
    assert 0.4 <= time.monotonic() - start < 5
    start = time.monotonic()
    ask(server, tmp_path, {str(number): f"More {number}" for number in range(6)})
    assert time.monotonic() - start < 0.4


def test_a_dead_server_ends_soon_and_keeps_what_came(server: Server, tmp_path: Path) -> None:
    texts = {str(number): f"Text {number}" for number in range(10)}
    server.translate = lambda text, target: web.Response(status=500) if text > "Text 1" else text.upper()
    done, failed, again = ask(server, tmp_path, texts)
    assert done == {"0": "TEXT 0", "1": "TEXT 1"}
    assert failed == again == dict.fromkeys("256789", DEAD) | dict.fromkeys("34", SKIPPED_LATER)
    assert len(server.translations) == 8
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


def test_texts_that_the_engine_never_takes_do_not_end_it(server: Server, tmp_path: Path) -> None:
    server.translate = lambda text, target: web.Response(status=400) if text != "Good" else "Gut"
    texts = {str(number): f"Bad {number}" for number in range(5)} | {"last": "Good"}
    refused = dict.fromkeys("01234", "libretranslate refused the text (400)")
    assert ask(server, tmp_path, texts) == ({"last": "Gut"}, refused, {})


def test_only_failures_in_passing_count_towards_giving_up(server: Server, tmp_path: Path) -> None:
    statuses = {"c": 400}
    server.translate = lambda text, target: (
        text.upper() if text == "good" else web.Response(status=statuses.get(text, 500))
    )
    texts = {"d": "good"} | {id: id for id in "akbefghc"}
    done, failed, again = ask(server, tmp_path, texts)
    assert done == {"d": "GOOD"}
    assert failed["c"] == "libretranslate refused the text (400)"
    assert failed["k"] == SKIPPED_LATER
    assert again == {id: reason for id, reason in failed.items() if id != "c"}
    assert sorted(again) == ["a", "b", "e", "f", "g", "h", "k"]


def test_bad_texts_side_by_side_block_no_others(server: Server, tmp_path: Path) -> None:
    server.translate = lambda text, target: web.Response(status=500) if text < "Text 3" else text.upper()
    done, failed, again = ask(server, tmp_path, {str(number): f"Text {number}" for number in range(10)})
    assert sorted(done) == list("3456789")
    assert failed == again == dict.fromkeys("012", DEAD)


def test_an_engine_that_refuses_every_text_is_asked_no_further(server: Server, tmp_path: Path) -> None:
    server.translate = lambda text, target: web.Response(status=400)
    _, failed, again = ask(server, tmp_path, {str(number): f"Text {number}" for number in range(10)})
    assert len(server.translations) == 3
    assert sorted(failed) == sorted(again) == list("0123456789"), "all are to be asked again"
    assert again["5"] == "not asked for: libretranslate took none of the first 3 texts"


def test_texts_that_are_refused_for_good_stand_in_the_way_of_no_new_one(server: Server, tmp_path: Path) -> None:
    server.translate = lambda text, target: web.Response(status=400) if text.startswith("Bad") else text.upper()
    bad = {str(number): f"Bad {number}" for number in range(8)}
    assert ask(server, tmp_path, {"good": "Good"} | bad).again == {}
    done, failed, again = ask(server, tmp_path, dict([*bad.items()][:4]) | {"new": "New"} | bad | {"good": "Good"})
    assert done == {"good": "GOOD", "new": "NEW"}
    assert sorted(failed) == sorted(bad)
    assert again == {}


def test_progress_is_told_in_a_line(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "LOG_EVERY", 0.05)
    server.delay = 0.05
    said: list[str] = []
    ask(server, tmp_path, {str(number): f"Text {number}" for number in range(10)}, progress=said.append)
    assert re.fullmatch(r"fr: [1-9] of 10 drafts, \d+\.\d/s, [01] s to go", said[-1])


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
    assert failed == again == dict.fromkeys("ade", reason) | dict.fromkeys("bc", SKIPPED)


def test_a_key_that_is_not_set_is_told(server: Server, tmp_path: Path) -> None:
    found = ask(server, tmp_path, {"a": "One hat."}, engine="deepl", api_key_env="NOT_SET_ANYWHERE")
    assert set(found.failed.values()) == {
        "the environment variable NOT_SET_ANYWHERE is not set; run: export NOT_SET_ANYWHERE=..."
    }


def test_a_silent_server_is_not_waited_for(server: Server, tmp_path: Path) -> None:
    server.delay = 1
    start = time.monotonic()
    found = ask(server, tmp_path, {"a": "x"}, timeout=0.2)
    reason = "libretranslate does not answer, or not as it should (ReadTimeout)"
    assert found.failed == found.again == {"a": reason}
    assert time.monotonic() - start < 0.9


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch, server: Server) -> None:
    """The variable of a key, and Google's page on the server."""
    monkeypatch.setenv("THE_KEY", SECRET)
    monkeypatch.setitem(BASE_URLS, "GOOGLE_TRANSLATE", f"{server.url}/m")


@pytest.mark.parametrize("engine", ["libretranslate", "deepl", "microsoft"])
@pytest.mark.parametrize("status", [401, 403, 404, 456, 500])
def test_a_key_is_never_told(server: Server, tmp_path: Path, keys: None, engine: str, status: int) -> None:
    server.translate = lambda text, target: web.Response(status=status, text=f"wrong key {SECRET}")
    texts = {"a": "x", "b": "y"}
    found = ask(server, tmp_path, texts, engine=engine, api_key_env="THE_KEY")
    nobody = ask(Server(url="http://127.0.0.1:9"), tmp_path, {"a": "x"}, engine=engine, api_key_env="THE_KEY")
    assert SECRET not in str(found) + str(nobody)
    assert nobody.again == {"a": f"{engine} does not answer, or not as it should (ConnectionError)"}
    reason = {
        401: f"{engine} refused the key in THE_KEY",
        403: f"{engine} refused the key in THE_KEY",
        404: f"{engine} is not at its address (404); check translation.base_url",
        456: f"{engine} refused the text (456)",
        500: f"{engine} does not answer, or not as it should (500)",
    }[status]
    if (engine, status) in (("deepl", 456), ("microsoft", 403)):
        reason = f"{engine} translates no more: the quota of the key in THE_KEY is used up"
    assert found.failed == dict.fromkeys(texts, reason)
    # A wrong key and a used up quota concern all texts, and are mended outside of the configuration.
    closed = "text" not in reason and status != 500
    assert len(server.translations) == (1 if closed else 2)
    assert found.again == ({} if "text" in reason else found.failed)


def test_a_missing_key_is_told(server: Server, tmp_path: Path) -> None:
    server.translate = lambda text, target: web.Response(status=403)
    reason = "libretranslate wants a key; name its variable by translation.api_key_env"
    assert ask(server, tmp_path, {"a": "x"}).again == {"a": reason}


@pytest.mark.parametrize(
    ("engine", "headers", "source", "target"),
    [
        ("deepl", {"authorization": f"DeepL-Auth-Key {SECRET}"}, "EN", "ZH-HANS"),
        (
            "microsoft",
            {"ocp-apim-subscription-key": SECRET, "ocp-apim-subscription-region": "westeurope"},
            "en",
            "zh-Hans",
        ),
    ],
)
def test_services_get_their_key_and_their_codes(
    server: Server, tmp_path: Path, keys: None, engine: str, headers: dict[str, str], source: str, target: str
) -> None:
    texts = {"a": "A mild text & more? ¿Sí?", "b": "Two\nlines"}
    found = ask(server, tmp_path, texts, engine=engine, target="zh", api_key_env="THE_KEY", region="westeurope")
    assert found == ({id: f"[{target}] {text}" for id, text in texts.items()}, {}, {})
    assert server.translations == [(text, target) for text in texts.values()]
    assert server.sources == [source, source]
    assert all(headers.items() <= sent.items() for sent in server.headers)


@pytest.mark.parametrize(
    ("key", "host"), [("k:fx", "https://api-free.deepl.com/v2/"), ("k", "https://api.deepl.com/v2/")]
)
def test_deepl_s_host_is_that_of_the_key(monkeypatch: pytest.MonkeyPatch, key: str, host: str) -> None:
    monkeypatch.setenv("THE_KEY", key)
    endpoint = Endpoint("deepl", DEEPL, ServiceConnection(api_key_env="THE_KEY"))
    assert deepl_address(endpoint) == host


@pytest.mark.parametrize(("engine", "target"), [("google", "tlh"), ("deepl", "ti"), ("microsoft", "ace")])
def test_languages_that_a_service_lacks_are_not_asked_for(
    server: Server, tmp_path: Path, keys: None, engine: str, target: str
) -> None:
    found = ask(server, tmp_path, {"a": "x", "b": "y"}, engine=engine, target=target, api_key_env="THE_KEY")
    assert found == ({}, dict.fromkeys("ab", f"{engine} does not translate {target}"), {})
    assert server.translations == []


LINES = "\n\n".join(f"Paragraph {n} is short. It has two sentences!" for n in range(200))


def test_long_texts_go_in_pieces(server: Server, tmp_path: Path, keys: None) -> None:
    server.translate = lambda text, target: text.upper()
    text = f"{LINES}\n\n?!\n\n{'word ' * 1200}end"
    found = ask(server, tmp_path, {"a": text, "b": "Short"}, engine="google")
    assert found == ({"a": text.upper(), "b": "SHORT"}, {}, {})
    sent = [text for text, _ in server.translations]
    assert 4 <= len(sent) <= 7
    assert max(map(len, sent)) <= 4999
    assert [line["id"] for line in lines(tmp_path / "j.jsonl")] == ["a", "b"]


def test_of_a_long_text_nothing_half_is_kept(server: Server, tmp_path: Path, keys: None) -> None:
    server.translate = lambda text, target: web.Response(status=500) if "Paragraph 199" in text else text.upper()
    found = ask(server, tmp_path, {"a": LINES}, engine="google")
    assert found.again == {"a": "google does not answer, or not as it should (500)"}
    assert len(server.translations) > 1
    assert answers(tmp_path / "j.jsonl") == {}


@pytest.mark.parametrize(
    ("text", "limit", "made"),
    [
        ("short", 5, ["short"]),
        ("one two three", 8, ["one two", " ", "three"]),
        ("One. Two three. Four", 17, ["One. Two three.", " ", "Four"]),
        ("One. Two\n\nthree. Four", 16, ["One. Two", "\n\n", "three. Four"]),
        ("一二三。四五六七", 6, ["一二三。", "", "四五六七"]),
        ("abcdefgh", 3, ["abc", "", "def", "", "gh"]),
        ("एक दो। तीन चार", 9, ["एक दो।", " ", "तीन चार"]),
        # A cut in the first half is taken only where there is no other.
        ("I\nam one long line", 12, ["I\nam one", " ", "long line"]),
        ("I abcdefghijklmno", 12, ["I", " ", "abcdefghijkl", "", "mno"]),
    ],
)
def test_where_long_texts_are_cut(text: str, limit: int, made: list[str]) -> None:
    assert services.pieces(text, limit) == made


def test_pieces_hold_to_the_limit_and_are_the_text() -> None:
    text = f" {LINES} {'x' * 300}\n \n {LINES}  "
    for limit in range(1, 400, 7):
        made = services.pieces(text, limit)
        assert "".join(made) == text
        assert max(map(len, made[::2])) <= limit
        assert not any(space.strip() for space in made[1::2])


def test_the_services_are_the_engines_of_the_configuration() -> None:
    engines = get_args(Translation.model_fields["engine"].annotation)
    assert set(services.SERVICES) == {*engines} - {"none", "openai", "transformers"}
    assert set(services.SERVICES) == {"google", "libretranslate", "deepl", "microsoft"}


@pytest.mark.parametrize("engine", services.SERVICES)
def test_every_service_translates_into_the_language_of_its_own_variants(
    server: Server, tmp_path: Path, keys: None, engine: str
) -> None:
    assert services.SERVICES[engine].characters > 0
    found = ask(server, tmp_path, {"a": "A mild text."}, engine=engine, target="pt-BR", api_key_env="THE_KEY")
    [(text, code)] = server.translations
    assert text == "A mild text."
    assert code == CODES[engine]("pt-BR")
    assert found == ({"a": f"[{code}] A mild text."}, {}, {})


def test_a_translator_changes_no_library(server: Server, tmp_path: Path, keys: None) -> None:
    before = dict(vars(requests.Session)), dict(vars(requests)), dict(vars(requests.api))
    for engine in services.SERVICES:
        ask(server, tmp_path, {engine: f"For {engine}."}, engine=engine, api_key_env="THE_KEY", timeout=3.0)
    assert before == (dict(vars(requests.Session)), dict(vars(requests)), dict(vars(requests.api)))


@pytest.mark.parametrize(
    ("engine", "variable", "per_minute"),
    [("google", None, 300), ("libretranslate", None, None), ("deepl", "DEEPL_API_KEY", 600)],
)
def test_a_connection_has_the_defaults_of_the_service(
    engine: str, variable: str | None, per_minute: float | None
) -> None:
    block = Translation.model_validate({"engine": engine, "base_url": "http://127.0.0.1", "timeout": 7.0})
    made = services.connection(block)
    assert isinstance(made, ServiceConnection)
    assert (made.base_url, made.timeout) == ("http://127.0.0.1", 7)
    assert (made.api_key_env, made.requests_per_minute) == (variable, per_minute)
    chosen = services.connection(block.model_copy(update={"api_key_env": "MINE", "requests_per_minute": 5}))
    assert isinstance(chosen, ServiceConnection)
    assert (chosen.api_key_env, chosen.requests_per_minute) == ("MINE", 5)


@pytest.mark.parametrize(
    ("content_type", "text", "reason", "passing"),
    [
        ("text/html", "<html>", "libretranslate does not answer, or not as it should (JSONDecodeError)", True),
        ("application/json", "{}", "libretranslate does not answer as it should (TranslationNotFound)", True),
        ("application/json", '{"error": "busy"}', "libretranslate does not answer as it should (KeyError)", True),
    ],
)
def test_other_failures_are_told_by_kind(
    server: Server, tmp_path: Path, content_type: str, text: str, reason: str, passing: bool
) -> None:
    server.translate = lambda *_: web.Response(text=text, content_type=content_type)
    assert ask(server, tmp_path, {"a": "x"}) == ({}, {"a": reason}, {"a": reason} if passing else {})


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
    kept: Draft = {"id": "old", "source": "One", "draft": " Un ", "engine": "somebody", "status": "checked"}
    write_rows(tmp_path / "fr.csv", Draft, [kept, {**kept, "source": "Two", "draft": ""}])
    memory = read_memory(tmp_path / "fr.csv")
    assert read_memory(tmp_path / "de.csv") == {}
    texts = zip("abcd", ("One", "Two", "Three", "Four"), strict=True)
    seeds = [Seed(id=id, category="insult", text=text) for id, text in texts]
    failed = {"c": "google gave an empty translation", "d": "dead"}
    rows = drafts(seeds, memory, {"b": "Deux"}, failed, "google")
    assert all(tuple(row) == columns(Draft) for row in rows)
    assert [tuple(row.values()) for row in rows] == [
        ("a", "One", "Un", "somebody", "checked"),
        ("b", "Two", "Deux", "google", UNVERIFIED),
        ("c", "Three", "", "", "missing: google gave an empty translation"),
        ("d", "Four", "", "", "missing: dead"),
    ]


@pytest.mark.parametrize(
    ("tag", "google", "libretranslate", "deepl", "microsoft"),
    [
        ("en", "en", "en", "EN-US", "en"),
        ("en-GB", "en", "en", "EN-GB", "en"),
        ("zh", "zh-CN", "zh", "ZH-HANS", "zh-Hans"),
        ("zh-Hant", "zh-TW", "zt", "ZH-HANT", "zh-Hant"),
        ("zh-TW", "zh-TW", "zt", "ZH-HANT", "zh-Hant"),
        ("bn", "bn", "bn", "BN", "bn"),
        ("he", "iw", "he", "HE", "he"),
        ("jv", "jw", "jv", "JV", None),
        ("fil", "tl", "tl", "TL", "fil"),
        ("nb", "no", "nb", "NB", "nb"),
        ("no", "no", "nb", "NB", "nb"),
        ("pt", "pt", "pt", "PT-BR", "pt"),
        ("pt-BR", "pt", "pb", "PT-BR", "pt"),
        ("pt-PT", "pt-PT", "pt", "PT-PT", "pt-pt"),
        ("pt-AO", "pt-PT", "pt", "PT-PT", "pt-pt"),
        ("es-MX", "es", "es", "ES-419", "es"),
        ("fr-CA", "fr-CA", "fr", "FR-CA", "fr-ca"),
        ("fr-CH", "fr", "fr", "FR", "fr"),
        ("sr", "sr", "sr", "SR", "sr-Cyrl"),
        ("sr-Latn", None, None, None, "sr-Latn"),
        # Neighbours, in language or in script: another language.
        ("sr-ME", None, None, None, "sr-Latn"),
        ("bs-Cyrl", None, None, None, None),
        ("lb", "lb", "lb", "LB", None),
        ("nds", None, "nds", None, None),
        ("ast", None, "ast", None, None),
        ("arz", None, "arz", None, None),
        ("uz-AF", None, None, None, None),
        ("ms-Arab", None, None, None, None),
        ("mn-Mong", None, None, None, "mn-Mong"),
        ("zh-Latn", None, None, None, None),
        # A variety, or the code of a language's usual variety: the same language.
        ("ar-EG", "ar", "ar", "AR", "ar"),
        ("fa-AF", "fa", "fa", "PRS", "prs"),
        ("swh", "sw", "sw", "SW", "sw"),
        ("zsm", "ms", "ms", "MS", "ms"),
        ("cmn-Hant", "zh-TW", "zt", "ZH-HANT", "zh-Hant"),
        ("id-x-informal", "id", "id", "ID", "id"),
        ("ku", "ku", "ku", "KMR", "kmr"),
        ("ckb", "ckb", "ckb", "CKB", "ku"),
        ("lg", "lg", "lg", None, "lug"),
        ("mn", "mn", "mn", "MN", "mn-Cyrl"),
        ("sw", "sw", "sw", "SW", "sw"),
        ("yue", None, "yue", "YUE", "yue"),
        ("tlh", None, "tlh", None, "tlh-Latn"),
        ("nn", None, "nn", None, None),
    ],
)
def test_codes_of_the_translation_services(
    tag: str, google: str | None, libretranslate: str | None, deepl: str | None, microsoft: str | None
) -> None:
    for service, code in (
        ("google", google),
        ("libretranslate", libretranslate),
        ("deepl", deepl),
        ("microsoft", microsoft),
    ):
        if code:
            assert CODES[service](tag) == code
        else:
            with pytest.raises(TranslationFailed, match=f"^{service} does not translate {tag}$"):
                CODES[service](tag)


@pytest.mark.parametrize("case", [case for service in CODES for case in cases("languages.jsonl", service)])
def test_the_code_of_a_case(case: dict[str, dict[str, Any]]) -> None:
    asked, expected = case["input"], case["expected"]["code"]
    try:
        code = CODES[asked["service"]](asked["tag"])
    except TranslationFailed as error:
        code = str(error).removeprefix(f"{asked['service']} ").removesuffix(f" {asked['tag']}")
    assert code in (expected if isinstance(expected, list) else [expected])


def test_deepl_translates_from_languages_without_variants() -> None:
    assert [deepl_code(tag, source=True) for tag in ("en", "pt-BR", "zh-Hant", "sw")] == ["EN", "PT", "ZH", "SW"]


def test_every_code_of_a_list_is_found_by_its_own_tag() -> None:
    assert [deepl_code(code) for code in DEEPL_CODES] == DEEPL_CODES
    assert [microsoft_code(code if code != "ku" else "ckb") for code in MICROSOFT_CODES] == MICROSOFT_CODES
