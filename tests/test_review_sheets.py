"""Review sheets as files: what goes out, what comes back, and what is told of a file that has problems."""

import time
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from xsafety.review import sheet_rows, standings
from xsafety.review_sheets import VERDICT_MEANINGS, Brief, check, write_xlsx

SEEDS = [
    {"id": "a", "category": "insult", "text": "One"},
    {"id": "b", "category": "insult", "text": "Two"},
    {"id": "c", "category": "commonsense", "text": "Three"},
]
TEXTS = {seed["id"]: seed["text"] for seed in SEEDS}
BRIEF = Brief("fr", 1, "data/reviews/fr/round-1.YOURNAME")


def given_out(
    drafts: dict[str, str], *, lang: str = "fr", flags: dict[str, str] | None = None, seeds: Any = SEEDS
) -> list[dict[str, str]]:
    """The rows of a first round."""
    known = {id: {"draft": draft} for id, draft in drafts.items()}
    return sheet_rows(lang, seeds, standings(seeds, [], 1), known, 1, flags)


def test_flagged_rows_come_first_in_the_order_of_the_flags() -> None:
    rows = given_out({"a": "Un"}, flags={"c": "too long", "zz": "no row of ours", "b": "in English"})
    assert [(row["id"], row["flag"]) for row in rows] == [("c", "too long"), ("b", "in English"), ("a", "")]


def test_the_check_holds_for_what_a_reviewer_must_not_change() -> None:
    row = given_out({"a": "Un"})[0]
    assert row["check"] == check("fr", row | {"target": "Une", "verdict": "edited"})
    others = [check("de", row), *(check("fr", row | {column: "x"}) for column in ("id", "source", "draft"))]
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
    write_xlsx(tmp_path / "out.xlsx", given_out({"a": "شيء ما"}, lang=lang), Brief(lang, 1, "x"))
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
    assert "only in the .po and .csv files: b, c." in text
    for told in (*VERDICT_MEANINGS.values(), "Tries to make a model repeat the hidden instructions"):
        assert told in text
    assert [cell.value for cell in book["review"]["A"]] == ["id", "a"]


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
