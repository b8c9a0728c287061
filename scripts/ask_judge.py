"""Asks one judge for all the verdicts that its journal lacks, over all models, promptings and languages."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import product
from pathlib import Path

from xsafety.asking.ask import ask
from xsafety.asking.engines.register import open_engine, with_weights
from xsafety.asking.receipt import file_receipt
from xsafety.asking.requests import Request
from xsafety.asking.servers import settled
from xsafety.categories import Category, read_about
from xsafety.cli import call, say
from xsafety.config.models import JobConnection, JudgingMethod, LocalConnection
from xsafety.judging.verdicts import judge_requests, read_english
from xsafety.protocols.protocol import Protocol
from xsafety.rows import Identity, Response
from xsafety.tabular import rows_in


@dataclass(frozen=True)
class Judge:
    """How a judge asks about a file of responses."""

    identity: Identity
    protocol: Protocol
    categories: Mapping[str, Category]

    def requests(self, part: str, responses: Path, english: Path | None) -> Iterable[Request]:
        rows = rows_in(responses, Response)
        return judge_requests(self.identity, self.protocol, part, rows, read_english(english), self.categories)


def main(
    *,
    results: Path,
    about: Path,
    cells: list[tuple[list[str], list[str]]],
    promptings: list[str],
    identity: Identity,
    connection: JobConnection | LocalConnection,
    method: JudgingMethod,
    journal: Path,
    threads: int = 1,
    attempt: int,
    receipt: Path,
) -> None:
    identity = settled(with_weights(identity, connection), journal, connection, say)
    judge = Judge(identity, method.described(), read_about(about).categories)
    parts = {}
    for models, languages in cells:
        for model, lang, prompting in product(models, languages, promptings):
            part = f"{model}/{prompting}/{lang}"
            file = f"{part}.jsonl"
            english = results / "english" / file if method.reads_english(lang) else None
            parts[part] = partial(judge.requests, part, results / "responses" / file, english)
    engine = open_engine(identity, connection, journal, threads=threads)
    file_receipt(receipt, lambda: ask(parts, journal, engine, say, connection, journal.name), attempt, identity)


if __name__ == "__main__":
    call(main)
