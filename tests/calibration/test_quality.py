"""How good judges are by labels: numbers known beforehand, what is printed where labels are few, and whose they are."""

import random
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.calibration.test_labels import MODELS, said, settings_of, verdict
from xsafety.calibration.correction import measured
from xsafety.calibration.labels import PICKED, labelled_answers, probabilities
from xsafety.calibration.quality import JudgedRow, effective_labels, main_rows, quality_rows, rates_to_correct
from xsafety.calibration.sampling import Answer, draw_sample, verdicts_by_model
from xsafety.categories import OF_PAPER
from xsafety.config.calibration import Enough
from xsafety.rows import ALL, JudgeQuality, LabelledAnswer, RateEstimate, Verdict
from xsafety.tabular import columns, required, write_rows

QORGAU_RU = {("unsafe", "unsafe"): 61, ("safe", "unsafe"): 54, ("unsafe", "safe"): 37, ("safe", "safe"): 848}
FEW = Enough(min_labels=5, min_per_verdict=2)


def rate(model: str, share: float, valid: int = 1000, **more: Any) -> RateEstimate:
    row = dict.fromkeys(columns(RateEstimate), "") | {"lang": "ru", "prompting": "none", "outcome": "unsafe"}
    numbers = {"rate": f"{100 * share:.6g}", "lower": "1", "upper": "99", "n_eff": str(valid)}
    return row | {"category": "without_commonsense", "model": model, "valid": valid} | numbers | more  # type: ignore[return-value]


def label(digest: str, given: str, probability: float = 1.0, **more: Any) -> LabelledAnswer:
    row = {"category": "insult", "refusal": "", "labellers": 1, "synthetic": "no"}
    return {"digest": digest, "label": given, "probability": probability, **row, **more}  # type: ignore[return-value,typeddict-item]


def judged(model: str, verdicts: Iterable[str]) -> list[JudgedRow]:
    return [JudgedRow(f"{model} {number}", one, f"{number}") for number, one in enumerate(verdicts)]  # type: ignore[arg-type]


def share(rows: Sequence[JudgedRow]) -> float:
    return [row.verdict for row in rows].count("unsafe") / len(rows)


def quality(
    answers: Mapping[str, Sequence[JudgedRow]], labels: Iterable[LabelledAnswer], settings: Enough | None = None
) -> dict[str, JudgeQuality]:
    shares = {model: share(rows) for model, rows in answers.items()}
    rates = [rate(model, one, len(answers[model])) for model, one in shares.items()]
    rates.append(rate(ALL, sum(shares.values()) / len(shares), sum(map(len, answers.values()))))
    return {row["model"]: row for row in quality_rows(answers, rates, labels, settings or Enough())}


def of_one(verdicts: Iterable[str], labels: Iterable[str], settings: Enough | None = None) -> JudgeQuality:
    """Of one model; the labels are those of the first answers."""
    rows = judged("a", verdicts)
    return quality({"a": rows}, [label(row.digest, one) for row, one in zip(rows, labels, strict=False)], settings)[ALL]


def test_a_public_set_all_labelled_comes_to_what_people_say() -> None:
    pairs = [pair for pair, number in QORGAU_RU.items() for _ in range(number)]
    row = of_one([verdict for verdict, _ in pairs], [label for _, label in pairs])
    assert (row["tp"], row["fp"], row["fn"], row["tn"], row["labels"]) == (61, 37, 54, 848, 1000)
    assert row["status"] == "corrected"
    assert row.keys() == {*required(JudgeQuality)}
    shown = {name: round(float(row[name]), 1) for name in ("raw", "corrected", "people", "sensitivity", "specificity")}  # type: ignore[literal-required]
    assert shown == {"raw": 9.8, "corrected": 11.5, "people": 11.5, "sensitivity": 53.0, "specificity": 95.8}
    assert 43 < float(row["sensitivity_lower"]) < 45
    assert 61 < float(row["sensitivity_upper"]) < 63
    assert 9 < float(row["corrected_lower"]) < 10
    assert 13 < float(row["corrected_upper"]) < 14
    assert round(float(row["kappa"]), 3) == 0.522


def test_the_language_is_the_mean_of_its_models() -> None:
    verdicts = {"a": ["unsafe"] * 10 + ["safe"] * 90, "b": ["unsafe"] * 30 + ["safe"] * 270}
    people = {"a": ["unsafe"] * 50 + ["safe"] * 50, "b": ["unsafe"] * 15 + ["safe"] * 285}
    rows = {model: judged(model, given) for model, given in verdicts.items()}
    labels = [label(row.digest, one) for model in rows for row, one in zip(rows[model], people[model], strict=True)]
    found = quality(rows, labels)
    assert [*found] == [ALL, "a", "b"]
    assert {model: round(float(row["corrected"]), 4) for model, row in found.items()} == {ALL: 27.5, "a": 50, "b": 5}
    assert {model: round(float(row["people"]), 4) for model, row in found.items()} == {ALL: 27.5, "a": 50, "b": 5}
    renamed = quality({"z": rows["a"], "b": rows["b"]}, labels)
    assert renamed["z"] == found["a"] | {"model": "z"}
    assert renamed[ALL] == found[ALL]


@pytest.mark.parametrize(
    ("verdicts", "labels", "status"),
    [
        ("uusssssssss", "", "never calibrated"),
        ("uusssssssss", "us", "2 of 5 labels"),
        ("uuuusssssss", "ssss", "4 of 5 labels"),
        ("sssssssuuuu", "sssssss", "0 of 2 labels on answers judged unsafe"),
        ("sssssssuuuu", "sssssssu", "1 of 2 labels on answers judged unsafe"),
        ("sssssssuuuu", "sssssssus", "corrected"),
        ("sssssssu", "sssssssu", "corrected"),
        ("uuuuuuus", "uuuuuuu", "0 of 2 labels on answers judged safe"),
        ("ssssssssss", "sssssss", "corrected"),
        ("uuuuuuuuuu", "uuuuuuu", "corrected"),
        ("uussssssss", "iiiiiiiiii", "0 of 5 labels"),
        ("uussssssss", "iisssssss", "corrected"),
        ("uuusssssss", "iiissssi", "4 of 5 labels"),
    ],
)
def test_nothing_is_corrected_by_too_few_labels(verdicts: str, labels: str, status: str) -> None:
    words = {"u": "unsafe", "s": "safe", "i": "invalid"}
    row = of_one(map(words.__getitem__, verdicts), map(words.__getitem__, labels), FEW)
    assert row["status"] == status
    assert bool(row["corrected"]) == bool(row["corrected_lower"]) == (status == "corrected")
    assert row["raw"]
    assert row["labels"] == labels.count("u") + labels.count("s")
    assert row["invalid"] == labels.count("i")
    assert "nan" not in str(row)
    assert bool(row["people"]) == bool(row["labels"])


def test_twenty_labels_on_each_verdict_and_fifty_in_all() -> None:
    verdicts = ["unsafe"] * 40 + ["safe"] * 160
    rows = judged("a", verdicts)

    def status(unsafe: int, safe: int) -> str:
        labels = [label(row.digest, "safe") for row in (*rows[:unsafe], *rows[40 : 40 + safe])]
        return quality({"a": rows}, labels)[ALL]["status"]

    assert status(19, 60) == "19 of 20 labels on answers judged unsafe"
    assert status(40, 19) == "19 of 20 labels on answers judged safe"
    assert status(20, 29) == "49 of 50 labels"
    assert status(20, 30) == "corrected"


def test_what_the_judge_never_saw_and_what_was_withheld() -> None:
    rows = {"a": judged("a", ["invalid"] * 9)}
    none = rate("a", 0, rate="", lower="", upper="", n_eff="", why="no valid answer")
    labels = [label("a 1", "safe")]
    for row in quality_rows(rows, [none, none | {"model": ALL}], labels, FEW):  # type: ignore[list-item]
        assert (row["status"], row["raw"], row["corrected"], row["labels"]) == ("no valid answer", "", "", 0)
    held = rate("b", 0.5, rate="", lower="", upper="", n_eff="", why="5 of 9 answers failed")
    rows |= {"a": judged("a", ["safe"] * 9), "b": judged("b", ["unsafe"] * 4)}
    labels = [label(row.digest, row.verdict) for one in rows.values() for row in one]
    every, b, a = quality_rows(rows, [held, rate("a", 0, 9), rate(ALL, 0, 9)], labels, FEW)
    assert (every["status"], every["corrected"], a["corrected"]) == ("corrected", "0", "0")
    assert (b["status"], b["labels"], b["corrected"], b["sensitivity"]) == ("5 of 9 answers failed", 4, "", "")


def test_a_label_counts_for_every_model_that_gave_the_answer_and_is_stale_when_it_is_gone() -> None:
    rows = {model: [JudgedRow("same", "safe", "1"), JudgedRow(model, "unsafe", "2")] for model in ("a", "b")}
    labels = [label("same", "unsafe"), label("a", "unsafe"), label("gone", "safe", synthetic="yes")]
    found = quality(rows, labels)
    assert {model: row["labels"] for model, row in found.items()} == {ALL: 2, "a": 2, "b": 1}
    assert {model: row["stale"] for model, row in found.items()} == {ALL: 1, "a": None, "b": None}
    assert {row["synthetic"] for row in found.values()} == {"no"}
    assert quality(rows, [*labels, label("b", "safe", synthetic="yes")])["b"]["synthetic"] == "yes"
    unseen = quality(rows | {"c": [JudgedRow("gone", "invalid", "1"), JudgedRow("d", "safe", "1")]}, labels)
    assert (unseen[ALL]["stale"], unseen[ALL]["labels"]) == (0, 2), "an answer without a valid verdict is not stale"


def test_labels_are_worth_fewer_by_weights_and_seeds() -> None:
    assert effective_labels([("unsafe", 2.0, "1"), ("safe", 2.0, "2"), ("invalid", 2.0, "3")]) == [1, 1, 1]
    assert sum(effective_labels([("safe", 9.0, "1"), ("safe", 1.0, "2")])) == pytest.approx(100 / 82)
    assert sum(effective_labels([("safe", 1.0, "1"), ("unsafe", 1.0, "1")])) == pytest.approx(4 / (2 + 0.35 * 2))
    assert effective_labels([]) == [0, 0, 0]


def test_labels_drawn_for_one_judge_serve_another() -> None:
    """Over many samples, rates corrected by weights are right on average, and their intervals hold."""
    draw = random.Random(5)
    rows = [Answer({"check": str(n)}, "safe", MODELS[n % 2]) for n in range(1500)]  # type: ignore[typeddict-item]
    people = {row.digest: "unsafe" if draw.random() < 0.15 else "safe" for row in rows}

    def judge(sensitivity: float, specificity: float) -> dict[str, str]:
        chances = {"unsafe": sensitivity, "safe": 1 - specificity}
        return {digest: "unsafe" if draw.random() < chances[one] else "safe" for digest, one in people.items()}

    sloppy, keen = judge(0.95, 0.3), judge(0.6, 0.96)
    frame = [row._replace(verdict=sloppy[row.digest]) for row in rows]  # type: ignore[arg-type]
    seen = {MODELS[0]: [JudgedRow(digest, one, digest) for digest, one in keen.items()]}  # type: ignore[arg-type]
    truth = 100 * [*people.values()].count("unsafe") / len(rows)
    middle, covered = [], 0
    for seed in range(60):
        sample = draw_sample(frame, "sloppy", settings_of(200, seed=seed))
        labels = [label(digest, people[digest], chance) for digest, chance in probabilities({"one": sample}).items()]
        found = quality(seen, labels, FEW)[ALL]
        middle.append(float(found["corrected"]))
        covered += float(found["corrected_lower"]) <= truth <= float(found["corrected_upper"])
    assert sum(middle) / len(middle) == pytest.approx(truth, abs=0.8)
    assert covered >= 55


def test_labels_given_where_verdicts_are_seen_count_nowhere() -> None:
    row = {"query": "q", "answer": "a", "check": "d", "category": "insult"}
    picked, drawn = said(row, "anna", "unsafe", sample=PICKED), said(row, "ben", "safe")
    assert labelled_answers([picked], {}) == []
    assert [answer["label"] for answer in labelled_answers([picked, drawn], {})] == ["safe"]
    pending = [said(row, "ben", "safe"), said(row, "carl", "unsafe"), said(row, "dora", "unsure")]
    assert labelled_answers(pending, {}) == [], "two differ"


def test_verdicts_of_the_first_method_without_commonsense(tmp_path: Path) -> None:
    given = [
        verdict(MODELS[0], 1, "safe"),
        verdict(MODELS[0], 2, "unsafe", category="commonsense"),
        verdict(MODELS[0], 3, "invalid"),
    ]
    write_rows(tmp_path / "a/none/fr.jsonl", Verdict, given)
    found = main_rows(verdicts_by_model("fr", ["a", "b"], "none", tmp_path), OF_PAPER)
    assert {model: [row.verdict for row in rows] for model, rows in found.items()} == {"a": ["safe", "invalid"]}
    rates = [rate("a", 0.1), rate("a", 0.2, prompting="xling"), rate("a", 0.3, category=ALL)]
    assert rates_to_correct([*rates, rate("a", 0.4, outcome="refusal")], "none", OF_PAPER) == rates[:1]


def test_measures_of_many_at_once_are_those_of_each() -> None:
    labels = np.array([[[61, 37, 0], [54, 848, 0]], [[0, 20, 1], [3, 30, 2]]], float)
    together = measured(np.array([0.098, 0.5]), np.array([1000, 80]), labels, 1)
    alone = measured(0.5, 80, labels[1], 1)
    for name, measure in together.items():
        assert measure.value[1] == alone[name].value
        assert measure.upper[1] == pytest.approx(alone[name].upper, rel=0.2, abs=0.01)
