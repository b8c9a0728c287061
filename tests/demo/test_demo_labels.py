"""The demo's synthetic labels: those that ship are what the rule makes, and say what they are."""

from pathlib import Path

import pytest

from xsafety.calibration.labels import doubled
from xsafety.calibration.returned import fold_labels, read_samples
from xsafety.demo.labels import synthetic_labels
from xsafety.rows import SYNTHETIC, LabelRow
from xsafety.tabular import read_rows

LABELS = Path(__file__).parents[2] / "data" / "labels"


@pytest.mark.parametrize("lang", ["en", "zh", "ar", "bn"])
def test_shipped_labels_are_made_by_the_rule(lang: str) -> None:
    samples = read_samples(LABELS / lang)
    [name] = samples
    shipped = {path.name.split(".")[1]: path for path in sorted((LABELS / lang).glob(f"{name}.*.csv"))}
    assert all(labeller.startswith(SYNTHETIC) for labeller in shipped)
    first = read_rows(shipped[f"{SYNTHETIC}-a"], LabelRow)
    made = synthetic_labels(lang, first, doubled(samples))
    assert {labeller: read_rows(path, LabelRow) for labeller, path in shipped.items()} == made
    assert {row["check"] for row in first} <= {row["digest"] for row in samples[name]}
    folded = fold_labels(LABELS / lang, samples)
    assert folded.problems == []
    assert len(folded.labels) == sum(map(len, made.values()))
