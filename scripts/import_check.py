"""Prints what comes of the data set: rows, languages, categories, what was mended or is odd, and examples."""

from xsafety.cli import call
from xsafety.config.dataset import Dataset
from xsafety.seeds.dataset import read_dataset
from xsafety.seeds.summary import summary


def main(*, dataset: Dataset, languages: list[str]) -> None:
    print("", *summary(read_dataset(dataset), dataset.source, languages), sep="\n")


if __name__ == "__main__":
    call(main)
