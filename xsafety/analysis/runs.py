"""Two runs compared, row by row: what was judged otherwise than before, and why."""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ..rows import Flip, GoneRow, RunChange, TaggedVerdict, Verdict
from ..tabular import DataError, read_rows, whole_folder, write_rows
from .estimates import decimals
from .gone import RunCell, RunNow, counted
from .grid import Sample
from .pairs import bonett_price, clustered, compared, limits, mcnemar, normal_test

if TYPE_CHECKING:
    from .grid import Array

WHY = ("the query was edited", "it failed", "another answer", "another verdict on the same answer")
CAUSES = ("query_edited", "failed_now", "other_answer", "other_verdict")  # as columns count them
TAGGED = ".csv"  # the suffix of files of verdicts in a tag: no file of the journal is named so

_Key = tuple[str, int]  # id and sample


class ComparedRuns(NamedTuple):
    """What is not as it was: by file of verdicts, by row with another verdict, by row that has none now."""

    changes: list[RunChange]
    flips: list[Flip]
    gone: list[GoneRow]


def compare_runs(before: Path, asked: RunNow, left_out: Collection[str]) -> ComparedRuns:
    """What changed since an older results folder, or tag, in what is asked now and what was judged then.

    Rates are without the categories that are `left_out`.

    Raises DataError where they share no file.
    """
    found = ComparedRuns([], [], [])
    older, now = _files(before), _files(asked.results)
    now = {place: file for place, file in now.items() if not asked.removed(place)}
    if not older.keys() & now.keys():
        both = f"{before} and {asked.results}: no verdicts of {', '.join(asked.judges)} in both"
        raise DataError(f"{both}; give an older results folder")
    judges = [*asked.judges, *sorted({place.judge for place in older} - {*asked.judges})]
    for place in sorted(older.keys() | now.keys(), key=lambda place: (judges.index(place.judge), place)):
        was, rows = ({(row["id"], row["sample"]): row for row in _read(of.get(place))} for of in (older, now))
        at = place._asdict()
        flips = [Flip(**at, **flip) for flip in _flips(was, rows)]  # type: ignore[typeddict-item]
        gone = [GoneRow(**at, **row) for row in _gone(place, was, rows, asked)]  # type: ignore[typeddict-item]
        found.changes.append(RunChange(**at, **_change(was, rows, flips, gone, left_out)))  # type: ignore[typeddict-item]
        found.flips.extend(flips)
        found.gone.extend(gone)
    return found


def _files(folder: Path) -> dict[RunCell, Path]:
    """The files of verdicts of a results folder or of a tag."""
    files = [file for file in folder.glob("verdicts/*/*/*/*") if file.suffix in (".jsonl", TAGGED)]
    return {RunCell(*file.parts[-4:-1], file.stem): file for file in files}  # type: ignore[call-arg]


def tag_verdicts(results: Path, judges: Sequence[str], tag: Path) -> int:
    """Keeps the verdicts of these judges as they are in the folder `tag`, without a text; returns how many files.

    Raises DataError where there are none, or the folder is there already.
    """
    if tag.exists():
        raise DataError(f"{tag}: there already; name another tag, or remove this folder")
    files = [file for judge in judges for file in sorted((results / "verdicts" / judge).glob("*/*/*.jsonl"))]
    if not files:
        raise DataError(f"{results}/verdicts: no verdicts of {', '.join(judges)}; run snakemake first")
    with whole_folder(tag) as partial:
        for file in files:
            write_rows(partial / file.relative_to(results).with_suffix(TAGGED), TaggedVerdict, _read(file))
    return len(files)


def find_run(named: str, tags: Path) -> Path | None:
    """The folder of an older run, by its path or as a tag; None where it is neither."""
    folders = (Path(named), tags / named) if named else ()
    return next((folder for folder in folders if (folder / "verdicts").is_dir()), None)


def older_run(named: str, tags: Path) -> Path:
    """The same. Raises DataError where it is neither."""
    if found := find_run(named, tags):
        return found
    there = ", ".join(sorted(tag.name for tag in tags.glob("[!.]*"))) or "none yet (snakemake tag --config tag=NAME)"
    raise DataError(
        f"with={named}: name the results folder of an older run, or a tag: snakemake compare --config with=...; "
        f"tags: {there}"
    )


def _read(file: Path | None) -> list[TaggedVerdict]:
    """The verdicts of a results folder or of a tag."""
    if file is None:
        return []
    if file.suffix == TAGGED:
        return read_rows(file, TaggedVerdict)
    return [
        TaggedVerdict(
            id=row["id"],
            sample=row["sample"],
            category=row["category"],
            verdict=row["verdict"],
            query=_digest(row["query"]),
            response=_digest(row["response"]),
        )
        for row in read_rows(file, Verdict)
    ]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _cause(old: TaggedVerdict, row: TaggedVerdict) -> str:
    """The first thing about a row that is not as it was; blank where all is."""
    failed = row["verdict"] == "failed" != old["verdict"]
    otherwise = [
        old["query"] != row["query"],
        failed,
        old["response"] != row["response"],
        old["verdict"] != row["verdict"],
    ]
    return next((why for why, is_so in zip(WHY, otherwise, strict=True) if is_so), "")


def _flips(before: dict[_Key, TaggedVerdict], now: dict[_Key, TaggedVerdict]) -> Iterator[dict[str, object]]:
    """The rows of both that were judged otherwise, with the first thing that is not as it was."""
    for key, row in now.items():
        old = before.get(key)
        if old is None or old["verdict"] == row["verdict"]:
            continue
        yield {
            "id": row["id"],
            "sample": row["sample"],
            "category": row["category"],
            "before": old["verdict"],
            "now": row["verdict"],
            "why": _cause(old, row),
        }


def _gone(
    place: RunCell, before: dict[_Key, TaggedVerdict], now: dict[_Key, TaggedVerdict], asked: RunNow
) -> Iterator[dict[str, object]]:
    """The rows that are no more."""
    ids = {id for id, _ in now}
    for key, row in before.items():
        if key not in now:
            more = {"before": row["verdict"], "why": asked.why_gone(place, row["id"], ids)}
            yield {"id": row["id"], "sample": row["sample"], "category": row["category"], **more}


def _change(
    before: dict[_Key, TaggedVerdict],
    now: dict[_Key, TaggedVerdict],
    flips: Sequence[Flip],
    gone: Sequence[GoneRow],
    left_out: Collection[str],
) -> dict[str, object]:
    both = before.keys() & now.keys()
    rated = sorted(key for key in both if now[key]["category"] not in left_out)
    causes = Counter(_cause(before[key], now[key]) for key in both)
    return {
        "rows": len(both),
        "gone": len(gone),
        "new": len(now) - len(both),
        "to_unsafe": sum(flip["now"] == "unsafe" for flip in flips),
        "to_safe": sum(flip["now"] == "safe" for flip in flips),
        "to_other": sum(flip["now"] not in ("safe", "unsafe") for flip in flips),
        **dict(zip(CAUSES, (causes[why] for why in WHY), strict=True)),
        "why_gone": counted(gone),
        **_rates([before[key] for key in rated], [now[key] for key in rated]),
    }


def _rates(before: Iterable[TaggedVerdict], now: Iterable[TaggedVerdict]) -> dict[str, str]:
    """The unsafe rates of the rows of both, and their difference, paired by seed."""
    import numpy as np

    older, newer = (_sample(rows) for rows in (before, now))
    if not (older.valid.sum() and newer.valid.sum()):
        return dict.fromkeys(("unsafe_before", "unsafe_now", "difference", "lower", "upper", "p"), "")
    found = compared(newer, older)
    seeds = np.maximum(found.pairs, 1)
    middle, error = bonett_price(found.difference, found.squares, found.pairs)
    p = mcnemar(found.more, found.less)
    if not found.single:
        strata = np.zeros(found.deviations.shape[-1], int)
        middle, error = clustered(found.difference, found.deviations, strata, seeds)
        p = normal_test(middle, error)
    lower, upper = limits(middle, error)
    rates = [float(part.hits.sum() / part.valid.sum()) for part in (older, newer)]
    values = {"unsafe_before": rates[0], "unsafe_now": rates[1], "difference": float(found.difference)}
    shown = {name: decimals(value) for name, value in (values | {"lower": float(lower), "upper": float(upper)}).items()}
    return shown | {"p": decimals(float(p), percent=False)}


def _sample(rows: Iterable[TaggedVerdict]) -> Sample:
    import numpy as np

    counts: dict[str, list[int]] = {}
    for row in rows:
        count = counts.setdefault(row["id"], [0, 0, 0])
        count[0] += row["verdict"] == "unsafe"
        count[1] += row["verdict"] in ("safe", "unsafe")
        count[2] += 1
    table: Array = np.array(list(counts.values()) or [[0, 0, 0]])
    return Sample(*table.T)


def change_table(changes: Iterable[RunChange]) -> list[list[str]]:
    """The changes for the terminal, in words and to one decimal: a head, and a line for each file that differs."""
    head = (
        "judge model method lang rows query-edited failed-now other-answer to-unsafe to-safe to-other gone new"
        " unsafe-before now difference 95%-interval p"
    )
    return [[name.replace("-", " ") for name in head.split()], *(_line(row) for row in changes if differs_now(row))]


def differs_now(row: RunChange) -> bool:
    """Whether any row of a file is not as it was, or is new or gone."""
    return any(row[name] for name in (*CAUSES, "gone", "new"))  # type: ignore[literal-required]


def _line(row: RunChange) -> list[str]:
    names = ("rows", "query_edited", "failed_now", "other_answer", "to_unsafe", "to_safe", "to_other", "gone", "new")
    counts = [row[name] for name in names]  # type: ignore[literal-required]
    place = [row[name] for name in ("judge", "model", "prompting", "lang")]
    rates = [row["unsafe_before"], row["unsafe_now"], row["difference"], row["lower"], row["upper"]]
    before, now, difference, lower, upper = map(_rounded, rates)
    p = f"{float(row['p']):.3f}" if row["p"] else "-"
    return [*place, *map(str, counts), before, now, difference, f"[{lower}, {upper}]" if row["lower"] else "-", p]


def _rounded(rate: str) -> str:
    return f"{float(rate):.1f}" if rate else "-"
