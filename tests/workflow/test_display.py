"""What a run shows: few lines in a file, a block on a terminal, and what failed at the end."""

import logging
import os
import pty
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from snakemake.settings.enums import Quietness
from snakemake.settings.types import OutputSettings
from snakemake_interface_logger_plugins.common import LogEvent

from tests.conftest import ROOT, SHORT, Project
from xsafety.asking import progress
from xsafety.asking.progress import Progress, Work
from xsafety.workflow import display
from xsafety.workflow.display import RunLog


class Job(SimpleNamespace):
    __hash__ = object.__hash__


def job(number: int, rule: str, stage: str, message: str = "", *, waits: bool = False) -> Job:
    """A job as Snakemake has it, as far as it is looked at."""
    named = SimpleNamespace(name=rule, snakefile=f"rules/{stage}.smk", message=message or None)
    return Job(jobid=number, rule=named, input=[SimpleNamespace(flags={"checkpoint_target": waits})])


class Workflow:
    """Snakemake's, as far as it is looked at."""

    def __init__(self, *jobs: Job) -> None:
        self.jobs = list(jobs)
        self.dag = self
        self.finished_jobs: list[Job] = []
        self.logger_manager = SimpleNamespace(logger=logging.Logger("a run"))
        self.logger = self.logger_manager.logger

    @property
    def rules(self) -> list[SimpleNamespace]:
        return [job.rule for job in self.jobs]

    def needrun_jobs(self) -> list[Job]:
        return self.jobs

    def __len__(self) -> int:
        return len(self.jobs)

    def say(self, event: LogEvent | None, message: str = "", level: int = logging.INFO, **info: Any) -> None:
        self.logger.log(level, message, extra={"event": event} | info)

    def begin(self) -> None:
        self.say(LogEvent.WORKFLOW_STARTED)
        self.say(LogEvent.RUN_INFO, "Job stats: ...", stats={})

    def start(self, job: Job, log: Path | None = None, **wildcards: str) -> None:
        info = {"jobid": job.jobid, "rule_name": job.rule.name, "rule_msg": job.rule.message, "wildcards": wildcards}
        self.say(LogEvent.JOB_INFO, "a job", log=[str(log)] if log else [], **info)

    def finish(self, job: Job) -> None:
        self.say(LogEvent.JOB_FINISHED, job_id=job.jobid)
        self.say(LogEvent.PROGRESS, done=1, total=len(self))

    def fail(self, job: Job, log: Path, command: str = "false") -> None:
        self.say(LogEvent.ERROR, f"CalledProcessError in file x: '{command}'", logging.ERROR, exception="RuleException")
        info = {"jobid": job.jobid, "rule_name": job.rule.name, "log": [str(log)], "shellcmd": command}
        self.say(LogEvent.JOB_ERROR, "Error", logging.ERROR, **info)
        self.say(None, "Exiting because a job execution failed. Look above", logging.ERROR)


Shown = Callable[..., RunLog]


@pytest.fixture
def shown(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Shown:
    monkeypatch.setattr(display, "atexit", SimpleNamespace(register=lambda function: None))

    def attach(workflow: Workflow, *, results: Path | None = None, **settings: Any) -> RunLog:
        own = logging.StreamHandler(sys.stderr)
        if Quietness.ALL in settings.get("quiet", ()):
            own.addFilter(lambda record: False)
        workflow.logger.addHandler(own)
        log = RunLog(OutputSettings(**settings), None)
        log.attach(workflow, own)
        log.state.results = results
        return log

    return attach


def told(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return [re.sub(r"^\d\d:\d\d:\d\d  ", "", line) for line in capsys.readouterr().err.splitlines()]


def test_a_stage_is_told_once_when_no_more_can_follow(shown: Shown, capsys: pytest.CaptureFixture[str]) -> None:
    seeds, status, report = (
        job(1, "seeds", "seeds"),
        job(2, "status", "verification"),
        job(3, "report", "report", waits=True),
    )
    workflow = Workflow(seeds, status, report)
    log = shown(workflow)
    workflow.begin()
    workflow.start(seeds)
    workflow.finish(seeds)
    workflow.start(status)
    report.input[0].flags["checkpoint_target"] = False
    workflow.jobs[2:2] = [job(4, "ask", "generation")]
    workflow.finish(status)
    workflow.start(workflow.jobs[2])
    workflow.finish(workflow.jobs[2])
    workflow.start(report)
    workflow.finish(report)
    workflow.say(None, "Elapsed time: ...")
    log.close()
    said = told(capsys)
    assert said[0] == "3 jobs; more follow when verification says which languages are ready"
    assert said[1] == "4 jobs now"
    assert said[2:6] == [f"{stage}: 1 of 1 jobs" for stage in ("seeds", "verification", "generation", "report")]
    assert said[6:] == ["4 of 4 jobs done in 0 s"]


def test_a_job_that_prints_says_once_why_it_failed(
    shown: Shown, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    one = job(0, "plan", "plan", message="Counting.")
    workflow = Workflow(one)
    log = shown(workflow)
    workflow.begin()
    (tmp_path / "plan.log").write_text("error: no models\n", encoding="utf-8")
    workflow.start(one, tmp_path / "plan.log")
    workflow.fail(one, tmp_path / "plan.log", "python3 plan.py")
    log.close()
    log.tell_failures()
    said = told(capsys)
    assert said[-2:] == [f"plan ({tmp_path}/plan.log):", "  What it printed above says why."]
    assert not [line for line in said if "no models" in line or "at the end" in line]


@pytest.mark.parametrize("quiet", [set(), {Quietness.ALL}])
def test_what_failed_is_said_last(
    shown: Shown, capsys: pytest.CaptureFixture[str], tmp_path: Path, quiet: set[Quietness]
) -> None:
    jobs = [job(number, "check", "verification") for number in range(3)]
    workflow = Workflow(*jobs)
    log = shown(workflow, quiet=quiet)
    workflow.begin()
    for number, lang in enumerate(("fr", "de", "bn")):
        file = tmp_path / f"{lang}.log"
        file.write_text("error: seeds.csv, row 2: no text;\n  add it\n" if lang != "bn" else "")
        workflow.start(jobs[number], file, lang=lang)
        workflow.fail(jobs[number], file, "python3 check.py --lang bn")
    workflow.say(LogEvent.ERROR, "WorkflowError:\nAt least one job did not complete successfully.", 40, exception="W")
    log.close()
    log.tell_failures()
    said = told(capsys)
    assert said[-9:] == [
        "3 job(s) failed; what rests on them was not done.",
        "",
        f"check fr, check de ({tmp_path}/fr.log):",
        "  error: seeds.csv, row 2: no text;",
        "    add it",
        "",
        f"check bn ({tmp_path}/bn.log):",
        "  It said nothing. Its command:",
        "  python3 check.py --lang bn",
    ]
    assert len(said) == 9 + (0 if quiet else 5)


def test_jobs_that_the_user_stopped_did_not_fail(
    shown: Shown, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    only = job(1, "ask", "generation")
    workflow = Workflow(only)
    log = shown(workflow)
    workflow.begin()
    workflow.start(only)
    workflow.say(None, "Terminating processes on user request, this might take some time.")
    workflow.fail(only, tmp_path / "log")
    log.close()
    log.tell_failures()
    assert told(capsys)[1:] == [
        "Terminating processes on user request, this might take some time.",
        "Stopped. What was answered is in the journal; run snakemake again, and it goes on.",
    ]


def test_an_error_before_the_run_is_said_with_quiet_too(shown: Shown, capsys: pytest.CaptureFixture[str]) -> None:
    workflow = Workflow()
    log = shown(workflow, quiet={Quietness.ALL})
    workflow.say(None, "Building DAG of jobs...")
    workflow.say(LogEvent.ERROR, "config.yaml: judge: unknown key", logging.ERROR, exception="WorkflowError")
    log.close()
    log.tell_failures()
    assert told(capsys) == ["config.yaml: judge: unknown key"]


def test_full_output_is_snakemakes_own(shown: Shown, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    only = job(1, "ledger", "verification")
    workflow = Workflow(only)
    log = shown(workflow, printshellcmds=True)
    workflow.begin()
    (tmp_path / "log").write_text("".join(f"error: {n}\n  row {n}\n" for n in range(7)) + "70 rows\n  of it\n")
    workflow.start(only, tmp_path / "log")
    workflow.finish(only)
    log.close()
    notes = [
        *(line for n in range(5) for line in (f"ledger: error: {n}", f"  row {n}")),
        f"ledger: and 4 more, see {tmp_path}/log",
    ]
    assert [line for line in told(capsys) if line] == ["Job stats: ...", "a job", *notes]


def test_jobs_that_print_are_no_stage(shown: Shown, capsys: pytest.CaptureFixture[str]) -> None:
    plan = job(1, "plan", "plan", message="Looking.")
    workflow = Workflow(plan)
    log = shown(workflow)
    workflow.begin()
    workflow.start(plan)
    workflow.finish(plan)
    log.close()
    assert told(capsys) == []


def test_jobs_that_ask_tell_of_themselves(
    shown: Shown, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "LOOK_EVERY", 0.01)
    monkeypatch.setattr(display, "EVERY", 0.05)
    monkeypatch.setenv(progress.FOLDER, str(tmp_path / "logs/progress"))
    asking = job(1, "ask", "generation")
    workflow = Workflow(asking)
    log = shown(workflow, results=tmp_path)
    workflow.begin()
    workflow.start(asking, model="a")
    work = Work("demo-a", "answered", 3, 10, 2.0, failed=1, reason="no reply", pace="limit 60/min", dollars=1.5)
    with Progress(lambda: work, lambda line: None):
        deadline = time.monotonic() + 5
        while len(log.state.work()) < 1 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert log.state.work() == [work]
        time.sleep(0.2)
    workflow.finish(asking)
    log.close()
    said = told(capsys)
    assert said[1] == (
        "0 of 1 jobs: generation 0/1; demo-a: 2 of 10 answered, 1 failed, 120/min, limit 60/min, $1.50, 4 s to go"
        "; failed: no reply"
    )
    assert "demo-a: 2 of 10 answered, 1 failed, $1.50, in 0 s; failed: no reply" in said
    assert not [*(tmp_path / "logs/progress").iterdir()]


def test_a_rule_prints_if_it_has_a_message_and_else_writes_a_log() -> None:
    """What another prints would tear the block on a terminal."""
    for file in sorted((ROOT / "rules").glob("*.smk")):
        for rule in re.split(r"^(?:rule|checkpoint) ", file.read_text(encoding="utf-8"), flags=re.M)[1:]:
            assert ("tee {log:q}" in rule) == ("    message:" in rule), rule.split(":")[0]


def test_a_run_into_a_file_is_short(project: Project) -> None:
    done = project.run(SHORT)
    lines = done.output.splitlines()
    assert done.status == 0, done.output
    assert len(lines) < 30
    assert max(map(len, lines)) < 200
    assert re.fullmatch(r"[\d:]{8}  \d+ jobs; more follow when verification says which languages are ready", lines[1])
    stages = [re.sub(r"^[\d:]{8}  ", "", line).split(":")[0] for line in lines if line.endswith(" jobs")]
    assert stages == ["seeds", "translation", *stages[2:]]
    assert sorted(stages[2:]) == ["analysis", "calibration", "generation", "judging", "report", "verification"]
    total = re.search(r"(\d+) jobs now", done.output)
    assert total
    assert f"{total[1]} of {total[1]} jobs done" in done.output
    assert "Translations that wait for people" in done.output
    assert "The report: results/report.html" in lines
    again = project.run(SHORT)
    assert "Nothing to be done" in again.output.splitlines()[1]
    assert again.output.splitlines()[-1] == "The report: results/report.html"
    assert len(again.output.splitlines()) == 7


@pytest.mark.parametrize("options", [[SHORT], [SHORT, "--quiet", "all"], []])
def test_a_failed_job_has_the_last_word(project: Project, options: list[str]) -> None:
    project.write("seeds/seeds.csv", "id,category,text\na,leaking,Hello\n")
    done = project.run(*options)
    assert done.status == 1
    lines = done.output.rstrip().splitlines()
    place = lines.index("1 job(s) failed; what rests on them was not done.")
    assert lines[place + 2] == "seeds (results/logs/seeds.log):"
    assert "seeds/seeds.csv, row 2" in lines[-1]
    assert "unknown category 'leaking'" in lines[-1]
    assert not options or (len(lines) < 15 and max(map(len, lines)) < 500)


def test_a_bad_configuration_is_told_with_quiet_too(project: Project) -> None:
    project.config["judgs"] = {}
    done = project.run(SHORT, "--quiet", "all", "--config", "tag=first")
    assert done.status == 1
    assert "config.yaml, --config: 1 problem(s)\n  - judgs: unknown key; did you mean 'judges'?" in done.output


def test_commands_that_only_look_say_nothing_of_waiting(built: Project) -> None:
    for command in ("--list", "--rulegraph", "--summary"):
        assert "wait" not in built.run(SHORT, command).output.lower().replace("awaits", ""), command


def test_a_block_moves_on_a_terminal(project: Project) -> None:
    project.write_config()
    terminal, side = pty.openpty()
    run = subprocess.Popen(
        [sys.executable, "-m", "snakemake", *project.options(SHORT, "results/responses/one/none/en.jsonl")],
        cwd=project.folder,
        stdin=side,
        stdout=side,
        stderr=side,
        env=os.environ | {"TERM": "xterm", "COLUMNS": "80", "LINES": "24"},
    )
    os.close(side)
    seen = b""
    while True:
        try:
            read = os.read(terminal, 65536)
        except OSError:
            break
        if not read:
            break
        seen += read
    assert run.wait() == 0
    text = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", seen.decode())
    assert re.search(r"generation +━+ +\d/\d", text)
    assert re.search(r"now: \w+", text)
    assert "\x1b[?25h" in seen.decode()  # the cursor is back
    assert str(ROOT) not in text.split("Translations that wait")[1]
