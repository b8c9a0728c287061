"""Trains a toy chat model of the demo from its seeds and drafts into a folder."""

from xsafety.cli import parser, run
from xsafety.demo import model as demo_model


def main() -> None:
    args = parser(__doc__, paths="seeds memory out", texts="name").parse_args()
    demo_model.make(args.name, seeds=args.seeds, memory=args.memory, out=args.out)


if __name__ == "__main__":
    run(main)
