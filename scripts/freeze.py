"""Adds new drafts to the translation memory, to be committed; asks nobody and makes no drafts."""

from pathlib import Path

from xsafety.cli import parser, run
from xsafety.seeds.csv_folder import COLUMNS, read_seeds
from xsafety.tabular import read_csv
from xsafety.translation.memory import freeze


def main() -> None:
    args = parser(__doc__, paths="results memory", objects="languages seeds").parse_args()
    checked = args.results / "seeds.csv"
    seeds = read_seeds(Path(args.seeds)) if args.seeds else read_csv(checked, COLUMNS) if checked.exists() else []
    ids = [seed["id"] for seed in seeds]
    total = 0
    without = []
    for lang in args.languages:
        drafts: Path = args.results / "drafts" / f"{lang}.csv"
        file = args.memory / f"{lang}.csv"
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
        print(f"Commit them: git add {args.memory}")


if __name__ == "__main__":
    run(main)
