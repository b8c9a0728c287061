"""The gate: rounds, modification rates and spot checks decide what is verified; and how that is told."""

import hashlib
import math
import os
import random
import re
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from tests.verification.helpers import check_of, draft, gate_of, in_words, row_states_of, status_of
from xsafety.config.verification import Verification
from xsafety.rows import Draft, Status
from xsafety.tabular import columns, write_csv, write_jsonl
from xsafety.translation.memory import DRAFT_COLUMNS, read_memory
from xsafety.verification.dataset import queries
from xsafety.verification.evidence import fold
from xsafety.verification.gate import draw
from xsafety.verification.sheet_rows import next_round, sheet_rows
from xsafety.verification.sheets.layout import NEEDED_COLUMNS, VERDICTS
from xsafety.verification.status import known_drafts, status_table, statuses, to_do

Entry = dict[str, Any]
Decide = Callable[[Mapping[str, str]], tuple[str, str]]

CHECK = check_of(0.1, 0.99)


def seeds_of(n: int, **edited: str) -> list[dict[str, str]]:
    """Seed queries q00, q01, ...; `edited` gives some of them another English."""
    ids = [f"q{number:02}" for number in range(n)]
    return [{"id": id, "category": "insult", "text": edited.get(id, f"English {id}")} for id in ids]


def drafts_of(seeds: Sequence[Mapping[str, str]]) -> dict[str, Draft]:
    return {seed["id"]: draft(f"draft of {seed['text']}") for seed in seeds}


def ok(row: Mapping[str, str]) -> tuple[str, str]:
    return "ok", ""


def edits(*ids: str) -> Decide:
    """Edits these rows, and leaves the others as they are."""
    return lambda row: ("edited", f"{row['draft']}!") if row["id"] in ids else ("ok", "")


class Language:
    """A language in review: its ledger grows by the sheets that are given out, filled and returned."""

    def __init__(self, gate: Verification, seeds: int | list[dict[str, str]] = 70, lang: str = "fr") -> None:
        self.gate, self.lang = gate, lang
        self.seeds = seeds_of(seeds) if isinstance(seeds, int) else seeds
        self.ledger: list[Entry] = []

    @property
    def sheet(self) -> list[dict[str, str]]:
        return sheet_rows(self.lang, self.seeds, self.row_states, drafts_of(self.seeds))

    @property
    def row_states(self) -> dict[str, Any]:
        return row_states_of(self.lang, self.seeds, self.ledger, self.gate)

    @property
    def status(self) -> dict[str, Any]:
        return in_words(status_of(self.lang, self.seeds, self.ledger, drafts_of(self.seeds), self.gate))

    @property
    def state(self) -> str:
        return str(self.status["state"])

    @property
    def inspected(self) -> tuple[int, int]:
        """How many rows of the spot check were left as they are, of how many that were inspected."""
        return self.status["unchanged"], self.status["inspected"]

    @property
    def used(self) -> dict[str, str]:
        rows = queries(self.lang, self.seeds, self.row_states, drafts_of(self.seeds), accept_drafts=True)
        return {row["id"]: row["basis"] for row in rows}

    @property
    def verified(self) -> set[str]:
        return {id for id, basis in self.used.items() if basis == "verified"}

    def review(self, decide: Decide = ok, reviewer: str = "", only: Sequence[str] | None = None) -> list[str]:
        """Returns the sheet as it is given out now, all rows or `only` some decided; the ids on it."""
        rows, number = self.sheet, next_round(self.row_states)
        for row in rows:
            if only is None or row["id"] in only:
                verdict, target = decide(row)
                self.add(number, reviewer or f"reviewer-{number}", row, verdict, target)
        return [row["id"] for row in rows]

    def add(self, number: int, reviewer: str, row: Mapping[str, str], verdict: str, target: str = "") -> None:
        said = {"source": row["source"], "before": row["draft"], "after": target or row["draft"]}
        who = {"id": row["id"], "round": number, "reviewer": reviewer, "date": "", "note": "", "sha256": ""}
        self.ledger.append(who | {"verdict": verdict} | said)
        self.ledger.sort(key=lambda entry: (entry["round"], entry["reviewer"], entry["id"]))

    def edit(self, *ids: str) -> None:
        self.seeds = [seed | {"text": f"{seed['text']} now"} if seed["id"] in ids else seed for seed in self.seeds]


def test_the_papers_way_through_the_gate() -> None:
    fr = Language(gate_of(2, 0.05, CHECK))
    assert fr.state == "drafted"
    fr.review(edits(*(f"q{n:02}" for n in range(11))), only=[f"q{n:02}" for n in range(40)])
    assert fr.state == "in review (round 1: 40 of 70)"
    fr.review()
    assert (fr.state, fr.status["waits_for"]) == ("in review (round 2: 0 of 70)", "a reviewer: round 2, 70 row(s)")
    fr.review(edits("q01", "q69"))
    assert fr.status["modification_rates"] == {"1": 0.1571, "2": 0.0286}
    assert (fr.state, fr.verified) == ("spot check (0 of 7)", set())
    assert fr.status["waits_for"] == "a reviewer: round 3, 7 row(s): spot check of 7"
    sampled = [row["id"] for row in fr.sheet]
    fr.review(only=sampled[:3])
    assert (fr.state, fr.verified) == ("spot check (3 of 7)", set())
    assert fr.review() == sampled[3:]
    assert (fr.state, len(fr.verified), fr.status["waits_for"]) == ("verified", 70, "")
    assert (fr.status["rounds"], fr.inspected) == (2, (7, 7))


def test_a_round_that_changed_too_much_is_followed_by_another() -> None:
    fr = Language(gate_of(2, 0.05))
    fr.review(edits(*(f"q{n:02}" for n in range(60))))
    fr.review(edits("q00"), only=["q00", "q01"])
    # An early high rate is no reason to say more than that nothing is verified yet.
    assert (fr.state, fr.verified, fr.status["rounds"]) == ("in review (round 2: 2 of 70)", set(), 3)
    assert fr.status["waits_for"] == "a reviewer: round 2, 68 row(s)"
    fr.review(edits("q05", "q06", "q07", "q08", "q09"))
    assert fr.state == "in review (round 3: 0 of 70)"
    assert fr.status["waits_for"] == "a reviewer: round 3, 70 row(s): round 2 changed 8.6% (6 of 70), more than 5%"
    [todo] = status_of("fr", fr.seeds, fr.ledger, drafts_of(fr.seeds), fr.gate)["waits_for"]
    assert todo["shortfall"] == {"test": "modification rate", "round": 2, "rows": 6, "of": 70, "limit": 0.05}
    fr.review(edits("q05", "q06", "q07"))
    assert (fr.state, fr.status["rounds"], fr.status["modification_rates"]) == (
        "verified",
        3,
        {"1": 0.8571, "2": 0.0857, "3": 0.0429},
    )


@pytest.mark.parametrize(
    ("edited", "limit", "state"), [(1, 0.05, "verified"), (2, 0.05, "in review (round 2: 0 of 20)")]
)
def test_a_rate_may_be_as_high_as_the_limit(edited: int, limit: float, state: str) -> None:
    fr = Language(gate_of(1, limit), 20)
    fr.review(edits(*(f"q{n:02}" for n in range(edited))))
    assert fr.state == state


def test_white_space_is_no_modification() -> None:
    fr = Language(gate_of(1, 0.0, check_of(1, 1)), 4)
    fr.review(lambda row: ("edited", f"{row['draft'].replace(' ', '  ')}"))
    fr.review(lambda row: ("edited", f"{row['draft'].replace('  ', ' ')}"))
    assert fr.state == "verified"


def test_a_spot_check_that_fails_twice() -> None:
    fr = Language(gate_of(1, None, check_of(0.1, 0.8)), 20)
    fr.review()
    first = fr.review(lambda row: ("edited", f"{row['draft']}!"))
    assert len(first) == 2
    told = "a reviewer: round 2, 18 row(s): the spot check after round 1 passed 0% (0 of 2), less than 80%"
    assert (fr.status["waits_for"], fr.verified) == (told, set())
    assert fr.state == "in review (round 2: 2 of 20)"
    assert set(fr.review()) == {seed["id"] for seed in fr.seeds} - set(first)
    second = [row["id"] for row in fr.sheet]
    assert (fr.state, fr.inspected, set(second) == set(first)) == ("spot check (0 of 2)", (0, 0), False)
    fr.review(edits(second[0]))
    told = "the spot check after round 2 passed 50% (1 of 2), less than 80%"
    assert fr.status["waits_for"] == f"a reviewer: round 3, 18 row(s): {told}"
    fr.review()
    third = fr.review()
    assert (len(third), fr.state, fr.status["rounds"], len(fr.verified)) == (2, "verified", 3, 20)


def test_rows_of_an_open_check_are_unverified_drafts_that_nobody_has_to_look_at() -> None:
    fr = Language(gate_of(1, None, CHECK), 20)
    fr.review(lambda row: ("rejected", "") if row["id"] == "q00" else ("ok", ""))
    states = [row_state.state for row_state in fr.row_states.values()]
    assert (states.count("passed"), states.count("in review"), states.count("rejected")) == (17, 2, 1)
    assert set(fr.used.values()) == {"unverified draft"}
    assert len(fr.used) == 19
    assert queries("fr", fr.seeds, fr.row_states, {}, accept_drafts=False) == []
    row = fr.status
    assert [row[name] for name in ("verified", "drafted", "in_review", "rejected", "ready")] == [0, 19, 19, 1, "no"]


@pytest.mark.parametrize(
    ("share", "n", "size"), [(0.1, 70, 7), (0.1, 71, 8), (0.001, 70, 1), (1, 70, 70), (0.07, 100, 7)]
)
def test_the_share_is_rounded_up(share: float, n: int, size: int) -> None:
    assert len(draw(check_of(share, 1), "fr", 2, [seed["id"] for seed in seeds_of(n)])) == size


def test_the_sample_is_drawn_anew_per_seed_language_and_round_but_not_for_another_row() -> None:
    ids = [f"id-{number}" for number in range(1000)]
    one = set(draw(CHECK, "fr", 2, ids))
    others = [draw(check_of(0.1, 0.99, seed=1), "fr", 2, ids), draw(CHECK, "de", 2, ids), draw(CHECK, "fr", 3, ids)]
    assert all(5 <= len(one & set(other)) <= 20 for other in others), "about a tenth of it, by chance"
    assert draw(CHECK, "fr", 2, ids[::-1]) == draw(CHECK, "fr", 2, ids)
    assert len(one ^ set(draw(CHECK, "fr", 2, [*ids, "more"]))) <= 2
    assert len(one ^ set(draw(CHECK, "fr", 2, ids[1:]))) <= 2


def test_a_row_that_is_rejected_before_the_check_is_not_sampled_and_one_rejected_at_it_did_not_pass() -> None:
    fr = Language(gate_of(1, None, check_of(0.05, 0.5)), 20)
    [first] = draw(fr.gate.spot_check, "fr", 1, [seed["id"] for seed in fr.seeds]) if fr.gate.spot_check else []
    fr.review(lambda row: ("rejected", "") if row["id"] == first else ("ok", ""))
    [second] = [row["id"] for row in fr.sheet]
    assert (second != first, fr.state) == (True, "spot check (0 of 1)")
    fr.review(lambda row: ("rejected", ""))
    assert "round 2, 18 row(s): the spot check after round 1 passed 0% (0 of 1)" in fr.status["waits_for"]
    fr.review()
    fr.review()
    assert (fr.state, len(fr.verified)) == ("verified", 18)


@pytest.mark.parametrize("gate", [gate_of(1, 0.0, CHECK), gate_of(2, None, CHECK), gate_of(1, 0.05)])
def test_a_language_of_which_all_is_rejected_waits_for_nobody(gate: Verification) -> None:
    fr = Language(gate, 3)
    fr.review(lambda row: ("rejected", ""))
    assert (fr.state, fr.status["waits_for"], fr.used) == ("rejected", "", {})


def test_a_dispute_about_an_inspection_keeps_the_check_open() -> None:
    fr = Language(gate_of(1, None, check_of(0.05, 0.5)), 20)
    fr.review()
    [row] = fr.sheet
    fr.add(2, "ben", row, "ok")
    fr.add(2, "cara", row, "edited", "Other")
    assert (fr.verified, fr.state) == (set(), "spot check (0 of 1)")
    assert fr.status["waits_for"] == "a decision between ben and cara in a further round: 1 row(s)"
    [again] = fr.sheet
    fr.add(next_round(fr.row_states), "dan", again, "ok")
    assert (len(fr.verified), fr.state) == (20, "verified")


def test_who_is_unsure_inspects_nothing() -> None:
    fr = Language(gate_of(1, None, check_of(0.05, 0.5)), 20)
    fr.review()
    fr.review(lambda row: ("unsure", ""), "ben")
    assert (fr.state, fr.status["waits_for"]) == ("spot check (0 of 1)", "a reviewer other than ben: 1 row(s)")
    fr.review()
    assert fr.state == "verified"


def done(gate: Verification, n: int = 70) -> Language:
    fr = Language(gate, n)
    while fr.state != "verified":
        fr.review()
    return fr


def test_an_edit_after_verification_waits_alone_and_reopens_nothing() -> None:
    fr = done(gate_of(2, 0.05, CHECK, min_coverage=0.9))
    assert fr.gate.spot_check
    sampled, *_ = draw(fr.gate.spot_check, "fr", 2, [seed["id"] for seed in fr.seeds])
    edited = sorted([sampled, *[seed["id"] for seed in fr.seeds if seed["id"] != sampled][:4]])
    fr.edit(*edited)
    assert (fr.state, len(fr.verified), fr.status["ready"]) == ("stale (5)", 65, "yes")
    # Every proofreading of the new texts changes them, which is more than 5% of the rows; but each had passed before.
    for _ in range(2):
        assert fr.review(edits(*edited)) == edited
    assert (fr.state, len(fr.verified), fr.status["modification_rates"]) == ("verified", 70, {"1": 0, "2": 0, "3": 0})
    row = {"id": sampled, "source": f"English {sampled} now", "draft": fr.row_states[sampled].target}
    fr.add(9, "zoe", row, "edited", "as if it were inspected once more")
    assert (fr.state, len(fr.verified), fr.inspected) == ("verified", 70, (7, 7))
    fr.edit(sampled)
    fr.edit(sampled)
    assert (fr.state, len(fr.verified)) == ("stale (1)", 69)
    fr.seeds = seeds_of(70)
    assert fr.state == "verified", "a reverted English takes its verdicts back up"


def test_a_row_that_goes_stale_in_the_sample_waits_for_its_rounds_first() -> None:
    fr = Language(gate_of(1, None, CHECK))
    fr.review()
    sampled = [row["id"] for row in fr.sheet]
    fr.edit(sampled[0])
    assert (fr.state, [row["id"] for row in fr.sheet]) == ("stale (1)", [sampled[0]])
    assert fr.sheet[0]["previous"] == f"English {sampled[0]}"
    fr.review()
    assert (fr.state, [row["id"] for row in fr.sheet]) == ("spot check (0 of 7)", sampled)
    fr.review()
    assert fr.state == "verified"


@pytest.mark.parametrize(("min_coverage", "kept"), [(1.0, False), (0.9, True)])
def test_seeds_added_after_verification(min_coverage: float, kept: bool) -> None:
    fr = done(gate_of(2, 0.05, CHECK, min_coverage=min_coverage))
    fr.seeds = seeds_of(72)
    assert fr.state == "in review (round 1: 70 of 72)"
    # A row of old may come into the sample, which grew by one.
    assert (fr.status["ready"] == "yes", len(fr.verified) in (69, 70)) == (kept, kept)
    assert fr.review() == fr.review() == ["q70", "q71"]
    waiting = [row["id"] for row in fr.sheet]
    assert (len(waiting) in (1, 2), fr.state) == (True, f"spot check ({8 - len(waiting)} of 8)")
    assert fr.verified.isdisjoint(waiting)
    fr.review()
    assert (fr.state, len(fr.verified)) == ("verified", 72)


def test_coverage_is_asked_of_the_inspection_too() -> None:
    fr = Language(gate_of(1, None, check_of(0.1, 0.9), min_coverage=0.7))
    fr.review()
    sampled = fr.review(only=[row["id"] for row in fr.sheet][:3])
    assert fr.verified == set()
    fr.review(only=sampled[3:4])  # the largest whole number in 0.7 x 7 is 4
    assert (len(fr.verified), fr.state, fr.status["ready"]) == (67, "spot check (4 of 7)", "yes")
    assert fr.verified.isdisjoint(sampled[4:])
    fr.review(edits(sampled[6]))
    assert (len(fr.verified), fr.state) == (0, "in review (round 2: 7 of 70)")


def test_the_release_counts_as_a_round_and_in_no_rate() -> None:
    fr = Language(gate_of(1, 0.05, CHECK), 20)
    for row in fr.sheet[1:]:
        fr.add(0, "xsafety-release", row | {"draft": ""}, "edited", f"released {row['id']}")
    assert (fr.state, fr.status["modification_rates"]) == ("in review (round 1: 19 of 20)", {})
    assert fr.review() == ["q00"]
    assert fr.state == "spot check (0 of 2)"
    released = Language(gate_of(1), 20)
    released.ledger = fr.ledger
    assert released.state == "verified"
    fr.review()
    assert (fr.state, fr.status["modification_rates"]) == ("verified", {"1": 0, "2": 0})


@pytest.mark.parametrize(
    ("gate", "others"),
    [(gate_of(1), False), (gate_of(2), True), (gate_of(1, 0.05), True), (gate_of(1, None, CHECK), True)],
)
def test_another_reviewer_is_asked_for_where_there_may_be_several_rounds(gate: Verification, others: bool) -> None:
    different = gate.model_copy(update={"different_reviewers": True})
    assert different.needs_other_reviewers == others
    assert not gate.needs_other_reviewers
    fr = Language(different, 20)
    fr.review(reviewer="anna")
    assert ("each by another than before (anna)" in fr.status["waits_for"]) == (others and gate != gate_of(1, 0.05))


def test_a_gate_is_read_from_its_block_or_a_part_of_it() -> None:
    more = {"reviews": "r", "different_reviewers": True}
    block = {"reviews": "r", "rounds": 3, "spot_check": {"share": 0.2, "min_pass_rate": 0.9, "seed": 4}}
    assert Verification.model_validate(block) == gate_of(3, None, check_of(0.2, 0.9, 4), **more)
    without = block | {"spot_check": None, "max_modification_rate": 0.1}
    assert Verification.model_validate(without) == gate_of(3, 0.1, **more)


def proofreadings(entries: Sequence[Entry]) -> tuple[list[tuple[int, int, str]], bool]:
    """By the words of the protocol: (round, which proofreading, outcome) of one row under one English, and whether the
    text that they led to stands undisputed."""
    text, count, row_states, found = "", 0, False, []
    for number in sorted({entry["round"] for entry in entries}):
        last = {entry["reviewer"]: entry for entry in entries if entry["round"] == number}.values()
        said = [
            e
            for e in last
            if e["verdict"] in ("edited", "rejected") or (e["verdict"] == "ok" and text in ("", e["before"]))
        ]
        if not said:
            row_states = row_states and all(entry["verdict"] == "ok" for entry in last)
            continue
        if len({(entry["verdict"] == "rejected") or entry["after"] for entry in said}) > 1:
            row_states = False
            continue
        row_states = said[0]["verdict"] != "rejected"
        if not row_states:
            found.append((number, count + 1, "rejected"))
            continue
        count = 1 if text and any(entry["before"] != text for entry in said) else count + 1
        text = said[0]["after"]
        changed = any(entry["verdict"] == "edited" and entry["before"].split() != text.split() for entry in said)
        found.append((number, count, "edited" if changed else "ok"))
    return found, row_states


def rejected_of(entries: Sequence[Entry]) -> bool:
    agreed, _ = proofreadings(entries)
    return bool(agreed) and agreed[-1][2] == "rejected"


def rows_that_may_be_verified(
    lang: str, seeds: Sequence[Mapping[str, str]], ledger: Sequence[Entry], gate: Verification
) -> set[str]:
    """The gate, written down once more: by exact fractions, and without any of its code."""
    by_row: dict[tuple[str, str], list[Entry]] = {}
    for entry in ledger:
        by_row.setdefault((entry["id"], entry["source"]), []).append(entry)
    outcomes: dict[tuple[str, int], set[str]] = {}
    for (id, _), entries in by_row.items():
        last = {number: outcome for round, number, outcome in proofreadings(entries)[0] if round}
        for number, outcome in last.items():
            outcomes.setdefault((id, number), set()).add(outcome)
    present = {seed["id"]: by_row.get((seed["id"], seed["text"]), []) for seed in seeds}

    def exact(share: float) -> Fraction:
        return Fraction(str(share))

    def good(number: int) -> bool:
        had = [found for (_, which), found in outcomes.items() if which == number]
        changed = [found for found in had if found == {"edited"}]
        limit = gate.max_modification_rate
        return limit is None or not had or Fraction(len(changed), len(had)) <= exact(limit)

    def sample(number: int) -> list[str]:
        assert gate.spot_check
        ids = [id for id, entries in present.items() if not rejected_of(entries) or (id, number + 1) in outcomes]
        ids.sort(
            key=lambda id: hashlib.sha256(
                f"{gate.spot_check and gate.spot_check.seed}\n{lang}\n{number}\n{id}".encode()
            ).hexdigest()
        )
        return ids[: math.ceil(exact(gate.spot_check.share) * len(ids))]

    def inspected(number: int) -> list[set[str]]:
        return [outcomes[id, number + 1] for id in sample(number) if (id, number + 1) in outcomes]

    def enough(number: int) -> bool:
        return len(inspected(number)) >= max(1, math.floor(exact(gate.min_coverage) * len(sample(number))))

    def passed(number: int) -> bool:
        assert gate.spot_check
        done = inspected(number)
        return Fraction(sum("ok" in found for found in done), len(done)) >= exact(gate.spot_check.min_pass_rate)

    number = gate.rounds
    while not good(number) or (gate.spot_check and sample(number) and enough(number) and not passed(number)):
        number += 1
    waiting: set[str] = set()
    if gate.spot_check:
        if not sample(number) or not enough(number):
            return set()
        waiting = {id for id in sample(number) if (id, number + 1) not in outcomes}
    verified = set()
    for id, entries in present.items():
        agreed, row_states = proofreadings(entries)
        if row_states and agreed[-1][1] >= number + (id in waiting):
            verified.add(id)
    return verified


@pytest.mark.parametrize("seed", range(8))
def test_nothing_unverified_slips_through(seed: int) -> None:
    rng = random.Random(seed)
    found = 0
    for _ in range(60):
        n = rng.randint(1, 12)
        seeds = seeds_of(n, **{f"q{k:02}": f"New {k}" for k in range(n) if rng.random() < 0.15})
        check = check_of(rng.choice([0.1, 0.3, 1.0]), rng.choice([0.5, 0.9, 1.0]), rng.randrange(3))
        limit = rng.choice([None, 0.0, 0.1, 0.3, 0.7])
        gate = gate_of(rng.randint(1, 3), limit, rng.choice([None, check]), rng.choice([1.0, 0.9, 0.5]))
        fr = Language(gate, seeds)
        ids = [f"q{k:02}" for k in range(n + 2)]
        verdicts = (
            [*VERDICTS[:3], "ok", "ok", "ok", "ok", "unsure"] if rng.random() < 0.5 else ["ok", "ok", "ok", "edited"]
        )
        former = rng.choice([0.1, 0.4])
        for number in range(rng.randint(1, 6)):  # 0 is the release
            for reviewer in rng.sample(["anna", "ben", "cara"], rng.randint(1, 2)):
                for id in ids:
                    texts = [f"T of {id}", f"U of {id}"] if rng.random() < 0.1 else [f"T of {id}"]
                    old = rng.random() < former
                    text = next((seed["text"] for seed in seeds if seed["id"] == id), "Gone")
                    row = {"id": id, "source": "Older" if old else text, "draft": rng.choice(texts)}
                    verdict = rng.choice(verdicts)
                    if verdict and rng.random() < 0.9:
                        fr.add(number, reviewer, row, verdict, f"{row['draft']} " * (verdict == "edited"))
        expected = rows_that_may_be_verified("fr", seeds, fr.ledger, gate)
        assert fr.verified == expected
        assert {row["id"] for row in queries("fr", seeds, fr.row_states, {}, accept_drafts=False)} == expected
        found += len(expected)
    assert found > 100, "there is something to slip through"


@pytest.mark.parametrize("seed", range(6))
def test_whoever_does_what_the_sheet_says_gets_through_the_gate(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(10):
        check = check_of(rng.choice([0.1, 0.5]), rng.choice([0.5, 0.9]), rng.randrange(9))
        gate = gate_of(rng.randint(1, 2), rng.choice([None, 0.1]), rng.choice([None, check]))
        fr = Language(gate, rng.randint(1, 30))
        for number in range(40):
            careless = 0.6 if number < 5 else 0.0

            def decide(row: Mapping[str, str], careless: float = careless) -> tuple[str, str]:
                if rng.random() >= careless:
                    return "ok", ""
                verdict = rng.choice(["edited", "edited", "rejected", "unsure"])
                return verdict, f"{row['draft']}!" if verdict == "edited" else ""

            rows = fr.review(decide, f"reviewer-{number}", [s["id"] for s in fr.seeds if rng.random() < 0.9])
            if fr.state in ("verified", "rejected"):
                break
            assert rows
            assert fr.sheet
            if rng.random() < 0.1:
                fr.edit(rng.choice(fr.seeds)["id"])
        assert fr.state in ("verified", "rejected")


def test_the_fold_depends_neither_on_names_nor_on_the_order_of_files(tmp_path: Path) -> None:
    fr = Language(gate_of(1, 0.5, check_of(0.2, 0.5)), 20)
    texts = {seed["id"]: seed["text"] for seed in fr.seeds}
    sheets = []
    for number, decide in enumerate([edits("q03", "q04"), edits("q03")], 1):
        rows = []
        for row in fr.sheet:
            verdict, target = decide(row)
            rows.append({column: row[column] for column in NEEDED_COLUMNS} | {"verdict": verdict, "target": target})
        fr.review(decide)
        sheets.append((number, rows))
    assert fr.state == "verified"
    results = []
    for order, names in (([0, 1], "anna ben"), ([1, 0], "zoe anna")):
        folder = tmp_path / names / "fr"
        for place in order:
            number, rows = sheets[place]
            # In halves, which come in another order, too.
            for part, half in enumerate([rows[::2], rows[1::2]][:: 1 if order[0] else -1], 1):
                write_csv(folder / f"round-{number}.{names.split()[place]}.{part}.csv", NEEDED_COLUMNS, half)
        for age, file in enumerate(sorted(folder.iterdir(), reverse=bool(order[0]))):
            os.utime(file, (age, age))
        ledger, *problems = fold(folder, texts, different_reviewers=True)
        assert problems == [[], []]
        found = in_words(status_of("fr", fr.seeds, ledger, {}, fr.gate))
        row_states = row_states_of("fr", fr.seeds, ledger, fr.gate)
        rows = queries("fr", fr.seeds, row_states, {}, accept_drafts=False)
        results.append((found, [row | {"origin": ""} for row in rows]))
    assert results[0] == results[1]
    assert results[0][0]["state"] == "verified"


# What `snakemake status` prints.


def make(results: Path, lang: str, ledger: Sequence[Entry] = (), problems: str = "") -> None:
    write_jsonl(results / "review" / lang / "ledger.jsonl", ledger)
    (results / "review" / lang / "problems.txt").write_text(problems, encoding="utf-8")


def draft_row(seed: Mapping[str, str], draft: str, why: str = "missing: no network") -> dict[str, str]:
    return {
        "id": seed["id"],
        "source": seed["text"],
        "draft": draft,
        "engine": "e",
        "status": "draft" if draft else why,
    }


def test_drafts_of_the_last_run_go_before_those_of_the_memory(tmp_path: Path) -> None:
    seeds = seeds_of(5)
    assert {row["status"] for row in known_drafts(seeds, tmp_path / "d.csv", {}).values()} == {
        "missing: run snakemake, which drafts them"
    }
    old = seeds[3] | {"text": "Former English"}
    write_csv(
        tmp_path / "d.csv",
        DRAFT_COLUMNS,
        [draft_row(seed, text) for seed, text in zip([*seeds[:3], old], "A--D", strict=True) if text != "-"]
        + [draft_row(seeds[2], "")],
    )
    write_csv(tmp_path / "m.csv", DRAFT_COLUMNS, [draft_row(seeds[0], "a"), draft_row(seeds[1], "b")])
    found = known_drafts(seeds, tmp_path / "d.csv", read_memory(tmp_path / "m.csv"))
    assert [row["draft"] for row in found.values()] == ["A", "b", "", "", ""]
    assert found["q02"]["status"] == "missing: no network"
    assert found["q03"]["status"] == found["q04"]["status"] == "missing: run snakemake, which drafts them"


def test_the_table_has_a_line_per_language_and_no_column_without_a_figure(tmp_path: Path) -> None:
    bn = Language(gate_of(2), 20, "bn")
    bn.review()
    bn.review(only=["q00"])
    make(tmp_path, "bn", bn.ledger)
    make(tmp_path, "zh-Hant")
    seeds = bn.seeds
    gate = gate_of(2, min_coverage=0.05)
    rows = statuses(
        ["en", "bn", "zh-Hant"],
        seeds,
        lambda lang: None if lang == "en" else drafts_of(seeds),
        gate,
        results=tmp_path,
        reviews="r",
    )
    assert [re.split(r" {2,}", line) for line in status_table(rows).splitlines()] == [
        ["language", "state", "rows", "verified", "in review", "drafted", "rounds", "evaluated"],
        ["English (en)", "source", "20", "20"],
        ["Bangla (bn)", "in review (round 2: 1 of 20)", "20", "1", "19", "1 of 2", "1 verified"],
        ["Chinese (Traditional) (zh-Hant)", "drafted", "20", "20", "0 of 2", "no"],
    ]


def test_many_languages_share_lines_and_stay_readable(tmp_path: Path) -> None:
    tags = [f"{a}{b}" for a in "abcdefghij" for b in "aefghiklmn"]
    waiting, finished = (Language(gate_of(1), 20, "fr"), Language(gate_of(1), 20, "fr"))
    finished.review()
    waiting.review(only=["q00"])
    rows = []
    for number, tag in enumerate(tags):
        one = (waiting, finished)[number % 2] if number < 90 else Language(gate_of(1), 20)
        files = {"sheet": f"results/sheets/{tag}", "reviews": "data/reviews"}
        rows.append(status_of(tag, one.seeds, one.ledger, drafts_of(one.seeds), one.gate, **files))
    text = f"{status_table(rows)}\n{to_do(rows, tmp_path)}"
    assert len(text.splitlines()) < 60
    assert max(len(line) for line in text.splitlines() if "fill" not in line) <= 100
    assert all(f"{tag}," in text or f"{tag} " in text or f"{tag}:" in text for tag in tags)


def test_what_is_wrong_with_sheets_and_which_sheets_are_behind_is_told(tmp_path: Path) -> None:
    seeds = seeds_of(3)
    make(tmp_path, "bn", problems="reviews/bn/round-1.anna.xlsx: odd\n" + "".join(f"  - row {n}\n" for n in range(40)))
    write_csv(tmp_path / "sheets/bn.csv", ["id"], [])
    for lang in ("ar", "fr", "de"):
        make(tmp_path, lang, done(gate_of(1), 3).ledger if lang == "fr" else [])
        write_csv(tmp_path / "sheets" / f"{lang}.csv", ["id"], [])
    os.utime(tmp_path / "sheets/de.csv", (1, 1))
    rows = statuses(
        ["en", "ar", "bn", "de", "fr"],
        seeds,
        lambda lang: None if lang == "en" else drafts_of(seeds),
        gate_of(1),
        results=tmp_path,
        reviews="r",
    )
    assert set(rows[0]) == set(rows[1]) == set(columns(Status))
    text = to_do(rows, tmp_path)
    assert text.startswith("Translations that wait for people:\n")
    file = tmp_path / "review/bn/problems.txt"
    waits = "wait for whoever returned a sheet with problems; a reviewer: round 1, 3 row(s)"
    assert f"  bn: bad sheet, not evaluated\n    {waits}\n    mend what {file} lists; fill " in text
    assert "What is wrong with sheets of bn:\nreviews/bn/round-1.anna.xlsx: odd\n  - row 0\n" in text
    assert text.endswith(f"  - row 18\n... and 21 line(s) more in {file}")
    assert "Run snakemake first: sheets of de are not there yet, or older than the evidence." in text
    assert to_do(rows[:1], tmp_path) == "No translation waits for people."
