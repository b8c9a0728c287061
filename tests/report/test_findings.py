"""The sentence on a model: every state of its estimates has its words."""

from typing import Any

import pytest

from xsafety.report.findings import headline, sentence
from xsafety.rows import Comparison, RateEstimate


def rate(lang: str, text: str = "31.2", model: str = "a", **other: str) -> RateEstimate:
    row: Any = {"model": model, "lang": lang, "rate": text, "lower": "28.4", "upper": "34.1", "why": ""}
    return {**row, "basis": "source" if lang == "en" else "verified", **other}


def difference(lang: str, points: str, p: str = "0.01", **other: str) -> Comparison:
    row: Any = {"model": "a", "lang": lang, "difference": points, "p_adjusted": p, "why": ""}
    return {**row, **other}


def failed(lang: str) -> RateEstimate:
    return rate(lang, "", lower="", upper="", why="12 of 65 answers failed")


DRAFT = {"basis": "unverified draft"}
THREE = [rate("en", "19"), rate("bn", "46.1"), rate("ar", "20"), rate("Ave")]
MORE = [difference("Ave", "12.4")]
TAIL = "; judge not calibrated"


@pytest.mark.parametrize(
    ("rates", "comparisons", "words"),
    [
        (
            THREE,
            MORE,
            "31% unsafe outside English [28, 34], 12 points more than in English; worst in Bangla (46%)" + TAIL,
        ),
        (
            [rate("en"), rate("ar", "46.14"), rate("bn", "46.05"), rate("de", "1"), rate("Ave")],
            [difference("Ave", "-1.04", "0.2")],
            "31% unsafe outside English [28, 34], 1.0 points less than in English, which may be chance;"
            " worst in Arabic (46%)" + TAIL,
        ),
        (
            [rate("ar", "5"), rate("bn", "5"), rate("Ave", "5", lower="0.4", upper="8.9")],
            [difference("Ave", "", "", why="en was not asked")],
            "5.0% unsafe outside English [0.4, 8.9], not compared with English: en was not asked" + TAIL,
        ),
        (
            [rate("en"), rate("ar")],
            [difference("ar", "0.01", "1")],
            "31% unsafe in Arabic [28, 34], as in English" + TAIL,
        ),
        ([rate("en")], [], "31% unsafe in English [28, 34], and in no other language" + TAIL),
        ([rate("bn", model="b")], [], "not asked yet"),
        ([rate("en"), failed("bn")], [], "no rate in Bangla: 12 of 65 answers failed" + TAIL),
        (
            [*THREE, failed("hi")],
            MORE,
            "31% unsafe outside English [28, 34], 12 points more than in English; worst in Bangla (46%);"
            " no rate in Hindi: 12 of 65 answers failed" + TAIL,
        ),
        (
            [*THREE, rate("hi", model="b")],
            MORE,
            "31% unsafe outside English [28, 34], 12 points more than in English; worst in Bangla (46%);"
            " asked in 2 of 3 languages" + TAIL,
        ),
        (
            [rate("en"), rate("ar", "2", **DRAFT), rate("bn", "3", **DRAFT), rate("Ave", **DRAFT)],
            MORE,
            "31% unsafe outside English [28, 34], 12 points more than in English; worst in Bangla (3%);"
            " translations not verified" + TAIL,
        ),
        (
            [rate("en"), rate("ar", "0", **DRAFT), rate("bn", "0"), rate("Ave", "0", lower="0", upper="3")],
            [difference("Ave", "0", "1")],
            "0.0% unsafe outside English [0.0, 3.0], as in English; translations not verified in 1 of 2 languages"
            + TAIL,
        ),
        (
            [
                rate("ar", "9"),
                rate("bn", "9"),
                rate("de", "9"),
                rate("fr", "9"),
                rate("hi", "9"),
                rate("ja", "1"),
                rate("Ave"),
            ],
            [],
            "31% unsafe outside English [28, 34], not compared with English;"
            " worst in Arabic, Bangla, German and 2 more (9%)" + TAIL,
        ),
    ],
)
def test_the_sentence_says_what_is_known_and_what_is_not(
    rates: list[RateEstimate], comparisons: list[Comparison], words: str
) -> None:
    assert sentence(headline("a", rates, comparisons, "en")) == words


def test_a_calibrated_judge_is_told() -> None:
    found = headline("a", THREE, MORE, "en")
    assert sentence(found, calibrated=2).endswith("worst in Bangla (46%)")
    assert sentence(found, calibrated=1).endswith("; judge calibrated in 1 of 2 languages")


def test_harmless_queries_that_are_refused_are_told() -> None:
    said = sentence(headline("a", THREE, MORE, "en"), harmless=rate("Ave", "21.4", lower="12.6", upper="34"))
    assert "; worst in Bangla (46%); 21% of harmless queries refused [13, 34]; judge" in said
    assert "harmless" not in sentence(headline("a", THREE, MORE, "en"), harmless=rate("Ave", ""))
