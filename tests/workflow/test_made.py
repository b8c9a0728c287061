"""Results that were changed, emptied or removed are made again; nothing is asked for that, dry runs write nothing."""

import os
import re
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import RATES, Project, cases
from tests.servers.loopback import Server
from xsafety.workflow import made as module
from xsafety.workflow.made import Made, remake_what_changed

CHANGED = {
    "queries/en.jsonl": lambda text: text.replace("my hat", "my boat"),
    "responses/one/none/fr.jsonl": lambda text: text.replace('"answered"', '"blocked"', 1),
    "verdicts/paper/one/none/en.jsonl": lambda text: text.replace('"safe"', '"unsafe"'),
    "drafts/fr.csv": lambda text: text.replace("[fr]", "[FR]"),
    "review/fr/ledger.jsonl": lambda text: text + "{}\n",
    "tables/lexicon/unsafe_rate.csv": lambda text: text[:-20],
    "asked/judges/paper.json": lambda text: "",
    "asked/drafts/fr.json": lambda text: "[",
    "verdicts/lexicon/one/none/fr.jsonl": lambda text: "",
}
REMOVED = ["review_status.csv", "queries/fr.jsonl", "responses/one/none/en.jsonl", "usage.csv", "asked/models/one.json"]


def all_files(folder: Path) -> dict[str, bytes]:
    kept = (path for path in folder.rglob("*") if path.is_file() and "/.snakemake/" not in str(path))
    return {str(path): path.read_bytes() for path in kept}


def test_what_was_changed_or_removed_is_told_and_made_again(built: Project, server: Server) -> None:
    assert built.run().nothing_done  # these results are known by another path
    before = built.snapshot()
    results = built.folder / "results"
    for name, change in CHANGED.items():
        text = (results / name).read_text()
        assert change(text) != text
        (results / name).write_text(change(text))
    for name in REMOVED:
        (results / name).unlink()
    sheet = results / "sheets/fr.csv"
    sheet.write_text(sheet.read_text() + "filled in the wrong place\n")

    held = all_files(built.folder)
    record = (built.folder / ".snakemake" / module.RECORD).read_bytes()
    dry = built.run("-n")
    assert dry.status == 0, dry.output
    assert all_files(built.folder) == held
    assert (built.folder / ".snakemake" / module.RECORD).read_bytes() == record
    assert "results/review/fr/ledger.jsonl: changed" in dry.output

    done = built.run()
    assert done.status == 0, done.output
    assert "Traceback" not in done.output
    assert (server.chats, server.translations) == ([], [])
    assert {name: data for name, data in built.snapshot().items() if not name.startswith("sheets/")} == {
        name: data for name, data in before.items() if not name.startswith("sheets/")
    }
    assert built.run().nothing_done


OURS = r"removed-|emptied|idle|absent"  # all results removed: test_workflow.py, byte for byte


def here(path: str) -> str:
    """A path of a case, among the results of the one model that these tests have."""
    return re.sub(r"/(good|bad)/", "/one/", path)


@pytest.mark.parametrize("case", [case for case in cases("workflows.jsonl") if re.match(OURS, str(case.id))])
def test_cases(built: Project, server: Server, case: dict[str, Any]) -> None:
    first, *changes, last = case["input"]["steps"]
    assert first == last == {"run": []}
    for change in changes:
        for path in map(here, change.get("remove", ())):
            target = built.folder / path
            shutil.rmtree(target) if target.is_dir() else target.unlink()
        if "empty" in change:
            (built.folder / here(change["empty"])).write_bytes(b"")
    # All but the record of usage is looked at for the rates, too.
    done = built.run(*([] if case["id"] == "removed-usage" else [RATES]))
    expected = case["expected"]
    assert all((built.folder / here(path)).stat().st_size for path in expected.get("there", ()))
    assert len(server.chats) + len(server.translations) == expected.get("asked", 0)
    for words in expected.get("words", ()):
        assert re.search(here(words.replace("/good/", "/one/")), done.output, re.IGNORECASE), done.output
    assert done.status == expected.get("status", 0)


def test_a_file_is_known_by_size_and_times_and_else_by_its_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "a"
    file.write_text("one")
    made = Made(tmp_path)
    assert made.look(str(file), learn=False) == ""
    assert not (tmp_path / module.RECORD).exists()
    assert made.look(str(file), learn=True) == ""
    for same in (made, Made(tmp_path)):
        with monkeypatch.context() as untouched:
            untouched.setattr(module, "file_sha256", lambda path: pytest.fail("read again"))
            assert same.look(str(file), learn=True) == ""
    times = file.stat()
    file.write_text("two")
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert made.look(str(file), learn=True) == "changed"
    file.write_text("")
    assert made.look(str(file), learn=True) == "emptied"
    file.write_text("one")
    os.utime(file, (1, 1))
    assert made.look(str(file), learn=True) == ""
    file.unlink()
    assert made.look(str(file), learn=True) == "removed"
    (tmp_path / "folder").mkdir()
    assert made.look(str(tmp_path / "folder"), learn=True) == ""


@pytest.mark.parametrize("torn", [b'["a", 1, 2', b"\xff\n", b"null\n", b'{"a": 1}\n', b"[1]\n", b"[" * 99 + b"\n"])
def test_a_torn_record_is_no_harm(tmp_path: Path, torn: bytes) -> None:
    file = tmp_path / "a"
    file.write_text("one")
    Made(tmp_path).add(str(file))
    with (tmp_path / module.RECORD).open("ab") as record:
        record.write(torn)
    made = Made(tmp_path)
    file.write_text("other")
    assert made.look(str(file), learn=False) == "changed"


def test_a_record_does_not_grow_without_end(tmp_path: Path) -> None:
    file = tmp_path / "a"
    made = Made(tmp_path)
    for number in range(2500):
        file.write_text(str(number))
        made.add(str(file))
    assert len((tmp_path / module.RECORD).read_text().splitlines()) < 1500
    assert Made(tmp_path).look(str(file), learn=False) == ""


def test_ten_thousand_results_are_looked_at_in_well_under_a_second(tmp_path: Path) -> None:
    made = Made(tmp_path)
    paths = [str(tmp_path / f"{number}.jsonl") for number in range(10_000)]
    for path in paths:
        Path(path).write_text(path)
        made.add(path)
    took = []
    for _ in range(3):  # of which other load spoils one or two
        began = time.process_time()
        made = Made(tmp_path)
        assert not any(made.look(path, learn=True) for path in paths)
        took.append(time.process_time() - began)
    assert min(took) < 0.7


class Decides:
    async def update_needrun(self) -> None: ...

    async def check_incomplete(self) -> None:
        self.forcefiles.update([])


class DecidesOtherwise:
    async def update_needrun(self) -> None: ...

    async def check_incomplete(self) -> None: ...


class Finishes:
    async def finished(self, job: object) -> None: ...


def test_only_what_was_tested_is_mended(monkeypatch: pytest.MonkeyPatch) -> None:
    before = Decides.update_needrun, Finishes.finished
    monkeypatch.setattr(module, "__version__", "9.28.0")
    remake_what_changed(Decides, Finishes, ())
    assert (Decides.update_needrun, Finishes.finished) == before
    monkeypatch.setattr(module, "__version__", "9.27.1")
    with pytest.raises(AssertionError, match="otherwise"):
        remake_what_changed(DecidesOtherwise, Finishes, ())
