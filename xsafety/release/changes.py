"""What changed between two releases, by language and row, and the least version that follows from it."""

import io
import subprocess
import tarfile
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pyarrow.parquet as pq
import yaml

from ..rows import ReleaseChange, ReleaseChangeKind
from ..tabular import DataError, markdown_table
from .released import UNVERIFIED_TEXTS

Level = Literal["none", "patch", "minor", "major"]
LEVELS: tuple[Level, ...] = ("none", "patch", "minor", "major")

# What each kind of change asks of the version at least.
KINDS: Mapping[ReleaseChangeKind, Level] = {
    "added": "minor",
    "dropped": "minor",
    "category moved": "minor",
    "text edited": "patch",
    "verified since": "patch",
    "no longer verified": "patch",
}

_Rows = Mapping[tuple[str, str], Mapping[str, Any]]


@dataclass(frozen=True)
class Released:
    """What is compared of a release: its version, its columns with their types, its rows by language and id."""

    version: str
    columns: Mapping[str, str]
    rows: _Rows


@dataclass(frozen=True)
class Changes:
    """What changed since an older release; `columns` are those that came, went or have another type."""

    since: str  # its version
    columns: Sequence[str]
    rows: Sequence[ReleaseChange]

    @property
    def level(self) -> Level:
        """What the changes ask of the version at least."""
        levels = [KINDS[row["change"]] for row in self.rows]
        return max(["major" if self.columns else "none", *levels], key=LEVELS.index)

    @property
    def least(self) -> str:
        """The least version that the changes allow."""
        major, minor, patch = _numbers(self.since)
        match self.level:
            case "major":
                return f"{major + 1}.0.0"
            case "minor":
                return f"{major}.{minor + 1}.0"
            case "patch":
                return f"{major}.{minor}.{patch + 1}"
        return self.since

    def objection(self, version: str) -> str:
        """Why a version is too low, with what to do; empty where it is not."""
        if _numbers(version) >= _numbers(self.least):
            return ""
        return f"Version {version} is too low for what changed since {self.since}; set `release.version: {self.least}`"


def _numbers(version: str) -> tuple[int, int, int]:
    major, minor, patch = map(int, version.split("."))
    return major, minor, patch


def read_released(folder: Path) -> Released:
    """A release in a folder. Raises DataError where there is none."""
    files = sorted((folder / "data").glob("*.parquet"))
    if not files or not (folder / "CITATION.cff").is_file():
        raise DataError(
            f"{folder}: no release; it must hold data/*.parquet and CITATION.cff, as `snakemake release` makes"
        )
    columns: dict[str, str] = {}
    rows: dict[tuple[str, str], Mapping[str, Any]] = {}
    for file in files:
        table = pq.read_table(file)
        columns |= {field.name: str(field.type) for field in table.schema}
        wanted = [name for name in ("id", "lang", "text", "category", "verification", "text_sha256") if name in columns]
        rows |= {(row["lang"], row["id"]): row for row in table.select(wanted).to_pylist()}
    version = yaml.safe_load((folder / "CITATION.cff").read_text(encoding="utf-8"))["version"]
    return Released(str(version), columns, rows)


def release_changes(before: Released, now: Released) -> Changes:
    """What changed from one release to another, by language and id."""
    columns = [name for name in {**before.columns, **now.columns} if before.columns.get(name) != now.columns.get(name)]
    # The seeds' own language first.
    own = {lang for (lang, _), row in {**before.rows, **now.rows}.items() if row.get("verification") == "source"}
    places = sorted(before.rows.keys() | now.rows.keys(), key=lambda place: (place[0] not in own, *place))
    rows = [
        ReleaseChange(lang=place[0], id=place[1], change=change, before=old or "", after=new or "")
        for place in places
        for change, old, new in _row_changes(before.rows.get(place), now.rows.get(place))
    ]
    return Changes(before.version, columns, rows)


def _row_changes(
    old: Mapping[str, Any] | None, new: Mapping[str, Any] | None
) -> Iterator[tuple[ReleaseChangeKind, str | None, str | None]]:
    if old is None or new is None:
        yield ("dropped", old["text"], "") if old else ("added", "", (new or {})["text"])
        return
    if old["text_sha256"] != new["text_sha256"]:
        yield "text edited", old["text"], new["text"]
    if old["category"] != new["category"]:
        yield "category moved", old["category"], new["category"]
    was, is_ = (row["verification"] not in UNVERIFIED_TEXTS for row in (old, new))
    if was != is_:
        yield "verified since" if is_ else "no longer verified", old["verification"], new["verification"]


def changes_told(changes: Changes, name: str, version: str) -> str:
    """The changes in Markdown: by language how many rows of each kind; the rows stand in changes.csv."""
    lines = [f"# {name} {version}: what changed since {changes.since}", ""]
    if not changes.columns and not changes.rows:
        return "\n".join([*lines, "Nothing but papers.", ""])
    if changes.columns:
        lines += [f"Columns that came, went or changed: {', '.join(changes.columns)}.", ""]
    counts = Counter((row["lang"], row["change"]) for row in changes.rows)
    kinds = [kind for kind in KINDS if any(kind == change for _, change in counts)]
    langs = dict.fromkeys(row["lang"] for row in changes.rows)
    lines += markdown_table(
        ["language", *kinds], [[lang, *(counts[lang, kind] for kind in kinds)] for lang in langs]
    ).splitlines()
    least = f"These ask for version {changes.least} at least ({changes.level}). {changes.objection(version)}"
    return "\n".join([*lines, "", least.rstrip(), ""])


@contextmanager
def older_release(since: str, path: Path) -> Iterator[Path]:
    """The folder of an older release: `since` itself, or what a git tag of that name has at `path`.

    Raises DataError where there is neither.
    """
    if Path(since).is_dir():
        yield Path(since)
        return
    done = subprocess.run(
        ["git", "archive", "--format=tar", f"refs/tags/{since}", "--", str(path)], capture_output=True, check=False
    )
    if done.returncode:
        raise DataError(
            f"since={since}: no folder, and no git tag that holds {path}"
            f" ({done.stderr.decode(errors='replace').strip()}); name the folder of an older release"
        )
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
            archive.extractall(folder, filter="data")
        yield Path(folder, path)
