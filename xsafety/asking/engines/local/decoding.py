"""Decoding over a cache that rows enter and leave between two steps, so that no step is spent on a row that has ended.

As many rows are decoded together as a budget of tokens in memory has room for. A row whose room others need, as all
grow, waits with the answer that it has so far, and so do all when memory runs out, which halves the budget.
"""

import inspect
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import torch

from .cache import RowCache
from .memory import is_out_of_memory
from .picking import Picker
from .rows import DecodedRow, Waiting

PROMPTS = 4096  # tokens of prompts that are read in one pass
FEW_TOKENS = 512  # tokens: to fewer, a prompt is added however short it is
WORTHWHILE = 8  # new rows are read when they are this part of those under way
USUAL = 256  # tokens that an answer is taken to have until some are known
REGAIN = 512  # steps in which all of the budget would be regained,
SLOWLY = 16  # or this many times as many, near to where memory ran out


@dataclass
class Spent:
    """Positions of tokens that a model computed: `useful` ones, and all, with padding and what was read twice."""

    useful: int = 0
    computed: int = 0
    steps: int = 0
    shortages: int = 0


class Decoder:
    """Decodes rows with a model. `stopped` tells of an answer's tokens whether they end with a text that ends it."""

    def __init__(self, model: Any, picker: Picker, budget: int, stopped: Callable[[list[int]], bool]) -> None:
        self._model, self._picker, self._stopped = model, picker, stopped
        self._whole = self._safe = self.budget = budget
        self.spent = Spent()
        self.rows: list[DecodedRow] = []
        self._cache, self._width = RowCache(model.config), 0
        self._answers, self._tokens = 1, min(USUAL, picker.limit)  # of rows that are done
        takes = inspect.signature(model.forward).parameters
        self._takes_positions = "position_ids" in takes
        self._last_only = {"logits_to_keep": 1} if "logits_to_keep" in takes else {}

    def decode(self, rows: Iterable[DecodedRow]) -> Iterator[DecodedRow]:
        """The rows, each as soon as it is done, in any order."""
        waiting = Waiting(rows)
        while waiting or self.rows:
            new = self._fitting(waiting)
            done: list[DecodedRow] | None = None
            try:
                done = self._read(new) if new else self._step(waiting)
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error):
                    raise
            if done is None:  # no longer where the error holds what took the memory
                done = self._make_room(waiting, new)
            for row in done:
                self._answers += 1
                self._tokens += len(row.answer)
            yield from done

    def _fitting(self, waiting: Waiting) -> list[DecodedRow]:
        """The next rows to read: none while they would be few beside those under way."""
        under_way, width = len(self.rows), self._width
        if under_way and not self._cache.joins:
            return []
        taken: list[DecodedRow] = []
        usual, longest = self._tokens // self._answers, 0
        is_full = False
        while row := waiting.first():
            longest = max(longest, row.length)
            number = under_way + len(taken) + 1
            if number > 1 and number * max(width, longest + usual) > self.budget:
                break
            if is_full := bool(taken) and not _go_together(len(taken) * longest, longest, row.length):
                break
            taken.append(waiting.take())
        if not is_full and len(taken) < under_way // WORTHWHILE and waiting:
            waiting.put_back(taken)
            return []
        return taken

    @torch.inference_mode()  # type: ignore[untyped-decorator]
    def _read(self, new: list[DecodedRow]) -> list[DecodedRow]:
        """Reads the prompts of new rows, and picks their next tokens; those that are done."""
        width, prefilled = max(row.length for row in new), self._cache.for_prompts()
        ids = torch.tensor([[0] * (width - row.length) + [*row.prompt, *row.answer] for row in new])
        scores = self._forward(ids, [row.length for row in new], prefilled)
        self._spend(len(new) * width, sum(row.length for row in new if not row.answer))
        tokens = self._picker.pick(scores, new)
        self._cache.join(prefilled)
        self.rows, self._width = self.rows + new, max(self._width, width)
        return self._take(new, tokens)

    @torch.inference_mode()  # type: ignore[untyped-decorator]
    def _step(self, waiting: Waiting) -> list[DecodedRow]:
        """The next token of each row; the rows that are done then."""
        self._keep_to_budget(waiting)
        ids = torch.tensor([[row.answer[-1] if row.answer else 0] for row in self.rows])
        scores = self._forward(ids, [row.length for row in self.rows], self._cache.cache)
        self._width += 1
        self._spend(len(self.rows), sum(not row.done for row in self.rows))
        if self.budget < self._safe or not self.spent.steps % SLOWLY:
            self.budget = min(self._whole, self.budget + self._whole // REGAIN + 1)
        return self._take(self.rows, self._picker.pick(scores, self.rows))

    def _forward(self, ids: torch.Tensor, lengths: list[int], cache: Any) -> torch.Tensor:
        """Scores [rows, vocabulary] of what follows `ids`, [rows, tokens], the last of so many tokens each."""
        device = self._model.device
        width, ends = cache.get_seq_length() + ids.shape[1], torch.tensor(lengths, device=device)[:, None]
        columns = torch.arange(width, device=device)[None]
        positions = columns - (width - ends)
        more: dict[str, Any] = dict(self._last_only)
        if self._takes_positions:
            more["position_ids"] = positions[:, -ids.shape[1] :].clamp(min=0)
        output = self._model(
            input_ids=ids.to(device),
            attention_mask=(positions >= 0).long(),
            past_key_values=cache,
            use_cache=True,
            **more,
        )
        scores: torch.Tensor = output.logits[:, -1]
        return scores

    def _spend(self, computed: int, useful: int) -> None:
        self.spent.computed += computed
        self.spent.useful += useful
        self.spent.steps += 1

    def _take(self, rows: list[DecodedRow], tokens: list[int]) -> list[DecodedRow]:
        """Adds to each row its token; takes out those that are done, and returns them."""
        done = []
        for row, token in zip(rows, tokens, strict=True):
            if row.done:
                continue
            if token in self._picker.ends:
                row.ended = True
            else:
                row.answer.append(token)
                row.ended = self._stopped(row.answer)
            if row.ended or len(row.answer) >= self._picker.limit:
                row.done = True
                done.append(row)
        left = sum(not row.done for row in self.rows)
        if left < len(self.rows) and (self._cache.joins or 4 * left <= 3 * len(self.rows)):
            self._keep([place for place, row in enumerate(self.rows) if not row.done])
        return done

    def _keep(self, places: list[int]) -> None:
        # The last token of a row is not in the cache before the next step.
        width = max((self.rows[place].length - 1 for place in places), default=0)
        self.rows = [self.rows[place] for place in self._cache.keep(places, width)]
        self._width = width if self._cache.joins or not places else self._width

    def _keep_to_budget(self, waiting: Waiting) -> None:
        """Puts rows back that would exceed the budget with their next tokens: those with the shortest answers."""
        over = len(self.rows) - max(1, self.budget // (self._width + 1))
        if over > 0:
            order = sorted(range(len(self.rows)), key=lambda place: len(self.rows[place].answer))
            out = order[:over]
            waiting.put_back([self.rows[place] for place in out if not self.rows[place].done])
            self._keep(sorted(order[over:]))

    def _make_room(self, waiting: Waiting, new: list[DecodedRow]) -> list[DecodedRow]:
        """Puts all rows back and halves the budget; a row for which there is no room alone is done, with the reason."""
        under_way = [row for row in (*self.rows, *new) if not row.done]
        used = len(self.rows) * self._width + sum(row.length for row in new)
        self.budget, self._safe = max(1, min(self.budget, used) // 2), min(self.budget, used) * 7 // 8
        self.rows, self._width = [], 0
        self._cache = RowCache(self._model.config)
        self.spent.shortages += 1
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        if len(under_way) > 1:
            waiting.put_back(sorted(under_way, key=lambda row: -row.length))
            return []
        for row in under_way:
            row.done, row.failure = True, f"out of memory with this row alone, at {row.length} tokens"
        return under_way


def _go_together(held: int, longest: int, length: int) -> bool:
    """Whether a prompt of `length` is read in a pass that takes `held` tokens, padded to the longest."""
    return held + longest <= PROMPTS and (held <= FEW_TOKENS or 4 * length >= 3 * longest)
