"""GPUs of this machine: a job takes some that no other job has, and gives them back when it ends, also when killed."""

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from ....config.models import LocalConnection
from ...flock import take
from ...requests import Fatal

CHOSEN = "CUDA_VISIBLE_DEVICES"
_LOOK_AGAIN = 1.0  # seconds until devices that others have are tried again


def gpus() -> list[str]:
    """The GPUs that this process may use, as CUDA_VISIBLE_DEVICES names them."""
    if (chosen := os.environ.get(CHOSEN)) is not None:
        return [name.strip() for name in chosen.split(",") if name.strip() not in ("", "-1")]
    import torch

    return [str(number) for number in range(torch.cuda.device_count())]


@contextmanager
def lease(connection: LocalConnection, say: Callable[[str], None], there: list[str] | None = None) -> Iterator[int]:
    """Takes as many GPUs as a block asks for, which are then the only ones that this process sees; their number.

    It waits until so many are free. Where the machine has none, or the block names its device, nothing is taken; with
    device_map and no number, all are. Raises Fatal where there are fewer than are asked for.
    """
    there = gpus() if there is None else there
    if connection.device or not there:
        yield 0
        return
    number = connection.devices or (len(there) if connection.device_map else 1)
    if number > len(there):
        raise Fatal(f"devices: {number}, and there are {len(there)} here ({', '.join(there)}); set fewer")
    before = os.environ.get(CHOSEN)
    with ExitStack() as held:
        taken = _taken(number, there, held)
        if not taken:
            say(f"note: waits for {number} of {len(there)} GPUs, which other jobs have")
        while not taken:
            time.sleep(_LOOK_AGAIN)
            taken = _taken(number, there, held)
        os.environ[CHOSEN] = ",".join(taken)
        try:
            yield number
        finally:
            if before is None:
                del os.environ[CHOSEN]
            else:
                os.environ[CHOSEN] = before


def _taken(number: int, there: list[str], held: ExitStack) -> list[str]:
    """So many devices that are free, locked until `held` ends; none where there are fewer, so that no two jobs wait for
    each other. A lock goes with the process that has it.
    """
    folder = Path(tempfile.gettempdir(), "xsafety-devices")
    folder.mkdir(exist_ok=True)
    with suppress(PermissionError):  # it is another user's, who has done so
        folder.chmod(0o1777)
    with ExitStack() as trying:
        taken: list[str] = []
        for name in there:
            file = trying.enter_context(_opened(folder / f"{name.replace('/', '_')}.lock"))
            if not take(file):
                continue
            taken.append(name)
            if len(taken) == number:
                held.push(trying.pop_all())
                return taken
    return []


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:  # what another user has made there may be opened, but not so as to be made
        descriptor = os.open(path, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
