"""Asking and filing: only what is missing is asked, answers go to the journal, results come from it alone."""

import resource
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from xsafety.asking import (
    Answer,
    Deliver,
    Fail,
    Fatal,
    Request,
    ask,
    filed,
    journal_file,
    model_requests,
    next_attempt,
    request,
    response_rows,
)
from xsafety.engines import pin, start
from xsafety.journal import answers
from xsafety.prompting import Prompting
from xsafety.tabular import DataError, write_json

IDENTITY = {"engine": "fake", "model": "m"}


class Fake:
    """An engine that echoes; rows in `failing` fail, and it remembers what it was asked."""

    def __init__(self, *failing: str, dies_at: int | None = None) -> None:
        self.failing, self.dies_at = failing, dies_at
        self.asked: list[str] = []

    def __call__(self, requests: Sequence[Request], deliver: Deliver, fail: Fail) -> None:
        for number, asked in enumerate(requests):
            if number == self.dies_at:
                raise Fatal("the key is wrong")
            self.asked.append(asked.id)
            if asked.id in self.failing:
                fail(asked, "500 server_error")
            else:
                deliver(asked, Answer("answered", f"To: {asked.messages[-1]['content']}", "stop"))


def rows(*texts: str, lang: str = "en") -> list[dict[str, Any]]:
    return [
        {"id": f"{lang}{number}", "lang": lang, "category": "insult", "source": text, "query": text}
        for number, text in enumerate(texts)
    ]


def requests(*texts: str, lang: str = "en", identity: dict[str, Any] = IDENTITY) -> list[Request]:
    return model_requests(identity, Prompting(), f"none/{lang}", rows(*texts, lang=lang))


def quiet(_: str) -> None: ...


def test_only_what_the_journal_lacks_is_asked(tmp_path: Path) -> None:
    first, second, third = Fake(), Fake(), Fake()
    ask(requests("A", "B"), tmp_path, first, quiet)
    receipt = ask([*requests("A", "B, edited"), *requests("A", lang="fr")], tmp_path, second, quiet)
    assert first.asked == ["en0", "en1"]
    assert second.asked == ["en1", "fr0"]
    assert (receipt["rows"], receipt["failed"]) == (3, {})
    ask([*requests("A", "B"), *requests("A", "B, edited")], tmp_path, third, quiet)
    assert third.asked == []


def test_no_model_gets_anothers_answers(tmp_path: Path) -> None:
    ask(requests("A"), tmp_path, Fake(), quiet)
    other = Fake()
    ask(requests("A", identity=IDENTITY | {"model": "n"}), tmp_path, other, quiet)
    assert other.asked == ["en0"]


def test_failed_rows_are_in_the_receipt_and_asked_again(tmp_path: Path) -> None:
    both = [*requests("A", "B"), *requests("A", lang="fr")]
    receipt = ask(both, tmp_path, Fake("en1", "fr0"), quiet)
    assert receipt["failed"] == {"none/en": {"en1": "500 server_error"}, "none/fr": {"fr0": "500 server_error"}}
    again = Fake()
    assert ask(both, tmp_path, again, quiet)["failed"] == {}
    assert again.asked == ["en1", "fr0"]


def test_a_fatal_end_keeps_what_came(tmp_path: Path) -> None:
    with pytest.raises(Fatal):
        ask(requests("A", "B", "C"), tmp_path, Fake(dies_at=2), quiet)
    rest = Fake()
    ask(requests("A", "B", "C"), tmp_path, rest, quiet)
    assert rest.asked == ["en2"]


def test_more_journals_than_open_files_are_allowed(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    many = [
        request(IDENTITY, "a", f"m{number % 300}/none/en", [{"role": "user", "content": str(number)}])
        for number in range(600)
    ]
    resource.setrlimit(resource.RLIMIT_NOFILE, (260, hard))
    try:
        ask(many, tmp_path, Fake(), quiet)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert all(len(answers(journal_file(tmp_path, asked.part))) == 2 for asked in many)


def test_progress_says_how_much_there_was_to_ask(tmp_path: Path) -> None:
    said: list[str] = []
    ask(requests("A"), tmp_path, Fake(), quiet)
    ask(requests("A", "B", "C"), tmp_path, Fake("en2"), said.append)
    assert said[0] == "3 rows, 2 to ask, the others are in the journal"
    assert said[-1].startswith("1 answered, 1 failed, ")


@pytest.mark.parametrize(
    ("receipt", "number"),
    [
        (None, 1),
        ({"attempt": 1, "failed": {}}, 1),
        ({"attempt": 1, "failed": {"none/en": {"a": "500"}}}, 2),
        ({"attempt": 4, "failed": {"none/en": {"a": "500"}}}, 5),
        ({"attempt": 4, "failed": {}}, 4),
    ],
)
def test_only_failed_rows_make_another_attempt(tmp_path: Path, receipt: dict[str, Any] | None, number: int) -> None:
    if receipt:
        write_json(tmp_path / "receipt.json", receipt)
    assert next_attempt(tmp_path / "receipt.json") == f"--attempt {number}"


def test_answers_are_filed_in_the_order_of_their_rows(tmp_path: Path) -> None:
    ask(requests("C", "A", "B"), tmp_path, Fake(), quiet)
    found = filed(requests("B", "C"), tmp_path, tmp_path / "receipt.json", {})
    assert [answer["text"] for answer in found] == ["To: B", "To: C"]
    assert filed([], tmp_path, tmp_path / "receipt.json", {}) == []


def test_filing_failed_rows_lists_them(tmp_path: Path) -> None:
    ask(requests("A", "B"), tmp_path, Fake("en1"), quiet)
    with pytest.raises(DataError) as error:
        filed(requests("A", "B"), tmp_path, tmp_path / "r.json", {"en1": "500 server_error"})
    assert "1 of 2 rows failed; run snakemake again" in str(error.value)
    assert "en1: 500 server_error" in str(error.value)


@pytest.mark.parametrize("failed", [{}, {"en0": "500"}])
def test_filing_from_a_journal_that_is_gone_names_the_fix(tmp_path: Path, failed: dict[str, str]) -> None:
    with pytest.raises(DataError, match=r"2 of 2 answers are gone.*r\.json && snakemake"):
        filed(requests("A", "B"), tmp_path, tmp_path / "r.json", failed)


def test_responses_hold_the_query_and_how_the_answer_ended() -> None:
    answer = {"status": "blocked", "text": "", "finish_reason": "content_filter", "detail": "policy", "usage": None}
    (row,) = response_rows(rows("A"), [answer])
    assert row == rows("A")[0] | {"response": "", "status": "blocked"} | {
        "finish_reason": "content_filter",
        "detail": "policy",
    }
    with pytest.raises(ValueError, match="zip"):
        response_rows(rows("A", "B"), [answer])


def test_an_engine_is_pinned_by_its_weights_where_they_are_here(tmp_path: Path) -> None:
    here = {"engine": "transformers", "model": "", "revision": None}
    (tmp_path / "config.json").write_text("{}")
    assert len(pin(here, {"model": str(tmp_path)})["revision"]) == 64
    hub = {"engine": "transformers", "model": "org/x", "revision": "abc"}
    assert pin(hub, {"model": "org/x"}) == hub
    assert pin(IDENTITY, {}) == IDENTITY
    with pytest.raises(ValueError, match="no engine 'fake'"):
        start(IDENTITY, {}, 1)


def test_rows_with_the_same_question_are_asked_once_and_fail_together(tmp_path: Path) -> None:
    twins = requests("A", "A")
    failing = ask(twins, tmp_path, Fake("en0", "en1"), quiet)
    assert failing["failed"] == {"none/en": {"en0": "500 server_error", "en1": "500 server_error"}}
    engine = Fake()
    assert ask(twins, tmp_path, engine, quiet)["failed"] == {}
    assert len(engine.asked) == 1
    assert len(filed(twins, tmp_path, tmp_path / "receipt.json", {})) == 2
