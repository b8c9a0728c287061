"""Python programs that fork off a process which has imported what they need: a start without a second of imports.

Each has a process group, a folder, an environment and an output of its own, as one from a terminal has. This project's
library is not imported before: each loads it from where its own program stands.
"""

import atexit
import multiprocessing
import os
import runpy
import signal
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from multiprocessing.connection import Connection
from pathlib import Path

FORKS = multiprocessing.get_context("forkserver")
# What Snakemake, the Snakefile and asking load, at the start or when they come to it.
FORKS.set_forkserver_preload(
    "snakemake.cli snakemake.executors.local snakemake.report smart_open.smart_open_lib yte pulp jinja2 pandas"
    " argparse_dataclass platformdirs pydantic language_data.names langcodes marisa_trie yaml openai aiohttp".split()
)
SNAKEMAKE = Path(str(find_spec("snakemake").origin)).with_name("__main__.py")  # python -m snakemake


class Fork:
    """A program that has started."""

    def __init__(self, program: Path, arguments: Sequence[str], folder: Path, environment: Mapping[str, str]) -> None:
        self._receive, send = FORKS.Pipe(duplex=False)
        what = (program, list(arguments), folder, dict(environment), send)
        self._process = FORKS.Process(target=_run, args=what, daemon=True)
        self._process.start()
        send.close()

    def is_running(self) -> bool:
        return self._process.is_alive()

    def wait(self) -> tuple[int, str]:
        """Its exit status, and what it wrote to standard output and standard error."""
        with os.fdopen(os.dup(self._receive.fileno()), encoding="utf-8") as output:
            written = output.read()
        self._process.join()
        assert self._process.exitcode is not None
        return self._process.exitcode, written

    def kill(self) -> None:
        """Kills it and its jobs at once."""
        assert self._process.pid
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.join()


def _run(program: Path, arguments: list[str], folder: Path, environment: dict[str, str], output: Connection) -> None:
    os.setsid()
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    os.dup2(output.fileno(), 1)
    os.dup2(output.fileno(), 2)
    output.close()
    sys.argv = [str(program), *arguments]
    try:
        runpy.run_path(str(program), run_name="__main__")
    finally:
        atexit._run_exitfuncs()
        for thread in threading.enumerate():
            if isinstance(thread, threading.Timer):
                thread.cancel()  # Snakemake's scheduler leaves one, for whose second the end would wait
