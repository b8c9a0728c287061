"""Asks a model in process for all drafts that its journal lacks, over all languages; it is loaded once."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from xsafety.asking.engines.register import with_weights
from xsafety.asking.receipt import file_receipt
from xsafety.cli import call, say
from xsafety.config.translation import TranslatorConnection
from xsafety.rows import GivenText, Seed, TranslatorIdentity
from xsafety.tabular import read_rows
from xsafety.translation.asking import Wanted, ask_model
from xsafety.translation.families import Languages
from xsafety.verification.undrafted import read_undrafted


def texts(lang: str, seeds: Sequence[Seed], given: Sequence[GivenText], ledger: Path, memory: Path) -> dict[str, str]:
    return read_undrafted(lang, seeds, given, ledger, memory).texts()


def main(
    *,
    seeds: Path,
    ledgers: Path,
    given: Path | None,
    source: str,
    languages: list[str],
    memory: Path,
    translator: TranslatorIdentity,
    connection: TranslatorConnection,
    threads: int,
    journal: Path,
    attempt: int,
    receipt: Path,
) -> None:
    identity = with_weights(translator, connection)
    rows, came_along = read_rows(seeds, Seed), read_rows(given, GivenText) if given else []
    parts = {
        lang: Wanted(
            Languages(source, lang),
            partial(texts, lang, rows, came_along, ledgers / lang / "ledger.jsonl", memory / f"{lang}.csv"),
        )
        for lang in languages
    }
    file_receipt(receipt, lambda: ask_model(parts, identity, connection, journal, threads, say), attempt, identity)


if __name__ == "__main__":
    call(main)
