"""The translation memory: committed drafts, a file per language, so that a team shares them and none is asked twice."""

import hashlib
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from ..asking.receipt import last_receipt
from ..rows import Draft, GivenText, Seed
from ..tabular import DataError, clean, columns, read_csv, read_rows, write_csv

DRAFT_COLUMNS = columns(Draft)
UNVERIFIED = "unverified machine draft"
_MISSING = "missing: "  # begins the status of a row without a draft, before the reason


def read_memory(file: Path) -> dict[str, Draft]:
    """The committed drafts of one language: English source -> row; empty if there is no file.

    Raises DataError where it has two drafts for one English, as after two people added theirs.
    """
    if not file.exists():
        return {}
    known: dict[str, Draft] = {}
    problems = []
    for number, row in enumerate(read_rows(file, Draft), 2):
        if row["draft"] and known.setdefault(row["source"], row)["draft"] != row["draft"]:
            problems.append(f"{file}, row {number} ({row['id']}): another draft for the same English; keep one of them")
    if problems:
        raise DataError.of(f"{file}: {len(problems)} problem(s)", problems)
    return known


def with_given(memory: Mapping[str, Draft], rows: Iterable[GivenText], lang: str) -> dict[str, Draft]:
    """The drafts that are known of a language: those that came along with the data set, else those of the memory."""
    given = {
        row["source"]: Draft(id=row["id"], source=row["source"], draft=row["text"], engine=row["by"], status=UNVERIFIED)
        for row in rows
        if row["lang"] == lang and row["status"] != "human"
    }
    return dict(memory) | given


def from_memory(row: Draft, id: str) -> Draft:
    """A draft for the seed `id`, by a row of the memory for the same English."""
    return {**row, "id": id, "draft": clean(row["draft"])}


def missing_draft(seed: Seed, reason: str) -> Draft:
    """The row of a seed that there is no draft of."""
    return {"id": seed["id"], "source": seed["text"], "draft": "", "engine": "", "status": _MISSING + reason}


def why_missing(row: Draft) -> str:
    """The reason that a row without a draft gives."""
    return row["status"].removeprefix(_MISSING)


def memory_state(memory: Path, drafts: Path, receipt: Path) -> str:
    """A parameter of the job with these outputs: another than last time only if memory would change the drafts.

    So drafts that were frozen from that job's own, and rows for other English, are no reason to run it again.
    """
    state = hashlib.sha256(memory.read_bytes()).hexdigest()[:16] if memory.exists() else "none"
    if not (drafts.exists() and receipt.exists()):
        return state
    try:
        last = last_receipt(receipt)
        if state == last.get("memory", state):
            return state
        known, rows = read_memory(memory), _made(drafts)
        taken = set(last["from_memory"])
    except (DataError, ValueError, KeyError):  # for the job to tell, or to make again
        return state
    same = all(
        from_memory(known[row["source"]], row["id"]) == row if row["source"] in known else row["id"] not in taken
        for row in rows
    )
    return str(last["memory"]) if same else state


def _made(drafts: Path) -> list[dict[str, str]]:
    """The drafts of a run as the memory has them: without their language, which names its file."""
    return [{name: row[name] for name in DRAFT_COLUMNS} for row in read_csv(drafts, DRAFT_COLUMNS)]


def freeze(memory: Path, drafts: Path, ids: Sequence[str]) -> tuple[int, int]:
    """Adds to a file of the memory the drafts that it lacks; how many it added, and how many rows have no draft.

    Rows that were there stay as they are, those whose seed is gone too, at the end; all others stand in the order of
    `ids`. A file that lacks nothing is not written.
    """
    rows = read_csv(memory, DRAFT_COLUMNS) if memory.exists() else []
    known = {row["source"] for row in rows if row["draft"]}
    drafted = _made(drafts)
    new = {row["source"]: row for row in reversed(drafted) if row["draft"] and row["source"] not in known}
    if new:
        columns = [*DRAFT_COLUMNS, *(column for column in (rows[0] if rows else ()) if column not in DRAFT_COLUMNS)]
        order = {id: number for number, id in enumerate(ids)}
        merged = sorted([*rows, *reversed(new.values())], key=lambda row: order.get(row["id"], len(order)))
        write_csv(memory, columns, merged)
    return len(new), sum(not row["draft"] and row["source"] not in known for row in drafted)


def print_missing(receipts: Mapping[str, Path]) -> None:
    """Prints, by the receipts of the last run, how many drafts did not come and what to do; nothing if all came."""
    failed = {
        lang: rows for lang, receipt in receipts.items() if (rows := len(last_receipt(receipt).get("failed", ())))
    }
    if failed:
        print(
            f"{sum(failed.values()):,} drafts are missing in {len(failed)} language(s) ({', '.join(failed)}): run "
            "snakemake again, what came is kept; or set translation.engine: none and fill the sheets",
            file=sys.stderr,
        )
