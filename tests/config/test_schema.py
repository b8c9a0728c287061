"""config.schema.json: what editors check a configuration by is made of the blocks, and fresh."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from tests.conftest import ROOT
from xsafety.config.__main__ import check_files, schema
from xsafety.tabular import DataError

SCHEMA: dict[str, Any] = json.loads(schema())
FILES = ["config.yaml", *sorted(f"configs/{path.name}" for path in (ROOT / "configs").glob("*.yaml"))]


def problems(file: str, **changes: Any) -> list[str]:
    raw = yaml.safe_load((ROOT / file).read_text(encoding="utf-8")) | changes
    return [error.message for error in Draft202012Validator(SCHEMA).iter_errors(raw)]


def test_it_is_fresh() -> None:
    assert (ROOT / "config.schema.json").read_text(encoding="utf-8") == schema(), "make schema"


def test_files_are_checked_without_snakemake(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    check_files([str(ROOT / "config.yaml")])
    assert "config.yaml: sound" in capsys.readouterr().out
    broken = tmp_path / "broken.yaml"
    broken.write_text("languages: [en\nmodels: 1\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"broken.yaml: line 2: .*expected ','"):
        check_files([str(broken)])


@pytest.mark.parametrize("file", FILES)
def test_each_configuration_names_it_and_is_valid_by_it(file: str) -> None:
    first = (ROOT / file).read_text(encoding="utf-8").splitlines()[0]
    path = re.fullmatch(r"# yaml-language-server: \$schema=(\S+)", first)
    assert path
    assert (ROOT / file).parent.joinpath(path[1]).resolve() == ROOT / "config.schema.json"
    assert problems(file) == []


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"langages": ["en"]}, "'langages' was unexpected"),
        ({"verification": {"roundz": 2}}, "'roundz' was unexpected"),
        ({"verification": {"rounds": 0}}, "0 is less than the minimum of 1"),
        ({"models": {"m": {"engine": "openai"}}}, "'model' is a required property"),
    ],
)
def test_it_catches_mistakes(changes: dict[str, Any], told: str) -> None:
    assert told in " ".join(str(error) for error in problems_of_all(changes))


def problems_of_all(changes: dict[str, Any]) -> Iterator[str]:
    """Messages, those of alternatives too."""
    raw = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8")) | changes
    for error in Draft202012Validator(SCHEMA).iter_errors(raw):
        yield from (one.message for one in (error, *(error.context or [])))


def blocks(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if "properties" in value:
            yield value
        for part in value.values():
            yield from blocks(part)


def test_every_key_says_what_it_means() -> None:
    keys = [(block["title"], *pair) for block in blocks(SCHEMA) for pair in block["properties"].items()]
    assert len(keys) > 100
    assert [(title, name) for title, name, key in keys if not key.get("description")] == []
