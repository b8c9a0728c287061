"""A model in process: loaded on one device, or by workers on several, and asked."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import NamedTuple

from ....cli import say
from ....config.models import LocalConnection
from ....rows import Identity
from ...requests import Recipient, Request
from .devices import lease
from .loading import device_of, load
from .workers import answer_by_workers


class Local(NamedTuple):
    """A way to answer with a model in process; it can be pickled, for workers.

    `kind`: the class of transformers that loads the model. `answer(loaded, requests, recipient, identity=,
    connection=)` answers with the tokenizer and the model; with `window=`, it takes so many requests at a time.
    `tokens`: how many it holds at a time, where the configuration sets no number; None: as many as there is memory for.
    """

    kind: str
    answer: Callable[..., None]
    tokens: int | None = None


def answer_in_process(
    local: Local,
    requests: Iterable[Request],
    recipient: Recipient,
    *,
    identity: Identity,
    connection: LocalConnection,
    threads: int,
) -> None:
    """Answers requests on the device, or on each of `devices`, which no other job has as long as this lasts.

    Raises Fatal for what is no such model, and where no device can run it.
    """
    with lease(connection, say):
        if connection.workers > 1:
            each = max(1, threads // connection.workers)
            worker = partial(_start, local, identity, connection, each)
            answer_by_workers(requests, recipient, start=worker, number=connection.workers, say=say)
        else:
            _start(local, identity, connection, threads)(requests, recipient)


def _start(local: Local, identity: Identity, connection: LocalConnection, threads: int) -> Callable[..., None]:
    """Loads the model, after it was said what it will take; what then answers requests."""
    import torch

    from .memory import needs

    torch.set_num_threads(threads)
    for line in needs(identity, connection, torch.device(device_of(connection)), local.tokens):
        say(line)
    loaded = load(identity, connection, local.kind)
    return partial(local.answer, loaded, identity=identity, connection=connection)
