"""Tokens and money: what requests will take, and what answers took."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # pydantic is slow to import
    from ..config.models import Price


def estimate_tokens(text: str) -> float:
    """About how many tokens a text has: a quarter of its bytes, which fits English, and other scripts roughly."""
    return len(text.encode(errors="replace")) / 4


def cost(usage: Mapping[str, float] | None, price: "Price | None") -> float:
    """The dollars that `usage` costs at a `price` per million tokens; 0 where either is unknown.

    `usage` has `input_tokens` and `output_tokens`, and may have `cached_input_tokens` (a part of the former) and
    `batch` (true where it was asked by the Batch API).
    """
    if not usage or not price:
        return 0.0
    cached = usage.get("cached_input_tokens", 0)
    cached_price = price.input if price.cached_input is None else price.cached_input
    dollars = (usage.get("input_tokens", 0) - cached) * price.input + cached * cached_price
    dollars += usage.get("output_tokens", 0) * price.output
    return float(dollars) / 1e6 * (price.batch if usage.get("batch") else 1)
