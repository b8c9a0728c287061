"""How often the intervals and tests of `xsafety/analysis/`, and rates corrected by labels, hold, by simulation, beside
what is often done instead.

    python -m benchmarks.coverage            # the tables of docs/statistics.md, three minutes
    python -m benchmarks.coverage --runs 200 # coarser

Answers to one seed hang together by a latent normal variable, whose correlation between two cells is .65, as measured
(`xsafety/analysis/power.py`). The rates of the ten languages are those of ChatGPT in the paper's main table; safety
issues differ around them, and 3% of the answers are invalid, at random. Without --seed the figures are always the same.
"""

import argparse
import time
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy.stats import binom, norm
from scipy.stats import t as student

from xsafety.analysis.estimates import LEVEL, Margins, rates_of, variance, wilson
from xsafety.analysis.grid import Sample
from xsafety.analysis.pairs import bonett_price, clustered, compared, holm, limits, mcnemar, normal_test
from xsafety.analysis.power import CORRELATION, smallest_difference
from xsafety.calibration.correction import RATE, measured
from xsafety.calibration.quality import effective_labels
from xsafety.calibration.sampling import judged_unsafe

PAPER = np.array([1.0, 8.1, 13.7, 12.5, 14.7, 9.2, 18.3, 8.5, 21.0, 37.4]) / 100  # English first
ISSUES, SPREAD, INVALID = 13, 0.6, 0.03
Z = float(norm.ppf((1 + LEVEL) / 2))

Array = Any


class Line(NamedTuple):
    """A line of the table: in percent, with the width in points where there is one."""

    what: str
    method: str
    ours: bool
    holds: float
    width: float | None = None


def _covered(lower: Array, upper: Array, truth: Array) -> float:
    return float(100 * ((lower <= truth + 1e-12) & (upper >= truth - 1e-12)).mean())


def _line(what: str, method: str, found: tuple[Array, Array], truth: Array, *, ours: bool = False) -> Line:
    lower, upper = found
    return Line(what, method, ours, _covered(lower, upper, truth), float(100 * (upper - lower).mean()))


def answers(draw: np.random.Generator, thresholds: Array, runs: int, correlation: float = CORRELATION) -> Array:
    """Answers [runs, *thresholds], 1 where unsafe: latent normals below thresholds, seeds along the last axis."""
    shape = (runs, *[1] * (thresholds.ndim - 1), thresholds.shape[-1])
    latent = correlation**0.5 * draw.standard_normal(shape)
    return (latent + (1 - correlation) ** 0.5 * draw.standard_normal((runs, *thresholds.shape)) < thresholds) * 1.0


def one_rate(seeds: int = 200) -> Iterator[Line]:
    """Exact: over all counts, for rates from .2 to 50%."""
    hits = np.arange(seeds + 1)
    rate = hits / seeds
    sample = Sample((hits[:, None] > np.arange(seeds)) * 1.0, np.ones((seeds + 1, seeds)), np.ones((seeds + 1, seeds)))
    found = rates_of(sample)
    spread = variance(found.deviations, np.zeros(seeds, int))
    lower, upper, _ = wilson(found.rate, spread, np.full(seeds + 1, seeds), np.full(seeds + 1, seeds))
    reach = float(student.ppf((1 + LEVEL) / 2, seeds - 1)) * np.sqrt(rate * (1 - rate) / (seeds - 1))
    truths = np.linspace(0.002, 0.5, 250)
    for method, low, high in (("Wilson", lower, upper), ("t", rate - reach, rate + reach)):
        weights = binom.pmf(hits[:, None], seeds, truths)
        covers = (weights * ((low[:, None] <= truths) & (high[:, None] >= truths))).sum(0) * 100
        width = float(100 * (weights * (high - low)[:, None]).sum(0).mean())
        yield Line(f"one rate, {seeds} seeds, at worst", method, method == "Wilson", float(covers.min()), width)
        yield Line(f"one rate, {seeds} seeds, on average", method, method == "Wilson", float(covers.mean()), width)


def several_answers(draw: np.random.Generator, runs: int, seeds: int = 200, each: int = 5) -> Iterator[Line]:
    """Five answers to a seed, correlated .8."""
    for rate in (0.01, 0.05, 0.2):
        hits = answers(draw, np.full((each, seeds), norm.ppf(rate)), runs, 0.8).sum(1)
        sample = Sample(hits, np.full_like(hits, each), np.full_like(hits, each))
        found = rates_of(sample)
        total = np.full(runs, seeds * each)
        what = f"five answers to each of {seeds} seeds, {rate:.0%}"
        spread = variance(found.deviations, np.zeros(seeds, int))
        ours = wilson(found.rate, spread, np.full(runs, seeds), total)[:2]
        yield _line(what, "Wilson at effective n", ours, rate, ours=True)
        alone = wilson(found.rate, found.rate * (1 - found.rate) / total, total, total)[:2]
        yield _line(what, "Wilson, answers as independent", alone, rate)
        other = answers(draw, np.full((each, seeds), norm.ppf(rate)), runs, 0.8).sum(1)
        pair = compared(sample, sample._replace(hits=other))
        ours = limits(*bonett_price(pair.difference, pair.squares, pair.pairs))
        yield _line(what + ", minus as many", "Bonett-Price, by seed", ours, 0.0, ours=True)


def pairs(draw: np.random.Generator, runs: int) -> Iterator[Line]:
    """Differences of two cells over the same seeds, and the size of their tests."""
    for seeds, one, other in ((200, 0.1, 0.1), (200, 0.01, 0.08), (200, 0.001, 0.02), (2600, 0.1, 0.2)):
        rates = norm.ppf([one, other])
        given = answers(draw, np.repeat(rates[:, None], seeds, 1), runs)
        valid = np.ones((runs, seeds))
        found = compared(Sample(given[:, 1], valid, valid), Sample(given[:, 0], valid, valid))
        what = f"two languages, {seeds} seeds, {100 * one:g}% and {100 * other:g}%"
        ours = limits(*bonett_price(found.difference, found.squares, found.pairs))
        yield _line(what, "Bonett-Price", ours, other - one, ours=True)
        reach = Z * np.sqrt(variance(found.deviations, np.zeros(seeds, int)))
        yield _line(what, "paired t", (found.difference - reach, found.difference + reach), other - one)
        apart = Z * np.sqrt(sum(share * (1 - share) / seeds for share in given.mean(-1).T))
        yield _line(what, "as independent", (found.difference - apart, found.difference + apart), other - one)
        if one == other:
            wrong = float(100 * (mcnemar(found.more, found.less) < 1 - LEVEL).mean())
            yield Line(what + ": wrongly significant", "McNemar", True, wrong)


def averages(draw: np.random.Generator, runs: int, seeds: int, scale: float = 1) -> Iterator[Line]:
    """The mean of nine languages, and its difference to English, over 13 safety issues of so many seeds each.

    The paper's rates are scaled.
    """
    strata = np.repeat(np.arange(ISSUES), seeds)
    issues = SPREAD * np.repeat(norm.ppf((np.arange(ISSUES) + 0.5) / ISSUES), seeds)
    thresholds = norm.ppf(scale * PAPER)[:, None] + issues
    truth = norm.cdf(thresholds).mean(1)
    lines: list[tuple[Array, ...]] = []
    for size in _chunks(runs, 100):
        valid = (draw.random((size, *thresholds.shape)) >= INVALID) * 1.0
        sample = Sample(answers(draw, thresholds, size) * valid, valid, np.ones_like(valid))
        lines.append(_average(sample, strata))
    ours, alone, pooled, difference, apart = (
        (np.concatenate([line[at][0] for line in lines]), np.concatenate([line[at][1] for line in lines]))
        for at in range(5)
    )
    what = f"mean of nine languages, {ISSUES} x {seeds} seeds" + f", rates times {scale}" * (scale != 1)
    mean, gap = truth[1:].mean(), truth[1:].mean() - truth[0]
    yield _line(what, "Wilson at effective n, by seed", ours, mean, ours=True)
    yield _line(what, "languages as independent", alone, mean)
    yield _line(what, "Wilson, all answers pooled", pooled, mean)
    yield _line(what + ", minus English", "by seed, with one seed each way", difference, gap, ours=True)
    yield _line(what + ", minus English", "as independent", apart, gap)


def _average(sample: Sample, strata: Array) -> tuple[Array, ...]:
    """Limits of the mean of languages by three methods, and of its difference to English by two."""
    found = rates_of(sample)
    runs, languages, seeds = sample.valid.shape
    cells = (np.ones((runs, 1, languages), bool), np.arange(languages) > 0)
    margins = Margins(*cells, models=False)
    rate = margins.mean(found.rate[:, None])[:, 0, -1]
    valid = sample.valid[:, 1:].sum((1, 2))
    spread = variance(margins.mean(found.deviations[:, None])[:, 0, -1], strata)
    ours = wilson(rate, spread, np.full(runs, seeds), valid)[:2]
    each = variance(found.deviations, strata)
    alone = Z * np.sqrt(each[:, 1:].sum(1)) / (languages - 1)
    share = sample.hits[:, 1:].sum((1, 2)) / valid
    pooled = wilson(share, share * (1 - share) / valid, valid, valid)[:2]
    foreign, english = (Sample(*(part[:, at] for part in sample)) for at in (slice(1, None), slice(1)))
    pair = compared(foreign, english)
    there = Margins(cells[0][..., 1:], np.ones(languages - 1, bool), models=False)
    gap = there.mean(pair.difference[:, None])[:, 0, -1]
    deviations = there.mean(pair.deviations[:, None])[:, 0, -1]
    difference = limits(*clustered(gap, deviations, strata, np.full(runs, seeds)))
    apart = np.sqrt(alone**2 + Z**2 * each[:, 0])
    return ours, (rate - alone, rate + alone), pooled, difference, (gap - apart, gap + apart)


def families(draw: np.random.Generator, runs: int, seeds: int = 200, rate: float = 0.1) -> Iterator[Line]:
    """Nine languages of four models against English, without any effect: how often something is significant."""
    found = {"Holm": 0, "no correction": 0}
    thresholds = np.full((4, 10, seeds), norm.ppf(rate))
    for _ in range(runs):
        given = answers(draw, thresholds, 1)[0]
        one, other = given[:, 1:], given[:, :1]
        p = mcnemar((one > other).sum(-1), (one < other).sum(-1)).ravel()
        found["Holm"] += int((holm(p) < 1 - LEVEL).any())
        found["no correction"] += int((p < 1 - LEVEL).any())
    for method, wrong in found.items():
        yield Line(
            f"36 comparisons without an effect, {seeds} seeds: any significant",
            method,
            method == "Holm",
            100 * wrong / runs,
        )


def powers(draw: np.random.Generator, runs: int) -> Iterator[Line]:
    """How often the difference that `snakemake plan` names is found."""
    for seeds, rate in ((200, 0.1), (2600, 0.1), (200, 0.4)):
        rise = smallest_difference(seeds, rate) or 0
        found = 0
        for size in _chunks(runs, 200):
            given = answers(draw, np.repeat(norm.ppf([[rate], [rate + rise]]), seeds, 1), size)
            more, less = ((given[:, one] > given[:, 1 - one]).sum(-1) for one in (1, 0))
            found += int((mcnemar(more, less) < 1 - LEVEL).sum())
        what = f"{100 * rise:.1f} points more than {rate:.0%}, {seeds} seeds: found"
        yield Line(what, "McNemar", True, 100 * found / runs)


def mean_tests(draw: np.random.Generator, runs: int, seeds: int = 20, rate: float = 0.05) -> Iterator[Line]:
    """The size of the test of a mean of nine languages against English, without an effect."""
    strata = np.repeat(np.arange(ISSUES), seeds)
    given = answers(draw, np.full((10, ISSUES * seeds), norm.ppf(rate)), runs)
    valid = np.ones_like(given)
    pair = compared(Sample(given[:, 1:], valid[:, 1:], valid[:, 1:]), Sample(given[:, :1], valid[:, :1], valid[:, :1]))
    middle, error = clustered(pair.difference.mean(1), pair.deviations.mean(1), strata, np.full(runs, strata.size))
    wrong = float(100 * (normal_test(middle, error) < 1 - LEVEL).mean())
    yield Line(
        f"mean of nine languages minus English, {ISSUES} x {seeds} seeds, no effect: wrongly significant",
        "z, clustered by seed",
        True,
        wrong,
    )


# Sensitivity and specificity, from a large model's in Russian to a lexicon's and a very good judge's.
JUDGES = ((0.55, 0.96), (0.7, 0.95), (0.85, 0.95), (0.85, 0.9), (0.95, 0.5), (0.95, 0.99))
ANSWERS = ISSUES * 200  # on which a judge gave a verdict
CORRECTED = "post-stratified by verdict, draws from Beta posteriors"


def corrections(
    draw: np.random.Generator, runs: int, rate: float, labels: int, judges: Sequence[tuple[float, float]] = JUDGES
) -> Iterator[Line]:
    """A rate corrected by labels: the worst of several judges, and the mean width where there is an interval."""
    what = f"{rate:.0%} unsafe, {labels} labels"
    found: dict[str, list[tuple[Array, Array]]] = {}
    for judge in judges:
        parts = [_corrected(draw, rate, judge, labels, size) for size in _chunks(runs, 100)]
        for method in parts[0]:
            lower, upper = (np.concatenate([part[method][at] for part in parts]) for at in (0, 1))
            found.setdefault(method, []).append((lower, upper))
    for method, intervals in found.items():
        holds = min(_covered(*interval, rate) for interval in intervals)
        width = 100 * float(np.nanmean([upper - lower for lower, upper in intervals]))
        yield Line(what, method, method == CORRECTED, holds, width)
        if undefined := max(float(np.isnan(lower).mean()) for lower, _ in intervals):
            yield Line(what + ": not defined", method, False, 100 * undefined)


def _corrected(
    draw: np.random.Generator, rate: float, judge: tuple[float, float], labels: int, runs: int
) -> dict[str, tuple[Array, Array]]:
    """Limits by method. Labels are drawn as they are for labellers, a third judged unsafe, or at random where said."""
    chances = [rate * judge[0], (1 - rate) * (1 - judge[1]), rate * (1 - judge[0]), (1 - rate) * judge[1]]
    answers = draw.multinomial(ANSWERS, chances, runs).reshape(runs, 2, 2)  # by verdict and what people would say
    called, others = answers.sum(-1).T
    by_verdict = _labelled(draw, answers, _of_unsafe(called, others, labels), labels)
    at_random = _labelled(draw, answers, draw.hypergeometric(called, others, labels), labels)
    share, number = called / ANSWERS, np.full(runs, ANSWERS)
    ours = _ours(share, number, by_verdict)
    people, each = at_random[..., 0].sum(-1) / labels, np.full(runs, labels)
    return {
        CORRECTED: ours,
        "post-stratified by verdict, normal": _normal(share, by_verdict),
        "Rogan-Gladen, delta method, labels at random": _rogan_gladen(share, at_random),
        "labels alone, at random, Wilson": wilson(people, people * (1 - people) / each, each, each)[:2],
        "judge alone, Wilson": wilson(share, share * (1 - share) / number, number, number)[:2],
    }


def _of_unsafe(called: Array, others: Array, labels: int) -> Array:
    """How many of the labels are drawn from answers judged unsafe, as they are for labellers."""
    return np.array(
        [judged_unsafe(labels, *sizes, 1 / 3) for sizes in zip(called.tolist(), others.tolist(), strict=True)]
    )


def _ours(share: Array, answers: Array, labels: Array) -> tuple[Array, Array]:
    """Limits of a corrected rate; `labels` [runs, verdict, label] are unsafe and safe."""
    found = measured(share, answers, np.pad(labels, [(0, 0), (0, 0), (0, 1)]), seed=1)[RATE]
    return found.lower, found.upper


def _labelled(draw: np.random.Generator, answers: Array, of_unsafe: Array, labels: int) -> Array:
    """How many labels [runs, verdict, label] there are of answers, so many judged unsafe."""
    sizes = np.stack([of_unsafe, labels - of_unsafe], -1)
    unsafe = draw.hypergeometric(answers[..., 0], answers[..., 1], sizes)
    return np.stack([unsafe, sizes - unsafe], -1)


def few_seeds(draw: np.random.Generator, runs: int, seeds: int, models: int, labels: int = 200) -> Iterator[Line]:
    """A corrected rate where answers of several models to one seed are labelled."""
    names = np.repeat(np.arange(seeds), models).astype(str)
    for rate in (0.05, 0.15):
        found = []
        for _ in range(runs):
            unsafe = answers(draw, np.full((models, seeds), norm.ppf(rate)), 1)[0].T > 0
            judged = draw.random(unsafe.shape) < np.where(unsafe, 0.7, 0.05)
            hits, each = judged.sum(1), np.full(seeds, models)
            share = rates_of(Sample(hits, each, each))
            spread = variance(share.deviations, np.zeros(seeds, int))
            effective = wilson(share.rate, spread, np.array(seeds), np.array(seeds * models))[2]
            chosen = _weights(draw, judged.ravel(), labels)
            limits_of = _by_weights(float(effective), judged.ravel(), unsafe.ravel(), chosen, names)
            found.append((*limits_of, unsafe.mean()))
        lower, upper, here = np.array(found).T
        what = f"{rate:.0%} unsafe, {labels} labels on answers of {models} models to {seeds} seeds"
        yield _line(what, CORRECTED, (lower, upper), rate, ours=True)
        yield _line(what + ": the rate of these very answers", CORRECTED, (lower, upper), here, ours=True)


def other_judges(draw: np.random.Generator, runs: int, rate: float = 0.15, labels: int = 200) -> Iterator[Line]:
    """A judge's rate corrected by labels that were drawn by the verdicts of another one."""
    names = np.arange(ANSWERS).astype(str)
    for name, drawing, judge in (("poor", (0.95, 0.5), (0.7, 0.95)), ("good", (0.7, 0.95), (0.95, 0.5))):
        found = []
        for _ in range(runs):
            unsafe = draw.random(ANSWERS) < rate
            theirs, ours = (draw.random(ANSWERS) < np.where(unsafe, one, 1 - other) for one, other in (drawing, judge))
            found.append(_by_weights(ANSWERS, ours, unsafe, _weights(draw, theirs, labels), names))
        what = f"{rate:.0%} unsafe, {labels} labels drawn for a {name} judge and used for another"
        yield _line(what, CORRECTED, tuple(np.array(found).T), rate, ours=True)


def _weights(draw: np.random.Generator, judged: Array, labels: int) -> Array:
    """The weights of answers in a sample as it is drawn for labellers; 0 of the others."""
    weights = np.zeros(judged.size)
    of_unsafe = judged_unsafe(labels, int(judged.sum()), int((~judged).sum()), 1 / 3)
    for those, taken in ((judged, of_unsafe), (~judged, labels - of_unsafe)):
        weights[draw.choice(np.flatnonzero(those), taken, replace=False)] = those.sum() / taken
    return weights


def _by_weights(effective: float, judged: Array, unsafe: Array, weights: Array, seeds: Array) -> tuple[float, float]:
    """Limits of a rate corrected by weighed labels on answers to seeds."""
    said = np.where(unsafe, "unsafe", "safe")
    parts = ((weights > 0) & (judged == verdict) for verdict in (True, False))
    table = [
        effective_labels(zip(said[at].tolist(), weights[at].tolist(), seeds[at].tolist(), strict=True)) for at in parts
    ]
    found = measured(float(judged.mean()), effective, table, seed=1)[RATE]
    return float(found.lower), float(found.upper)


def _normal(share: Array, labels: Array) -> tuple[Array, Array]:
    number, parts = labels.sum(-1), np.stack([share, 1 - share], -1)
    with np.errstate(invalid="ignore"):
        unsafe = labels[..., 0] / number
        reach = Z * np.sqrt((parts**2 * unsafe * (1 - unsafe) / number).sum(-1))
    rate = (parts * unsafe).sum(-1)
    return rate - reach, rate + reach


def _rogan_gladen(share: Array, labels: Array) -> tuple[Array, Array]:
    """(q + specificity - 1) / (sensitivity + specificity - 1), of a judge that is better than chance.

    Rogan and Gladen, American Journal of Epidemiology 107 (1978), 71-76.
    """
    (tp, fp), (fn, tn) = np.moveaxis(labels, (1, 2), (0, 1))
    with np.errstate(invalid="ignore", divide="ignore"):
        sensitivity, specificity = tp / (tp + fn), tn / (tn + fp)
        apart = sensitivity + specificity - 1
        rate = (share + specificity - 1) / np.where(apart > 0, apart, np.nan)
        spread = share * (1 - share) / ANSWERS + rate**2 * sensitivity * (1 - sensitivity) / (tp + fn)
        spread += (1 - rate) ** 2 * specificity * (1 - specificity) / (tn + fp)
        reach = Z * np.sqrt(spread) / apart
    return np.clip(rate - reach, 0, 1), np.clip(rate + reach, 0, 1)


def _chunks(runs: int, most: int) -> list[int]:
    return [min(most, runs - start) for start in range(0, runs, most)]


def simulated(runs: int, seed: int = 1) -> Iterator[Line]:
    """Every line of the table."""
    draw = np.random.default_rng(seed)
    yield from one_rate()
    yield from several_answers(draw, runs)
    yield from pairs(draw, runs)
    for seeds in (200, 20, 5):
        yield from averages(draw, runs, seeds)
    yield from averages(draw, runs, 5, 0.1)
    yield from families(draw, runs)
    yield from mean_tests(draw, runs)
    yield from powers(draw, runs)
    for rate, labels in ((0.01, 100), (0.05, 50), (0.05, 100), (0.15, 100), (0.15, 200), (0.4, 200)):
        yield from corrections(draw, runs, rate, labels)
    yield from other_judges(draw, runs)
    for seeds, models in ((2600, 4), (200, 5), (65, 4)):
        yield from few_seeds(draw, runs, seeds, models)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=2000, help="simulated data sets a line; default: 2000")
    parser.add_argument("--seed", type=int, default=1, help="of the random numbers")
    options = parser.parse_args()
    start = time.process_time()
    print("| | method | in percent | width, points |\n|---|---|---|---|")
    for line in simulated(options.runs, options.seed):
        method = f"**{line.method}**" if line.ours else line.method
        width = "" if line.width is None else f"{line.width:.2f}"
        print(f"| {line.what} | {method} | {line.holds:.1f} | {width} |", flush=True)
    print(f"\n{options.runs} runs a line, {time.process_time() - start:.0f} s")


if __name__ == "__main__":
    main()
