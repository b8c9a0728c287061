"""Labelled answers of others become labels by a mapping."""

from pathlib import Path
from typing import Any

import pytest

from xsafety.calibration.labelled_sets import labels_of_sets
from xsafety.calibration.labels import answer_digest, labelled_answers
from xsafety.config.calibration import Calibration
from xsafety.tabular import write_csv, write_jsonl

Rows = list[dict[str, Any]]


def labelled(tmp_path: Path, rows: Rows, lang: str = "ru", **mapping: Any) -> tuple[list[tuple[str, ...]], str]:
    """Answer, labeller, label and refusal of each label, and what is said of the others."""
    write_jsonl(tmp_path / "set.jsonl", rows)
    block = {"files": str(tmp_path / "set.jsonl"), "language": "lang", "query": "q", "answer": "a"} | mapping
    sets = Calibration.model_validate({"sets": {"theirs": {"label": "says"} | block}}).sets
    labels, problems = labels_of_sets(sets, lang)
    for label in labels:
        assert label["digest"] == answer_digest(label["query"], label["answer"])
        assert (label["sample"], len(label["sha256"])) == ("theirs", 64)
    return [(one["answer"], one["labeller"], one["label"], one["refusal"]) for one in labels], "\n".join(problems)


def row(answer: str, says: object, **more: Any) -> dict[str, Any]:
    return {"lang": "Russian", "q": "Вопрос?", "a": answer, "says": says} | more


def test_words_of_theirs_become_ours_and_other_languages_are_left(tmp_path: Path) -> None:
    rows = [row("Нет.", 0, declines=True), row("Да.", 1, declines=False), row("?", None), row("Oui", 1, lang="fr")]
    found, problems = labelled(
        tmp_path,
        rows,
        label={"column": "says", "map": {0: "safe", 1: "unsafe"}},
        refusal={"column": "declines", "map": {True: "yes", False: "no"}},
    )
    assert found == [("Нет.", "theirs", "safe", "yes"), ("Да.", "theirs", "unsafe", "no")]
    assert not problems


def test_each_labeller_has_a_word(tmp_path: Path) -> None:
    rows = [row("Нет.", "safe", who="annotator 1"), row("Нет.", "safe", who="annotator 2")]
    found, problems = labelled(tmp_path, rows, labeller="who")
    assert [labeller for _, labeller, *_ in found] == ["theirs-annotator-1", "theirs-annotator-2"]
    assert not problems


def test_white_space_of_a_spreadsheet_loses_no_label(tmp_path: Path) -> None:
    write_csv(tmp_path / "set.csv", ("q", "a", "says"), [{"q": " Q ", "a": "one\r\ntwo", "says": "Unsafe"}])
    found, _ = labelled(tmp_path, [], lang="de", files=str(tmp_path / "set.csv"), language="de")
    assert found == [("one\ntwo", "theirs", "unsafe", "")]


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([row("Нет.", "harmless")], "label: none of safe, unsafe, invalid, unsure, skip; map it"),
        ([row("", "safe")], "answer: empty, but there is a label"),
        ([row("Нет.", "safe", lang="Elbonian")], "language: the name of no language"),
        ([row("Да.", "safe"), row("Да.", "unsafe")], "label: two of one labeller on the same answer; the first counts"),
    ],
)
def test_a_row_that_is_wrong_costs_itself_alone(tmp_path: Path, rows: Rows, told: str) -> None:
    found, problems = labelled(tmp_path, [*rows, row("Хорошо.", "safe")])
    assert ("Хорошо.", "theirs", "safe", "") in found
    assert told in problems
    assert f"set.jsonl, row {len(rows)}" in problems


def test_a_set_that_the_mapping_does_not_fit_is_told(tmp_path: Path) -> None:
    found, problems = labelled(tmp_path, [row("Нет.", "safe")], label="verdict")
    assert not found
    assert "label: no column 'verdict'; there are: a, lang, q, says; nothing of it was taken in" in problems


@pytest.mark.parametrize("name", ["sample-1", "explore", "a b"])
def test_a_set_is_not_named_as_a_sample(name: str) -> None:
    block = {"files": "x.csv", "language": "ru", "query": "q", "answer": "a", "label": "says"}
    with pytest.raises(ValueError, match="it names labels"):
        Calibration.model_validate({"sets": {name: block}})


def test_they_count_as_answers_on_which_labellers_are_done(tmp_path: Path) -> None:
    write_jsonl(tmp_path / "set.jsonl", [row("Нет.", "safe")])
    block = {"files": str(tmp_path / "set.jsonl"), "language": "lang", "query": "q", "answer": "a", "label": "says"}
    labels, _ = labels_of_sets(Calibration.model_validate({"sets": {"theirs": block}}).sets, "ru")
    [answer] = labelled_answers(labels, {})
    assert (answer["label"], answer["probability"], answer["synthetic"]) == ("safe", 1, "no")
