"""A release as the workflow makes it: the same bytes wherever, whenever and however it is made."""

import json

import pytest

from tests.conftest import SEEDS, Project, demo_config
from tests.servers.loopback import Server

RELEASE = {
    "name": "mild",
    "version": "0.1.0",
    "title": "Mild queries",
    "authors": [{"name": "Anna"}],
    "licence": "MIT",
    "unverified": "mark",
    "include": ["responses", "verdicts", "labels"],
}


def test_all_results_and_the_release_are_the_same_bytes_anywhere(
    built: Project, server: Server, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """In another folder, time zone and locale, with other hashes and another number of cores; spreadsheets too."""
    built.config |= {"release": RELEASE, "dataset": {"seeds": "seeds", "licence": "MIT"}}
    done = built.run("--forcerun", "provenance", "--", "all", "release", "crate")
    assert done.status == 0, done.output
    assert not server.chats
    assert "hf upload ORGANISATION/mild results/release/mild . --repo-type=dataset" in done.output
    other = Project(tmp_path_factory.mktemp("other") / "two ü", demo_config(server.url))
    other.config |= {"release": RELEASE, "dataset": {"seeds": "seeds", "licence": "MIT"}}
    other.write("seeds/seeds.csv", SEEDS)
    environment = {"TZ": "Asia/Tokyo", "LC_ALL": "C", "PYTHONHASHSEED": "777"}
    again = other.run_afresh("--cores", "1", "all", "release", "crate", environment=environment)
    assert again.status == 0, again.output
    before, after = built.snapshot(), other.snapshot()
    assert {"sheets/fr.xlsx", "usage.csv", "report.html", "release/mild/data/fr.parquet"} <= before.keys()
    assert {"crate/ro-crate-metadata.json", "crate/Snakefile", "crate/results/report.html"} <= before.keys()
    assert [path for path in sorted(before.keys() | after.keys()) if before.get(path) != after.get(path)] == []
    assert built.run("all", "release", "crate").nothing_done
    assert server.url not in (built.folder / "results/crate/config.yaml").read_text(encoding="utf-8")

    files = [made.folder / "results" / "provenance.json" for made in (built, other)]
    assert files[0].read_bytes() == files[1].read_bytes()
    whole = json.loads(files[0].read_bytes())
    assert whole["config"]["judges"]["paper"]["protocol"] == "paper"
    assert set(whole["models"]) == {"one"}
    assert set(whole["protocols"]) == {"paper"}
    assert set(whole["journal"]) == {"drafts", "responses/one", "verdicts/paper"}
    provenance = json.loads(after["release/mild/provenance.json"])
    assert set(provenance["inputs"]) == {"seeds/seeds.csv", "results/review/fr/ledger.jsonl"}
    assert provenance["models"]["one"]["model"] == "model-1"
    assert server.url not in json.dumps(provenance["models"] | provenance["judges"])
    assert {"release/mild/answers/verdicts.jsonl.gz", "release/mild/schema.json"} <= after.keys()
    assert set(provenance["config"]) == {"languages", "dataset", "translation", "verification", "release"}
