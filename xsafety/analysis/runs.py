"""Two runs compared, row by row: what was judged otherwise than before, and why."""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..rows import Flip, RunChange, TaggedVerdict, Verdict
from ..tabular import DataError, read_rows, whole_folder, write_rows
from .estimates import decimals
from .grid import Sample
from .pairs import bonett_price, clustered, compared, limits, mcnemar, normal_test

if TYPE_CHECKING:
    from .grid import Array

WHY = ("the query was edited", "another answer", "another verdict on the same answer")
_CAUSES = ("query", "response", "verdict")
TAGGED = ".csv"  # the suffix of files of verdicts in a tag: no file of the journal is named so

_Key = tuple[str, int]  # id and sample


def compare_runs(
    before: Path, now: Path, judges: Sequence[str], left_out: Collection[str]
) -> tuple[list[RunChange], list[Flip]]:
    """What changed from one results folder, or tag, to another: per file of verdicts that both have, and row by row.

    Rates are without the categories that are `left_out`.

    Raises DataError where they share no file of these judges.
    """
    changes: list[RunChange] = []
    flips: list[Flip] = []
    for judge in judges:
        for file in sorted((now / "verdicts" / judge).glob("*/*/*.jsonl")):
            older = before / file.relative_to(now)
            if not older.exists():
                older = older.with_suffix(TAGGED)
            if not older.exists():
                continue
            model, prompting, lang = *file.parts[-3:-1], file.stem
            rows = [{(row["id"], row["sample"]): row for row in _read(path)} for path in (older, file)]
            place = {"judge": judge, "model": model, "prompting": prompting, "lang": lang}
            found = [Flip(**place, **flip) for flip in _flips(*rows)]  # type: ignore[typeddict-item]
            flips += found
            changes.append(RunChange(**place, **_change(*rows, found, left_out)))  # type: ignore[typeddict-item]
    if not changes:
        raise DataError(f"{before} and {now}: no verdicts of {', '.join(judges)} in both; give an older results folder")
    return changes, flips


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


def _read(file: Path) -> list[TaggedVerdict]:
    """The verdicts of a results folder or of a tag."""
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
    found = (why for name, why in zip(_CAUSES, WHY, strict=True) if old[name] != row[name])  # type: ignore[literal-required]
    return next(found, "")


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


def _change(
    before: dict[_Key, TaggedVerdict], now: dict[_Key, TaggedVerdict], flips: Sequence[Flip], left_out: Collection[str]
) -> dict[str, object]:
    both = before.keys() & now.keys()
    rated = sorted(key for key in both if now[key]["category"] not in left_out)
    causes = Counter(_cause(before[key], now[key]) for key in both)
    return {
        "rows": len(both),
        "gone": len(before) - len(both),
        "new": len(now) - len(both),
        "to_unsafe": sum(flip["now"] == "unsafe" for flip in flips),
        "to_safe": sum(flip["now"] == "safe" for flip in flips),
        "to_other": sum(flip["now"] not in ("safe", "unsafe") for flip in flips),
        "query_edited": causes[WHY[0]],
        "other_answer": causes[WHY[1]],
        "other_verdict": causes[WHY[2]],
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
        "judge model method lang rows query-edited other-answer to-unsafe to-safe to-other gone new"
        " unsafe-before now difference 95%-interval p"
    )
    return [[name.replace("-", " ") for name in head.split()], *(_line(row) for row in changes if differs_now(row))]


def differs_now(row: RunChange) -> bool:
    """Whether any row of a file is not as it was, or is new or gone."""
    return any(row[name] for name in ("query_edited", "other_answer", "other_verdict", "gone", "new"))


def _line(row: RunChange) -> list[str]:
    names = ("rows", "query_edited", "other_answer", "to_unsafe", "to_safe", "to_other", "gone", "new")
    counts = [row[name] for name in names]  # type: ignore[literal-required]
    place = [row[name] for name in ("judge", "model", "prompting", "lang")]
    rates = [row["unsafe_before"], row["unsafe_now"], row["difference"], row["lower"], row["upper"]]
    before, now, difference, lower, upper = map(_rounded, rates)
    p = f"{float(row['p']):.3f}" if row["p"] else "-"
    return [*place, *map(str, counts), before, now, difference, f"[{lower}, {upper}]", p]


def _rounded(rate: str) -> str:
    return f"{float(rate):.1f}" if rate else "-"
