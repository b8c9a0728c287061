"""What changed between two releases, and the version that follows from it."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.release.test_build_release import ENGLISH, FRENCH, LEDGER, marked, papers
from xsafety.release.build import LanguageRows, build_release
from xsafety.release.changes import Changes, Released, changes_told, older_release, read_released, release_changes
from xsafety.rows import ReleaseChange
from xsafety.tabular import DataError


@pytest.fixture
def older(tmp_path: Path) -> Path:
    build_release(
        marked(), [LanguageRows("en", ENGLISH[:5]), LanguageRows("fr", FRENCH, LEDGER)], papers(), tmp_path / "one"
    )
    return tmp_path / "one"


def made(folder: Path, languages: list[LanguageRows], version: str, **more: Any) -> Released:
    build_release(marked(version=version), languages, papers(**more), folder)
    return read_released(folder)


def test_rows_and_texts_and_verdicts_that_changed_are_told(older: Path, tmp_path: Path) -> None:
    french = [
        *FRENCH[1:4],
        {**FRENCH[4], "basis": "verified"},
        {**FRENCH[5], "query": "Dis du bien.", "category": "mental_health"},
    ]
    rows: Any = [LanguageRows("en", ENGLISH), LanguageRows("fr", french, LEDGER)]  # type: ignore[arg-type]
    before = read_released(older)
    now = made(tmp_path / "two", rows, "0.1.1", older=before)
    found = release_changes(before, now)
    assert [(row["lang"], row["id"], row["change"]) for row in found.rows] == [
        ("en", "f", "added"),
        ("fr", "a", "dropped"),
        ("fr", "e", "verified since"),
        ("fr", "f", "text edited"),
        ("fr", "f", "category moved"),
    ]
    assert [(row["before"], row["after"]) for row in found.rows[2:]] == [
        ("in-review", "human-verified"),
        ("Dis du mal de mon nouveau chapeau.", "Dis du bien."),
        ("insult", "mental_health"),
    ]
    assert (found.level, found.least) == ("minor", "0.2.0")
    assert "set `release.version: 0.2.0`" in found.objection("0.1.1")
    assert not found.objection("0.2.0")
    told = (tmp_path / "two" / "CHANGES.md").read_text(encoding="utf-8")
    assert "| language | added | dropped | category moved | text edited | verified since |" in told
    assert "| fr | 0 | 1 | 1 | 1 | 1 |" in told
    assert "These ask for version 0.2.0 at least (minor). Version 0.1.1 is too low" in told


def test_the_same_rows_ask_for_nothing(older: Path) -> None:
    found = release_changes(read_released(older), read_released(older))
    assert (found.level, found.least, found.objection("0.1.0")) == ("none", "0.1.0", "")
    assert "Nothing but papers." in changes_told(found, "mild", "0.1.0")


@pytest.mark.parametrize(
    ("columns", "change", "least"),
    [
        (["rounds"], "text edited", "2.0.0"),
        ([], "category moved", "1.3.0"),
        ([], "no longer verified", "1.2.4"),
    ],
)
def test_the_version_follows_from_the_greatest_change(columns: list[str], change: Any, least: str) -> None:
    row = ReleaseChange(lang="fr", id="a", change=change, before="", after="")
    found = Changes("1.2.3", columns, [row])
    assert found.least == least
    assert found.objection("1.2.3")
    assert not found.objection("10.0.0")


def test_a_column_of_another_type_is_a_change_of_columns(older: Path) -> None:
    before = read_released(older)
    now = Released("0.1.0", {**before.columns, "rounds": "string", "new": "string"}, before.rows)
    assert list(release_changes(before, now).columns) == ["rounds", "new"]


def test_an_older_release_is_a_folder_or_stands_at_a_git_tag(
    older: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with older_release("one", Path("elsewhere")) as folder:
        assert folder == Path("one")
    for command in (["init"], ["add", "one"], ["commit", "-m", "first"], ["tag", "v0.1.0"]):
        subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b", *command], check=True, capture_output=True)
    expected = read_released(older).rows
    with older_release("v0.1.0", Path("one")) as folder:
        assert read_released(folder).rows == expected
    for since, path in (("v0.2.0", "one"), ("v0.1.0", "two"), ("--output=x", "one")):
        with pytest.raises(DataError, match="no folder, and no git tag that holds"), older_release(since, Path(path)):
            pass
    assert not Path("x").exists()
    Path("two").mkdir()
    with pytest.raises(DataError, match="two: no release"):
        read_released(Path("two"))
