"""Review in the browser without the browser: what an edit changed, answers kept, queues, and evidence written."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.verification.helpers import draft, gate_of, row_states_of
from xsafety.browser.answers import Review, RowAnswer, effective_verdict, read
from xsafety.browser.changes import Piece, as_html, changes, tokens
from xsafety.browser.queue import queue
from xsafety.browser.returns import answers_file, folder_of, review_returns
from xsafety.categories import OF_PAPER
from xsafety.rows import ReviewQueue, ShownRow
from xsafety.tabular import DataError, write_jsonl
from xsafety.verification.evidence import fold
from xsafety.verification.sheet_rows import next_round, sheet_rows
from xsafety.verification.sheets.layout import SheetInfo, row_digest

SEEDS = {"a-1": "Say it.", "b-1": "Do it.", "c-1": "Be it."}


def row(id: str, draft: str, source: str = "") -> ShownRow:
    source = source or SEEDS[id]
    made = {"id": id, "category": "insult", "source": source, "draft": draft, "context": "", "previous": "", "flag": ""}
    return ShownRow(**made, check=row_digest("bn", id, source, draft))


ROWS = [row("a-1", "ক খ গ"), row("b-1", '<b>"ঘ" & =1+1</b>\n😀'), row("c-1", "")]


@pytest.mark.parametrize(
    ("before", "after", "spaced", "pieces"),
    [
        ("a b", "a b", True, [("same", "a b")]),
        ("", "a", True, [("ins", "a")]),
        ("the old hat.", "the new hat!", True, "same:the |del:old|ins:new|same: hat|del:.|ins:!"),
        ("কলম আছে", "কলমি আছে", True, "del:কলম|ins:কলমি|same: আছে"),  # marks are part of the word
        ("私の帽子。", "私の赤い帽子。", False, "same:私の|ins:赤い|same:帽子。"),
        ("می‌روم", "می‌رود", True, "del:می‌روم|ins:می‌رود"),
        ("a\nb", "a b", True, "same:a|del:\n|ins: |same:b"),
        ("1 2 3", "1 4 2 3", True, "same:1 |ins:4 |same:2 3"),
    ],
)
def test_changes(before: str, after: str, spaced: bool, pieces: Any) -> None:
    if isinstance(pieces, str):
        pieces = [tuple(piece.split(":", 1)) for piece in pieces.split("|")]
    found = changes(before, after, spaced=spaced)
    assert found == pieces
    assert "".join(piece.text for piece in found if piece.kind != "ins") == before
    assert "".join(piece.text for piece in found if piece.kind != "del") == after


@pytest.mark.parametrize("text", ["", "ক্ষি é 👩‍🚀 a  b\r\n\tc", "e\u0301x \u0301", "漢字かなハングル 한글"])
@pytest.mark.parametrize("spaced", [True, False])
def test_tokens_are_the_text(text: str, spaced: bool) -> None:
    assert "".join(tokens(text, spaced=spaced)) == text


def test_changes_are_shown_as_text() -> None:
    assert as_html([Piece("same", "<i>&"), Piece("del", '"<b>\n'), Piece("ins", "</del>")]) == (
        "&lt;i&gt;&amp;<del>&quot;&lt;b&gt;↵\n</del><ins>&lt;/del&gt;</ins>"
    )


@pytest.mark.parametrize(
    ("draft", "target", "verdict", "effective"),
    [
        ("x", "x", "", ""),
        ("x", "x", "ok", "ok"),
        ("x", "x", "edited", ""),
        ("x", "y", "", "edited"),
        ("x", "y", "ok", "edited"),
        ("x", " x\r\n", "ok", "ok"),
        ("é", "e\u0301", "", ""),
        ("x", " ", "ok", ""),
        ("x", "", "edited", ""),
        ("", "", "ok", ""),
        ("", "y", "", "edited"),
        ("x", "y", "rejected", "rejected"),
        ("x", "", "unsure", "unsure"),
        ("x", "x", "skip", "skip"),
    ],
)
def test_the_verdict_follows_the_text(draft: str, target: str, verdict: str, effective: str) -> None:
    assert effective_verdict(draft, target, verdict) == effective


def test_answers_are_kept_over_restarts_and_a_torn_line(tmp_path: Path) -> None:
    file = tmp_path / "answers-1.jsonl"
    review = Review(ROWS, file)
    assert (review.done, review.next_open(-1)) == (0, 0)
    assert not review.decide(ROWS[0], "edited")
    assert review.decide(ROWS[0], "ok")
    assert not review.decide(ROWS[2], "ok")
    review.write(ROWS[2], "নতুন")
    review.remark(ROWS[1], "a <note>")
    assert (review.done, review.next_open(0)) == (2, 1)
    review.save()
    size = file.stat().st_size
    review.save()
    assert file.stat().st_size == size
    review.close()
    with file.open("a") as out:
        out.write('{"check":"torn')

    again = Review(ROWS, file)
    assert [again.answer(row) for row in ROWS] == [
        RowAnswer("ক খ গ", "ok"),
        RowAnswer(ROWS[1]["draft"], "", "a <note>"),
        RowAnswer("নতুন", "edited"),
    ]
    with pytest.raises(DataError, match="another process"):
        Review(ROWS, file)
    again.write(ROWS[0], "ক গ")
    again.write(ROWS[0], "ক খ গ ")  # the edit is taken back
    assert again.answer(ROWS[0]) == RowAnswer("ক খ গ")
    assert again.decide(ROWS[2], "")  # not while the text is another
    again.close()
    assert [kept.answer.verdict for kept in read(file).values()] == ["", "edited", ""]  # a, c, b: as first answered


def test_rows_answered_before_stay_in_view_and_changed_ones_are_new(tmp_path: Path) -> None:
    file = tmp_path / "answers-1.jsonl"
    first = Review(ROWS[:2], file)
    first.decide(ROWS[0], "ok")
    first.decide(ROWS[1], "rejected")
    first.close()
    changed = row("b-1", "ঘ", source="Do it now.")
    second = Review([changed, ROWS[2]], file)  # a-1 is decided: its row is in no queue any more
    assert [row["id"] for row in second.rows] == ["a-1", "b-1", "c-1"]
    assert second.answer(changed) == RowAnswer("ঘ")
    assert (second.done, second.next_open(-1)) == (1, 1)
    second.close()


@pytest.fixture
def places(tmp_path: Path) -> tuple[Path, Path]:
    return folder_of(tmp_path / "journal" / "browser", "bn", "anna"), tmp_path / "reviews" / "bn"


def answer(folder: Path, *verdicts: tuple[dict[str, str], str], number: int = 1) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    review = Review([row for row, _ in verdicts], answers_file(folder, number))
    for given, verdict in verdicts:
        review.decide(given, verdict)
    review.close()


def entries(reviews: Path) -> list[tuple[int, str, str, str]]:
    ledger, *problems = fold(reviews, SEEDS, different_reviewers=False)
    assert problems == [[], []]
    return [(entry["round"], entry["id"], entry["verdict"], entry["before"]) for entry in ledger]


def test_verdicts_become_evidence(places: tuple[Path, Path]) -> None:
    folder, reviews = places
    answer(folder, (ROWS[1], "ok"), (ROWS[0], "skip"), (ROWS[2], "unsure"))
    answer(folder, (ROWS[0], "rejected"), number=2)
    returned, problems = review_returns(folder, reviews, "anna", SEEDS).write()
    assert problems == []
    assert [(file.path.name, file.rows, file.is_new) for file in returned] == [
        ("round-1.anna.jsonl", 3, True),
        ("round-2.anna.jsonl", 1, True),
    ]
    lines = [json.loads(line) for line in (reviews / "round-1.anna.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [line["id"] for line in lines] == ["a-1", "b-1", "c-1"]
    assert (lines[1]["target"], lines[1]["check"]) == (ROWS[1]["draft"], ROWS[1]["check"])
    assert entries(reviews)[1] == (1, "b-1", "ok", ROWS[1]["draft"])
    before = {file: file.read_bytes() for file in reviews.iterdir()}
    assert not any(file.is_new for file in review_returns(folder, reviews, "anna", SEEDS).write()[0])
    assert {file: file.read_bytes() for file in reviews.iterdir()} == before

    answer(folder, (ROWS[0], "ok"))  # another mind
    assert [file.rows for file in review_returns(folder, reviews, "anna", SEEDS).write()[0]] == [3, 1]
    assert entries(reviews)[0] == (1, "a-1", "ok", "ক খ গ")


def test_dates_are_those_of_the_answers(places: tuple[Path, Path]) -> None:
    folder, reviews = places
    given = ROWS[0]
    write_jsonl(
        answers_file(folder, 1),
        [{"row": given}]
        + [
            {"check": given["check"], "target": "ক", "verdict": "edited", "note": "\x07n ", "time": time}
            for time in ("2026-01-31T23:59:59+00:00", "2026-02-01T00:00:00+00:00")
        ],
    )
    review_returns(folder, reviews, "anna", SEEDS).write()
    [line] = [json.loads(line) for line in (reviews / "round-1.anna.jsonl").read_text(encoding="utf-8").splitlines()]
    assert (line["date"], line["note"], line["target"]) == ("2026-02-01", "n", "ক")


def test_verdicts_that_are_all_taken_back_leave_no_evidence(places: tuple[Path, Path]) -> None:
    folder, reviews = places
    answer(folder, (ROWS[0], "ok"))
    review_returns(folder, reviews, "anna", SEEDS).write()
    answer(folder, (ROWS[0], ""))
    review_returns(folder, reviews, "anna", SEEDS).write()
    assert entries(reviews) == []


def test_a_row_answered_for_two_english_texts_is_two_pieces_of_evidence(places: tuple[Path, Path]) -> None:
    folder, reviews = places
    old = row("a-1", "ক", source="Say it, please.")
    answer(folder, (old, "ok"), (ROWS[1], "ok"))
    review_returns(folder, reviews, "anna", SEEDS).write()
    answer(folder, (ROWS[0], "rejected"))
    review_returns(folder, reviews, "anna", SEEDS).write()
    assert sorted(file.name for file in reviews.iterdir()) == ["round-1.anna.2.jsonl", "round-1.anna.jsonl"]
    assert entries(reviews) == [
        (1, "a-1", "ok", "ক"),
        (1, "a-1", "rejected", "ক খ গ"),
        (1, "b-1", "ok", ROWS[1]["draft"]),
    ]


def test_a_sheet_of_the_same_reviewer_and_round_is_left_alone(places: tuple[Path, Path]) -> None:
    folder, reviews = places
    reviews.mkdir(parents=True)
    sheet = reviews / "round-1.anna.csv"
    sheet.write_text("id,source,draft,target,verdict\na-1,Say it.,ক,,ok\n", encoding="utf-8")
    answer(folder, (ROWS[1], "ok"))
    [returned] = review_returns(folder, reviews, "anna", SEEDS).write()[0]
    assert returned.path.name == "round-1.anna.2.jsonl"
    assert [entry[1] for entry in entries(reviews)] == ["a-1", "b-1"]
    answer(folder, (ROWS[1], "rejected"))
    [returned] = review_returns(folder, reviews, "anna", SEEDS).write()[0]
    assert returned.path.name == "round-1.anna.2.jsonl"


def test_a_file_that_somebody_changed_is_not_overwritten(places: tuple[Path, Path]) -> None:
    folder, reviews = places
    answer(folder, (ROWS[0], "ok"))
    review_returns(folder, reviews, "anna", SEEDS).write()
    file = reviews / "round-1.anna.jsonl"
    by_hand = file.read_text(encoding="utf-8").replace('"ok"', '"unsure"')
    file.write_text(by_hand, encoding="utf-8")
    answer(folder, (ROWS[1], "ok"))
    answer(folder, (ROWS[1], "ok"), number=2)
    returned, [problem] = review_returns(folder, reviews, "anna", SEEDS).write()
    assert [one.path.name for one in returned] == ["round-2.anna.jsonl"]
    assert problem.startswith(f"{file}: changed by hand")
    assert file.read_text(encoding="utf-8") == by_hand
    file.rename(reviews / "round-1.anna.2.jsonl")  # as it says
    assert review_returns(folder, reviews, "anna", SEEDS).write()[1] == []
    assert [entry[:3] for entry in entries(reviews)[:2]] == [(1, "a-1", "ok"), (1, "a-1", "unsure")]


def test_what_a_sheet_may_not_hold_is_not_taken_in(places: tuple[Path, Path]) -> None:
    folder, reviews = places
    answer(folder, (row("x-1", "ক", source="Say it."), "ok"))
    returned, [problem] = review_returns(folder, reviews, "anna", SEEDS).write()
    assert returned == []
    assert "row 1 (x-1): restore the id of the sheet you were given (a-1)" in problem
    assert not reviews.exists()
    assert sorted(file.name for file in folder.iterdir()) == ["answers-1.jsonl"]


def test_the_queue_is_the_sheets_without_what_is_for_others() -> None:
    seeds = [{"id": id, "category": "insult", "text": text} for id, text in SEEDS.items()]
    drafts = {id: draft(f"[{id}]") for id in SEEDS}
    decided: dict[str, Any] = {"round": 1, "verdict": "ok", "date": "", "note": "", "sha256": ""}
    ledger = [
        decided | {"id": id, "source": SEEDS[id], "before": f"[{id}]", "after": f"[{id}]", "reviewer": reviewer}
        for id, reviewer in (("a-1", "anna"), ("b-1", "bob"), ("c-1", "bob"))
    ]

    def made(reviewer: str, different: bool) -> ReviewQueue:
        gate = gate_of(2, different_reviewers=different)
        row_states = row_states_of("bn", seeds, ledger, gate)
        rows = sheet_rows("bn", seeds, row_states, drafts, {"c-1": "odd"})
        return queue(SheetInfo("bn", next_round(row_states), "", OF_PAPER), reviewer, rows, ledger, gate)

    anna = made("anna", True)
    assert [row["id"] for row in anna["rows"]] == ["c-1", "b-1"]
    assert (anna["round"], anna["direction"], anna["spaced"]) == (2, "ltr", True)
    assert [row["id"] for row in made("anna", False)["rows"]] == ["c-1", "a-1", "b-1"]
    assert [row["id"] for row in made("bob", True)["rows"]] == ["a-1"]
