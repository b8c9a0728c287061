"""From the journal to results: the receipt that says which rows failed, and the answers to requests."""

import json
from collections.abc import Callable, Iterable, Iterator
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import TypedDict, cast

from ..rows import Identity, JournalAnswer
from ..tabular import DataError, to_json, write_json
from . import journal
from .journal import journal_file
from .requests import Ended, Receipt, Request


class FiledReceipt(Receipt):
    """A receipt as the file of a model, judge or translator has it."""

    attempt: int
    identity: Identity


def file_receipt(path: Path, asking: Callable[[], Receipt], attempt: int, identity: Identity) -> None:
    """Asks, and files the receipt, also of a job that ends early. Raises Ended then."""
    try:
        write_json(path, {**asking(), "attempt": attempt, "identity": identity})
    except Ended as error:
        write_json(path, {**error.receipt, "attempt": attempt, "identity": identity})
        raise


def read_receipt(path: Path) -> FiledReceipt:
    """The receipt of a model or judge."""
    receipt: FiledReceipt = json.loads(path.read_text(encoding="utf-8"))
    return receipt


class LastReceipt(TypedDict, total=False):
    """What is of use later of a receipt of any job."""

    attempt: int
    failed: dict[str, dict[str, str] | str]
    ended: str
    memory: str
    from_memory: list[str]


def last_receipt(path: Path) -> LastReceipt:
    """The receipt of a job's last run; nothing where it is gone or was changed, and is made again."""
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    if not (isinstance(found, dict) and isinstance(found.get("failed"), dict)):
        return {}
    return cast(LastReceipt, found) if isinstance(found.get("attempt", 1), int) else {}


def next_attempt(receipt: Path) -> str:
    """The option `--attempt N` for a job with this receipt: another than last time only if rows failed then.

    As a parameter of the job it makes Snakemake ask again for rows that failed, and only then.
    """
    last = last_receipt(receipt)
    number = last.get("attempt", 1) + bool(last.get("failed") or last.get("ended"))
    return f"--attempt {number}"


def has_failed_rows(file: Path, column: str) -> bool:
    """Whether a file that the workflow made has rows in which `column` is `failed`; False if there is no file."""
    if not (file.exists() and file.stat().st_size):
        return False
    mark = to_json({column: "failed"})[1:-1].encode()
    # At each start of snakemake all files are searched: a map of the file is three times as fast as its lines.
    with file.open("rb") as opened, mmap(opened.fileno(), 0, access=ACCESS_READ) as content:
        return content.find(mark) >= 0


def journalled_answers(
    requests: Iterable[Request], folder: Path, part: str, file: Path, receipt: FiledReceipt
) -> Iterator[JournalAnswer]:
    """The answers to `requests` of a part, from the journal alone, in their order; `failed` where there is none.

    Raises DataError, at the end, for rows without an answer that did not fail by the receipt, which `file` is.
    """
    known = journal.answers(journal_file(folder, part))
    failed, samples = receipt["failed"].get(part, {}), receipt["identity"].get("decoding", {}).get("n", 1)
    number, lost = 0, list[str]()
    for one in requests:
        number += 1
        answer = known.get(one.key)
        if not (answer or one.id in failed or receipt["ended"]):
            lost.append(one.id)
        yield answer or _failed_answer(failed.get(one.id) or receipt["ended"], samples)
    if lost:
        raise DataError(
            f"{journal_file(folder, part)}: {len(lost)} of {number} answers are gone, though {file} says that "
            f"they were given (first: {lost[0]}). Put the journal back, or ask again: rm {file} && snakemake"
        )


def _failed_answer(reason: str, samples: int) -> JournalAnswer:
    one = JournalAnswer(text="", status="failed", finish_reason="", detail=reason)
    return {**one, "more": [one] * (samples - 1)}
