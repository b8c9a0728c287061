"""Reads and checks the English seed queries of a folder and writes them as one table, sorted by id."""

from xsafety.cli import parser, run
from xsafety.seeds.csv_folder import COLUMNS, read_seeds
from xsafety.tabular import write_csv


def main() -> None:
    args = parser(__doc__, paths="folder out").parse_args()
    write_csv(args.out, COLUMNS, sorted(read_seeds(args.folder), key=lambda seed: seed["id"]))


if __name__ == "__main__":
    run(main)
