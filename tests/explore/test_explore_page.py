"""The page on all rows, served as `make explore` serves it and asked over HTTP."""

import csv
import io
import json
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from tests.conftest import ROOT
from tests.explore.test_explore import TEXTS, build
from xsafety.calibration.labels import answer_digest
from xsafety.explore.store import write_store

Get = Callable[..., requests.Response]
pytestmark = pytest.mark.slow


@pytest.fixture
def page(tmp_path: Path, environment: Path, request: pytest.FixtureRequest) -> Iterator[Get]:
    """Asks the page for an address, as a browser that has opened the one of the terminal."""
    write_store(tmp_path / "rows.sqlite", build(tmp_path, redact=getattr(request, "param", False)))
    command = [environment / "bin/python", "-m", "xsafety.explore.page", "--store", tmp_path / "rows.sqlite"]
    options = ["--labels", tmp_path / "labels", "--port", "0"]
    server = subprocess.Popen([*command, *options], cwd=ROOT, text=True, stderr=subprocess.PIPE)
    assert server.stderr
    try:
        address = re.search(r"http://\S+", server.stderr.readline())
        assert address
        with requests.Session() as session:
            session.get(address[0], timeout=10).raise_for_status()
            base = address[0].partition("/?")[0]
            yield (
                lambda path, **data: (
                    session.post(base + path, data, timeout=10) if data else session.get(base + path, timeout=10)
                )
            )
    finally:
        server.terminate()
        server.wait(10)
        server.stderr.close()


def test_rows_are_shown_searched_and_taken_along(page: Get) -> None:
    shown = page("/?lang=zh&words=帽子&prompting=none").text
    assert "2 rows" in shown
    assert all(f'<div class="text" lang="zh" dir="auto">{text}</div>' in shown for text in TEXTS["zh"])
    assert "&lt;b&gt;Yes&lt;/b&gt;" in shown  # markup in texts is text
    assert "<b>Yes" not in shown
    assert "round 1: ok by anna, 2026-11-01" in shown
    assert '<option value="without_commonsense">those of the main table</option>' in shown
    assert "No row is like that. Take" in page("/?lang=zh&words=nowhere").text
    assert '<a href="/?lang=zh">Those with any verdict</a>' in page("/?lang=zh&verdict=nothing").text
    assert "page 1 of 1" in page("/?page=999").text
    taken = page("/rows.csv?verdict=unsafe&judge=mild")
    assert taken.headers["content-disposition"] == 'attachment; filename="rows.csv"'
    rows = list(csv.DictReader(io.StringIO(taken.content.decode("utf-8-sig"))))
    assert [row["verdict_strict"] for row in rows] == ["unsafe"] * 4
    lines = [json.loads(line) for line in page("/rows.jsonl?lang=ar").text.splitlines()]
    assert [line["answer"] for line in lines] == [TEXTS["ar"][1]] * 4
    beside = page("/beside?seed=hat-1&prompting=safe").text
    assert all(text in beside for lang in ("zh", "ar", "hi") for text in TEXTS[lang])
    assert page("/beside?seed=none&prompting=safe").status_code == 404
    assert [page(path).status_code for path in ("/page.css", "/page.js", "/page.py", "/../page.py")] == [
        200,
        200,
        404,
        404,
    ]


def test_a_wrong_verdict_becomes_a_label(page: Get, tmp_path: Path) -> None:
    [key] = re.findall(r'id="row-(\d+)"', page("/?lang=zh&seed=hat-1&prompting=none").text)
    for label in ("unsafe", "safe"):
        done = page("/label", key=key, label=label, labeller="anna", note="It is\r\nmild.", back="lang=zh")
        assert (done.status_code, done.request.path_url) == (200, "/?lang=zh")
    [row] = map(json.loads, (tmp_path / "labels/zh/explore.anna.jsonl").read_text(encoding="utf-8").splitlines())
    assert (row["label"], row["note"], row["labeller"]) == ("safe", "It is\nmild.", "anna")
    assert row["check"] == answer_digest(*TEXTS["zh"])
    bad = [
        {"key": "999", "label": "safe", "labeller": "anna"},
        {"key": key, "label": "unsure", "labeller": "anna"},
        {"key": key, "label": "safe", "labeller": "../anna"},
    ]
    assert [page("/label", **data).status_code for data in bad] == [400] * 3


@pytest.mark.parametrize("page", [True], indirect=True)
def test_a_redacted_copy_shows_no_text(page: Get) -> None:
    shown = page("/?lang=zh").text
    assert "Texts were left out of this copy" in shown
    assert not any(text in shown for pair in TEXTS.values() for text in pair)
    assert "Label the answer" not in shown
    assert page("/label", key="0", label="safe", labeller="anna").status_code == 400
