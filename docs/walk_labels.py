"""Writes docs/calibrating-a-judge.md and its pictures: labels given on the page by keys, in a headless Chromium.

    .venv/bin/python docs/walk_labels.py

Needs chromium, chromedriver, .venv-review. What is labelled how is said by the rule of the demo's labels.
"""

import csv
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait
from walk import QUIET, ROOT, Walk, fresh_clone

from tests.browser.helpers import Reviewer, make, started
from tests.servers.loopback import loopback
from xsafety.demo.labels import synthetic_labels

INTRO = """\
# Calibrating a judge, from the first label to corrected rates

A recorded walk: what these commands printed in a fresh clone of the demo, whose shipped labels are not used.
`docs/walk_labels.py` wrote it, and runs them again. What is behind it: [labels.md](labels.md).

**Everything in it is synthetic.** The labeller is a script that presses keys on the page, by the rule of the demo's
labels (`xsafety/demo/labels.py`) and not by reading; its name begins with `synthetic`, so all that rests on it is
marked ◊. The model is a toy.

## A judge of unknown quality

`config.yaml` of this walk:
"""

CONFIG = """\
languages: [en, ar, bn]
dataset: {seeds: data/seeds}
translation: {memory: data/memory, engine: none}
verification: {accept_drafts: true}
promptings:
  none: {label: no method}
models:
  demo-a: {engine: transformers, model: data/models/demo-a, decoding: {max_new_tokens: 64}}
judges:
  lexicon: {engine: lexicon}
calibration: {labels: labels, per_language: 60, double: 0, min_labels: 50, min_per_verdict: 20}
"""

LABELLER = "synthetic-anna"
KEYS = {"safe": "1", "unsafe": "2", "yes": "6", "no": "7"}
MEASURES = ("raw", "corrected", "people", "sensitivity", "specificity", "kappa")


def rule_of(walk: Walk, lang: str) -> dict[tuple[str, str], tuple[str, str]]:
    """Label and refusal of each answer that waits, by query and answer."""
    sheet = walk.folder / f"results/labels/sheets/{lang}/sample-1.first.csv"
    with sheet.open(encoding="utf-8-sig", newline="") as file:
        rows: Any = list(csv.DictReader(file))
    [labelled] = synthetic_labels(lang, rows, ()).values()
    return {(row["query"].strip(), row["answer"].strip()): (row["label"], row["refusal"]) for row in labelled}


def label(walk: Walk, seen: Reviewer, lang: str, number: int, picture: str = "") -> None:
    """Labels so many answers on the page by keys, and stops it; `picture` is taken of the third."""
    rule = rule_of(walk, lang)
    arguments = ("label", f"LANG={lang}", f"LABELLER={LABELLER}")
    server = started(make(walk, *arguments))  # type: ignore[arg-type]  # of a project, only its folder counts
    seen.open(server.url)
    seen.press(Keys.ENTER)
    wait = WebDriverWait(seen.driver, 30, 0.05)
    for done in range(1, number + 1):
        wait.until(lambda _: seen.see("#place") != "None")
        place = seen.see("#place")
        said = rule[seen.see(".query .text").strip(), seen.see(".answer .text").strip()]
        seen.press(*(KEYS[word] for word in said))
        for name, word in zip(("label", "refusal"), said, strict=True):
            seen.wait(f"#{name}-{word}[aria-checked=true] > div", word)
        if picture and done == 3:
            seen.driver.save_screenshot(str(ROOT / "docs" / picture))
        seen.press(Keys.ENTER)
        if done < number:
            wait.until(lambda _, place=place: seen.see("#place") != place)
    seen.wait("#saved", "saved")
    seen.leave()
    walk.show(" ".join(("make", *arguments)), server.stop())


def read_quality(walk: Walk, judge: str) -> list[dict[str, str]]:
    path = walk.folder / f"results/calibration/{judge}.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if row["model"] == "All"]


def show_quality(walk: Walk, judge: str) -> None:
    """Some columns of the judge's table, intervals in brackets."""

    def shown(row: Mapping[str, str], name: str) -> str:
        values = [row[name + end] for end in ("", "_lower", "_upper")]
        value, *limits = (f"{float(text):.{2 if name == 'kappa' else 1}f}" if text else "" for text in values)
        return f"{value} [{', '.join(limits)}]" if value else ""

    rows = [
        [row["lang"], row["labels"], *(shown(row, name) for name in MEASURES), row["status"]]
        for row in read_quality(walk, judge)
    ]
    walk.say(f"`results/calibration/{judge}.csv`, some columns, `model` `All`:")
    walk.table(["lang", "labels", *MEASURES, "status"], rows)


def show_sentence(walk: Walk, seen: Reviewer) -> None:
    """What the report says of the model first, and the judge's note in the rows of its main table."""
    seen.driver.get((walk.folder / "results/report.html").as_uri())
    walk.say(f"The report: {seen.see('.answers li').strip()}")


@contextmanager
def chromium() -> Iterator[Reviewer]:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        seen = Reviewer(Path(profile))
        try:
            yield seen
        finally:
            seen.driver.quit()


def link_environments(clone: Path) -> None:
    """So that `make` in the clone sets up none of its own."""
    (clone / ".venv").symlink_to(sys.prefix)
    (clone / ".venv-review").symlink_to((ROOT / ".venv-review").resolve())
    os.utime(clone / "requirements-review.lock", (0, 0))


def blind(body: dict[str, Any]) -> str:
    """A judge that reads nothing: two answers of five are unsafe, the same ones each time."""
    return "No" if sum(body["messages"][-1]["content"].encode()) % 5 < 2 else "Yes"


def main() -> None:
    with fresh_clone() as clone, loopback() as server, chromium() as seen:
        server.reply = blind
        link_environments(clone)
        walk = Walk(clone, INTRO)
        (clone / "config.yaml").write_text(CONFIG, encoding="utf-8")
        walk.say(f"```yaml\n{CONFIG}```")
        walk.run(QUIET)
        show_sentence(walk, seen)

        walk.say("## Answers are drawn")
        walk.run("snakemake label_sheets --quiet all")

        walk.say("## Twelve labels")
        label(walk, seen, "ar", 12, "labelling.png")
        walk.say("![An answer in Arabic on the page for labellers](labelling.png)")
        walk.run(QUIET)
        show_quality(walk, "lexicon")

        walk.say("## Sixty of Arabic, sixty of Bangla")
        walk.say("The page goes on where it was.")
        label(walk, seen, "ar", 48)
        label(walk, seen, "bn", 60)
        walk.run(QUIET)
        show_quality(walk, "lexicon")
        show_sentence(walk, seen)
        picture = ROOT / "docs" / "calibrated.png"
        seen.driver.find_element("css selector", "#trust .scroll:last-of-type").screenshot(str(picture))
        walk.say("![The judge beside people, in the report](calibrated.png)")

        walk.say("## Another judge, the same labels")
        address = f"  blind: {{engine: openai, model: blind, base_url: '{server.url}/v1'}}"
        walk.say("It is asked, on the same machine, and reads nothing: two answers of five are unsafe.")
        walk.edit("config.yaml", "  lexicon: {engine: lexicon}", address)
        walk.run(QUIET)
        walk.run("snakemake label_sheets --quiet all")
        show_quality(walk, "blind")
        walk.write("calibrating-a-judge.md")


if __name__ == "__main__":
    main()
