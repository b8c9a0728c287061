"""What share of a provider's limits a job has: all that ask it at one time, on whatever hosts, have the same.

Each job keeps a file in a folder beside the journal, where all hosts see it, and writes to it now and then. So many
files were written to lately, so many jobs there are. There is no lock, no server and no first among them; a job that
is killed is forgotten after `FORGOTTEN` seconds. Only times that the file system gave are compared: clocks of hosts
differ.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from ..flock import FORGOTTEN

SHARED_FOLDER = "XSAFETY_SHARING"  # names the folder of these files in the environment of a job, one a provider in it


class Sharing:
    """The jobs that share a folder, of which this is one."""

    def __init__(self, folder: Path) -> None:
        self._folder, self.own = folder, folder / uuid4().hex

    def share(self) -> float:
        """One over the number of jobs; gives a sign of life. Raises OSError where nothing can be written."""
        self.own.write_bytes(b".")
        now = self.own.stat().st_mtime
        jobs = 0
        for file in self._folder.iterdir():
            with suppress(FileNotFoundError):  # its job ended just now
                if now - file.stat().st_mtime <= FORGOTTEN:
                    jobs += 1
                else:
                    file.unlink()
        return 1 / max(jobs, 1)


@contextmanager
def sharing(folder: Path) -> Iterator[Sharing]:
    """Shares a folder with other jobs as long as this lasts."""
    folder.mkdir(parents=True, exist_ok=True)
    mine = Sharing(folder)
    try:
        yield mine
    finally:
        mine.own.unlink(missing_ok=True)
