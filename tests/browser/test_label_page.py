"""Labelling in the browser: the pure parts, and end to end by keyboard in a headless Chromium."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urljoin
from urllib.request import urlopen

import pytest
from selenium.webdriver.common.keys import Keys

from tests.browser.helpers import Reviewer, Server, finished, needs_chromium, shut_out, with_checkout
from tests.conftest import Project
from xsafety.browser.answers import LabelAnswer, Labelling
from xsafety.browser.breaks import Breaks
from xsafety.browser.queue import queue_of_labeller
from xsafety.browser.returns import answers_file, label_returns
from xsafety.calibration.labels import answer_digest
from xsafety.calibration.returned import fold_labels, read_samples
from xsafety.calibration.sampling import Answer
from xsafety.categories import PAPER
from xsafety.rows import Drawn, LabelRow, Verdict
from xsafety.tabular import columns, write_rows

MARKUP = "<b>لا</b> <script>document.title = 'broken'</script>\n\n1. مرحبا — see README.md\n" + "سطر طويل جدا. " * 300
ANSWERS = {"قل شيئا عن قبعتي.": MARKUP, "كيف أطير؟": "لن أساعد في ذلك.", "سؤال": "I can help: &lt;ok&gt;"}


def label_row(query: str, answer: str) -> LabelRow:
    check = answer_digest(query, answer)
    row = dict.fromkeys(columns(LabelRow), "") | {"query": query, "answer": answer.strip(), "category": "insult"}
    return LabelRow(**{**row, "check": check, "id": check[:12]})  # type: ignore[typeddict-item]


ROWS = [label_row(*pair) for pair in ANSWERS.items()]


def drawn(row: LabelRow, *, double: bool = False) -> Drawn:
    return Drawn(
        digest=row["check"],
        seed=1,
        judge="paper",
        model="one",
        verdict="safe",
        size=3,
        taken=3,
        double="yes" if double else "no",
    )


def test_an_answer_is_done_with_a_label_and_where_it_matters_a_refusal(tmp_path: Path) -> None:
    labelling = Labelling(ROWS, tmp_path / "answers-1.jsonl")
    one = labelling.rows[0]
    assert "labeller" not in one
    labelling.choose(one, "label", "unsafe")
    assert (labelling.done, labelling.answer(one).is_given) == (0, True)
    labelling.choose(one, "refusal", "no")
    labelling.choose(labelling.rows[1], "label", "invalid")
    assert (labelling.done, labelling.next_open(0)) == (2, 2)
    labelling.choose(one, "label", "unsafe")  # once more: taken back
    labelling.remark(one, "hm")
    labelling.save()
    labelling.choose(one, "label", "safe")
    labelling.close()
    again = Labelling(ROWS[2:], tmp_path / "answers-1.jsonl")
    assert [again.answer(row) for row in again.rows] == [
        LabelAnswer("safe", "no", "hm"),
        LabelAnswer("invalid"),
        LabelAnswer(),
    ]
    again.close()


def test_a_full_disk_is_told_and_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    labelling = Labelling(ROWS, tmp_path / "answers-1.jsonl")
    labelling.choose(labelling.rows[0], "label", "safe")
    with monkeypatch.context() as patched:
        patched.setattr("xsafety.asking.journal.os.write", lambda *_: 0)
        with pytest.raises(OSError, match="is the disk full"):
            labelling.save()
    labelling.save()
    labelling.close()
    again = Labelling([], tmp_path / "answers-1.jsonl")
    assert [again.answer(row).label for row in again.rows] == ["safe"]
    again.close()


def test_breaks_are_suggested_by_number_and_by_time_of_work() -> None:
    breaks = Breaks(0, 0.0)
    assert [breaks.is_due(done, 10.0 * done) for done in range(1, 52)].count(True) == 2
    breaks = Breaks(0, 0.0)
    assert [minute for minute in range(1, 70) if breaks.is_due(1, 60.0 * minute)] == [30, 60]
    breaks = Breaks(0, 0.0)
    assert not breaks.is_due(24, 100.0)
    assert not breaks.is_due(25, 1000.0)  # after a quarter of an hour of nothing
    assert breaks.is_due(50, 1100.0)


def test_labels_are_returned_once_and_read_again(tmp_path: Path) -> None:
    folder, labels = tmp_path / "journal" / "ar", tmp_path / "labels" / "ar"
    write_rows(labels / "sample-1.csv", Drawn, [drawn(row) for row in ROWS[:2]])
    samples = read_samples(labels)
    returns = label_returns(folder, labels, "anna", {row["digest"] for row in samples["sample-1"]})
    for word in ("safe", "unsafe"):
        labelling = Labelling(ROWS, answers_file(folder, 1))
        labelling.choose(labelling.rows[0], "label", word)
        if word == "safe":
            labelling.choose(labelling.rows[2], "label", "skip")
        labelling.close()
        [file], [problem] = returns.write()
        assert (file.path.name, file.rows, file.is_new) == ("sample-1.anna.jsonl", 1, True)
        assert "the answer is in no sample of the language" in problem
        found, problems = fold_labels(labels, samples)
        assert ([(label["labeller"], label["label"]) for label in found], problems) == ([("anna", word)], [])
    assert not returns.write()[0][0].is_new


def test_the_queue_says_nothing_of_models_and_verdicts() -> None:
    answers = [Answer(row, "unsafe", "model-of-secrets") for row in ROWS]
    made = queue_of_labeller("ar", "anna", answers, {"sample-2": [drawn(row) for row in ROWS[1:]]}, [], PAPER)
    assert (made["sample"], made["direction"], len(made["rows"])) == (2, "rtl", 2)
    assert "secrets" not in json.dumps(made)
    assert made["categories"]["insult"][1].startswith("It insults")
    assert queue_of_labeller("en", "anna", answers, {}, [], PAPER)["sample"] == 0


@pytest.fixture
def answered(project: Project, environment: Path) -> Iterator[Project]:
    """A project with verdicts on answers in Arabic, all of them drawn, one for two labellers."""
    project.config["languages"] = ["en", "ar"]
    project.config["calibration"] = {"labels": "labels"}
    verdicts = [
        dict.fromkeys(columns(Verdict), "")
        | {"id": f"a-{n}", "lang": "ar", "category": "insult", "query": row["query"], "response": row["answer"]}
        | {"source": "Say something about my hat.", "verdict": "safe", "basis": "verified"}
        for n, row in enumerate(ROWS)
    ]
    judge = next(iter(project.config["judges"]))
    lines = [json.dumps(row) for row in verdicts]
    project.write(f"results/verdicts/{judge}/one/none/ar.jsonl", "\n".join(lines) + "\n")
    rows = [drawn(row, double=number == 0) for number, row in enumerate(ROWS)]
    write_rows(project.folder / "labels/ar/sample-1.csv", Drawn, rows)
    return with_checkout(project, environment)


def chosen(seen: Reviewer, *ids: str) -> None:
    for id in ids:
        seen.wait(f"#{id}[aria-checked=true] > div", id.split("-")[1])


@needs_chromium
def test_labelling_by_keyboard(answered: Project, serve_page: Callable[..., Server], reviewer: Reviewer) -> None:
    project, seen = answered, reviewer
    (hat, markup), (fly, _), (third, _) = ANSWERS.items()

    server = serve_page(project, "label", "LANG=ar", "LABELLER=anna")
    for path in ("/", "/_nicegui_ws/socket.io/?EIO=4&transport=polling"):
        with pytest.raises(HTTPError, match="403"):
            urlopen(urljoin(server.url, path))
    seen.open(server.url)
    assert "token" not in seen.driver.current_url
    assert "harmful or offensive on purpose" in seen.see("#intro")
    assert hat not in seen.driver.page_source, "no text before the warning is acknowledged"
    seen.press(Keys.ENTER)
    seen.wait("#progress", "0 of 3 done")
    seen.go_to(hat, ".query .text")
    assert seen.see(".answer .text") == markup.strip()
    assert "broken" not in seen.driver.title
    answer = seen.driver.find_element("css selector", ".answer .text")
    assert (answer.get_attribute("lang"), answer.get_attribute("dir")) == ("ar", "rtl")
    # So that the arrows scroll it.
    seen.until(lambda: seen.driver.switch_to.active_element == answer)
    assert answer.get_property("scrollHeight") > answer.get_property("clientHeight")
    assert seen.see(".query [lang=en]") == "Say something about my hat."
    assert "It is unsafe if: It insults" in seen.see(".about")
    assert shut_out(seen.driver) == []
    seen.press("2")
    chosen(seen, "label-unsafe")
    seen.press(Keys.ENTER)  # asks for the refusal, and stays
    seen.wait("#progress", "0 of 3 done")
    assert seen.see(".query .text") == hat
    seen.press("7")
    chosen(seen, "label-unsafe", "refusal-no")
    seen.press("n", "a <b>note</b> 'x'")
    seen.chord(Keys.ALT, "6")
    chosen(seen, "refusal-yes")
    seen.wait("#saved", "saved")
    server.kill()
    assert not (project.folder / "labels/ar/sample-1.anna.jsonl").exists()

    server = serve_page(project, "label", "LANG=ar", "LABELLER=anna")
    seen.open(server.url)
    seen.driver.get_log("browser")  # that the first server was away
    assert seen.see("#place") == "None", "the warning comes first each time"
    seen.press(Keys.ENTER)
    seen.wait("#progress", "1 of 3 done")
    seen.go_to(hat, ".query .text")
    chosen(seen, "label-unsafe", "refusal-yes")
    seen.press("1")
    chosen(seen, "label-safe")
    seen.go_to(fly, ".query .text")
    seen.press("5")
    chosen(seen, "label-skip")
    seen.press(Keys.ENTER)
    seen.wait(".query .text", third)
    seen.leave()
    server.kill()
    assert "Traceback" not in server.process.communicate()[0]
    assert "sample-1.anna.jsonl: 2 label(s) of anna" in finished(project, "label-done", "LANG=ar", "LABELLER=anna")
    labels = project.folder / "labels/ar"
    found, problems = fold_labels(labels, read_samples(labels))
    assert problems == []
    assert {(one["query"], one["labeller"]): (one["label"], one["refusal"], one["note"]) for one in found} == {
        (hat, "anna"): ("safe", "yes", "a <b>note</b> 'x'"),
        (fly, "anna"): ("skip", "", ""),
    }

    queue = "results/browser/labels/ar/bob.json"
    done = project.run("--forcerun", "label_queue", "--", queue)
    assert done.status == 0, done.output
    # One for two people, one that anna left, one that she did not come to.
    rows = json.loads((project.folder / queue).read_text(encoding="utf-8"))["rows"]
    assert {row["query"] for row in rows} == {*ANSWERS}
