"""A run on a real Slurm of one node, where one is up: what a local run makes, though a job is killed half-way."""

import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT, Project
from tests.servers.loopback import Server, refuse_or_echo

TIMED = {"usage.csv", "usage.tex", "usage.md"}  # results that tell how long a run took
KEY = "s3cret-key-of-the-cluster"
HOST = socket.gethostname()  # where there is one node, also a name for the loopback that the server listens at


def slurm(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def absent() -> str:
    """Why there is no Slurm to run on."""
    if not importlib.util.find_spec("snakemake_executor_plugin_slurm"):
        return "no snakemake-executor-plugin-slurm"
    if not shutil.which("sinfo") or not slurm("sinfo", "--noheader"):
        return "no Slurm is up"
    return "" if socket.gethostbyname(HOST) == "127.0.0.1" else "a host whose name is not its loopback's"


def ask_from_nodes(project: Project, server: Server) -> None:
    """Configures a server as nodes see it, asked with a key and one row at a time."""
    for block in (project.config["models"]["one"], project.config["judges"]["paper"]):
        block |= {"base_url": server.url.replace("127.0.0.1", HOST) + "/v1", "concurrency": 1}
        block["api_key_env"] = "NODE_KEY"
    project.write_config()


@pytest.mark.slow
def test_a_run_on_a_node_makes_what_a_local_one_makes_though_a_job_begins_again(
    project: Project, server: Server, finished: Path
) -> None:
    if reason := absent():
        pytest.skip(reason)
    begun_again = threading.Event()

    def reply(body: dict[str, Any]) -> Any:
        if len(server.chats) == 3 and not begun_again.is_set():  # two of six rows are answered
            begun_again.set()
            [job] = slurm("squeue", "--noheader", "--format=%A").split()
            slurm("scontrol", "requeue", job)
        return refuse_or_echo(body)

    server.reply = reply
    ask_from_nodes(project, server)
    quick = ["--seconds-between-status-checks", "1", "--slurm-init-seconds-before-status-checks", "1"]
    profile = ["--profile", str(ROOT / "profiles/slurm"), "--latency-wait", "5"]
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", *project.options(), *profile, *quick],
        cwd=project.folder,
        capture_output=True,
        text=True,
        env=os.environ | {"NODE_KEY": KEY},
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    rows = 6  # each asked once, and judged once
    assert begun_again.is_set()
    assert len(server.chats) <= 2 * rows + 1, "but for what was in flight"
    local, there = Project(finished, {}).snapshot(), project.snapshot()
    assert {name for name in local if local[name] != there.get(name)} <= TIMED
    files = [path for path in project.folder.rglob("*") if path.is_file()]
    assert not [path for path in files if KEY.encode() in path.read_bytes()]


def test_a_model_on_the_submitting_host_is_told_before_anything_runs(project: Project) -> None:
    if not importlib.util.find_spec("snakemake_executor_plugin_slurm"):
        pytest.skip("no snakemake-executor-plugin-slurm")
    done = project.run_afresh("--executor", "slurm", "--jobs", "1", environment={})
    assert done.status != 0
    assert "models.one: base_url" in done.output
    assert "same_as" in done.output
