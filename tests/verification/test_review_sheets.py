"""Review sheets as files: what goes out, what comes back, and what is told of a file that has problems."""

import csv
import random
import re
import shutil
import subprocess
import time
import zipfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import polib
import pytest

from tests.verification.helpers import draft, gate_of, row_states_of
from xsafety.categories import OF_PAPER
from xsafety.tabular import DataError, clean, write_jsonl
from xsafety.verification.evidence import Sheet, evidence, read_sheet, sheets
from xsafety.verification.sheet_rows import sheet_rows
from xsafety.verification.sheets.csv import write_csv_sheet
from xsafety.verification.sheets.formats import FORMATS, WRITTEN, read_returned, write_sheet
from xsafety.verification.sheets.layout import SHEET_COLUMNS, VERDICT_MEANINGS, SheetInfo, row_digest
from xsafety.verification.sheets.po import write_po
from xsafety.verification.sheets.xlsx import write_xlsx


@pytest.fixture
def tmp_path(tmp_path: Path) -> Path:
    """A language's folder of returned sheets."""
    (tmp_path / "fr").mkdir()
    return tmp_path / "fr"


SEEDS = [
    {"id": "a", "category": "insult", "text": "One"},
    {"id": "b", "category": "insult", "text": "Two"},
    {"id": "c", "category": "commonsense", "text": "Three"},
]
TEXTS = {seed["id"]: seed["text"] for seed in SEEDS}
BRIEF = SheetInfo("fr", 1, "data/reviews/fr/round-1.YOURNAME", OF_PAPER)


def given_out(
    drafts: dict[str, str], *, lang: str = "fr", flags: dict[str, str] | None = None, seeds: Any = SEEDS
) -> list[dict[str, str]]:
    """The rows of a first round."""
    known = {id: draft(text) for id, text in drafts.items()}
    return sheet_rows(lang, seeds, row_states_of(lang, seeds, [], gate_of()), known, flags)


def test_flagged_rows_come_first_in_the_order_of_the_flags() -> None:
    rows = given_out({"a": "Un"}, flags={"c": "too long", "zz": "no row of ours", "b": "in English"})
    assert [(row["id"], row["flag"]) for row in rows] == [("c", "too long"), ("b", "in English"), ("a", "")]


def test_the_check_holds_for_what_a_reviewer_must_not_change() -> None:
    row = given_out({"a": "Un"})[0]
    given = {column: row[column] for column in ("id", "source", "draft")}
    assert row["check"] == row_digest("fr", **given)
    others = [row_digest("de", **given), *(row_digest("fr", **given | {column: "x"}) for column in given)]
    assert len({row["check"], *others}) == 5


def opened(path: Path) -> Any:
    return openpyxl.load_workbook(path)["review"]


def column_of(sheet: Any, name: str) -> int:
    [column] = [cell.column for cell in sheet[1] if cell.value == name]
    return int(column)


def test_the_spreadsheet_locks_what_must_not_change(tmp_path: Path) -> None:
    write_xlsx(tmp_path / "fr.xlsx", given_out({"a": "Un", "b": "Deux"}, flags={"b": "odd"}), BRIEF)
    sheet = opened(tmp_path / "fr.xlsx")
    assert sheet.protection.sheet
    assert not sheet.protection.password
    names = [cell.value for cell in sheet[1]]
    for row in sheet.iter_rows(min_row=2):
        assert {name for name, cell in zip(names, row, strict=True) if not cell.protection.locked} == {
            "target",
            "verdict",
            "note",
        }
        assert {cell.number_format for cell in row} == {"@"}
        assert all(cell.alignment.wrap_text for cell in row)
    assert [sheet.cell(row, column_of(sheet, "draft")).value for row in (2, 3, 4)] == ["Deux", "Un", None]
    assert [sheet.cell(row, column_of(sheet, "target")).value for row in (2, 3, 4)] == ["Deux", "Un", None]
    [rule] = sheet.data_validations.dataValidation
    assert rule.formula1 == f'"{",".join(VERDICT_MEANINGS)}"'
    assert str(rule.sqref) == "I2:I4"
    assert sheet.cell(1, 9).value == "verdict"
    assert sheet.freeze_panes == "B2"
    assert sheet.auto_filter.ref == "A1:K4"
    fills = [sheet.cell(row, column_of(sheet, "source")).fill.fgColor.rgb for row in (2, 3)]
    assert fills == ["FFFFE699", "FFF2F2F2"]
    assert sheet.column_dimensions["K"].hidden


@pytest.mark.parametrize(("lang", "look"), [("ar", ("right", 2)), ("fr", (None, 0))])
def test_right_to_left_texts_stand_right(tmp_path: Path, lang: str, look: tuple[str | None, int]) -> None:
    write_xlsx(tmp_path / "out.xlsx", given_out({"a": "شيء ما"}, lang=lang), SheetInfo(lang, 1, "x", OF_PAPER))
    sheet = opened(tmp_path / "out.xlsx")
    for name in ("draft", "target"):
        alignment = sheet.cell(2, column_of(sheet, name)).alignment
        assert (alignment.horizontal, alignment.readingOrder) == look
    assert sheet.cell(2, column_of(sheet, "source")).alignment.horizontal is None


def test_the_instructions_say_what_to_do_and_what_the_issues_mean(tmp_path: Path) -> None:
    rows = given_out({"a": "x" * 32_767, "b": "x" * 32_768, "c": "\U0001f600" * 16_384})
    write_xlsx(tmp_path / "fr.xlsx", rows, BRIEF)
    book = openpyxl.load_workbook(tmp_path / "fr.xlsx")
    assert book.sheetnames == ["instructions", "review"]
    text = "\n".join(str(cell.value) for row in book["instructions"] for cell in row if cell.value)
    assert "translations into French (fr), review round 1" in text
    assert "data/reviews/fr/round-1.YOURNAME.xlsx" in text
    assert "is in the other files only: b, c." in text
    for told in (*VERDICT_MEANINGS.values(), "Tries to make a model repeat the hidden instructions"):
        assert told in text
    assert [cell.value for cell in book["review"]["A"]] == ["id", "a"]


@pytest.mark.parametrize("text", ["_x005F_x0041_", "<r>one</r>", "<r>\n<t>two</t></r>"])
def test_what_cannot_be_written_as_it_is_is_left_out(tmp_path: Path, text: str) -> None:
    write_xlsx(tmp_path / "fr.xlsx", given_out({"a": text, "b": f"{text}."[1:]}), BRIEF)
    assert [cell.value for cell in opened(tmp_path / "fr.xlsx")["A"]] == ["id", "b", "c"]


def test_the_same_rows_give_the_same_bytes(tmp_path: Path) -> None:
    rows = given_out({"a": "Un", "b": "Deux"})
    write_xlsx(tmp_path / "1.xlsx", rows, BRIEF)
    time.sleep(2.1)  # the resolution of dates in a zip file
    write_xlsx(tmp_path / "2.xlsx", rows, BRIEF)
    assert (tmp_path / "1.xlsx").read_bytes() == (tmp_path / "2.xlsx").read_bytes()


def test_no_cell_is_ever_a_formula(tmp_path: Path) -> None:
    seeds = [{"id": "=A1", "category": "insult", "text": "=1+1"}]
    write_xlsx(tmp_path / "fr.xlsx", given_out({"=A1": '=HYPERLINK("http://x","y")'}, seeds=seeds), BRIEF)
    with zipfile.ZipFile(tmp_path / "fr.xlsx") as parts:
        sheets = [name for name in parts.namelist() if name.startswith("xl/worksheets/sheet")]
        assert len(sheets) == 2
        assert not any(b"<f>" in parts.read(name) or b"<hyperlink" in parts.read(name) for name in sheets)


def write(path: Path, rows: list[dict[str, str]]) -> None:
    """Gives rows out as the workflow does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".jsonl":
        write_jsonl(path, rows)
    else:
        assert write_sheet(path, rows, BRIEF) == []


def test_reviewers_get_every_format_but_that_of_the_page_in_the_browser() -> None:
    assert set(FORMATS) - set(WRITTEN) == {"jsonl"}
    assert WRITTEN[0] == "xlsx", "the one that people are told to take first"


class Typed(str):
    """What is typed into a cell that is not formatted as text: the program decides what it is."""


def fill(path: Path, id: str, /, **texts: Any) -> None:
    """Changes a row of a sheet, as a person would in a program for its format."""
    match path.suffix:
        case ".csv" | ".jsonl":
            rows = [dict(given.cells) for given in read_returned(path)]
            row, *_ = [row for row in rows if row["id"] == id]
            row |= texts
            write(path, rows)
        case ".xlsx":
            book = openpyxl.load_workbook(path)
            sheet = book["review"]
            row, *_ = [row for row in sheet.iter_rows(min_row=2) if row[0].value == id]
            for column, value in texts.items():
                cell = row[column_of(sheet, column) - 1]
                cell.value = value
                if type(value) is str:
                    cell.data_type = "s"
            book.save(path)
        case ".po":
            file = polib.pofile(str(path), wrapwidth=0)
            entry, *_ = [entry for entry in file if entry.msgctxt == id]
            entry.msgctxt = texts.get("id", id)
            entry.msgid = texts.get("source", entry.msgid)
            entry.msgstr = texts.get("target", entry.msgstr)
            if "draft" in texts:
                entry.comment = entry.comment.replace('draft: "', f'draft: "{texts["draft"]}')
            comments = [f"note: {texts['note']}"] if "note" in texts else []
            match texts.get("verdict"), "target" in texts:
                case ("ok", False) | ("edited", True):
                    entry.flags.remove("fuzzy")
                case (str() as verdict, _):
                    comments.append(f"verdict: {verdict}")
            entry.tcomment = "\n".join(comments)
            file.save()


def repeat(path: Path, id: str) -> None:
    """Puts a copy of a row at the end of a sheet."""
    if path.suffix == ".xlsx":
        book = openpyxl.load_workbook(path)
        sheet = book["review"]
        [row] = [row for row in sheet.iter_rows(min_row=2, values_only=True) if row[0] == id]
        sheet.append(row)
        book.save(path)
    elif path.suffix == ".po":
        file = polib.pofile(str(path), wrapwidth=0)
        file.extend([entry for entry in file if entry.msgctxt == id])
        file.save()
    else:
        rows = [dict(given.cells) for given in read_returned(path)]
        write(path, [*rows, *(row for row in rows if row["id"] == id)])


def returned(
    folder: Path, kind: str, drafts: dict[str, str], *, name: str = "round-1.anna", seeds: Any = SEEDS
) -> Path:
    path = folder / "fr" / f"{name}.{kind}"
    write(path, given_out(drafts, seeds=seeds))
    return path


def sheet_of(path: Path) -> Sheet:
    found, problems = sheets(path.parent)
    assert problems == []
    return next(sheet for sheet in found if sheet.path == path)


def told(path: Path, seeds: Mapping[str, str] = TEXTS) -> list[str]:
    """The problems of a sheet."""
    return [f"{place} ({id}): {what}" for id, place, what in evidence(sheet_of(path), seeds)[1]]


TRICKY = [
    "=1+1",
    '=HYPERLINK("http://example.org","x")',
    "+1",
    "-1",
    "@SUM(A1)",
    "'quoted",
    "007",
    "1e5",
    "1/2",
    "2026-11-25",
    "TRUE",
    "#NAME?",
    "None",
    'a "quoted" word, and a comma; a\ttab',
    "first\nsecond\n\nfourth",
    "back\\slash and \\n no line end",
    "# no comment",
    "verdict: skip",
    "http://example.org/?a=b&c=d",
    "mailto:a@example.org",
    "<b>&amp;</b> ]]>",
    "_x0041_ and x005F_ and _x005F_ and _x000a_",
    "%s {0} $HOME",
    "\U0001f600 \U0001f468\u200d\U0001f469\u200d\U0001f467",
    "שלום \u200fעולם (1)",
    "مرحبا\u200c بالعالم ١٢٣",
    clean("o\u0323\u0302 \u0e01\u0e33 \u1112\u1161\u11ab"),
    "a\u00a0b\u2028c\u2029d\u3000e",
    "\ufffe\uffff",
    "x" * 32_767,
    "é\n" * 16_000 + "z",
]


@pytest.mark.parametrize("kind", FORMATS)
def test_what_nobody_touched_comes_back_unchanged(tmp_path: Path, kind: str) -> None:
    seeds = [{"id": f"row-{n}", "category": "insult", "text": f"{text}"} for n, text in enumerate(TRICKY)]
    drafts = {seed["id"]: TRICKY[-1 - n] for n, seed in enumerate(seeds)}
    path = returned(tmp_path, kind, drafts, seeds=seeds)
    rows = read_sheet(sheet_of(path), {seed["id"]: seed["text"] for seed in seeds})[0]
    given = given_out(drafts, seeds=seeds)
    for column in ("id", "source", "draft", "category", "flag", "context", "verdict", "note", "check"):
        assert [row[column] for row in rows] == [row[column] for row in given], column
    assert all(row["target"] in ("", row["draft"]) for row in rows)
    assert evidence(sheet_of(path), {}) == ([], [])


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("seed", range(3))
def test_random_texts_come_back(tmp_path: Path, kind: str, seed: int) -> None:
    rng = random.Random(seed)
    parts = (
        "a é \n \t \" ' \\ \\n = + - @ # , ; : % _x000D_ \u2028 \u200f \u0301 ا 字 \U0001f600 & < {} null 0 ~ |".split(
            " "
        )
    )
    texts = [clean("".join(rng.choice(parts) for _ in range(rng.randint(1, 12)))) or "a" for _ in range(200)]
    seeds = [{"id": str(n), "category": "insult", "text": text} for n, text in enumerate(texts)]
    drafts = {str(n): text for n, text in enumerate(reversed(texts))}
    path = returned(tmp_path, kind, drafts, seeds=seeds)
    rows = read_sheet(sheet_of(path), {seed["id"]: seed["text"] for seed in seeds})[0]
    assert [(row["source"], row["draft"]) for row in rows] == list(zip(texts, reversed(texts), strict=True))


@pytest.mark.parametrize("kind", FORMATS)
def test_a_filled_sheet_becomes_evidence(tmp_path: Path, kind: str) -> None:
    path = returned(tmp_path, kind, {"a": "Un", "b": "Deux", "c": "Trois"})
    fill(path, "a", verdict="ok", note="fine\nindeed")
    fill(path, "b", verdict="edited", target="=2")
    entries = evidence(sheet_of(path), TEXTS)[0]
    assert [(entry["id"], entry["verdict"], entry["before"], entry["after"], entry["note"]) for entry in entries] == [
        ("a", "ok", "Un", "Un", "fine\nindeed"),
        ("b", "edited", "Deux", "=2", ""),
    ]
    assert {(entry["reviewer"], entry["round"]) for entry in entries} == {("anna", 1)}


def place_of_b(path: Path) -> str:
    """Where the second row stands, as its program shows it."""
    if path.suffix == ".po":
        lines = path.read_text(encoding="utf-8").split("\n")
        blanks = [number for number, line in enumerate(lines, 1) if not line]
        return f"line {blanks[1] + 1}"
    return "row 2" if path.suffix == ".jsonl" else "row 3"


PROBLEMS = [
    ({"id": "zz"}, "the id is not one that was given out; restore it", "xyz"),
    ({"id": "zz"}, "restore the id of the sheet you were given (b)", "Two"),
    ({"source": "Twoo"}, "the English is not what was given out; restore it", "Two"),
    ({"draft": "Deuxx"}, "the draft is not what was given out for fr; restore it, and write your text under", "Two"),
    ({"verdict": "fine"}, "verdict 'fine'; write one of: ok, edited, rejected, unsure, skip", "Two"),
    ({"verdict": "edited"}, "verdict 'edited', but the target is the draft; write the new target", "Two"),
    ({"verdict": "ok", "target": "Dos"}, "verdict 'ok', but the target differs from the draft; write 'edited'", "Two"),
    ({"target": "Dos"}, "a target without a verdict; write the verdict 'edited', or take the target out", "Two"),
]


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize(("change", "problem", "english"), PROBLEMS)
def test_each_problem_is_told_with_its_row_and_fix(
    tmp_path: Path, kind: str, change: dict[str, str], problem: str, english: str
) -> None:
    path = returned(tmp_path, kind, {"a": "Un", "b": "Deux"})
    fill(path, "a", verdict="ok")
    fill(path, "b", **change)
    line = told(path, TEXTS | {"b": english})[0]
    assert line.startswith(f"{place_of_b(path)} ({change.get('id', 'b')}): {problem}")


def control(path: Path) -> None:
    """Puts a bell into the note of row b; a spreadsheet writes it as an escape."""
    fill(path, "b", note="_x0007_" if path.suffix == ".xlsx" else "\x07")


@pytest.mark.parametrize("kind", FORMATS)
def test_all_problems_of_a_file_come_at_once(tmp_path: Path, kind: str) -> None:
    path = returned(tmp_path, kind, {"a": "Un", "b": "Deux", "c": "Trois"})
    fill(path, "a", verdict="edited")
    control(path)
    fill(path, "c", verdict="perfect", source="Thre")
    repeat(path, "b")
    problems = told(path)
    assert [problem.split(": ")[1][:32] for problem in problems] == [
        "verdict 'edited', but the target",
        "note has the control character U",
        "the English is not what was give",
        "verdict 'perfect'; write one of",
        "note has the control character U",
    ]
    assert "U+0007; take it out" in problems[1]


@pytest.mark.parametrize("kind", FORMATS)
def test_a_row_that_stands_twice_counts_once_and_in_two_versions_not_at_all(tmp_path: Path, kind: str) -> None:
    path = returned(tmp_path, kind, {"a": "Un", "b": "Deux", "c": "Trois"})
    for id in "abc":
        fill(path, id, verdict="ok")
    repeat(path, "b")
    assert [entry["id"] for entry in evidence(sheet_of(path), TEXTS)[0]] == ["a", "b", "c"]
    assert told(path) == []
    fill(path, "b", verdict="rejected", note="no")
    assert [entry["id"] for entry in evidence(sheet_of(path), TEXTS)[0]] == ["a", "c"]
    assert ["keep one of them" in problem for problem in told(path)] == [True, True]


@pytest.mark.parametrize("kind", FORMATS)
def test_a_seed_that_changed_later_is_no_problem_of_the_sheet(tmp_path: Path, kind: str) -> None:
    path = returned(tmp_path, kind, {"a": "Un", "b": "Deux"})
    fill(path, "a", verdict="ok")
    seeds = [SEEDS[0] | {"text": "One!"}, *SEEDS[1:]]
    entries = evidence(sheet_of(path), {seed["id"]: seed["text"] for seed in seeds})[0]
    row_states = row_states_of("fr", seeds, entries, gate_of())
    assert (row_states["a"].state, row_states["a"].previous) == ("stale", "One")
    row = sheet_rows("fr", seeds, row_states, {"a": draft("Un !")})[0]
    assert (row["draft"], row["context"], row["previous"]) == ("Un !", "the English changed; before: Un", "One")


def test_a_sheet_of_another_language_is_told(tmp_path: Path) -> None:
    path = tmp_path / "de" / "round-1.anna.xlsx"
    write(path, given_out({"a": "Un", "b": "Deux"}))
    assert all("the draft is not what was given out for de" in problem for problem in told(path))


def test_a_sheet_without_its_reviewer_or_beside_another_is_told(tmp_path: Path) -> None:
    for name in ("round-1.YOURNAME.xlsx", "round-1.xlsx", "round-1.ben.csv", "round-1.ben.xlsx", "~$round-1.ben.xlsx"):
        (tmp_path / name).touch()
    found, problems = sheets(tmp_path)
    assert [sheet.path.name for sheet in found] == ["round-1.ben.csv"]
    assert problems == [
        f"{tmp_path}/round-1.YOURNAME.xlsx: rename it, with the reviewer's name or pseudonym instead of YOURNAME",
        f"{tmp_path}/round-1.ben.xlsx: round-1.ben.csv is this reviewer's; keep one, or rename a second one"
        " round-1.ben.2.xlsx",
        f"{tmp_path}/round-1.xlsx: rename it round-NUMBER.REVIEWER.xlsx (or .csv, .jsonl, .po), e.g. round-1.anna.xlsx",
    ]


@pytest.mark.parametrize(
    ("column", "value", "problem"),
    [
        ("target", Typed("=1+1"), "cell H3 holds a formula; format it as text and type the text itself"),
        ("note", Typed("=1+1"), "cell J3 holds a formula"),
        ("target", Typed("#REF!"), "cell H3 holds the error #REF!; type the text again"),
        ("target", 7, "cell H3 holds a number (7), maybe not what was typed; format it as text and type it again"),
        ("target", 0.5, "cell H3 holds a number (0.5)"),
        ("target", True, "cell H3 holds true or false (True)"),
        ("target", datetime(2026, 11, 25), "cell H3 holds a date or time (2026-11-25 00:00:00)"),
        ("verdict", 1, "cell I3 holds a number (1)"),
    ],
)
def test_what_a_spreadsheet_makes_of_texts_is_told(tmp_path: Path, column: str, value: Any, problem: str) -> None:
    path = returned(tmp_path, "xlsx", {"a": "Un", "b": "Deux"})
    fill(path, "b", **{column: value})
    assert told(path)[0].startswith(f"row 3 (b): {problem}")


def test_dates_and_notes_of_a_spreadsheet_are_taken_as_text(tmp_path: Path) -> None:
    path = returned(tmp_path, "xlsx", {"a": "Un", "b": "Deux"})
    assert {row["date"] for row in read_sheet(sheet_of(path), TEXTS)[0]} == {""}
    book = openpyxl.load_workbook(path)
    sheet = book["review"]
    sheet.cell(1, 12).value = "date"
    sheet.cell(2, 12).value = datetime(2026, 11, 25)
    sheet.cell(2, 9).value = "OK "
    sheet.cell(2, 10).value = 3
    sheet.cell(3, 9).value = "skip"
    book.save(path)
    first, second = evidence(sheet_of(path), TEXTS)[0]
    assert (first["date"], first["verdict"], first["note"]) == ("2026-11-25", "ok", "3")
    assert second["date"] == f"{openpyxl.load_workbook(path).properties.modified:%Y-%m-%d}"


def test_other_sheets_and_moved_columns_of_a_spreadsheet_do_no_harm(tmp_path: Path) -> None:
    path = returned(tmp_path, "xlsx", {"a": "Un", "b": "Deux"})
    fill(path, "b", verdict="ok")
    book = openpyxl.load_workbook(path)
    hidden = book.copy_worksheet(book["review"])
    hidden.sheet_state = "hidden"
    book.create_sheet("mine", 0)["A1"] = "=1+1"
    old = book["review"]
    new = book.create_sheet("Feuille1")
    for row in old.iter_rows(values_only=True):
        new.append(row[::-1])
    new.append([None, " ", None])
    new.append([])
    book.remove(old)
    book.save(path)
    problems = told(path)
    assert len(problems) == 1
    assert "restore the id of the sheet you were given" in problems[0]
    new["B5"] = None
    book.save(path)
    [entry] = evidence(sheet_of(path), TEXTS)[0]
    assert (entry["id"], entry["after"]) == ("b", "Deux")
    new["N2"] = "by the way"
    book.save(path)
    assert told(path)[0].startswith("row 2 (a): cell N2 is outside the columns; move its text to the note")
    new.sheet_state = "hidden"
    book.save(path)
    with pytest.raises(DataError, match="no visible sheet has the columns id, source, draft, target, verdict"):
        evidence(sheet_of(path), TEXTS)


def test_work_in_a_copied_worksheet_is_not_passed_over(tmp_path: Path) -> None:
    path = returned(tmp_path, "xlsx", {"a": "Un", "b": "Deux", "c": "Trois"})
    book = openpyxl.load_workbook(path)
    copy = book.copy_worksheet(book["review"])
    book.save(path)
    assert evidence(sheet_of(path), TEXTS) == ([], [])
    copy.cell(2, column_of(copy, "verdict")).value = "ok"
    book.save(path)
    with pytest.raises(DataError, match="2 visible sheets have the columns"):
        evidence(sheet_of(path), TEXTS)


def test_merged_cells_are_told(tmp_path: Path) -> None:
    path = returned(tmp_path, "xlsx", {"a": "Un", "b": "Deux", "c": "Trois"})
    fill(path, "a", verdict="ok")
    book = openpyxl.load_workbook(path)
    sheet = book["review"]
    column = column_of(sheet, "verdict")
    sheet.merge_cells(start_row=2, end_row=4, start_column=column, end_column=column)
    book.save(path)
    taken, problems = evidence(sheet_of(path), TEXTS)
    assert taken == []
    merged = [problem for problem in problems if re.search(r"the cells \w2:\w4 are merged; unmerge them", problem.what)]
    assert len(merged) == 3


def test_a_verdict_in_a_po_comment_is_never_taken_for_a_note(tmp_path: Path) -> None:
    path = returned(tmp_path, "po", {"a": "Un", "b": "Deux", "c": "Trois"})
    file = polib.pofile(str(path), wrapwidth=0)
    for entry, comment in zip(file, ("Verdict : Rejected", "verdict=unsure.", "rejected"), strict=True):
        entry.tcomment, entry.flags = comment, []
    file.save(str(path))
    [problem] = told(path)
    assert problem.endswith("the comment 'rejected' looks like a verdict; write 'verdict: rejected'")
    file[2].tcomment = ""
    file.save(str(path))
    found = {entry["id"]: entry["verdict"] for entry in evidence(sheet_of(path), TEXTS)[0]}
    assert found == {"a": "rejected", "b": "unsure", "c": "ok"}


def test_a_csv_holds_no_formula_and_gives_every_text_back(tmp_path: Path) -> None:
    texts = ["=1+1", "'=1+1", "''", "'quoted'", "+49", "-1", "@here", "\t=x", "a=1", ""]
    path = tmp_path / "fr" / "round-1.anna.csv"
    rows = [
        dict.fromkeys(SHEET_COLUMNS, "") | {"id": str(n), "source": "S", "draft": text} for n, text in enumerate(texts)
    ]
    write_csv_sheet(path, rows, BRIEF)
    assert path.read_bytes().startswith(b"\xef\xbb\xbfid,")  # spreadsheet programs know the letters by it
    with path.open(newline="", encoding="utf-8-sig") as file:
        assert not any(cell[:1] in tuple("=+-@\t") for row in csv.reader(file) for cell in row)
    assert [given.cells["draft"] for given in read_returned(path)] == texts


def test_a_file_that_is_no_spreadsheet_is_told(tmp_path: Path) -> None:
    path = tmp_path / "round-1.anna.xlsx"
    for content in (b"", b"id,source,draft,target,verdict\n", b"PK\x03\x04broken"):
        path.write_bytes(content)
        with pytest.raises(DataError, match=r"not readable as \.xlsx"):
            read_returned(path)


def test_a_spreadsheet_that_another_program_saved_comes_back(tmp_path: Path) -> None:
    if not (program := shutil.which("soffice")):
        pytest.skip("LibreOffice is not installed")
    seeds = [{"id": f"row-{n}", "category": "insult", "text": text} for n, text in enumerate(TRICKY)]
    drafts = {seed["id"]: TRICKY[-1 - n] for n, seed in enumerate(seeds)}
    path = returned(tmp_path, "xlsx", drafts, seeds=seeds)
    command = [program, f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--convert-to", "xlsx"]
    subprocess.run([*command, "--outdir", str(tmp_path / "saved" / "fr"), str(path)], check=True, capture_output=True)
    again = tmp_path / "saved" / "fr" / path.name
    assert again.read_bytes() != path.read_bytes()
    rows = read_sheet(sheet_of(again), {seed["id"]: seed["text"] for seed in seeds})[0]
    given = given_out(drafts, seeds=seeds)
    assert [(row["id"], row["source"], row["draft"]) for row in rows] == [
        (row["id"], row["source"], row["draft"]) for row in given
    ]
    assert opened(again).protection.sheet


def test_a_po_file_says_what_translators_need(tmp_path: Path) -> None:
    row, other, blank = given_out({"a": "Un", "b": "Deux"}, flags={"a": "in English"})
    row |= {"previous": "Once", "context": "the English changed; before:\nUn"}
    write_po(tmp_path / "fr.po", [row, other, blank], BRIEF)
    text = (tmp_path / "fr.po").read_text(encoding="utf-8")
    assert (
        "#. category: insult\n"
        "#. flag: in English\n"
        "#. context: the English changed; before: Un\n"
        '#. draft: "Un"\n'
        f"#. check: {row['check']}\n"
        "#, fuzzy\n"
        '#| msgid "Once"\n'
        'msgctxt "a"\n'
        'msgid "One"\n'
        'msgstr "Un"\n'
    ) in text
    file = polib.pofile(text)
    assert [entry.fuzzy for entry in file] == [True, True, False]
    assert "data/reviews/fr/round-1.YOURNAME.po" in file.header
    assert all(f"{verdict}: {VERDICT_MEANINGS[verdict]}" in file.header for verdict in ("rejected", "unsure", "skip"))
    assert file.metadata["Language"] == "fr"
    if program := shutil.which("msgfmt"):
        subprocess.run([program, "--check-format", "-o", "/dev/null", str(tmp_path / "fr.po")], check=True)


@pytest.mark.parametrize(
    ("id", "msgstr", "fuzzy", "comment", "expected"),
    [
        ("b", "Deux", True, "", ("", "")),
        ("b", "Deux", False, "", ("ok", "")),
        ("b", "Dos", False, "", ("edited", "")),
        ("b", "Deux", True, "a remark\non two lines", ("", "a remark\non two lines")),
        ("b", "Deux", True, "verdict: rejected\nnote: no such thing\nhere", ("rejected", "no such thing\nhere")),
        ("b", "Deux", False, "Verdict:unsure", ("unsure", "")),
        ("b", "", True, "verdict: skip", ("skip", "")),
        ("c", "", False, "", ("", "")),
        ("c", "Trois", False, "", ("edited", "")),
    ],
)
def test_what_an_entry_of_a_po_file_says(
    tmp_path: Path, id: str, msgstr: str, fuzzy: bool, comment: str, expected: tuple[str, str]
) -> None:
    path = returned(tmp_path, "po", {"a": "Un", "b": "Deux"})
    file = polib.pofile(str(path), wrapwidth=0)
    [entry] = [entry for entry in file if entry.msgctxt == id]
    entry.msgstr, entry.flags, entry.tcomment = msgstr, ["fuzzy"] * fuzzy, comment
    file.metadata["PO-Revision-Date"] = "2026-11-25 22:00+0100"
    file.save()
    [row] = [row for row in read_sheet(sheet_of(path), TEXTS)[0] if row["id"] == id]
    assert (row["verdict"], row["note"]) == expected
    assert row["date"] == "2026-11-25"


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (
            '#, fuzzy\nmsgctxt "b"\nmsgid "Two"\nmsgstr "Deux"',
            'msgctxt "b"\nmsgid "Two"\nmsgstr ""',
            "the target is the draft",
        ),
        ('#. draft: "Deux"', "#. draft: Deux", "its comment '#. draft: ...' is not as it was"),
        (
            'msgctxt "b"\nmsgid "Two"\nmsgstr "Deux"',
            '#~ msgctxt "b"\n#~ msgid "Two"\n#~ msgstr "Deux"',
            "the entry is marked",
        ),
        ('#. draft: "Deux"', '# verdict: ok\n# verdict: skip\n#. draft: "Deux"', "verdict 'ok, skip'; write one of"),
    ],
)
def test_what_goes_wrong_in_a_po_file_is_told(tmp_path: Path, old: str, new: str, problem: str) -> None:
    path = returned(tmp_path, "po", {"a": "Un", "b": "Deux"})
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    assert problem in told(path)[0]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "no entries"),
        (b"id,source,draft,target,verdict\na,One,Un,,ok\n", "not readable as .po"),
        (b'msgid "One"\nmsgstr "Un" "deux"\n', "not readable as .po"),
        ('msgid "One"\nmsgstr "é"\n'.encode("latin-1"), "not readable as .po"),
    ],
)
def test_a_file_that_is_no_po_is_told(tmp_path: Path, content: bytes, problem: str) -> None:
    path = tmp_path / "round-1.anna.po"
    path.write_bytes(content)
    with pytest.raises(DataError) as error:
        read_returned(path)
    assert problem in str(error.value)


def test_a_po_file_that_gettext_merged_comes_back(tmp_path: Path) -> None:
    if not (program := shutil.which("msgcat")):
        pytest.skip("gettext is not installed")
    texts = [text for text in TRICKY if not set(text) & {"\ufffe", "\uffff"}]
    seeds = [{"id": f"row-{n}", "category": "insult", "text": text} for n, text in enumerate(texts)]
    drafts = {seed["id"]: texts[-1 - n] for n, seed in enumerate(seeds)}
    path = returned(tmp_path, "po", drafts, seeds=seeds)
    subprocess.run([program, "-o", str(path), str(path)], check=True)
    rows = read_sheet(sheet_of(path), {seed["id"]: seed["text"] for seed in seeds})[0]
    given = given_out(drafts, seeds=seeds)
    assert [(row["id"], row["source"], row["target"]) for row in rows] == [
        (row["id"], row["source"], row["draft"]) for row in given
    ]


LANDS = ["Allemagne", "Belgique", "Canada", "Danemark", "Espagne", "Finlande", "Grèce", "Hongrie", "Italie", "Japon"]


def many(tmp_path: Path, kind: str) -> tuple[Path, dict[str, str]]:
    """A sheet of ten rows, whose drafts have quotes, a dash and dots, and its seeds."""
    seeds = [{"id": f"r{n}", "category": "insult", "text": f'Say: "{land}".'} for n, land in enumerate(LANDS)]
    drafts = {f"r{n}": f'Dites donc : "{land}" - et c\'est tout ...' for n, land in enumerate(LANDS)}
    states = row_states_of("fr", seeds, [], gate_of())
    path = tmp_path / f"round-1.anna.{kind}"
    write(path, sheet_rows("fr", seeds, states, {id: draft(text) for id, text in drafts.items()}))
    return path, {seed["id"]: seed["text"] for seed in seeds}


@pytest.mark.parametrize("kind", FORMATS)
def test_an_ok_on_a_text_that_a_program_corrected_is_an_edit(tmp_path: Path, kind: str) -> None:
    path, seeds = many(tmp_path, kind)
    for number, land in enumerate(LANDS[:5]):
        fill(path, f"r{number}", verdict="ok", target=f"Dites donc\u202f: «\u00a0{land}\u00a0» – et c’est tout…")
    fill(path, "r5", verdict="ok", target="Dites donc : autre chose")
    entries, problems = evidence(sheet_of(path), seeds)
    assert [(entry["id"], entry["verdict"]) for entry in entries] == [(f"r{n}", "edited") for n in range(5)]
    assert entries[0]["after"].startswith("Dites donc\u202f: «")
    [problem] = problems
    assert (problem.id, problem.what) == ("r5", "verdict 'ok', but the target differs from the draft; write 'edited'")


@pytest.mark.parametrize("kind", FORMATS)
def test_targets_that_are_the_drafts_of_other_rows_refuse_the_file(tmp_path: Path, kind: str) -> None:
    path, seeds = many(tmp_path, kind)
    drafts = [returned.cells["draft"] for returned in read_returned(path)]
    for number in range(len(LANDS)):
        fill(path, f"r{number}", verdict="edited", target=drafts[number - 1])
    with pytest.raises(DataError, match=r"the targets of \d+ rows are texts of other rows"):
        evidence(sheet_of(path), seeds)


RUSSIAN = "Скажите, пожалуйста, что-нибудь вежливое о моей новой шляпе, если это возможно."


@pytest.mark.parametrize("kind", FORMATS)
def test_texts_of_another_language_are_told_at_once(tmp_path: Path, kind: str) -> None:
    path, seeds = many(tmp_path, kind)
    french = "Dites quelque chose de gentil au sujet de mon nouveau chapeau, s'il vous plaît."
    fill(path, "r0", verdict="edited", target=RUSSIAN)
    fill(path, "r1", verdict="edited", target=RUSSIAN, note="A proverb of this language is asked for.")
    for number in (2, 3, 4):
        fill(path, f"r{number}", verdict="edited", target=f"{french} {LANDS[number]}")
    entries, [problem] = evidence(sheet_of(path), seeds)
    assert [entry["id"] for entry in entries] == ["r1", "r2", "r3", "r4"]
    assert problem.id == "r0"
    assert re.search(r"letters are those that French is written with|seems to be Russian", problem.what)
    assert problem.what.endswith("put the word 'language' into the note")
    for number in range(5, 10):
        fill(path, f"r{number}", verdict="edited", target=f"{RUSSIAN} {number}")
    assert {problem.id for problem in evidence(sheet_of(path), seeds)[1]} == {"r0", *(f"r{n}" for n in range(5, 10))}


def test_a_workbook_that_unpacks_to_gigabytes_is_not_opened(tmp_path: Path) -> None:
    path = tmp_path / "round-1.anna.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"<row/>" * (12 << 20))
    assert path.stat().st_size < 200_000
    with pytest.raises(DataError, match="it unpacks to 72 MiB, above 32; copy the rows with verdicts"):
        read_returned(path)


def test_a_broken_row_of_a_csv_file_costs_itself(tmp_path: Path) -> None:
    path = returned(tmp_path, "csv", {"a": "Un", "b": "Deux", "c": "Trois"})
    for id in "abc":
        fill(path, id, verdict="ok")
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([*lines[:2], "", f"{lines[2]},and more", lines[3]]), encoding="utf-8")
    entries, [problem] = evidence(sheet_of(path), TEXTS)
    assert [entry["id"] for entry in entries] == ["a", "c"]
    assert problem == ("b", "row 4", "14 fields instead of 13; put quotes around text with commas")


def test_what_a_check_found_throughout_is_told_once(tmp_path: Path) -> None:
    info = SheetInfo(
        "fr", 1, "x", OF_PAPER, found="in 25 of 30 rows that could show it, as here: The option letters are gone."
    )
    for name in ("out.po", "out.xlsx"):
        write_sheet(tmp_path / name, given_out({"a": "Bonjour", "b": "Salut"}), info)
    assert info.found in polib.pofile(str(tmp_path / "out.po")).header.replace("\n", " ")
    book = openpyxl.load_workbook(tmp_path / "out.xlsx")
    cells = [str(cell.value) for sheet in book for row in sheet for cell in row]
    assert sum(info.found in cell for cell in cells) == 1
