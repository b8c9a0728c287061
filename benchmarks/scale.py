"""What a build costs from its answers to the report, how that grows with languages and rows, and what planning costs.

Makes synthetic projects in temporary folders: mild seed queries from templates, and "translations" of made-up words
that come along as human ones. Nobody is asked. In a small one the journal holds every answer and every judge's output,
so that the workflow itself files, counts, estimates and reports them; in a large one, the files of responses and
verdicts stand already. Told are

- for each stage its jobs, seconds, CPU seconds, CPU milliseconds for each verdict, and the peak memory of Snakemake and
  of the largest process;
- how soon the report opens in headless Chromium, which must be there, and a search of all rows answers;
- what `snakemake -n` takes for 100 languages, 20 models, 4 prompting methods and 3 judges.

Run it from the root of the project, as a module: .venv/bin/python -m benchmarks.scale
"""

import argparse
import os
import platform
import random
import re
import shutil
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import yaml
from selenium import webdriver

from benchmarks.api import table
from benchmarks.review import LANGUAGES, PEOPLE, ROOT, THINGS, Measured, made_up, measure, seeds
from xsafety.asking.journal import Journal
from xsafety.asking.requests import Request
from xsafety.categories import read_about
from xsafety.config.configuration import Config, read
from xsafety.config.models import OpenAIJudge
from xsafety.explore.selection import PER_PAGE, Selection, every, keys_of
from xsafety.generation.responses import model_requests
from xsafety.judging.verdicts import judge_requests
from xsafety.rows import Query, Response
from xsafety.tabular import read_rows, to_json, write_jsonl

PROMPTINGS = {"none": "", "kind": "Be kind.", "brief": "Be brief.", "both": "Be kind and brief."}
NOWHERE = {"engine": "openai", "base_url": "http://127.0.0.1:9/v1"}
REFUSAL = "I'm sorry, but I cannot help with that."
OUTPUTS = {"Yes, it is safe.": 80, "No. Somebody could be hurt.": 19, "Perhaps.": 1}
REASONS = {"Perhaps.": "the judge's output is no verdict"}
VERDICTS = {"Y": "safe", "N": "unsafe", "P": "invalid"}
OPENED = 5  # times
TIMES = """
const [navigation] = performance.getEntriesByType('navigation');
new PerformanceObserver(list => {
  const [paint] = list.getEntriesByName('first-contentful-paint');
  if (paint) arguments[0]([paint.startTime, navigation.loadEventEnd]);
}).observe({type: 'paint', buffered: true});
"""


@dataclass(frozen=True)
class Project:
    """A synthetic build of so many languages, seeds, models, prompting methods and judges."""

    folder: Path
    languages: int
    seeds: int
    models: int
    promptings: int
    judges: int
    cores: int

    def make(self) -> None:
        """Writes the data set and the configuration."""
        every = seeds()
        rows = (
            {"nr": seed["id"], "lang": lang, "category": seed["category"]}
            | {"text": seed["text"] if lang == "en" else made_up(lang, seed["text"])}
            for seed in every[:: len(every) // self.seeds][: self.seeds]
            for lang in self.langs
        )
        write_jsonl(self.folder / "all.jsonl", rows)
        source = {
            "files": "all.jsonl",
            "id": ["nr", "lang"],
            "group": "nr",
            "text": "text",
            "language": "lang",
            "category": "category",
            "translations": {"status": "human", "by": "nobody"},
            "licence": "CC0-1.0",
        }
        config = {
            "languages": self.langs,
            "dataset": {"made-up": source},
            "translation": {"engine": "none", "memory": "memory"},
            "verification": {"reviews": "reviews", "rounds": 1},
            "promptings": {name: {"text": PROMPTINGS[name]} for name in [*PROMPTINGS][: self.promptings]},
            "models": {f"model-{number}": {**NOWHERE, "model": f"model-{number}"} for number in range(self.models)},
            "judges": {
                **{f"judge-{number}": {**NOWHERE, "model": f"judge-{number}"} for number in range(1, self.judges)},
                "lexicon": {"engine": "lexicon"},
            },
        }
        (self.folder / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")

    @property
    def langs(self) -> Sequence[str]:
        return ["en", *LANGUAGES[: self.languages - 1]]

    @property
    def config(self) -> Config:
        return read([self.folder / "config.yaml"])

    @property
    def cells(self) -> Sequence[str]:
        config = self.config
        return ["/".join(cell) for cell in product(config.models, config.promptings, self.langs)]

    @property
    def verdicts(self) -> int:
        return self.languages * self.seeds * self.models * self.promptings * self.judges

    def run(self, *arguments: str) -> Measured:
        """Runs the workflow, by default to its end."""
        command = ["-m", "snakemake", "-s", str(ROOT / "Snakefile"), "--cores", str(self.cores)]
        found = measure([sys.executable, *command, *arguments], self.folder)
        print(f"{found.seconds:.1f} s, {found.cpu:.1f} CPU s: {' '.join(arguments)[:80]}", file=sys.stderr)
        return found

    def file(self, pattern: str) -> Measured:
        """Runs it to the files that fill a pattern, of every {lang}, {cell} and {judge}."""
        kinds = {"lang": self.langs, "cell": self.cells, "judge": [*self.config.judges]}
        used = {kind: values for kind, values in kinds.items() if f"{{{kind}}}" in pattern}
        return self.run(*(pattern.format(**dict(zip(used, one, strict=True))) for one in product(*used.values())))

    def answer(self, stage: str) -> None:
        """Writes into the journal what all models, or all judges, said."""
        asked = self.config.stages[stage]
        with ProcessPoolExecutor(self.cores) as pool:
            list(pool.map(_of_model if stage == "responses" else _of_judge, [self] * len(asked), asked))


def _of_model(project: Project, name: str) -> None:
    config, categories = project.config, read_about(project.folder / "results/dataset.json").categories
    model = config.models[name]
    for (method, prompting), lang in product(config.promptings.items(), project.langs):
        drawn = random.Random(f"{name} {method} {lang}")
        texts = _texts(lang, drawn)
        queries = read_rows(project.folder / f"results/queries/{lang}.jsonl", Query)
        requests = model_requests(model.identity(), prompting, "", queries, categories)
        _write(
            project.folder / f"journal/responses/{name}/{method}/{lang}.jsonl",
            requests,
            (f"{drawn.choice(texts)} {made_up(lang, request.id)}" for request in requests),
        )


def _texts(lang: str, drawn: random.Random) -> Sequence[str]:
    """Answers in a language, one a refusal; with the row's id behind it, no two are alike."""
    texts = [" ".join(drawn.choices([*THINGS, *PEOPLE], k=drawn.randint(5, 60))) for _ in range(9)]
    return [REFUSAL, *(text if lang == "en" else made_up(lang, text) for text in texts)]


def _of_judge(project: Project, name: str) -> None:
    config, categories = project.config, read_about(project.folder / "results/dataset.json").categories
    judge = config.judges[name]
    assert isinstance(judge, OpenAIJudge)
    for cell in project.cells:
        drawn = random.Random(f"{name} {cell}")
        responses = read_rows(project.folder / f"results/responses/{cell}.jsonl", Response)
        requests = [*judge_requests(judge.identity(), judge.method().described(), "", responses, None, categories)]
        outputs = drawn.choices([*OUTPUTS], [*OUTPUTS.values()], k=len(requests))
        _write(project.folder / f"journal/verdicts/{name}/{cell}.jsonl", requests, outputs)


def _write(file: Path, requests: Iterable[Request], texts: Iterable[str]) -> None:
    with Journal(file) as journal:
        for request, text in zip(requests, texts, strict=True):
            usage = {"input": 100, "output": 100}
            answer = {"text": text, "status": "answered", "finish_reason": "stop", "detail": "", "usage": usage}
            journal.append(request.key, request.id, answer)


def _file(project: Project, model: str) -> None:
    """Writes the files of a model's responses, and of all verdicts on them."""
    judges = [*project.config.judges]
    for method, lang in product(project.config.promptings, project.langs):
        drawn = random.Random(f"{model} {method} {lang}")
        texts, cell = _texts(lang, drawn), f"{model}/{method}/{lang}.jsonl"
        ended = {"sample": 1, "status": "answered", "finish_reason": "stop", "detail": "", "reasoning": ""}
        responses = [
            {**{name: value for name, value in row.items() if name not in ("basis", "rounds")}, **ended}
            | {"response": f"{drawn.choice(texts)} {made_up(lang, row['id'])}", "model": model, "prompting": method}
            for row in read_rows(project.folder / f"results/queries/{lang}.jsonl", Query)
        ]
        _write_rows(project.folder / "results/responses" / cell, responses)
        for judge in judges:
            said = drawn.choices([*OUTPUTS], [*OUTPUTS.values()], k=len(responses))
            _write_rows(
                project.folder / f"results/verdicts/{judge}" / cell,
                (
                    {
                        **row,
                        "judge": judge,
                        "verdict": VERDICTS[output[0]],
                        "reason": REASONS.get(output, ""),
                        "judge_output": output,
                    }
                    | {"refusal": REFUSAL in str(row["response"]), "label": output[:2], "categories": []}
                    for row, output in zip(responses, said, strict=True)
                ),
            )


def _write_rows(file: Path, rows: Iterable[Mapping[str, object]]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    write_jsonl(file, rows)


def build(project: Project, file_all: bool) -> Mapping[str, Measured]:
    """Builds a project stage by stage, as if all had been asked before; `file_all`: from the journal."""
    project.make()
    runs = {"seeds, review status": project.run("results/review_status.csv")}
    runs["queries"] = project.file("results/queries/{lang}.jsonl")
    if file_all:
        project.answer("responses")
        runs["responses"] = project.file("results/responses/{cell}.jsonl")
        project.answer("verdicts")
        runs["verdicts"] = project.file("results/verdicts/{judge}/{cell}.jsonl")
    else:
        with ProcessPoolExecutor(project.cores) as pool:
            list(pool.map(_file, [project] * project.models, project.config.models))
        for stage, folder in (("responses", "models"), ("verdicts", "judges")):
            for name, block in project.config.stages[stage].items():
                receipt = project.folder / f"results/asked/{folder}/{name}.json"
                receipt.parent.mkdir(parents=True, exist_ok=True)
                receipt.write_text(to_json({"rows": 0, "failed": {}, "ended": "", "identity": block.identity()}))
    runs["counts and tables"] = project.file("results/tables/{judge}/unsafe_rate.csv")
    runs["estimates"] = project.file("results/tables/{judge}/rates.csv")
    runs["calibration"] = project.file("results/calibration/{judge}.csv")
    runs["charts"] = project.run("charts")
    runs["report"] = project.file("results/report.html")
    runs["rows to look through"] = project.file("results/explore.sqlite")
    runs["tests of the build, provenance"] = project.run()
    runs["nothing to do"] = project.run()
    runs["snakemake status"] = project.run("status")
    return runs


def show(project: Project, runs: Mapping[str, Measured]) -> None:
    print(
        f"{project.languages} languages x {project.seeds:,} seeds x {project.models} models x {project.promptings} "
        f"prompting methods x {project.judges} judges: {project.verdicts:,} verdicts, {project.cores} cores.\n"
    )
    table(
        "stage | jobs | seconds | CPU s | CPU ms a verdict | peak MiB of Snakemake | of the largest process",
        (
            f"{name} | {_jobs(run)} | {run.seconds:.1f} | {run.cpu:.1f} | {1000 * run.cpu / project.verdicts:.2f} | "
            f"{run.own_peak:.0f} | {run.peak:.0f}"
            for name, run in runs.items()
        ),
    )


def _jobs(run: Measured) -> str:
    found = re.findall(r"(\d+) of \1 jobs done", run.output)
    return found[-1] if found else ""


def opened(page: Path) -> str:
    """When a page is painted first in headless Chromium, and when it is loaded: seconds from the navigation on."""
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or ""
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    with webdriver.Chrome(options, webdriver.ChromeService(shutil.which("chromedriver"))) as browser:
        found = []
        for _ in range(OPENED):
            browser.get("about:blank")
            browser.get(page.as_uri())
            found.append(browser.execute_async_script(TIMES))
    paint, load = (statistics.median(times) / 1000 for times in zip(*found, strict=True))
    return f"painted after {paint:.2f} s, loaded after {load:.2f} s"


def search(project: Project) -> None:
    """Times the opening of the report, and searches of the file of all rows."""
    file, page = project.folder / "results/explore.sqlite", project.folder / "results/report.html"
    print(f"report.html {page.stat().st_size / 1e6:.2f} MB, {opened(page)};", end=" ")
    print(f"explore.sqlite {file.stat().st_size >> 20} MiB\n")
    lang, word = project.langs[1], made_up(project.langs[1], "kettle")
    selections: Sequence[Mapping[str, str]] = (
        {},
        {"verdict": "unsafe", "judge": "judge-1", "lang": lang},
        {"verdict": "unsafe", "differ": "yes"},
        {"words": word},
        {"words": word, "lang": lang, "verdict": "safe"},
    )
    lines = []
    with closing(sqlite3.connect(file)) as store:
        store.row_factory = sqlite3.Row
        for named in selections:
            start = time.perf_counter()
            found = keys_of(store, Selection.of(named))
            list(every(store, found[-PER_PAGE:]))
            took = 1000 * (time.perf_counter() - start)
            lines.append(f"{', '.join(named) or 'all'} | {len(found):,} | {took:.0f}")
    table("searched by | rows found | ms", lines)


def plan(project: Project) -> None:
    """Plans a large build of which only the queries are there."""
    project.make()
    project.run("results/review_status.csv")
    run = project.run("--dry-run")
    jobs = max(map(int, re.findall(r"^total\s+(\d+)", run.output, re.MULTILINE)), default=0)
    status = project.run("status")
    print(
        f"{project.languages} languages x {project.models} models x {project.promptings} prompting methods x "
        f"{project.judges} judges.\n"
    )
    table(
        "command | jobs | seconds | CPU s | peak MiB",
        (
            f"snakemake -n | {jobs:,} | {run.seconds:.1f} | {run.cpu:.1f} | {run.peak:.0f}",
            f"snakemake status | | {status.seconds:.1f} | {status.cpu:.1f} | {status.peak:.0f}",
        ),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", nargs="*", default=["10x70", "100x70"], help="languages x seeds, from answers on")
    parser.add_argument(
        "--large", nargs="*", default=["10x2800", "100x280"], help="languages x seeds, from verdicts on"
    )
    parser.add_argument("--models", type=int, nargs=2, default=[2, 10], help="of those, and of these")
    parser.add_argument("--promptings", type=int, default=1)
    parser.add_argument("--judges", type=int, default=4)
    parser.add_argument("--plan", type=int, nargs=3, default=[100, 20, 3], help="languages, models, judges; 0: none")
    parser.add_argument("--cores", type=int, default=2)
    args = parser.parse_args()
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores\n")
    for sizes, models, file_all in ((args.sizes, args.models[0], True), (args.large, args.models[1], False)):
        for size in sizes:
            languages, number = map(int, size.split("x"))
            with tempfile.TemporaryDirectory() as folder:
                project = Project(Path(folder), languages, number, models, args.promptings, args.judges, args.cores)
                print(f"{size}: {project.verdicts:,} verdicts", file=sys.stderr)
                show(project, build(project, file_all))
                search(project)
    if all(args.plan):
        with tempfile.TemporaryDirectory() as folder:
            languages, models, judges = args.plan
            plan(Project(Path(folder), languages, 14, models, len(PROMPTINGS), judges, args.cores))


if __name__ == "__main__":
    main()
