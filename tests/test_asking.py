"""Asking and filing: only what is missing is asked, answers go to the journal, results come from it alone."""

import resource
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from xsafety import asking
from xsafety.asking import (
    GIVE_UP_AFTER,
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
from xsafety.engines.start import pin, start
from xsafety.journal import answers, lock
from xsafety.prompting import Prompting
from xsafety.tabular import DataError, write_json

IDENTITY = {"engine": "fake", "model": "m"}


class Fake:
    """An engine that echoes; rows in `failing` fail, texts in `rejecting` are rejected; it knows what it was asked."""

    def __init__(self, *failing: str, dies_at: int | None = None, rejecting: Sequence[str] = ()) -> None:
        self.failing, self.dies_at, self.rejecting = failing, dies_at, rejecting
        self.asked: list[str] = []

    def __call__(self, requests: Sequence[Request], deliver: Deliver, fail: Fail) -> None:
        for number, asked in enumerate(requests):
            if number == self.dies_at:
                raise Fatal("the key is wrong")
            self.asked.append(asked.id)
            if asked.id in self.failing:
                fail(asked, "500 server_error")
            elif asked.messages[-1]["content"] in self.rejecting:
                deliver(asked, Answer("rejected", "", detail="400 invalid_value top_k"))
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


def statuses(folder: Path, asked: list[Request]) -> list[str]:
    """How each request's answer ended, by the journal; '' for one without."""
    known = answers(journal_file(folder, "none/en"))
    return [known[request.key]["status"] if request.key in known else "" for request in asked]


@pytest.mark.parametrize("rejecting", [["A"], ["B"], ["A", "B"], ["C"], ["B", "C"]])
def test_a_rejected_row_is_an_outcome_once_another_was_answered(tmp_path: Path, rejecting: list[str]) -> None:
    asked = requests("A", "B", "C")
    receipt = ask(asked, tmp_path, Fake(rejecting=rejecting), quiet)
    assert receipt == {"rows": 3, "failed": {}}
    assert statuses(tmp_path, asked) == ["rejected" if text in rejecting else "answered" for text in "ABC"]
    again = Fake()
    ask(asked, tmp_path, again, quiet)
    assert again.asked == []


@pytest.mark.parametrize("texts", ["A", "ABC", "AA"])
def test_where_every_request_is_rejected_none_is_kept(tmp_path: Path, texts: str) -> None:
    asked = requests(*texts)
    with pytest.raises(Fatal, match=r"every request was rejected \(400 invalid_value top_k\); check `decoding`"):
        ask(asked, tmp_path, Fake(rejecting=texts), quiet)
    assert statuses(tmp_path, asked) == [""] * len(texts)


def test_answers_in_the_journal_prove_that_a_rejection_is_the_rows_own(tmp_path: Path) -> None:
    ask(requests("A"), tmp_path, Fake(), quiet)
    asked = requests("A", "B")
    assert ask(asked, tmp_path, Fake(rejecting="B"), quiet)["failed"] == {}
    assert statuses(tmp_path, asked) == ["answered", "rejected"]


def test_a_wrong_parameter_ends_the_job_soon(tmp_path: Path) -> None:
    texts = [f"T{number}" for number in range(3 * GIVE_UP_AFTER)]
    engine = Fake(rejecting=texts)
    with pytest.raises(Fatal, match=rf"the first {GIVE_UP_AFTER} requests were all rejected \(400 invalid_value"):
        ask(requests(*texts), tmp_path, engine, quiet)
    assert len(engine.asked) == GIVE_UP_AFTER
    late = Fake(rejecting=texts[1:])
    ask(requests(*texts), tmp_path, late, quiet)
    assert len(late.asked) == len(texts)


def test_failures_in_a_row_end_the_job_and_others_do_not(tmp_path: Path) -> None:
    asked = requests(*(f"T{number}" for number in range(3 * GIVE_UP_AFTER)))
    ids = [request.id for request in asked]
    dead = Fake(*ids[1:])
    with pytest.raises(Fatal, match=rf"{GIVE_UP_AFTER} requests in a row failed, the last one with 500 server_error"):
        ask(asked, tmp_path, dead, quiet)
    assert len(dead.asked) == 1 + GIVE_UP_AFTER
    assert statuses(tmp_path, asked)[0] == "answered"
    here_and_there = [id for number, id in enumerate(ids[1:], 1) if number % GIVE_UP_AFTER]
    failed = ask(asked, tmp_path, Fake(*here_and_there), quiet)["failed"]["none/en"]
    assert sorted(failed) == sorted(here_and_there)


def test_progress_tells_failures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "REPORT_EVERY", 0.0)
    said: list[str] = []
    ask(requests("A", "B", "C"), tmp_path, Fake("en1"), said.append)
    counts = [line.split("/s")[0].rsplit(", ", 1)[0] for line in said[1:-1]]
    assert counts == ["1 of 3 answered", "1 of 3 answered, 1 failed", "2 of 3 answered, 1 failed"]
    assert said[-2].endswith("/s, 0 s to go")


def test_a_second_asker_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    ask(requests("A"), tmp_path, Fake(), quiet)
    engine = Fake()
    with lock(tmp_path):
        with pytest.raises(DataError, match="another process is writing to it"):
            ask(requests("A", "B"), tmp_path, engine, quiet)
        assert ask(requests("A"), tmp_path, engine, quiet)["rows"] == 1
    assert engine.asked == []

    def asks_as_well(given: Sequence[Request], deliver: Deliver, fail: Fail) -> None:
        with pytest.raises(DataError, match="another process is writing to it"):
            ask(requests("C"), tmp_path, engine, quiet)
        Fake()(given, deliver, fail)

    ask(requests("A", "B"), tmp_path, asks_as_well, quiet)
    assert engine.asked == []
    ask(requests("C"), tmp_path, engine, quiet)
    assert engine.asked == ["en0"]


def test_rejected_and_failed_rows_without_any_answer_are_asked_again(tmp_path: Path) -> None:
    def engine(asked: Sequence[Request], deliver: Deliver, fail: Fail) -> None:
        deliver(asked[0], Answer("rejected", "", detail="400 invalid_prompt"))
        fail(asked[1], "500")

    receipt = ask(requests("A", "B"), tmp_path, engine, quiet)
    assert receipt["failed"] == {"none/en": {"en0": "400 invalid_prompt", "en1": "500"}}
    assert answers(journal_file(tmp_path, "none/en")) == {}
