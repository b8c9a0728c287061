"""How much reviewers change, and how far they agree: tables from the ledgers of evidence.

A round here is `RoundResult.number`: which proofreading of its text it was. The release's own translations (round 0)
are nobody's review and are left out, but they count as a proofreading: the first sheet on them is round 2. Evidence for
a former English counts as the work it was, so that editing a seed changes nothing here until new evidence comes in.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, product
from math import comb, isnan
from typing import Any

from ..categories import CATEGORIES
from ..rows import DECIDING
from .standing import RoundResult, is_modified, round_results

RATE_COLUMNS = (
    "lang round category reviewer rows modified rate lower upper ok edited rejected unsure skip disputed".split()
)


AGREEMENT_COLUMNS = "lang round reviewers per_row rows verdicts texts statistic kappa lower upper ac1".split()


ALL = "All"


EVERYONE = "all reviewers"  # with a space, which no reviewer's name has


REMOVED = "removed"  # the category of evidence for ids that are no seeds any more


_ORDER = [ALL, *(category.key for category in CATEGORIES), REMOVED]


Key = tuple[int, str, str]  # round, category, reviewer


Group = tuple[int, int, str]  # reviewers per row, round, names: of a pair, or, without the latter two, of more than two


Votes = tuple[tuple[str, ...], int]  # the verdicts on one row, by reviewer, and how many pairs of them gave one text


@dataclass(frozen=True)
class Survey:
    """One language's ledger, counted: what was said of rows, and what several reviewers said of the same row."""

    verdicts: Mapping[Key, Counter[str]]
    votes: Mapping[Group, Counter[Votes]]


@dataclass
class _Row:
    """What was said of one row in one round, which may have taken several sheets."""

    last: RoundResult | None = None
    by: dict[str, Mapping[str, Any]] = field(default_factory=dict)  # every reviewer's last word


def survey(ledger: Iterable[Mapping[str, Any]], categories: Mapping[str, str]) -> Survey:
    """Counts the evidence of one language; `categories` maps the ids of the seeds to their categories.

    A row counts once in a round, whoever decided it, by the last sheets that did; once for each reviewer, by his last
    word. A row on which they still differ is `disputed`, and has no verdict. An `ok` to a text that had been replaced
    counts nowhere. Evidence for an id that is no seed any more counts in all sums, under the category `removed`.
    """
    rows: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for entry in ledger:
        rows.setdefault((entry["id"], entry["source"]), []).append(entry)
    verdicts: dict[Key, Counter[str]] = {}
    votes: dict[Group, Counter[Votes]] = {}
    for (id, _), entries in rows.items():
        given = {(entry["round"], entry["reviewer"]): entry for entry in entries}
        rounds: dict[int, _Row] = {}
        for reading in round_results(entries):
            if not reading.round or not (reading.decided or reading.undecided):
                continue
            row = rounds.setdefault(reading.number, _Row())
            row.by |= {name: given[reading.round, name] for name in (*reading.undecided, *reading.decided)}
            row.last = reading if reading.decided else row.last
            for group, vote in _votes(reading):
                votes.setdefault(group, Counter())[vote] += 1
        for number, row in rounds.items():
            for reviewer, said in _said(row):
                for category in (ALL, categories.get(id, REMOVED)):
                    verdicts.setdefault((number, category, reviewer), Counter()).update(said)
    return Survey(verdicts, votes)


def _said(row: _Row) -> Iterator[tuple[str, list[str]]]:
    """Of whom, and of everyone together, what is to be counted for a row."""
    together = [verdict for verdict in ("unsure", "skip") if any(e["verdict"] == verdict for e in row.by.values())]
    if row.last:
        together += _counted(row.last.decided.values()) if len(row.last.outcomes) == 1 else ["disputed"]
    yield EVERYONE, together
    for reviewer, entry in row.by.items():
        yield reviewer, _counted([entry])


def _counted(entries: Iterable[Mapping[str, Any]]) -> list[str]:
    """What entries that agree make of a row: an edit, if one of them is."""
    said = {entry["verdict"] for entry in entries}
    verdict = next(verdict for verdict in ("rejected", "edited", "ok", "unsure", "skip") if verdict in said)
    return [verdict, "modified"] if any(map(is_modified, entries)) else [verdict]


def _votes(reading: RoundResult) -> Iterator[tuple[Group, Votes]]:
    """Every pair that decided the row for the same shown text; three or more of them once more, all together."""
    shown: dict[str, list[tuple[str, Mapping[str, Any]]]] = {}
    for reviewer, entry in reading.decided.items():
        shown.setdefault(entry["before"], []).append((reviewer, entry))
    for deciders in shown.values():
        together = [*combinations(deciders, 2), *([deciders] if len(deciders) > 2 else [])]
        for group in together:
            names, entries = zip(*group, strict=True)
            same = sum(_target(one) == _target(other) for one, other in combinations(entries, 2))
            vote = (tuple(entry["verdict"] for entry in entries), same)
            # Fleiss' kappa is about reviewers at large: who they were does not matter, how many they were does.
            yield (2, reading.number, "; ".join(names)) if len(names) == 2 else (len(names), 0, ""), vote


def _target(entry: Mapping[str, Any]) -> list[str] | None:
    return None if entry["verdict"] == "rejected" else entry["after"].split()


def modification_rates(surveys: Mapping[str, Survey]) -> list[dict[str, Any]]:
    """Rows per language, round, category and reviewer, sorted, with `All` and `all reviewers` as margins.

    `rows` is how many have a verdict (ok, edited or rejected), `rate` the percentage of them whose target differs from
    what was shown, `lower` and `upper` its Wilson interval (95%). Rounds have no margin: the rates of a first and of a
    second proofreading are of different texts.
    """
    counts: dict[tuple[str, int, str, str], Counter[str]] = {}
    for lang, counted in surveys.items():
        for (key, said), margin in product(counted.verdicts.items(), (lang, ALL)):
            counts.setdefault((margin, *key), Counter()).update(said)
    rows: list[dict[str, Any]] = []
    for lang, number, category, reviewer in sorted(
        counts, key=lambda key: (key[0] != ALL, key[0], key[1], _ORDER.index(key[2]), key[3] != EVERYONE, key[3])
    ):
        said = counts[lang, number, category, reviewer]
        row = {"lang": lang, "round": number, "category": category, "reviewer": reviewer}
        told = {column: said[column] for column in ("modified", *DECIDING, "unsure", "skip", "disputed")}
        rows.append(row | told | {"rows": sum(said[verdict] for verdict in DECIDING)})
    if rows:
        _add_rates([row for row in rows if row["rows"]])
    return rows


def _add_rates(rows: Sequence[dict[str, Any]]) -> None:
    import numpy as np  # with statsmodels a second to load, which runs without evidence need not spend
    from statsmodels.stats.proportion import proportion_confint

    modified, decided = (np.array([row[column] for row in rows]) for column in ("modified", "rows"))
    intervals = zip(*proportion_confint(modified, decided, alpha=0.05, method="wilson"), strict=True)
    for row, (lower, upper) in zip(rows, intervals, strict=True):
        row["rate"] = _percent(row["modified"] / row["rows"])
        row["lower"], row["upper"] = _percent(lower), _percent(upper)


def agreement(surveys: Mapping[str, Survey]) -> list[dict[str, Any]]:
    """Rows per language, round and pair of reviewers; where more than two decided a row, one per language and number.

    `rows` is how many they decided in common, seeing the same text in the same round; `verdicts` and `texts` in what
    percentage of these they gave the same verdict (ok, edited, rejected), and the same target but for white space. Of
    three or more it is the percentage of their pairs, and `kappa` is Fleiss', over all rounds; else it is Cohen's, with
    its asymptotic interval (95%). It is empty where all verdicts are of one kind, which leaves it undefined;
    so are limits where the estimated variance is zero, as when one of two reviewers always says the same.
    """
    found = {(lang, *group): votes for lang, counted in surveys.items() for group, votes in counted.votes.items()}
    rows = []
    for (lang, raters, number, names), votes in sorted(found.items(), key=lambda line: line[0]):
        n = votes.total()
        ratings = [[verdicts.count(verdict) for verdict in DECIDING] for verdicts, _ in votes.elements()]
        statistic, values = ("Fleiss", (fleiss(ratings), None, None)) if raters > 2 else ("Cohen", _cohen(votes))
        kappa, lower, upper = ("" if value is None or isnan(value) else f"{value:z.4f}" for value in values)
        rows.append(
            {
                "lang": lang,
                "round": number or ALL,
                "reviewers": names or EVERYONE,
                "per_row": raters,
                "rows": n,
                "verdicts": _percent(_pairs_that_agree(ratings)),
                "texts": _percent(sum(same for _, same in votes.elements()) / (n * comb(raters, 2))),
                "statistic": statistic,
                "kappa": kappa,
                "lower": lower,
                "upper": upper,
                "ac1": f"{gwet_ac1(ratings):z.4f}",
            }
        )
    return rows


def _cohen(votes: Counter[Votes]) -> tuple[float | None, ...]:
    """Cohen's kappa of pairs of verdicts and its limits, none where its estimated variance is zero.

    An asymptotic interval may reach beyond what there is.
    """
    from statsmodels.stats.inter_rater import cohens_kappa

    table = [[0] * len(DECIDING) for _ in DECIDING]
    for (verdicts, _), n in votes.items():
        one, other = map(DECIDING.index, verdicts)
        table[one][other] += n
    found = _quietly(lambda np: cohens_kappa(np.array(table)))
    if found.std_kappa < 1e-6:  # rounding may leave a trace
        return found.kappa, None, None
    return found.kappa, max(found.kappa_low, -1.0), min(found.kappa_upp, 1.0)


def fleiss(ratings: Sequence[Sequence[int]]) -> float:
    """Fleiss' kappa of rows x categories, each cell how many raters chose the category, as many in every row."""
    from statsmodels.stats.inter_rater import fleiss_kappa

    return float(_quietly(lambda np: fleiss_kappa(np.array(ratings))))


def _quietly(compute: Callable[[Any], Any]) -> Any:
    import numpy as np

    with np.errstate(invalid="ignore", divide="ignore"):
        return compute(np)


def _pairs_that_agree(ratings: Sequence[Sequence[int]]) -> float:
    return sum(sum(comb(n, 2) for n in row) / comb(sum(row), 2) for row in ratings) / len(ratings)


def gwet_ac1(ratings: Sequence[Sequence[int]]) -> float:
    """Gwet's AC1 of rows x categories, each cell how many raters chose the category; two or more raters a row.

    (pa - pe) / (1 - pe), where pa is the share of pairs of raters that agree, pe = sum(pi * (1 - pi)) / (Q - 1) over
    the Q categories, and pi a category's mean share of a row's raters. Unlike kappa it is defined, and does not fall,
    where nearly all rows are of one category. Gwet, "Computing inter-rater reliability and its variance in the presence
    of high agreement", British Journal of Mathematical and Statistical Psychology 61 (2008), 29-48.
    """
    agreed = _pairs_that_agree(ratings)
    shares = [sum(row[at] / sum(row) for row in ratings) / len(ratings) for at in range(len(ratings[0]))]
    chance = sum(share * (1 - share) for share in shares) / (len(shares) - 1)
    return (agreed - chance) / (1 - chance)


def _percent(share: float) -> str:
    return f"{100 * share:z.4f}"
