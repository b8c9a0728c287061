"""Hands one of Snakemake's jobs to Kubernetes: its script, with job.yaml around it. Prints the job's name."""

import json
import subprocess
import sys
from pathlib import Path

import yaml
from snakemake.utils import read_job_properties


def manifest(script: Path) -> dict[str, object]:
    """The job that runs a script of Snakemake's in this folder, with the resources that it says it needs."""
    job = read_job_properties(script)
    made = yaml.safe_load(Path(__file__).with_name("job.yaml").read_text(encoding="utf-8"))
    made["metadata"]["generateName"] = f"xsafety-{job.get('rule', 'group').replace('_', '-')}-"
    needed = job["resources"]
    requests = {"cpu": str(job["threads"] or "100m"), "memory": f"{needed['mem_mb']}Mi"}
    limits = {"memory": requests["memory"]}
    if needed.get("gpu"):
        limits["nvidia.com/gpu"] = str(needed["gpu"])
    [container] = made["spec"]["template"]["spec"]["containers"]
    container |= {"command": ["/bin/bash", str(script.resolve())], "workingDir": str(Path.cwd())}
    container["resources"] = {"requests": requests, "limits": limits}
    return made


if __name__ == "__main__":
    asked = json.dumps(manifest(Path(sys.argv[-1])))
    sys.exit(subprocess.run(["kubectl", "create", "-f", "-", "-o", "name"], input=asked, text=True).returncode)
