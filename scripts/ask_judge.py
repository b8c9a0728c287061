"""Asks one judge for all the verdicts that its journal lacks, over all models, promptings and languages."""

from functools import partial
from itertools import product
from pathlib import Path

from xsafety.asking.ask import ask
from xsafety.asking.engines.register import open_engine
from xsafety.asking.receipt import file_receipt
from xsafety.asking.requests import Request
from xsafety.asking.servers import settled
from xsafety.cli import call, say
from xsafety.config.models import Connection, JudgingMethod
from xsafety.judging.verdicts import judge_requests, read_english
from xsafety.protocols.protocol import Protocol, load
from xsafety.rows import Identity, Response
from xsafety.tabular import read_rows


def requests(identity: Identity, protocol: Protocol, part: str, responses: Path, english: Path | None) -> list[Request]:
    return judge_requests(identity, protocol, part, read_rows(responses, Response), read_english(english))


def main(
    *,
    results: Path,
    cells: list[tuple[list[str], list[str]]],
    promptings: list[str],
    identity: Identity,
    connection: Connection,
    method: JudgingMethod,
    journal: Path,
    attempt: int,
    receipt: Path,
) -> None:
    identity = settled(identity, journal, connection, say)
    protocol = load(method.protocol).with_prompt(method.prompt)
    parts = {}
    for models, languages in cells:
        for model, lang, prompting in product(models, languages, promptings):
            part = f"{model}/{prompting}/{lang}"
            file = f"{part}.jsonl"
            english = results / "english" / file if method.reads_english(lang) else None
            parts[part] = partial(requests, identity, protocol, part, results / "responses" / file, english)
    engine = open_engine(identity, connection, journal)
    file_receipt(receipt, lambda: ask(parts, journal, engine, say, connection, journal.name), attempt, identity)


if __name__ == "__main__":
    call(main)
