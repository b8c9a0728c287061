"""What the tests of the pages share: their servers, a browser."""

import subprocess
from collections.abc import Callable, Iterator

import pytest

from tests.browser.helpers import Reviewer, Server, make, started
from tests.conftest import Project

Serve = Callable[..., Server]


@pytest.fixture
def serve_page() -> Iterator[Serve]:
    """Starts `make` for a page in a project, waits until it serves, and leaves nothing behind."""
    processes: list[subprocess.Popen[str]] = []

    def start(project: Project, *arguments: str) -> Server:
        processes.append(make(project, *arguments))
        return started(processes[-1])

    yield start
    for process in processes:
        if process.poll() is None:
            Server(process, "").kill()


@pytest.fixture
def reviewer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reviewer]:
    made = Reviewer(tmp_path_factory.mktemp("profile"))
    yield made
    made.driver.quit()
