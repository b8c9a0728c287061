"""`python -m xsafety.asking.merge --source THEIRS --journal OURS`: takes over what another journal has and ours lacks.

Both stay as they are but for lines that are added to ours, so that it can be done again, and after one that broke off.
Batches that are under way there are not taken over: only the key that submitted them gets their answers.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from ..cli import call, say
from ..tabular import DataError, to_json
from .journal import BATCHES, OF_FOLDERS, SERVERS, Journal, entries, lines


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
    """Adds the answers that one file lacks."""
    known, standing = _standing(ours), _standing(theirs)
    taken = here = other = 0
    with Journal(ours) as file:
        for line in entries(theirs, of_services=True):
            key = line["key"]
            if "withdrawn" in line or standing.get(key) != (answer := hash(to_json(line["answer"]))):
                continue
            if key not in known:
                file.write(line)
                known[key] = answer
                taken += 1
            elif known[key] == answer:
                here += 1
            else:
                other += 1
    return Merged(taken, here, other)


def _standing(path: Path) -> dict[str, int]:
    """Key -> a hash of the answer that counts."""
    found: dict[str, int] = {}
    for line in entries(path, of_services=True):
        if "withdrawn" in line:
            found.pop(line["key"], None)
        else:
            found.setdefault(line["key"], hash(to_json(line["answer"])))
    return found


def _lines(theirs: Path, ours: Path) -> None:
    """Adds the lines that one file lacks."""
    known = set(map(to_json, lines(ours)))
    with Journal(ours) as file:
        for line in lines(theirs):
            if to_json(line) not in known:
                file.write(line)


def main(*, source: Path, journal: Path) -> None:
    merged = dict(merge(source, journal))
    for path, found in merged.items():
        if found.other:
            say(f"{path}: {found.other:,} of {sum(found):,} answers have another text here, which stands")
    whole = Merged(*map(sum, zip(*merged.values(), strict=True))) if merged else Merged(0, 0, 0)
    say(f"{len(merged)} files: {whole.taken:,} taken over, {whole.known:,} known, {whole.other:,} with other texts")


if __name__ == "__main__":
    call(main)
