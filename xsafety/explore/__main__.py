"""All rows to look through: `python -m xsafety.explore` builds their file by the workflow, then serves it."""

import os
from pathlib import Path

from ..browser.start import configured, free_port, page_arguments, page_environment, workflow_builds
from ..cli import run
from ..tabular import DataError


def main() -> None:
    args = page_arguments("python -m xsafety.explore", __doc__).parse_args()
    config = configured(args)
    if not workflow_builds("explore", args, "--cores", "all"):
        raise DataError("the workflow could not put the rows into a file, as said above")
    page = [str(args.python), "-m", "xsafety.explore.page", "--store", str(Path(config.results, "explore.sqlite"))]
    port = free_port("127.0.0.1", args.port or config.report.explore_port or 0)
    command = [*page, "--labels", config.calibration.labels, "--port", str(port)]
    os.execve(command[0], command, page_environment())


if __name__ == "__main__":
    run(main)
