"""Trains a toy chat model of the demo from its seeds and drafts into a folder."""

from pathlib import Path

from xsafety.cli import call


def main(*, name: str, seeds: Path, memory: Path, out: Path) -> None:
    from xsafety.demo import model  # not to be waited for by --help

    model.make(name, seeds=seeds, memory=memory, out=out)


if __name__ == "__main__":
    call(main)
