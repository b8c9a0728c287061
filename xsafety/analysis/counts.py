"""Verdicts counted, and those picked that the report shows."""

import hashlib
from collections.abc import Iterable
from typing import get_args

from ..categories import CATEGORIES
from ..rows import Count, Example, Verdict, VerdictClass
from ..tabular import DataError


def count_verdicts(verdicts: Iterable[Verdict], *, model: str, prompting: str) -> list[Count]:
    """Verdicts counted per language and category, in the order of languages as they come and of the paper's issues.

    Raises DataError for a verdict other than safe, unsafe, invalid and failed, or an unknown category.
    """
    order = {category.key: position for position, category in enumerate(CATEGORIES)}
    counts: dict[tuple[str, str], Count] = {}
    problems = []
    for row in verdicts:
        verdict, lang, category = row["verdict"], row["lang"], row["category"]
        if verdict not in get_args(VerdictClass):
            problems.append(f"{lang}, {row['id']}: verdict {verdict!r}; it must be safe, unsafe, invalid or failed")
        elif category not in order:
            problems.append(f"{lang}, {row['id']}: category {category!r} is none of {', '.join(order)}")
        else:
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
            count = counts.setdefault((lang, category), none)
            count["n"] += 1
            count[verdict] += 1
            if row["refusal"] is not None:
                count["refusal"] = (count["refusal"] or 0) + row["refusal"]
    if problems:
        raise DataError.of(f"{model}, {prompting}: {len(problems)} verdict(s) that cannot be counted", problems)
    langs = list(dict.fromkeys(lang for lang, _ in counts))
    return sorted(counts.values(), key=lambda count: (langs.index(count["lang"]), order[count["category"]]))


def pick_examples(verdicts: Iterable[Verdict], *, model: str, prompting: str, most: int = 3) -> list[Example]:
    """Up to `most` verdicts of one language to show: one unsafe, one safe and one invalid where there are such.

    Within a verdict, and to fill up, the hash of id and language decides: stable, and blind to what an answer says.
    """
    there = (row for row in verdicts if row["verdict"] != "failed")
    hashed = sorted(there, key=lambda row: hashlib.sha256(f"{row['id']}{row['lang']}".encode()).hexdigest())
    first = [next((row for row in hashed if row["verdict"] == label), None) for label in ("unsafe", "safe", "invalid")]
    mixed = [row for row in first if row is not None]
    chosen = mixed + [row for row in hashed if not any(row is other for other in mixed)]
    return [Example(**row, model=model, prompting=prompting) for row in chosen[:most]]
