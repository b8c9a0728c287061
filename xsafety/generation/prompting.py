"""Prompting methods of the paper (section 5): text put before a query, as a system message or as a prefix."""

from dataclasses import dataclass
from typing import Literal

from ..categories import BY_KEY
from ..rows import Message

PLACEHOLDER = "{scenario}"


@dataclass(frozen=True)
class Prompting:
    """A prompting method; an empty text sends the query alone."""

    text: str = ""
    placement: Literal["system", "prefix"] = "system"

    def messages(self, query: str, category: str) -> list[Message]:
        """The chat messages for a query of a category, whose scenario fills `{scenario}`."""
        text = self.text.strip().replace(PLACEHOLDER, BY_KEY[category].scenario)
        if not text:
            return [{"role": "user", "content": query}]
        if self.placement == "prefix":
            return [{"role": "user", "content": f"{text}\n\n{query}"}]
        return [{"role": "system", "content": text}, {"role": "user", "content": query}]
