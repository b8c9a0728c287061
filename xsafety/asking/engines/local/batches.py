"""Batches of prompts by the memory that they take."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

BUDGET = 16_384  # tokens in a batch, where the configuration sets no number

Batched = TypeVar("Batched")


def by_tokens(
    prompts: Iterable[tuple[Sequence[int], Batched]], budget: int, each: int = 1
) -> Iterator[list[tuple[Sequence[int], Batched]]]:
    """Prompts in their order, in batches that hold at most `budget` tokens when padded; one too long is one alone.

    Each token counts `each` times, as of beams.
    """
    batch: list[tuple[Sequence[int], Batched]] = []
    longest = 0
    for prompt in prompts:
        longest = max(longest, len(prompt[0]))
        if batch and (len(batch) + 1) * longest * each > budget:
            yield batch
            batch, longest = [], len(prompt[0])
        batch.append(prompt)
    if batch:
        yield batch
