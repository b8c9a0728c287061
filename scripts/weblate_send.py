"""Puts the merged PO files into Weblate, but for languages in which people decided what was not fetched yet."""

from pathlib import Path

from xsafety.cli import call
from xsafety.config.verification import Weblate
from xsafety.rows import Seed
from xsafety.tabular import DataError, read_rows
from xsafety.weblate.client import Client
from xsafety.weblate.events import each_language, new_verdicts, send


def main(
    *, seeds: Path, reviews: Path, po: Path, connection: Weblate | None, languages: list[str], different_reviewers: bool
) -> None:
    client = Client(connection)
    texts = {seed["id"]: seed["text"] for seed in read_rows(seeds, Seed)}

    def send_file(lang: str, code: str) -> str:
        # A file that replaces Weblate's takes strings out whose English changed, and their history with them.
        found = new_verdicts(client, code, reviews / lang, texts, different_reviewers=different_reviewers)
        if found:
            rows = sum(map(len, found.values()))
            raise DataError(f"{rows} verdict(s) there are not fetched yet; first run: snakemake weblate_fetch")
        return send(client, code, po / f"{lang}.po")

    each_language(client, languages, send_file)


if __name__ == "__main__":
    call(main)
