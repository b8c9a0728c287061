"""`python -m xsafety.asking.merge --source THEIRS --journal OURS`: takes over what another journal has and ours lacks.

Both stay as they are but for lines and tags that are added to ours, so that it can be done again, and after one that
broke off. Batches that are under way there are not taken over: only the key that submitted them gets their answers.
"""

import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from ..cli import call, say
from ..tabular import DataError, to_json, whole_folder
from .journal import BATCHES, OF_FOLDERS, SERVERS, Journal, answers, lines, standing, withdrawn

TAGS = "tags"  # the folder of verdicts that were kept under a name


class Merged(NamedTuple):
    """What became of the answers in one file: taken over, known here, or known here with another text."""

    taken: int
    known: int
    other: int


def merge(source: Path, journal: Path) -> Iterator[tuple[Path, Merged]]:
    """Takes over the answers of a journal, file by file, each told by its path in both.

    Where both have an answer to a request, ours stands. Raises DataError for a damaged file, and, before anything is
    written, where a model was first asked at another server, so that its keys mean other answers.
    """
    if not source.is_dir():
        raise DataError(f"{source}: no such folder")
    folders = sorted({file.parent.relative_to(source) for file in source.rglob(SERVERS)})
    if problems := [problem for folder in folders for problem in _other_servers(source / folder, journal / folder)]:
        raise DataError.of(f"{source}: {len(problems)} model(s) of another server", problems)
    for file in sorted(source.rglob("*.jsonl")):
        path = file.relative_to(source)
        if file.name not in OF_FOLDERS:
            yield path, _answers(file, journal / path)
        elif file.name != BATCHES:
            _lines(file, journal / path)


def _other_servers(theirs: Path, ours: Path) -> Iterator[str]:
    first: dict[str, str] = {}
    for line in lines(ours / SERVERS):
        first.setdefault(line["model"], line["server"])
    for model, server in {line["model"]: line["server"] for line in reversed([*lines(theirs / SERVERS)])}.items():
        if first.get(model, server) != server:
            yield f"{ours}: {model} was first asked at {first[model]}, there at {server}; leave that folder out"


def _answers(theirs: Path, ours: Path) -> Merged:
    """Adds the answers that one file lacks, but for those that were taken back there and wait to be asked again."""
    taken = here = other = 0
    given, known, taken_back = standing(theirs), answers(ours, of_services=True), withdrawn(ours)
    with Journal(ours) as file:
        for line in given:
            if line["key"] in taken_back:
                other += 1
            elif line["key"] not in known:
                file.write(line)
                taken += 1
            elif known[line["key"]] == line["answer"]:
                here += 1
            else:
                other += 1
    return Merged(taken, here, other)


def _lines(theirs: Path, ours: Path) -> None:
    """Adds the lines that one file lacks."""
    known = set(map(to_json, lines(ours)))
    with Journal(ours) as file:
        for line in lines(theirs):
            if to_json(line) not in known:
                file.write(line)


class MergedTag(NamedTuple):
    """A tag of theirs: its name there and here, and whether it was taken over just now."""

    theirs: str
    ours: str
    taken: bool


def merge_tags(source: Path, journal: Path) -> Iterator[MergedTag]:
    """Takes over the tags of a journal. One that is another than ours of its name gets a name by what it holds."""
    for tag in sorted((source / TAGS).glob("[!.]*/")):
        held = _content(tag)
        name = f"{tag.name}-{held[:8]}" if _content(journal / TAGS / tag.name) not in ("", held) else tag.name
        ours = journal / TAGS / name
        if taken := not _content(ours):
            with whole_folder(ours) as partial:
                shutil.copytree(tag, partial)
        yield MergedTag(tag.name, name, taken)


def _content(tag: Path) -> str:
    """A digest of the files in a folder; empty where there are none."""
    files = [file for file in sorted(tag.rglob("*")) if file.is_file()]
    told = (f"{file.relative_to(tag)} {hashlib.sha256(file.read_bytes()).hexdigest()}\n" for file in files)
    return hashlib.sha256("".join(told).encode()).hexdigest() if files else ""


def main(*, source: Path, journal: Path) -> None:
    merged = dict(merge(source, journal))
    for path, found in merged.items():
        if found.other:
            say(f"{path}: {found.other:,} of {sum(found):,} answers have another text here, which stands")
    whole = Merged(*map(sum, zip(*merged.values(), strict=True))) if merged else Merged(0, 0, 0)
    say(f"{len(merged)} files: {whole.taken:,} taken over, {whole.known:,} known, {whole.other:,} with other texts")
    tags = list(merge_tags(source, journal))
    for tag in tags:
        if tag.ours != tag.theirs:
            say(f"{TAGS}/{tag.theirs}: another tag of this name is here; theirs is {TAGS}/{tag.ours}")
    if tags:
        taken = sum(tag.taken for tag in tags)
        say(f"{len(tags)} tags: {taken} taken over, {len(tags) - taken} known")


if __name__ == "__main__":
    call(main)
