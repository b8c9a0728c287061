"""What jobs made, remembered, so that a result that was changed or removed since is made again."""

import inspect
import json
import os
from collections.abc import Collection, Iterator
from pathlib import Path
from stat import S_ISREG
from typing import Any, NamedTuple

from snakemake import __version__
from snakemake.logging import logger

from ..tabular import file_sha256
from .rerun import MENDED, is_mended

RECORD = "made.jsonl"  # in .snakemake: path and Stamp of each file, the last line of a path counts
MOST_SHOWN = 10


class Stamp(NamedTuple):
    """A file as it was made: by size and times it is taken for unchanged, otherwise by its hash."""

    size: int
    modified: int  # ns
    changed: int  # ns, which no program sets
    sha256: str


class Made:
    """The files that jobs made."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / RECORD
        self._stamps: dict[str, Stamp] = {}
        self._lines = 0
        if self._file.exists():
            for line in self._file.read_bytes().splitlines():
                self._lines += 1
                try:
                    path, size, modified, changed, sha256 = json.loads(line)
                    self._stamps[path] = Stamp(size, modified, changed, sha256)
                except (ValueError, TypeError):  # torn by a kill: the file counts as it is found
                    continue

    def add(self, path: str) -> None:
        """Remembers a file as it is; what is no file is left out."""
        if not (found := _times(path)):
            return
        stamp = self._stamps[path] = Stamp(*found, file_sha256(Path(path)))
        line = json.dumps([path, *stamp]) + "\n"
        self._lines += 1
        if self._lines > 2 * len(self._stamps) + 1000:
            line = "".join(json.dumps([path, *stamp]) + "\n" for path, stamp in self._stamps.items())
            self._lines = len(self._stamps)
            partial = self._file.with_suffix(".partial")
            partial.write_text(line, encoding="utf-8")
            partial.replace(self._file)
            return
        with self._file.open("a", encoding="utf-8") as file:
            file.write(line)

    def look(self, path: str, *, learn: bool) -> str:
        """What happened to a file since it was made, '' for nothing; `learn`: remembers it where that is new."""
        found, stamp = _times(path), self._stamps.get(path)
        if not found:
            return "" if os.path.lexists(path) else "removed"
        if stamp and found == stamp[:3]:
            return ""
        if stamp and (found[0] != stamp.size or file_sha256(Path(path)) != stamp.sha256):
            return "changed" if found[0] else "emptied"
        if learn:
            self.add(path)
        return ""


def _times(path: str) -> tuple[int, int, int] | None:
    try:
        stat = Path(path).stat()
    except OSError:
        return None
    return (stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns) if S_ISREG(stat.st_mode) else None


def remake_what_changed(dag: type[Any], persistence: type[Any], to_be_filled: Collection[str]) -> None:
    """Makes Snakemake run the jobs again whose outputs were changed, emptied or removed since they were made.

    Snakemake 9.27 looks at neither: what was edited counts as an update of what comes after it, and what was removed is
    left out where all that comes after it is up to date (github.com/snakemake/snakemake/issues/3879). Here each job
    that finishes has its outputs remembered, by size, times and hash; whenever Snakemake has decided what to run, the
    other jobs' outputs are compared, and forced as Snakemake itself forces incomplete ones. Nothing is written in dry
    runs. Outputs of the rules `to_be_filled` are people's to change. Versions that this was not tested with are left
    as they are.
    """
    if not __version__.startswith(MENDED) or is_mended(dag, "remake_what_changed"):
        return
    decide, finish = dag.update_needrun, persistence.finished
    assert "self.forcefiles.update" in inspect.getsource(dag.check_incomplete), "Snakemake forces files otherwise"
    assert inspect.iscoroutinefunction(finish), "Snakemake finishes jobs otherwise than what is mended here"
    records: dict[Path, Made] = {}

    def record(folder: Path) -> Made:
        if folder not in records:
            records[folder] = Made(folder)
        return records[folder]

    async def finished(self: Any, job: Any) -> None:
        await finish(self, job)
        if self.dag.workflow.is_main_process:
            for path in job.output:
                record(self.path).add(str(path))

    async def update_needrun(self: Any, *args: Any, **kwargs: Any) -> None:
        await decide(self, *args, **kwargs)
        workflow = self.workflow
        if not workflow.is_main_process or workflow.touch:
            return
        runs = workflow.executor_plugin is not None and not workflow.dryrun
        changed = dict(_changed(self, record(workflow.persistence.path), to_be_filled, learn=runs))
        if changed:
            _tell(changed)
            self.forcefiles.update(changed)
            await decide(self)

    dag.update_needrun, persistence.finished = update_needrun, finished


def _changed(dag: Any, made: Made, to_be_filled: Collection[str], *, learn: bool) -> Iterator[tuple[Any, str]]:
    """The outputs that are not as they were made, of jobs that are not to run, and what happened to each."""
    for job in dag.jobs:
        if dag.needrun(job) or dag.finished(job):
            continue
        # Where another workflow imports this one, it may put something before the names of rules.
        filled = any(f"_{job.rule.name}".endswith(f"_{name}") for name in to_be_filled)
        for path in job.output:
            happened = "" if path.flags.keys() & {"temp", "pipe", "service"} else made.look(str(path), learn=learn)
            if happened == "removed" or (happened and not filled):
                yield path, happened


def _tell(changed: dict[Any, str]) -> None:
    lines = [f"  {path}: {happened}" for path, happened in sorted(changed.items())[:MOST_SHOWN]]
    more = [f"  and {len(changed) - MOST_SHOWN} more"] if len(changed) > MOST_SHOWN else []
    heading = "Results that were changed or removed since they were made, and are made again:"
    logger.warning("\n".join([heading, *lines, *more]))
