"""What a run rests on is told without what differs from machine to machine, and without secrets."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from xsafety.config.configuration import load
from xsafety.release.provenance import (
    DATA,
    asked_provenance,
    code_state,
    data_provenance,
    journal_digests,
    pack,
    portable,
    unpack,
)

RAW: dict[str, Any] = {
    "languages": ["en", "fr"],
    "dataset": {"seeds": "seeds"},
    "verification": {"weblate": {"base_url": "https://w.org", "component": "a/b", "users": {"a.k": "anna"}}},
    "models": {
        "one": {"engine": "openai", "model": "m", "base_url": "http://127.0.0.1:1/v1", "api_key_env": "SOME_KEY"}
    },
    "judges": {"lexicon": {"engine": "lexicon"}},
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "seeds").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SOME_KEY", "sk-secret")
    return tmp_path


def test_a_configuration_is_whole_after_defaults_but_for_the_teams_server(folder: Path) -> None:
    raw = {**RAW, "dataset": {"seeds": str(folder / "seeds")}, "journal": "/elsewhere/of/anna/journal"}
    packed = pack(load(raw))
    assert "anna" not in json.dumps(unpack(packed)["verification"])
    told: Any = portable(unpack(packed), Path("/checkout"))
    assert told["dataset"]["seeds"] == "seeds"
    assert told["journal"] == ".../anna/journal"
    assert told["verification"]["rounds"] == 2
    assert "sk-secret" not in json.dumps(told)
    assert set(unpack(pack(load(RAW), DATA))) == DATA
    many = {f"model-{number}": RAW["models"]["one"] | {"model": f"m-{number}"} for number in range(500)}
    assert len(pack(load({**RAW, "models": many}))) < 100_000, "fits into a command line"


def test_inputs_packages_and_code_are_told(folder: Path) -> None:
    file = folder / "seeds" / "a.csv"
    file.write_text("id\n", encoding="utf-8")
    (folder / "pyproject.toml").write_text('[project]\ndependencies = ["pyyaml==1", "torch==1", "no-such-thing==1"]\n')
    code: Any = {"commit": None, "changed": []}
    found = data_provenance(pack(load(RAW)), code, folder, [file])
    assert list(found["inputs"]) == ["seeds/a.csv"]
    assert set(found["packages"]) == {"pyyaml", "torch"}
    assert "+" not in "".join(found["packages"].values())


def test_the_order_of_answers_and_what_is_no_answer_do_not_count(folder: Path) -> None:
    def write(*lines: str) -> dict[str, str]:
        for name in ("responses/one/none/en", "responses/one/runs", "browser/fr/anna"):
            file = folder / "journal" / f"{name}.jsonl"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("".join(f"{line}\n" for line in lines))
        return journal_digests(folder / "journal")

    before = write("a", "b")
    assert set(before) == {"responses/one"}
    assert write("b", "a") == before
    assert write("b", "c") != before
    assert journal_digests(folder / "none") == {}


def test_those_asked_are_told_by_their_receipts_and_protocols(folder: Path) -> None:
    for name in ("one", "paper"):
        (folder / f"{name}.json").write_text(
            json.dumps({"identity": {"model": f"/weights/{name}", "revision": "c0ffee"}})
        )
    receipts: Any = {"models": [folder / "one.json"], "judges": [folder / "paper.json"]}
    found = asked_provenance(receipts, {"paper": str(folder / "one.json")}, folder, folder / "journal")
    assert found["models"] == {"one": {"model": ".../weights/one", "revision": "c0ffee"}}
    assert len(found["protocols"]["paper"]) == 64


def test_the_state_of_a_checkout_is_its_commit_and_what_is_changed(folder: Path) -> None:
    def git(*arguments: str) -> None:
        person = ["-c", "user.name=a", "-c", "user.email=a@b"]
        subprocess.run(["git", "-C", str(folder), *person, *arguments], check=True, capture_output=True)

    assert code_state(folder) == {"commit": None, "changed": []}
    (folder / "ein Fuß.py").write_text("")
    git("init")
    git("add", ".")
    git("commit", "-m", "first")
    clean = code_state(folder)
    assert len(clean["commit"] or "") == 40
    assert clean["changed"] == []
    assert code_state(folder / "seeds")["commit"] is None, "of another checkout around it"
    (folder / "ein Fuß.py").write_text("x = 1\n")
    (folder / "new.py").write_text("")
    assert code_state(folder) == {**clean, "changed": ["ein Fuß.py"]}
