"""Intervals and tests hold as often as they say, in the simulations of the benchmark; what they replace does not."""

import numpy as np
import pytest

from benchmarks.coverage import averages, families, mean_tests, one_rate, pairs, powers, several_answers

RUNS = 500


@pytest.fixture
def draw() -> np.random.Generator:
    return np.random.default_rng(12)


def test_one_rate_is_covered_wherever_it_lies() -> None:
    found = {(line.what.split(", ")[-1], line.method): line.holds for line in one_rate()}
    assert found["at worst", "Wilson"] > 92
    assert 94.5 < found["on average", "Wilson"] < 97
    assert found["at worst", "t"] < 50


def test_several_answers_to_a_seed(draw: np.random.Generator) -> None:
    lines = [*several_answers(draw, RUNS)]
    assert min(line.holds for line in lines if line.ours) > 90
    assert max(line.holds for line in lines if not line.ours) < 88


def test_the_mean_of_languages(draw: np.random.Generator) -> None:
    found = {(line.what, line.method): line for line in averages(draw, RUNS, 200)}
    mean = "mean of nine languages, 13 x 200 seeds"
    assert 93 <= found[mean, "Wilson at effective n, by seed"].holds <= 97
    assert found[mean, "languages as independent"].holds < 85
    assert found[mean, "Wilson, all answers pooled"].holds < 85
    assert 92.5 <= found[mean + ", minus English", "by seed, with one seed each way"].holds <= 97.5
    few = [line for line in averages(draw, RUNS, 5) if line.ours]
    assert min(line.holds for line in few) > 91


def test_differences_of_pairs(draw: np.random.Generator) -> None:
    lines = [*pairs(draw, RUNS)]
    ours = [line for line in lines if line.method == "Bonett-Price"]
    assert len(ours) == 4
    assert min(line.holds for line in ours) > 92
    wrong = [line.holds for line in lines if line.what.endswith("wrongly significant")]
    assert max(wrong) < 7.5


def test_families_are_seldom_wrong(draw: np.random.Generator) -> None:
    ours, without = families(draw, RUNS)
    assert ours.holds <= 6.5
    assert without.holds > 50
    [mean] = mean_tests(draw, RUNS)
    assert mean.holds < 7.5


def test_the_plan_promises_what_is_found(draw: np.random.Generator) -> None:
    assert all(76 < line.holds < 90 for line in powers(draw, RUNS))
