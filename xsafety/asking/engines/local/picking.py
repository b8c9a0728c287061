"""Which token comes next: the likeliest, or one drawn with a seed that is the row's own."""

from collections.abc import Mapping
from typing import Any

import torch
from transformers.generation import logits_process

from ...requests import Fatal
from .rows import DecodedRow

DEFAULTS: Mapping[str, Any] = {"max_new_tokens": 256, "do_sample": False}

# What looks at the scores of one token alone: it may be done for all rows at once.
_OF_SCORES = tuple(
    getattr(logits_process, name)
    for name in (
        "TemperatureLogitsWarper",
        "TopKLogitsWarper",
        "TopPLogitsWarper",
        "MinPLogitsWarper",
        "TypicalLogitsWarper",
        "EpsilonLogitsWarper",
        "EtaLogitsWarper",
        "TopHLogitsWarper",
        "InfNanRemoveLogitsProcessor",
        "SuppressTokensLogitsProcessor",
        "LogitNormalization",
    )
)


class Picker:
    """Chooses tokens as a model's `generate` does, by its own settings and those of `decoding`.

    Raises Fatal for a setting that `generate` does not know, or that neither takes the likeliest token nor draws one.
    """

    def __init__(self, model: Any, decoding: Mapping[str, Any]) -> None:
        settings = {**DEFAULTS, **decoding}
        own = {name: settings.pop(name) for name in ("n", "seed") if name in settings}
        self.samples: int = own.get("n", 1)
        try:
            self._config, unknown = model._prepare_generation_config(None, **settings)
        except (TypeError, ValueError) as error:
            raise Fatal(f"decoding: {error}") from error
        if unknown:
            raise Fatal(f"decoding: {', '.join(sorted(unknown))} is no setting of generation; take it out")
        if (mode := self._config.get_generation_mode().value) not in ("greedy_search", "sample"):
            raise Fatal(f"decoding: these settings ask for {mode}; answers are greedy or drawn, token by token")
        model._prepare_special_tokens(self._config, device=model.device)
        self._model, self.limit = model, int(self._config.max_new_tokens)
        ends = self._config._eos_token_tensor
        self.ends: set[int] = set() if ends is None else set(ends.tolist())
        self.stops: list[str] = _listed(self._config.stop_strings)
        self._draws = bool(self._config.do_sample)
        self._processors = self._made(1)
        self._of_scores = all(isinstance(processor, _OF_SCORES) for processor in self._processors)

    def _made(self, prompt: int) -> Any:
        """What transformers does to the scores behind a prompt of so many tokens."""
        return self._model._get_logits_processor(
            self._config, input_ids_seq_length=prompt, device=self._model.device, model_kwargs={}
        )

    def pick(self, scores: torch.Tensor, rows: list[DecodedRow]) -> list[int]:
        """The next token of each row, by scores [rows, vocabulary]."""
        scores = scores.to(torch.float32)
        if not self._of_scores:
            scores = torch.cat([self._processed(scores[place : place + 1], row) for place, row in enumerate(rows)])
        elif self._processors:
            scores = self._processors(None, scores)
        if not self._draws:
            return scores.argmax(-1).tolist()  # type: ignore[no-any-return]
        chances = torch.tensor([row.chance() for row in rows], dtype=torch.float32, device=scores.device)
        heights = scores.softmax(-1).cumsum(-1)
        drawn = (heights <= chances[:, None] * heights[:, -1:]).sum(-1).clamp(max=scores.shape[-1] - 1)
        return drawn.tolist()  # type: ignore[no-any-return]

    def _processed(self, scores: torch.Tensor, row: DecodedRow) -> torch.Tensor:
        """The scores of one row: what looks at its tokens must see no padding."""
        ids = torch.tensor([[*row.prompt, *row.answer]], device=scores.device)
        return self._made(len(row.prompt))(ids, scores)


def _listed(given: str | list[str] | None) -> list[str]:
    return [given] if isinstance(given, str) else list(given or ())
