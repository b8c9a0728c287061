"""Checksums of files."""

from pathlib import Path

from ..tabular import file_sha256, write_text

SUMS = "SHA256SUMS"


def released_files(folder: Path) -> list[Path]:
    """All files of a release but its checksums, sorted by their paths in it."""
    found = (path for path in folder.rglob("*") if path.is_file() and path.name != SUMS)
    return sorted(found, key=lambda path: path.as_posix())


def write_sums(folder: Path, canary: str) -> None:
    """Writes the checksums of all files for `sha256sum --check`, which takes the first line for a remark."""
    lines = [f"{file_sha256(path)}  {path.relative_to(folder).as_posix()}" for path in released_files(folder)]
    write_text(folder / SUMS, "\n".join([f"# canary {canary}", *lines, ""]))


def read_sums(folder: Path) -> dict[str, str]:
    """The checksums of a release, by path."""
    lines = (folder / SUMS).read_text(encoding="utf-8").splitlines()
    return {path: found for found, _, path in (line.partition("  ") for line in lines if line[:1] != "#")}
