"""The words for where a language stands, and who must do what with which file: made here, and read back nowhere."""

import re
import sys
import textwrap
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from ..rows import Evidence, Readiness, Shortfall, Status, Todo
from ..tabular import DataError, read_rows
from .evidence import save_as
from .sheets.formats import WRITTEN

BY_LAST_RUN = "Translations that wait for people, by the last review status:"
WIDTH = 100  # of what is printed


def share_words(share: float) -> str:
    """A share as percentage, with one decimal where it has any."""
    return f"{100 * share:.1f}".removesuffix(".0") + "%"


def question_words(who: str, names: Sequence[str]) -> str:
    """Whom a row waits for, on which these reviewers differ, or which they leave to others."""
    if who == "decider":
        return f"a decision between {' and '.join(names)} in a further round"
    return f"a reviewer other than {' and '.join(names)}"


def proposal(entry: Evidence) -> str:
    """What a reviewer said of a row: verdict, text and note."""
    text = entry["after"] if entry["verdict"] in ("ok", "edited") else ""
    note = f"[{entry['note']}]" if entry["note"] else ""
    return " ".join(filter(None, (f"{entry['reviewer']} ({entry['verdict']}):", text, note)))


def state_words(row: Readiness) -> str:
    """Where a language stands, with its figures."""
    match row["state"]:
        case "stale":
            return f"stale ({row['stale']})"
        case "spot check":
            return f"spot check ({row['inspected']} of {row['sampled']})"
        case "in review":
            return f"in review (round {row['round']}: {row['passed']} of {row['rows']})"
    return row["state"]


def todo_words(todo: Todo) -> str:
    """Who must do what, of how many rows, and why."""
    rows, names = todo["rows"], todo.get("names", [])
    match todo["who"]:
        case "translator":
            reason = todo.get("reason")
            return f"a translator: {rows} row(s) have no draft{f' ({reason})' if reason else ''}"
        case "reviewer":
            other = f", each by another than before ({', '.join(names)})" if names else ""
            return f"a reviewer: round {todo['round']}, {rows} row(s){other}{_why(todo)}"
        case "returner":
            return "whoever returned a sheet with problems"
    return f"{question_words(todo['who'], names)}: {rows} row(s)"


def _why(todo: Todo) -> str:
    if "spot_check" in todo:
        return f": spot check of {todo['spot_check']}"
    return f": {_shortfall_words(todo['shortfall'])}" if "shortfall" in todo else ""


def _shortfall_words(found: Shortfall) -> str:
    figures = f"{share_words(found['rows'] / found['of'])} ({found['rows']} of {found['of']})"
    limit = share_words(found["limit"])
    if found["test"] == "spot check":
        return f"the spot check after round {found['round']} passed {figures}, less than {limit}"
    return f"round {found['round']} changed {figures}, more than {limit}"


def file_words(row: Status) -> str:
    """Which files are to be mended and filled; empty if none is."""
    mend = f"mend what {row['problems']} lists" if row["problems"] else ""
    if not row["sheet_round"]:
        return mend
    first, *others = WRITTEN
    name = save_as(row["reviews"], row["sheet_round"])
    # A reviewer's sheet is evidence: a second one stands beside it.
    further = f" (your second sheet: {Path(name).name}.2.{first})" if row["returned"] == "yes" else ""
    fill = f"fill {row['sheet']}.{first} (or .{', .'.join(others)}), save it as {name}.{first}{further}"
    return "; ".join(filter(None, (mend, fill)))


def waiting_words(row: Readiness) -> str:
    """All that waits for somebody, in a line."""
    return "; ".join(map(todo_words, row["waits_for"]))


def waiting_list(rows: Iterable[Status], heading: str = BY_LAST_RUN) -> str:
    """What waits for whom; languages of which the same is to be said share lines."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for row in rows:
        if row["waits_for"]:
            lang = row["lang"]
            use = f"{row['used']} rows evaluated ({row['basis']})" if row["ready"] == "yes" else "not evaluated"
            text = f"{state_words(row)}, {use}\n    wait for {waiting_words(row)}\n    {file_words(row)}"
            groups.setdefault(re.sub(rf"/{lang}(?=[./])", "/LANG", text), []).append((lang, text))
    if not groups:
        return "No translation waits for people."
    lines = [heading]
    for shared, group in groups.items():
        first, rest = (group[0][1] if len(group) == 1 else shared).split("\n", 1)
        head = f"{', '.join(lang for lang, _ in group)}: {first}"
        lines += [textwrap.fill(head, WIDTH, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False), rest]
    return "\n".join(lines)


def print_waiting(status_file: str) -> None:
    """Prints what waits for whom, if it is known already: the last words of every run."""
    if Path(status_file).exists():
        with suppress(DataError):  # made by an earlier version, of whose words the next run makes anew
            print(waiting_list(read_rows(Path(status_file), Status)), file=sys.stderr)
