"""A run on a pretended Kubernetes: what a local run makes, though a pod is killed half-way; no key in any manifest."""

import importlib.util
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT, Project
from tests.servers.loopback import Server, refuse_or_echo
from tests.workflow.test_slurm import KEY, TIMED, ask_from_nodes

KUBECTL = ROOT / "tests/servers/kubectl.py"


@pytest.mark.slow
def test_a_run_in_pods_makes_what_a_local_one_makes_though_one_is_killed(
    project: Project, server: Server, finished: Path, tmp_path: Path
) -> None:
    if not importlib.util.find_spec("snakemake_executor_plugin_cluster_generic"):
        pytest.skip("no snakemake-executor-plugin-cluster-generic")
    cluster = tmp_path / "cluster"
    cluster.mkdir()
    (cluster / "secret").write_text(json.dumps({"NODE_KEY": KEY}))
    kubectl = cluster / "kubectl"
    kubectl.write_text(f'#!/bin/sh\nexec {sys.executable} {KUBECTL} "$@"\n')
    kubectl.chmod(0o755)
    killed = threading.Event()

    def reply(body: dict[str, Any]) -> Any:
        if len(server.chats) == 3 and not killed.is_set():
            killed.set()
            [pod] = [int(file.read_text()) for file in cluster.glob("*.pid")]
            os.killpg(pod, signal.SIGKILL)
        return refuse_or_echo(body)

    server.reply = reply
    ask_from_nodes(project, server)
    profile = ROOT / "profiles/kubernetes"
    commands = {
        "submit": f"{sys.executable} {profile}/submit.py",
        "status": f"{profile}/status.sh",
        "cancel": f"{profile}/cancel.sh",
    }
    options = [f"--cluster-generic-{name}-cmd={command}" for name, command in commands.items()]
    done = subprocess.run(
        [
            *(sys.executable, "-m", "snakemake", *project.options(), "--profile", str(profile), *options),
            *("--latency-wait", "5", "--seconds-between-status-checks", "1"),
        ],
        cwd=project.folder,
        capture_output=True,
        text=True,
        env=os.environ | {"NODE_KEY": KEY, "KUBECTL_FOLDER": str(cluster), "PATH": f"{cluster}:{os.environ['PATH']}"},
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert killed.is_set()
    assert len(server.chats) <= 2 * 6 + 1, "six rows, each asked once and judged once, but for what was in flight"
    local, there = Project(finished, {}).snapshot(), project.snapshot()
    assert {name for name in local if local[name] != there.get(name)} <= TIMED
    jobs = {
        job["metadata"]["generateName"]: job for job in map(json.loads, map(Path.read_text, cluster.glob("*.json")))
    }
    assert jobs.keys() == {"xsafety-ask-", "xsafety-ask-judge-"}
    [container] = jobs["xsafety-ask-"]["spec"]["template"]["spec"]["containers"]
    memory = {"memory": "2000Mi"}  # of the rule
    assert container["resources"] == {"requests": {"cpu": "1", **memory}, "limits": memory}
    made = {path for path in project.folder.rglob("*") if path.is_file()} - {cluster / "secret"}
    assert {*cluster.glob("*.job.json")} <= made
    assert not [path for path in made if KEY.encode() in path.read_bytes()]
