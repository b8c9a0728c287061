"""Reads a clone of the XSafety release: seeds, translations as evidence of one round, and the table of odd rows."""

from xsafety.cli import parser, run
from xsafety.seeds.csv_folder import COLUMNS
from xsafety.seeds.release import REPAIR_COLUMNS, read_release, release_evidence, repair_rows
from xsafety.tabular import write_csv, write_jsonl


def main() -> None:
    args = parser(__doc__, paths="release seeds repairs review").parse_args()
    release = read_release(args.release)
    write_csv(args.repairs, REPAIR_COLUMNS, repair_rows(release))
    for lang in release.translations:
        write_jsonl(args.review / lang / "release.jsonl", release_evidence(release, lang))
    seeds = ({"id": seed.id, "category": seed.category, "text": seed.text} for seed in release.seeds)
    write_csv(args.seeds, COLUMNS, sorted(seeds, key=lambda seed: seed["id"]))


if __name__ == "__main__":
    run(main)
