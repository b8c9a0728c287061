"""The pace of calls to one provider: limits that are known, told by its headers, or learned from its refusals (429).

Until the first refusals the pace grows with every success. Then it follows what got through: it is cut to that when a
burst of calls is refused, comes back to it within `PLATEAU` seconds and probes beyond it ever faster, along the cubic
curve of TCP CUBIC (RFC 9438, section 4.2). Single refusals cut nothing: they are noise of a busy provider.
"""

import asyncio
import math
import re
import time
from collections import deque
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import NamedTuple

START = 64.0  # calls per second before anything is known
GROWTH = 100.0  # calls per second that each success adds until the first cut: all speed after a few answers' time
BURST_SHARE, BURST, SUDDEN = 0.1, 3, 6  # refusals that are a burst: this share and number, or many at once
CLOSED = 0.8  # share of refusals at which nothing gets through
SPAN, CALLS = 2.0, (20, 200)  # calls are counted over so many seconds, but no fewer and no more than so many
STEADY_SHARE, STEADY, LONG = 0.035, 8, 10.0  # refusals that keep coming, over so many seconds, tell too
PLATEAU = 15.0  # seconds until the pace is back at what got through
DIP, PROBE = 0.1, 0.1  # how far below it a cut goes, and beyond it after twice that time
MARGIN = 0.99  # share of a known limit that is used
SLACK = 0.05  # seconds' worth of calls that may catch up after a late wake-up
LONGEST_PAUSE = 30.0  # seconds, where the provider does not say how long
IMPATIENT = 600.0  # seconds without any success after which asking on is pointless
LATELY = 60.0  # seconds in which a success shows that the provider still answers
_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|h|m|s)")


def seconds(text: str) -> float | None:
    """A duration as in `x-ratelimit-reset-requests` ("6m0s", "120ms") or plain seconds; None for anything else."""
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return float(text)
    found = _DURATION.findall(text)
    return sum(float(n) * _UNITS[unit] for n, unit in found) if found and not _DURATION.sub("", text) else None


def retry_after(headers: Mapping[str, str]) -> float | None:
    """The seconds that a provider asks to wait, by `retry-after-ms`, `retry-after` (seconds or a date), or None."""
    if (milliseconds := seconds(headers.get("retry-after-ms", "").strip())) is not None:
        return milliseconds / 1000
    text = headers.get("retry-after", "").strip()
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except ValueError:
        return seconds(text)


class Pace:
    """How fast one quantity, calls or tokens, may flow: `per_second`, None while nothing limits it."""

    def __init__(self, per_second: float | None) -> None:
        self.per_second = per_second
        self._next = 0.0

    def wait(self, now: float) -> float:
        return max(0.0, self._next - now) if self.per_second else 0.0

    def take(self, now: float, amount: float) -> None:
        if self.per_second:
            self._next = max(self._next, now - SLACK) + amount / self.per_second


class Cut(NamedTuple):
    """When the pace was last cut, and what got through then."""

    when: float
    through: float


class CallWindow:
    """Calls since a moment."""

    def __init__(self, since: float) -> None:
        self.since, self.sent, self.refused = since, 0, 0

    @property
    def share(self) -> float:
        """The share of refused calls."""
        return self.refused / max(self.sent, self.refused, 1)

    def lasted(self, now: float) -> float:
        return max(now - self.since, 0.01)

    def through(self, now: float) -> float:
        """The calls per second that were not refused; slow answers do not matter, for what is under way counts."""
        return max(self.sent - self.refused, 0) / self.lasted(now)


class Limiter:
    """Says when the next call may go. Every method takes the time; `acquire` waits for it.

    `requests_per_minute` and `tokens_per_minute` are the provider's limits, None where they are to be learned.
    """

    def __init__(
        self,
        requests_per_minute: float | None = None,
        tokens_per_minute: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock = clock
        self._ceiling = requests_per_minute / 60 * MARGIN if requests_per_minute else None
        self._share = 1.0
        self._learns = not requests_per_minute
        self._learns_tokens = not tokens_per_minute
        self._calls = Pace(min(START, self._ceiling or START))
        self._tokens = Pace(tokens_per_minute / 60 * MARGIN if tokens_per_minute else None)
        self._spent: float | None = None  # tokens of a call, smoothed
        self._paused_until = 0.0
        self._queue = deque[tuple[asyncio.Future[int], float]]()  # who waits for a turn, with the tokens of the call
        self._epoch = 0  # cuts so far: refusals of calls sent before the last cut tell nothing new
        self._cut: Cut | None = None
        self._recent, self._longer = CallWindow(clock()), CallWindow(clock())
        self._since_pause = CallWindow(clock())  # since all waited last
        self._pauses = 0  # in a row, without a success between them
        self._began, self._last_success = clock(), -math.inf
        self._refused_since = False

    @property
    def share(self) -> float:
        """The part of a known limit that is used: 1 where nobody else asks."""
        return self._share

    @share.setter
    def share(self, share: float) -> None:
        self._share = share
        if self._calls.per_second:
            self._calls.per_second = min(self._calls.per_second, self._most)

    @property
    def _most(self) -> float:
        """The calls per second that a known limit allows."""
        return self._ceiling * self._share if self._ceiling else math.inf

    @property
    def per_second(self) -> float | None:
        """The calls per second that are allowed now; None while there is no sign of a limit."""
        learning = self._cut is None and self._ceiling is None
        return None if learning else self._calls.per_second

    def paused(self) -> float:
        """The seconds for which nothing is sent."""
        return max(0.0, self._paused_until - self._clock())

    def is_exhausted(self, after: float | None) -> bool:
        """Whether asking on is pointless: nothing succeeds any more, or the provider asks to wait very long."""
        now = self._clock()
        waited = self._refused_since and now - max(self._last_success, self._began) > IMPATIENT
        return waited or ((after or 0) > IMPATIENT and now - self._last_success > LATELY)

    async def acquire(self, tokens: float) -> int:
        """Waits until a call of about `tokens` tokens may go; returns a ticket to report its end with."""
        if not self._queue and not self.wait():
            return self.take(tokens)
        turn: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._queue.append((turn, tokens))
        if len(self._queue) == 1:
            self._serve()
        return await turn

    def _serve(self) -> None:
        """Lets all go that may, in order, and comes again when the next may: soon enough for a pace that changed."""
        while self._queue:
            turn, tokens = self._queue[0]
            if turn.cancelled():
                self._queue.popleft()
            elif wait := self.wait():
                asyncio.get_running_loop().call_later(min(wait, 1.0), self._serve)
                return
            else:
                self._queue.popleft()
                turn.set_result(self.take(tokens))

    def wait(self) -> float:
        """The seconds until the next call may go."""
        now = self._clock()
        self._probe(now)
        return max(self.paused(), self._calls.wait(now), self._tokens.wait(now))

    def take(self, tokens: float) -> int:
        """Notes that a call goes now; returns its ticket."""
        now = self._clock()
        self._calls.take(now, 1)
        self._tokens.take(now, (self._spent or tokens) / self._share)
        if now - self._recent.since > self._span() or self._recent.sent >= CALLS[1]:
            self._recent = CallWindow(now)
        if now - self._longer.since > LONG:
            self._longer = CallWindow(now)
        if not self._since_pause.sent:
            self._since_pause.since = now
        for calls in (self._recent, self._longer, self._since_pause):
            calls.sent += 1
        return self._epoch

    def succeeded(self, headers: Mapping[str, str], tokens: float | None) -> None:
        """Reports a call that was processed, and the tokens that it took, where they are known."""
        now = self._clock()
        self._pauses, self._refused_since, self._last_success = 0, False, now
        self._learn(headers)
        if tokens:
            if self._spent:  # what was taken for it in advance was another number
                self._tokens.take(now, (tokens - self._spent) / self._share)
            self._spent = tokens if self._spent is None else 0.95 * self._spent + 0.05 * tokens
        if self._cut is None and self._calls.per_second:
            self._calls.per_second = min(self._calls.per_second + GROWTH, self._most)

    def refused(self, ticket: int, after: float | None) -> None:
        """Reports a call that was refused (429), and for how long the provider asks to wait."""
        self._refused_since = True
        if ticket < self._epoch:
            return
        for calls in (self._recent, self._longer, self._since_pause):
            calls.refused += 1
        now = self._clock()
        sudden = self._recent.lasted(now) < self._span() / 2
        if self._recent.refused >= (SUDDEN if sudden else BURST) and self._recent.share >= BURST_SHARE:
            self._slow_down(now, self._recent, sudden, after)
        elif (
            self._longer.refused >= STEADY
            and self._longer.share >= STEADY_SHARE
            and self._longer.lasted(now) > LONG / 2
        ):
            self._slow_down(now, self._longer, False, after)

    def _slow_down(self, now: float, recent: CallWindow, sudden: bool, after: float | None) -> None:
        starts = now
        half = min(self._calls.per_second or START, recent.sent / recent.lasted(now)) / 2
        through = recent.through(now)
        if sudden:  # a short time to measure in; in a very short one what is under way counts for too much
            through = max(through, half) if recent.lasted(now) >= SPAN / 16 else half
        if recent.share >= CLOSED:
            # Nothing gets through: all wait, and what passed between the beginnings of two such pauses is the pace.
            starts = now + (min(2.0**self._pauses, LONGEST_PAUSE) if after is None else after)
            self._pauses += 1
            self._paused_until = max(self._paused_until, starts)
            through = min(through, half / 2, self._since_pause.through(starts))
            if self._since_pause.share >= CLOSED:  # a closed gate tells nothing of the pace
                through = self._cut.through if self._cut else half
            self._since_pause = CallWindow(starts)
        through = max(through, 1 / 60)
        self._cut = Cut(starts, through)
        self._calls.per_second = (1 - DIP) * through
        self._epoch += 1
        self._recent, self._longer = CallWindow(starts), CallWindow(starts)

    def _probe(self, now: float) -> None:
        """Moves the pace along the curve since the last cut."""
        if self._cut is None:
            return
        along = max((now - self._cut.when) / PLATEAU - 1, -1.0)
        grown = self._cut.through * (1 + (DIP if along < 0 else PROBE) * along**3)
        self._calls.per_second = min(grown, self._most, 1e6)

    def _span(self) -> float:
        return max(SPAN, CALLS[0] / (self._calls.per_second or START))

    def _learn(self, headers: Mapping[str, str]) -> None:
        """Takes limits per minute from the headers that OpenAI and most others send; configured ones stand."""
        if self._learns and (limit := _number(headers.get("x-ratelimit-limit-requests"))):
            self._ceiling = limit / 60 * MARGIN
            self._calls.per_second = min(self._calls.per_second or self._most, self._most)
        if self._learns_tokens and (limit := _number(headers.get("x-ratelimit-limit-tokens"))):
            self._tokens.per_second = limit / 60 * MARGIN


def _number(text: str | None) -> float | None:
    """A limit as a header tells it; None for what is none."""
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 1 else None
