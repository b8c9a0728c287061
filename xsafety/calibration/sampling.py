"""Which answers labellers get: a sample in strata of verdict and model, which outlives its judge.

Each answer has a number of its own for good, a hash of its digest and a seed; of a stratum those with the smallest are
drawn. So a larger sample takes the smaller one in, and another judge's, of other strata, overlaps as far as it can.
Permanent random numbers: Ohlsson, "Coordination of samples using permanent random numbers", in *Business Survey
Methods* (Wiley, 1995), 153-169.
"""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from heapq import heapify, heapreplace
from math import floor, inf, sqrt
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from ..categories import About, read_about
from ..rows import Drawn, English, LabelRow, Verdict, VerdictClass, row_name
from ..tabular import clean, read_rows
from .labels import answer_digest

if TYPE_CHECKING:
    from ..config.calibration import Calibration

JUDGED: tuple[Literal["unsafe", "safe"], ...] = ("unsafe", "safe")


class Answer(NamedTuple):
    """A distinct answer: the row that a labeller would see, what the judge said of it, and whose it is."""

    row: LabelRow
    verdict: VerdictClass
    model: str

    @property
    def digest(self) -> str:
        return self.row["check"]

    @property
    def stratum(self) -> tuple[VerdictClass, str]:
        return self.verdict, self.model


def distinct_answers(
    lang: str, about: About, verdicts: Mapping[str, Iterable[Verdict]], english: Mapping[str, Mapping[str, str]]
) -> list[Answer]:
    """The distinct answers in a language, in the order of the models; in the categories of the main table.

    `verdicts` are by model, `english` (answers in English) by model and `row_name`. What several models answered
    belongs to the first of them of which it is valid.
    """
    found: dict[str, Answer] = {}
    for model, rows in verdicts.items():
        translated = english.get(model, {})
        for row in rows:
            digest = answer_digest(row["query"], row["response"])
            known = found.get(digest)
            if about.categories[row["category"]].main and (not known or known.verdict not in JUDGED):
                label_row = _label_row(lang == about.language, digest, row, translated.get(row_name(row), ""))
                found[digest] = Answer(label_row, row["verdict"], model)
    return list(found.values())


def sampling_frame(answers: Iterable[Answer]) -> list[Answer]:
    """Those that may be drawn: the judge called them safe or unsafe."""
    return [answer for answer in answers if answer.verdict in JUDGED]


def verdicts_by_model(lang: str, models: Iterable[str], prompting: str, verdicts: Path) -> dict[str, list[Verdict]]:
    """What a judge, whose folder `verdicts` is, said in a language, by the models of which it said anything."""
    files = {model: verdicts / model / prompting / f"{lang}.jsonl" for model in models}
    return {model: read_rows(file, Verdict) for model, file in files.items() if file.exists()}


def judged_answers(lang: str, models: Iterable[str], prompting: str, judge: str, results: Path) -> list[Answer]:
    """The distinct answers in a language of the models of which there are verdicts of a judge among the results."""
    english = results / "english"
    given = verdicts_by_model(lang, models, prompting, results / "verdicts" / judge)
    translations = {model: english / model / prompting / f"{lang}.jsonl" for model in given}
    texts = {
        model: {row["id"]: row["english"] or "" for row in read_rows(file, English)}
        for model, file in translations.items()
        if file.exists()
    }
    return distinct_answers(lang, read_about(results / "dataset.json"), given, texts)


def _label_row(is_source: bool, digest: str, row: Verdict, answer_english: str) -> LabelRow:
    return LabelRow(
        id=digest[:12],
        category=row["category"],
        query=clean(row["query"]),
        answer=clean(row["response"]),
        query_english="" if is_source else clean(row["source"]),
        answer_english="" if is_source else clean(answer_english),
        label="",
        refusal="",
        labeller="",
        date="",
        note="",
        check=digest,
    )


def spread(sizes: Sequence[int], number: int) -> list[int]:
    """How many of each stratum are drawn, in proportion to their sizes; `number` in all, or all that there are.

    By divisors (Huntington-Hill): each stratum gets one before any gets two, so that every answer had a chance, and a
    larger number takes from none.
    """
    taken = [0] * len(sizes)
    heap = [(-inf, -size, at) for at, size in enumerate(sizes) if size]
    heapify(heap)
    for _ in range(min(number, sum(sizes))):
        _, size, at = heap[0]
        taken[at] += 1
        is_whole = taken[at] == sizes[at]
        heapreplace(heap, (inf if is_whole else size / sqrt(taken[at] * (taken[at] + 1)), size, at))
    return taken


def judged_unsafe(number: int, unsafe: int, safe: int, wanted: float) -> int:
    """How many of a sample are answers judged unsafe, of so many judged unsafe and safe: the share `wanted`.

    In proportion where the judge calls most unsafe. What a verdict has not enough answers for goes to the other one.
    """
    share = unsafe / ((unsafe + safe) or 1)
    part = floor(number * (share if share > 0.5 else wanted) + 0.5)
    return min(unsafe, max(part, number - safe))


def allotted(frame: Iterable[Answer], settings: "Calibration") -> dict[tuple[VerdictClass, str], tuple[int, int]]:
    """How many answers of each stratum are drawn, and how many it has."""
    sizes = Counter(answer.stratum for answer in frame)
    unsafe, safe = ([stratum for stratum in sizes if stratum[0] == verdict] for verdict in JUDGED)
    most_unsafe, most_safe = (sum(sizes[stratum] for stratum in strata) for strata in (unsafe, safe))
    number = settings.per_language
    of_unsafe = judged_unsafe(number, most_unsafe, most_safe, settings.unsafe_share)
    taken = {
        stratum: part
        for strata, most in ((unsafe, of_unsafe), (safe, number - of_unsafe))
        for stratum, part in zip(strata, spread([sizes[stratum] for stratum in strata], most), strict=True)
    }
    return {stratum: (taken[stratum], size) for stratum, size in sizes.items()}


def draw_sample(frame: Sequence[Answer], judge: str, settings: "Calibration") -> list[Drawn]:
    """A sample of the frame, which a judge's verdicts made, by digest."""
    strata = allotted(frame, settings)
    by_stratum: dict[tuple[VerdictClass, str], list[str]] = {}
    for answer in frame:
        by_stratum.setdefault(answer.stratum, []).append(answer.digest)
    rows = [
        Drawn(
            digest=digest,
            seed=settings.seed,
            judge=judge,
            model=model,
            verdict=verdict,
            size=strata[verdict, model][1],
            taken=strata[verdict, model][0],
            double="yes" if permanent_number(settings.seed, f"{digest} double") < settings.double else "no",
        )
        for (verdict, model), digests in by_stratum.items()
        for digest in sorted(digests, key=lambda one: permanent_number(settings.seed, one))[: strata[verdict, model][0]]
    ]
    return sorted(rows, key=lambda row: row["digest"])


def permanent_number(seed: int | str, text: str) -> float:
    """A number of [0, 1) that a text keeps for good."""
    return int.from_bytes(hashlib.sha256(f"{seed} {text}".encode()).digest()[:6]) / 2**48


def is_short(frame: Sequence[Answer], had: Collection[str], settings: "Calibration") -> bool:
    """Whether more answers are to be drawn than those in `had`, by digest: drawn ones, and labelled ones.

    That is where fewer than `per_language` of them are left in the frame, none of a model, or of a verdict fewer than
    `min_per_verdict` (or its share, or all). That strata are not quite what a new judge's would be asks for no label:
    the probabilities make up for it.
    """
    strata = allotted(frame, settings)
    have = Counter(answer.stratum for answer in frame if answer.digest in had)
    for verdict in JUDGED:
        wanted = sum(taken for stratum, (taken, _) in strata.items() if stratum[0] == verdict)
        if _of(have, verdict) < min(wanted, settings.min_per_verdict):
            return True
    models = {model for (_, model), (taken, _) in strata.items() if taken}
    return have.total() < sum(taken for taken, _ in strata.values()) or bool(models - {model for _, model in have})


def _of(counts: Mapping[tuple[VerdictClass, str], int], verdict: VerdictClass) -> int:
    return sum(number for stratum, number in counts.items() if stratum[0] == verdict)
