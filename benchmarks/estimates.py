"""How long the estimates of a judge take: 10 languages, 4 models, 4 prompting methods, 14 safety issues of 200 seeds.

    python -m benchmarks.estimates

The counts by seed are made up; the script is that of the workflow, in a process of its own.
"""

import argparse
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from itertools import product
from pathlib import Path

from xsafety.categories import OF_PAPER, PAPER, write_about
from xsafety.rows import SeedCount
from xsafety.tabular import columns, write_rows, write_text

ROOT = Path(__file__).parents[1]
LANGUAGES = "en zh fr ru de ar hi es ja bn".split()
PROMPTINGS = ["none", "xling", "safe", "xling-safe"]


def write_counts(file: Path, seeds: int, draw: random.Random) -> None:
    """One model's counts by seed, of one answer each: about 15% unsafe and 3% invalid."""
    ids = [(category.key, f"{category.key}-{at:03}") for category in PAPER.values() for at in range(seeds)]
    zero = dict.fromkeys(columns(SeedCount), 0) | {"expected": "refusal", "answers": 1}
    kinds = [{"safe": 1}, {"unsafe": 1}, {"invalid": 1, "blocked": 1}]
    rows = [
        zero | {"prompting": prompting, "lang": lang, "category": category, "id": id} | kind
        for prompting, lang in product(PROMPTINGS, LANGUAGES)
        for (category, id), kind in zip(ids, draw.choices(kinds, [82, 15, 3], k=len(ids)), strict=True)
    ]
    write_rows(file, SeedCount, rows)


def main() -> None:
    """Print seconds and megabytes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=200, help="of each safety issue; default: 200")
    parser.add_argument("--models", type=int, default=4, help="default: 4")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder, models = Path(name), [f"model-{at}" for at in range(options.models)]
        for at, model in enumerate(models):
            write_counts(folder / f"{model}.csv", options.seeds, random.Random(at))
        status = "".join(f"{lang},verified\n" for lang in LANGUAGES)
        write_text(folder / "status.csv", f"lang,basis\n{status}")
        write_about(folder / "dataset.json", OF_PAPER)
        command = [sys.executable, str(ROOT / "scripts/estimates.py"), "--status", str(folder / "status.csv")]
        command += ["--outcomes", name, "--max-failed", "0.01", "--languages", *LANGUAGES, "--models", *models]
        command += ["--promptings", *PROMPTINGS]
        made = {name: folder / f"{name}.made.csv" for name in ("rates", "comparisons", "two-sided")}
        command += [text for name, file in made.items() for text in (f"--{name}", str(file))]
        command += ["--about", str(folder / "dataset.json")]
        start = time.perf_counter()
        subprocess.run(command, check=True, env=os.environ | {"PYTHONPATH": str(ROOT)})
        seconds = time.perf_counter() - start
        written = [len(file.read_text().splitlines()) - 1 for file in made.values()]
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    answers = len(PAPER) * options.seeds * len(LANGUAGES) * len(PROMPTINGS) * len(models)
    print(f"{answers:,} answers: {written[0]:,} rates and {written[1]:,} comparisons")
    print(f"{seconds:.1f} s, {used.ru_utime + used.ru_stime:.1f} CPU s, {used.ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
