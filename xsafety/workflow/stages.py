"""How far a run is: jobs done and to be done by stage, and what each job that asks tells of itself."""

import time
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..asking.progress import Work, read_progress
from ..rows import Status
from ..tabular import DataError, read_rows

Stages = Mapping[str, tuple[int, int]]  # stage -> jobs done, and all of it


@dataclass
class RunState:
    """Filled by the thread that runs the workflow; others only read."""

    results: Path | None = None
    began: float = field(default_factory=time.monotonic)
    grows: bool = False  # jobs follow that are not known yet
    active: dict[int, str] = field(default_factory=dict)  # jobs that run, in words
    _stage_of: dict[int, str] = field(default_factory=dict)
    _total: Counter[str] = field(default_factory=Counter)
    _done: Counter[str] = field(default_factory=Counter)
    _waiting: tuple[float, str] = (0, "")

    def count(self, jobs: Collection[Any], rules: Iterable[Any]) -> None:
        """Takes all of Snakemake's `jobs` that are to be done, with those that are done, and its `rules` in order.

        A stage is a file of rules; jobs whose rule has a message are asked for to be read, and part of none.
        """
        self._stage_of = {job.jobid: _stage(job.rule) for job in jobs}
        total = Counter(self._stage_of.values())
        self._total = Counter({stage: total[stage] for stage in map(_stage, rules) if stage and stage in total})
        self.grows = any(file.flags.get("checkpoint_target") for job in jobs for file in job.input)

    def knows(self, job: int) -> bool:
        return job in self._stage_of

    def start(self, job: int, what: str) -> None:
        self.active[job] = what

    def finish(self, job: int) -> None:
        self.active.pop(job, None)
        self._done[self._stage_of.get(job, "")] += 1

    @property
    def stages(self) -> Stages:
        return {stage: (self._done[stage], max(total, self._done[stage])) for stage, total in self._total.items()}

    @property
    def jobs(self) -> tuple[int, int]:
        """How many jobs are done, and how many are known."""
        done, total = zip(*self.stages.values(), strict=True) if self._total else ((), ())
        return sum(done), sum(total)

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.began

    def work(self) -> list[Work]:
        """What the jobs that ask tell of themselves."""
        found = read_progress(self._progress) if self._progress else []
        return [work for _, work in found if not work.over]

    def take_ended(self) -> list[Work]:
        """What the jobs that asked a model or judge told in the end; each once."""
        ended = [(file, work) for file, work in read_progress(self._progress) if work.over] if self._progress else []
        for file, _ in ended:
            file.unlink(missing_ok=True)
        return [work for _, work in ended if work.what == "answered"]

    def forget_work(self) -> None:
        """Removes what jobs that were killed left behind."""
        for file in self._progress.glob("*.json") if self._progress else ():
            file.unlink(missing_ok=True)

    @property
    def _progress(self) -> Path | None:
        return self.results / "logs" / "progress" if self.results else None

    def waiting(self) -> str:
        """The languages that wait for people, by the last review status."""
        file = self.results / "review_status.csv" if self.results else Path()
        with suppress(OSError, DataError):
            if (changed := file.stat().st_mtime) != self._waiting[0]:
                self._waiting = changed, ", ".join(row["lang"] for row in read_rows(file, Status) if row["waits_for"])
        return self._waiting[1]


def _stage(rule: Any) -> str:
    return "" if rule.message or rule.name == "all" else Path(rule.snakefile).stem
