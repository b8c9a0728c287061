"""Writes docs/adding-a-language.md: what the commands printed, run for it in a fresh clone.

    .venv/bin/python docs/walk.py

`Walk` writes other such pages too: docs/walk_labels.py, docs/walk_questions.py.

The translator is the small server of the tests, on loopback; sheets are filled by `fill`, which says so in every note.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from difflib import unified_diff
from pathlib import Path
from typing import Any

import openpyxl

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.servers.loopback import loopback  # noqa: E402

NOTE = "synthetic: filled by docs/walk.py, nobody has read this"
INTRO = """\
# Adding a language, from its name to its column in the report

A recorded walk: what these commands printed in a fresh clone of the demo. `docs/walk.py` wrote it, and runs them again;
`--quiet all` leaves out the lines in which Snakemake says what it starts.

**Everything in it is synthetic.** The translator is a stand-in on the same machine, which puts `[sw]` before the
English; the reviewers Anna, Ben and Carol are a script, which says so in the note of every row. What real ones do:
[verification.md](verification.md).
"""


class Walk:
    """A clone in which commands run, and the page that tells of them."""

    def __init__(self, folder: Path, intro: str) -> None:
        self.folder = folder
        self.page = [intro]

    def say(self, text: str) -> None:
        self.page.append(f"{text}\n")

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        lines = [columns, ["---"] * len(columns), *rows]
        self.say("\n".join(f"| {' | '.join(line)} |" for line in lines))

    def run(self, command: str, *, silent: bool = False) -> str:
        """Runs a command and puts it on the page with what it printed, which is returned; `silent`: without that."""
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=self.folder,
            env=os.environ | {"PATH": path},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode:
            sys.exit(f"{command}\n{done.stdout}")
        printed = "".join(
            line for line in done.stdout.splitlines(keepends=True) if not line.startswith("Using workflow")
        )
        self.show(command, "" if silent else printed)
        return printed

    def show(self, command: str, printed: str) -> None:
        """A command and what it printed; commands that follow each other stand together."""
        before = self.page.pop().removesuffix("```\n") if self.page[-1].startswith("```console") else "```console\n"
        text = f"$ {command}\n{printed.strip()}".strip()
        self.page.append(f"{before}{text}\n```\n")

    def write(self, name: str) -> None:
        Path(ROOT, "docs", name).write_text("\n".join(self.page), encoding="utf-8")

    def edit(self, path: str, before: str, after: str) -> None:
        """Changes a line of a file, and shows the change as a patch."""
        file = self.folder / path
        text = file.read_text(encoding="utf-8")
        assert text.count(before) == 1, before
        file.write_text(text.replace(before, after), encoding="utf-8")
        lines = [*unified_diff(before.splitlines(), after.splitlines(), lineterm="")][3:]
        self.page.append("```diff\n" + "\n".join(lines) + "\n```\n")

    def fill(self, lang: str, name: str, edits: int) -> None:
        """Returns a sheet: `edits` of its rows, evenly spread, edited, and the others ok."""
        book = openpyxl.load_workbook(self.folder / f"results/sheets/{lang}.xlsx")
        sheet = book["review"]
        columns = {cell.value: cell.column for cell in sheet[1]}
        numbers = range(2, sheet.max_row + 1)
        every = len(numbers) / edits if edits else 0
        edited = {numbers[int(every * number)] for number in range(edits)}
        for number in numbers:
            target = sheet.cell(number, columns["target"])
            sheet.cell(number, columns["verdict"]).value = "edited" if number in edited else "ok"
            sheet.cell(number, columns["note"]).value = NOTE
            if number in edited:
                target.value = f"{target.value} (edited by a script)"
                # That word lets a text pass that is not in the language of the sheet.
                sheet.cell(number, columns["note"]).value = f"{NOTE}; its language stays English"
        returned = self.folder / f"data/reviews/{lang}/{name}"
        returned.parent.mkdir(parents=True, exist_ok=True)
        book.save(returned)
        self.say(f"(`fill` returned {len(numbers)} rows, {edits} of them edited, as `data/reviews/{lang}/{name}`.)")


def at_random(body: dict[str, Any]) -> str:
    """A judge that reads nothing: every tenth answer or so is unsafe, the same ones each time."""
    return "No" if sum(body["messages"][-1]["content"].encode()) % 10 == 0 else "Yes"


@contextmanager
def fresh_clone() -> Iterator[Path]:
    """A clone with this checkout's environments, so that `make` sets up none."""
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder, "xsafety")
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        (clone / ".venv").symlink_to(sys.prefix)
        (clone / ".venv-review").symlink_to((ROOT / ".venv-review").resolve())
        os.utime(clone / "requirements-review.lock", (0, 0))
        yield clone


QUIET = "snakemake --cores 2 --quiet all"


def main() -> None:
    with fresh_clone() as clone, loopback() as server:
        server.reply = at_random
        walk = Walk(clone, INTRO)
        walk.say("## Before: English alone is evaluated")
        walk.say("Only what people verified counts here:")
        walk.edit("config.yaml", "  accept_drafts: true # evaluate", "  accept_drafts: false # evaluate")
        walk.say(
            "The lexicon judge knows no Swahili, so another one comes first: it answers at random, on the same machine."
        )
        judge = f"  stand-in:\n    engine: openai\n    model: at-random\n    base_url: {server.url}/v1\n"
        walk.edit("config.yaml", "judges:\n  lexicon:\n", f"judges:\n{judge}  lexicon:\n")
        walk.run(QUIET)

        walk.say("## A word, and a translator")
        before = "languages: [en, zh, fr, ru, de, ar, hi, es, ja, bn]"
        walk.edit("config.yaml", before, before.replace("]", ", sw]"))
        address = f"  engine: libretranslate\n  base_url: {server.url}"
        walk.edit("config.yaml", "  engine: google\n", f"{address}\n")
        walk.run(QUIET)
        walk.say(f"The translator was asked for {len(server.translations)} texts, all of them into `sw`.")
        assert {target for _, target in server.translations} == {"sw"}
        walk.run("head -n 2 results/drafts/sw.csv")
        walk.run("snakemake freeze --quiet all")
        walk.run("snakemake status --quiet all")

        walk.say("## Round 1: Anna")
        walk.fill("sw", "round-1.anna.xlsx", 11)
        walk.run(QUIET)

        walk.say("## Round 2: Ben, who sees Anna's text")
        walk.fill("sw", "round-2.ben.xlsx", 2)
        walk.run(QUIET)
        walk.say("Two rounds are done, and the second changed little. What is missing is the spot check.")

        walk.say("## Spot check: Carol, who has not seen these rows")
        walk.fill("sw", "round-3.carol.xlsx", 0)
        walk.run(QUIET)
        walk.run("snakemake status --quiet all")

        walk.say("## What there is now")
        walk.run("grep -E '^(lang|en|sw|de)' results/tables/stand-in/unsafe_rate.csv")
        walk.run("grep -E '^(lang|sw,.*,All,)' results/review/modification_rates.csv")
        walk.run('grep \'"id":"insult-001"\' results/review/sw/ledger.jsonl')
        walk.run("head -n 1 results/queries/sw.jsonl")
        walk.run("snakemake --cores 2 2>&1 | grep 'Nothing to be done'")
        walk.write("adding-a-language.md")


if __name__ == "__main__":
    main()
