"""A tokenizer and a model of any kind, from a folder or the hub, as a block of the configuration wants them."""

import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from ....config.models import LocalConnection
from ....rows import Identity
from ...requests import Fatal

_LONGEST = 400  # characters of an error that are told

CAUSAL, SEQ2SEQ = "AutoModelForCausalLM", "AutoModelForSeq2SeqLM"
CLASSIFIER = "AutoModelForSequenceClassification"
MODEL_KINDS = {CAUSAL: "a causal language model", SEQ2SEQ: "a model that translates", CLASSIFIER: "a classifier"}
"""Classes of transformers that load a model, and what a model is called that they load."""


def load(identity: Identity, connection: LocalConnection, kind: str = CAUSAL) -> tuple[Any, Any]:
    """The tokenizer, which pads on the left, and the model, ready on its device.

    Raises Fatal, in one line, for what is none, whole, or cannot be run here.
    """
    import transformers

    transformers.utils.logging.disable_progress_bar()  # a log file is no terminal
    name, from_where = connection.model, _from_where(identity, connection)
    tokenizer = _tokenizer(name, from_where)
    try:
        options = _options(identity, connection)
        model, found = getattr(transformers, kind).from_pretrained(
            name, output_loading_info=True, **from_where, **options
        )
        if "device_map" not in options:
            model = model.to(device_of(connection))
    except Exception as error:  # each damage shows in a kind of its own
        raise Fatal(f"{name}: cannot be loaded as {MODEL_KINDS[kind]}: {_damaged(name) or _told(error)}") from error
    if lacking := sorted(found["missing_keys"]):
        what = f"its files lack {len(lacking)} weights, such as {lacking[0]}"
        raise Fatal(f"{name}: cannot be loaded as {MODEL_KINDS[kind]}: {what}")
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    if fields := identity.get("template_fields"):
        tokenizer.apply_chat_template = partial(tokenizer.apply_chat_template, **fields)
    return tokenizer, model.eval()


def load_described(identity: Identity, connection: LocalConnection) -> tuple[Any, Any]:
    """The tokenizer and the configuration of a model, without its weights. Raises Fatal where they cannot be loaded."""
    import transformers

    name, from_where = connection.model, _from_where(identity, connection)
    tokenizer = _tokenizer(name, from_where)
    try:
        return tokenizer, transformers.AutoConfig.from_pretrained(name, **from_where)
    except Exception as error:
        raise Fatal(f"{name}: cannot be loaded: {_damaged(name) or _told(error)}") from error


def _tokenizer(name: str, from_where: Mapping[str, Any]) -> Any:
    from transformers import AutoTokenizer

    try:
        return AutoTokenizer.from_pretrained(name, padding_side="left", **from_where)
    except Exception as error:
        raise Fatal(f"{name}: its tokenizer cannot be loaded: {_damaged(name) or _told(error)}") from error


def _from_where(identity: Identity, connection: LocalConnection) -> dict[str, Any]:
    """Which version of a model is loaded, and whether with code of its own."""
    revision = None if Path(connection.model).is_dir() else identity["revision"]
    return {"revision": revision, "trust_remote_code": connection.trust_remote_code}


def _options(identity: Identity, connection: LocalConnection) -> dict[str, Any]:
    """How weights are loaded: in which numbers, and where to."""
    import torch

    options: dict[str, Any] = {"dtype": getattr(torch, identity["dtype"])}
    if connection.attention:
        options["attn_implementation"] = connection.attention
    if connection.device_map:
        options["device_map"] = connection.device_map
    if wanted := identity.get("quantisation"):
        from transformers.quantizers import AutoQuantizationConfig

        options["quantization_config"] = AutoQuantizationConfig.from_dict(dict(wanted))
        options.setdefault("device_map", {"": device_of(connection)})  # once quantised, it is not moved
    return options


def device_of(connection: LocalConnection) -> str:
    """Where a model runs that is on one device."""
    import torch

    return connection.device or ("cuda" if torch.cuda.is_available() else "cpu")


def _damaged(name: str) -> str:
    """Which file in a folder is not whole, and what to do; empty where there is none."""
    from safetensors import SafetensorError, safe_open

    for path in sorted((*Path(name).glob("*.json"), *Path(name).glob("*.safetensors"))):
        try:
            if path.suffix == ".json":
                json.loads(path.read_bytes())
            else:
                with safe_open(path, framework="pt"):
                    pass
        except (SafetensorError, ValueError) as error:
            return f"{path.name} is damaged, or was not fetched whole ({error}); fetch it again"
    return ""


def _told(error: Exception) -> str:
    """What an error says, in a line."""
    if isinstance(error, ValueError) and "trust_remote_code" in str(error):
        return "it comes with code of its own, which is run only with trust_remote_code: true; read it first"
    text = " ".join(str(error).split()) or type(error).__name__
    if "instantiate the backend tokenizer" in text:
        return "a file is missing, such as tokenizer.json, tokenizer.model or tokenizer_config.json; fetch it again"
    if "`tiktoken` is required" in text:  # what is tried where a sentencepiece file cannot be read
        return "it is a sentencepiece file without tokenizer.json: pip install protobuf"
    if "out of memory" in text:
        return f"the device has no memory for it: try dtype: bfloat16, quantisation or device_map: auto ({text[:100]})"
    return text if len(text) <= _LONGEST else text[:_LONGEST] + " ..."
