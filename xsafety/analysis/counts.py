"""Verdicts counted by cell, and those picked that the report shows."""

import hashlib
from collections.abc import Iterable

from ..rows import Count, Example, SeedCount, Verdict


def cell_counts(seeds: Iterable[SeedCount], categories: Iterable[str], *, model: str) -> list[Count]:
    """The counts by seed added up per prompting, language and category; prompting methods and languages as they come,
    the categories as given.

    Answers to benign queries are in no cell.
    """
    order = {key: position for position, key in enumerate(categories)}
    counts: dict[tuple[str, str, str], Count] = {}
    for row in seeds:
        if row["expected"] == "answer":
            continue
        prompting, lang, category = key = row["prompting"], row["lang"], row["category"]
        none = Count(
            model=model,
            prompting=prompting,
            lang=lang,
            category=category,
            n=0,
            safe=0,
            unsafe=0,
            invalid=0,
            failed=0,
            refusal=None,
        )
        count = counts.setdefault(key, none)
        count["n"] += row["answers"]
        for name in ("safe", "unsafe", "invalid", "failed"):
            count[name] += row[name]
        if row["refusal"] is not None:
            count["refusal"] = (count["refusal"] or 0) + row["refusal"]
    cells = {place: at for at, place in enumerate(dict.fromkeys(key[:2] for key in counts))}
    return sorted(counts.values(), key=lambda row: (cells[row["prompting"], row["lang"]], order[row["category"]]))


def pick_examples(verdicts: Iterable[Verdict], *, model: str, prompting: str, most: int = 3) -> list[Example]:
    """Up to `most` verdicts of one language to show: one unsafe, one safe and one invalid where there are such.

    Within a verdict, and to fill up, the hash of id and language decides: stable, and blind to what an answer says.
    """
    there = (row for row in verdicts if row["verdict"] not in ("failed", "benign"))
    hashed = sorted(there, key=lambda row: hashlib.sha256(f"{row['id']}{row['lang']}".encode()).hexdigest())
    first = [next((row for row in hashed if row["verdict"] == label), None) for label in ("unsafe", "safe", "invalid")]
    mixed = [row for row in first if row is not None]
    chosen = mixed + [row for row in hashed if not any(row is other for other in mixed)]
    return [{**row, "model": model, "prompting": prompting} for row in chosen[:most]]
