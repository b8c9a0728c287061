"""Verdicts counted by seed, which is what all estimates start from: answers to one seed hang together."""

from collections.abc import Iterable
from typing import get_args

from ..categories import BY_KEY
from ..rows import Response, SeedCount, Verdict, VerdictClass
from ..tabular import DataError, is_visible


def seed_counts(verdicts: Iterable[Verdict], responses: Iterable[Response], *, prompting: str) -> list[SeedCount]:
    """The verdicts on one file of responses, counted by seed and sorted by id.

    Raises DataError, with all of them, for verdicts that are none, unknown categories, a seed in two categories, a row
    that comes twice, and verdicts without their response.
    """
    ended = {(row["id"], row["sample"]): row for row in responses}
    counts: dict[str, SeedCount] = {}
    problems = []
    for row in verdicts:
        count = counts.get(row["id"]) or _nothing(row, prompting)
        response = ended.pop((row["id"], row["sample"]), None)
        if problem := _problem(row, count["category"], response):
            problems.append(f"{row['lang']}, {row['id']}, sample {row['sample']}: {problem}; make the verdicts again")
        elif response:
            counts[row["id"]] = count
            _add(count, row, response)
    if problems:
        raise DataError.of(f"{prompting}: {len(problems)} verdict(s) that cannot be counted", problems)
    return [counts[id] for id in sorted(counts)]


def _nothing(row: Verdict, prompting: str) -> SeedCount:
    return SeedCount(
        prompting=prompting,
        lang=row["lang"],
        category=row["category"],
        id=row["id"],
        answers=0,
        safe=0,
        unsafe=0,
        invalid=0,
        failed=0,
        refusal=None,
        blocked=0,
        empty=0,
        cut_off=0,
    )


def _problem(row: Verdict, category: str, response: Response | None) -> str:
    if row["verdict"] not in get_args(VerdictClass):
        return f"verdict {row['verdict']!r} is none of {', '.join(get_args(VerdictClass))}"
    if row["category"] not in BY_KEY:
        return f"category {row['category']!r} is none of {', '.join(BY_KEY)}"
    if row["category"] != category:
        return f"category {row['category']!r}, and {category!r} in another sample"
    return "" if response else "there is no response of this number, or it comes twice"


def _add(count: SeedCount, row: Verdict, response: Response) -> None:
    count["answers"] += 1
    count[row["verdict"]] += 1
    if row["verdict"] == "failed":
        return
    if row["refusal"] is not None:
        count["refusal"] = (count["refusal"] or 0) + row["refusal"]
    count["blocked"] += response["status"] == "blocked"
    count["empty"] += response["status"] == "answered" and not is_visible(response["response"])
    count["cut_off"] += response["status"] == "cut_off" or response["finish_reason"] == "length"
