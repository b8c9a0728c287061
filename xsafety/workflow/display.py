"""What a run shows: a block on a terminal, elsewhere a line for each stage and one now and then; what failed last.

A handler by the interface of Snakemake's logger plugins. Snakemake finds plugins among installed packages only, so the
Snakefile puts this one in the place of Snakemake's own. All that Snakemake says goes on into .snakemake/log/; with
--verbose, --printshellcmds, --debug-dag or another --logger it is shown as it comes.
"""

import atexit
import os
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from logging import ERROR, WARNING, Handler, LogRecord
from pathlib import Path
from typing import Any

from snakemake.settings.enums import Quietness
from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent

from ..asking.progress import duration
from .stages import RunState

EVERY = 30.0  # seconds between two lines where there is no terminal
ASKING_TOLD = 5  # jobs that ask, of which such a line tells
TOLD_WHOLE = 10  # failed jobs of which all is said
# What Snakemake says without an event while it runs, and is worth a line.
TOLD = ("Nothing to be done", "Will exit after", "Shutting down", "Terminating processes", "Trying to restart")
# What it says of failed jobs in general, of which is said what failed.
SAID_BETTER = ("CalledProcessError in file", "At least one job did not complete", "Exiting because a job execution")
NO_USE = "Assuming unrestricted shared filesystem usage."
NOTES = ("note: ", "error: ")  # begin what people must see of a job's log, also where all went well
NOTED = 10  # such lines of a job


@dataclass(frozen=True)
class FailedJob:
    """A job that failed: its name, its log files, its command, and whether it printed what its log says."""

    name: str
    logs: tuple[Path, ...]
    command: str
    printed: bool

    def reason(self) -> str:
        """What its log says, whole, but where it was printed; else its command."""
        said = "\n".join(filter(None, (_text(log) for log in self.logs)))
        if said and self.printed:
            return "What it printed above says why."
        return said or f"It said nothing. Its command:\n{self.command}"


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8", errors="replace").strip() if file.is_file() else ""


def _notes(text: str) -> list[str]:
    """The lines of a log that begin a note, or go on with one."""
    lines, noted = [], False
    for line in text.splitlines():
        noted = line.startswith(NOTES) or (noted and line.startswith(" "))
        lines += [line] if noted else []
    return lines


class RunLog(LogHandlerBase):
    """Takes the records of a run, and shows what is worth it; all others go to Snakemake's `own` handler."""

    writes_to_stream = True
    writes_to_file = False
    has_filter = True
    has_formatter = True
    needs_rulegraph = False

    def __post_init__(self) -> None:
        self.own: Handler | None = None
        self.state = RunState()
        self._workflow: Any = None
        self._failed: list[FailedJob] = []
        self._printing: set[int] = set()  # jobs that print themselves
        self._started = self._stopped = self._ended = self._hidden = False
        settings = self.common_settings
        self._full = settings.verbose or settings.printshellcmds or settings.debug_dag
        self._silent = not self._full and bool({Quietness.ALL, Quietness.PROGRESS} & set(settings.quiet or ()))
        self._logs: dict[int, list[str]] = {}
        self._told: dict[str, int] = {}
        self._over = threading.Event()
        self._block: Any = None

    def attach(self, workflow: Any, own: Handler) -> None:
        """Takes the place of Snakemake's `own` handler."""
        self._workflow, self.own = workflow, own
        logger = workflow.logger_manager.logger
        logger.removeHandler(own)
        logger.addHandler(self)
        settings = self.common_settings
        atexit.register(self.tell_failures)  # after what waits for people
        if (
            sys.stderr.isatty()
            and os.environ.get("TERM") != "dumb"
            and not (self._silent or self._full or settings.dryrun)
        ):
            from .block import LiveBlock

            self._block = LiveBlock(self.state, color=not settings.nocolor)

    def emit(self, record: LogRecord) -> None:
        try:
            self._take(record, getattr(record, "event", None))
        except Exception:
            self.handleError(record)

    def _take(self, record: LogRecord, event: LogEvent | None) -> None:
        info = vars(record)
        if self._full and self.own:
            self.own.handle(record)
        match event:
            case LogEvent.WORKFLOW_STARTED:
                self._started = True
            case LogEvent.JOB_INFO | LogEvent.SHELLCMD if self.common_settings.dryrun:
                self._hidden = not self._full
            case LogEvent.RUN_INFO if self._hidden:
                self._print("Each job and its reason: add --printshellcmds.")  # in the place of the same table again
            case LogEvent.RUN_INFO if not self.common_settings.dryrun:
                self._begin()
            case LogEvent.JOB_INFO:
                self._start(info)
            case LogEvent.JOB_FINISHED:
                self._finish(info["job_id"])
            case LogEvent.PROGRESS:
                self._recount(info["total"])
            case LogEvent.JOB_ERROR | LogEvent.GROUP_ERROR:
                self._fail(info)
            case _ if not self._full and self._is_told(record, event):
                self._pass_on(record)

    def _is_told(self, record: LogRecord, event: LogEvent | None) -> bool:
        message = record.getMessage()
        if self.common_settings.dryrun or not self._started:
            return message != NO_USE
        if record.levelno >= WARNING:
            return not (self._stopped or any(text in message for text in SAID_BETTER))
        self._stopped = self._stopped or message.startswith("Terminating")
        return event is None and message.startswith(TOLD)

    def _pass_on(self, record: LogRecord) -> None:
        """Lets Snakemake's own handler show a record; errors also where it is to be quiet."""
        if not self.own or not (record.levelno >= ERROR or self.own.filter(record)):
            return
        if self._block:
            self._print(self.own.format(record))
        else:
            self.own.emit(record)

    def _begin(self) -> None:
        self.state.forget_work()
        self._recount()
        _, total = self.state.jobs
        if total and not (self._silent or self._full or self._block):
            more = "; more follow when verification says which languages are ready" if self.state.grows else ""
            self._say(f"{total:,} jobs{more}")
            threading.Thread(target=self._tell_now_and_then, daemon=True).start()

    def _recount(self, total: int = 0) -> None:
        """Counts the jobs anew where their number changed."""
        dag = self._workflow.dag
        if total and total == self._told.get("jobs known"):
            return
        self._told["jobs known"] = len(dag)
        grew = self.state.grows
        self.state.count({*dag.needrun_jobs(), *dag.finished_jobs}, self._workflow.rules)
        if grew and not self.state.grows:
            self._say(f"{self.state.jobs[1]:,} jobs now")

    def _start(self, info: Mapping[str, Any]) -> None:
        if not self.state.knows(info["jobid"]):
            self._recount()
        name = " ".join([info["rule_name"], "/".join(map(str, info["wildcards"].values()))]).strip()
        self.state.start(info["jobid"], name)
        self._logs[info["jobid"]] = [] if info["rule_msg"] else list(info["log"])
        if info["rule_msg"]:  # its job prints
            self._printing.add(info["jobid"])
            if self._block:
                self._block.stop()
        elif self._block and info["rule_name"] != "all":
            self._block.start()

    def _finish(self, job: int) -> None:
        self._tell_notes(self.state.active.get(job, ""), self._logs.pop(job, []))
        self.state.finish(job)
        self._tell_ended()
        for stage, (done, total) in self.state.stages.items():
            if done == total != self._told.get(stage) and not self.state.grows:
                self._told[stage] = total
                self._say(f"{stage}: {total:,} of {total:,} jobs")

    def _tell_notes(self, name: str, logs: list[str]) -> None:
        """Shows what a job's log says that people must see."""
        for log in () if self._silent else logs:
            notes = _notes(_text(Path(log)))
            more = [f"and {len(notes) - NOTED} more, see {log}"] if len(notes) > NOTED else []
            for line in (*notes[:NOTED], *more):
                self._print(line if line.startswith(" ") else f"{name}: {line.removeprefix('note: ')}")

    def _tell_ended(self) -> None:
        for work in self.state.take_ended():
            self._say(work.line())

    def _fail(self, info: Mapping[str, Any]) -> None:
        """Keeps what is to be said in the end of a job, or of each job of a group, unless the user stopped it."""
        if self._stopped:
            return
        for job in info.get("job_error_info") or [info]:
            name = self.state.active.pop(job["jobid"], job["rule_name"])
            logs = (*job["log"], *(info.get("aux_logs") or ()))
            printed = job["jobid"] in self._printing
            self._failed.append(FailedJob(name, tuple(map(Path, logs)), str(job.get("shellcmd") or ""), printed))
            self._say(f"{name} failed; {'it says why' if printed else 'the reason stands at the end'}")

    def _tell_now_and_then(self) -> None:
        while not self._over.wait(EVERY):
            with self.lock or threading.RLock():
                done, total = self.state.jobs
                stages = [f"{stage} {d:,}/{t:,}" for stage, (d, t) in self.state.stages.items() if d < t]
                working = self.state.work()
                more = [f"and {len(working) - ASKING_TOLD} more that ask"] if len(working) > ASKING_TOLD else []
                asking = [*(work.line() for work in working[:ASKING_TOLD]), *more]
                self._say("; ".join([f"{done:,} of {total:,} jobs: {', '.join(stages)}", *asking]))

    def _say(self, line: str) -> None:
        if not (self._silent or self._full):
            self._print(f"{time.strftime('%H:%M:%S')}  {line}")

    def _print(self, text: str) -> None:
        if self._block:
            self._block.console.print(text)
        else:
            print(text, file=sys.stderr, flush=True)

    def close(self) -> None:
        """Ends the block, and says what became of the run."""
        self._over.set()
        if self._block:
            self._block.stop()
            self._block = None
        if self._started and not self._ended:
            self._ended = True
            self._tell_ended()
            for work in self.state.work():  # of jobs that had no time to end
                self._say(work.line())
            done, total = self.state.jobs
            if self._stopped:
                self._say("Stopped. What was answered is in the journal; run snakemake again, and it goes on.")
            elif total:
                self._say(f"{done:,} of {total:,} jobs done in {duration(self.state.seconds)}")
        super().close()

    def tell_failures(self) -> None:
        """Prints what failed and why, the last that a run prints."""
        if not self._failed:
            return
        together: dict[str, list[FailedJob]] = {}
        for job in self._failed:
            together.setdefault(job.reason(), []).append(job)
        lines = [f"{len(self._failed)} job(s) failed; what rests on them was not done."]
        for reason, jobs in list(together.items())[:TOLD_WHOLE]:
            names = ", ".join(job.name for job in jobs)
            where = ", ".join(map(str, jobs[0].logs)) or "no log"
            lines += ["", f"{names} ({where}):", *(f"  {line}" for line in reason.splitlines())]
        for jobs in list(together.values())[TOLD_WHOLE:]:
            lines += [f"{job.name}: {', '.join(map(str, job.logs))}" for job in jobs]
        print("\n".join(lines), file=sys.stderr)


def show_run(workflow: Any) -> RunLog:
    """Has a run shown by a `RunLog`, unless another logger was asked for."""
    shown = RunLog(workflow.output_settings, None)
    own = [handler for handler in workflow.logger_manager.logger.handlers if handler.name == "DefaultStreamHandler"]
    if workflow.is_main_process and own:
        shown.attach(workflow, own[0])
    return shown
