"""A model's requests about a data set, and the rows of its responses."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..asking.requests import Request, request
from ..rows import Identity
from .prompting import messages

if TYPE_CHECKING:  # pydantic is slow to import
    from ..config.prompting import PromptingMethod


def model_requests(
    identity: Identity, prompting: "PromptingMethod", part: str, queries: Iterable[Mapping[str, Any]]
) -> list[Request]:
    """One request per query of a data set, in its order."""
    return [request(identity, row["id"], part, messages(prompting, row["query"], row["category"])) for row in queries]


def row_name(row: Mapping[str, Any]) -> str:
    """The name of one answer to a row: the row's id, and from the second answer on its number."""
    sample = row.get("sample", 1)
    return str(row["id"]) if sample == 1 else f"{row['id']}#{sample}"


def response_rows(queries: Sequence[Mapping[str, Any]], answers: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The rows of a responses file, one per answer: the query, what the model said, and how it ended."""
    return [
        {column: query[column] for column in ("id", "lang", "category", "source", "query")}
        | {"sample": sample, "response": answer["text"], "status": answer["status"]}
        | {"finish_reason": answer["finish_reason"], "detail": answer["detail"]}
        for query, first in zip(queries, answers, strict=True)
        for sample, answer in enumerate((first, *first.get("more", ())), 1)
    ]
