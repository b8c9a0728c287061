"""Whose answers a folder of the journal keeps: a model of one name at two servers is two models."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from ..config.models import Connection
from ..rows import Identity
from .journal import SERVERS, Fields, Journal, lacks, lines

Named = TypeVar("Named", bound=Identity)
_LINE: Fields = {"model": str, "server": str}


def with_server(block: Any) -> Identity:
    """The identity of a block of the configuration, with the server that answers where there is one."""
    identity: Identity = block.identity().copy()
    if server := getattr(block, "server", None):
        identity["server"] = server
    return identity


def settled(
    identity: Named, folder: Path, connection: object = None, say: Callable[[str], None] | None = None
) -> Named:
    """The identity that makes the keys of a folder: with its server where that is not the first one of the model there.

    So answers from before servers were named keep their keys. With `say`, as in a job that asks, the first server is
    remembered in the folder, and what is reused or left aside is said.
    """
    if "server" not in identity:
        return identity
    server, model = identity["server"], identity["model"]
    first: dict[str, str] = {}
    for line in lines(folder / SERVERS, lambda line: lacks(line, _LINE)):
        first.setdefault(line["model"], line["server"])
    if say:
        if isinstance(connection, Connection) and connection.same_as:
            say(f"note: answers of {model} at {server} count for {connection.base_url}, by same_as")
        if model not in first:
            if not first and any(folder.glob("**/*.jsonl")):
                say(f"note: {folder}: the answers there name no server; they count as those of {server}")
            with Journal(folder / SERVERS) as file:
                file.write({"model": model, "server": server})
        elif first[model] != server:
            say(
                f"note: {folder}: {model} was first asked at {first[model]}; {server} is taken for another model. "
                f"If it is the same, set same_as: {first[model]}"
            )
    if first.get(model, server) != server:
        return identity
    plain = identity.copy()
    del plain["server"]
    return plain
