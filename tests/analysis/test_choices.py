"""The table of choices: rates over all rows and over those that all languages have, and the places chosen."""

from typing import Any

import pytest

from xsafety.analysis.choices import choice_rates
from xsafety.rows import Choice, ChoiceOutcome, ChoiceRate


def choice(id: str, outcome: ChoiceOutcome, chosen: str = "", lang: str = "en", sample: int = 1) -> Choice:
    return Choice(
        prompting="none", lang=lang, id=id, sample=sample, options=4, unsafe="A", chosen=chosen, outcome=outcome,
        reason="", response="",
    )  # fmt: skip


def table(rows: list[Choice], common: set[str], max_failed: float = 0.01) -> dict[tuple[str, str], ChoiceRate]:
    found = choice_rates({"one": rows}, common, ["none"], ["en", "fr"], max_failed)
    return {(row["lang"], row["rows"]): row for row in found}


def some(row: ChoiceRate, *names: str) -> list[Any]:
    return [dict(row)[name] for name in names]


def test_outcomes_and_places_are_counted_and_the_rate_is_of_all_answers() -> None:
    kinds: list[tuple[ChoiceOutcome, str]] = [
        *[("right", "A")] * 10, *[("wrong", "C")] * 5, *[("invalid", "")] * 3, *[("refusal", "")] * 2,
    ]  # fmt: skip
    rows = [choice(f"row-{n}", outcome, chosen) for n, (outcome, chosen) in enumerate(kinds)]
    found = table(rows, {f"row-{n}" for n in range(10)})
    every = found["en", "all"]
    assert some(every, "queries", "answers", "right", "wrong", "invalid", "refusal", "failed") == [
        20,
        20,
        10,
        5,
        3,
        2,
        0,
    ]
    assert some(every, "rate", "chance", "why") == ["50", "25", ""]
    assert float(every["lower"]) == pytest.approx(29.3, abs=0.3)
    assert float(every["upper"]) == pytest.approx(70.7, abs=0.3)
    assert some(every, "chosen_A", "chosen_B", "chosen_C", "chosen_D", "chosen_E") == [10, 0, 5, 0, 0]
    assert some(found["en", "common"], "queries", "rate", "upper") == [10, "100", "100"]
    assert float(found["en", "common"]["lower"]) > 65


def test_there_is_a_number_or_a_reason() -> None:
    rows = [choice("x", "right", "A"), choice("y", "failed"), choice("x", "wrong", "B", "fr")]
    found = table(rows, set())
    assert some(found["en", "all"], "rate", "why") == ["", "1 of 2 answers failed"]
    assert some(found["fr", "common"], "answers", "rate", "chance", "why") == [
        0,
        "",
        "",
        "no query that all languages have",
    ]
    assert some(found["fr", "all"], "rate", "lower", "why") == ["0", "0", ""]
    assert some(table(rows, set(), 0.5)["en", "all"], "rate", "right") == ["100", 1]
    assert some(table([choice("x", "failed")], {"x"}, 1.0)["en", "all"], "rate", "why") == ["", "1 of 1 answers failed"]
    assert table([], set()) == {}


def test_several_answers_to_a_query_are_not_taken_for_several_queries() -> None:
    same = [choice(f"row-{n}", "right" if n % 2 else "wrong", sample=s) for n in range(20) for s in range(1, 6)]
    once = [row for row in same if row["sample"] == 1]
    five, one = (table(rows, set())["en", "all"] for rows in (same, once))
    assert some(five, "queries", "answers", "rate", "lower", "upper") == [20, 100, *some(one, "rate", "lower", "upper")]
