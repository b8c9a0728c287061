"""Asks one judge for all the verdicts that its journal lacks, over all models, promptings and languages."""

from collections.abc import Mapping
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

from xsafety.asking.ask import GIVE_UP_AFTER, ask
from xsafety.asking.engines.start import pin, start
from xsafety.asking.requests import Request
from xsafety.cli import parser, run, say
from xsafety.judging.verdicts import judge_requests, read_english
from xsafety.protocols.protocol import Protocol, load
from xsafety.tabular import read_jsonl, write_json
from xsafety.text.languages import SOURCE_LANGUAGE


def requests(
    identity: Mapping[str, Any], protocol: Protocol, part: str, responses: Path, english: Path | None
) -> list[Request]:
    return judge_requests(identity, protocol, part, read_jsonl(responses), read_english(english))


def main() -> None:
    arguments = parser(
        __doc__, paths="results journal receipt", texts="protocol", objects="identity connection reading cells attempt"
    )
    arguments.add_argument("--promptings", nargs="+", required=True)
    args = arguments.parse_args()
    identity = pin(args.identity, args.connection)
    protocol = load(args.protocol).with_prompt(args.reading["prompt"])
    parts = {}
    cells = [(model, lang) for model, languages in args.cells.items() for lang in languages]
    for (model, lang), prompting in product(cells, args.promptings):
        part = f"{model}/{prompting}/{lang}"
        file = f"{part}.jsonl"
        translated = args.reading["translate_to_english"] and lang != SOURCE_LANGUAGE
        english = args.results / "english" / file if translated else None
        parts[part] = partial(requests, identity, protocol, part, args.results / "responses" / file, english)
    engine = start(identity, args.connection, threads=1, folder=args.journal)
    give_up = 2 * args.connection.get("concurrency", GIVE_UP_AFTER)
    receipt = ask(parts, args.journal, engine, say, args.connection.get("price"), args.journal.name, give_up)
    write_json(args.receipt, receipt | {"attempt": args.attempt, "identity": identity})


if __name__ == "__main__":
    run(main)
