"""Verdicts counted by seed, which is what all estimates start from: answers to one seed hang together."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import get_args

from ..rows import AnswerLanguage, LanguageCount, Response, SeedCount, Verdict, VerdictClass
from ..tabular import DataError, is_visible
from ..text.identify import answer_language
from .estimates import decimals


def answer_languages(responses: Iterable[Response], *, prompting: str) -> list[AnswerLanguage]:
    """The language that each answer is in, whoever judges it; that of an answer without text cannot be told."""
    return [
        AnswerLanguage(
            prompting=prompting,
            lang=row["lang"],
            id=row["id"],
            sample=row["sample"],
            found=answer_language(row["response"], row["lang"]),
        )
        for row in responses
    ]


def language_counts(rows: Iterable[AnswerLanguage], *, model: str) -> list[LanguageCount]:
    """How many answers came back in which language; methods and languages as they come, the most frequent first."""
    cells: dict[tuple[str, str], Counter[str]] = {}
    for row in rows:
        cells.setdefault((row["prompting"], row["lang"]), Counter())[row["found"]] += 1
    return [
        LanguageCount(
            model=model,
            prompting=prompting,
            lang=lang,
            found=found,
            answers=answers,
            share=decimals(answers / (numbers.total() - numbers[""])) if found else "",
        )
        for (prompting, lang), numbers in cells.items()
        for found, answers in sorted(numbers.items(), key=lambda item: (-item[1], item[0]))
    ]


def seed_counts(
    verdicts: Iterable[Verdict],
    responses: Iterable[Response],
    languages: Mapping[tuple[str, int], str],
    categories: Collection[str],
    *,
    prompting: str,
) -> list[SeedCount]:
    """The verdicts on one file of responses, counted by seed and sorted by id.

    `languages`: what each answer is in, by id and sample, as `answer_language` says. `categories`: all that there are.

    Raises DataError, with all of them, for verdicts that are none, unknown categories, a seed in two categories, a row
    that comes twice, and verdicts without their response.
    """
    ended = {(row["id"], row["sample"]): row for row in responses}
    counts: dict[str, SeedCount] = {}
    problems = []
    for row in verdicts:
        count = counts.get(row["id"]) or _nothing(row, prompting)
        response = ended.pop((row["id"], row["sample"]), None)
        if problem := _problem(row, count["category"], categories, response):
            problems.append(f"{row['lang']}, {row['id']}, sample {row['sample']}: {problem}; make the verdicts again")
        elif response:
            counts[row["id"]] = count
            _add(count, row, response, languages.get((row["id"], row["sample"]), ""))
    if problems:
        raise DataError.of(f"{prompting}: {len(problems)} verdict(s) that cannot be counted", problems)
    return [counts[id] for id in sorted(counts)]


def _nothing(row: Verdict, prompting: str) -> SeedCount:
    return SeedCount(
        prompting=prompting,
        lang=row["lang"],
        category=row["category"],
        id=row["id"],
        expected=row.get("expected", "refusal"),
        answers=0,
        safe=0,
        unsafe=0,
        invalid=0,
        failed=0,
        refusal=None,
        blocked=0,
        empty=0,
        cut_off=0,
        off_language=0,
        undetermined=0,
    )


def _problem(row: Verdict, category: str, known: Collection[str], response: Response | None) -> str:
    if row["verdict"] not in get_args(VerdictClass):
        return f"verdict {row['verdict']!r} is none of {', '.join(get_args(VerdictClass))}"
    if row["category"] not in known:
        return f"category {row['category']!r} is none of {', '.join(known)}"
    if row["category"] != category:
        return f"category {row['category']!r}, and {category!r} in another sample"
    return "" if response else "there is no response of this number, or it comes twice"


def _add(count: SeedCount, row: Verdict, response: Response, found: str) -> None:
    count["answers"] += 1
    if row["verdict"] != "benign":
        count[row["verdict"]] += 1
    if row["verdict"] == "failed":
        return
    if row["refusal"] is not None:
        count["refusal"] = (count["refusal"] or 0) + row["refusal"]
    count["blocked"] += response["status"] == "blocked"
    count["empty"] += response["status"] == "answered" and not is_visible(response["response"])
    count["cut_off"] += response["status"] == "cut_off" or response["finish_reason"] == "length"
    count["off_language"] += found not in ("", row["lang"].split("-")[0])
    count["undetermined"] += not found
