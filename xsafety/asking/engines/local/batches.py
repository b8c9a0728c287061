"""What engines share that put batches to a model once, without decoding by turns."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

BUDGET = 16_384  # tokens in a batch, where the configuration sets no number

NO_ROOM = "out of memory, though it was asked alone"

Batched = TypeVar("Batched")
Result = TypeVar("Result")


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


def in_halves(run: Callable[[Sequence[Batched]], Sequence[Result]], batch: Sequence[Batched]) -> list[Result | None]:
    """What `run` gives for each of a batch; where memory does not suffice, of half as many at a time.

    None for one that does not even fit alone.
    """
    from .memory import is_out_of_memory

    try:
        return list(run(batch))
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        if len(batch) == 1:
            return [None]
    half = len(batch) // 2
    return in_halves(run, batch[:half]) + in_halves(run, batch[half:])
