"""What a part of the journal with a million answers of about a kilobyte takes: to look up, file, count and merge.

Makes a synthetic project of one language and model in a temporary folder. Queries and answers are made up; the scripts
are those of the workflow. Nobody is asked, as the journal has every answer. Told are seconds, CPU seconds and peak
memory of each process.

Run it from the root of the project, as a module: .venv/bin/python -m benchmarks.journal
"""

import argparse
import os
import platform
import random
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks.api import table
from benchmarks.review import PEOPLE, ROOT, THINGS, Measured, measure
from benchmarks.scale import Project
from xsafety.asking.journal import Journal
from xsafety.asking.receipt import read_receipt
from xsafety.categories import read_about
from xsafety.config.models import Connection
from xsafety.config.prompting import PromptingMethod
from xsafety.generation.responses import model_requests
from xsafety.rows import Query
from xsafety.tabular import to_json

MODEL, PART, HERE = "model-0", "none/en", "journal/responses/model-0"
WORDS = 150  # of an answer
PRICED = "from pathlib import Path; from xsafety.config.models import Price; price = Price(input=1, output=2); "
SPENT = f"{PRICED}from xsafety.asking.spending import Spending; print(Spending({{Path('journal'): price}}).dollars())"
USED = f"{PRICED}from xsafety.report.usage import usage_rows; " + (
    f"print(*usage_rows(Path('journal'), [('responses', '{MODEL}', 'openai', price)]))"
)


def queries(rows: int) -> Iterator[Query]:
    for row in range(rows):
        text = f"Question {row}: tell {PEOPLE[row % 10]} of a {THINGS[row // 10 % 10]}, and how to be kind to both."
        id = f"row-{row:07}"
        yield Query(
            id=id, lang="en", category="insult", source=text, query=text, basis="source", origin="source", rounds=0
        )


def write(file: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", encoding="utf-8") as out:
        out.writelines(f"{to_json(row)}\n" for row in rows)


def prepare(folder: Path, rows: int) -> None:
    """Writes the queries, the model's answers, in no order, as they come from a provider, and its receipt."""
    project = Project(folder, 1, 14, 1, 1, 1, 1)
    project.make()
    project.run("results/review_status.csv")
    identity, categories = (
        project.config.models[MODEL].identity(),
        read_about(folder / "results/dataset.json").categories,
    )
    write(folder / "results/queries/en.jsonl", queries(rows))
    asked = [
        (request.key, request.id)
        for query in queries(rows)
        for request in model_requests(identity, PromptingMethod(), PART, [query], categories)
    ]
    drawn, words = random.Random(1), " ".join([*THINGS, *PEOPLE]).split()
    drawn.shuffle(asked)
    answer = {"status": "answered", "finish_reason": "stop", "detail": ""}
    usage = {"input_tokens": 60, "cached_input_tokens": 0, "output_tokens": 220, "reasoning_tokens": 0}
    with Journal(folder / HERE / f"{PART}.jsonl") as journal:
        for key, id in asked:
            text = " ".join(drawn.choices(words, k=WORDS))
            journal.append(key, id, answer | {"text": text, "usage": usage}, 0.0005)
    receipt = {"rows": rows, "failed": {}, "ended": "", "attempt": 1, "identity": identity}
    write(folder / f"results/asked/models/{MODEL}.json", [receipt])


def measured(folder: Path, *command: str, **options: str) -> Measured:
    words = [word for name, value in options.items() for word in (f"--{name.replace('_', '-')}", value)]
    found = measure([sys.executable, *command, *words], folder)
    print(f"{found.seconds:.1f} s, {found.own_peak:.0f} MiB: {command[-1][-80:]}", file=sys.stderr)
    return found


def runs(folder: Path) -> Iterator[tuple[str, Measured]]:
    """What each process takes."""
    receipt, method = f"results/asked/models/{MODEL}.json", PromptingMethod().model_dump()
    job = {"about": "results/dataset.json", "journal": HERE}
    asking = {
        "queries": "results/queries",
        "languages": "en",
        "promptings": to_json({"none": method}),
        "identity": to_json(read_receipt(folder / receipt)["identity"]),
        "connection": to_json(Connection(base_url="http://127.0.0.1:9/v1").model_dump()),
        "threads": "1",
        "attempt": "1",
        "receipt": "asked.json",
    }
    filing = {
        "queries": "results/queries/en.jsonl",
        "receipt": receipt,
        "part": PART,
        "model": MODEL,
        "prompting": to_json(method),
        "reasoning": "null",
        "out": f"results/responses/{MODEL}/{PART}.jsonl",
    }
    merging = {"source": "journal", "journal": "other"}
    yield "ask, where nothing is missing", measured(folder, str(ROOT / "scripts/ask.py"), **job, **asking)
    yield "file the responses", measured(folder, str(ROOT / "scripts/responses.py"), **job, **filing)
    yield "what was spent", measured(folder, "-c", SPENT)
    yield "the usage table", measured(folder, "-c", USED)
    yield "merge into an empty journal", measured(folder, "-m", "xsafety.asking.merge", **merging)
    yield "merge once more", measured(folder, "-m", "xsafety.asking.merge", **merging)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    args = parser.parse_args()
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores; a part of {args.rows:,} rows\n")
    with tempfile.TemporaryDirectory() as folder:
        prepare(Path(folder), args.rows)
        table(
            "process | seconds | CPU s | peak MiB",
            (f"{name} | {one.seconds:.1f} | {one.cpu:.1f} | {one.own_peak:.0f}" for name, one in runs(Path(folder))),
        )


if __name__ == "__main__":
    main()
