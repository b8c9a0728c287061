"""Writes docs/questions.md, docs/explore.png and docs/report.png: what the demo answers, in a fresh clone.

    .venv/bin/python docs/walk_questions.py

Needs chromium, chromedriver, .venv-review. Takes the answers of this checkout's journal, where there is one.
"""

import shutil
from typing import Any
from urllib.parse import urlsplit

from selenium.webdriver.common.by import By
from walk import QUIET, ROOT, Walk, fresh_clone
from walk_labels import chromium

from tests.browser.helpers import Reviewer, make, started
from tests.servers.loopback import loopback

INTRO = """\
# Questions of a researcher, each with its one command or click

What the demo answered in a fresh clone; `docs/walk_questions.py` asked, and asks again. Its models are toys, its
translations drafts, its labels synthetic: no number here says anything of a real model. What stands in a file is there
after `snakemake`; the addresses begin where `make explore` serves (`http://127.0.0.1:8642`, after the first visit with
its token).
"""
SEED = "insult-001"
VERDICTS = """
const [head, ...rows] = [...document.querySelectorAll("tr")].map(row => [...row.children]);
return head.slice(1).map((model, at) => model.textContent + ": " + rows.map(
    row => row[0].firstChild.textContent.trim() + " " + (row[at + 1].querySelector(".chip")?.textContent ?? "-")
).join(", ")).join("\\n");
"""


class Explored:
    """The page of `make explore`, in the browser."""

    def __init__(self, walk: Walk, seen: Reviewer) -> None:
        self.walk, self.driver = walk, seen.driver
        self.server = started(make(walk, "explore"))  # type: ignore[arg-type]  # of a project, only its folder counts
        self.driver.get(self.server.url)

    def open(self, address: str) -> None:
        parts = urlsplit(self.server.url)
        self.driver.get(f"{parts.scheme}://{parts.netloc}{address}")

    def text(self, selector: str) -> str:
        """What the first such element says; of a table, its verdicts by column."""
        if selector == "table":
            return str(self.driver.execute_script(VERDICTS))
        return " ".join(self.driver.find_element(By.CSS_SELECTOR, selector).text.split())

    def look(self, address: str, *selectors: str) -> None:
        """Opens an address and puts on the page what it shows there."""
        self.open(address)
        said = "\n".join(self.text(selector) for selector in selectors)
        self.walk.say(f"`make explore`, `{address}`:\n\n```text\n{said}\n```")

    def picture(self, name: str) -> None:
        self.driver.save_screenshot(str(ROOT / "docs" / name))


def ask_the_report(walk: Walk, seen: Reviewer) -> None:
    walk.say("## Which model is how safe, in which language, and how sure is that?")
    walk.run(QUIET, silent=True)
    seen.driver.get((walk.folder / "results/report.html").as_uri())
    seen.driver.save_screenshot(str(ROOT / "docs" / "report.png"))
    found = [
        " ".join(item.text.replace("(see its note)", "").split()).replace(" :", ":")
        for item in seen.driver.find_elements(By.CSS_SELECTOR, ".answers li")
    ]
    lines = "\n".join(f"> - {sentence}" for sentence in found)
    walk.say(f"`results/report.html` opens with it; the table below has each language, with its interval.\n\n{lines}")


def ask_for_rows(walk: Walk, seen: Reviewer) -> None:
    page = Explored(walk, seen)
    walk.say("## Which answers in Arabic were unsafe, and why does the judge say so?")
    walk.say(
        "A click on a number in the report's table leads to its rows. The lexicon's reason is that an answer does not"
        " refuse; what a judge that is asked said stands below each answer."
    )
    page.look("/?lang=ar&verdict=unsafe", ".found", "article h2", "article .facts")
    page.picture("explore.png")
    walk.say("## What does each model answer to one query, in each language?")
    page.look(f"/beside?seed={SEED}&prompting=none", "h2", "table")
    page.server.stop()


def ask_the_tables(walk: Walk) -> None:
    tables = "results/tables/lexicon"
    walk.say("## Is the difference to English real?")
    walk.say("`p_adjusted`, by Holm, says so; `*` in the report's table and below.")
    walk.run(f"grep -E '^(judge|lexicon,english,demo-a,none,(zh|bn),en,without_c.*,unsafe)' {tables}/comparisons.csv")
    walk.say("## How good is the judge in my language?")
    walk.run("grep -E '^(judge|lexicon,(fr|zh),All)' results/calibration/lexicon.csv | cut -d, -f2,6,9-11,15,22,25,37-")
    walk.say("## How many rows show three points, and what would labels buy?")
    walk.run("snakemake plan --quiet all | tail -n 16")
    walk.say(
        "A thousand seeds show 3.2 points from 10%: [statistics.md](statistics.md#what-a-number-of-seeds-can-show)."
    )
    walk.say("## The figure for my paper as PDF, the table as LaTeX?")
    walk.run(f"ls results/charts/languages.*.pdf; head -n 6 {tables}/unsafe_rate.tex")


def ask_two_judges(walk: Walk, seen: Reviewer, judge: str) -> None:
    walk.say("## Where do judges differ?")
    walk.say("The demo has one, so another one comes: on the same machine, and it reads nothing.")
    walk.edit("config.yaml", "  choices:\n    engine: choice\n", f"  choices:\n    engine: choice\n{judge}")
    walk.run(QUIET, silent=True)
    page = Explored(walk, seen)
    page.look("/?differ=yes", ".found", "article h2", "article .facts")
    page.server.stop()
    walk.run("grep -E '^(lang|ar|zh)' results/tables/judge_pairs.csv")


def ask_after_a_change(walk: Walk) -> None:
    walk.say("## What changed since last week?")
    walk.say("Last week the verdicts were given a name, under which the journal keeps them, without a text:")
    walk.run("snakemake tag --quiet all --config tag=last-week")
    walk.say("Since then, the other judge has a new version:")
    walk.edit("config.yaml", "model: blind-1", "model: blind-2")
    walk.run(QUIET, silent=True)
    shown = "grep -E '^(judge|blind *demo-a *none *(ar|bn)|[0-9]+ v)'"
    said = walk.run(f"snakemake compare --quiet all --config with=last-week | {shown}")
    assert not said.splitlines()[-1].startswith("0 verdict"), said
    walk.say(
        "With `with: last-week` in `config.yaml`, the report says it of the first judge. A copy of an older results"
        " folder does as well: `with: FOLDER`."
    )
    walk.say("## Who verified this translation?")
    walk.fill("ar", "round-1.anna.xlsx", 4)
    walk.run("snakemake results/review/ar/ledger.jsonl --cores 2 --quiet all", silent=True)
    walk.run(f"""grep '"id":"{SEED}"' results/review/ar/ledger.jsonl""")


def versions(body: dict[str, Any]) -> str:
    """A judge that reads nothing: of five answers its first version calls one unsafe, its second two."""
    return "No" if sum(body["messages"][-1]["content"].encode()) % 5 < int(body["model"][-1]) else "Yes"


def ask_what_to_share(walk: Walk) -> None:
    walk.say("## What may I share?")
    walk.say("With this, report and the file of `make explore` hold no query and no answer:")
    walk.edit("config.yaml", "#  redact: true", "  redact: true")
    walk.run("snakemake all explore --cores 2 --quiet all", silent=True)
    walk.run("grep -ac 'forgot my birthday' results/report.html results/explore.sqlite || true")


def main() -> None:
    with fresh_clone() as clone, loopback() as server, chromium() as seen:
        server.reply = versions
        walk = Walk(clone, INTRO)
        if (journal := ROOT / "journal").exists():
            shutil.copytree(journal, clone / "journal")
        ask_the_report(walk, seen)
        ask_for_rows(walk, seen)
        ask_the_tables(walk)
        ask_two_judges(walk, seen, f"  blind: {{engine: openai, model: blind-1, base_url: '{server.url}/v1'}}\n")
        ask_after_a_change(walk)
        ask_what_to_share(walk)
        walk.write("questions.md")


if __name__ == "__main__":
    main()
