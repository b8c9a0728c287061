"""How fast this project's API engine asks, beside the raw openai client and two evaluation harnesses.

All ask the same loopback server (server.py), which answers after 50 ms, for the same rows at the same concurrency, in
turns: each measurement is a process of its own, each round measures every contender once. Told are

- requests/s: rows over the time from the first call to the last answer, as the server sees them;
- CPU s per 1,000: user and system seconds of the contender's process and its children from the start of its run to
  the end, journal or log included; interpreter start, imports and a run of a few rows before are left out.

Both are medians over the rounds; a ratio is the median over the rounds of the ratio to the raw client's measurement in
the same round. A second table tells how this project's engine keeps to a rate limit that it knows or must learn.
"""

import argparse
import asyncio
import importlib
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any
from urllib.request import urlopen

LATENCY = 0.05
MAX_TOKENS = 128
WARM_UP = 16  # rows
LIMITED = "--requests-per-minute"  # the server's option
LIMIT = 3000  # requests per minute
LIMITED_CONCURRENCY = 256
LIMITED_SECONDS = 40  # that the rows of a limited run take at best
TOPICS = "photosynthesis,tides,bread,glaciers,rainbows,compasses,earthquakes,honey,windmills,the seasons".split(",")
READERS = "a child of eight,a pupil,a gardener,a nurse,a cook,a pilot,a farmer,a judge,a sailor,a poet".split(",")


def prompts(rows: int) -> list[str]:
    """Mild questions of about 100 characters, no two alike."""
    pairs = list(product(TOPICS, READERS))
    return [
        f"Question {row + 1}: explain {topic} to {reader} in two or three plain sentences, with one example."
        for row in range(rows)
        for topic, reader in [pairs[row % len(pairs)]]
    ]


# A contender asks all prompts at the server's address and returns how many it failed to get answered.
Contender = Callable[[str, list[str], int], int]


def raw(url: str, texts: list[str], concurrency: int) -> int:
    """The openai client on its aiohttp transport, answers kept in memory: what the others are compared with."""
    import openai

    async def ask_all() -> int:
        async with openai.AsyncOpenAI(
            api_key="none", base_url=f"{url}/v1", max_retries=0, http_client=openai.DefaultAioHttpClient()
        ) as client:
            queue = iter(texts)
            answers: list[str | None] = []

            async def work() -> None:
                for text in queue:
                    completion = await client.chat.completions.create(
                        model="m",
                        messages=[{"role": "user", "content": text}],
                        temperature=0,
                        max_tokens=MAX_TOKENS,
                    )
                    answers.append(completion.choices[0].message.content)

            async with asyncio.TaskGroup() as group:
                for _ in range(min(concurrency, len(texts))):
                    group.create_task(work())
            return len(texts) - len(answers)

    return asyncio.run(ask_all())


def ours(url: str, texts: list[str], concurrency: int, connection: Mapping[str, Any] | None = None) -> int:
    """This project's engine: every answer in the journal, requests paced by the limiter, failures tried again."""
    from xsafety.asking import ask as asking
    from xsafety.asking import requests as made
    from xsafety.asking.engines.register import open_engine
    from xsafety.asking.journal import journal_file
    from xsafety.config.models import OpenAI
    from xsafety.rows import Identity

    identity: Identity = {"engine": "openai", "model": "m", "decoding": {"temperature": 0, "max_tokens": MAX_TOKENS}}
    model = OpenAI(engine="openai", model="m", base_url=f"{url}/v1", concurrency=concurrency, **(connection or {}))

    def part() -> Iterable[made.Request]:
        for row, text in enumerate(texts):
            yield made.request(identity, f"row-{row}", "plain/en", [{"role": "user", "content": text}])

    with tempfile.TemporaryDirectory() as folder:
        engine = open_engine(identity, model.connection(), Path(folder))
        try:
            asking.ask({"plain/en": part}, Path(folder), engine, lambda line: print(line, file=sys.stderr))
        except made.Fatal as error:  # it gave up: all rows that are not in the journal failed
            print(error, file=sys.stderr)
        with journal_file(Path(folder), "plain/en").open("rb") as journal:
            return len(texts) - sum(1 for _ in journal)


def inspect_ai(url: str, texts: list[str], concurrency: int) -> int:
    """inspect_ai: a task of samples with generate() alone, without scorer, display or cache, logged to a folder."""
    inspect = importlib.import_module("inspect_ai")
    dataset, solver = importlib.import_module("inspect_ai.dataset"), importlib.import_module("inspect_ai.solver")
    task = inspect.Task(dataset=[dataset.Sample(input=text) for text in texts], solver=solver.generate())
    os.environ["LOOPBACK_API_KEY"] = "none"
    with tempfile.TemporaryDirectory() as folder:
        [log] = inspect.eval(
            task,
            model="openai-api/loopback/m",
            model_base_url=f"{url}/v1",
            display="none",
            log_dir=folder,
            score=False,
            max_connections=concurrency,
            max_samples=concurrency,
            max_retries=0,
            cache=False,
            temperature=0,
            max_tokens=MAX_TOKENS,
        )
    return len(texts) - (log.results.completed_samples if log.status == "success" else 0)


def lm_eval(url: str, texts: list[str], concurrency: int) -> int:
    """lm-eval: its model local-chat-completions on prepared instances, answers kept in memory, no cache."""
    models = importlib.import_module("lm_eval.models.openai_completions")
    formatted = importlib.import_module("lm_eval.models.api_models").JsonChatStr
    instance = importlib.import_module("lm_eval.api.instance").Instance
    model = models.LocalChatCompletion(
        model="m", base_url=f"{url}/v1/chat/completions", num_concurrent=concurrency, max_retries=1
    )
    instances = [
        instance(
            request_type="generate_until",
            doc={},
            arguments=(
                formatted(json.dumps([{"role": "user", "content": text}])),
                {"until": [], "max_gen_toks": MAX_TOKENS, "temperature": 0},
            ),
            idx=0,
        )
        for text in texts
    ]
    return len(texts) - sum(map(bool, model.generate_until(instances, disable_tqdm=True)))


NAMELESS = "xsafety, nameless replies"  # from a server that does not repeat the names of requests
CONTENDERS: Mapping[str, Contender] = {
    "raw openai": raw,
    "xsafety": ours,
    NAMELESS: ours,
    "inspect_ai": inspect_ai,
    "lm-eval": lm_eval,
}


def contend(name: str, url: str, rows: int, concurrency: int, connection: Mapping[str, Any], warm_up: int) -> None:
    """One measurement, in a process of its own: prints the failed rows and the CPU seconds as the last line."""
    if warm_up:
        CONTENDERS[name](url, prompts(warm_up), concurrency)
        urlopen(f"{url}/reset").close()
    contender = partial(ours, connection=connection) if CONTENDERS[name] is ours else CONTENDERS[name]
    texts = prompts(rows)
    before = _cpu()
    failed = contender(url, texts, concurrency)
    print(json.dumps({"failed": failed, "cpu": _cpu() - before}))


def _cpu() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


@dataclass(frozen=True)
class Measured:
    """One run: what the server counted and what the contender used."""

    rows: int
    failed: int
    calls: int
    answered: int
    refused: int
    most_in_flight: int
    seconds: float
    cpu: float
    server_cpu: float

    def rate(self) -> float:
        return self.rows / self.seconds

    def cpu_per_1000(self) -> float:
        return 1000 * self.cpu / self.rows


@contextmanager
def server(*options: str) -> Iterator[str]:
    """The address of a loopback server in a process of its own."""
    command = [sys.executable, str(Path(__file__).with_name("server.py")), *options]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.stdin.close()


def measure(
    name: str,
    python: str,
    rows: int,
    concurrency: int,
    *,
    served: Sequence[str] = (),
    connection: Mapping[str, Any] | None = None,
) -> Measured:
    """Runs one contender against a new server; `served` are the server's options, `connection` the engine's."""
    # A warm-up would use up a server's limit.
    order = {
        "name": name,
        "rows": rows,
        "concurrency": concurrency,
        "connection": connection or {},
        "warm_up": 0 if LIMITED in served else WARM_UP,
    }
    nameless = ["--nameless"] if name.startswith(NAMELESS) else []
    with server("--latency", str(LATENCY), *served, *nameless) as url:
        done = subprocess.run(
            [python, __file__, "--contend", json.dumps({**order, "url": url})],
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise SystemExit(f"{name} failed:\n{done.stderr[-3000:]}")
        with urlopen(f"{url}/stats") as counts:
            stats = json.load(counts)
    own = json.loads(done.stdout.splitlines()[-1])
    return Measured(
        rows=rows,
        failed=own["failed"],
        calls=stats["calls"],
        answered=stats["answered"],
        refused=stats["refused"],
        most_in_flight=stats["most_in_flight"],
        seconds=stats["seconds"],
        cpu=own["cpu"],
        server_cpu=stats["cpu"],
    )


def version(python: str, distribution: str) -> str:
    """The version that an interpreter has installed; empty if none."""
    code = f"import importlib.metadata as m; print(m.version({distribution!r}))"
    done = subprocess.run([python, "-c", code], capture_output=True, text=True)
    return done.stdout.strip()


def table(header: str, rows: Iterable[str]) -> None:
    """Prints a markdown table."""
    rule = " | ".join("---" for _ in header.split("|"))
    print("\n".join(f"| {row} |" for row in [header, rule, *rows]), end="\n\n", flush=True)


def throughput(rows: int, rounds: int, concurrency: int, installed: Mapping[str, tuple[str, str]]) -> None:
    """Measures the contenders, `installed` as (interpreter, version), in turns and prints their table."""
    measured: dict[str, list[Measured]] = {name: [] for name in installed}
    for number in range(rounds):
        for name, (python, _) in installed.items():
            print(f"concurrency {concurrency}, round {number + 1} of {rounds}: {name}", file=sys.stderr)
            run = measure(name, python, rows, concurrency)
            if run.failed or run.calls != rows or run.most_in_flight > concurrency:
                raise SystemExit(f"{name} did not ask each of {rows} rows once, {concurrency} at a time: {run}")
            measured[name].append(run)

    def line(name: str) -> str:
        if name not in installed:
            return f"{name} | not installed | | | "
        cells = [f"{name} {installed[name][1]}".strip()]
        for figure, form in ((Measured.rate, ".0f"), (Measured.cpu_per_1000, ".2f")):
            values, base = [figure(run) for run in measured[name]], [figure(run) for run in measured["raw openai"]]
            ratios = [value / of for value, of in zip(values, base, strict=True)]
            cells.append(f"{statistics.median(values):{form}} ({min(values):{form}} to {max(values):{form}})")
            cells.append(f"{statistics.median(ratios):.2f}")
        return " | ".join(cells)

    server_cpu = max(1000 * run.server_cpu / run.calls for runs in measured.values() for run in runs)
    print(
        f"Concurrency {concurrency}: {rows:,} rows, answered after {1000 * LATENCY:.0f} ms, medians of {rounds} rounds "
        f"(lowest to highest). The server used at most {server_cpu:.2f} CPU s per 1,000 requests.\n"
    )
    table("client | requests/s | of raw | CPU s per 1,000 | of raw", map(line, CONTENDERS))


# How the engine comes to know the limit -> options of the server, keys of the connection.
VARIANTS: Mapping[str, tuple[list[str], dict[str, Any]]] = {
    "from the configuration": ([], {"requests_per_minute": float(LIMIT)}),
    "from headers": (["--limit-headers", "--retry-after"], {}),
    "from 429s with Retry-After": (["--retry-after"], {}),
    "from 429s alone": ([], {}),
}


def rate_limit() -> None:
    """Measures how our engine keeps to a limit: the rate it reaches, and what the provider refuses."""
    lines = []
    for capacity, (variant, (options, connection)) in product((50, LIMIT), VARIANTS.items()):
        print(f"limit known {variant}, bucket of {capacity}", file=sys.stderr)
        rows = capacity + LIMIT * LIMITED_SECONDS // 60
        limit = [LIMITED, str(LIMIT), "--capacity", str(capacity), *options]
        run = measure("xsafety", sys.executable, rows, LIMITED_CONCURRENCY, served=limit, connection=connection)
        answered = rows - run.failed
        allowed = capacity + LIMIT / 60 * run.seconds
        lines.append(
            f"{capacity} | {variant} | {rows} | {run.seconds:.1f} | {60 * answered / run.seconds / LIMIT:.0%} | "
            f"{answered / allowed:.0%} | {run.refused / run.calls:.1%} | {run.failed}"
        )
    print(
        f"xsafety at {LIMITED_CONCURRENCY} in flight, a limit of {LIMIT:,} requests per minute kept by a token bucket. "
        "Rows answered, as a share of the limit and of what the bucket allows in that time, full as it is at first.\n"
    )
    table("bucket | limit known | rows | seconds | of limit | of bucket | 429s among calls | failed rows", lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--concurrency", type=int, nargs="+", default=[64, 256])
    parser.add_argument("--harness-python", default=sys.executable, help="interpreter that has inspect_ai and lm-eval")
    parser.add_argument("--only", choices=["throughput", "rate-limit"], help="one of the two; absent: both")
    parser.add_argument("--contend", type=json.loads, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.contend:
        contend(**args.contend)
        return
    own = (sys.executable, "")
    installed = {
        "raw openai": (sys.executable, version(sys.executable, "openai")),
        "xsafety": own,
        NAMELESS: own,
    }
    for harness in ("inspect_ai", "lm-eval"):
        if found := version(args.harness_python, harness):
            installed[harness] = (args.harness_python, found)
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores\n")
    if args.only != "rate-limit":
        for concurrency in args.concurrency:
            throughput(args.rows, args.rounds, concurrency, installed)
    if args.only != "throughput":
        rate_limit()


if __name__ == "__main__":
    main()
