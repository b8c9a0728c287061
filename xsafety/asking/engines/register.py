"""The register of engines; an engine's libraries are imported only where it runs.

Adding one: a module beside this one, its line in ENGINES, and its block in `xsafety/config/models.py`.
"""

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

from ...config.models import Connection, LocalConnection
from ...rows import Identity
from ..requests import Engine, Recipient, Request
from ..servers import Named


def _openai(identity: Identity, connection: Connection, folder: Path, threads: int) -> Engine:
    from ..journal import open_batches
    from .batch import ask_in_batches
    from .openai import ask_online

    # Rows that wait in a batch are never asked elsewhere, whatever the mode is now.
    if connection.mode == "batch" or open_batches(folder):
        return partial(ask_in_batches, identity=identity, connection=connection, folder=folder)
    online = partial(ask_online, identity=identity, connection=connection)
    if not connection.serve:
        return online

    def while_served(requests: Iterable[Request], recipient: Recipient) -> None:
        from .serving import served

        with served(connection):
            online(requests, recipient)

    return while_served


def _transformers(identity: Identity, connection: LocalConnection, folder: Path, threads: int) -> Engine:
    from .local.process import answer_in_process

    if identity.get("endpoint") == "classifier":
        from .local.classify import CLASSIFY as local
    elif "lead" in identity:
        from .local.next_token import NEXT_TOKEN as local
    else:
        from .local.generate import GENERATE as local
    return partial(answer_in_process, local, identity=identity, connection=connection, threads=threads)


ENGINES: dict[str, Callable[[Identity, Any, Path, int], Engine]] = {"openai": _openai, "transformers": _transformers}


def open_engine(
    identity: Identity, connection: Connection | LocalConnection, folder: Path, *, threads: int = 1
) -> Engine:
    """The engine that `identity` names, ready to be called with requests; `folder` is its place in the journal."""
    if identity["engine"] not in ENGINES:
        raise ValueError(f"no engine {identity['engine']!r}")
    return ENGINES[identity["engine"]](identity, connection, folder, threads)


def with_weights(identity: Named, connection: object) -> Named:
    """The identity of an engine with the digest of its weights, where they lie in a folder."""
    if isinstance(connection, LocalConnection) and Path(connection.model).is_dir():
        from .local.files import weights_digest

        whole = identity.copy()
        whole["revision"] = weights_digest(Path(connection.model))
        return whole
    return identity
