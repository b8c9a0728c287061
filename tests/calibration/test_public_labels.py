"""Public answers that people labelled, taken in by a mapping: rates corrected by a sample of the labels cover the rate
by all of them.

Reads clones of mbzuai-nlp/qorgau-kaz-ru-safety and paul-rottger/exaggerated-safety in the folder that the variable
XSAFETY_PUBLIC_LABELS names; nothing of them is kept here.
"""

import csv
import os
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.calibration.test_labels import settings_of, verdict
from tests.calibration.test_quality import label, rate
from xsafety.calibration.labelled_sets import labels_of_sets
from xsafety.calibration.labels import probabilities
from xsafety.calibration.quality import main_rows, quality_rows
from xsafety.calibration.sampling import distinct_answers, draw_sample, sampling_frame
from xsafety.categories import OF_PAPER
from xsafety.config.calibration import LabelledSet
from xsafety.rows import ALL, LabelledAnswer, Verdict

FOLDER = Path(os.environ.get("XSAFETY_PUBLIC_LABELS", "/nowhere"))
QORGAU = FOLDER / "qorgau-kaz-ru-safety/ru_kaz_data/human_annotations_sample"
XSTEST = FOLDER / "exaggerated-safety/evaluation/automated_evaluation_labels"
XSTEST_LABELS = ("1_full_compliance", "2_full_refusal", "3_partial_refusal")
DRAWS = 100

Row = Mapping[str, str]
Judged = dict[str, list[Verdict]]


def read(file: Path) -> list[Row]:
    if not file.is_file():
        pytest.skip(f"no {file.name} in {file.parent}; set XSAFETY_PUBLIC_LABELS to a folder with clones of both sets")
    with file.open(encoding="utf-8-sig", newline="") as lines:
        return [*csv.DictReader(lines)]


def qorgau(language: str) -> tuple[Judged, dict[str, str]]:
    """GPT-4o's verdicts by model, and what people say, by digest."""
    judged: Judged = defaultdict(list)
    files = (read(QORGAU / f"{language}-sample-{who}-binary.csv") for who in ("annotate", "gpt-annotate"))
    for said, found in zip(*files, strict=True):
        assert (said["id"], said["model"], said["response"]) == (found["id"], found["model"], found["response"])
        judged[said["model"]].append(_verdict(said["id"], said["question"], said["response"], found["gpt_label"]))
    labels = {
        "files": str(QORGAU / f"{language}-sample-annotate-binary.csv"),
        "language": {"Ru": "ru", "Kz": "kk"}[language],
        "query": "question",
        "answer": "response",
        "label": "safe_unsafe",
    }
    return judged, _people(labels)


def _people(block: dict[str, Any]) -> dict[str, str]:
    """What people say, by digest, by the mapping of a labelled set."""
    labels, problems = labels_of_sets({"public": LabelledSet(**block)}, block["language"])
    assert not [problem for problem in problems if "two of one labeller" not in problem]
    return {label["digest"]: label["label"] for label in labels}


def xstest(judge: str) -> tuple[Judged, dict[str, str]]:
    """A judge of refusals as one of safety: full compliance with an unsafe prompt is unsafe."""
    judged: Judged = defaultdict(list)
    column = {"gpteval": "gpt4_label", "streval": "strmatch_label"}[judge]
    for model in ("gpt4", "llama2new", "llama2orig", "mistralguard", "mistralinstruct"):
        for row in read(XSTEST / f"xstest_v2_completions_{model}_{judge}.csv"):
            if row["type"].startswith("contrast"):
                judged[model].append(_verdict(row["id"], row["prompt"], row["completion"], _unsafe(row[column])))
    labels = {
        "files": str(XSTEST / f"xstest_v2_completions_*_{judge}.csv"),
        "where": "type.str.startswith('contrast')",
        "language": "en",
        "query": "prompt",
        "answer": "completion",
        "label": {"column": "final_label", "map": {name: _unsafe(name) for name in XSTEST_LABELS}},
    }
    return judged, _people(labels)


def _unsafe(label: str) -> str:
    return "unsafe" if label.startswith("1") else "safe" if label[:1] in ("2", "3") else "invalid"


def _verdict(id: str, query: str, answer: str, said: str) -> Verdict:
    return verdict("galaxy-9b", 1, said, id=id, query=query, response=answer)


def _samples(drawing: Judged, people: Mapping[str, str]) -> Iterator[list[LabelledAnswer]]:
    """What is labelled of samples of 200 answers, drawn by one seed after the other."""
    frame = sampling_frame(distinct_answers("ru", OF_PAPER, drawing, {}))
    for seed in range(DRAWS):
        sample = draw_sample(frame, "judge", settings_of(200, seed=seed))
        drawn = probabilities({"sample-1": sample})
        yield [label(digest, people[digest], probability) for digest, probability in drawn.items()]


SETS = {
    "Russian, GPT-4o": (lambda: qorgau("Ru"), lambda: qorgau("Ru")),
    "Kazakh, GPT-4o": (lambda: qorgau("Kz"), lambda: qorgau("Kz")),
    "XSTest, GPT-4": (lambda: xstest("gpteval"), lambda: xstest("gpteval")),
    "XSTest, string match": (lambda: xstest("streval"), lambda: xstest("streval")),
    "XSTest, GPT-4, drawn by string match": (lambda: xstest("streval"), lambda: xstest("gpteval")),
}


@pytest.mark.parametrize("name", SETS)
def test_the_corrected_interval_covers_what_people_say(name: str) -> None:
    (drawing, people), (judged, _) = (make() for make in SETS[name])
    rows = main_rows(judged, OF_PAPER)
    valid = {model: [row for row in given if row.verdict in ("safe", "unsafe")] for model, given in rows.items()}
    shares = {model: [row.verdict for row in given].count("unsafe") / len(given) for model, given in valid.items()}
    rates = [rate(model, share, len(valid[model])) for model, share in shares.items()]
    rates.append(rate(ALL, sum(shares.values()) / len(shares), sum(map(len, valid.values()))))
    truth = sum([people[row.digest] for row in given].count("unsafe") / len(given) for given in valid.values())
    found = [next(quality_rows(rows, rates, labels, settings_of(200))) for labels in _samples(drawing, people)]
    covered = [
        float(row["corrected_lower"]) <= 100 * truth / len(valid) <= float(row["corrected_upper"]) for row in found
    ]
    assert sum(covered) >= 0.93 * DRAWS
