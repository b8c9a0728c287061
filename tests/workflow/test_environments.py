"""One set of pins: pyproject.toml, requirements.lock and envs/ agree; environments are made in their own place."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

from tests.conftest import ROOT


def pins(lines: list[str]) -> dict[str, str]:
    """Name, as PyPI normalizes it, -> version; every line must be a pin."""
    found = {}
    for line in lines:
        match = re.fullmatch(r"([A-Za-z0-9._-]+)(?:\[[a-z,]+\])?==(\S+)", line)
        assert match, f"{line!r} is no pin NAME==VERSION"
        found[re.sub(r"[-_.]+", "-", match[1]).lower()] = match[2]
    return found


PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
DIRECT = pins(PROJECT["project"]["dependencies"])
DEVELOPMENT = pins(PROJECT["dependency-groups"]["dev"])
LOCK = pins([line for line in (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines() if line[0] != "#"])


@pytest.mark.parametrize(("name", "version"), sorted({**DIRECT, **DEVELOPMENT}.items()))
def test_every_direct_pin_is_locked(name: str, version: str) -> None:
    assert LOCK.get(name) == version


def test_the_page_in_the_browser_has_an_environment_of_its_own() -> None:
    lines = (ROOT / "requirements-review.lock").read_text(encoding="utf-8").splitlines()
    locked = pins([line for line in lines if line[0] != "#"])
    given = pins(PROJECT["dependency-groups"]["review"])
    assert given == {name: locked[name] for name in given}
    assert not given.keys() & LOCK.keys()


def test_readers_of_releases_have_an_environment_of_their_own_with_the_same_pyarrow() -> None:
    lines = (ROOT / "requirements-release.lock").read_text(encoding="utf-8").splitlines()
    locked = pins([line for line in lines if line[0] != "#"])
    given = pins(PROJECT["dependency-groups"]["release"])
    assert given == {name: locked[name] for name in given}
    assert {name: version for name, version in given.items() if name in DIRECT} == {
        name: DIRECT[name] for name in ("pandas", "pyarrow")
    }


@pytest.mark.parametrize("file", sorted(path.name for path in (ROOT / "envs").glob("*.yaml")))
def test_environments_hold_the_projects_pins(file: str) -> None:
    environment = yaml.safe_load((ROOT / "envs" / file).read_text(encoding="utf-8"))
    (pip,) = [part["pip"] for part in environment["dependencies"] if isinstance(part, dict)]
    given = pins(pip)
    assert given
    assert given == {name: ({**DIRECT, **DEVELOPMENT}).get(name) for name in given}
    assert given.keys() >= {"pydantic", "pyyaml"}, "by which jobs read the blocks that they are handed"
    (python,) = [part for part in environment["dependencies"] if str(part).startswith("python=")]
    assert PROJECT["project"]["requires-python"] == f">={python.removeprefix('python=')}"


def test_the_profile_of_slurm_names_the_pinned_plugin() -> None:
    [(name, version)] = pins(PROJECT["dependency-groups"]["slurm"]).items()
    assert f"{name}=={version}" in (ROOT / "docs/clusters.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["review", "release"])
def test_an_environment_behind_a_link_is_not_emptied(tmp_path: Path, name: str) -> None:
    (tmp_path / "others").mkdir()
    (tmp_path / "others/kept").touch()
    (tmp_path / f".venv-{name}").symlink_to("others")
    (tmp_path / f"requirements-{name}.lock").touch()
    make = ["make", "-f", str(ROOT / "Makefile"), "-o", ".venv/installed", f".venv-{name}/installed"]
    done = subprocess.run(make, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, f".venv-{name} is a link" in done.stdout) == (2, True)
    assert (tmp_path / "others/kept").exists()
