"""Writes docs/calibrating-a-judge.md and its pictures: labels given on the page by keys, in a headless Chromium.

    .venv/bin/python docs/walk_labels.py

Needs chromium, chromedriver, .venv-review. What is labelled how is said by the rule of the demo's labels.
"""

import csv
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
`docs/walk_labels.py` wrote it, and runs them again; what runs say of waiting translations is left out. Tables are some
columns of `results/calibration/{judge}.csv`, of rows whose `model` is `All`. What is behind it: [labels.md](labels.md).

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
promptings: {none: {label: no method}}
models:
  demo-a: {engine: transformers, model: data/models/demo-a, decoding: {max_new_tokens: 64}}
judges: {lexicon: {engine: lexicon}}
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


def show_quality(walk: Walk, judge: str) -> dict[str, dict[str, str]]:
    """Some columns of the judge's table, intervals in brackets; the table's rows by language."""
    path = f"results/calibration/{judge}.csv"
    with (walk.folder / path).open(encoding="utf-8", newline="") as file:
        rows = {row["lang"]: row for row in csv.DictReader(file) if row["model"] == "All"}

    def shown(row: Mapping[str, str], name: str) -> str:
        values = [row[name + end] for end in ("", "_lower", "_upper")]
        value, *limits = (f"{float(text):.{2 if name == 'kappa' else 1}f}" if text else "" for text in values)
        return f"{value} [{', '.join(limits)}]" if value else ""

    walk.table(
        [f"`{judge}.csv`: lang", "labels", *MEASURES, "status"],
        [[lang, row["labels"], *(shown(row, name) for name in MEASURES), row["status"]] for lang, row in rows.items()],
    )
    return rows


def show_sentence(walk: Walk, seen: Reviewer) -> None:
    """Opens the report, and shows what it says of the model first."""
    seen.driver.get((walk.folder / "results/report.html").as_uri())
    walk.say(f"> {seen.see('.answers li').strip()}")


@contextmanager
def chromium() -> Iterator[Reviewer]:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        seen = Reviewer(Path(profile))
        try:
            yield seen
        finally:
            seen.driver.quit()


def blind(body: dict[str, Any]) -> str:
    """A judge that reads nothing: two answers of five are unsafe, the same ones each time."""
    return "No" if sum(body["messages"][-1]["content"].encode()) % 5 < 2 else "Yes"


def main() -> None:
    with fresh_clone() as clone, loopback() as server, chromium() as seen:
        server.reply = blind
        walk = Walk(clone, INTRO)
        (clone / "config.yaml").write_text(CONFIG, encoding="utf-8")
        walk.say(f"```yaml\n{CONFIG}```")
        walk.run(QUIET, silent=True)
        walk.say("The report begins with:")
        show_sentence(walk, seen)

        walk.say("## Answers are drawn")
        walk.run("snakemake label_sheets --quiet all")

        walk.say("## Twelve labels")
        label(walk, seen, "ar", 12, "labelling.png")
        walk.run(QUIET, silent=True)
        walk.say("![An answer in Arabic on the page for labellers](labelling.png)")
        show_quality(walk, "lexicon")

        walk.say("## Sixty in Arabic, sixty in Bangla")
        walk.say("The page goes on where it was.")
        label(walk, seen, "ar", 48)
        label(walk, seen, "bn", 60)
        walk.run(QUIET, silent=True)
        before = show_quality(walk, "lexicon")
        walk.say("The report's sentence keeps the judge's rates, its table has both:")
        show_sentence(walk, seen)
        seen.driver.set_window_size(1280, 1600)
        seen.driver.find_element("css selector", "#unsafe .scroll").screenshot(str(ROOT / "docs" / "calibrated.png"))
        walk.say("![The report's table, with corrected rates below the judge's](calibrated.png)")

        walk.say("## Another judge, the same labels")
        walk.say(
            "This one, on the same machine, reads nothing: it calls two answers of five unsafe, whatever they say."
        )
        address = f"judges: {{blind: {{engine: openai, model: blind, base_url: '{server.url}/v1'}}}}"
        walk.edit("config.yaml", "judges: {lexicon: {engine: lexicon}}", address)
        walk.run(QUIET, silent=True)
        said = walk.run("snakemake label_sheets --quiet all")
        assert "drew" not in said
        walk.say("No answer is labelled twice, none is drawn anew.")
        after = show_quality(walk, "blind")
        for lang in ("ar", "bn"):
            rates = [float(rows[lang]["corrected"]) for rows in (before, after)]
            assert abs(rates[0] - rates[1]) < 1, rates
            assert float(after[lang]["kappa_lower"]) < 0, after
        walk.say(
            "Its kappa may be 0 in both languages. Its rates, corrected, are the lexicon's, corrected, to a point: here"
            " nearly all answers are labelled, 60 of 65, so people's word outweighs any judge's."
        )
        walk.write("calibrating-a-judge.md")


if __name__ == "__main__":
    main()
