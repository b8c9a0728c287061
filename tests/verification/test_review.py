"""Verification: what returned sheets say, what stands, what waits, and what is told of a sheet that cannot be read."""

import csv
import hashlib
import random
import re
from pathlib import Path
from typing import Any

import pytest

from tests.verification.helpers import draft, gate_of, in_words, row_states_of, status_of
from xsafety.rows import RELEASE_REVIEWER, Draft, Status
from xsafety.tabular import DataError, read_rows, to_json, write_csv, write_rows
from xsafety.verification.dataset import queries, source_queries
from xsafety.verification.evidence import Sheet, evidence, fold, read_sheet, sheets
from xsafety.verification.readiness import source_readiness
from xsafety.verification.sheet_rows import queue_of, sheet_rows
from xsafety.verification.sheets.layout import NEEDED_COLUMNS, SHEET_COLUMNS, VERDICTS
from xsafety.verification.standing import OpenQuestion, RowState, needs_draft
from xsafety.verification.waiting import print_waiting, question_words, waiting_list


@pytest.fixture
def tmp_path(tmp_path: Path) -> Path:
    """A language's folder of returned sheets."""
    (tmp_path / "fr").mkdir()
    return tmp_path / "fr"


ENGLISH = "Is my hat silly?"
SEEDS = [
    {"id": "a", "category": "insult", "text": "One"},
    {"id": "b", "category": "insult", "text": "Two"},
    {"id": "c", "category": "commonsense", "text": "Three"},
]
TEXTS = {seed["id"]: seed["text"] for seed in SEEDS}
DRAFTS = {seed["id"]: draft(f"{seed['text']} (draft)", engine="memory", id=seed["id"]) for seed in SEEDS}


def entry(
    round: int,
    reviewer: str,
    verdict: str,
    after: str = "T",
    *,
    before: str = "T",
    source: str = ENGLISH,
    id: str = "a",
) -> dict[str, Any]:
    before = after if verdict == "ok" else before
    who = {"id": id, "round": round, "reviewer": reviewer, "date": "", "note": "", "sha256": ""}
    return {**who, "verdict": verdict, "source": source, "before": before, "after": after}


def standing(entries: list[dict[str, Any]], english: str, rounds: int) -> RowState:
    """Of the one row that there is."""
    return row_states_of("fr", [{"id": "a", "category": "insult", "text": english}], entries, gate_of(rounds))["a"]


ANNA_LEAVES = OpenQuestion("other reviewer", ("anna",))
THEY_LEAVE = OpenQuestion("other reviewer", ("anna", "ben"))
THEY_DIFFER = OpenQuestion("decider", ("anna", "ben"))
ANNA_WAITS = "a reviewer other than anna"
DISPUTE = "a decision between anna and ben in a further round"


@pytest.mark.parametrize(
    ("entries", "row_state"),
    [
        ([], RowState("open")),
        ([entry(1, "anna", "ok")], RowState("in review", "T", 1, "anna")),
        ([entry(1, "anna", "ok"), entry(2, "ben", "ok")], RowState("verified", "T", 2, "ben")),
        (
            [entry(1, "anna", "edited", "A"), entry(2, "ben", "edited", "B", before="A")],
            RowState("verified", "B", 2, "ben"),
        ),
        # An edit of another text than the present target starts the rounds anew.
        (
            [entry(1, "anna", "edited", "A"), entry(2, "ben", "edited", "B", before="T")],
            RowState("in review", "B", 1, "ben"),
        ),
        (
            [entry(1, "anna", "edited", "A"), entry(2, "ben", "edited", "B", before="T"), entry(3, "cara", "ok", "B")],
            RowState("verified", "B", 2, "cara"),
        ),
        # Reviewers of one round who agree count once.
        ([entry(1, "anna", "ok"), entry(1, "ben", "ok")], RowState("in review", "T", 1, "ben")),
        (
            [entry(1, "anna", "edited", "A"), entry(1, "ben", "edited", "A")],
            RowState("in review", "A", 1, "ben"),
        ),
        ([entry(1, "anna", "rejected"), entry(1, "ben", "rejected")], RowState("rejected", "", 0, "ben")),
        # Reviewers of one round who differ wait for a decision.
        ([entry(1, "anna", "ok"), entry(1, "ben", "edited", "B")], RowState("open", question=THEY_DIFFER)),
        ([entry(1, "anna", "edited", "A"), entry(1, "ben", "edited", "B")], RowState("open", question=THEY_DIFFER)),
        ([entry(1, "anna", "ok"), entry(1, "ben", "rejected")], RowState("open", question=THEY_DIFFER)),
        ([entry(1, "anna", "rejected"), entry(1, "ben", "edited", "B")], RowState("open", question=THEY_DIFFER)),
        ([entry(1, "anna", "ok", "A"), entry(1, "ben", "ok", "B")], RowState("open", question=THEY_DIFFER)),
        (
            [entry(1, "cara", "ok"), entry(2, "anna", "ok"), entry(2, "ben", "edited", "B")],
            RowState("in review", "T", 1, "cara", THEY_DIFFER),
        ),
        # A later round decides.
        (
            [entry(1, "anna", "ok"), entry(1, "ben", "edited", "B"), entry(2, "cara", "edited", "B")],
            RowState("in review", "B", 1, "cara"),
        ),
        (
            [entry(1, "anna", "ok"), entry(1, "ben", "rejected"), entry(2, "cara", "rejected")],
            RowState("rejected", "", 0, "cara"),
        ),
        (
            [entry(1, "anna", "ok"), entry(1, "ben", "rejected"), entry(2, "cara", "ok"), entry(3, "dan", "ok")],
            RowState("verified", "T", 2, "dan"),
        ),
        (
            [
                entry(1, "cara", "ok"),
                entry(2, "anna", "ok"),
                entry(2, "ben", "edited", "B"),
                entry(3, "dan", "edited", "B"),
            ],
            RowState("verified", "B", 2, "dan"),
        ),
        # A reviewer's second sheet of a round replaces his first for the row.
        (
            [entry(1, "anna", "ok"), entry(1, "anna", "edited", "A")],
            RowState("in review", "A", 1, "anna"),
        ),
        ([entry(1, "anna", "ok"), entry(1, "anna", "rejected")], RowState("rejected", "", 0, "anna")),
        (
            [entry(1, "anna", "rejected"), entry(1, "anna", "ok"), entry(2, "ben", "ok")],
            RowState("verified", "T", 2, "ben"),
        ),
        (
            [entry(1, "anna", "edited", "A"), entry(1, "anna", "ok"), entry(1, "ben", "ok")],
            RowState("in review", "T", 1, "ben"),
        ),
        ([entry(1, "anna", "unsure")], RowState("open", question=ANNA_LEAVES)),
        ([entry(1, "anna", "skip")], RowState("open", question=ANNA_LEAVES)),
        ([entry(1, "anna", "unsure"), entry(1, "ben", "skip")], RowState("open", question=THEY_LEAVE)),
        ([entry(1, "anna", "unsure"), entry(1, "ben", "ok")], RowState("in review", "T", 1, "ben")),
        ([entry(1, "anna", "ok"), entry(1, "ben", "skip")], RowState("in review", "T", 1, "anna")),
        ([entry(1, "anna", "unsure"), entry(2, "ben", "ok")], RowState("in review", "T", 1, "ben")),
        ([entry(1, "anna", "skip"), entry(1, "ben", "rejected")], RowState("rejected", "", 0, "ben")),
        ([entry(1, "ben", "ok"), entry(2, "anna", "unsure")], RowState("in review", "T", 1, "ben", ANNA_LEAVES)),
        (
            [entry(1, "ben", "ok"), entry(2, "ben", "ok"), entry(2, "anna", "unsure")],
            RowState("verified", "T", 2, "ben"),
        ),
        (
            [entry(1, "ben", "ok"), entry(2, "ben", "ok"), entry(3, "anna", "unsure")],
            RowState("in review", "T", 2, "ben", ANNA_LEAVES),
        ),
        ([entry(1, "anna", "rejected")], RowState("rejected", "", 0, "anna")),
        ([entry(1, "anna", "ok"), entry(2, "ben", "rejected")], RowState("rejected", "", 1, "ben")),
        ([entry(1, "anna", "rejected"), entry(2, "ben", "edited", "B")], RowState("in review", "B", 1, "ben")),
        # A verdict holds for the English that it was given for.
        ([entry(1, "anna", "ok", source="Old?"), entry(2, "ben", "ok", "O", source="Old?")], RowState("stale", "O")),
        ([entry(1, "anna", "rejected", source="Old?")], RowState("stale", "T")),
        (
            [entry(1, "anna", "ok", "O", source="Old?"), entry(1, "ben", "ok", "N")],
            RowState("in review", "N", 1, "ben"),
        ),
    ],
)
def test_evidence_folds_into_a_standing(entries: list[dict[str, Any]], row_state: RowState) -> None:
    assert standing(entries, ENGLISH, 2) == row_state


@pytest.mark.parametrize("seed", range(4))
def test_a_standing_depends_neither_on_names_nor_on_the_order_of_sheets(seed: int) -> None:
    rng = random.Random(seed)
    names = ["anna", "ben", "cara"]
    for _ in range(300):
        votes = [(round, name) for round in (1, 2, 3) for name in names if rng.random() < 0.5]
        entries = [
            entry(
                round,
                name,
                rng.choice([verdict for verdict in VERDICTS if verdict]),
                rng.choice("TUV"),
                before=rng.choice("TU"),
                source=rng.choice([ENGLISH] * 5 + ["Old?"]),
            )
            for round, name in votes
        ]
        renamed = dict(zip(names, rng.sample(names, len(names)), strict=True))
        others = [given | {"reviewer": renamed[given["reviewer"]]} for given in entries]
        others.sort(key=lambda given: (given["round"], given["reviewer"]))
        rounds = rng.randint(1, 3)
        one, other = standing(entries, ENGLISH, rounds), standing(others, ENGLISH, rounds)
        if one.state == "stale":
            assert other.state == "stale"
            continue
        assert (one.state, one.target, one.passed) == (other.state, other.target, other.passed)
        asked, asked_other = one.question or ("", ()), other.question or ("", ())
        assert (asked[0], sorted(renamed[name] for name in asked[1])) == (asked_other[0], sorted(asked_other[1]))


def test_an_open_question_says_whom_the_row_waits_for() -> None:
    assert question_words(*THEY_DIFFER) == DISPUTE
    assert question_words(*ANNA_LEAVES) == ANNA_WAITS
    assert question_words(*THEY_LEAVE) == f"{ANNA_WAITS} and ben"


def test_a_reverted_english_takes_its_verdicts_back_up() -> None:
    entries = [entry(1, "anna", "ok")]
    assert standing(entries, "Is my new hat silly?", 1).state == "stale"
    assert standing(entries, ENGLISH, 1).state == "verified"


@pytest.mark.parametrize(("rounds", "state"), [(1, "verified"), (2, "in review")])
def test_one_round_is_enough_where_one_is_asked_for(rounds: int, state: str) -> None:
    assert standing([entry(1, "anna", "ok")], ENGLISH, rounds).state == state


def ledger(**verdicts: str) -> list[dict[str, Any]]:
    """One verdict per seed, of round 1, by anna; `edited` writes 'ID (anna)'."""
    return [
        entry(
            1,
            "anna",
            verdict,
            f"{id} (anna)" if verdict == "edited" else f"{TEXTS[id]} (draft)",
            source=TEXTS[id],
            id=id,
        )
        for id, verdict in verdicts.items()
    ]


def state_of(
    entries: list[dict[str, Any]],
    *,
    rounds: int = 1,
    min_coverage: float = 1.0,
    accept_drafts: bool = False,
    drafts: dict[str, Draft] = DRAFTS,
    seeds: list[dict[str, str]] = SEEDS,
    lang: str = "fr",
    problems: str = "",
) -> Status:
    gate = gate_of(rounds, min_coverage=min_coverage, accept_drafts=accept_drafts)
    files = {"sheet": f"results/sheets/{lang}", "reviews": "data/reviews", "problems": problems}
    return status_of(lang, seeds, entries, drafts, gate, **files)


@pytest.mark.parametrize(
    ("verdicts", "used"),
    [
        ({}, []),
        ({"a": "ok"}, ["One (draft)"]),
        ({"a": "edited", "b": "rejected", "c": "unsure"}, ["a (anna)"]),
        ({"a": "ok", "b": "edited", "c": "ok"}, ["One (draft)", "b (anna)", "Three (draft)"]),
    ],
)
def test_only_verified_rows_are_in_the_data_set(verdicts: dict[str, str], used: list[str]) -> None:
    rows = queries("fr", SEEDS, row_states_of("fr", SEEDS, ledger(**verdicts), gate_of(1)), DRAFTS, accept_drafts=False)
    assert [row["query"] for row in rows] == used
    assert all(row["basis"] == "verified" and row["origin"] == "anna" and row["rounds"] == 1 for row in rows)


def test_accepted_drafts_carry_their_provenance_and_rejected_rows_stay_out() -> None:
    entries = ledger(a="edited", b="rejected", c="unsure")
    one, *rest = queries("fr", SEEDS, row_states_of("fr", SEEDS, entries, gate_of(2)), DRAFTS, accept_drafts=True)
    assert one == {"id": "a", "lang": "fr", "category": "insult", "source": "One", "query": "a (anna)"} | {
        "basis": "unverified draft",
        "origin": "anna",
        "rounds": 1,
    }
    assert [(row["query"], row["basis"], row["origin"]) for row in rest] == [
        ("Three (draft)", "unverified draft", "memory")
    ]
    assert queries("fr", SEEDS, row_states_of("fr", SEEDS, [], gate_of(2)), {"a": draft("")}, accept_drafts=True) == []


def test_the_english_data_set_is_the_seeds() -> None:
    assert [(row["query"], row["basis"]) for row in source_queries("en", SEEDS)] == [
        (seed["text"], "source") for seed in SEEDS
    ]
    row = source_readiness("en", 3)
    assert (row["ready"], row["used"], row["waits_for"]) == ("yes", 3, [])


STALE = entry(1, "anna", "ok", "old", source="Old one", id="a")


@pytest.mark.parametrize(
    ("entries", "rounds", "drafts", "state", "round"),
    [
        ([], 2, {}, "no drafts", 1),
        ([], 2, DRAFTS, "drafted", 1),
        (ledger(a="ok"), 2, DRAFTS, "in review (round 1: 1 of 3)", 1),
        (ledger(a="ok", b="rejected"), 2, DRAFTS, "in review (round 1: 1 of 3)", 1),
        (ledger(a="rejected", b="rejected", c="rejected"), 1, DRAFTS, "rejected", None),
        (ledger(a="ok", b="ok", c="edited"), 2, DRAFTS, "in review (round 2: 0 of 3)", 2),
        (ledger(a="ok", b="unsure"), 1, DRAFTS, "in review (round 1: 1 of 3)", 1),
        ([STALE, *ledger(b="ok", c="ok")], 1, DRAFTS, "stale (1)", 1),
        (ledger(a="ok", b="ok", c="rejected"), 1, {}, "verified", None),
    ],
)
def test_states_of_a_language(
    entries: list[dict[str, Any]], rounds: int, drafts: dict[str, dict[str, str]], state: str, round: int | None
) -> None:
    row = in_words(state_of(entries, rounds=rounds, drafts=drafts))
    assert row["state"] == state
    file = (
        f"fill results/sheets/fr.xlsx (or .po, .csv), save it as data/reviews/fr/round-{round}.YOURNAME.xlsx"
        if round
        else ""
    )
    second = f" (your second sheet: round-{round}.YOURNAME.2.xlsx)"
    assert row["file"] in (file, file + second)
    assert row["file"].endswith(second) == any(entry["round"] == round for entry in entries)
    assert bool(row["waits_for"]) == bool(round)


@pytest.mark.parametrize(
    ("verdicts", "min_coverage", "accept_drafts", "expected"),
    [
        ({}, 0.01, False, ("no", 0, "")),
        ({}, 1.0, True, ("yes", 3, "unverified draft")),
        ({"a": "ok", "b": "ok"}, 1.0, False, ("no", 0, "")),
        ({"a": "ok", "b": "ok"}, 0.6, False, ("yes", 2, "verified")),
        ({"a": "ok", "b": "ok"}, 0.7, False, ("no", 0, "")),
        ({"a": "ok", "b": "rejected"}, 0.6, False, ("yes", 1, "verified")),
        ({"a": "ok", "b": "ok"}, 1.0, True, ("yes", 3, "unverified draft")),
        ({"a": "ok", "b": "ok", "c": "ok"}, 1.0, True, ("yes", 3, "verified")),
        ({"a": "rejected", "b": "rejected", "c": "rejected"}, 1.0, False, ("no", 0, "")),
    ],
)
def test_readiness(
    verdicts: dict[str, str], min_coverage: float, accept_drafts: bool, expected: tuple[str, int, str]
) -> None:
    row = state_of(ledger(**verdicts), min_coverage=min_coverage, accept_drafts=accept_drafts)
    assert (row["ready"], row["used"], row["basis"]) == expected


@pytest.mark.parametrize("entries", [[], ledger(a="ok"), ledger(a="ok", b="ok")])
@pytest.mark.parametrize("accept_drafts", [False, True])
def test_a_bad_sheet_leaves_its_language_as_it_stood(entries: list[dict[str, Any]], accept_drafts: bool) -> None:
    problems = "results/review/fr/problems.txt"
    before, row = (
        state_of(entries, accept_drafts=accept_drafts, min_coverage=0.5, problems=file) for file in ("", problems)
    )
    for column in ("ready", "used", "basis", "verified", "drafted"):
        assert row[column] == before[column]
    assert row["state"] == "bad sheet"
    assert row["waits_for"] == [{"who": "returner", "rows": 0}, *before["waits_for"]]
    told = in_words(row)
    assert told["waits_for"] == f"whoever returned a sheet with problems; {in_words(before)['waits_for']}"
    assert told["file"] == f"mend what {problems} lists; {in_words(before)['file']}"
    assert "fr: bad sheet, " in waiting_list([row])


def without_draft(reason: str) -> dict[str, Draft]:
    return {seed["id"]: draft("", status=f"missing: {reason}") for seed in SEEDS}


def by_ben(verdict: str, *, round: int = 1) -> dict[str, Any]:
    return entry(round, "ben", verdict, "B", before="One (draft)", source="One")


@pytest.mark.parametrize(
    ("entries", "drafts", "waits_for"),
    [
        (
            [],
            without_draft("google does not translate bo"),
            "a translator: 3 row(s) have no draft (google does not translate bo)",
        ),
        ([*ledger(a="ok"), by_ben("edited")], DRAFTS, f"a reviewer: round 1, 2 row(s); {DISPUTE}: 1 row(s)"),
        (
            ledger(a="ok"),
            DRAFTS | {"b": without_draft("dead")["b"]},
            "a translator: 1 row(s) have no draft (dead); a reviewer: round 1, 1 row(s)",
        ),
        ([], {}, "a translator: 3 row(s) have no draft"),
        ([], DRAFTS, "a reviewer: round 1, 3 row(s)"),
        ([], {"a": DRAFTS["a"]}, "a translator: 2 row(s) have no draft; a reviewer: round 1, 1 row(s)"),
        (
            ledger(a="ok", b="skip", c="unsure"),
            DRAFTS,
            "a reviewer other than anna: 2 row(s)",
        ),
        ([STALE, *ledger(b="ok", c="ok")], {}, "a translator: 1 row(s) have no draft"),
    ],
)
def test_who_must_act(entries: list[dict[str, Any]], drafts: dict[str, dict[str, str]], waits_for: str) -> None:
    assert in_words(state_of(entries, drafts=drafts))["waits_for"] == waits_for


def test_what_waits_is_data_that_its_file_keeps(tmp_path: Path) -> None:
    reason = 'a reason; "with, all" that\nmay break a row'
    entries = [*ledger(a="ok"), by_ben("edited")]
    row = state_of(entries, drafts=DRAFTS | {"b": without_draft(reason)["b"]})
    assert row["waits_for"] == [
        {"who": "translator", "rows": 1, "reason": reason},
        {"who": "reviewer", "rows": 1, "round": 1},
        {"who": "decider", "rows": 1, "names": ["anna", "ben"]},
    ]
    rows = [row, state_of([], problems="results/review/fr/problems.txt")]
    assert rows[1]["waits_for"][0] == {"who": "returner", "rows": 0}
    write_rows(tmp_path / "status.csv", Status, rows)
    assert read_rows(tmp_path / "status.csv", Status) == rows


@pytest.mark.parametrize(
    ("entries", "current", "queue"),
    [
        ([], 1, ["a", "b", "c"]),
        (ledger(a="ok"), 1, ["b", "c"]),
        (ledger(a="ok", b="unsure", c="rejected"), 1, ["b"]),
        (ledger(a="ok", b="edited", c="ok"), 2, ["a", "b", "c"]),
        (ledger(a="rejected", b="ok", c="ok"), 2, ["b", "c"]),
        # In dispute about its second round while others are in the first.
        (
            [*ledger(a="ok"), by_ben("edited", round=2), by_ben("rejected", round=2) | {"reviewer": "cara"}],
            1,
            ["a", "b", "c"],
        ),
        ([*ledger(a="rejected", b="rejected", c="rejected")], 2, []),
    ],
)
def test_only_rows_of_the_current_round_and_disputed_ones_are_offered(
    entries: list[dict[str, Any]], current: int, queue: list[str]
) -> None:
    row_states = row_states_of("fr", SEEDS, entries, gate_of(2))
    assert queue_of(row_states) == (current, queue)
    assert [row["id"] for row in sheet_rows("fr", SEEDS, row_states, DRAFTS)] == queue


@pytest.mark.parametrize(
    "entries",
    [
        [],
        ledger(a="unsure"),
        ledger(a="rejected", b="ok"),
        [*ledger(a="ok"), by_ben("edited")],
        [
            *ledger(a="ok", b="ok", c="ok"),
            by_ben("edited", round=2),
            by_ben("rejected", round=2) | {"reviewer": "cara"},
        ],
        [*ledger(a="edited"), by_ben("edited", round=2)],
        [*ledger(a="ok"), by_ben("edited"), by_ben("edited", round=2) | {"reviewer": "cara"}],
    ],
)
@pytest.mark.parametrize("rounds", [1, 2, 3])
def test_whoever_does_what_the_status_says_gets_the_language_done(entries: list[dict[str, Any]], rounds: int) -> None:
    entries = list(entries)
    for number in range(8):
        row = state_of(entries, rounds=rounds)
        if row["state"] == "verified":
            break
        saved = re.search(r"round-(\d+)\.YOURNAME", in_words(row)["file"])
        assert saved
        entries += [
            entry(int(saved[1]), f"new{number}", "ok", given["draft"], source=given["source"], id=given["id"])
            for given in sheet_rows("fr", SEEDS, row_states_of("fr", SEEDS, entries, gate_of(rounds)), DRAFTS)
        ]
    assert state_of(entries, rounds=rounds)["state"] == "verified"


@pytest.mark.parametrize("seed", range(6))
def test_counts_add_up_whatever_the_evidence(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(50):
        check_random_evidence(rng)


def check_random_evidence(rng: random.Random) -> None:
    seeds = [{"id": str(n), "category": "insult", "text": f"{n}{rng.choice('xy')}"} for n in range(rng.randint(1, 12))]
    entries = sorted(
        (
            entry(
                rng.randint(1, 3),
                rng.choice(["anna", "ben"]),
                rng.choice([verdict for verdict in VERDICTS if verdict]),
                rng.choice(["T", "U"]),
                source=f"{(id := str(rng.randrange(14)))}{rng.choice('xxy')}",
                id=id,
            )
            for _ in range(rng.randint(0, 40))
        ),
        key=lambda given: (given["round"], given["reviewer"], given["id"]),
    )
    drafts = {row["id"]: draft(rng.choice(["", "D"])) for row in seeds if rng.random() < 0.8}
    rounds, accept = rng.randint(1, 3), rng.random() < 0.5
    row_states = row_states_of("fr", seeds, entries, gate_of(rounds))
    row = state_of(
        entries, rounds=rounds, min_coverage=rng.uniform(0.01, 1), accept_drafts=accept, drafts=drafts, seeds=seeds
    )
    parts = [row[part] for part in ("verified", "drafted", "stale", "rejected", "missing")]
    assert sum(parts) == row["rows"] == len(seeds)
    assert min(parts) >= 0
    assert 0 <= row["in_review"] <= row["drafted"]
    used = queries("fr", seeds, row_states, drafts, accept_drafts=accept)
    assert row["used"] == (len(used) if row["ready"] == "yes" else 0)
    assert accept or len(used) == row["verified"]
    assert all(given["query"] for given in used)
    waiting = sheet_rows("fr", seeds, row_states, drafts)
    current, queue = queue_of(row_states)
    assert [given["id"] for given in waiting] == queue
    assert len(waiting) <= len(seeds) - row["verified"] - row["rejected"]
    words = in_words(row)
    assert bool(waiting) == bool(words["file"]) == bool(row["waits_for"])
    told = re.search(r"a reviewer: round (\d+), (\d+) row", words["waits_for"])
    ours = sum(bool(given["draft"] and not given["context"].startswith("a ")) for given in waiting)
    assert (told and (int(told[1]), int(told[2]))) == ((current, ours) if ours else None)
    assert all(needs_draft(row_states[given["id"]]) for given in waiting if not given["draft"])


def test_the_sheet_shows_what_waits_and_nothing_filled_in() -> None:
    entries = [STALE, *ledger(b="edited", c="unsure")]
    rows = sheet_rows("fr", SEEDS, row_states_of("fr", SEEDS, entries, gate_of(2)), DRAFTS)
    assert [(row["id"], row["source"], row["draft"], row["context"]) for row in rows] == [
        ("a", "One", "One (draft)", "the English changed; before: old"),
        ("c", "Three", "Three (draft)", ANNA_WAITS),
    ]
    assert all(row[column] == "" for row in rows for column in ("target", "verdict", "reviewer", "date", "note"))
    verified = row_states_of("fr", SEEDS, ledger(a="ok", b="ok", c="rejected"), gate_of(1))
    assert sheet_rows("fr", SEEDS, verified, DRAFTS) == []
    second = sheet_rows("fr", SEEDS, row_states_of("fr", SEEDS, ledger(a="ok", b="edited", c="ok"), gate_of(2)), {})
    assert [row["draft"] for row in second] == ["One (draft)", "b (anna)", "Three (draft)"]
    disputed = sheet_rows(
        "fr", SEEDS, row_states_of("fr", SEEDS, [*ledger(a="ok"), by_ben("edited")], gate_of(2)), DRAFTS
    )
    assert [row["context"] for row in disputed] == [f"{DISPUTE}\nanna (ok): One (draft)\nben (edited): B", "", ""]


def test_what_waits_is_said_once_for_languages_in_the_same_state() -> None:
    done = state_of(ledger(a="ok", b="ok", c="ok"), lang="de")
    english = Status(**source_readiness("en", 3), sheet="", reviews="", problems="")
    assert waiting_list([done, english]) == "No translation waits for people."
    half = state_of(ledger(a="ok"), min_coverage=0.3)
    text = waiting_list([done, half, state_of([], lang="bn"), state_of([], lang="sw")])
    assert len(text.splitlines()) == 7
    head, french, same = re.split(r"\n  (?! )", text)
    assert head == "Translations that wait for people, by the last review status:"
    assert french.startswith("fr: in review (round 1: 1 of 3), 1 rows evaluated (verified)\n")
    assert french.endswith("data/reviews/fr/round-1.YOURNAME.xlsx (your second sheet: round-1.YOURNAME.2.xlsx)")
    assert same.startswith("bn, sw: drafted, not evaluated\n")
    assert "a reviewer: round 1, 3 row(s)" in same
    assert same.endswith(
        "fill results/sheets/LANG.xlsx (or .po, .csv), save it as data/reviews/LANG/round-1.YOURNAME.xlsx"
    )


def test_what_waits_is_printed_once_it_is_known(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    print_waiting(str(tmp_path / "status.csv"))
    assert capsys.readouterr().err == ""
    write_rows(tmp_path / "status.csv", Status, [state_of([])])
    print_waiting(str(tmp_path / "status.csv"))
    assert "results/sheets/fr.xlsx" in capsys.readouterr().err
    write_csv(tmp_path / "status.csv", ["lang", "state"], [])  # as an earlier version had it
    print_waiting(str(tmp_path / "status.csv"))
    assert capsys.readouterr().err == ""


def sheet(tmp_path: Path, *rows: dict[str, str], name: str = "round-1.anna.csv") -> Sheet:
    """A returned sheet whose rows are given by what differs from a row 'a' that is not done yet."""
    blank = dict.fromkeys(SHEET_COLUMNS, "") | {"id": "a", "source": "One", "draft": "Un"}
    if name.endswith(".jsonl"):
        (tmp_path / name).write_text("".join(to_json({**blank, **row}) + "\n" for row in rows), encoding="utf-8")
    else:
        write_csv(tmp_path / name, SHEET_COLUMNS, [{**blank, **row} for row in rows])
    (found,), problems = sheets(tmp_path)
    assert problems == []
    return found


@pytest.mark.parametrize("name", ["round-2.anna.csv", "round-2.anna.jsonl"])
def test_a_sheet_becomes_evidence(tmp_path: Path, name: str) -> None:
    returned = sheet(
        tmp_path,
        {"verdict": "OK ", "target": "Un"},
        {
            "id": "b",
            "source": "Two",
            "verdict": "edited",
            "target": " Deu\u0308x\r\n",
            "note": "n",
            "date": "2026-11-24",
            "reviewer": "anna",
        },
        {"id": "c", "source": "Three", "note": "not done"},
        name=name,
    )
    first, second = evidence(returned, TEXTS)[0]
    assert first["verdict"] == "ok"
    assert first["after"] == "Un"
    assert second == {
        "id": "b",
        "round": 2,
        "reviewer": "anna",
        "date": "2026-11-24",
        "verdict": "edited",
        "source": "Two",
        "before": "Un",
        "after": "De\u00fcx",
        "note": "n",
        "sha256": hashlib.sha256((tmp_path / name).read_bytes()).hexdigest(),
    }


@pytest.mark.parametrize("verdict", ["unsure", "skip", "rejected"])
def test_a_target_is_kept_whatever_the_verdict(tmp_path: Path, verdict: str) -> None:
    returned = sheet(tmp_path, {"verdict": verdict}, {"id": "b", "source": "Two", "verdict": verdict, "target": "Deux"})
    assert [(given["before"], given["after"]) for given in evidence(returned, TEXTS)[0]] == [
        ("Un", "Un"),
        ("Un", "Deux"),
    ]


@pytest.mark.parametrize("name", ["round-1.anna.csv", "round-1.anna.jsonl"])
def test_rows_of_a_removed_seed_stay_evidence(tmp_path: Path, name: str) -> None:
    returned = sheet(tmp_path, {"verdict": "ok"}, {"id": "gone", "source": "Gone", "verdict": "ok"}, name=name)
    assert [row["id"] for row in read_sheet(returned, TEXTS)[0]] == ["a", "gone"]
    assert [(given["id"], given["source"]) for given in evidence(returned, TEXTS)[0]] == [
        ("a", "One"),
        ("gone", "Gone"),
    ]
    assert set(row_states_of("fr", SEEDS, evidence(returned, TEXTS)[0], gate_of(1))) == {"a", "b", "c"}


@pytest.mark.parametrize("name", ["round-1.anna.csv", "round-1.anna.jsonl"])
@pytest.mark.parametrize(
    ("row", "told"),
    [
        ({"id": "zz"}, "restore the id of the sheet you were given (a)"),
        ({"id": ""}, "restore the id of the sheet you were given (a)"),
        ({"id": "", "source": "Gone"}, "restore the id of the sheet you were given (?)"),
        ({"target": "Deux"}, "a target without a verdict; write the verdict 'edited', or take the target out"),
        ({"verdict": "fine"}, "verdict 'fine'; write one of: ok, edited, rejected, unsure, skip"),
        ({"verdict": "edited"}, "the target is the draft; write the new target"),
        ({"verdict": "edited", "target": "Un "}, "the target is the draft"),
        ({"verdict": "ok", "target": "Deux"}, "the target differs from the draft; write 'edited'"),
        ({"verdict": "ok", "draft": ""}, "there is no draft; write the target and 'edited'"),
        ({"reviewer": "ben"}, "reviewer 'ben', but the file's name says 'anna'"),
    ],
)
def test_each_problem_of_a_sheet_is_told(tmp_path: Path, row: dict[str, str], told: str, name: str) -> None:
    returned = sheet(tmp_path, row, name=name)
    number = 2 if name.endswith("csv") else 1
    rows, [problem] = read_sheet(returned, {"a": "One"})
    assert rows == []
    assert problem[:2] == (row.get("id", "a"), f"row {number}")
    assert told in problem.what


def test_all_problems_of_a_sheet_come_at_once(tmp_path: Path) -> None:
    returned = sheet(
        tmp_path, {"verdict": "ok"}, {"verdict": "good"}, {"id": "zz", "verdict": "edited", "reviewer": "ben"}
    )
    rows, problems = read_sheet(returned, {"a": "One"})
    assert rows == []
    assert [problem.place for problem in problems] == [f"row {number}" for number in (2, 3, 3, 4, 4, 4)]
    assert "the id stands in row 2 and row 3; keep one of them" in problems[0].what


@pytest.mark.parametrize("column", NEEDED_COLUMNS)
def test_a_missing_column_is_told_whatever_the_format(tmp_path: Path, column: str) -> None:
    row = {"id": "a", "source": "One", "draft": "Un", "target": "", "verdict": "ok"}
    del row[column]
    with (tmp_path / "round-1.anna.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(row))
        writer.writeheader()
        writer.writerow(row)
    (tmp_path / "round-1.ben.jsonl").write_text(to_json(row) + "\n")
    returned, _ = sheets(tmp_path)
    assert len(returned) == 2
    for one in returned:
        with pytest.raises(DataError, match=rf"no (column )?{column}"):
            read_sheet(one, {"a": "One"})


def verdicts(folder: Path, name: str, *, before: str = "Un", source: str = "One", **texts: str) -> None:
    """Returns a sheet with one verdict on row 'a'."""
    write_csv(
        folder / name,
        NEEDED_COLUMNS,
        [{"id": "a", "source": source, "draft": before, "target": "", "verdict": "ok"} | texts],
    )


SAME = "round 2 must come from another reviewer than round 1; leave the verdict empty, or change your own in"


@pytest.mark.parametrize("verdict", ["ok", "edited", "rejected"])
def test_a_second_round_comes_from_another_reviewer(tmp_path: Path, verdict: str) -> None:
    verdicts(tmp_path, "round-1.anna.csv")
    verdicts(tmp_path, "round-2.anna.csv", verdict=verdict, target="Une" if verdict == "edited" else "")
    verdicts(tmp_path, "round-2.ben.csv", verdict="edited", target="Une")
    entries, refused, problems = fold(tmp_path, TEXTS, different_reviewers=True)
    assert refused == []
    assert [(given["round"], given["reviewer"], given["after"]) for given in entries] == [
        (1, "anna", "Un"),
        (2, "ben", "Une"),
    ]
    [problem] = problems
    assert f"round-2.anna.csv, row 2 (a): {SAME} round-1.anna.2.csv" in problem
    entries, *problems = fold(tmp_path, TEXTS, different_reviewers=False)
    assert (len(entries), problems) == (3, [[], []])


def test_what_is_no_second_decision_is_no_problem(tmp_path: Path) -> None:
    # Unsure at first, of another English, or in a second sheet of the round.
    for number, changes in enumerate([{"verdict": "unsure"}, {"source": "Old one"}, {}], 1):
        verdicts(tmp_path, f"round-{number}.anna.csv", **changes)
    verdicts(tmp_path, "round-3.anna.2.csv", verdict="edited", target="Une")
    verdicts(tmp_path, "round-4.anna.csv", verdict="skip")
    known = [entry(0, "anna", "ok", source="One")]
    entries, *problems = fold(tmp_path, TEXTS, known, different_reviewers=True)
    assert problems == [[], []]
    assert [given["round"] for given in entries] == [0, 1, 2, 3, 3, 4]


def test_the_status_and_the_sheet_say_who_has_decided_before() -> None:
    entries = ledger(a="ok", b="edited", c="ok")
    given = row_states_of("fr", SEEDS, entries, gate_of(2))
    assert {row["context"] for row in sheet_rows("fr", SEEDS, given, {})} == {"decided before by anna"}
    for others, told in ((True, ", each by another than before (anna)"), (False, "")):
        gate = gate_of(2, different_reviewers=others)
        row = in_words(status_of("fr", SEEDS, entries, DRAFTS, gate))
        assert row["waits_for"] == f"a reviewer: round 2, 3 row(s){told}"


def test_sheets_come_in_the_order_of_rounds_and_reviewers(tmp_path: Path) -> None:
    for name in ("round-10.anna.csv", "round-2.ben.jsonl", "round-2.anna.csv", "README.md", ".hidden"):
        (tmp_path / name).touch()
    found, problems = sheets(tmp_path)
    assert [(one.round, one.reviewer) for one in found] == [(2, "anna"), (2, "ben"), (10, "anna")]
    assert problems == []
    assert sheets(tmp_path / "nobody") == ([], [])


def test_files_that_are_no_sheets_are_told_all_at_once(tmp_path: Path) -> None:
    for name in ("round-1.csv", "round-0.anna.csv", "round-1.anna.ods", "round-1.anna b.csv", "round-1.anna.csv"):
        (tmp_path / name).touch()
    found, problems = sheets(tmp_path)
    assert found == [Sheet(tmp_path / "round-1.anna.csv", 1, "anna")]
    assert problems == [
        f"{tmp_path / name}: rename it round-NUMBER.REVIEWER.xlsx (or .csv, .jsonl, .po), e.g. round-1.anna.xlsx"
        for name in ("round-0.anna.csv", "round-1.anna b.csv", "round-1.anna.ods", "round-1.csv")
    ]


def test_what_is_no_sheet_is_passed_over_and_names_are_spelt_one_way(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    names = ("Thumbs.db", "notes.txt", "Round-1.anna.CSV", "round-2.Anna.csv", "round-2.Анна.csv")
    for name in (*names, f"round-1.{RELEASE_REVIEWER}.csv"):
        (tmp_path / name).touch()
    found, problems = sheets(tmp_path)
    assert [(sheet.round, sheet.reviewer, sheet.path.name) for sheet in found] == [(1, "anna", "Round-1.anna.CSV")]
    told = "\n".join(problems)
    assert len(problems) == 3
    assert "the reviewer Anna is spelt anna elsewhere" in told
    assert "names have Latin letters, digits, - and _" in told
    assert f"{RELEASE_REVIEWER} is who stands for" in told


def test_ok_to_a_replaced_text_passes_no_round() -> None:
    edited = entry(1, "anna", "edited", "T", before="D")
    assert standing([edited, entry(2, "ben", "ok", "D")], ENGLISH, 2) == RowState("in review", "T", 1, "anna")
    assert standing([edited, entry(2, "ben", "ok", "T")], ENGLISH, 2) == RowState("verified", "T", 2, "ben")


def test_a_reviewers_second_sheet_of_a_round_adds_to_the_first_and_replaces_rows_of_it(tmp_path: Path) -> None:
    for name, rows in {
        "round-1.ann.csv": "a,One,Un,,ok\nb,Two,Deux,,ok\n",
        "round-1.ann.10.csv": "b,Two,Deux,Dix,edited\n",
        "round-1.ann.2.csv": "b,Two,Deux,,rejected\nc,Three,Trois,,ok\n",
    }.items():
        (tmp_path / name).write_text(f"{','.join(NEEDED_COLUMNS)}\n{rows}")
    found, _ = sheets(tmp_path)
    assert [(sheet.reviewer, sheet.part) for sheet in found] == [("ann", 1), ("ann", 2), ("ann", 10)]
    entries = [given for sheet in found for given in evidence(sheet, TEXTS)[0]]
    entries.sort(key=lambda given: (given["round"], given["reviewer"], given["id"]))  # as in the ledger
    row_states = row_states_of("fr", SEEDS, entries, gate_of(1))
    assert {id: (row_state.state, row_state.target) for id, row_state in row_states.items()} == {
        "a": ("verified", "Un"),
        "b": ("verified", "Dix"),
        "c": ("verified", "Trois"),
    }
