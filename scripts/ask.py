"""Asks one model all that its journal lacks, over all promptings and languages, in one process."""

from pathlib import Path

from xsafety.asking import ask, model_requests
from xsafety.cli import parser, run, say
from xsafety.engines.start import pin, start
from xsafety.prompting import Prompting
from xsafety.tabular import read_jsonl, write_json


def main() -> None:
    arguments = parser(
        __doc__, paths="queries journal receipt", objects="identity connection promptings attempt threads"
    )
    arguments.add_argument("--languages", nargs="*", required=True)
    args = arguments.parse_args()
    identity = pin(args.identity, args.connection)
    requests = []
    for lang in args.languages:
        queries = list(read_jsonl(Path(args.queries, f"{lang}.jsonl")))
        for name, prompting in args.promptings.items():
            requests += model_requests(identity, Prompting(**prompting), f"{name}/{lang}", queries)
    receipt = ask(requests, args.journal, start(identity, args.connection, args.threads), say)
    write_json(args.receipt, receipt | {"attempt": args.attempt, "identity": identity})


if __name__ == "__main__":
    run(main)
