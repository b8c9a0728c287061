"""What a model takes of a device's memory: its weights, and each token that it has in mind."""

import json
import math
import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from ....config.models import LocalConnection
from ....rows import Identity

ON_CPU = 16_384  # tokens: more rows at a time are hardly answered faster there
SHARE = 0.7  # of the memory that is free, for tokens: there is room made ahead for them, and what a pass takes
_MOST = 1 << 20  # tokens
USUAL_ROW = 256  # tokens of prompt and answer, to tell how many rows fit
WORTH_A_NOTE = 1 << 30  # bytes: of what takes more, a run tells beforehand


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
    each, free = bytes_per_token(model.config, model.dtype), free_bytes(model.device)
    return _tokens(each, free, model.device)


def _tokens(each: int, free: int, device: torch.device) -> int:
    return max(1, min(ON_CPU if device.type == "cpu" else _MOST, int(SHARE * free / each)))


def needs(
    identity: Identity, connection: LocalConnection, device: torch.device, tokens: int | None = None
) -> list[str]:
    """What loading a model will take, in lines: a note where it is much, or more than the device has.

    `tokens` are held at a time where the configuration sets no number; None: as many as there is memory for. No line
    where its files are not here, or not such as can be read beforehand.
    """
    from transformers import AutoConfig
    from transformers.utils.logging import get_verbosity, set_verbosity, set_verbosity_error

    before = get_verbosity()
    set_verbosity_error()
    try:
        folder = _folder(identity, connection)
        config = AutoConfig.from_pretrained(folder, trust_remote_code=connection.trust_remote_code)
        dtype: torch.dtype = getattr(torch, identity["dtype"])
        each = bytes_per_token(config, dtype)
        on_disk = sum(path.stat().st_size for path in _shards(folder))
        is_quantised = identity.get("quantisation") or getattr(config, "quantization_config", None)
        taken = on_disk if is_quantised else _parameters(folder) * dtype.itemsize
    except Exception:  # what is wrong is told when it is loaded
        return []
    finally:
        set_verbosity(before)
    free = free_bytes(device)
    tokens = connection.tokens_in_memory or tokens or _tokens(each, max(0, free - taken), device)
    line = (
        f"{connection.model}: {_size(on_disk)} of weights on disk, {_size(taken)} in memory as {identity['dtype']}; "
        f"{device} has {_size(free)} free; {tokens:,} tokens at a time take {_size(tokens * each)}, "
        f"about {max(1, tokens // USUAL_ROW):,} rows of {USUAL_ROW}"
    )
    lines = [f"note: {line}" if taken > WORTH_A_NOTE or taken > free else line]
    if taken > free and not connection.device_map:
        lines.append(
            f"note: {connection.model} will not fit on {device}; try dtype: bfloat16, quantisation, or device_map: auto"
        )
    return lines


def _folder(identity: Identity, connection: LocalConnection) -> Path:
    """Where the model's files lie. Raises an error where they are not here."""
    from huggingface_hub import snapshot_download

    if (folder := Path(connection.model)).is_dir():
        return folder
    return Path(snapshot_download(connection.model, revision=identity["revision"], local_files_only=True))


def _shards(folder: Path) -> Iterator[Path]:
    yield from folder.glob("*.safetensors")


def _parameters(folder: Path) -> int:
    """The numbers that a model's safetensors files hold, by their headers."""
    total = 0
    for path in _shards(folder):
        with path.open("rb") as file:
            [size] = struct.unpack("<Q", file.read(8))
            tensors = json.loads(file.read(size))
        total += sum(math.prod(each["shape"]) for name, each in tensors.items() if name != "__metadata__")
    return total


def _size(number: int) -> str:
    return f"{number / 2**30:,.1f} GiB" if number >= 2**30 else f"{number / 2**20:,.1f} MiB"


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error of torch says that a device, or the machine, has no memory left."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return any(words in str(error) for words in ("out of memory", "not enough memory", "can't allocate memory"))
