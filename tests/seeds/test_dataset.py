"""The register of data-set sources: each is a key of the configuration, and gives what the workflow files."""

from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.seeds.test_release import N, made_up, write_release
from xsafety.config.dataset import Dataset
from xsafety.rows import Evidence, Repair, Seed
from xsafety.seeds.dataset import SOURCES, origin_files, read_dataset
from xsafety.seeds.release import read_release
from xsafety.tabular import DataError, columns, required
from xsafety.text.languages import language


def example(source: str, folder: Path) -> Path:
    """A folder that a source can read."""
    match source:
        case "seeds":
            return ROOT / "data" / "seeds"
        case "xsafety":
            return write_release(folder, made_up())
    raise AssertionError(f"give an example of {source}")


def test_sources_are_the_keys_of_the_configuration() -> None:
    assert [*SOURCES, "licence", "source"] == list(Dataset.model_fields)


@pytest.mark.parametrize("source", SOURCES)
def test_a_source_gives_what_the_workflow_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str) -> None:
    monkeypatch.setitem(read_release.__kwdefaults__, "per_category", N)
    folder = example(source, tmp_path)
    dataset = Dataset.model_validate({source: str(folder)})
    assert (dataset.kind, dataset.folder) == (source, str(folder))
    found = read_dataset(dataset)
    ids = [seed["id"] for seed in found.seeds]
    assert ids == sorted(set(ids))
    assert all(set(required(Seed)) <= seed.keys() <= set(columns(Seed)) for seed in found.seeds)
    assert sorted(found.evidence) == sorted(SOURCES[source].languages)
    for lang, entries in found.evidence.items():
        assert language(lang)
        assert {entry["id"] for entry in entries} <= set(ids)
        assert all(tuple(entry) == required(Evidence) for entry in entries)
    assert all(tuple(repair) == columns(Repair) for repair in found.repairs)
    files = origin_files(dataset)
    assert len(files) == len(set(files))
    assert {file.suffix for file in files} == {Path(pattern).suffix for pattern in SOURCES[source].files} - {".yaml"}
    assert all(seed["category"] in found.categories for seed in found.seeds)


@pytest.mark.parametrize("source", SOURCES)
def test_a_source_says_what_it_lacks(tmp_path: Path, source: str) -> None:
    with pytest.raises(DataError, match=str(tmp_path)):
        SOURCES[source].read(tmp_path)
