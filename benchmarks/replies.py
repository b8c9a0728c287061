"""What it costs to read replies: the table of outcomes, the split of reasoning and the checks, beside the whole engine.

Three replies are read many times, in turns with a parser of JSON that takes their text and asks nothing: a short one,
one of 4 kB, and one with 4 kB of reasoning before it, by an engine that looks for a key. The difference is set
against the CPU time that the engine takes for a request with such a reply in all (api.py). Medians over rounds.
"""

import argparse
import asyncio
import json
import os
import random
import statistics
import string
import sys
import time
from collections.abc import Callable

from benchmarks.api import measure
from benchmarks.server import ANSWER, reply
from xsafety.asking.engines.openai import endpoint
from xsafety.config.models import OpenAI

KEY = "BENCHMARK_API_KEY"
MODEL = OpenAI(engine="openai", model="m", base_url="http://127.0.0.1:9/v1", api_key_env=KEY)
LONG = "Plants take in water through their roots, and light by their leaves. " * 60


ANSWERS = {"short": ANSWER, "4 kB": LONG, "4 kB of reasoning": f"<think>\n{LONG}\n</think>\n\nBy light."}


def plain(text: str) -> str:
    """The text of an answer, and nothing asked."""
    return str(json.loads(text)["choices"][0]["message"]["content"])


def seconds(read: Callable[[str], object], text: str, times: int) -> float:
    """CPU seconds of one reading."""
    began = time.process_time()
    for _ in range(times):
        read(text)
    return (time.process_time() - began) / times


async def compared(rounds: int, times: int) -> dict[str, tuple[float, float]]:
    """Seconds for each reply, as the engine reads it and plainly, in turns."""
    async with endpoint(MODEL.identity(), MODEL.connection(), withdraw=lambda request: None) as call:
        ours: Callable[[str], object] = lambda text: call.read(200, text)  # noqa: E731
        found = {}
        for name, text in ANSWERS.items():
            text = reply(text)
            pairs = [(seconds(ours, text, times), seconds(plain, text, times)) for _ in range(rounds)]
            found[name] = (statistics.median(a for a, _ in pairs), statistics.median(b for _, b in pairs))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--times", type=int, default=2000)
    parser.add_argument("--rows", type=int, default=2000)
    args = parser.parse_args()
    os.environ[KEY] = "sk-proj-" + "".join(random.Random(1).choices(string.ascii_letters + string.digits, k=48))
    found = asyncio.run(compared(args.rounds, args.times))
    print("| reply | read, us | plainly, us | request, us | more, of a request |\n| --- | --- | --- | --- | --- |")
    for name, (ours, least) in found.items():
        runs = [
            measure(
                "xsafety",
                sys.executable,
                args.rows,
                64,
                served=["--answer", ANSWERS[name]],
                connection={"api_key_env": KEY},
            ).cpu_per_1000()
            for _ in range(3)
        ]
        whole = statistics.median(runs) / 1000
        print(f"| {name} | {1e6 * ours:.1f} | {1e6 * least:.1f} | {1e6 * whole:,.0f} | {(ours - least) / whole:.1%} |")


if __name__ == "__main__":
    main()
