"""Writes the data set of the seeds' own language: the seeds."""

from xsafety.cli import parser, run
from xsafety.seeds.csv_folder import COLUMNS
from xsafety.tabular import read_csv, write_jsonl
from xsafety.text.languages import SOURCE_LANGUAGE
from xsafety.verification.dataset import source_queries


def main() -> None:
    args = parser(__doc__, paths="seeds out").parse_args()
    write_jsonl(args.out, source_queries(SOURCE_LANGUAGE, read_csv(args.seeds, COLUMNS)))


if __name__ == "__main__":
    run(main)
