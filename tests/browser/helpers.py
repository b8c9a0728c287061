"""The pages in the browser end to end: their servers, and a person at a headless Chromium."""

import json
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import axe_core_python
import psutil
import pytest
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from tests.conftest import ROOT, Project

AXE = Path(axe_core_python.__file__).with_name("axe.min.js")
PATIENCE = 120  # seconds, of one who waits on a machine that is busy with other tests
CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
needs_chromium = pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="needs chromium and chromedriver")


def with_checkout(project: Project, environment: Path) -> Project:
    """A project on which `make` runs: the checkout's files stand in its folder; `environment` is the page's own."""
    for name in ("Makefile", "requirements.lock", "requirements-review.lock", "xsafety"):
        (project.folder / name).symlink_to(ROOT / name)
    (project.folder / ".venv").symlink_to(sys.prefix)
    (project.folder / ".venv-review").symlink_to(environment)
    project.write_config()
    return project


def shut_out(driver: webdriver.Chrome) -> list[str]:
    """What axe finds in the page that shuts people out."""
    driver.execute_script(AXE.read_text(encoding="utf-8"))
    found = "const done = arguments[0]; axe.run(document).then(found => done(found.violations.map(one => one.help)))"
    return list(driver.execute_async_script(found))


def make(project: Project, *arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        ["make", "-o", ".venv/installed", *arguments],
        cwd=project.folder,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        # By that variable NiceGUI would take the page for one of its own tests.
        env={name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"},
    )


def finished(project: Project, *arguments: str) -> str:
    """Runs `make` to its end; the output."""
    done = make(project, *arguments)
    output, _ = done.communicate(timeout=PATIENCE)
    assert done.returncode == 0, output
    return output


@dataclass
class Server:
    process: "subprocess.Popen[str]"
    url: str

    def stop(self) -> str:
        """Ctrl-C, as a terminal sends it; the rest of the output."""
        os.killpg(self.process.pid, signal.SIGINT)
        return self.process.communicate(timeout=PATIENCE)[0]

    def kill(self) -> None:
        """Everything of it at once, as a power cut does."""
        for process in psutil.Process(self.process.pid).children(recursive=True):
            process.kill()
        self.process.kill()
        self.process.wait()


def started(process: "subprocess.Popen[str]") -> Server:
    """Waits until a page is served."""
    assert process.stdout
    output = ""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and process.poll() is None:
        if select.select([process.stdout], [], [], 1)[0]:
            output += process.stdout.readline()
            if found := re.search(r"(?:Review|Label|Rows) at (http://127\.0\.0\.1:\d+/\?token=\S+)", output):
                return Server(process, found[1])
    raise AssertionError(output)


class Reviewer:
    """A person at the page: keys, and what can be seen."""

    def __init__(self, profile: Path) -> None:
        options = webdriver.ChromeOptions()
        options.binary_location = str(CHROMIUM)
        for flag in (
            "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
            f" --disable-component-update --disable-sync --window-size=1280,900 --user-data-dir={profile}"
        ).split():
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(str(DRIVER)))
        self.requested: set[str] = set()

    def see(self, selector: str) -> str:
        return str(self.driver.execute_script("return document.querySelector(arguments[0])?.textContent", selector))

    def wait(self, selector: str, text: str) -> None:
        message = f"{selector} never was {text!r}"
        self.until(lambda: self.see(selector) == text, message)

    def until(self, happens: Callable[[], object], message: str = "") -> None:
        WebDriverWait(self.driver, PATIENCE, 0.05).until(lambda _: happens(), message)

    def open(self, url: str) -> None:
        self.driver.get(url)
        self.until(lambda: self.see("#intro") != "None" or self.see("#place") != "None")

    def press(self, *keys: str) -> None:
        ActionChains(self.driver).send_keys(*keys).perform()

    def chord(self, held: str, key: str) -> None:
        ActionChains(self.driver).key_down(held).send_keys(key).key_up(held).perform()

    def go_to(self, text: str, selector: str = ".about .id") -> None:
        """Steps to the row with a text there."""
        for _ in range(10):
            if self.see(selector) == text:
                return
            place = self.see("#place")
            self.chord(Keys.ALT, Keys.ARROW_DOWN)
            self.until(lambda place=place: self.see("#place") != place)
        raise AssertionError(f"no row {text}")

    def target(self) -> Any:
        return self.driver.execute_script("return document.querySelector('#target textarea')")

    def verdict(self, name: str) -> None:
        self.wait(f"#verdict-{name}[aria-checked=true] > div", name)

    def leave(self) -> None:
        """Leaves the page; notes what was requested, and asserts that nothing went wrong on it."""
        self.driver.get("about:blank")
        for line in self.driver.get_log("performance"):
            message = json.loads(line["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                self.requested.add(message["params"]["request"]["url"])
            elif message["method"] == "Network.webSocketCreated":
                self.requested.add(message["params"]["url"])
        assert [line["message"] for line in self.driver.get_log("browser") if line["level"] == "SEVERE"] == []
