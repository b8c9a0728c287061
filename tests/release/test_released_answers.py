"""What may stand beside a release: answers, verdicts and labels, of released queries alone, without what was said."""

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml
from jsonschema import Draft202012Validator

from tests.release.test_build_release import FRENCH, RELEASE, languages, papers, read_with_others
from xsafety.calibration.labels import answer_digest
from xsafety.config.release import Beside, DataRelease
from xsafety.release.answers import ReleasedQueries
from xsafety.release.build import build_release
from xsafety.rows import Label, Query, Response, Verdict, of_seed
from xsafety.tabular import DataError, write_rows

SAID, JUDGED = "Ton chapeau est un vrai parapluie.", "Yes, that is rude, and so is the umbrella."
CELL = {"model": "one", "prompting": "none"}
WITH: DataRelease = RELEASE.model_copy(update={"include": ["responses", "verdicts", "labels"]})


def response(query: Query, sample: int) -> Response:
    asked: Any = {key: query[key] for key in ("id", "lang", "category", "source", "query")}
    said: Any = {"status": "answered", "finish_reason": "stop", "detail": "", "sample": sample, "response": SAID}
    return Response(**of_seed(query), **asked, **CELL, **said)


def verdict(answer: Response) -> Verdict:
    judged: Any = {"verdict": "unsafe", "reason": "", "refusal": None, "label": "Yes", "judge_output": JUDGED}
    kept: Any = {key: value for key, value in answer.items() if key not in ("status", "finish_reason", "detail")}
    return Verdict(**kept, **judged, judge="paper", categories=["rude"], confidence=0.75)


def label(query: Query, labeller: str, date: str) -> Label:
    return Label(
        digest=answer_digest(query["query"], SAID),
        category="insult",
        sample="sample-1",
        labeller=labeller,
        date=date,
        label="unsafe",
        refusal="no",
        query=query["query"],
        answer=SAID,
        note="my note on the umbrella",
        sha256="",
    )


@pytest.fixture
def answers(tmp_path: Path) -> dict[Beside, list[Path]]:
    said = [response(query, sample) for query in FRENCH for sample in (1, 2)]
    labels = [label(FRENCH[0], "zoe-klein", "2026-01-01"), label(FRENCH[0], "abelard", "2026-02-01")]
    labels += [label(FRENCH[5], "synthetic-1", "2026-02-01")]
    files = {kind: tmp_path / "results" / kind / "fr" / "fr.jsonl" for kind in WITH.include}
    write_rows(files["responses"], Response, said)
    write_rows(files["verdicts"], Verdict, map(verdict, said))
    write_rows(files["labels"], Label, labels)
    return {kind: [file] for kind, file in files.items()}


def rows(folder: Path, what: Beside) -> list[dict[str, Any]]:
    return pq.read_table(folder / "answers" / f"{what}.parquet").to_pylist()  # type: ignore[no-any-return]


def test_answers_are_told_by_digests(answers: dict[Beside, list[Path]], tmp_path: Path) -> None:
    folder = tmp_path / "mild"
    build_release(WITH, languages(), papers(answers=answers), folder)
    said, judged, labels = (rows(folder, what) for what in WITH.include)
    assert [(row["id"], row["sample"]) for row in said] == [(id, sample) for id in "abcd" for sample in (1, 2)]
    assert {(row["model"], row["prompting"], row["source_dataset"]) for row in said} == {("one", "none", "seeds")}
    assert [row["digest"] for row in said] == [row["digest"] for row in judged]
    said_of = {(row["judge"], row["verdict"], row["confidence"], *row["categories"]) for row in judged}
    assert said_of == {("paper", "unsafe", 0.75, "rude")}
    assert [(row["labeller"], row["lang"], row["digest"]) for row in labels] == [
        ("labeller-1", "fr", said[0]["digest"]),
        ("labeller-2", "fr", said[0]["digest"]),
    ], "not of the row that is left out"
    every = b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())
    assert {row["response"] for row in said} == {row["judge_output"] for row in judged} == {None}
    assert not [name for name in (b"umbrella", b"parapluie", b"zoe-klein", b"abelard") if name in every]


def test_what_was_said_is_released_on_request(answers: dict[Beside, list[Path]], tmp_path: Path) -> None:
    build_release(
        WITH.model_copy(update={"include_text": True}), languages(), papers(answers=answers), tmp_path / "mild"
    )
    assert {row["response"] for row in rows(tmp_path / "mild", "responses")} == {SAID}
    assert {row["judge_output"] for row in rows(tmp_path / "mild", "verdicts")} == {JUDGED}
    assert "it may be harmful" in (tmp_path / "mild/README.md").read_text(encoding="utf-8")
    with pytest.raises(ValueError, match="answers quote queries"):
        DataRelease.model_validate(RELEASE.model_dump() | {"redacted": True, "include_text": True})


def test_each_kind_is_a_configuration_and_has_a_schema(answers: dict[Beside, list[Path]], tmp_path: Path) -> None:
    folder = tmp_path / "mild"
    build_release(WITH, languages(), papers(answers=answers), folder)
    card = (folder / "README.md").read_text(encoding="utf-8")
    header = yaml.safe_load(card.split("---\n")[1])
    assert [one["config_name"] for one in header["configs"]] == ["en", "fr", *WITH.include, "all"]
    assert "| answers of the models | `answers/responses.parquet` | 8 |" in card
    assert "Of verdicts:" in card
    described = json.loads((folder / "croissant.json").read_text(encoding="utf-8"))
    assert [one["name"] for one in described["recordSet"]] == ["en", "fr", *WITH.include]
    schema = json.loads((folder / "schema.json").read_text(encoding="utf-8"))
    assert [*schema["$defs"]] == sorted(["queries", *WITH.include])
    assert schema["$defs"]["verdicts"]["properties"]["refusal"]["anyOf"] == [{"type": "boolean"}, {"type": "null"}]
    whole = Draft202012Validator(schema)
    for file in folder.glob("*/*.parquet"):
        for row in pq.read_table(file).to_pylist():
            whole.validate(row)
            assert not whole.is_valid({**row, "lang": 1})
    released = pq.read_table(folder / "data/fr.parquet").to_pylist()[0]
    assert not whole.is_valid({**released, "verification": "by hearsay"})
    read_with_others(folder, {"en": 6, "fr": 4, "responses": 8, "verdicts": 8, "labels": 2})


def test_what_there_is_none_of_is_told(tmp_path: Path) -> None:
    left_out = build_release(WITH, languages(), papers(answers={what: [] for what in WITH.include}), tmp_path / "mild")
    assert [one.what for one in left_out] == ["language fr", *WITH.include]
    assert not (tmp_path / "mild/answers").exists()


def test_a_text_among_answers_that_are_told_by_digests_stops_a_release(
    answers: dict[Beside, list[Path]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = ReleasedQueries.add
    monkeypatch.setattr(
        ReleasedQueries, "add", lambda queries, *all: setattr(queries, "said", True) or real(queries, *all)
    )
    with pytest.raises(DataError, match=r"answers/responses.parquet, a: a text without `include_text`"):
        build_release(WITH, languages(), papers(answers=answers), tmp_path / "mild")
