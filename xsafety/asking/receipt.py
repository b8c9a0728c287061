"""From the journal to results: the answers to requests, and the receipt that says which failed."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from ..rows import JournalAnswer
from ..tabular import DataError
from . import journal
from .journal import journal_file
from .requests import Request


def next_attempt(receipt: Path) -> str:
    """The option `--attempt N` for a job with this receipt: another than last time only if rows failed then.

    As a parameter of the job it makes Snakemake ask again for rows that failed, and only then.
    """
    number = 1
    try:
        last = json.loads(receipt.read_bytes())
        number = last["attempt"] + bool(last["failed"])
    except (OSError, ValueError, TypeError, KeyError):  # one that was changed is made again
        pass
    return f"--attempt {number}"


def journalled_answers(
    requests: Sequence[Request], folder: Path, receipt: Path, failed: Mapping[str, str]
) -> list[JournalAnswer]:
    """The answers to `requests` (of one part), from the journal alone, in their order.

    Raises DataError that lists the rows without an answer and says how to ask for them.
    """
    if not requests:
        return []
    file = journal_file(folder, requests[0].part)
    known = journal.answers(file)
    missing = [request for request in requests if request.key not in known]
    if missing and all(request.id in failed for request in missing):
        raise DataError.of(
            f"{file}: {len(missing)} of {len(requests)} rows failed; run snakemake again, it asks for these only",
            [f"{request.id}: {failed[request.id]}" for request in missing],
        )
    if missing:
        raise DataError(
            f"{file}: {len(missing)} of {len(requests)} answers are gone, though {receipt} says that they were given "
            f"(first: {missing[0].id}). Put the journal back, or ask again: rm {receipt} && snakemake"
        )
    return [known[request.key] for request in requests]
