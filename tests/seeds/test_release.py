"""Reading the XSafety release: every quirk of its files on a made-up one, and the real one where it is at hand."""

import csv
import hashlib
import io
import math
import random
import re
import statistics
from collections import Counter
from pathlib import Path

import openpyxl
import pytest

from xsafety.categories import PAPER
from xsafety.rows import Evidence, Repair
from xsafety.seeds.release import LANGUAGES, URL, Release, read_release, release_evidence
from xsafety.tabular import DataError, clean, columns, required

N = 10
FOLDERS = {lang: lang for lang in ("en", *LANGUAGES)} | {"es": "sp"}
ALPHABETS = {
    "en": "bdeklmnorst",
    "de": "abdefgilnru",
    "es": "aceilmnoprs",
    "fr": "acdeilnoprt",
    "ru": "абвгдезиклн",
    "ar": "ابتجحدرزسشع",
    "hi": "कगचजतदनपबमर",
    "bn": "কগচজতদনপবমর",
    "zh": "".join(map(chr, range(0x4E00, 0x4F00))),
    "ja": "".join(map(chr, range(0x3041, 0x3095))),
}
STOPS = {"hi": "।", "bn": "।", "zh": "。", "ja": "。"}
CLOSING = {lang: f" {letters[:6]} {letters[5:]}." for lang, letters in ALPHABETS.items()}

Texts = dict[tuple[str, str], list[str]]


def sentence(lang: str, *seed: object) -> str:
    chance = random.Random(f"{lang} {seed}")
    words = ["".join(chance.choices(ALPHABETS[lang], k=6)) for _ in range(10)]
    return ("" if lang in ("zh", "ja") else " ").join(words) + STOPS.get(lang, ".")


def made_up(number: int = N) -> Texts:
    """A release of `number` rows per category without any quirk in its texts."""
    texts: Texts = {}
    for lang in FOLDERS:
        for category in PAPER:
            rows = [sentence(lang, category, row) for row in range(number)]
            if category == "commonsense":
                options = ["".join(f" {label}. {sentence(lang, row, label)}" for label in "ABCD") for row in rows]
                rows = [row[:-1] + ":" + four + CLOSING[lang] for row, four in zip(rows, options, strict=True)]
            texts[lang, category] = rows
    return texts


def file_of(lang: str, key: str) -> str:
    stem = key if key == "commonsense" else key.title()
    if key == "commonsense":
        return "commonsense.csv"
    if lang == "en":
        return "Crimes_And_Illegal_Activities_en.csv" if stem.startswith("Crimes") else f"{stem}_n.csv"
    if lang == "ru" and stem.startswith("Crimes"):
        return "Crimes_And_Illegal_Activitie.csv"
    return f"{stem}_n.xlsx" if lang == "bn" else f"{stem}.csv"


def write_csv(path: Path, rows: list[list[str]], bom: bool = True) -> None:
    """As in the release: CRLF between records and none at the end."""
    buffer = io.StringIO()
    csv.writer(buffer).writerows(rows)
    text = buffer.getvalue().removesuffix("\r\n")
    path.write_bytes(text.encode("utf-8-sig" if bom else "utf-8"))


def write_xlsx(path: Path, rows: list[list[object]]) -> None:
    book = openpyxl.Workbook()
    for row in rows:
        book.worksheets[0].append(row)
    book.save(path)


def write_release(root: Path, texts: Texts) -> Path:
    for (lang, key), rows in texts.items():
        path = root / FOLDERS[lang] / file_of(lang, key)
        path.parent.mkdir(parents=True, exist_ok=True)
        # Empty further columns, as in three files of the release.
        empty = [""] * {"en unfairness_and_discrimination": 1, "hi ethics_and_morality": 2}.get(f"{lang} {key}", 0)
        if path.suffix == ".xlsx":
            write_xlsx(path, [[row] for row in rows])
        else:
            write_csv(path, [[row, *empty] for row in rows], bom=key != "commonsense")
    write_csv(
        root / "hi" / "commen_sense.csv", [[row.removesuffix(CLOSING["hi"])] for row in texts["hi", "commonsense"]]
    )
    return root


def flags(release: Release) -> set[tuple[str, str, str]]:
    return {(repair["lang"], repair["id"].removeprefix("xs-"), repair["kind"]) for repair in release.repairs}


def problems(root: Path) -> list[str]:
    with pytest.raises(DataError) as error:
        read_release(root, per_category=N)
    return [line.removeprefix("  - ").replace(str(root), "ROOT") for line in str(error.value).splitlines()[1:]]


def test_plain_release_has_no_repairs_and_is_aligned(tmp_path: Path) -> None:
    texts = made_up()
    release = read_release(write_release(tmp_path, texts), per_category=N)
    assert release.repairs == []
    assert [seed["id"] for seed in release.seeds[:2]] == ["xs-insult-001", "xs-insult-002"]
    assert [seed["category"] for seed in release.seeds] == [category for category in PAPER for _ in range(N)]
    assert [seed["text"] for seed in release.seeds] == [text for category in PAPER for text in texts["en", category]]
    assert list(release.translations) == list(LANGUAGES)
    for lang, targets in release.translations.items():
        assert list(targets) == [seed["id"] for seed in release.seeds]
        assert list(targets.values()) == [text for category in PAPER for text in texts[lang, category]]


def test_white_space_and_line_ends_are_no_repairs(tmp_path: Path) -> None:
    texts = made_up()
    first = texts["de", "insult"][0]
    texts["de", "insult"][0] = f"  {first.replace(' ', chr(13) + chr(10), 1)}\n"
    release = read_release(write_release(tmp_path, texts), per_category=N)
    assert release.translations["de"]["xs-insult-001"] == first.replace(" ", "\n", 1)
    assert release.repairs == []


def test_quirks_are_reported_and_nothing_moves(tmp_path: Path) -> None:
    texts = made_up()
    expected: set[tuple[str, str, str]] = set()

    def quirk(lang: str, key: str, number: int, text: str, *kinds: str) -> None:
        texts[lang, key][number - 1] = text
        expected.update((lang, f"{key}-{number:03d}", kind) for kind in kinds)

    quirk("en", "insult", 2, texts["en", "insult"][0].upper(), "repeated")
    expected.add(("en", "insult-001", "repeated"))
    quirk("ru", "insult", 4, " ", "blank")
    quirk("es", "mental_health", 6, texts["es", "mental_health"][4], "repeated")
    expected.add(("es", "mental_health-005", "repeated"))
    nearly = texts["ja", "mental_health"][0]
    quirk("ja", "mental_health", 2, nearly[:-1] + "!", "repeated")
    expected.add(("ja", "mental_health-001", "repeated"))
    quirk("fr", "mental_health", 7, texts["en", "mental_health"][6].replace(".", " !"), "untranslated")
    quirk("ru", "mental_health", 8, sentence("en", "other")[:60] + ".", "script")
    # A piece of a word: the first four letters of one that stands elsewhere.
    whole = texts["ru", "reverse_exposure"][0].split()[0]
    quirk(
        "ru", "reverse_exposure", 3, texts["ru", "reverse_exposure"][2].rsplit(" ", 1)[0] + f" {whole[:4]}", "cut off"
    )
    quirk("ar", "reverse_exposure", 4, " ".join(texts["ar", "reverse_exposure"][3].split()[:4]), "cut off")
    quirk("ar", "reverse_exposure", 5, " ".join(texts["ar", "reverse_exposure"][4].split()[:4]) + ".", "short")
    quirk("zh", "reverse_exposure", 6, sentence("zh", 1) + sentence("zh", 2), "long")
    disclaimer = "Als KI-Assistent möchte ich nur etwas zur Übersetzung sagen, mehr nicht."
    quirk("de", "privacy_and_property", 5, disclaimer, "disclaimer")
    quirk("ru", "privacy_and_property", 6, texts["ru", "privacy_and_property"][5] + "+D131", "residue")
    for lang, label in {"ru": "Б", "hi": "बी", "bn": "বি", "ar": "ب"}.items():
        quirk(lang, "commonsense", 9, texts[lang, "commonsense"][8].replace(" B.", f" {label}."), "option labels")
    quirk("es", "commonsense", 9, texts["es", "commonsense"][8].replace(" C.", ""), "option labels")

    root = write_release(tmp_path, texts)
    # Cut short before the closing instruction in the one file, whole in the other.
    broken = [*texts["hi", "commonsense"]]
    for number in (3, 7):
        broken[number - 1] = broken[number - 1][:20] + CLOSING["hi"]
        expected.add(("hi", f"commonsense-{number:03d}", "restored"))
    broken[0] = sentence("hi", "another") + CLOSING["hi"]
    expected |= {("hi", "commonsense-001", kind) for kind in ("differs", "option labels", "short")}
    write_csv(root / "hi" / "commonsense.csv", [[row] for row in broken])
    # Text in two cells, and a cell that is a number.
    spread = [[row] for row in texts["fr", "insult"]]
    head, tail = spread[4][0].split(" ", 1)
    spread[4] = ["", head, " " + tail, ""]
    expected.add(("fr", "insult-005", "split"))
    write_csv(root / "fr" / "Insult.csv", spread)
    cells: list[list[object]] = [[row] for row in texts["bn", "insult"]]
    cells[3] = [12345]
    cells[4] = [None]
    expected |= {("bn", "insult-004", "number"), ("bn", "insult-004", "cut off"), ("bn", "insult-005", "blank")}
    write_xlsx(root / "bn" / "Insult_n.xlsx", cells)

    release = read_release(root, per_category=N)
    assert flags(release) == expected
    for lang, targets in release.translations.items():
        for category in PAPER:
            given = [clean(text) for text in texts[lang, category]]
            if (lang, category) == ("hi", "commonsense"):
                given[0] = broken[0]
            elif (lang, category) == ("fr", "insult"):
                given[4] = f"{head}, {tail}"
            elif (lang, category) == ("bn", "insult"):
                given[3:5] = ["12345", ""]
            assert [targets[f"xs-{category}-{number:03d}"] for number in range(1, N + 1)] == given

    rows = {(row["lang"], row["id"], row["kind"]): row for row in release.repairs}
    blank = rows["ru", "xs-insult-004", "blank"]
    assert tuple(blank) == columns(Repair)
    assert (blank["file"], blank["row"], blank["reason"]) == ("ru/Insult.csv", 4, "no text")
    assert rows["ru", "xs-commonsense-009", "option labels"]["reason"] == "no B; has Б"
    assert rows["es", "xs-commonsense-009", "option labels"]["reason"] == "no C"
    assert "hi/commen_sense.csv" in rows["hi", "xs-commonsense-003", "restored"]["reason"]
    assert "xs-mental_health-005" in rows["es", "xs-mental_health-006", "repeated"]["reason"]


def test_evidence_is_one_round_without_blank_rows(tmp_path: Path) -> None:
    texts = made_up()
    texts["ru", "insult"][3] = ""
    texts["ru", "insult"][4] = texts["ru", "insult"][5]
    root = write_release(tmp_path, texts)
    release = read_release(root, per_category=N)
    entries = {entry["id"]: entry for entry in release_evidence(release, "ru")}
    assert len(entries) == len(PAPER) * N - 1
    assert "xs-insult-004" not in entries
    entry = entries["xs-insult-005"]
    assert tuple(entry) == required(Evidence)
    assert entry["note"] == "repeated: the same text as xs-insult-006, whose English differs"
    assert entry["sha256"] == hashlib.sha256((root / "ru" / "Insult.csv").read_bytes()).hexdigest()
    assert {entry["reviewer"] for entry in entries.values()} == {"xsafety-release"}
    assert {(entry["round"], entry["verdict"], entry["before"]) for entry in entries.values()} == {(0, "edited", "")}
    assert [entry["source"] for entry in entries.values()][:3] == texts["en", "insult"][:3]


def test_a_blank_line_is_a_record(tmp_path: Path) -> None:
    texts = made_up()
    root = write_release(tmp_path, texts)
    path = root / "de" / "Insult.csv"
    lines = path.read_bytes().split(b"\r\n")
    path.write_bytes(b"\r\n".join([*lines[:3], b"", *lines[4:]]) + b"\r\n")  # and a line end at the end starts none
    release = read_release(root, per_category=N)
    assert flags(release) == {("de", "insult-004", "blank")}
    assert release.translations["de"]["xs-insult-005"] == texts["de", "insult"][4]


@pytest.mark.parametrize("lines", [slice(0, -1), slice(1, None)], ids=["last", "first"])
def test_a_lost_record_is_an_error_even_where_the_file_ends_with_a_line_end(tmp_path: Path, lines: slice) -> None:
    root = write_release(tmp_path, made_up())
    path = root / "de" / "Insult.csv"
    path.write_bytes(b"\r\n".join(path.read_bytes().split(b"\r\n")[lines]) + b"\r\n")
    (problem,) = problems(root)
    assert problem.startswith(f"ROOT/de/Insult.csv: {N - 1} records instead of {N}")
    assert problem.endswith("restore it: git -C ROOT/de checkout -- Insult.csv")


def test_all_problems_at_once(tmp_path: Path) -> None:
    root = write_release(tmp_path, made_up())
    (root / "zh" / "Insult.csv").unlink()
    (root / "hi" / "commonsense.csv").unlink()
    (root / "hi" / "commen_sense.csv").unlink()
    (root / "en" / "Insult.csv").write_text("a\n", encoding="utf-8")
    (root / "de" / "Insult.csv").write_bytes("Grüße\r\n".encode("latin-1") * N)
    (root / "sp" / "Insult.csv").write_text('"never closed\n' * N, encoding="utf-8")
    (root / "bn" / "Insult_n.xlsx").write_text("no workbook", encoding="utf-8")
    book = openpyxl.Workbook()
    book.create_sheet()
    book.save(root / "bn" / "Mental_Health_n.xlsx")
    for path in (root / "ja").iterdir():
        path.unlink()
    (root / "ja").rmdir()
    found = problems(root)
    starts = [
        "ROOT/en: Insult.csv, Insult_n.csv are of one category",
        "ROOT/zh: no file Insult.csv or",
        "ROOT/de/Insult.csv: not readable",
        "ROOT/hi: no file commonsense.csv or",
        "ROOT/hi: no file commen_sense.csv;",
        "ROOT/sp/Insult.csv: ",
        "ROOT/ja: folder missing",
        "ROOT/bn/Insult_n.xlsx: not readable",
        "ROOT/bn/Mental_Health_n.xlsx: not readable (2 sheets instead of one)",
    ]
    assert len(found) == len(starts)
    assert all(problem.startswith(start) for problem, start in zip(found, starts, strict=True)), found
    assert all("git " in problem for problem in found)


def test_a_second_copy_of_other_rows_is_an_error(tmp_path: Path) -> None:
    root = write_release(tmp_path, made_up())
    write_csv(root / "hi" / "commen_sense.csv", [[sentence("hi", "other", number)] for number in range(N)])
    (problem,) = problems(root)
    assert problem.startswith("hi/commen_sense.csv: not the rows of commonsense.csv")


@pytest.mark.parametrize("folder", ["missing", "."])
def test_a_wrong_root_says_what_to_clone(tmp_path: Path, folder: str) -> None:
    with pytest.raises(DataError, match=re.escape(f"git clone {URL}")):
        read_release(tmp_path / folder)


def kinds(release: Release, *wanted: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for repair in release.repairs:
        if repair["kind"] in wanted:
            found.setdefault(repair["lang"], []).append(repair["id"].removeprefix("xs-"))
    return found


def short_hash(texts: list[str]) -> str:
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:12]


def test_real_release_is_whole(real: Release) -> None:
    assert len(real.seeds) == len({seed["id"] for seed in real.seeds}) == 2800
    assert Counter(seed["category"] for seed in real.seeds) == dict.fromkeys(PAPER, 200)
    assert set(real.translations) == {"zh", "fr", "ru", "de", "ar", "hi", "es", "ja", "bn"}
    for targets in real.translations.values():
        assert list(targets) == [seed["id"] for seed in real.seeds]
    hashes = {lang: short_hash(list(targets.values())) for lang, targets in real.translations.items()}
    hashes["en"] = short_hash([seed["text"] for seed in real.seeds])
    assert hashes == {
        "en": "098ea6520934",
        "zh": "e380a2985f7a",
        "fr": "bd12b47a0fb5",
        "ru": "155bf95e26cf",
        "de": "bdf8e59980ed",
        "ar": "f848ec799d54",
        "hi": "beda0b37c803",
        "es": "5991cf217065",
        "ja": "6a12d2d05aeb",
        "bn": "c535d2af0fe9",
    }


def test_real_rows_are_aligned(real: Release) -> None:
    """Long targets stand beside long seeds, in every file, and no longer do when one row is left out."""
    for lang, targets in real.translations.items():
        for category in PAPER:
            lengths = [
                (math.log(len(seed["text"])), math.log(len(targets[seed["id"]]) or 1))
                for seed in real.seeds
                if seed["category"] == category
            ]
            english, target = zip(*lengths, strict=True)
            assert statistics.correlation(english, target) > 0.6, (lang, category)
            assert statistics.correlation(english[:-1], target[1:]) < 0.4, (lang, category)


def test_real_blank_and_restored_rows(real: Release) -> None:
    assert kinds(real, "blank") == {"ru": ["insult-165"]}
    assert real.translations["ru"]["xs-insult-165"] == ""
    assert sum(not target for targets in real.translations.values() for target in targets.values()) == 1
    assert kinds(real, "restored") == {"hi": ["commonsense-012", "commonsense-032"]}
    hindi = [target for id_, target in real.translations["hi"].items() if "commonsense" in id_]
    assert len({target[-29:] for target in hindi}) == 1
    assert [short_hash([hindi[row]]) for row in (11, 31)] == ["e7793d48affd", "f23778168b58"]
    assert not kinds(real, "split", "number", "differs", "untranslated")


def test_real_suspicious_rows(real: Release) -> None:
    assert kinds(real, "disclaimer") == {"de": ["privacy_and_property-004"]}
    assert kinds(real, "residue") == {"ru": ["role_play_instruction-130"]}
    assert kinds(real, "script") == {
        "zh": ["goal_hijacking-059"],
        "ru": ["inquiry_with_unsafe_opinion-024", "inquiry_with_unsafe_opinion-171"],
    }
    assert {lang: len(ids) for lang, ids in kinds(real, "repeated").items()} == {
        "en": 2,
        "ru": 8,
        "de": 2,
        "hi": 2,
        "es": 2,
        "bn": 4,
    }
    assert {lang: len(ids) for lang, ids in kinds(real, "cut off").items()} == {
        "zh": 2,
        "fr": 1,
        "ru": 34,
        "de": 2,
        "ar": 21,
        "hi": 1,
        "es": 2,
        "ja": 1,
        "bn": 6,
    }
    assert {lang: len(ids) for lang, ids in kinds(real, "option labels").items()} == {
        "fr": 1,
        "ru": 80,
        "de": 1,
        "ar": 200,
        "hi": 167,
        "es": 10,
        "ja": 2,
        "bn": 49,
    }
    for lang, targets in real.translations.items():
        flagged = {
            repair["id"] for repair in real.repairs if repair["lang"] == lang and repair["kind"] != "option labels"
        }
        assert len(flagged) < 0.03 * len(targets)
