"""What a model takes of a device's memory: its weights, and each token that it has in mind."""

import os
from pathlib import Path
from typing import Any

import torch

ON_CPU = 16_384  # tokens: more rows at a time are not answered faster there
SHARE = 0.8  # of the memory that is free, for tokens
_MOST = 1 << 20  # tokens


def bytes_per_token(config: Any, dtype: torch.dtype) -> int:
    """Bytes of the keys and values of one token, at most: layers that keep less, or none, count as others do."""
    text = config.get_text_config(decoder=True)
    heads = text.num_attention_heads
    kept = getattr(text, "num_key_value_heads", None) or heads
    size = getattr(text, "head_dim", None) or text.hidden_size // heads
    return int(2 * text.num_hidden_layers * kept * size * dtype.itemsize)


def free_bytes(device: torch.device) -> int:
    """Bytes of memory that are free on a device; on a CPU, those of the machine, or of the job's share of it."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    limit = Path("/sys/fs/cgroup/memory.max")
    try:
        used = int(Path("/sys/fs/cgroup/memory.current").read_text())
        return min(free, int(limit.read_text()) - used)
    except (OSError, ValueError):  # no such group, or one without a limit
        return free


def tokens_that_fit(model: Any) -> int:
    """How many tokens of prompts and answers the device has memory for beside the model, as far as they are of use."""
    most = ON_CPU if model.device.type == "cpu" else _MOST
    free = SHARE * free_bytes(model.device)
    return max(1, min(most, int(free / bytes_per_token(model.config, model.dtype))))
