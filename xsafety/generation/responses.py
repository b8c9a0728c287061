"""A model's requests about a data set, and the rows of its responses."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from ..asking.requests import Request, request
from ..rows import Identity, JournalAnswer, Query, Response
from .prompting import messages

if TYPE_CHECKING:  # pydantic is slow to import
    from ..config.prompting import PromptingMethod


def model_requests(
    identity: Identity, prompting: "PromptingMethod", part: str, queries: Iterable[Query]
) -> list[Request]:
    """One request per query of a data set, in its order."""
    return [request(identity, row["id"], part, messages(prompting, row["query"], row["category"])) for row in queries]


def response_rows(queries: Sequence[Query], answers: Sequence[JournalAnswer]) -> list[Response]:
    """The rows of a responses file, one per answer: the query, what the model said, and how it ended."""
    return [
        Response(
            id=query["id"],
            lang=query["lang"],
            category=query["category"],
            source=query["source"],
            query=query["query"],
            sample=sample,
            response=answer["text"],
            status=answer["status"],
            finish_reason=answer["finish_reason"],
            detail=answer["detail"],
        )
        for query, first in zip(queries, answers, strict=True)
        for sample, answer in enumerate((first, *first.get("more", ())), 1)
    ]
