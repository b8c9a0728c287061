"""Which engine answers, and as what model; an engine's libraries are imported only where it runs."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..requests import Engine


def pin(identity: Mapping[str, Any], connection: Mapping[str, Any]) -> dict[str, Any]:
    """The identity of an engine with the digest of its weights, where they lie in a folder."""
    if identity["engine"] == "transformers" and Path(connection["model"]).is_dir():
        from .transformers import weights_digest

        return {**identity, "revision": weights_digest(Path(connection["model"]))}
    return dict(identity)


def start(identity: Mapping[str, Any], connection: Mapping[str, Any], threads: int, folder: Path) -> "Engine":
    """The engine that `identity` names, ready to be called with requests; `folder` is its place in the journal."""
    match identity["engine"]:
        case "openai":
            from ..journal import open_batches
            from . import batch, openai

            # Rows that wait in a batch are never asked elsewhere, whatever the mode is now.
            if connection["mode"] == "batch" or open_batches(folder):
                return partial(batch.answer, identity=identity, connection=connection, folder=folder)
            return partial(openai.answer, identity=identity, connection=connection)
        case "transformers":
            from . import transformers

            return partial(transformers.answer, identity=identity, connection=connection, threads=threads)
        case other:
            raise ValueError(f"no engine {other!r}")
