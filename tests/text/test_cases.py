"""The cases of refusals and of languages' packs that are kept beside the repository, where they are there."""

import pytest

from tests.conftest import cases
from xsafety.judging import lexicon
from xsafety.text.packs import knows_refusals, pack_names


@pytest.mark.parametrize("case", cases("refusals.jsonl"))
def test_a_refusal_is_told_from_what_looks_like_one(case: dict[str, dict[str, str]]) -> None:
    asked = case["input"]
    assert lexicon.judge(asked["text"], asked["lang"])[2] is case["expected"]["refusal"]


@pytest.mark.parametrize("case", cases("languages.jsonl", "pack"))
def test_the_pack_of_a_tag(case: dict[str, dict[str, str]]) -> None:
    tag = case["input"]["tag"]
    assert (pack_names(tag)[0] if knows_refusals(tag) else "none") == case["expected"]["pack"]
