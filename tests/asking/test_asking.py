"""Asking and filing: only what is missing is asked, answers go to the journal, results come from it alone."""

import re
import resource
import time
import tracemalloc
from collections.abc import Iterable, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, get_args

import pytest

from xsafety.asking import ask as asking
from xsafety.asking import progress
from xsafety.asking.ask import MAX_FAILURES, MIXED, Parts
from xsafety.asking.engines.register import ENGINES, open_engine, with_weights
from xsafety.asking.journal import RUNS, answers, journal_file, lines, lock
from xsafety.asking.receipt import FiledReceipt, has_failed_rows, journalled_answers, next_attempt
from xsafety.asking.requests import Completion, Ended, Engine, Fatal, Recipient, Request, request
from xsafety.asking.spending import Spending
from xsafety.categories import PAPER
from xsafety.config.configuration import Config
from xsafety.config.models import (
    Connection,
    JobBudget,
    JobConnection,
    LocalConnection,
    OpenAIModel,
    Price,
    TransformersModel,
)
from xsafety.config.prompting import PromptingMethod
from xsafety.generation.responses import model_requests, response_rows
from xsafety.rows import Identity, Response, row_name
from xsafety.tabular import DataError, write_json, write_jsonl, write_rows

IDENTITY: Identity = {"engine": "fake", "model": "m"}


class Fake:
    """An engine that echoes; rows in `failing` fail, texts in `rejecting` are rejected; it knows what it was asked."""

    def __init__(self, *failing: str, dies_at: int | None = None, rejecting: Sequence[str] = ()) -> None:
        self.failing, self.dies_at, self.rejecting = failing, dies_at, rejecting
        self.asked: list[str] = []

    def __call__(self, requests: Iterable[Request], recipient: Recipient) -> None:
        for number, asked in enumerate(requests):
            if number == self.dies_at:
                raise Fatal("the key is wrong")
            self.asked.append(asked.id)
            if asked.id in self.failing:
                recipient.fail(asked, "500 server_error")
            elif asked.messages[-1]["content"] in self.rejecting:
                recipient.deliver(asked, Completion("rejected", "", detail="400 invalid_value top_k"))
            else:
                recipient.deliver(asked, Completion("answered", f"To: {asked.messages[-1]['content']}", "stop"))


def rows(*texts: str, lang: str = "en") -> list[dict[str, Any]]:
    return [
        {"id": f"{lang}{number}", "lang": lang, "category": "insult", "source": text, "query": text}
        for number, text in enumerate(texts)
    ]


def requests(*texts: str, lang: str = "en", identity: Identity = IDENTITY) -> list[Request]:
    return [*model_requests(identity, PromptingMethod(), f"none/{lang}", rows(*texts, lang=lang), PAPER)]


def quiet(_: str) -> None: ...


def by_part(asked: Sequence[Request]) -> Parts:
    """Requests as the parts that they belong to."""
    return {
        part: partial(filter, lambda r, part=part: r.part == part, asked)
        for part in dict.fromkeys(r.part for r in asked)
    }


def ask(asked: Sequence[Request], folder: Path, engine: Engine, say: Any, **more: Any) -> dict[str, Any]:
    return asking.ask(by_part(asked), folder, engine, say, **more)


def test_only_what_the_journal_lacks_is_asked(tmp_path: Path) -> None:
    first, second, third = Fake(), Fake(), Fake()
    ask(requests("A", "B"), tmp_path, first, quiet)
    receipt = ask([*requests("A", "B, edited"), *requests("A", lang="fr")], tmp_path, second, quiet)
    assert first.asked == ["en0", "en1"]
    assert second.asked == ["en1", "fr0"]
    assert (receipt["rows"], receipt["failed"]) == (3, {})
    ask([*requests("A", "B"), *requests("A", "B, edited")], tmp_path, third, quiet)
    assert third.asked == []


def test_an_answer_that_was_taken_back_is_none(tmp_path: Path) -> None:
    class Withdrawing(Fake):
        def __call__(self, requests: Iterable[Request], recipient: Recipient) -> None:
            first, *others = requests
            super().__call__([first, *others], recipient)
            recipient.withdraw(first)

    both, said, again = requests("A", "B"), list[str](), Fake()
    receipt = ask(both, tmp_path, Withdrawing(), said.append)
    assert receipt["failed"] == {"none/en": {"en0": "not asked"}}
    assert "1 answered, 1 failed" in said[-3]
    assert said[-3].endswith("1 withdrawn, as more replies came than requests went")
    assert [*answers(journal_file(tmp_path, "none/en"))] == [both[1].key]
    ask(both, tmp_path, again, quiet)
    assert again.asked == ["en0"]
    assert {*answers(journal_file(tmp_path, "none/en"))} == {one.key for one in both}


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


A_DOLLAR = Price(input=0, output=1e6)


def for_a_dollar(requests: Iterable[Request], recipient: Recipient) -> None:
    for asked in requests:
        recipient.deliver(asked, Completion("answered", "A dollar", "stop", usage={"output_tokens": 1}))


def paying(usd: float, *folders: Path, together: bool = False) -> JobConnection:
    """A connection with one budget for the answers in some folders."""
    prices = {str(folder): A_DOLLAR for folder in folders}
    return JobConnection(price=A_DOLLAR, budgets=[JobBudget(usd=usd, prices=prices, together=together)])


def test_asking_ends_where_the_budget_does_over_all_runs(tmp_path: Path) -> None:
    def answered() -> int:
        return len(answers(journal_file(tmp_path, "none/en")))

    texts = requests("A", "B", "C", "D")
    for _ in range(2):
        with pytest.raises(Ended, match=r"its budget of \$2.00 is used up"):
            ask(texts, tmp_path, for_a_dollar, quiet, connection=paying(2, tmp_path))
        assert answered() == 2
    ask(texts, tmp_path, for_a_dollar, quiet, connection=paying(4.5, tmp_path))
    assert answered() == 4


def test_no_further_round_of_batches_begins_beyond_the_budget(tmp_path: Path) -> None:
    def first_two(asked: Iterable[Request], recipient: Recipient) -> Engine:
        for one in islice(asked, 2):
            usage = {"output_tokens": 2, "batch": 1}
            recipient.deliver(one, Completion("answered", "A dollar", "stop", usage=usage))
        return for_a_dollar

    with pytest.raises(Ended, match=r"its budget of \$2.00 is used up"):
        ask(requests("A", "B", "C", "D"), tmp_path, first_two, quiet, connection=paying(2, tmp_path))
    assert len(answers(journal_file(tmp_path, "none/en"))) == 2


def test_answers_from_before_a_price_was_set_count_at_the_price_of_today(tmp_path: Path) -> None:
    texts = requests("A", "B", "C", "D")
    ask(texts[:3], tmp_path, for_a_dollar, quiet)
    with pytest.raises(Ended, match=r"its budget of \$3.00 is used up"):
        ask(texts, tmp_path, for_a_dollar, quiet, connection=paying(3, tmp_path))
    assert Spending({tmp_path: A_DOLLAR}).dollars() == 3


def test_jobs_that_run_at_once_share_a_budget(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "OTHERS_EVERY", 0.01)
    one, other = tmp_path / "responses/one", tmp_path / "responses/other"
    shared = paying(5, one, other, together=True)
    seen = list[str]()

    def meanwhile(asked: Iterable[Request], recipient: Recipient) -> None:
        for number, one_asked in enumerate(asked):
            if number == 1:
                ask(requests("C", "D"), other, for_a_dollar, quiet, connection=shared)
                while recipient.work().dollars < 3:  # type: ignore[attr-defined]
                    time.sleep(0.01)
            for_a_dollar([one_asked], recipient)
            seen.append(recipient.work().line())  # type: ignore[attr-defined]

    with pytest.raises(Ended, match=r"the budget of \$5.00 for all together is used up") as caught:
        ask(requests("A", "B", "E", "F"), one, meanwhile, quiet, connection=shared)
    assert len(answers(journal_file(one, "none/en"))) == 3
    assert "$4.00 of $5.00 for all together" in seen[1]
    assert caught.value.receipt["rows"] == 4


def test_a_fatal_end_keeps_what_came(tmp_path: Path) -> None:
    with pytest.raises(Fatal):
        ask(requests("A", "B", "C"), tmp_path, Fake(dies_at=2), quiet)
    rest = Fake()
    ask(requests("A", "B", "C"), tmp_path, rest, quiet)
    assert rest.asked == ["en1"]  # as rows from all over come first


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
    assert said[1].startswith("1 answered, 1 failed, ")
    assert said[2:] == ["1 rows failed; run snakemake again, it asks for these only:", "       1  500 server_error"]


@pytest.mark.parametrize(
    ("receipt", "number"),
    [
        (None, 1),
        ({"attempt": 1, "failed": {}}, 1),
        ({"attempt": 1, "failed": {"none/en": {"a": "500"}}}, 2),
        ({"attempt": 4, "failed": {"none/en": {"a": "500"}}}, 5),
        ({"attempt": 4, "failed": {}}, 4),
        ({"attempt": 4, "failed": {}, "ended": ""}, 4),
        ({"attempt": 4, "failed": {}, "ended": "no money"}, 5),
    ],
)
def test_only_failed_rows_make_another_attempt(tmp_path: Path, receipt: dict[str, Any] | None, number: int) -> None:
    if receipt:
        write_json(tmp_path / "receipt.json", receipt)
    assert next_attempt(tmp_path / "receipt.json") == f"--attempt {number}"


def test_answers_are_filed_in_the_order_of_their_rows(tmp_path: Path) -> None:
    ask(requests("C", "A", "B"), tmp_path, Fake(), quiet)
    found = filed(requests("B", "C"), tmp_path)
    assert [answer["text"] for answer in found] == ["To: B", "To: C"]
    assert filed([], tmp_path) == []


def test_filing_holds_no_more_than_the_keys(tmp_path: Path) -> None:
    queries = rows(*map(str, range(400)))

    def verbose(asked: Iterable[Request], recipient: Recipient) -> None:
        for one in asked:
            recipient.deliver(one, Completion("answered", 10_000 * "x", "stop"))

    ask(requests(*map(str, range(400))), tmp_path, verbose, quiet)
    receipt = FiledReceipt(rows=400, failed={}, ended="", attempt=1, identity=IDENTITY)
    tracemalloc.start()
    asked = model_requests(IDENTITY, PromptingMethod(), "none/en", queries, PAPER)
    answered = journalled_answers(asked, tmp_path, "none/en", tmp_path / "r.json", receipt)
    write_rows(tmp_path / "en.jsonl", Response, response_rows(queries, answered))
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (tmp_path / "en.jsonl").stat().st_size > 4e6
    assert most < 1e6


def filed(asked: Sequence[Request], folder: Path, ended: str = "", samples: int = 1, **failed: str) -> list[Any]:
    """The answers as they are filed by a receipt."""
    identity: Identity = IDENTITY | {"decoding": {"n": samples}}
    receipt = FiledReceipt(rows=0, failed={"none/en": failed}, ended=ended, attempt=1, identity=identity)
    return [*journalled_answers(asked, folder, "none/en", folder / "r.json", receipt)]


@pytest.mark.parametrize("samples", [1, 3])
def test_failed_rows_are_filed_as_failed_with_their_reason(tmp_path: Path, samples: int) -> None:
    ask(requests("A", "B"), tmp_path, Fake("en1"), quiet)
    answered, failed = filed(requests("A", "B"), tmp_path, samples=samples, en1="500 server_error")
    assert (answered["text"], failed["status"], failed["detail"]) == ("To: A", "failed", "500 server_error")
    made = [*response_rows(rows("B"), [failed])]
    assert [(row["sample"], row["status"]) for row in made] == [(n, "failed") for n in range(1, samples + 1)]
    assert [row["detail"] for row in filed(requests("C"), tmp_path, "no money")] == ["no money"]


@pytest.mark.parametrize("failed", [{}, {"en0": "500"}])
def test_filing_from_a_journal_that_is_gone_names_the_fix(tmp_path: Path, failed: dict[str, str]) -> None:
    gone = 2 - len(failed)
    with pytest.raises(DataError, match=rf"{gone} of 2 answers are gone.*r\.json && snakemake"):
        filed(requests("A", "B"), tmp_path, **failed)


def test_responses_hold_the_query_and_how_the_answer_ended() -> None:
    answer = {"status": "blocked", "text": "", "finish_reason": "content_filter", "detail": "policy", "usage": None}
    (row,) = response_rows(rows("A"), [answer])
    assert row == rows("A")[0] | {"sample": 1, "response": "", "status": "blocked"} | {
        "finish_reason": "content_filter",
        "detail": "policy",
        "reasoning": "",
    }
    with pytest.raises(ValueError, match="zip"):
        [*response_rows(rows("A", "B"), [answer])]


def test_an_engine_is_pinned_by_its_weights_where_they_are_here(tmp_path: Path) -> None:
    here: Identity = {"engine": "transformers", "model": "", "revision": None}
    (tmp_path / "config.json").write_text("{}")
    assert len(with_weights(here, LocalConnection(model=str(tmp_path)))["revision"] or "") == 64
    hub: Identity = {"engine": "transformers", "model": "org/x", "revision": "abc"}
    assert with_weights(hub, LocalConnection(model="org/x")) == hub
    assert with_weights(IDENTITY, Connection()) == IDENTITY
    with pytest.raises(ValueError, match="no engine 'fake'"):
        open_engine(IDENTITY, Connection(), tmp_path)


def test_every_engine_of_a_model_is_in_the_register_and_opens(tmp_path: Path) -> None:
    blocks = (OpenAIModel(engine="openai", model="m"), TransformersModel(engine="transformers", model=str(tmp_path)))
    assert {block.engine for block in blocks} == ENGINES.keys()
    kinds = get_args(get_args(Config.model_fields["models"].annotation)[1])[0]
    assert {get_args(kind.model_fields["engine"].annotation)[0] for kind in get_args(kinds)} == ENGINES.keys()
    for block in blocks:
        assert callable(open_engine(block.identity(), block.connection(), tmp_path))


def test_rows_with_the_same_question_are_asked_once_and_fail_together(tmp_path: Path) -> None:
    twins = requests("A", "A", "B")
    failing = ask(twins, tmp_path, Fake("en0", "en1"), quiet)
    assert failing["failed"] == {"none/en": {"en0": "500 server_error", "en1": "500 server_error"}}
    engine = Fake()
    assert ask(twins, tmp_path, engine, quiet)["failed"] == {}
    assert len(engine.asked) == 1
    assert len(filed(twins, tmp_path)) == 3


def statuses(folder: Path, asked: list[Request]) -> list[str]:
    """How each request's answer ended, by the journal; '' for one without."""
    known = answers(journal_file(folder, "none/en"))
    return [known[request.key]["status"] if request.key in known else "" for request in asked]


@pytest.mark.parametrize("rejecting", [["A"], ["B"], ["A", "B"], ["C"], ["B", "C"]])
def test_a_rejected_row_is_an_outcome_once_another_was_answered(tmp_path: Path, rejecting: list[str]) -> None:
    asked = requests("A", "B", "C")
    receipt = ask(asked, tmp_path, Fake(rejecting=rejecting), quiet)
    assert receipt == {"rows": 3, "failed": {}, "ended": ""}
    assert statuses(tmp_path, asked) == ["rejected" if text in rejecting else "answered" for text in "ABC"]
    again = Fake()
    ask(asked, tmp_path, again, quiet)
    assert again.asked == []


@pytest.mark.parametrize("texts", ["A", "ABC", "AA"])
def test_where_every_request_is_rejected_none_is_kept(tmp_path: Path, texts: str) -> None:
    asked = requests(*texts)
    with pytest.raises(
        Ended, match=rf"none of {len(set(texts))} requests was answered \(\d times 400 invalid_value top_k"
    ):
        ask(asked, tmp_path, Fake(rejecting=texts), quiet)
    assert statuses(tmp_path, asked) == [""] * len(texts)


def test_answers_in_the_journal_prove_that_a_rejection_is_the_rows_own(tmp_path: Path) -> None:
    ask(requests("A"), tmp_path, Fake(), quiet)
    asked = requests("A", "B")
    assert ask(asked, tmp_path, Fake(rejecting="B"), quiet)["failed"] == {}
    assert statuses(tmp_path, asked) == ["answered", "rejected"]


def test_a_wrong_parameter_ends_the_job_soon(tmp_path: Path) -> None:
    texts = [f"T{number}" for number in range(3 * MAX_FAILURES)]
    engine = Fake(rejecting=texts)
    with pytest.raises(Fatal, match=rf"the first {MAX_FAILURES} requests were all rejected: 400 invalid_value"):
        ask(requests(*texts), tmp_path, engine, quiet)
    assert len(engine.asked) == MAX_FAILURES
    late = Fake(rejecting=texts[1:])
    ask(requests(*texts), tmp_path, late, quiet)
    assert len(late.asked) == len(texts)


def test_failures_in_a_row_end_the_job_and_others_do_not(tmp_path: Path) -> None:
    asked = requests(*(f"T{number}" for number in range(3 * MAX_FAILURES)))
    ids = [request.id for request in asked]
    dead = Fake(*ids[1:])
    with pytest.raises(Ended, match=rf"{MAX_FAILURES} requests in a row failed, the last one with 500 server") as error:
        ask(asked, tmp_path, dead, quiet)
    assert len(dead.asked) == 1 + MAX_FAILURES
    assert statuses(tmp_path, asked)[0] == "answered"
    receipt = error.value.receipt
    assert len(receipt["failed"]["none/en"]) == MAX_FAILURES
    assert receipt["ended"] == str(error.value)

    def most_of_the_time(asked: Iterable[Request], recipient: Recipient) -> None:
        for number, one in enumerate(asked, 1):
            Fake(*(ids if number % MAX_FAILURES else ()))([one], recipient)

    lacking = len(asked) - 1
    failed = ask(asked, tmp_path, most_of_the_time, quiet)["failed"]["none/en"]
    assert len(failed) == lacking - lacking // MAX_FAILURES


def many(lang: str) -> list[Request]:
    return requests(*(f"{lang} {number}" for number in range(5 * MAX_FAILURES)), lang=lang)


def test_a_language_that_fails_starves_no_other(tmp_path: Path) -> None:
    asked = [one for lang in ("en", "zh", "ar", "fr") for one in many(lang)]
    dead = {one.id for one in asked if one.part in ("none/zh", "none/ar")}
    engine = Fake(*dead)
    failed = ask(asked, tmp_path, engine, quiet)["failed"]
    assert {id for rows in failed.values() for id in rows} == dead
    assert len(engine.asked) == len(asked) - len(dead) + 2 * MAX_FAILURES  # enough to give the two up
    assert failed["none/zh"]["zh1"] == f"not asked: {MAX_FAILURES} rows of none/zh in a row failed"
    again = Fake(*dead)
    with pytest.raises(Ended, match=f"{MAX_FAILURES} requests in a row failed"):
        ask(asked, tmp_path, again, quiet)
    assert set(again.asked) <= dead


def test_a_dead_endpoint_ends_the_job_soon_where_one_prompting_method_alone_has_many_parts(tmp_path: Path) -> None:
    parts = [f"{prompting}/{lang}" for prompting in ("none", "safe") for lang in map(str, range(2 * MIXED))]
    texts = [(part, f"{part} {number}") for part in parts for number in range(MAX_FAILURES)]
    asked = [request(IDENTITY, text, part, [{"role": "user", "content": text}]) for part, text in texts]
    dead = Fake(*(one.id for one in asked))
    with pytest.raises(Ended, match=f"{MAX_FAILURES} requests in a row failed"):
        ask(asked, tmp_path, dead, quiet)
    assert len(dead.asked) == MAX_FAILURES


def test_rows_of_one_kind_that_stand_together_do_not_end_the_job(tmp_path: Path) -> None:
    asked = many("en")
    flagged = {one.id for one in asked[10 : 10 + 2 * MAX_FAILURES]}
    assert set(ask(asked, tmp_path, Fake(*flagged), quiet)["failed"]["none/en"]) == flagged


def test_a_part_that_ends_in_failures_is_no_dead_endpoint(tmp_path: Path) -> None:
    """A judge that fails at one model's answers in all languages, when all others have their verdicts."""
    parts = [f"{model}/none/{lang}" for model in "ab" for lang in ("en", "fr", "zh")]
    one = {"role": "user"}
    asked = [
        request(IDENTITY, f"{part}{number}", part, [{**one, "content": f"{part}{number}"}])
        for part in parts
        for number in range(MAX_FAILURES if part[0] == "a" else 2)
    ]
    failing = {one.id for one in asked if one.part[0] == "a"}
    assert sum(map(len, ask(asked, tmp_path, Fake(*failing), quiet)["failed"].values())) == len(failing)


def test_progress_tells_failures_pace_and_cost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "LOG_EVERY", 0.02)
    said: list[str] = []
    priced = Connection(price=Price(input=1.0, output=2.0))

    def engine(asked: Iterable[Request], recipient: Recipient) -> None:
        first, second, _ = asked
        recipient.deliver(
            first, Completion("answered", "x", usage={"input_tokens": 1_000_000, "output_tokens": 500_000})
        )
        recipient.fail(second, "500")
        recipient.meter.pace = lambda: "limit 60/min"
        deadline = time.monotonic() + 5
        while len(said) < 3 and time.monotonic() < deadline:
            time.sleep(0.01)

    ask(requests("A", "B", "C"), tmp_path, engine, said.append, connection=priced)
    line = r"1 of 3 answered, 1 failed, [\d.,]+/s, limit 60/min, \$2\.00, \d+ s to go; failed: 500"
    assert re.fullmatch(line, said[2])
    assert re.fullmatch(r"1 answered, 2 failed, \d s, \$2\.00", said[-4])
    assert said[-3:] == [
        "2 rows failed; run snakemake again, it asks for these only:",
        "       1  500",
        "       1  not asked",
    ]


def test_a_file_with_failed_rows_is_known_by_them(tmp_path: Path) -> None:
    file = tmp_path / "en.jsonl"
    assert not has_failed_rows(file, "status")
    write_jsonl(file, [{"status": "answered", "response": '"status":"failed"', "verdict": "safe"}])
    assert not has_failed_rows(file, "status")
    write_jsonl(file, [{"status": "answered"}, {"id": "x", "status": "failed", "text": ""}])
    assert has_failed_rows(file, "status")
    assert not has_failed_rows(file, "verdict")


def test_a_second_asker_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    ask(requests("A"), tmp_path, Fake(), quiet)
    engine = Fake()
    with lock(tmp_path, quiet):
        with pytest.raises(DataError, match="another process is writing to it"):
            ask(requests("A", "B"), tmp_path, engine, quiet)
        assert ask(requests("A"), tmp_path, engine, quiet)["rows"] == 1
    assert engine.asked == []

    def asks_as_well(given: Iterable[Request], recipient: Recipient) -> None:
        with pytest.raises(DataError, match="another process is writing to it"):
            ask(requests("C"), tmp_path, engine, quiet)
        Fake()(given, recipient)

    ask(requests("A", "B"), tmp_path, asks_as_well, quiet)
    assert engine.asked == []
    ask(requests("C"), tmp_path, engine, quiet)
    assert engine.asked == ["en0"]


def test_rejected_and_failed_rows_without_any_answer_are_asked_again(tmp_path: Path) -> None:
    def engine(asked: Iterable[Request], recipient: Recipient) -> None:
        first, second = asked
        recipient.deliver(first, Completion("rejected", "", detail="400 invalid_prompt"))
        recipient.fail(second, "500")

    with pytest.raises(Ended, match="none of 2 requests was answered") as error:
        ask(requests("A", "B"), tmp_path, engine, quiet)
    assert error.value.receipt["failed"] == {"none/en": {"en0": "400 invalid_prompt", "en1": "500"}}
    assert answers(journal_file(tmp_path, "none/en")) == {}


def test_several_answers_to_a_query_are_rows_of_their_own(tmp_path: Path) -> None:
    def engine(asked: Iterable[Request], recipient: Recipient) -> None:
        for one in asked:
            recipient.deliver(
                one, Completion("answered", "1st", "stop", more=(Completion("blocked", "", detail="filter"),))
            )

    ask(requests("A"), tmp_path, engine, quiet)
    made = [*response_rows(rows("A"), filed(requests("A"), tmp_path))]
    assert [(row["sample"], row["response"], row["status"]) for row in made] == [
        (1, "1st", "answered"),
        (2, "", "blocked"),
    ]
    assert [row_name(row) for row in made] == ["en0", "en0#2"]


def test_what_an_engine_leaves_open_goes_to_the_next_one(tmp_path: Path) -> None:
    last = Fake()

    def first(asked: Iterable[Request], recipient: Recipient) -> Engine:
        for one in asked:
            if one.id == "en0":
                recipient.deliver(one, Completion("answered", "early"))
            if one.id == "en1":
                recipient.fail(one, "500")
        return last

    receipt = ask(requests("A", "B", "C"), tmp_path, first, quiet)
    assert last.asked == ["en2"]
    assert receipt["failed"] == {"none/en": {"en1": "500"}}


def test_each_job_that_asked_leaves_a_line_in_the_journal_also_when_it_dies(tmp_path: Path) -> None:
    ask(requests("A", "B"), tmp_path, Fake("en1"), quiet)
    ask(requests("A"), tmp_path, Fake(), quiet)
    with pytest.raises(Fatal):
        ask(requests("A", "B"), tmp_path, Fake(dies_at=0), quiet)
    runs = list(lines(tmp_path / RUNS))
    assert [(run["answered"], run["failed"], run["requests"]) for run in runs] == [(1, 1, 0), (0, 0, 0)]


def test_memory_does_not_grow_with_the_rows(tmp_path: Path) -> None:
    most = alive = 0

    class Counted(Request):
        def __del__(self) -> None:
            nonlocal alive
            alive -= 1

    def make(part: str) -> Iterable[Request]:
        nonlocal alive, most
        for number in range(50):
            made = request(IDENTITY, str(number), part, [{"role": "user", "content": f"{part} {number}"}])
            alive += 1
            most = max(most, alive)
            yield Counted(made.key, made.id, made.part, made.messages)

    parts: Parts = {f"none/{lang}": partial(make, f"none/{lang}") for lang in map(str, range(8 * MIXED))}
    assert asking.ask(parts, tmp_path, Fake(), quiet)["rows"] == 8 * MIXED * 50
    assert most <= (MIXED + 1) * 50


def test_what_a_batch_says_of_rows_that_nobody_asks_for_any_more_harms_nothing(tmp_path: Path) -> None:
    def engine(asked: Iterable[Request], recipient: Recipient) -> None:
        *all_others, last = asked
        for one in all_others:
            recipient.deliver(one, Completion("answered", "x"))
        gone = [*requests("A", lang="de"), *requests("B, edited")]
        for one in gone:
            recipient.fail(one, "400 of a batch")
        recipient.fail(last, "500")
        recipient.deliver(requests("C", lang="sw")[0], Completion("answered", "x"))

    receipt = ask(requests("A", "B", "C"), tmp_path, engine, quiet)
    assert [list(reasons.values()) for reasons in receipt["failed"].values()] == [["500"]]
    assert len(answers(journal_file(tmp_path, "none/sw"))) == 1
