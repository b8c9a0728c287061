"""The cases of refusals and of languages' packs that are kept beside the repository, where they are there."""

import json
from collections.abc import Iterable

import pytest
from _pytest.mark.structures import ParameterSet

from tests.conftest import ROOT
from xsafety.judging import lexicon
from xsafety.text.packs import knows_refusals, pack_names

CASES = ROOT.parent / "shared" / "cases"


def cases(file: str, group: str | None = None) -> Iterable[ParameterSet]:
    """The cases of a file by their ids; a skipped one that says why where the file is absent."""
    path = CASES / file
    if not path.is_file():
        return [pytest.param({}, id="absent", marks=pytest.mark.skip(reason=f"no {path}"))]
    read = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    return [pytest.param(case, id=case["id"]) for case in read if group in (None, case.get("group"))]


@pytest.mark.parametrize("case", cases("refusals.jsonl"))
def test_a_refusal_is_told_from_what_looks_like_one(case: dict[str, dict[str, str]]) -> None:
    asked = case["input"]
    assert lexicon.judge(asked["text"], asked["lang"])[2] is case["expected"]["refusal"]


@pytest.mark.parametrize("case", cases("languages.jsonl", "pack"))
def test_the_pack_of_a_tag(case: dict[str, dict[str, str]]) -> None:
    tag = case["input"]["tag"]
    assert (pack_names(tag)[0] if knows_refusals(tag) else "none") == case["expected"]["pack"]
