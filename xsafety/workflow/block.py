"""The block at the bottom of a terminal while a run goes on."""

import sys

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from ..asking.progress import Work, duration
from .stages import RunState

BAR = 24  # columns
ASKING_ROWS = 12  # lines, of jobs that ask


class LiveBlock:
    """Shown from `start` to `stop`; what is printed meanwhile stands above it."""

    def __init__(self, state: RunState, *, color: bool) -> None:
        self._state = state
        self.console = Console(file=sys.stderr, no_color=not color, highlight=False, markup=False, soft_wrap=True)
        self._live: Live | None = None

    def start(self) -> None:
        if not self._live:
            self._live = Live(console=self.console, get_renderable=self._look, transient=True, redirect_stdout=False)
            self._live.start()

    def stop(self) -> None:
        if self._live:
            self._live.stop()
            self._live = None

    def _look(self) -> Group:
        state = self._state
        done, total = state.jobs
        more = "; more follow when verification says which languages are ready" if state.grows else ""
        head = f"{duration(state.seconds)}, {done:,} of {total:,} jobs{more}"
        working = state.work()
        lines: list[Text | Table] = [Text(head, style="bold"), self._table(working[:ASKING_ROWS])]
        lines += [Text(f"  {work.who} {why}", style="red") for work in working[:ASKING_ROWS] if (why := work.why())]
        if len(working) > ASKING_ROWS:
            lines.append(Text(f"  and {len(working) - ASKING_ROWS} more that ask"))
        if now := ", ".join(list(state.active.values())):  # a list at once, as the run goes on meanwhile
            lines.append(Text(f"now: {now}"))
        if waiting := state.waiting():
            lines.append(Text(f"waits for people: {waiting} (snakemake status)"))
        for line in lines:
            if isinstance(line, Text):
                line.no_wrap, line.overflow = True, "ellipsis"
        return Group(*lines)

    def _table(self, working: list[Work]) -> Table:
        table = Table.grid(padding=(0, 1))
        growing = "+" if self._state.grows else ""
        rows = [(stage, done, total, growing) for stage, (done, total) in self._state.stages.items()]
        rows += [(_name(work), work.done, work.total, ", ".join(filter(None, work.parts()))) for work in working]
        for name, done, total, told in rows:
            bar = ProgressBar(total=total, completed=done, width=BAR)
            count = Text(f"{done:,}/{total:,}", justify="right", no_wrap=True)
            table.add_row(Text(f"  {name}", no_wrap=True), bar, count, Text(told, no_wrap=True, overflow="ellipsis"))
        return table


def _name(work: Work) -> str:
    return work.who if work.what == "answered" else f"{work.who} {work.what}"
