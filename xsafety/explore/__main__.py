"""All rows to look through: `python -m xsafety.explore` builds their file by the workflow, then serves it."""

import os
import subprocess
import sys
from argparse import ArgumentParser
from pathlib import Path

from ..browser.__main__ import ROOT, free_port, overrides
from ..cli import run
from ..config.configuration import read
from ..tabular import DataError


def main() -> None:
    arguments = ArgumentParser(prog="python -m xsafety.explore", description=__doc__)
    arguments.add_argument("--port", type=int, default=0, help="port to serve at; 0: a free one")
    arguments.add_argument("--configfile", type=Path, nargs="+", default=[Path("config.yaml")])
    arguments.add_argument(
        "--config", nargs="+", action="extend", default=[], metavar="KEY=VALUE", help="as snakemake's"
    )
    arguments.add_argument("--python", type=Path, default=Path(".venv-review/bin/python"), help="what runs the page")
    args = arguments.parse_args()
    config = read(args.configfile, overrides(args.config))
    workflow = [sys.executable, "-m", "snakemake", "-s", str(ROOT / "Snakefile"), "--cores", "all", "--quiet", "all"]
    settings = ["--configfile", *map(str, args.configfile), *(["--config", *args.config] if args.config else [])]
    if subprocess.run([*workflow, *settings, "--", "explore"], check=False).returncode:
        raise DataError("the workflow could not put the rows into a file, as said above")
    page = [str(args.python), "-m", "xsafety.explore.page", "--store", str(Path(config.results, "explore.sqlite"))]
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    command = [*page, "--labels", config.calibration.labels, "--port", str(free_port("127.0.0.1", args.port))]
    os.execve(command[0], command, os.environ | {"PYTHONPATH": path})


if __name__ == "__main__":
    run(main)
