"""Prompting methods, a model's requests about a data set, and the rows of its responses."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from ..asking.answers import split_answer
from ..asking.requests import Request, request
from ..categories import PLACEHOLDER, Category
from ..rows import Identity, JournalAnswer, Message, Query, Response, of_seed
from ..text.reasoning import Marks

if TYPE_CHECKING:  # pydantic is slow to import
    from ..config.prompting import PromptingMethod


def messages(method: "PromptingMethod", query: str, scenario: str) -> list[Message]:
    """The chat messages for a query: before it the method's text (paper, section 5), as system message or as prefix.

    The scenario, that of the query's category, fills `{scenario}`.
    """
    text = method.text.strip().replace(PLACEHOLDER, scenario)
    if not text:
        return [{"role": "user", "content": query}]
    if method.placement == "prefix":
        return [{"role": "user", "content": f"{text}\n\n{query}"}]
    return [{"role": "system", "content": text}, {"role": "user", "content": query}]


def model_requests(
    identity: Identity,
    prompting: "PromptingMethod",
    part: str,
    queries: Iterable[Query],
    categories: Mapping[str, Category],
) -> Iterator[Request]:
    """One request per query of a data set, in its order."""
    for row in queries:
        asked = messages(prompting, row["query"], categories[row["category"]].scenario)
        yield request(identity, row["id"], part, asked)


def response_rows(
    queries: Iterable[Query], answers: Iterable[JournalAnswer], marks: Marks | None = None
) -> Iterator[Response]:
    """The rows of a responses file, one per answer: the query, what the model said, and how it ended.

    Reasoning that an older journal has in the answer's text is split off by the known marks and the model's own.
    """
    return (
        Response(
            **of_seed(query),  # type: ignore[typeddict-item] # where it is from is said as it is written
            id=query["id"],
            lang=query["lang"],
            category=query["category"],
            source=query["source"],
            query=query["query"],
            sample=sample,
            response=answer["text"],
            reasoning=answer.get("reasoning", ""),
            status=answer["status"],
            finish_reason=answer["finish_reason"],
            detail=answer["detail"],
        )
        for query, first in zip(queries, answers, strict=True)
        for sample, answer in enumerate((split_answer(one, marks) for one in (first, *first.get("more", ()))), 1)
    )
