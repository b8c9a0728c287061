"""Work in the browser: `python -m xsafety.browser --lang bn --reviewer anna`, or with `--labeller anna`.

Builds the person's queue by the workflow, serves the page until it is stopped, and then writes what was said to the
returned sheets. What an earlier page left behind, as after a power cut, is taken in first; with --done, nothing else.
"""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

from ..asking.journal import lock
from ..calibration.returned import read_samples
from ..cli import run, say
from ..config.configuration import Config, read
from ..rows import REVIEWER_NAME, UNNAMED
from ..seeds.dataset import read_dataset
from ..tabular import DataError
from .returns import LabelReturns, Returns, ReviewReturns, answers_file, folder_of

ROOT = Path(__file__).resolve().parents[2]


def _review_returns(folder: Path, lang: str, name: str, config: Config) -> ReviewReturns:
    seeds = {seed["id"]: seed["text"] for seed in read_dataset(config.dataset).seeds}
    return ReviewReturns(folder, Path(config.verification.reviews, lang), name, seeds)


def _label_returns(folder: Path, lang: str, name: str, config: Config) -> LabelReturns:
    labels = Path(config.calibration.labels, lang)
    drawn = {row["digest"] for sample in read_samples(labels).values() for row in sample}
    return LabelReturns(folder, labels, name, drawn)


class _Work(NamedTuple):
    """What people do on a page."""

    does: str
    did: str
    gave: str
    place: str  # in the journal
    queues: str  # their place in the results
    of: str  # what has a number in a queue
    page: str
    returns: Callable[[Path, str, str, Config], Returns[Any, Any]]
    english: bool = False  # whether there is any of it in English
    needs: Sequence[str] = ()  # of snakemake
    if_none: str = ""


_WORK = {
    "reviewer": _Work(
        "reviews", "reviewed", "verdict(s)", "browser", "browser", "round", "review_page", _review_returns
    ),
    "labeller": _Work(
        "labels",
        "labelled",
        "label(s)",
        "labels",
        "browser/labels",
        "sample",
        "label_page",
        _label_returns,
        english=True,
        needs=("--forcerun", "label_queue"),  # it takes the answers that there are, which no input says
        if_none=" Answers are drawn by: snakemake label_sheets",
    ),
}
"""By what the people are called, which is how they are named on the command line and in a queue."""


class _Person(NamedTuple):
    """Somebody's work in one language."""

    kind: str
    name: str
    lang: str
    config: Config

    @property
    def work(self) -> _Work:
        return _WORK[self.kind]

    @property
    def folder(self) -> Path:
        return folder_of(Path(self.config.journal, self.work.place), self.lang, self.name)


def main() -> None:
    args = _arguments()
    person = _person(args)
    name, lang, work = person.name, person.lang, person.work
    if args.done:
        if not person.folder.exists():
            raise DataError(f"{name} has {work.did} nothing in {lang} in the browser")
        _write_returns(person, is_asked=True)
        return
    with ExitStack() as held:
        try:
            held.enter_context(lock(person.folder))
        except DataError:
            where = "go on in that page, or stop its server (Ctrl-C) first"
            raise DataError(f"{name} {work.does} {lang} already in the browser; {where}") from None
        _run(person, args)


def _arguments() -> Namespace:
    arguments = ArgumentParser(prog="python -m xsafety.browser", description=__doc__)
    arguments.add_argument("--lang", required=True, help="the language, as in the configuration")
    who = arguments.add_mutually_exclusive_group(required=True)
    for kind, work in _WORK.items():
        who.add_argument(f"--{kind}", help=f"your name or a pseudonym, of who {work.does}")
    arguments.add_argument("--done", action="store_true", help="take in what was said, and serve nothing")
    arguments.add_argument("--host", default="127.0.0.1", help="address to serve at; there is no password")
    arguments.add_argument("--port", type=int, default=0, help="port to serve at; 0: a free one")
    arguments.add_argument("--configfile", type=Path, nargs="+", default=[Path("config.yaml")])
    arguments.add_argument(
        "--config", nargs="+", action="extend", default=[], metavar="KEY=VALUE", help="as snakemake's"
    )
    arguments.add_argument("--python", type=Path, default=Path(".venv-review/bin/python"), help="what runs the page")
    return arguments.parse_args()


def _person(args: Namespace) -> _Person:
    config = read(args.configfile, _overrides(args.config))
    [(kind, name)] = [(kind, getattr(args, kind)) for kind in _WORK if getattr(args, kind) is not None]
    languages = config.languages if _WORK[kind].english else config.targets
    if args.lang not in languages:
        what = f"not a language {'of the configuration' if _WORK[kind].english else 'to translate into'}"
        raise DataError(f"LANG={args.lang}: {what}; one of: {', '.join(languages)}")
    if not re.fullmatch(REVIEWER_NAME, name) or name == UNNAMED:
        raise DataError(f"{kind.upper()}={name}: your name or a pseudonym, of letters, digits, - and _")
    return _Person(kind, name, args.lang, config)


def _overrides(items: list[str]) -> dict[str, object]:
    """The items of `--config`, read as Snakemake reads them."""
    if not items:
        return {}
    from snakemake.cli import parse_config  # takes a second

    try:
        return dict(parse_config(items))
    except ValueError as error:
        raise DataError(f"--config {' '.join(items)}: {error}") from None


def _run(person: _Person, args: Namespace) -> None:
    work = person.work
    try:
        _write_returns(person)
    except DataError as error:
        say(f"{error}\nUntil then new {work.gave.replace('(s)', 's')} are kept, and not taken in.")
    say("Building the queue ...")
    target = Path(person.config.results, work.queues, person.lang, f"{person.name}.json")
    workflow = [sys.executable, "-m", "snakemake", "-s", str(ROOT / "Snakefile"), "--quiet", "all", *work.needs]
    settings = ["--configfile", *map(str, args.configfile), *(["--config", *args.config] if args.config else [])]
    if subprocess.run([*workflow, *settings, "--", str(target)], check=False).returncode:
        raise DataError(f"{target}: the workflow could not build it, as said above")
    queue = json.loads(target.read_text(encoding="utf-8"))
    number = queue[work.of]
    answers = answers_file(person.folder, number)
    if not queue["rows"] and not answers.exists():
        say(f"Nothing in {queue['name']} waits for {person.name} in {work.of} {number}.{work.if_none}")
        return
    port = _port(args.host, args.port)
    page = [str(args.python), "-m", f"xsafety.browser.{work.page}", "--queue", str(target), "--answers", str(answers)]
    status = _serve([*page, "--host", args.host, "--port", str(port)])
    _write_returns(person)
    if status:
        raise DataError(f"the page ended with status {status}; what was saved is taken in")


def _port(host: str, wanted: int) -> int:
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


def _write_returns(person: _Person, *, is_asked: bool = False) -> None:
    """Raises DataError with the problems of all files; the other files are written."""
    work = person.work
    returned, problems = work.returns(person.folder, person.lang, person.name, person.config).write()
    for file in returned:
        if file.is_new or is_asked:
            say(f"{file.path}: {file.rows} {work.gave} of {person.name}; run snakemake, and commit the file")
    if problems:
        raise DataError("\n".join(problems))


if __name__ == "__main__":
    run(main)
