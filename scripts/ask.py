"""Asks one model all that its journal lacks, over all promptings and languages, in one process."""

from collections.abc import Iterable
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

from xsafety.asking.ask import GIVE_UP_AFTER, ask
from xsafety.asking.engines.start import pin, start
from xsafety.asking.requests import Request
from xsafety.cli import parser, run, say
from xsafety.generation.prompting import Prompting
from xsafety.generation.responses import model_requests
from xsafety.tabular import read_jsonl, write_json


def requests(identity: dict[str, Any], prompting: dict[str, Any], part: str, queries: Path) -> Iterable[Request]:
    return model_requests(identity, Prompting(**prompting), part, read_jsonl(queries))


def main() -> None:
    arguments = parser(
        __doc__, paths="queries journal receipt", objects="identity connection promptings attempt threads"
    )
    arguments.add_argument("--languages", nargs="*", required=True)
    args = arguments.parse_args()
    identity = pin(args.identity, args.connection)
    parts = {
        f"{name}/{lang}": partial(requests, identity, prompting, f"{name}/{lang}", args.queries / f"{lang}.jsonl")
        for lang, (name, prompting) in product(args.languages, args.promptings.items())
    }
    engine = start(identity, args.connection, args.threads, args.journal)
    give_up = 2 * args.connection.get("concurrency", GIVE_UP_AFTER)
    receipt = ask(parts, args.journal, engine, say, args.connection.get("price"), args.journal.name, give_up)
    write_json(args.receipt, receipt | {"attempt": args.attempt, "identity": identity})


if __name__ == "__main__":
    run(main)
