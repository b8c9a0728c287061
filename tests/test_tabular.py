"""CSV and JSONL: what goes in comes out, files are whole or absent, problems come all at once."""

import unicodedata
from pathlib import Path

import pytest

from xsafety.tabular import DataError, clean, read_csv, read_jsonl, to_json, write_csv, write_jsonl, write_text

TRICKY = [
    'two\nlines, "quoted"',
    "=1+1",
    "007",
    " – \u2028 ",
    "नमस्ते",
    "مرحبا\tبك",
    "a,b;c|d",
    "😀",
    "\\n",
    "NA",
    "",
]


@pytest.mark.parametrize(
    ("given", "cleaned"),
    [
        ("  a \r\n b\r", "a \n b"),
        ("\ufeffa\x00b\x07", "ab"),
        ("e\u0301", "é"),
        ("e\x01\u0301", "é"),
        ("a\tb", "a\tb"),
        ("\u3000東京\u00a0", "東京"),
        ("می\u200cخواهم", "می\u200cخواهم"),
    ],
)
def test_clean_normalizes_and_is_idempotent(given: str, cleaned: str) -> None:
    assert clean(given) == cleaned
    assert clean(cleaned) == cleaned
    assert unicodedata.is_normalized("NFC", cleaned)


def test_csv_and_jsonl_return_what_was_written(tmp_path: Path) -> None:
    rows = [{"id": str(number), "text": text} for number, text in enumerate(TRICKY)]
    write_csv(tmp_path / "deep" / "t.csv", ("id", "text"), rows)
    write_jsonl(tmp_path / "t.jsonl", rows)
    assert read_csv(tmp_path / "deep" / "t.csv", ("id", "text")) == rows
    assert list(read_jsonl(tmp_path / "t.jsonl")) == rows


def test_csv_reader_takes_off_a_byte_order_mark_and_keeps_further_columns(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes("id,text,more\r\n1,ü,x\r\n\r\n".encode("utf-8-sig"))
    assert read_csv(tmp_path / "t.csv", ("id", "text")) == [{"id": "1", "text": "ü", "more": "x"}]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", ["empty", "id,text"]),
        (b"id\n1\n", ["no column text"]),
        (b"id,text\n1,a,b\n2\n3,fine\n", ["2 broken row(s)", "row 2: 3 fields instead of 2", "row 3: 1 fields"]),
        (b"id,text\n1,\xff\n", [": not UTF-8 (", "save it as 'CSV UTF-8'"]),
        (b'id,text\n1,a\n2,"open\n3,b\n', [", near line 4: ", "is a quotation mark left open?"]),
        (b'id,text\n1,"a" b\n', [", near line 2: ", "is a quotation mark left open?"]),
        (b"id;text\n1;a\n", ["separated by semicolons or tabs; save it with commas"]),
        (b"id\ttext\n1\ta\n", ["separated by semicolons or tabs; save it with commas"]),
        (b"id,text\n1,a\n\n\n2,b\n\n", ["2 broken row(s)", "row 3: blank; take it out", "row 4: blank"]),
    ],
)
def test_broken_csv_is_refused_with_the_fix(tmp_path: Path, content: bytes, told: list[str]) -> None:
    file = tmp_path / "t.csv"
    file.write_bytes(content)
    with pytest.raises(DataError) as error:
        read_csv(file, ("id", "text"))
    assert all(word in str(error.value) for word in [str(file), *told])


def test_blank_rows_at_the_end_are_ignored(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("id,text\n1,a;b\n\n\n\n")
    assert read_csv(tmp_path / "t.csv", ("id", "text")) == [{"id": "1", "text": "a;b"}]


@pytest.mark.parametrize("line", ["{", "[1]", '"text"'])
def test_broken_jsonl_names_file_and_line(tmp_path: Path, line: str) -> None:
    (tmp_path / "t.jsonl").write_text('{"id":1}\n' + line + "\n")
    with pytest.raises(DataError, match=r"t\.jsonl, line 2"):
        list(read_jsonl(tmp_path / "t.jsonl"))


def test_json_is_canonical() -> None:
    assert to_json({"b": 1, "a": "é"}) == to_json({"a": "é", "b": 1}) == '{"a":"é","b":1}'


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    file = tmp_path / "t.txt"
    write_text(file, "old")
    with pytest.raises(UnicodeEncodeError):
        write_text(file, "new \ud800")
    assert file.read_text() == "old"


def test_a_reader_never_sees_half_a_file(tmp_path: Path) -> None:
    file = tmp_path / "t.txt"
    write_text(file, "old")
    with file.open() as reader:
        write_text(file, "new\r\n")
        assert reader.read() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["t.txt"]
    assert file.read_bytes() == b"new\r\n"


def test_data_error_lists_every_problem() -> None:
    assert str(DataError.of("two", ["a", "b"])) == "two\n  - a\n  - b"
