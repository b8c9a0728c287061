"""Adds new drafts to the translation memory, to be committed; asks nobody and makes no drafts."""

from pathlib import Path

from xsafety.cli import call
from xsafety.config.dataset import Dataset
from xsafety.seeds.dataset import as_it_stands
from xsafety.translation.memory import freeze


def main(*, dataset: Dataset, results: Path, memory: Path, languages: list[str]) -> None:
    ids = [seed["id"] for seed in as_it_stands(dataset).seeds]
    total = 0
    without = []
    for lang in languages:
        drafts, file = results / "drafts" / f"{lang}.csv", memory / f"{lang}.csv"
        if not drafts.exists():
            without.append(lang)
            continue
        added, lacking = freeze(file, drafts, ids)
        total += added
        rest = f"; {lacking} rows have no draft yet" if lacking else ""
        print(f"{lang}: {added} new drafts in {file}{rest}" if added else f"{lang}: nothing new{rest}")
    if without:
        print(f"No drafts yet: {', '.join(without)}. Make them first: snakemake")
    if total:
        print(f"Commit them: git add {memory}")


if __name__ == "__main__":
    call(main)
