"""A run as an RO-Crate: the same bytes each time, whole, and without servers and the names of reviewers."""

import hashlib
import json
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from scripts.crate import main
from tests.conftest import ROOT
from xsafety.config.release import DataRelease
from xsafety.release.crate import METADATA, RunFiles, build_crate, publishable
from xsafety.tabular import DataError, columns, write_csv, write_json
from xsafety.verification.agreement import EVERYONE, ModificationRate

RELEASE = DataRelease.model_validate(
    {
        "name": "mild",
        "version": "0.1.0",
        "title": "Mild queries",
        "authors": [{"name": "Anna", "orcid": "0000-0000-0000-0001"}, {"name": "run"}],
        "licence": "CC-BY-4.0",
    }
)
PROVENANCE: Any = {
    "code": {"commit": "c0ffee", "changed": []},
    "config": {"models": {"server": {"base_url": "http://gpu.lab/v1", "model": "m"}}, "languages": ["en", "fr"]},
    "inputs": {
        "reviews/fr/round-1.anna.csv": "1" * 64,
        "reviews/fr/round-2.ben.csv": "2" * 64,
        "seeds/ü.csv": "3" * 64,
    },
    "models": {"one": {"model": "m", "endpoint": "http://gpu.lab/v1"}},
    "packages": {"snakemake": "9.27.1"},
}


def built(folder: Path) -> dict[str, bytes]:
    results = folder / "results"
    (results / "tables" / "a judge").mkdir(parents=True)
    (results / "report.html").write_text("<p>", encoding="utf-8")
    (results / "tables" / "a judge" / "rates.csv").write_text("lang\nfr\n", encoding="utf-8")
    run = RunFiles(results, [path for path in results.rglob("*") if path.is_file()], {"seeds/ü.csv"})
    out = results / "crate"
    (out / "results").mkdir(parents=True)
    (out / "results" / "old.csv").write_text("", encoding="utf-8")
    build_crate(RELEASE, run, PROVENANCE, "2026-11-27", ROOT, out)
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in out.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def crate(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return built(tmp_path_factory.mktemp("one"))


@pytest.fixture(scope="module")
def entities(crate: dict[str, bytes]) -> dict[str, Any]:
    return {entity["@id"]: entity for entity in json.loads(crate[METADATA])["@graph"]}


def test_is_the_same_bytes_each_time_and_holds_nothing_of_an_older_one(crate: dict[str, bytes], tmp_path: Path) -> None:
    assert built(tmp_path / "two ü") == crate
    assert "results/old.csv" not in crate
    assert not [name for name in crate if "__pycache__" in name]


def test_says_what_made_what_from_what(entities: dict[str, Any]) -> None:
    root, run, workflow = entities["./"], entities["#run"], entities["Snakefile"]
    assert {"@id": "https://w3id.org/ro/wfrun/workflow/0.5"} in root["conformsTo"]
    assert root["mainEntity"] == run["instrument"] == {"@id": "Snakefile"}
    assert root["mentions"] == entities["provenance.json"]["about"] == {"@id": "#run"}
    assert root["datePublished"] == "2026-11-27"
    assert root["license"] == {"@id": "https://spdx.org/licenses/CC-BY-4.0.html"}
    assert workflow["license"] == {"@id": "https://spdx.org/licenses/Apache-2.0.html"}
    assert [entities[author["@id"]]["name"] for author in root["author"]] == ["Anna", "run"]
    assert workflow["version"] == "c0ffee"
    assert entities[workflow["programmingLanguage"]["@id"]]["version"] == "9.27.1"
    assert [part["@id"] for part in run["result"]] == ["results/report.html", "results/tables/a%20judge/rates.csv"]
    assert {entities[part["@id"]]["name"]: entities[part["@id"]]["sha256"][0] for part in run["object"][1:]} == {
        "reviews/fr/sheet-1.csv": "1",
        "reviews/fr/sheet-2.csv": "2",
        "seeds/ü.csv": "3",
    }


def test_all_that_it_describes_is_there_and_as_described(crate: dict[str, bytes], entities: dict[str, Any]) -> None:
    described = {unquote(name): entity for name, entity in entities.items() if "File" in entity["@type"]}
    folders = tuple(unquote(name) for name, entity in entities.items() if entity["@type"] == "Dataset" and name != "./")
    assert {name for name in crate if not name.startswith(folders)} == {*described, METADATA}
    assert all(any(name.startswith(folder) for name in crate) for folder in folders)
    for name, entity in described.items():
        assert entity["sha256"] == hashlib.sha256(crate[name]).hexdigest(), name


def test_names_no_server_and_no_reviewer(crate: dict[str, bytes]) -> None:
    for name in ("config.yaml", "provenance.json", METADATA):
        assert b"gpu.lab" not in crate[name]
        assert b"anna.csv" not in crate[name]
    assert publishable(PROVENANCE, ())["config"]["models"] == {"server": {"model": "m"}}, "a model of that name stays"


def make(folder: Path, *, release: DataRelease | None = RELEASE, date: str | None = "2026-11-27") -> None:
    """Runs the script on a run with a report alone."""
    (folder / "report.html").write_text("<p>", encoding="utf-8")
    write_json(folder / "provenance.json", PROVENANCE)
    reviewer = dict.fromkeys(columns(ModificationRate), "1") | {"lang": "fr", "category": "all", "reviewer": "anna"}
    write_csv(folder / "rates.csv", columns(ModificationRate), [reviewer, reviewer | {"reviewer": EVERYONE}])
    main(
        release=release,
        date=date,
        results=folder,
        files=[folder / "report.html"],
        origins=[str(ROOT / "seeds/ü.csv")],
        provenance=folder / "provenance.json",
        redact=False,
        rates=folder / "rates.csv",
        code={"commit": "now", "changed": []},
        checkout=ROOT,
        out=folder / "crate",
    )


def test_the_script_says_whom_the_report_names(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make(tmp_path)
    said = capsys.readouterr().err
    assert "report.html names the reviewers anna." in said
    assert "`report.redact: true` leaves them out" in said
    provenance = json.loads((tmp_path / "crate" / "provenance.json").read_text(encoding="utf-8"))
    assert provenance["code"]["commit"] == "now"
    assert "seeds/ü.csv" in provenance["inputs"]


def test_a_crate_without_its_release_or_date_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no `release`"):
        make(tmp_path, release=None)
    with pytest.raises(DataError, match=r"config: release\.date: a crate has a date"):
        make(tmp_path, date=None)
