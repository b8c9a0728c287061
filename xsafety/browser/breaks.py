"""When to suggest a break to who reads such texts."""


class Breaks:
    """When to suggest a break: after so many answers or seconds of work without one. Times are in seconds."""

    def __init__(self, done: int, now: float, *, answers: int = 25, seconds: float = 1800, pause: float = 300) -> None:
        """`pause`: what is as long between two answers is a break."""
        self._answers, self._seconds, self._pause = answers, seconds, pause
        self._from = self._last = now
        self._done = done

    def is_due(self, done: int, now: float) -> bool:
        """Whether to suggest one now that `done` answers are labelled; if so, or after a pause, it counts anew."""
        paused = now - self._last >= self._pause
        due = not paused and (done - self._done >= self._answers or now - self._from >= self._seconds)
        self._last = now
        if due or paused:
            self._from, self._done = now, done
        return due
