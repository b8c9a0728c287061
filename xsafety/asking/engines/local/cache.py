"""Keys and values of rows that are decoded together, where rows come and go between two steps.

Rows end at the same column: shorter ones begin further right, as `generate` pads prompts on the left, so that masks of
any kind of attention hold. A step writes into room that is there; transformers' own cache copies itself at each step.
"""

from collections.abc import Sequence
from typing import Any

import torch
from transformers import Cache, DynamicCache
from transformers.cache_utils import DynamicLayer, get_layer_types_and_kwargs

AHEAD = 64  # columns that are made at a time, at least
_PLAIN = {"full_attention", "sliding_attention"}  # kinds of layers that keep a key and a value of each token


class GrowingLayer(DynamicLayer):  # type: ignore[misc]
    """A layer's keys and values, [rows, heads, columns, size], inside of buffers that are larger."""

    def __init__(self, prefilled: Any) -> None:
        super().__init__()
        self.lazy_initialization(prefilled.keys, prefilled.values)
        self._buffers: list[torch.Tensor] = [prefilled.keys[:0], prefilled.values[:0]]
        self.rows = self.first = self.end = 0

    def get_seq_length(self) -> int:
        return self.end - self.first

    def update(self, key_states: Any, value_states: Any, *args: Any, **kwargs: Any) -> tuple[Any, Any]:
        """Writes the next tokens of all rows; keys and values with these."""
        added = key_states.shape[-2]
        if self.end + added > self._buffers[0].shape[-2]:
            width = self.get_seq_length()
            self._move(self.rows, width + added + max(AHEAD, width // 8))
        for buffer, states in zip(self._buffers, (key_states, value_states), strict=True):
            buffer[: self.rows, :, self.end : self.end + added] = states
        self.end += added
        keys, values = (buffer[: self.rows, :, self.first : self.end] for buffer in self._buffers)
        return keys, values

    def join(self, prefilled: Any) -> None:
        """Adds rows, which are padded on the left."""
        more, width = prefilled.keys.shape[0], prefilled.keys.shape[-2]
        rows, held = self.rows + more, self.get_seq_length()
        if rows > self._buffers[0].shape[0] or width > self.end or not held:
            self._move(rows, max(width, held) + AHEAD, max(width - held, 0))
        for buffer, states in zip(self._buffers, (prefilled.keys, prefilled.values), strict=True):
            buffer[self.rows : rows, :, self.end - width : self.end] = states
            # What is masked must be a number.
            buffer[self.rows : rows, :, self.first : self.end - width] = 0
            buffer[: self.rows, :, self.end - width : self.first] = 0
        self.rows, self.first = rows, min(self.first, self.end - width)

    def keep(self, places: torch.Tensor, holes: torch.Tensor, rows: int, width: int) -> None:
        """Moves the rows at `places` into `holes`; then the first `rows` are left, of `width` columns."""
        if len(holes):
            for buffer in self._buffers:
                used = buffer[:, :, self.first : self.end]
                used[holes.to(buffer.device)] = used[places.to(buffer.device)]
        self.rows, self.first = rows, self.end - width

    def _move(self, rows: int, columns: int, pad: int = 0) -> None:
        """Into buffers of this many rows and columns, behind `pad` columns that are free."""
        held = self.get_seq_length()
        moved = []
        for buffer in self._buffers:
            _, heads, _, size = buffer.shape
            new = buffer.new_zeros((rows, heads, columns, size))
            new[: self.rows, :, pad : pad + held] = buffer[: self.rows, :, self.first : self.end]
            moved.append(new)
        self._buffers, self.first, self.end = moved, pad, pad + held


class RowCache:
    """The cache of a model for rows that come and go; `joins`: whether rows may join others that are under way."""

    def __init__(self, config: Any) -> None:
        self._config = config.get_text_config(decoder=True)
        self.joins = set(get_layer_types_and_kwargs(self._config)[0]) <= _PLAIN
        self.cache: Any = None

    def for_prompts(self) -> Any:
        """An empty cache in which prompts are read, before they join."""
        return DynamicCache() if self.joins else DynamicCache(config=self._config)

    def join(self, prefilled: Any) -> None:
        """Adds the rows of a cache that has read their prompts."""
        if not self.joins:
            self.cache = prefilled
            return
        if self.cache is None:
            self.cache = Cache(layers=[GrowingLayer(layer) for layer in prefilled.layers])
        for layer, more in zip(self.cache.layers, prefilled.layers, strict=True):
            layer.join(more)

    def keep(self, kept: Sequence[int], width: int) -> list[int]:
        """Leaves these rows, of `width` columns at most; the order in which they stand then."""
        if not kept:
            self.cache = None
            return []
        if not self.joins:
            self.cache.reorder_cache(torch.tensor(kept))
            return list(kept)
        number = len(kept)
        places = [row for row in kept if row >= number]
        holes = sorted(set(range(number)) - set(kept))
        for layer in self.cache.layers:
            layer.keep(torch.tensor(places), torch.tensor(holes), number, width)
        moved = dict(zip(holes, places, strict=True))
        return [moved.get(row, row) for row in range(number)]
