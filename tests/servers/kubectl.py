"""A pretended kubectl: runs the jobs that it is given on this host, each as a pod would, and keeps them in a folder.

The folder is in $KUBECTL_FOLDER; what a secret holds, in its file `secret`. A job whose process dies begins again,
as often as `backoffLimit` says.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

FOLDER = Path(os.environ["KUBECTL_FOLDER"])


def create() -> None:
    job = json.load(sys.stdin)
    name = f"{job['metadata']['generateName']}{len([*FOLDER.glob('*.job.json')])}"
    (FOLDER / f"{name}.job.json").write_text(json.dumps(job))
    subprocess.Popen([sys.executable, __file__, "run", name], start_new_session=True, stdout=subprocess.DEVNULL)
    print(f"job.batch/{name}")


def run(name: str) -> None:
    spec = json.loads((FOLDER / f"{name}.job.json").read_text())["spec"]
    [container] = spec["template"]["spec"]["containers"]
    # A pod has nothing of the environment of whoever submitted it.
    own = {name: os.environ[name] for name in ("PATH", "HOME", "PYTHONDONTWRITEBYTECODE") if name in os.environ}
    environment = own | json.loads((FOLDER / "secret").read_text())
    ended = "Failed"
    for _ in range(1 + spec["backoffLimit"]):
        with (FOLDER / f"{name}.log").open("ab") as log:
            pod = subprocess.Popen(
                container["command"],
                cwd=container["workingDir"],
                env=environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        (FOLDER / f"{name}.pid").write_text(str(pod.pid))
        if pod.wait() == 0:
            ended = "Complete"
            break
    (FOLDER / f"{name}.ended").write_text(ended)


def get(name: str) -> None:
    if (FOLDER / f"{name}.job.json").exists():
        ended = FOLDER / f"{name}.ended"
        print(name, ended.read_text() if ended.exists() else "")


if __name__ == "__main__":
    match sys.argv[1]:
        case "create":
            create()
        case "run":
            run(sys.argv[2])
        case "get":
            get(sys.argv[2].removeprefix("job.batch/"))
