"""Adds what people decided in Weblate to the returned review sheets, to be committed."""

from pathlib import Path

from xsafety.cli import call
from xsafety.config.verification import Weblate
from xsafety.rows import Seed
from xsafety.tabular import read_rows
from xsafety.weblate.client import Client
from xsafety.weblate.events import each_language, new_verdicts, save_sheets


def main(
    *, seeds: Path, reviews: Path, connection: Weblate | None, languages: list[str], different_reviewers: bool
) -> None:
    client = Client(connection)
    texts = {seed["id"]: seed["text"] for seed in read_rows(seeds, Seed)}
    new: list[tuple[int, str]] = []

    def fetch(lang: str, code: str) -> str:
        found = new_verdicts(client, code, reviews / lang, texts, different_reviewers=different_reviewers)
        new.extend(found)
        return save_sheets(reviews / lang, found)

    each_language(client, languages, fetch)
    if new:
        print(f"Take them in: snakemake; commit them: git add {reviews}")


if __name__ == "__main__":
    call(main)
