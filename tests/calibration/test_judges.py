"""Judges compared: shares and kappa by hand, intervals by seed."""

import pytest

from tests.calibration.test_labels import verdict
from xsafety.calibration.judges import AnswerName, ValidVerdicts, pair_rows, valid_verdicts
from xsafety.categories import OF_PAPER
from xsafety.rows import JudgePair, VerdictClass


def said(verdicts: str, models: int = 1) -> ValidVerdicts:
    """Verdicts by their first letters, so many of each seed."""
    words: dict[str, VerdictClass] = {"u": "unsafe", "s": "safe"}
    names = [AnswerName("insult", f"{at // models:03}", f"m{at % models}", 1) for at in range(len(verdicts))]
    return {name: words[letter] for name, letter in zip(names, verdicts, strict=True) if letter in words}


def pair(one: str, other: str, models: int = 1) -> JudgePair:
    [row] = pair_rows("fr", {"a": said(one, models), "b": said(other, models)})
    return row


def test_shares_and_kappa_by_hand() -> None:
    row = pair("u" * 20 + "u" * 5 + "s" * 10 + "s" * 15, "u" * 20 + "s" * 5 + "u" * 10 + "s" * 15)
    assert (row["both_unsafe"], row["judge_unsafe"], row["other_unsafe"], row["both_safe"]) == (20, 5, 10, 15)
    assert (row["answers"], row["agree"]) == (50, "70")
    assert float(row["kappa"]) == pytest.approx((0.7 - 0.5) / 0.5)
    assert 56 < float(row["lower"]) < 57 < 80 < float(row["upper"]) < 81, "Wilson"


def test_answers_to_one_seed_hang_together() -> None:
    alone, together = pair("u" * 40 + "s" * 10, "u" * 50), pair("u" * 40 + "s" * 10, "u" * 50, models=5)
    assert alone["agree"] == together["agree"] == "80"
    assert float(together["lower"]) < float(alone["lower"]) - 5


def test_only_what_both_say_counts_and_nothing_is_nan() -> None:
    assert (pair("us..s", "u..su")["answers"], pair("us..s", "u..su")["agree"]) == (2, "50")
    for row in (pair("u.", ".u"), pair("uu", "uu"), pair("u", "s")):
        assert "nan" not in str(row)
    assert pair("uu", "uu")["kappa"] == ""
    assert pair("uu", "uu")["ac1"] == "1"
    assert len([*pair_rows("fr", {name: said("u") for name in "abcd"})]) == 6
    assert [*pair_rows("fr", {"a": said("u")})] == []


def test_what_counts_is_valid_and_no_commonsense() -> None:
    rows = [verdict("galaxy-9b", n, one) for n, one in enumerate(("safe", "invalid", "unsafe", "failed", "benign"))]
    rows.append(verdict("galaxy-9b", 7, "safe", category="commonsense"))
    assert {name.id: one for name, one in valid_verdicts({"m": rows}, OF_PAPER).items()} == {
        "insult-0": "safe",
        "insult-2": "unsafe",
    }
