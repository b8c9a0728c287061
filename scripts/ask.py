"""Asks one model all that its journal lacks, over all promptings and languages, in one process."""

from collections.abc import Iterable, Mapping
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
from xsafety.config.models import JobConnection, LocalConnection
from xsafety.config.prompting import PromptingMethod
from xsafety.generation.responses import model_requests
from xsafety.rows import Identity, Query
from xsafety.tabular import rows_in


def requests(
    identity: Identity, prompting: PromptingMethod, part: str, queries: Path, categories: Mapping[str, Category]
) -> Iterable[Request]:
    return model_requests(identity, prompting, part, rows_in(queries, Query), categories)


def main(
    *,
    queries: Path,
    about: Path,
    languages: list[str],
    promptings: dict[str, PromptingMethod],
    identity: Identity,
    connection: JobConnection | LocalConnection,
    journal: Path,
    threads: int,
    attempt: int,
    receipt: Path,
) -> None:
    identity = settled(with_weights(identity, connection), journal, connection, say)
    categories = read_about(about).categories
    parts = {
        f"{name}/{lang}": partial(
            requests, identity, prompting, f"{name}/{lang}", queries / f"{lang}.jsonl", categories
        )
        for (name, prompting), lang in product(promptings.items(), languages)
    }
    engine = open_engine(identity, connection, journal, threads=threads)
    file_receipt(receipt, lambda: ask(parts, journal, engine, say, connection, journal.name), attempt, identity)


if __name__ == "__main__":
    call(main)
