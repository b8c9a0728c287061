"""What `snakemake status` prints: where every language stands, and who must do what with which file."""

import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..tabular import aligned, read_csv, read_jsonl
from ..text.languages import SOURCE_LANGUAGE, language
from ..translation.memory import DRAFT_COLUMNS, from_memory, read_memory
from .gate import Gate
from .waiting import WIDTH, source_status, status, waiting_list

LINES = 30  # up to so many languages have a line each


PROBLEMS = 20  # lines shown of what is wrong with a language's sheets


NAME_WIDTH = 16  # at least, of languages that share lines


HEADER = tuple("state,rows,verified,in review,drafted,stale,missing,rejected,rounds,evaluated".split(","))


UNDRAFTED = {"draft": "", "engine": "", "status": "missing: run snakemake, which drafts them"}


Drafts = Mapping[str, Mapping[str, str]]


def statuses(
    languages: Iterable[str],
    seeds: Sequence[Mapping[str, str]],
    drafts: Callable[[str], Drafts],
    gate: Gate,
    *,
    results: Path,
    reviews: str,
) -> list[dict[str, Any]]:
    """A row per language, as `review.status` makes it by its ledger in `results`.

    `drafts` gives a language's drafts (id -> row).
    """
    rows = []
    for lang in languages:
        if lang == SOURCE_LANGUAGE:
            rows.append(source_status(lang, len(seeds)))
            continue
        problems = problems_file(results, lang)
        rows.append(
            status(
                lang,
                seeds,
                read_jsonl(results / "review" / lang / "ledger.jsonl"),
                drafts(lang),
                gate,
                sheet=str(results / "sheets" / lang),
                reviews=reviews,
                problems=str(problems) if problems.stat().st_size else "",
            )
        )
    return rows


def problems_file(results: Path, lang: str) -> Path:
    """Where it stands what is wrong with a language's returned sheets."""
    return results / "review" / lang / "problems.txt"


def known_drafts(seeds: Iterable[Mapping[str, str]], file: Path, memory: Path) -> dict[str, dict[str, str]]:
    """The drafts of the present English that are there, by id, asking nobody: those in `file`, else in `memory`.

    A row without a draft says in `status` why, as in the drafts file. Neither file has to be there.
    """
    made = {(row["id"], row["source"]): row for row in read_csv(file, DRAFT_COLUMNS)} if file.exists() else {}
    frozen = read_memory(memory)
    found = {}
    for seed in seeds:
        row: Any = made.get((seed["id"], seed["text"]), UNDRAFTED)
        if not row["draft"] and seed["text"] in frozen:
            row = from_memory(frozen[seed["text"]])
        found[seed["id"]] = row
    return found


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """The languages with their figures, in lines; a column that says nothing of any language is left out.

    Where there are many languages, those with the same figures share lines.
    """
    groups: dict[tuple[str, ...], list[str]] = {}
    for row in rows:
        apart = row["lang"] if len(rows) <= LINES else ""
        groups.setdefault((apart, *_figures(row)), []).append(row["lang"])
    columns = zip(HEADER, *(figures for _, *figures in groups), strict=True)
    said = [column for column in columns if any(column[1:])]
    width = max(NAME_WIDTH, WIDTH - sum(max(map(len, column)) + 2 for column in said))
    head, *body = zip(*said, strict=True)
    lines = [("language", *head)]
    for tags, figures in zip(groups.values(), body, strict=True):
        names = [f"{language(tag).name} ({tag})" for tag in tags[:1]]
        if len(tags) > 1:
            names = textwrap.wrap(", ".join(tags), width, break_on_hyphens=False)
        lines += [(names[0], *figures), *((name, *[""] * len(head)) for name in names[1:])]
    return aligned(lines, left=2)


def _figures(row: Mapping[str, Any]) -> tuple[str, ...]:
    """The cells of a row of the status after the language, empty for none."""
    machine = row["drafted"] - row["in_review"]
    counts = (row["verified"], row["in_review"], machine, row["stale"], row["missing"], row["rejected"])
    basis = {"unverified draft": " unverified", "verified": " verified"}.get(row["basis"], "")
    evaluated = f"{row['used']:,}{basis}" if row["ready"] == "yes" else "no"
    return (
        row["state"],
        f"{row['rows']:,}",
        *(f"{count:,}" if count else "" for count in counts),
        str(row["rounds"]),
        evaluated,
    )


def to_do(rows: Sequence[Mapping[str, Any]], results: Path) -> str:
    """Who must do what with which file, what is wrong with sheets, and which sheets are behind the evidence."""
    said = [waiting_list(rows, "Translations that wait for people:")]
    to_fill = [row["lang"] for row in rows if row["file"].startswith("fill")]
    if behind := [lang for lang in to_fill if _is_behind(results, lang)]:
        which = f"sheets of {', '.join(behind)}" if len(behind) < len(to_fill) else "the sheets"
        told = f"Run snakemake first: {which} are not there yet, or older than the evidence."
        said.append(textwrap.fill(told, WIDTH, break_on_hyphens=False))
    for row in rows:
        if row["state"] == "bad sheet":
            file = problems_file(results, row["lang"])
            problems = file.read_text(encoding="utf-8").splitlines()
            more = [f"... and {len(problems) - PROBLEMS} line(s) more in {file}"] if len(problems) > PROBLEMS else []
            said.append("\n".join([f"What is wrong with sheets of {row['lang']}:", *problems[:PROBLEMS], *more]))
    return "\n\n".join(said)


def _is_behind(results: Path, lang: str) -> bool:
    sheet, ledger = results / "sheets" / f"{lang}.csv", results / "review" / lang / "ledger.jsonl"
    return not sheet.exists() or sheet.stat().st_mtime < ledger.stat().st_mtime
