"""Trains a toy chat model of the demo from its seeds and drafts into a folder."""

from pathlib import Path

from xsafety.cli import call
from xsafety.demo import model


def main(*, name: str, seeds: Path, memory: Path, out: Path) -> None:
    model.make(name, seeds=seeds, memory=memory, out=out)


if __name__ == "__main__":
    call(main)
