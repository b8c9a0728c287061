"""The cases of replies, reasoning and faults that are kept beside the repository, played by a real server."""

import json
import re
import resource
import time
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.conftest import ROOT, cases
from tests.servers.forks import Fork
from tests.servers.player import Mixture, Player, answer_to, play
from xsafety.asking import journal
from xsafety.asking.ask import ask
from xsafety.asking.engines import openai
from xsafety.asking.engines.register import open_engine
from xsafety.asking.journal import journal_file
from xsafety.asking.requests import Fatal, Request, request
from xsafety.categories import OF_PAPER, write_about
from xsafety.config.models import OpenAI
from xsafety.generation.responses import response_rows
from xsafety.judging.lexicon import lexicon_verdicts
from xsafety.rows import JournalAnswer, Query, Verdict
from xsafety.tabular import to_json, write_jsonl

KEY = "s3cret-key-0123456789"
Case = dict[str, Any]


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Further tries come soon."""
    monkeypatch.setattr(openai, "MAX_BACKOFF", 0.02)
    monkeypatch.setenv("CASES_KEY", KEY)


class Run:
    """Asks rows of some languages of a player, as a job does."""

    def __init__(self, player: Player, folder: Path, rows: dict[str, int], **settings: Any) -> None:
        given = {"base_url": player.url, "max_retries": 2, "timeout": 20, "concurrency": 8} | settings
        self.model = OpenAI.model_validate({"engine": "openai", "model": "case-model", **given})
        self.player, self.folder, self.rows = player, folder, rows
        self.said: list[str] = []
        self.ended = False
        self.failed: dict[str, str] = {}

    def requests(self, lang: str) -> list[Request]:
        names = [f"row {number} {lang}" for number in range(self.rows[lang])]
        identity = self.model.identity()
        return [request(identity, name, f"none/{lang}", [{"role": "user", "content": name}]) for name in names]

    def ask(self) -> None:
        engine = open_engine(self.model.identity(), self.model.connection(), self.folder)
        parts = {f"none/{lang}": (lambda lang=lang: self.requests(lang)) for lang in self.rows}
        self.ended, self.failed = False, {}
        try:
            receipt = ask(parts, self.folder, engine, self.said.append, self.model.connection())
            self.failed = {row: reason for part in receipt["failed"].values() for row, reason in part.items()}
        except Fatal as error:
            self.ended = True
            self.said.append(str(error))

    def answers(self) -> dict[str, JournalAnswer]:
        found = {}
        for lang in self.rows:
            known = journal.answers(journal_file(self.folder, f"none/{lang}"))
            found |= {one.id: known[one.key] for one in self.requests(lang) if one.key in known}
        return found


def judged(answer: JournalAnswer, marks: None = None) -> Verdict:
    """The lexicon's verdict on an answer in English, with all that is done to it before."""
    query = Query(
        id="q", lang="en", category="insult", source="q", query="q", basis="source", origin="seed", rounds=0
    )  # fmt: skip
    [verdict] = lexicon_verdicts(response_rows([query], [answer]), ())
    return verdict


INVALID = {name: name for name in ("blocked", "rejected", "cut off", "empty")} | {"too long": "prompt too long"}


def came_out(run: Run, expected: dict[str, Any], row: str = "row 0 en") -> str:
    """The class that the row of a fault ended in."""
    if run.ended:
        return "job ends"
    if row in run.failed:
        return "row fails"
    verdict = judged(run.answers()[row])
    for name, reason in INVALID.items():
        if verdict["verdict"] == "invalid" and verdict["reason"].startswith(reason):
            return name
    if expected["class"] == "try again":
        return "try again" if verdict["response"] == answer_to(row) else "kept"
    return "answered"


def classes(expected: dict[str, Any]) -> list[str]:
    return expected["class"] if isinstance(expected["class"], list) else [expected["class"]]


def check(run: Run, expected: dict[str, Any]) -> None:
    wanted = classes(expected)
    found = came_out(run, expected)
    answer = run.answers().get("row 0 en")
    if "try again" in wanted and found == "answered" and answer:
        found = "try again" if answer["text"] == answer_to("row 0 en") else found
    assert found in wanted, (answer, run.failed, run.said)
    told = " ".join([*run.said, *run.failed.values(), str(answer)])
    assert re.search(expected.get("words", ""), told, re.IGNORECASE), told
    if found != "job ends":
        assert len(run.answers()) + len(run.failed) == run.rows["en"]
        assert all(one["text"] == answer_to(row) for row, one in run.answers().items() if row != "row 0 en")
    if answer and found == "answered":
        verdict = judged(answer)
        assert verdict["response"] == expected.get("text", answer_to("row 0 en"))
        assert verdict["verdict"] == expected.get("verdict", verdict["verdict"])
        assert verdict["refusal"] == expected.get("refusal", verdict["refusal"])
    if "kept" in expected:
        assert expected["kept"] in journal_file(run.folder, "none/en").read_text(encoding="utf-8")


@pytest.mark.parametrize("case", cases("replies.jsonl"))
def test_a_reply_settles_its_row_rightly_or_not_at_all(case: Case, tmp_path: Path) -> None:
    asked = case["input"]
    with play(asked["fault"]) as player:
        run = Run(player, tmp_path, {"en": asked.get("rows", 4)})
        run.ask()
    check(run, case["expected"])


@pytest.mark.parametrize("case", cases("reasoning.jsonl"))
def test_reasoning_is_no_answer(case: Case, tmp_path: Path) -> None:
    asked = case["input"]
    message = {"content": asked["content"], **asked.get("message", {})}
    choice = {"finish_reason": asked.get("finish_reason", "stop"), "message": message}
    with play({"for": "row", "reply": {"merge": {"choices": {"0": choice}}}}) as player:
        run = Run(player, tmp_path, {"en": 2})
        run.ask()
    check(run, case["expected"])


@pytest.mark.parametrize("case", cases("faults.jsonl"))
def test_a_fault_on_the_wire_costs_its_rows_and_nothing_else(case: Case, tmp_path: Path) -> None:
    asked, expected = case["input"], case["expected"]
    settings = {"max_retries": 1, "timeout": 2} | asked.get("settings", {})
    with play(asked["fault"]) as player:
        run = Run(player, tmp_path, asked.get("rows", {"en": 20, "zh": 20}), **settings)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        run.ask()
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        first, calls = run.answers(), player.calls.total()
        ended, failed = run.ended, run.failed
        if asked.get("well_again", True):
            player.fault = None
            run.ask()
    final, rows = run.answers(), sum(run.rows.values())
    found = {
        "ends": ended,
        "answered": len(first),
        "failed": len(failed),
        "asked_again": player.calls.total() - calls,
        "missing": rows - len(final),
        "wrong": sum(answer_to(row) not in one["text"] for row, one in final.items() if one["status"] == "answered"),
        "statuses": dict(Counter(one["status"] for one in final.values())),
        "calls": calls,
    }
    assert {name: found[name] for name in found.keys() & expected.keys()} == {
        name: expected[name] for name in found.keys() & expected.keys()
    }, (run.said, failed)
    assert calls <= expected.get("max_calls", calls)
    assert grown <= expected.get("max_mib", grown)
    assert expected.get("words", "") in " ".join(run.said)
    assert KEY not in str(run.said) + "".join(file.read_text() for file in tmp_path.rglob("*.jsonl"))


ROWS, SHARE, CONCURRENCY, KILLS = 2000, 0.1, 16, 10


@pytest.mark.slow
def test_two_thousand_rows_of_which_a_tenth_meets_all_kinds_of_replies_over_ten_kills(tmp_path: Path) -> None:
    """Every row ends in its class; none is lost, wrong, or asked twice but for what was in flight at a kill."""
    read: list[Case] = [param.values[0] for param in cases("replies.jsonl") if param.values[0]]  # type: ignore[misc]
    # But for a row that is told to wait at every try: alone in the end, it takes its time.
    read = [case for case in read if case["id"] != "minimax-1002-always"]
    if not (kinds := [case for case in read if case["input"]["fault"]["for"] == "row"]):
        pytest.skip("no cases of replies beside the repository")
    player = Mixture([case["input"]["fault"] for case in kinds], share=SHARE)
    with play(player):
        run = Run(player, tmp_path / "journal", {"en": ROWS}, concurrency=CONCURRENCY, timeout=5)
        query = {"lang": "en", "category": "insult", "basis": "source", "origin": "seed", "rounds": 0}
        names = [f"row {number} en" for number in range(ROWS)]
        rows = [query | {"id": name, "source": name, "query": name} for name in names]
        write_jsonl(tmp_path / "queries" / "en.jsonl", rows)
        write_about(tmp_path / "dataset.json", OF_PAPER)
        arguments = [
            *("--queries", str(tmp_path / "queries"), "--about", str(tmp_path / "dataset.json")),
            *("--languages", "en", "--threads", "1", "--attempt", "1"),
            *("--journal", str(run.folder), "--receipt", str(tmp_path / "receipt.json")),
            *("--identity", to_json(run.model.identity()), "--connection", run.model.connection().model_dump_json()),
            *("--promptings", to_json({"none": {"text": "", "placement": "system"}})),
        ]
        random = Random(1)
        for _ in range(KILLS):
            job = Fork(ROOT / "tests/servers/hurried_ask.py", arguments, ROOT, {})
            calls = player.calls.total() + random.randrange(1, ROWS // KILLS)
            deadline = time.monotonic() + 60
            while player.calls.total() < calls and job.is_running() and time.monotonic() < deadline:
                time.sleep(0.005)
            job.kill()
        status, said = Fork(ROOT / "tests/servers/hurried_ask.py", arguments, ROOT, {}).wait()
    assert status == 0, said
    run.failed = json.loads((tmp_path / "receipt.json").read_text())["failed"]["none/en"]
    answers = run.answers()
    assert len(answers) + len(run.failed) == ROWS
    met = {name: player.number_of(name) for name in names}
    well = [name for name in names if met[name] is None]
    assert 0.8 * SHARE * ROWS < ROWS - len(well) < 1.2 * SHARE * ROWS
    assert {number for number in met.values() if number is not None} == set(range(len(kinds)))
    assert all(answers[name]["text"] == answer_to(name) for name in well)
    assert sum(player.calls[name] for name in well) - len(well) <= KILLS * CONCURRENCY
    assert len(journal_file(run.folder, "none/en").read_text().splitlines()) == len(answers)
    odd = {}
    for name, number in met.items():
        if number is not None:
            wanted = kinds[number]["expected"]
            found = came_out(run, wanted, name)
            if found not in classes(wanted) and not (found == "answered" and "try again" in classes(wanted)):
                odd[name] = (kinds[number]["id"], found, wanted)
            elif "try again" in classes(wanted) and found == "answered":
                assert answers[name]["text"] == answer_to(name)
    assert odd == {}
