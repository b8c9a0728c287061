"""How much reviewers change, and how far they agree: tables from the ledgers of evidence.

A round here is `RoundResult.number`: which proofreading of its text it was. The release's own translations (round 0)
are nobody's review and are left out, but they count as a proofreading: the first sheet on them is round 2. Evidence for
a former English counts as the work it was, so that editing a seed changes nothing here until new evidence comes in.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from math import comb, isnan
from typing import TYPE_CHECKING, Any, NamedTuple, TypedDict

from ..rows import ALL, DECIDING, Evidence
from .standing import RoundResult, is_modified, round_results

if TYPE_CHECKING:
    import pandas as pd

EVERYONE = "all reviewers"  # with a space, which no reviewer's name has

REMOVED = "removed"  # the category of evidence for ids that are no seeds any more

_OUTCOMES = ["modified", *DECIDING, "unsure", "skip", "disputed"]


class ModificationRate(TypedDict):
    """How much was changed, per language, round, category and reviewer, with margins."""

    lang: str
    round: int
    category: str
    reviewer: str
    rows: int  # that have a verdict: ok, edited or rejected
    modified: int  # of these, that have another target than was shown
    rate: str  # in percent, with its Wilson interval (95%); empty without a verdict
    lower: str
    upper: str
    ok: int
    edited: int
    rejected: int
    unsure: int
    skip: int
    disputed: int


class ReviewerAgreement(TypedDict):
    """How far reviewers agree, per language, round and pair of them, or `per_row` of them on a row."""

    lang: str
    round: str
    reviewers: str
    per_row: int
    rows: int  # that they decided in common, seeing the same text in the same round
    verdicts: str  # in what percentage of these they gave the same verdict: ok, edited, rejected
    texts: str  # and the same target but for white space
    statistic: str  # Cohen, or Fleiss of more than two
    kappa: str
    lower: str
    upper: str
    ac1: str


class Outcome(NamedTuple):
    """What one row came to in one round, by one reviewer or by all together."""

    round: int
    category: str
    reviewer: str
    outcome: str  # one of _OUTCOMES


class CommonRow(NamedTuple):
    """A row that several reviewers decided: their verdicts, and how many pairs of them gave one text."""

    per_row: int
    round: int  # 0 of more than two reviewers, which are taken together over all rounds
    reviewers: str  # of two
    verdicts: tuple[str, ...]
    same: int


class Survey(NamedTuple):
    """One language's ledger: what was said of rows, and what several reviewers said of the same row."""

    outcomes: list[Outcome]
    common: list[CommonRow]


def survey(ledger: Iterable[Evidence], categories: Mapping[str, str]) -> Survey:
    """What the evidence of one language says; `categories` maps the ids of the seeds to their categories.

    A row counts once in a round, whoever decided it, by the last sheets that did; once for each reviewer, by his last
    word. A row on which they still differ is `disputed`, and has no verdict. An `ok` to a text that had been replaced
    counts nowhere. Evidence for an id that is no seed any more counts in all sums, under the category `removed`.
    """
    rows: dict[tuple[str, str], list[Evidence]] = {}
    for entry in ledger:
        rows.setdefault((entry["id"], entry["source"]), []).append(entry)
    outcomes: list[Outcome] = []
    common: list[CommonRow] = []
    for (id, _), entries in rows.items():
        numbered: dict[int, list[RoundResult]] = {}  # several sheets may have gone into one proofreading
        for result in round_results(entries):
            if result.round and (result.decided or result.undecided):
                numbered.setdefault(result.number, []).append(result)
                common += _common_rows(result)
        category = categories.get(id, REMOVED)
        outcomes += [Outcome(at, category, *said) for at, results in numbered.items() for said in _outcomes(results)]
    return Survey(outcomes, common)


def _outcomes(results: Iterable[RoundResult]) -> Iterator[tuple[str, str]]:
    """Of whom, and of everyone together, what is to be counted for a row in one proofreading."""
    by: dict[str, Evidence] = {}  # every reviewer's last word
    last: RoundResult | None = None
    for result in results:
        by |= {**result.undecided, **result.decided}
        last = result if result.decided else last
    given = {entry["verdict"] for entry in by.values()}
    yield from ((EVERYONE, verdict) for verdict in ("unsure", "skip") if verdict in given)
    if last:
        said = _counted(last.decided.values()) if len(last.outcomes) == 1 else ["disputed"]
        yield from ((EVERYONE, one) for one in said)
    for reviewer, entry in by.items():
        yield from ((reviewer, one) for one in _counted([entry]))


def _counted(entries: Iterable[Evidence]) -> list[str]:
    """What entries that agree make of a row: an edit, if one of them is."""
    said = {entry["verdict"] for entry in entries}
    verdict = next(verdict for verdict in ("rejected", "edited", "ok", "unsure", "skip") if verdict in said)
    return [verdict, "modified"] if any(map(is_modified, entries)) else [verdict]


def _common_rows(result: RoundResult) -> Iterator[CommonRow]:
    """Every pair that decided the row for the same shown text; three or more of them once more, all together."""
    shown: dict[str, list[tuple[str, Evidence]]] = {}
    for reviewer, entry in result.decided.items():
        shown.setdefault(entry["before"], []).append((reviewer, entry))
    for deciders in shown.values():
        for group in [*combinations(deciders, 2), *([deciders] if len(deciders) > 2 else [])]:
            names, entries = zip(*group, strict=True)
            verdicts = tuple(entry["verdict"] for entry in entries)
            texts = [None if entry["verdict"] == "rejected" else entry["after"].split() for entry in entries]
            same = sum(one == other for one, other in combinations(texts, 2))
            # Fleiss' kappa is about reviewers at large: who they were does not matter, how many they were does.
            pair = (result.number, "; ".join(names)) if len(names) == 2 else (0, "")
            yield CommonRow(len(names), *pair, verdicts, same)


def modification_rates(surveys: Mapping[str, Survey], categories: Iterable[str]) -> list[ModificationRate]:
    """Rows per language, round, category (as given) and reviewer, with `All` and `all reviewers` as margins.

    Rounds have no margin: the rates of a first and of a second proofreading are of different texts.
    """
    rows = [(lang, *outcome) for lang, found in surveys.items() for outcome in found.outcomes]
    if not rows:
        return []
    import pandas as pd  # with statsmodels a second to load, which runs without evidence need not spend
    from statsmodels.stats.proportion import proportion_confint

    frame = pd.DataFrame(rows, columns=["lang", *Outcome._fields])
    for margin in ("lang", "category"):
        frame = pd.concat([frame, frame.assign(**{margin: ALL})])
    orders = {
        "lang": [ALL, *sorted(surveys)],
        "category": [ALL, *categories, REMOVED],
        "reviewer": [EVERYONE, *sorted(set(frame["reviewer"]) - {EVERYONE})],
        "outcome": _OUTCOMES,
    }
    frame = frame.assign(**{name: pd.Categorical(frame[name], order) for name, order in orders.items()})
    keys = ["lang", "round", "category", "reviewer"]
    counts = frame.groupby([*keys, "outcome"], observed=True).size().unstack(fill_value=0)
    counts = counts.reindex(columns=_OUTCOMES, fill_value=0).reset_index()
    counts["rows"] = counts[list(DECIDING)].sum(axis=1)
    decided = counts[counts["rows"] > 0]
    lower, upper = proportion_confint(decided["modified"], decided["rows"], alpha=0.05, method="wilson")
    for name, shares in (("rate", decided["modified"] / decided["rows"]), ("lower", lower), ("upper", upper)):
        counts[name] = ""
        counts.loc[decided.index, name] = shares.map(_percent)
    return counts.to_dict("records")  # type: ignore[return-value]


def reviewer_agreement(surveys: Mapping[str, Survey]) -> list[ReviewerAgreement]:
    """Rows per language, round and pair of reviewers; where more than two decided a row, one per language and number.

    Of three or more reviewers `verdicts` and `texts` are percentages of their pairs, and `kappa` is Fleiss', over all
    rounds; else it is Cohen's, with its asymptotic interval (95%). It is empty where all verdicts are of one kind,
    which leaves it undefined; so are limits where the estimated variance is zero, as when one of two reviewers always
    says the same.
    """
    rows = [(lang, *row) for lang, found in surveys.items() for row in found.common]
    if not rows:
        return []
    import pandas as pd

    frame = pd.DataFrame(rows, columns=["lang", *CommonRow._fields])
    groups: Any = frame.groupby(["lang", "per_row", "round", "reviewers"])
    return [_agreement(key, group) for key, group in groups]


def _agreement(key: tuple[str, int, int, str], rows: "pd.DataFrame") -> ReviewerAgreement:
    lang, raters, number, names = key
    ratings = [[verdicts.count(verdict) for verdict in DECIDING] for verdicts in rows["verdicts"]]
    statistic, values = (
        ("Fleiss", (fleiss(ratings), None, None)) if raters > 2 else ("Cohen", cohen(rows["verdicts"], DECIDING))
    )
    kappa, lower, upper = ("" if value is None or isnan(value) else f"{value:z.4f}" for value in values)
    return {
        "lang": lang,
        "round": str(number or ALL),
        "reviewers": names or EVERYONE,
        "per_row": raters,
        "rows": len(rows),
        "verdicts": _percent(pairs_that_agree(ratings)),
        "texts": _percent(rows["same"].sum() / (len(rows) * comb(raters, 2))),
        "statistic": statistic,
        "kappa": kappa,
        "lower": lower,
        "upper": upper,
        "ac1": f"{gwet_ac1(ratings):z.4f}",
    }


def cohen(pairs: Iterable[Sequence[str]], classes: Sequence[str]) -> tuple[float | None, ...]:
    """Cohen's kappa of pairs of verdicts, each of the `classes`, and its limits (95%).

    There are no limits where its estimated variance is zero. An asymptotic interval may reach beyond what there is.
    """
    import numpy as np
    from statsmodels.stats.inter_rater import cohens_kappa

    table = [[0] * len(classes) for _ in classes]
    for verdicts in pairs:
        one, other = map(classes.index, verdicts)
        table[one][other] += 1
    with np.errstate(invalid="ignore", divide="ignore"):
        found = cohens_kappa(np.array(table))
    if found.std_kappa < 1e-6:  # rounding may leave a trace
        return found.kappa, None, None
    return found.kappa, max(found.kappa_low, -1.0), min(found.kappa_upp, 1.0)


def fleiss(ratings: Sequence[Sequence[int]]) -> float:
    """Fleiss' kappa of rows x categories, each cell how many raters chose the category, as many in every row."""
    import numpy as np
    from statsmodels.stats.inter_rater import fleiss_kappa

    with np.errstate(invalid="ignore", divide="ignore"):
        return float(fleiss_kappa(np.array(ratings)))


def pairs_that_agree(ratings: Sequence[Sequence[int]]) -> float:
    """The mean share of a row's pairs of raters that agree, of rows x categories as in `gwet_ac1`."""
    return sum(sum(comb(n, 2) for n in row) / comb(sum(row), 2) for row in ratings) / len(ratings)


def gwet_ac1(ratings: Sequence[Sequence[int]]) -> float:
    """Gwet's AC1 of rows x categories, each cell how many raters chose the category; two or more raters a row.

    (pa - pe) / (1 - pe), where pa is the share of pairs of raters that agree, pe = sum(pi * (1 - pi)) / (Q - 1) over
    the Q categories, and pi a category's mean share of a row's raters. Unlike kappa it is defined, and does not fall,
    where nearly all rows are of one category. Gwet, "Computing inter-rater reliability and its variance in the presence
    of high agreement", British Journal of Mathematical and Statistical Psychology 61 (2008), 29-48.
    """
    agreed = pairs_that_agree(ratings)
    shares = [sum(row[at] / sum(row) for row in ratings) / len(ratings) for at in range(len(ratings[0]))]
    chance = sum(share * (1 - share) for share in shares) / (len(shares) - 1)
    return (agreed - chance) / (1 - chance)


def _percent(share: float) -> str:
    return f"{100 * share:z.4f}"
