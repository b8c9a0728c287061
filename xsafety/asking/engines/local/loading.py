"""A tokenizer and a model of any kind, from a folder or the hub, as a block of the configuration wants them."""

from pathlib import Path
from typing import Any

from ....config.models import LocalConnection
from ....rows import Identity
from ...requests import Fatal

CAUSAL = "AutoModelForCausalLM"
KINDS = {CAUSAL: "a causal language model"}
"""Classes of transformers that load a model, and what a model is called that they load."""


def load(identity: Identity, connection: LocalConnection, kind: str = CAUSAL) -> tuple[Any, Any]:
    """The tokenizer, which pads on the left, and the model, ready on its device. Raises Fatal where it is none."""
    import torch
    import transformers
    from safetensors import SafetensorError

    transformers.utils.logging.disable_progress_bar()  # a log file is no terminal
    name, dtype = connection.model, getattr(torch, identity["dtype"])
    revision = None if Path(name).is_dir() else identity["revision"]
    try:
        tokenizer: Any = transformers.AutoTokenizer.from_pretrained(name, revision=revision, padding_side="left")
        model: Any = getattr(transformers, kind).from_pretrained(name, revision=revision, dtype=dtype)
    except (OSError, ValueError, SafetensorError) as error:  # the last for instance of a Git LFS pointer
        raise Fatal(f"{name}: cannot be loaded as {KINDS[kind]}: {error}") from error
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer, model.to("cuda" if torch.cuda.is_available() else "cpu").eval()
