"""Asks a model in process for all English translations of responses that its journal lacks; it is loaded once."""

from collections.abc import Collection
from functools import partial
from itertools import product
from pathlib import Path

from xsafety.asking.engines.register import with_weights
from xsafety.asking.receipt import file_receipt
from xsafety.cli import call, say
from xsafety.config.translation import TranslatorConnection
from xsafety.rows import Query, Response, TranslatorIdentity
from xsafety.tabular import read_rows, rows_in
from xsafety.text.languages import EN
from xsafety.translation.asking import Wanted, ask_model
from xsafety.translation.drafting import response_texts
from xsafety.translation.families import Languages


def texts(responses: Path, queries: Collection[str] | None) -> dict[str, str]:
    return response_texts(rows_in(responses, Response), queries)


def main(
    *,
    responses: Path,
    queries: Path | None,
    cells: list[tuple[list[str], list[str]]],
    promptings: list[str],
    translator: TranslatorIdentity,
    connection: TranslatorConnection,
    threads: int,
    journal: Path,
    attempt: int,
    receipt: Path,
) -> None:
    identity = with_weights(translator, connection)
    ids = {row["id"] for row in read_rows(queries, Query)} if queries else None
    parts = {}
    for models, languages in cells:
        for model, lang, prompting in product(models, languages, promptings):
            part = f"{model}/{prompting}/{lang}"
            parts[part] = Wanted(Languages(lang, EN), partial(texts, responses / f"{part}.jsonl", ids))
    file_receipt(receipt, lambda: ask_model(parts, identity, connection, journal, threads, say), attempt, identity)


if __name__ == "__main__":
    call(main)
