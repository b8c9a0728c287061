"""Writes the data set of the seeds' own language: the seeds."""

from xsafety.cli import parser, run
from xsafety.languages import SOURCE_LANGUAGE
from xsafety.review import source_queries
from xsafety.seeds import COLUMNS
from xsafety.tabular import read_csv, write_jsonl


def main() -> None:
    args = parser(__doc__, paths="seeds out").parse_args()
    write_jsonl(args.out, source_queries(SOURCE_LANGUAGE, read_csv(args.seeds, COLUMNS)))


if __name__ == "__main__":
    run(main)
