"""`promptings`: text that goes with every query."""

from typing import Literal

from pydantic import Field, field_validator

from ..categories import PLACEHOLDER
from .block import Strict


class PromptingMethod(Strict):
    """Text that goes with every query; an empty one sends the query alone."""

    text: str = Field("", description="the instruction; {scenario} stands for the row's scenario; empty: none")
    placement: Literal["system", "prefix"] = Field(
        "system", description="a system message of its own, or a paragraph before the query"
    )
    label: str | None = Field(None, description="name in tables and report")

    @field_validator("text")
    @classmethod
    def _placeholders(cls, value: str) -> str:
        if "{" in value.replace(PLACEHOLDER, "") or "}" in value.replace(PLACEHOLDER, ""):
            raise ValueError(f"the only placeholder is {PLACEHOLDER}")
        return value

    def parameters(self) -> dict[str, str]:
        """What of it decides an answer."""
        return {"text": self.text, "placement": self.placement}
