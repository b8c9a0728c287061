"""Review in the browser: `python -m xsafety.browser --lang bn --reviewer anna`; with --done, takes the verdicts in.

Builds the reviewer's queue by the workflow, serves the page until it is stopped, and then writes the verdicts to the
returned sheets. Verdicts that an earlier page left behind, as after a power cut, are taken in first.
"""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from argparse import ArgumentParser, Namespace
from contextlib import ExitStack
from pathlib import Path
from types import FrameType

from ..asking.journal import lock
from ..cli import run, say
from ..config.configuration import Config, read
from ..rows import REVIEWER_NAME, UNNAMED
from ..seeds.dataset import read_dataset
from ..tabular import DataError
from .returns import answers_file, folder_of, write_returns

ROOT = Path(__file__).resolve().parents[2]


def main() -> None:
    args = _arguments()
    config = _config(args)
    folder = folder_of(Path(config.journal), args.lang, args.reviewer)
    if args.done:
        if not folder.exists():
            raise DataError(f"{args.reviewer} has reviewed nothing in {args.lang} in the browser")
        _write_returns(folder, args, config)
        return
    with ExitStack() as held:
        try:
            held.enter_context(lock(folder))
        except DataError:
            where = "go on in that page, or stop its server (Ctrl-C) first"
            raise DataError(f"{args.reviewer} reviews {args.lang} already in the browser; {where}") from None
        _review(folder, args, config)


def _arguments() -> Namespace:
    arguments = ArgumentParser(prog="python -m xsafety.browser", description=__doc__)
    arguments.add_argument("--lang", required=True, help="the language, as in the configuration")
    arguments.add_argument("--reviewer", required=True, help="your name or a pseudonym")
    arguments.add_argument("--done", action="store_true", help="take in what was reviewed, and serve nothing")
    arguments.add_argument("--host", default="127.0.0.1", help="address to serve at; there is no password")
    arguments.add_argument("--port", type=int, default=0, help="port to serve at; 0: a free one")
    arguments.add_argument("--configfile", type=Path, nargs="+", default=[Path("config.yaml")])
    arguments.add_argument(
        "--config", nargs="+", action="extend", default=[], metavar="KEY=VALUE", help="as snakemake's"
    )
    arguments.add_argument("--python", type=Path, default=Path(".venv-review/bin/python"), help="what runs the page")
    return arguments.parse_args()


def _config(args: Namespace) -> Config:
    config = read(args.configfile, overrides(args.config))
    if args.lang not in config.targets:
        raise DataError(f"LANG={args.lang}: not a language to translate into; one of: {', '.join(config.targets)}")
    if not re.fullmatch(REVIEWER_NAME, args.reviewer) or args.reviewer == UNNAMED:
        raise DataError(f"REVIEWER={args.reviewer}: your name or a pseudonym, of letters, digits, - and _")
    return config


def overrides(items: list[str]) -> dict[str, object]:
    """The items of `--config`, read as Snakemake reads them."""
    if not items:
        return {}
    from snakemake.cli import parse_config  # takes a second

    try:
        return dict(parse_config(items))
    except ValueError as error:
        raise DataError(f"--config {' '.join(items)}: {error}") from None


def _review(folder: Path, args: Namespace, config: Config) -> None:
    try:
        _write_returns(folder, args, config)
    except DataError as error:
        say(f"{error}\nUntil then new verdicts are kept, and not taken in.")
    say("Building the queue ...")
    target = Path(config.results, "browser", args.lang, f"{args.reviewer}.json")
    workflow = [sys.executable, "-m", "snakemake", "-s", str(ROOT / "Snakefile"), "--quiet", "all"]
    settings = ["--configfile", *map(str, args.configfile), *(["--config", *args.config] if args.config else [])]
    if subprocess.run([*workflow, *settings, "--", str(target)], check=False).returncode:
        raise DataError(f"{target}: the workflow could not build it, as said above")
    queue = json.loads(target.read_text(encoding="utf-8"))
    answers = answers_file(folder, queue["round"])
    if not queue["rows"] and not answers.exists():
        say(f"Nothing in {queue['name']} waits for {args.reviewer} in round {queue['round']}.")
        return
    port = free_port(args.host, args.port)
    page = [str(args.python), "-m", "xsafety.browser.page", "--queue", str(target), "--answers", str(answers)]
    status = _serve([*page, "--host", args.host, "--port", str(port)])
    _write_returns(folder, args, config)
    if status:
        raise DataError(f"the page ended with status {status}; what was saved is taken in")


def free_port(host: str, wanted: int) -> int:
    """A port that is free. Raises DataError if the wanted one is not."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, wanted))
        except OSError as error:
            raise DataError(f"HOST={host} PORT={wanted}: {error.strerror}; name another one, or none") from None
        return int(probe.getsockname()[1])


def _serve(command: list[str]) -> int:
    """Runs the page until it ends or this process is told to; returns its status.

    The page is in a session of its own, so that Ctrl-C reaches it once, through this process.
    """
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    page = subprocess.Popen(command, env=os.environ | {"PYTHONPATH": path}, start_new_session=True)
    stopping = False

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal stopping
        (page.kill if stopping else page.terminate)()
        stopping = True

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    status = page.wait()
    return 0 if stopping and status == -signal.SIGTERM else status


def _write_returns(folder: Path, args: Namespace, config: Config) -> None:
    """Raises DataError with the problems of all files; the other files are written."""
    seeds = read_dataset(config.dataset).seeds
    reviews = Path(config.verification.reviews, args.lang)
    returned, problems = write_returns(folder, reviews, args.reviewer, {seed["id"]: seed["text"] for seed in seeds})
    for file in returned:
        if file.is_new or args.done:
            say(f"{file.path}: {file.rows} verdict(s) of {args.reviewer}; run snakemake, and commit the file")
    if problems:
        raise DataError("\n".join(problems))


if __name__ == "__main__":
    run(main)
