"""Prompting methods of the paper (section 5): text put before a query, as a system message or as a prefix."""

from typing import TYPE_CHECKING

from ..categories import BY_KEY, PLACEHOLDER
from ..rows import Message

if TYPE_CHECKING:  # pydantic is slow to import
    from ..config.prompting import PromptingMethod


def messages(method: "PromptingMethod", query: str, category: str) -> list[Message]:
    """The chat messages for a query of a category, whose scenario fills `{scenario}` in the method's text."""
    text = method.text.strip().replace(PLACEHOLDER, BY_KEY[category].scenario)
    if not text:
        return [{"role": "user", "content": query}]
    if method.placement == "prefix":
        return [{"role": "user", "content": f"{text}\n\n{query}"}]
    return [{"role": "system", "content": text}, {"role": "user", "content": query}]
