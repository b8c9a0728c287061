"""Compares a release with an older one, row by row, and says what version follows from it."""

from pathlib import Path

from xsafety.cli import call, say
from xsafety.config.release import DataRelease
from xsafety.release.changes import changes_told, older_release, read_released, release_changes
from xsafety.rows import ReleaseChange
from xsafety.tabular import DataError, write_rows, write_text


def main(*, release: DataRelease | None, since: str | None, folder: Path, out: Path) -> None:
    if release is None or not since:
        raise DataError("name an older release: snakemake changes --config since=FOLDER, or a git tag that holds one")
    with older_release(since, folder) as older:
        found = release_changes(read_released(older), read_released(folder))
    text = changes_told(found, release.folder, release.version)
    write_text(out / "changes.md", text)
    write_rows(out / "changes.csv", ReleaseChange, found.rows)
    say(text)
    say(f"Every row that changed: {out / 'changes.csv'}")
    if objection := found.objection(release.version):
        raise DataError(objection)


if __name__ == "__main__":
    call(main)
