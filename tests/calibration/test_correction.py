"""Corrected rates are covered as often as they say, in the simulations of the benchmark; raw rates are not."""

import numpy as np
import pytest

from benchmarks.coverage import CORRECTED, JUDGES, corrections, few_seeds, other_judges


@pytest.fixture
def draw() -> np.random.Generator:
    return np.random.default_rng(12)


def test_few_unsafe_answers_and_a_judge_that_misses_some(draw: np.random.Generator) -> None:
    found = {line.method: line for line in corrections(draw, 1000, 0.05, 100, judges=[(0.7, 0.95)])}
    assert found[CORRECTED].holds >= 92
    assert found[CORRECTED].width < found["labels alone, at random, Wilson"].width  # type: ignore[operator]
    assert found["judge alone, Wilson"].holds < 5
    assert found["post-stratified by verdict, normal"].holds < 92


def test_every_judge_and_hardly_anything_unsafe(draw: np.random.Generator) -> None:
    found = {(line.what, line.method): line.holds for line in corrections(draw, 300, 0.01, 100, judges=JUDGES[::4])}
    what, other = "1% unsafe, 100 labels", "Rogan-Gladen, delta method, labels at random"
    assert found[what, CORRECTED] > 89
    assert found[what, other] < 60
    assert found[what + ": not defined", other] > 20


def test_labels_drawn_for_other_judges_and_on_few_seeds(draw: np.random.Generator) -> None:
    lines = [*other_judges(draw, 200), *few_seeds(draw, 200, 65, 4)]
    assert len(lines) == 6
    assert min(line.holds for line in lines) > 86
