"""Returned sheets as programs and people damage them: what is sound is taken as it is, the rest told with its place."""

import csv
import io
import random
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import openpyxl
import pytest
from openpyxl.styles import PatternFill

from tests.conftest import ROOT
from tests.verification.helpers import gate_of, row_states_of
from xsafety.categories import OF_PAPER
from xsafety.rows import Draft, Evidence, Seed
from xsafety.tabular import DataError, read_csv, read_rows, write_csv
from xsafety.verification.evidence import RowProblem, Sheet, evidence, fold
from xsafety.verification.sheet_rows import sheet_rows
from xsafety.verification.sheets.formats import read_returned, write_sheet
from xsafety.verification.sheets.layout import NEEDED_COLUMNS, SheetInfo

SEEDS = [Seed(**row) for row in read_csv(ROOT / "data/seeds/demo.csv", ("id", "category", "text"))]
TEXTS = {seed["id"]: seed["text"] for seed in SEEDS}
DRAFTS = {row["id"]: row for row in read_rows(ROOT / "data/memory/fr.csv", Draft)}
COLUMNS = {"id": 1, "source": 6, "draft": 7, "target": 8, "verdict": 9, "note": 10}
RUSSIAN = "Скажите, пожалуйста, что-нибудь вежливое о моей новой шляпе, если это возможно."
Found = tuple[list[Evidence], list[RowProblem]]


def given_out(folder: Path, kind: str) -> Path:
    path = folder / "fr" / f"round-1.anna.{kind}"
    rows = sheet_rows("fr", SEEDS, row_states_of("fr", SEEDS, [], gate_of()), DRAFTS)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_sheet(path, rows, SheetInfo("fr", 1, "data/reviews/fr/round-1.YOURNAME", OF_PAPER))
    return path


def reviewed(folder: Path, kind: str = "xlsx") -> Path:
    """A French sheet of which two rows in three were filled: an edit, an ok, nothing, and so on."""
    path = folder / "fr" / f"round-1.anna.{kind}"
    path.parent.mkdir()
    path.write_bytes(_reviewed(kind))
    return path


@cache
def _reviewed(kind: str) -> bytes:
    with TemporaryDirectory() as folder:
        return _fill(given_out(Path(folder), kind)).read_bytes()


@cache
def before() -> dict[str, tuple[str, str]]:
    """What the reviewed sheet says."""
    with TemporaryDirectory() as folder:
        return said(taken(reviewed(Path(folder)))[0])


def _fill(path: Path) -> Path:
    rows = [dict(row.cells) for row in read_returned(path)]
    for number, row in enumerate(rows):
        row["verdict"], row["target"] = filled(number, row["draft"])
    if path.suffix == ".csv":
        write_csv(path, list(rows[0]), rows)
        return path
    book = openpyxl.load_workbook(path)
    for number, row in enumerate(rows, 2):
        for column in ("verdict", "target"):
            book["review"].cell(number, COLUMNS[column]).value = row[column] or None
    book.save(path)
    return path


def filled(number: int, draft: str) -> tuple[str, str]:
    """Verdict and target of a row."""
    if number % 3 == 0:
        return "edited", f"{draft} Voilà, c'est dit."
    return ("ok", draft) if number % 3 == 1 else ("", draft)


def taken(path: Path) -> Found:
    return evidence(Sheet(path, 1, "anna"), TEXTS)


def said(entries: list[Evidence]) -> dict[str, tuple[str, str]]:
    return {entry["id"]: (entry["verdict"], entry["after"]) for entry in entries}


def changed(path: Path, damage: Callable[[Any], None]) -> Path:
    book = openpyxl.load_workbook(path)
    damage(book["review"])
    book.save(path)
    return path


def put(row: int, column: str, value: Any) -> Callable[[Any], None]:
    def damage(sheet: Any) -> None:
        sheet.cell(row, COLUMNS[column]).value = value

    return damage


def shuffled(sheet: Any) -> None:
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)]
    random.Random(1).shuffle(rows)
    for number, row in enumerate(rows, 2):
        for column, value in enumerate(row, 1):
            sheet.cell(number, column).value = value


def spaced(sheet: Any) -> None:
    for row in (40, 20, 5):
        sheet.insert_rows(row)


def trailing(sheet: Any) -> None:
    for row in range(2, 20):
        sheet.cell(row, 1).value += " \u00a0"
        sheet.cell(row, COLUMNS["verdict"]).value = f" {sheet.cell(row, COLUMNS['verdict']).value or ''} "


def hidden(sheet: Any) -> None:
    for row in range(2, 30):
        sheet.row_dimensions[row].hidden = True
    sheet.column_dimensions["F"].hidden = True
    sheet.parent.create_sheet("old").sheet_state = "hidden"


def styled(sheet: Any) -> None:
    for row in range(1900, 2000):
        for column in range(1, 30):
            sheet.cell(row, column).fill = PatternFill("solid", fgColor="FFFF00")


HARMLESS = {
    "sorted": shuffled,
    "a column inserted": lambda sheet: sheet.insert_cols(4),
    "a column of one's own": lambda sheet: setattr(sheet.cell(1, 14), "value", "mine"),
    "a needless column deleted": lambda sheet: sheet.delete_cols(3),
    "empty rows between": spaced,
    "spaces around ids and verdicts": trailing,
    "rows, a column and a sheet hidden": hidden,
    "empty cells far below with a colour": styled,
    "verdicts in capitals": lambda sheet: [
        setattr(sheet.cell(row, 9), "value", str(sheet.cell(row, 9).value or "").upper()) for row in range(2, 72)
    ],
    "a row doubled": lambda sheet: sheet.append([cell.value for cell in sheet[9]]),
    "the sheet renamed": lambda sheet: setattr(sheet, "title", "Feuille1"),
    "a number for a note": put(9, "note", 7),
}


@pytest.mark.parametrize("name", HARMLESS)
def test_what_does_no_harm_costs_nothing(tmp_path: Path, name: str) -> None:
    assert len(before()) == 47
    entries, problems = taken(changed(reviewed(tmp_path), HARMLESS[name]))
    assert problems == []
    assert said(entries) == before()


def swapped(sheet: Any) -> None:
    sheet["A5"].value, sheet["A6"].value = sheet["A6"].value, sheet["A5"].value


def doubled(sheet: Any) -> None:
    sheet.append([cell.value for cell in sheet[6]])
    sheet.cell(sheet.max_row, COLUMNS["verdict"]).value = "rejected"


def merged(sheet: Any) -> None:
    sheet.merge_cells("I5:I6")


def deleted(sheet: Any) -> None:
    sheet.delete_rows(5, 2)


COSTLY: dict[str, tuple[Callable[[Any], Any], set[int], str]] = {
    "a wrong verdict": (put(5, "verdict", "fine"), {5}, "verdict 'fine'; write one of"),
    "a note in the column of verdicts": (put(5, "verdict", "ok, but dull"), {5}, "verdict 'ok, but dull'"),
    "a date for a verdict": (put(5, "verdict", 45_000.5), {5}, "cell I5 holds a number (45000.5)"),
    "a formula": (put(5, "target", "=A1"), {5}, "cell H5 holds a formula"),
    "an error": (put(5, "target", "#REF!"), {5}, "cell H5 holds the error #REF!"),
    "a text in the column of ids": (put(5, "id", "Bonjour"), {5}, "restore the id of the sheet you were given ("),
    "an id taken out": (put(5, "id", None), {5}, "restore the id of the sheet you were given ("),
    "two ids swapped": (swapped, {5, 6}, "the English is not what was given out for "),
    "the English changed": (put(5, "source", "Something else"), {5}, "the English is not what was given out; restore"),
    "the draft changed": (put(5, "draft", "Autre chose"), {5}, "the draft is not what was given out for fr"),
    "a row doubled and filled otherwise": (doubled, {6}, "the id stands in row 6 and row 72; keep one of them"),
    "cells merged": (merged, {5, 6}, "the cells I5:I6 are merged"),
    "rows deleted": (deleted, {5, 6}, ""),
    "ok to a new text": (put(6, "target", "Tout autre chose, bien sûr."), {6}, "verdict 'ok', but the target differs"),
    "a Russian text": (put(5, "target", RUSSIAN), {5}, "put the word 'language' into the note"),
}


@pytest.mark.parametrize("name", COSTLY)
def test_what_does_harm_costs_its_row_alone(tmp_path: Path, name: str) -> None:
    path = reviewed(tmp_path)
    ids = [row.cells["id"] for row in read_returned(path)]
    damage, rows, told = COSTLY[name]
    entries, problems = taken(changed(path, damage))
    lost = {ids[row - 2] for row in rows}
    assert said(entries) == {id: what for id, what in before().items() if id not in lost}
    assert {int(problem.place.split()[1]) for problem in problems} - {72} == (rows if told else set())
    assert any(told in problem.what for problem in problems) == bool(told), problems


def inserted(column: str, row: int, length: int = 80) -> Callable[[Any], None]:
    """A cell was inserted in a column, and those below moved down."""

    def damage(sheet: Any) -> None:
        for number in range(min(71, row + length), row, -1):
            sheet.cell(number, COLUMNS[column]).value = sheet.cell(number - 1, COLUMNS[column]).value

    return damage


def removed(sheet: Any) -> None:
    for number in range(10, 71):
        sheet.cell(number, COLUMNS["target"]).value = sheet.cell(number + 1, COLUMNS["target"]).value


def sorted_alone(sheet: Any) -> None:
    texts = sorted(sheet.cell(row, COLUMNS["target"]).value for row in range(2, 72))
    for row, text in enumerate(texts, 2):
        sheet.cell(row, COLUMNS["target"]).value = text


def all_filled(sheet: Any) -> None:
    for row in range(2, 72):
        sheet.cell(row, COLUMNS["verdict"]).value = "edited"


@pytest.mark.parametrize(
    "damage", [inserted("target", 2), inserted("target", 30), inserted("target", 60, 5), removed, sorted_alone]
)
@pytest.mark.parametrize("fill", [lambda sheet: None, all_filled])
def test_a_file_whose_targets_stand_beside_the_english_of_others_is_refused(
    tmp_path: Path, damage: Callable[[Any], None], fill: Callable[[Any], None]
) -> None:
    path = changed(changed(reviewed(tmp_path), damage), fill)
    with pytest.raises(DataError, match=r"the targets of \d+ rows are texts of other rows \(that in row \d+ belongs"):
        taken(path)


def test_two_targets_that_were_swapped_cost_their_rows(tmp_path: Path) -> None:
    def damage(sheet: Any) -> None:
        sheet["H5"].value, sheet["H8"].value = sheet["H8"].value, sheet["H5"].value

    path = reviewed(tmp_path)
    entries, problems = taken(changed(path, damage))
    assert {problem.place for problem in problems} == {"row 5", "row 8"}
    assert "the target is the text of row 8" in problems[0].what
    assert len(entries) == 45


def test_a_reviewer_who_puts_texts_where_they_belong_is_believed(tmp_path: Path) -> None:
    # The drafts stood one row too low, as checks said.
    path = reviewed(tmp_path)
    ids = [row.cells["id"] for row in read_returned(path)]

    def damage(sheet: Any) -> None:
        for row in range(10, 20):
            sheet.cell(row, COLUMNS["target"]).value = sheet.cell(row + 1, COLUMNS["draft"]).value
            sheet.cell(row, COLUMNS["verdict"]).value = "edited"
            sheet.cell(row, 3).value = "The text fits the English of another row much better than its own."

    entries, problems = taken(changed(path, damage))
    assert problems == []
    assert {entry["id"] for entry in entries} >= set(ids[8:18])


@pytest.mark.parametrize("column", NEEDED_COLUMNS)
def test_a_file_without_a_column_is_refused(tmp_path: Path, column: str) -> None:
    path = changed(reviewed(tmp_path), lambda sheet: sheet.delete_cols(COLUMNS[column]))
    with pytest.raises(DataError, match=r"no visible sheet has the columns id, source, draft, target, verdict"):
        taken(path)


def test_seventy_texts_of_another_language_are_told_row_by_row(tmp_path: Path) -> None:
    path = reviewed(tmp_path)

    def damage(sheet: Any) -> None:
        for row in range(2, 72):
            sheet.cell(row, COLUMNS["target"]).value = f"{RUSSIAN} {row}"
            sheet.cell(row, COLUMNS["verdict"]).value = "edited"

    entries, problems = taken(changed(path, damage))
    assert (entries, len({problem.id for problem in problems})) == ([], 70)


def as_excel(path: Path, encoding: str, delimiter: str) -> None:
    """Saves a CSV sheet as Excel does."""
    table = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8"), newline="")))
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=delimiter, lineterminator="\r\n").writerows([*table, [""] * len(table[0]), []])
    path.write_bytes(buffer.getvalue().encode(encoding, "replace"))


@pytest.mark.parametrize(
    ("encoding", "delimiter"),
    [("utf-8", ","), ("utf-8-sig", ";"), ("utf-8-sig", "\t"), ("utf-16", "\t"), ("utf-16", ","), ("utf-8", ";")],
)
def test_csv_files_of_spreadsheet_programs_are_read(tmp_path: Path, encoding: str, delimiter: str) -> None:
    path = reviewed(tmp_path, "csv")
    as_excel(path, encoding, delimiter)
    entries, problems = taken(path)
    assert problems == []
    assert (len(entries), said(entries)) == (47, before())


def test_a_csv_file_in_a_code_page_is_told_by_name(tmp_path: Path) -> None:
    path = reviewed(tmp_path, "csv")
    as_excel(path, "cp1252", ";")
    with pytest.raises(DataError, match=r"not UTF-8, maybe Windows-1252 .*; save it as 'CSV UTF-8'"):
        taken(path)


def test_a_broken_line_of_jsonl_costs_itself(tmp_path: Path) -> None:
    path = tmp_path / "fr" / "round-1.anna.jsonl"
    path.parent.mkdir()
    lines = [
        f'{{"id":"{id}","source":{text!r},"draft":"Un","target":"","verdict":"ok"}}'.replace("'", '"')
        for id, text in (("a", "One"), ("b", "Two"), ("c", "Three"))
    ]
    path.write_bytes("\n".join([lines[0], lines[1][:-9], "[1]", "", lines[2], ""]).encode() + b"\xff\n")
    entries, problems = evidence(Sheet(path, 1, "anna"), {"a": "One", "b": "Two", "c": "Three"})
    assert [entry["id"] for entry in entries] == ["a", "c"]
    assert [problem.place for problem in problems] == ["row 2", "row 3", "row 6"]


def test_a_later_sheet_of_the_reviewer_settles_a_row(tmp_path: Path) -> None:
    for name, reviewer_rows in {
        "round-1.anna.csv": "a,One,Un,,fine\nb,Two,Deux,,ok\n",
        "round-1.ben.csv": "a,One,Un,,ok\n",
    }.items():
        (tmp_path / name).write_text(f"{','.join(NEEDED_COLUMNS)}\n{reviewer_rows}")
    texts = {"a": "One", "b": "Two"}
    entries, refused, rows = fold(tmp_path, texts, different_reviewers=True)
    assert [(entry["id"], entry["reviewer"]) for entry in entries] == [("b", "anna"), ("a", "ben")]
    assert refused == []
    assert rows[0].splitlines() == [
        f"{tmp_path}/round-1.anna.csv: 1 problem(s); 1 row(s) were not taken in",
        f"  - {tmp_path}/round-1.anna.csv, row 2 (a): verdict 'fine'; write one of: ok, edited, rejected, unsure, skip,"
        " or leave it empty",
    ]
    (tmp_path / "round-1.anna.2.csv").write_text(f"{','.join(NEEDED_COLUMNS)}\na,One,Un,,rejected\n")
    entries, *problems = fold(tmp_path, texts, different_reviewers=True)
    assert len(entries) == 3
    assert problems == [[], []]


def repacked(path: Path, part: str, old: str, new: str) -> None:
    """Replaces a text in a part of a spreadsheet."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts[part] = parts[part].replace(old.encode(), new.encode(), 1)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)


ROWS = "xl/worksheets/sheet2.xml"
ONE_ROW = '<row r="{0}"><c r="A{0}" t="str"><v>x</v></c></row>'


@pytest.mark.parametrize(
    ("part", "old", "new", "told"),
    [
        (ROWS, "</sheetData>", f"</sheetData>{' ' * (33 << 20)}", "it unpacks to 33 MiB, above 32"),
        ("xl/styles.xml", "</styleSheet>", f"{' ' * (5 << 20)}</styleSheet>", "xl/styles.xml in it unpacks to more"),
        (ROWS, "</sheetData>", f"{''.join(map(ONE_ROW.format, range(900, 101_000)))}</sheetData>", "more than 100,000"),
        (ROWS, "</sheetData>", '<row r="900"><c r="A900" t="s"><v>9999</v></c></row></sheetData>', "not readable"),
        (ROWS, "</sheetData>", "", "not readable"),
        ("[Content_Types].xml", "<Types", "<!DOCTYPE x [<!ENTITY a 'b'>]><Types", ""),
    ],
)
def test_what_a_spreadsheet_holds_is_bounded(tmp_path: Path, part: str, old: str, new: str, told: str) -> None:
    path = reviewed(tmp_path)
    repacked(path, part, old, new)
    if told:
        with pytest.raises(DataError, match=told):
            taken(path)
    else:
        assert len(taken(path)[0]) == 47


def test_a_text_that_stands_in_many_cells_is_bounded(tmp_path: Path) -> None:
    path = given_out(tmp_path, "xlsx")
    with zipfile.ZipFile(path) as archive:
        last = archive.read("xl/sharedStrings.xml").count(b"<si>")
    cells = "".join(f'<row r="{n}"><c r="H{n}" t="s"><v>{last}</v></c></row>' for n in range(900, 4_000))
    repacked(path, "xl/sharedStrings.xml", "</sst>", f"<si><t>{'x' * 32_000}</t></si></sst>")
    repacked(path, ROWS, "</sheetData>", f"{cells}</sheetData>")
    with pytest.raises(DataError, match=r"more than 100,000 rows or 67,108,864 characters"):
        taken(path)


def rewritten(sheet: Any) -> None:
    """Every text is said in other words: each second one is new."""
    for row in range(2, 72):
        words = str(sheet.cell(row, COLUMNS["draft"]).value).split()
        words[1::2] = random.Random(row).choices(
            "autre bien chose dans entre fort grand hier juste".split(), k=len(words) // 2
        )
        sheet.cell(row, COLUMNS["target"]).value = " ".join(words)
    all_filled(sheet)


def test_texts_in_other_words_are_no_texts_of_other_rows_unless_they_are_shifted(tmp_path: Path) -> None:
    path = changed(reviewed(tmp_path), rewritten)
    entries, problems = taken(path)
    assert (len(entries), problems) == (70, [])
    with pytest.raises(DataError, match=r"the targets of \d+ rows are texts of other rows"):
        taken(changed(path, inserted("target", 2)))
