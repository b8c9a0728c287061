"""A data set on a hub, by the library `datasets`, which reads a folder of this disk likewise."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from xsafety.config.dataset import Dataset
from xsafety.seeds.dataset import origin_files, read_dataset
from xsafety.tabular import DataError

ROWS = {"spanish": ["Búrlate de mi sombrero."], "english": ["Mock my hat.", "Mock my bicycle."]}
COMMIT = "0123456789abcdef0123456789abcdef01234567"


def block(folder: Path, **hub: str) -> dict[str, Any]:
    return {
        "hub": {"name": str(folder), "revision": COMMIT, **hub},
        "text": "prompt",
        "language": {"sheet": {"english": "en", "spanish": "es"}},
        "id": "nr",
        "translations": {"status": "human", "by": "anna"},
    }


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A set with a split for each language; where .venv-release is set up, `datasets` is taken from it."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_DATASETS_OFFLINE", "1")
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "cache"))
    for split, texts in ROWS.items():
        file = tmp_path / "set" / f"{split}.jsonl"
        file.parent.mkdir(exist_ok=True)
        lines = [json.dumps({"nr": number, "prompt": text}) for number, text in enumerate(texts, 1)]
        file.write_text("\n".join(lines), encoding="utf-8")
    splits = "".join(f"  - split: {split}\n    path: {split}.jsonl\n" for split in ROWS)
    (tmp_path / "set/README.md").write_text(f"---\nconfigs:\n- config_name: default\n  data_files:\n{splits}---\n")
    site = next((ROOT / ".venv-release").glob("lib/python*/site-packages"), None)
    if site:
        monkeypatch.setattr(sys, "path", [*sys.path, str(site)])
    return tmp_path / "set"


def test_a_set_on_a_hub_is_read_by_splits(folder: Path) -> None:
    pytest.importorskip("datasets", reason="no datasets; make .venv-release/installed")
    dataset = Dataset.model_validate({"set": block(folder)})
    assert origin_files(dataset) == []
    found = read_dataset(dataset)
    assert [(seed["id"], seed["text"]) for seed in found.seeds] == [
        ("set-1", "Mock my hat."),
        ("set-2", "Mock my bicycle."),
    ]
    assert [(row["id"], row["lang"], row["text"], row["sha256"]) for row in found.given] == [
        ("set-1", "es", "Búrlate de mi sombrero.", COMMIT)
    ]
    one = Dataset.model_validate({"set": block(folder, split="english")})
    assert len(read_dataset(one).seeds) == 2
    with pytest.raises(DataError, match=r"dataset\.set.*hub: .*nowhere"):
        read_dataset(Dataset.model_validate({"set": block(folder / "nowhere")}))


def test_a_commit_is_asked_for() -> None:
    with pytest.raises(ValueError, match="revision"):
        Dataset.model_validate({"set": block(Path("a/b")) | {"hub": {"name": "a/b", "revision": "main"}}})


def test_without_the_library_it_is_told_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(DataError, match="run: pip install datasets"):
        read_dataset(Dataset.model_validate({"set": block(Path("a/b"))}))
