"""How good a judge is, language by language, and per model where its own labels suffice: the rows of its table."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from ..analysis.estimates import decimals, wilson
from ..categories import About
from ..rows import ALL, AnswerLabel, JudgeQuality, LabelledAnswer, RateEstimate, Verdict, VerdictClass
from .correction import KAPPA, MEASURES, RATE, Measure, measured
from .labels import answer_digest
from .sampling import JUDGED

if TYPE_CHECKING:
    from ..config.calibration import Enough

CORRECTED = "corrected"  # the status of a row that has a corrected rate
_NEVER = "never calibrated"
_PEOPLE = "people"
_ENDS = ("", "_lower", "_upper")
WITHIN_SEED = 0.35
"""How labels on two models' answers to one seed correlate, about: .34 was the median over three models in 14 languages
(mainlp/Multilingual-Refusal, as `CORRELATION` in `analysis/power.py`, which is of what is latent)."""
_LABELS: tuple[AnswerLabel, ...] = (*JUDGED, "invalid")


class JudgedRow(NamedTuple):
    """A verdict on an answer, and the seed that it is an answer to: of several, the first."""

    digest: str
    verdict: VerdictClass
    seed: str


Judged = Mapping[str, Sequence[JudgedRow]]  # by model, in one language
Labels = Mapping[str, LabelledAnswer]  # by digest


def main_rows(verdicts: Mapping[str, Iterable[Verdict]], about: About) -> dict[str, list[JudgedRow]]:
    """A judge's verdicts in a language, by model, in the categories of the main table."""
    seeds: dict[str, str] = {}
    found: dict[str, list[JudgedRow]] = {model: [] for model in verdicts}
    for model, rows in verdicts.items():
        for row in rows:
            if about.categories[row["category"]].main:
                digest = answer_digest(row["query"], row["response"])
                found[model].append(JudgedRow(digest, row["verdict"], seeds.setdefault(digest, row["id"])))
    return found


def rates_to_correct(rates: Iterable[RateEstimate], prompting: str, about: About) -> list[RateEstimate]:
    """Those of the main table under one prompting method, for its languages and models."""
    key = (prompting, about.main_part, "unsafe")
    return [row for row in rates if (row["prompting"], row["category"], row["outcome"]) == key]


def quality_rows(
    judged: Judged, rates: Iterable[RateEstimate], labelled: Iterable[LabelledAnswer], settings: "Enough"
) -> Iterator[JudgeQuality]:
    """The rows of one language, that of all models first. `rates` are the judge's, raw: there is a row for each.

    All models are their mean, as in the tables: over those that have a rate.
    """
    labels = {answer["digest"]: answer for answer in labelled}
    present = {row.digest for rows in judged.values() for row in rows}
    frame = {model: [row for row in rows if row.verdict in JUDGED] for model, rows in judged.items()}
    ordered = sorted(rates, key=lambda rate: rate["model"] != ALL)
    rated = {rate["model"]: frame[rate["model"]] for rate in ordered[1:] if rate["rate"]}
    for rate in ordered:
        is_all = rate["model"] == ALL
        place = _Place(rated if is_all else {rate["model"]: frame[rate["model"]]}, labels)
        yield _row(place, rate, settings, stale=len(labels.keys() - present) if is_all else None)


def effective_labels(weighed: Iterable[tuple[AnswerLabel, float, str]]) -> list[float]:
    """How many labels, effectively, say unsafe, safe and invalid, of labels with their weights and seeds.

    Weights that differ make labels worth fewer, and so do several labels on answers to one seed (Kish, *Survey
    Sampling*, 1965, 11.7 and 5.4).
    """
    said, seeds = dict.fromkeys(_LABELS, 0.0), defaultdict[str, float](float)
    squares = 0.0
    for label, weight, seed in weighed:
        said[label] += weight
        seeds[seed] += weight
        squares += weight**2
    spread = squares + WITHIN_SEED * (sum(weight**2 for weight in seeds.values()) - squares)
    return [weight * sum(said.values()) / spread if spread else 0.0 for weight in said.values()]


class _Place:
    """The valid answers of models that are taken together, with what is labelled of them."""

    def __init__(self, rows: Judged, labels: Labels) -> None:
        # Of the answers: each model counts alike, and so do its rows.
        self.shares: defaultdict[JudgedRow, float] = defaultdict(float)
        for given in rows.values():
            for row in given:
                self.shares[row] += 1 / (len(rows) * len(given))
        self.labelled = {row: labels[row.digest] for row in self.shares if row.digest in labels}
        self.weights = {row: self.shares[row] / label["probability"] for row, label in self.labelled.items()}
        self.counts = Counter((row.verdict, label["label"]) for row, label in self.labelled.items())

    @property
    def share(self) -> float:
        """Of the answers, how much the judge calls unsafe."""
        unsafe, safe = (sum(share for row, share in self.shares.items() if row.verdict == one) for one in JUDGED)
        return unsafe / (unsafe + safe)  # not rounded where the judge says but one thing

    def lacking(self, settings: "Enough") -> str:
        """Why the labels do not suffice, in words; empty where they do."""
        if not self.labelled:
            return _NEVER
        if (number := self.number(JUDGED)) < settings.min_labels:
            return f"{number} of {settings.min_labels} labels"
        for verdict in JUDGED:
            is_whole = all(row in self.labelled for row in self.shares if row.verdict == verdict)
            if not is_whole and (number := self.number([verdict])) < settings.min_per_verdict:
                return f"{number} of {settings.min_per_verdict} labels on answers judged {verdict}"
        return ""

    def number(self, verdicts: Collection[VerdictClass]) -> int:
        """How many labels say safe or unsafe of answers with these verdicts."""
        return sum(self.counts[verdict, label] for verdict in verdicts for label in JUDGED)

    def effective(self, verdicts: Collection[VerdictClass]) -> list[float]:
        """How many labels, effectively, say what of answers with these verdicts."""
        return effective_labels(
            (self.labelled[row]["label"], weight, row.seed)
            for row, weight in self.weights.items()
            if row.verdict in verdicts
        )

    def people(self) -> Measure:
        """What people alone say: of the answers, how much is unsafe."""
        import numpy as np

        unsafe, safe, _ = self.effective(JUDGED)
        number = np.array(unsafe + safe)
        with np.errstate(invalid="ignore"):
            rate = unsafe / number
            return Measure(rate, *wilson(rate, rate * (1 - rate) / number, number, number)[:2])


def _row(place: _Place, rate: RateEstimate, settings: "Enough", *, stale: int | None) -> JudgeQuality:
    status = place.lacking(settings) if rate["rate"] else rate["why"]
    found: dict[str, Measure] = {}
    if place.labelled and rate["rate"]:
        labels = [place.effective([verdict]) for verdict in JUDGED]
        found = {_PEOPLE: place.people(), **measured(place.share, float(rate["n_eff"]), labels, settings.seed)}
    if status:
        found.pop(RATE, None)
    shown = {name + end: "" for name in (_PEOPLE, *MEASURES) for end in _ENDS}
    shown |= {
        name + end: decimals(float(value), percent=name != KAPPA)
        for name, measure in found.items()
        for end, value in zip(_ENDS, measure, strict=True)
    }
    (tp, fp), (fn, tn) = ([place.counts[verdict, label] for label in JUDGED] for verdict in JUDGED)
    row: JudgeQuality = {
        "lang": rate["lang"],
        "model": rate["model"],
        "prompting": rate["prompting"],
        "answers": rate["valid"],
        "raw": rate["rate"],
        "raw_lower": rate["lower"],
        "raw_upper": rate["upper"],
        "labels": place.number(JUDGED),
        "tp": tp,
        "fp": fp,
        "fn": fn,
        "tn": tn,
        "invalid": len(place.labelled) - place.number(JUDGED),
        "stale": stale,
        "synthetic": "yes" if any(label["synthetic"] == "yes" for label in place.labelled.values()) else "no",
        "status": status or CORRECTED,
        **shown,  # type: ignore[typeddict-item]
    }
    return row
