"""Work in the browser: `python -m xsafety.browser --lang bn --reviewer anna`, or with `--labeller anna`.

Builds the person's queue by the workflow, serves the page until it is stopped, and then writes what was said to the
returned sheets. What an earlier page left behind, as after a power cut, is taken in first; with --done, nothing else.
"""

import json
import re
import signal
import subprocess
from argparse import Namespace
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, ClassVar

from ..asking.journal import lock
from ..calibration.labels import drawn_digests
from ..calibration.returned import read_samples
from ..cli import run, say
from ..config.configuration import Config
from ..rows import REVIEWER_NAME, UNNAMED
from ..seeds.dataset import read_dataset
from ..tabular import DataError
from .returns import Returns, answers_file, folder_of, label_returns, review_returns
from .start import configured, free_port, page_arguments, page_environment, workflow_builds


@dataclass(frozen=True)
class _Reviewing:
    """A reviewer's work in one language, and how it is spoken of."""

    name: str
    lang: str
    config: Config

    kind, does, did, gave = "reviewer", "reviews", "reviewed", "verdict"
    of, page, place, if_none = "round", "review_page", "browser", ""
    needs: ClassVar[tuple[str, ...]] = ()  # of snakemake

    @property
    def folder(self) -> Path:
        return folder_of(Path(self.config.journal, self.place), self.lang, self.name)

    @property
    def languages(self) -> list[str]:
        return self.config.targets

    @property
    def queue(self) -> Path:
        return Path(self.config.results, "browser", self.lang, f"{self.name}.json")

    def returns(self) -> Returns[Any, Any]:
        seeds = {seed["id"]: seed["text"] for seed in read_dataset(self.config.dataset).seeds}
        return review_returns(self.folder, Path(self.config.verification.reviews, self.lang), self.name, seeds)


class _Labelling(_Reviewing):
    """A labeller's work in one language."""

    kind, does, did, gave = "labeller", "labels", "labelled", "label"
    of, page, place, if_none = "sample", "label_page", "labels", " Answers are drawn by: snakemake label_sheets"
    needs = ("--forcerun", "label_queue")  # it takes the answers that there are, which no input says

    @property
    def languages(self) -> list[str]:
        return self.config.languages

    @property
    def queue(self) -> Path:
        return Path(self.config.results, "browser", "labels", self.lang, f"{self.name}.json")

    def returns(self) -> Returns[Any, Any]:
        labels = Path(self.config.calibration.labels, self.lang)
        return label_returns(self.folder, labels, self.name, drawn_digests(read_samples(labels)))


def main() -> None:
    args = _arguments()
    work = _work(args)
    if args.done:
        if not work.folder.exists():
            raise DataError(f"{work.name} has {work.did} nothing in {work.lang} in the browser")
        _write_returns(work, is_asked=True)
        return
    with ExitStack() as held:
        try:
            held.enter_context(lock(work.folder, say))
        except DataError:
            where = "go on in that page, or stop its server (Ctrl-C) first"
            raise DataError(f"{work.name} {work.does} {work.lang} already in the browser; {where}") from None
        _run(work, args)


def _arguments() -> Namespace:
    arguments = page_arguments("python -m xsafety.browser", __doc__)
    arguments.add_argument("--lang", required=True, help="the language, as in the configuration")
    who = arguments.add_mutually_exclusive_group(required=True)
    who.add_argument("--reviewer", help="your name or a pseudonym, to review translations")
    who.add_argument("--labeller", help="your name or a pseudonym, to label answers")
    arguments.add_argument("--done", action="store_true", help="take in what was said, and serve nothing")
    arguments.add_argument("--host", default="127.0.0.1", help="address to serve at")
    return arguments.parse_args()


def _work(args: Namespace) -> _Reviewing:
    config = configured(args)
    name = args.labeller if args.reviewer is None else args.reviewer
    work = (_Labelling if args.reviewer is None else _Reviewing)(name, args.lang, config)
    if args.lang not in work.languages:
        raise DataError(f"LANG={args.lang}: not a language that one {work.does}; one of: {', '.join(work.languages)}")
    if not re.fullmatch(REVIEWER_NAME, name) or name == UNNAMED:
        raise DataError(f"{work.kind.upper()}={name}: your name or a pseudonym, of letters, digits, - and _")
    return work


def _run(work: _Reviewing, args: Namespace) -> None:
    try:
        _write_returns(work)
    except DataError as error:
        say(f"{error}\nUntil then new {work.gave}s are kept, and not taken in.")
    say("Building the queue ...")
    target = work.queue
    if not workflow_builds(str(target), args, *work.needs):
        raise DataError(f"{target}: the workflow could not build it, as said above")
    queue = json.loads(target.read_text(encoding="utf-8"))
    number = queue[work.of]
    answers = answers_file(work.folder, number)
    if not queue["rows"] and not answers.exists():
        say(f"Nothing in {queue['name']} waits for {work.name} in {work.of} {number}.{work.if_none}")
        return
    port = free_port(args.host, args.port)
    page = [str(args.python), "-m", f"xsafety.browser.{work.page}", "--queue", str(target), "--answers", str(answers)]
    status = _serve([*page, "--host", args.host, "--port", str(port)])
    _write_returns(work)
    if status:
        raise DataError(f"the page ended with status {status}; what was saved is taken in")


def _serve(command: list[str]) -> int:
    """Runs the page until it ends or this process is told to; returns its status.

    The page is in a session of its own, so that Ctrl-C reaches it once, through this process.
    """
    page = subprocess.Popen(command, env=page_environment(), start_new_session=True)
    stopping = False

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal stopping
        (page.kill if stopping else page.terminate)()
        stopping = True

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    status = page.wait()
    return 0 if stopping and status == -signal.SIGTERM else status


def _write_returns(work: _Reviewing, *, is_asked: bool = False) -> None:
    """Raises DataError with the problems of all files; the other files are written."""
    returned, problems = work.returns().write()
    for file in returned:
        if file.is_new or is_asked:
            say(f"{file.path}: {file.rows} {work.gave}(s) of {work.name}; run snakemake, and commit the file")
    if problems:
        raise DataError("\n".join(problems))


if __name__ == "__main__":
    run(main)
