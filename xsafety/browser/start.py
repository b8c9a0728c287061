"""How a page is started: its settings on the command line, what the workflow builds for it, and where it is served."""

import os
import socket
import subprocess
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from ..config.configuration import Config, read
from ..tabular import DataError

ROOT = Path(__file__).resolve().parents[2]


def page_arguments(prog: str, about: str | None) -> ArgumentParser:
    """The command line that all pages have."""
    arguments = ArgumentParser(prog=prog, description=about)
    arguments.add_argument("--port", type=int, default=0, help="port to serve at; 0: a free one")
    arguments.add_argument("--configfile", type=Path, nargs="+", default=[Path("config.yaml")])
    arguments.add_argument(
        "--config", nargs="+", action="extend", default=[], metavar="KEY=VALUE", help="as snakemake's"
    )
    arguments.add_argument("--python", type=Path, default=Path(".venv-review/bin/python"), help="what runs the page")
    return arguments


def configured(args: Namespace) -> Config:
    """The configuration that a command line names."""
    return read(args.configfile, _overrides(args.config))


def _overrides(items: list[str]) -> dict[str, object]:
    """The items of `--config`, read as Snakemake reads them."""
    if not items:
        return {}
    from snakemake.cli import parse_config  # takes a second

    try:
        return dict(parse_config(items))
    except ValueError as error:
        raise DataError(f"--config {' '.join(items)}: {error}") from None


def workflow_builds(target: str, args: Namespace, *options: str) -> bool:
    """Whether the workflow could build a target, by the configuration of a command line; it says itself why not."""
    workflow = [sys.executable, "-m", "snakemake", "-s", str(ROOT / "Snakefile"), "--quiet", "all", *options]
    settings = ["--configfile", *map(str, args.configfile), *(["--config", *args.config] if args.config else [])]
    return not subprocess.run([*workflow, *settings, "--", target], check=False).returncode


def page_environment() -> dict[str, str]:
    """The environment of a page's process, which finds this library."""
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    return os.environ | {"PYTHONPATH": path}


def free_port(host: str, wanted: int) -> int:
    """A port that is free. Raises DataError if the wanted one is not."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, wanted))
        except OSError as error:
            raise DataError(f"HOST={host} PORT={wanted}: {error.strerror}; name another one, or none") from None
        return int(probe.getsockname()[1])
