"""The page's settings: config files and `--config` items mean what they mean to snakemake."""

from pathlib import Path

import pytest

from tests.conftest import demo_config
from xsafety.browser import __main__ as browser
from xsafety.tabular import DataError, write_json


def config(*arguments: str, monkeypatch: pytest.MonkeyPatch) -> object:
    command = ["browser", "--lang", "fr", "--reviewer", "anna", *arguments]
    monkeypatch.setattr("sys.argv", command)
    return browser._work(browser._arguments()).config


def test_overrides_and_further_files_reach_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "seeds").mkdir()
    write_json(tmp_path / "config.yaml", demo_config("http://127.0.0.1:1"))
    write_json(tmp_path / "more.yaml", {"verification": {"rounds": 3}, "journal": "kept"})
    found = config("--configfile", "config.yaml", "more.yaml", "--config", "results=there", monkeypatch=monkeypatch)
    assert found.results == "there"  # type: ignore[attr-defined]
    assert (found.journal, found.verification.rounds) == ("kept", 3)  # type: ignore[attr-defined]
    assert found.verification.accept_drafts, "blocks of keys are merged"  # type: ignore[attr-defined]
    with pytest.raises(DataError, match="--config results: Invalid config definition"):
        config("--config", "results", monkeypatch=monkeypatch)
