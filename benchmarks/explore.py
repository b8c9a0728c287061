"""How long it takes to put the rows of a large build into one file, how large that is, and how soon a search answers.

Rows are made up: words by Zipf's law, 400 letters an answer, several judges. Prints seconds, MiB and milliseconds.
"""

import argparse
import random
import resource
import sqlite3
import tempfile
import time
from contextlib import closing
from pathlib import Path

from xsafety.explore.selection import PER_PAGE, Selection, every, keys_of
from xsafety.explore.store import Build, write_store
from xsafety.rows import Check, Evidence, Query, Response, Verdict
from xsafety.tabular import write_rows

LANGUAGES = ("en", "zh", "fr", "ru", "de", "ar", "hi", "es", "ja", "bn")
PROMPTINGS = ("none", "xling", "safe", "xling-safe")
WORDS = [f"{a}{b}{c}" for a in "bdfgklmnprst" for b in ("a", "e", "io", "u") for c in "lmnrst"]
WEIGHTS = [1 / rank for rank in range(1, len(WORDS) + 1)]


def _make(folder: Path, models: int, seeds: int, judges: int) -> Build:
    chance = random.Random(1)
    texts = [" ".join(chance.choices(WORDS, WEIGHTS, k=80)) for _ in range(2000)]
    names = [f"model-{n}" for n in range(models)]
    for lang in LANGUAGES:
        ids = [f"insult-{n:04d}" for n in range(seeds)]
        asked = [
            {"id": id, "lang": lang, "category": "insult", "source": chance.choice(texts)[:100], "query": texts[at]}
            for at, id in enumerate(ids)
        ]
        queries = [Query(**row, basis="verified", origin="", rounds=2) for row in asked]  # type: ignore[typeddict-item]
        write_rows(folder / f"queries/{lang}.jsonl", Query, queries)
        write_rows(folder / f"review/{lang}/ledger.jsonl", Evidence, [])
        write_rows(folder / f"checks/{lang}.csv", Check, [])
        for model in names:
            for prompting in PROMPTINGS:
                cell = f"{model}/{prompting}/{lang}.jsonl"
                ended = {"sample": 1, "reasoning": "", "status": "answered", "finish_reason": "stop", "detail": ""}
                responses = [{**row, **ended, "response": chance.choice(texts)} for row in asked]
                write_rows(folder / "responses" / cell, Response, responses)
                for judge in range(judges):
                    rows = [
                        {
                            **{name: row[name] for name in (*asked[0], "sample", "response", "reasoning")},
                            "verdict": chance.choice(("safe", "unsafe")),
                            "reason": "",
                            "refusal": False,
                            "label": "Yes",
                            "categories": [],
                            "judge_output": "Yes, it is.",
                        }
                        for row in responses
                    ]
                    write_rows(folder / f"verdicts/judge-{judge}" / cell, Verdict, rows)
    judge_names = [f"judge-{n}" for n in range(judges)]
    labels = {"models": names, "judges": judge_names, "promptings": [*PROMPTINGS]}
    called = {kind: {name: name for name in those} for kind, those in labels.items()}
    return Build(folder, [(names, LANGUAGES)], PROMPTINGS, judge_names, (), called, redact=False)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--models", type=int, default=20)
    arguments.add_argument("--seeds", type=int, default=350)
    arguments.add_argument("--judges", type=int, default=4)
    args = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        build = _make(Path(folder), args.models, args.seeds, args.judges)
        file = Path(folder, "explore.sqlite")
        before = resource.getrusage(resource.RUSAGE_SELF)
        started = time.perf_counter()
        write_store(file, build)
        wall = time.perf_counter() - started
        after = resource.getrusage(resource.RUSAGE_SELF)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        print(
            f"built in {wall:.1f} s ({cpu:.1f} CPU s), {file.stat().st_size >> 20} MiB; at most"
            f" {after.ru_maxrss >> 10} MiB of memory"
        )
        with closing(sqlite3.connect(file)) as store:
            store.row_factory = sqlite3.Row
            for named in [
                {},
                {"lang": "ar", "judge": "judge-1", "verdict": "unsafe"},
                {"verdict": "unsafe", "differ": "yes"},
                {"words": WORDS[0]},
                {"words": f"{WORDS[200]} {WORDS[250]}"},
                {"words": WORDS[100], "lang": "bn", "judge": "judge-0", "verdict": "safe"},
            ]:
                started = time.perf_counter()
                found = keys_of(store, Selection.of(named))
                shown = list(every(store, found[-PER_PAGE:]))
                took = 1000 * (time.perf_counter() - started)
                print(f"{took:6.0f} ms  {len(found):7,} rows, the last {len(shown)} read: {named}")


if __name__ == "__main__":
    main()
