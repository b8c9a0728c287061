"""What `snakemake status` prints: where every language stands, and who must do what with which file."""

import textwrap
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path

from ..config.verification import Verification
from ..rows import Draft, Evidence, Seed, Status
from ..tabular import aligned, read_rows
from ..text.languages import language
from ..translation.memory import from_memory, missing_draft
from .readiness import readiness, source_readiness
from .waiting import WIDTH, state_words, waiting_list

_LINES = 30  # up to so many languages have a line each
_PROBLEMS = 20  # lines shown of what is wrong with a language's sheets
_NAME_WIDTH = 16  # at least, of languages that share lines
_HEADER = tuple("state,rows,verified,in review,drafted,stale,missing,rejected,rounds,evaluated".split(","))
_UNDRAFTED = "run snakemake, which drafts them"
Drafts = Mapping[str, Draft]


def statuses(
    languages: Iterable[str],
    seeds: Collection[Seed],
    drafts: Callable[[str], Drafts | None],
    gate: Verification,
    *,
    results: Path,
    reviews: str,
) -> list[Status]:
    """A row per language, by its ledger in `results`. `drafts` gives its drafts (id -> row); None of the seeds' own."""
    rows = []
    for lang in languages:
        if (drafted := drafts(lang)) is None:
            rows.append(Status(**source_readiness(lang, len(seeds)), sheet="", reviews="", problems=""))
            continue
        problems = problems_file(results, lang)
        is_bad = problems.stat().st_size > 0
        ledger = read_rows(results / "review" / lang / "ledger.jsonl", Evidence)
        ready = readiness(lang, seeds, ledger, drafted, gate, problems=is_bad)
        sheet, returned = str(results / "sheets" / lang), f"{reviews}/{lang}"
        rows.append(Status(**ready, sheet=sheet, reviews=returned, problems=str(problems) if is_bad else ""))
    return rows


def problems_file(results: Path, lang: str) -> Path:
    """Where it stands what is wrong with a language's returned sheets."""
    return results / "review" / lang / "problems.txt"


def known_drafts(seeds: Iterable[Seed], file: Path, frozen: Mapping[str, Draft]) -> dict[str, Draft]:
    """The drafts of the present English that are there, by id, asking nobody: those in `file`, else those `frozen`.

    A row without a draft says in `status` why, as in the drafts file, which need not be there.
    """
    made = {(row["id"], row["source"]): row for row in read_rows(file, Draft)} if file.exists() else {}
    found: dict[str, Draft] = {}
    for seed in seeds:
        id, source = seed["id"], seed["text"]
        if (row := made.get((id, source))) and (row["draft"] or source not in frozen):
            found[id] = row
        else:
            found[id] = from_memory(frozen[source], id) if source in frozen else missing_draft(seed, _UNDRAFTED)
    return found


def status_table(rows: Sequence[Status]) -> str:
    """The languages with their figures, in lines; a column that says nothing of any language is left out.

    Where there are many languages, those with the same figures share lines.
    """
    groups: dict[tuple[str, ...], list[str]] = {}
    for row in rows:
        apart = row["lang"] if len(rows) <= _LINES else ""
        groups.setdefault((apart, *_figures(row)), []).append(row["lang"])
    columns = zip(_HEADER, *(figures for _, *figures in groups), strict=True)
    shown = [column for column in columns if any(column[1:])]
    width = max(_NAME_WIDTH, WIDTH - sum(max(map(len, column)) + 2 for column in shown))
    head, *body = zip(*shown, strict=True)
    lines = [("language", *head)]
    for tags, figures in zip(groups.values(), body, strict=True):
        names = [f"{language(tag).name} ({tag})" for tag in tags[:1]]
        if len(tags) > 1:
            names = textwrap.wrap(", ".join(tags), width, break_on_hyphens=False)
        lines += [(names[0], *figures), *((name, *[""] * len(head)) for name in names[1:])]
    return aligned(lines, left=2)


def _figures(row: Status) -> tuple[str, ...]:
    """The cells of a row of the status after the language, empty for none."""
    machine = row["drafted"] - row["in_review"]
    counts = (row["verified"], row["in_review"], machine, row["stale"], row["missing"], row["rejected"])
    basis = {"unverified draft": " unverified", "verified": " verified"}.get(row["basis"], "")
    evaluated = f"{row['used']:,}{basis}" if row["ready"] == "yes" else "no"
    return (
        state_words(row),
        f"{row['rows']:,}",
        *(f"{count:,}" if count else "" for count in counts),
        f"{min(row['round'] - 1, row['rounds'])} of {row['rounds']}"
        if row["sheet_round"]
        else str(row["rounds"] or ""),
        evaluated,
    )


def to_do(rows: Sequence[Status], results: Path) -> str:
    """Who must do what with which file, what is wrong with sheets, and which sheets are behind the evidence."""
    parts = [waiting_list(rows, "Translations that wait for people:")]
    to_fill = [row["lang"] for row in rows if row["sheet_round"]]
    files = {lang: (results / f"sheets/{lang}.csv", results / f"review/{lang}/ledger.jsonl") for lang in to_fill}
    if behind := [
        lang
        for lang, (sheet, ledger) in files.items()
        if not sheet.exists() or sheet.stat().st_mtime < ledger.stat().st_mtime
    ]:
        which = f"sheets of {', '.join(behind)}" if len(behind) < len(to_fill) else "the sheets"
        sentence = f"Run snakemake first: {which} are not there yet, or older than the evidence."
        parts.append(textwrap.fill(sentence, WIDTH, break_on_hyphens=False))
    for row in rows:
        if row["problems"]:
            file = problems_file(results, row["lang"])
            problems = file.read_text(encoding="utf-8").splitlines()
            more = [f"... and {len(problems) - _PROBLEMS} line(s) more in {file}"] if len(problems) > _PROBLEMS else []
            parts.append("\n".join([f"What is wrong with sheets of {row['lang']}:", *problems[:_PROBLEMS], *more]))
    return "\n\n".join(parts)
