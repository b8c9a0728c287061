"""Prints what a run would ask, and what that takes; asks nothing."""

from xsafety.cli import parser, run
from xsafety.plan.count import WAITS, Settings, count
from xsafety.plan.shown import lines, notes, table


def main() -> None:
    args = parser(__doc__, objects="settings").parse_args()
    settings = Settings.read(args.settings)
    tallies, data_sets = count(settings)
    made = lines(settings, tallies)
    waiting = {data.lang for data in data_sets if data.why == WAITS}
    print("\nWhat a run would ask now (nothing was asked for this):\n")
    print(table(made, waiting), "", *notes(made, data_sets), sep="\n")


if __name__ == "__main__":
    run(main)
