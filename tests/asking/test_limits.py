"""The limiter against simulated providers: near their limit, few refusals, no collapse under stray ones."""

import heapq
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pytest

from xsafety.asking.engines.limits import IMPATIENT, Limiter

PER_MINUTE = 3000
Provider = Callable[[float], tuple[bool, float | None]]  # time -> whether it takes the call, and how long else to wait


def bucket(capacity: float, retry_after: float | None = 1.0, per_minute: float = PER_MINUTE) -> Provider:
    """Takes `capacity` calls at once, and then as many as drip in."""
    filled, at = capacity, 0.0

    def takes(now: float) -> tuple[bool, float | None]:
        nonlocal filled, at
        filled, at = min(capacity, filled + (now - at) * per_minute / 60), now
        if filled < 1:
            return False, retry_after
        filled -= 1
        return True, None

    return takes


def fixed_window(now: float, counted: dict[int, int]) -> tuple[bool, float | None]:
    """Takes 3,000 calls in each minute of the clock."""
    window = int(now // 60)
    counted[window] = counted.get(window, 0) + 1
    return counted[window] <= PER_MINUTE, 60 - now % 60


def with_strays(provider: Provider, share: float) -> Provider:
    """Refuses a share of the calls for no reason."""
    rng = random.Random(1)
    return lambda now: (False, None) if rng.random() < share else provider(now)


@dataclass
class Outcome:
    seconds: float
    calls: int
    refused: int


def simulate(
    provider: Provider,
    *,
    rows: int = 6000,
    concurrency: int = 256,
    latency: float = 0.05,
    headers: Mapping[str, str] | None = None,
    requests_per_minute: float | None = None,
    tokens_per_minute: float | None = None,
    tokens: float = 100,
) -> Outcome:
    """Plays `rows` requests, refused ones again after what the provider says or 1, 2, 4, ... s; 600 calls/s at most."""
    now, rng = 0.0, random.Random(0)
    limiter = Limiter(requests_per_minute, tokens_per_minute, clock=lambda: now)
    waiting, again, ends = rows, list[tuple[float, int]](), list[tuple[float, int, bool, float | None, int, int]]()
    free, calls, refused, next_send = concurrency, 0, 0, 0.0
    while waiting or again or ends:
        ready = bool(again and again[0][0] <= now)
        if free and (ready or waiting) and now >= next_send and not limiter.wait():
            tries = heapq.heappop(again)[1] if ready else 0
            waiting -= not ready
            taken, after = provider(now)
            calls, free, next_send = calls + 1, free - 1, now + 1 / 600
            end = now + (latency * rng.uniform(0.8, 1.2) if taken else 0.01)
            heapq.heappush(ends, (end, calls, taken, after, limiter.take(tokens), tries))
            continue
        moments = [ends[0][0]] if ends else []
        if free and (waiting or ready):
            moments.append(max(now + limiter.wait(), next_send, now + 1e-4))
        if free and again:
            moments.append(max(again[0][0], now + 1e-4))
        now = min(moments)
        while ends and ends[0][0] <= now:
            _, _, taken, after, ticket, tries = heapq.heappop(ends)
            free += 1
            if taken:
                limiter.succeeded(headers or {}, tokens)
            else:
                refused += 1
                limiter.refused(ticket, after)
                wait = after if after is not None else min(2.0**tries, 60)
                heapq.heappush(again, (now + wait * rng.uniform(1, 1.5), tries + 1))
    return Outcome(now, calls, refused)


TOLD = {"x-ratelimit-limit-requests": str(PER_MINUTE)}


@pytest.mark.parametrize(
    ("provider", "known", "most_refused"),
    [
        (bucket(50), {"requests_per_minute": PER_MINUTE}, 0),
        (bucket(1), {"requests_per_minute": PER_MINUTE}, 0),
        (bucket(50), {"headers": TOLD}, 0),
        (bucket(50), {}, 0.02),
        (bucket(50), {"latency": 2.0}, 0.02),
        (bucket(50, None), {}, 0.02),
        (bucket(50, None), {"latency": 2.0}, 0.02),
    ],
    ids=[
        "configured",
        "strict",
        "told",
        "refusals",
        "slow",
        "without Retry-After",
        "slow without",
    ],
)
def test_goodput_is_near_the_limit_and_few_calls_are_refused(
    provider: Provider, known: dict[str, float], most_refused: float
) -> None:
    outcome = simulate(provider, **known)  # type: ignore[arg-type]
    assert 6000 / outcome.seconds >= 0.95 * PER_MINUTE / 60
    assert outcome.refused <= most_refused * outcome.calls


def test_stray_refusals_below_a_limit_cost_little() -> None:
    outcome = simulate(with_strays(bucket(50), 0.02), headers=TOLD)
    assert 6000 / outcome.seconds >= 0.92 * PER_MINUTE / 60
    assert outcome.refused <= 0.025 * outcome.calls


def test_what_a_provider_takes_at_once_is_used() -> None:
    outcome = simulate(bucket(PER_MINUTE))
    assert outcome.seconds < 66, "two minutes' worth, of which one is there at the start"
    assert outcome.refused <= 0.02 * outcome.calls


def test_a_window_that_closes_is_waited_for_as_long_as_the_provider_says() -> None:
    counted: dict[int, int] = {}
    outcome = simulate(lambda now: fixed_window(now, counted))
    assert 6000 / outcome.seconds >= 0.93 * PER_MINUTE / 60
    assert outcome.refused <= 0.02 * outcome.calls


def test_a_window_that_closes_without_a_word_is_waited_for() -> None:
    counted: dict[int, int] = {}
    outcome = simulate(lambda now: (fixed_window(now, counted)[0], None))
    assert 6000 / outcome.seconds >= 0.85 * PER_MINUTE / 60
    assert outcome.refused <= 0.05 * outcome.calls


def test_stray_refusals_do_not_slow_down() -> None:
    unlimited: Provider = lambda now: (True, None)  # noqa: E731
    assert simulate(with_strays(unlimited, 0.02)).seconds < 1.2 * simulate(unlimited).seconds


def test_without_limits_nothing_is_held_back() -> None:
    outcome = simulate(lambda now: (True, None))
    assert outcome.seconds < 6000 / 600 + 1
    assert outcome.refused == 0


def test_a_small_limit_is_found() -> None:
    outcome = simulate(bucket(5, per_minute=60), rows=200, latency=0.5)
    assert 200 / outcome.seconds >= 0.95
    assert outcome.refused < 80


@pytest.mark.parametrize(
    "known", [{"tokens_per_minute": 60_000}, {"headers": {"x-ratelimit-limit-tokens": "60000"}}], ids=["known", "told"]
)
def test_tokens_per_minute_are_kept(known: dict[str, float]) -> None:
    outcome = simulate(lambda now: (True, None), rows=600, tokens=100, **known)  # type: ignore[arg-type]
    assert 57 <= outcome.seconds <= 66


def test_a_configured_limit_stands_against_the_providers_word() -> None:
    outcome = simulate(lambda now: (True, None), rows=300, requests_per_minute=600, headers=TOLD)
    assert 29 <= outcome.seconds <= 33


def test_calls_that_were_under_way_at_a_cut_cut_no_further() -> None:
    now = 0.0
    limiter = Limiter(clock=lambda: now)
    tickets = [limiter.take(1) for _ in range(50)]
    for ticket in tickets:
        limiter.refused(ticket, 1.0)
    once = limiter.per_second
    now = 1.5
    assert once is not None
    assert limiter.per_second == once
    assert not limiter.is_exhausted(2.0)
    assert limiter.is_exhausted(IMPATIENT + 1)
    limiter.succeeded({}, None)
    limiter.refused(limiter.take(1), None)
    assert not limiter.is_exhausted(IMPATIENT + 1), "others are answered"
    now += IMPATIENT + 1
    assert limiter.is_exhausted(None)
