"""A lock that a killed Snakemake left behind is taken over."""

import inspect
import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from snakemake import __version__
from snakemake.logging import logger

from ..asking.flock import take
from .rerun import MENDED, is_mended

HOST = "locked on host: "  # in a lock, which lists files, the last line


def take_over_dead_locks(persistence: type[Any]) -> None:
    """Makes Snakemake remove locks of processes of this host that are no more.

    A lock of Snakemake 9.27 lists files, and not whose it is: after `kill -9` each run asks for `--unlock`. Here each
    gets a line with the host's name, and is held by flock, which ends with the process. Where the host is another one,
    or not named, Snakemake asks as before. Versions that this was not tested with are left as they are.
    """
    if not __version__.startswith(MENDED) or is_mended(persistence, "take_over_dead_locks"):
        return
    lock = persistence.lock
    assert "self._lockfile[lock_type] = lockfile" in inspect.getsource(persistence._write_locks), (
        "Snakemake locks otherwise than what is mended here"
    )

    @contextmanager
    def lock_or_take_over(self: Any) -> Iterator[None]:
        for file in sorted(Path(self._lockdir).glob("*.lock")):
            if _is_dead(file):
                logger.warning(f"{file}: left behind by a run that was killed; taken over.")
                file.unlink(missing_ok=True)
        with lock(self), ExitStack() as held:
            for file in map(Path, self._lockfile.values()):
                opened = held.enter_context(file.open("a", encoding="utf-8"))
                take(opened, wait=True)
                print(HOST + socket.gethostname(), file=opened, flush=True)
            yield

    persistence.lock = lock_or_take_over


def _is_dead(lock: Path) -> bool:
    """Whether a process of this host had made a lock, and is no more."""
    try:
        with lock.open("rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - 512))
            if not file.read().endswith(f"\n{HOST}{socket.gethostname()}\n".encode()):
                return False
            return take(file)
    except OSError:
        return False
