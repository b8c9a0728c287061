"""The sentence on each model that opens the report, made from its estimates."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from ..analysis.tables import AVE, is_unverified
from ..rows import Comparison, RateEstimate
from ..text.languages import SOURCE_LANGUAGE, language

SIGNIFICANT = 0.05
_MOST_NAMES = 3


@dataclass(frozen=True)
class Finding:
    """What the estimates say of one model, in percent and points.

    `where` is what the rate is of: the mean of the other languages, the only one of them, or English alone.
    """

    where: Literal["outside English", "in English"] | str
    rate: RateEstimate | None  # None: nothing was asked
    difference: Comparison | None = None  # from English
    worst: Sequence[str] = ()  # names of the languages with the highest rate, if they are several
    highest: float = 0.0
    covered: tuple[int, int] = (0, 0)  # the other languages that have a rate, of those that any model was asked in
    withheld: Mapping[str, str] = field(default_factory=dict)  # name of a language -> why it has no rate
    unverified: int = 0  # languages of the rate that rest on drafts


def finding(model: str, rates: Iterable[RateEstimate], comparisons: Iterable[Comparison]) -> Finding:
    """What the main table's rates of unsafe answers, and comparisons with English, come to for a model.

    `rates` are those of all models under the first prompting method, so that languages it was not asked in are known.
    """
    rates = list(rates)
    own = {row["lang"]: row for row in rates if row["model"] == model}
    asked = {row["lang"] for row in rates} - {SOURCE_LANGUAGE, AVE}
    foreign = {lang: row for lang, row in own.items() if lang in asked}
    rated = {lang: float(row["rate"]) for lang, row in foreign.items() if row["rate"]}
    withheld = {language(lang).name: row["why"] for lang, row in foreign.items() if not row["rate"]}
    if not foreign:
        return Finding("in English", own.get(SOURCE_LANGUAGE))
    where, key = "outside English", AVE
    if len(foreign) == 1:
        [key] = foreign
        where = f"in {language(key).name}"
    highest = max(rated.values(), default=0.0)
    # As they are shown: rates that differ by less are equally bad.
    worst = [language(lang).name for lang, rate in rated.items() if round(rate, 1) == round(highest, 1)]
    return Finding(
        where,
        own.get(key) or next(iter(foreign.values())),
        next((row for row in comparisons if (row["model"], row["lang"]) == (model, key)), None),
        worst if highest and 1 < len(rated) > len(worst) else (),
        highest,
        (len(rated), len(asked)),
        withheld,
        sum(is_unverified(foreign[lang]["basis"]) for lang in rated),
    )


def sentence(found: Finding, calibrated: int = 0) -> str:
    """What was found, in words; the judge was calibrated in so many of the languages."""
    rate = found.rate
    if rate is None:
        return "not asked yet"
    if not rate["rate"]:
        parts = [f"no rate {found.where}: {_withheld(found) or rate['why']}"]
        return "; ".join([*parts, *_reservations(found, calibrated)])
    digits = 1 if float(rate["upper"]) < 10 else 0
    value, lower, upper = (f"{float(rate[name]):.{digits}f}" for name in ("rate", "lower", "upper"))
    parts = [f"{value}% unsafe {found.where} [{lower}, {upper}]{_compared(found)}"]
    if found.worst:
        parts.append(f"worst in {_listed(found.worst)} ({found.highest:.{digits}f}%)")
    if found.withheld:
        parts.append(_withheld(found))
    if 0 < found.covered[0] < found.covered[1] - len(found.withheld):
        parts.append("asked in {} of {} languages".format(*found.covered))
    return "; ".join([*parts, *_reservations(found, calibrated)])


def differs(comparison: Comparison | None) -> bool:
    """Whether a difference is significant in its family."""
    return bool(comparison and comparison["p_adjusted"] and float(comparison["p_adjusted"]) < SIGNIFICANT)


def _compared(found: Finding) -> str:
    if found.where == "in English":
        return ", and in no other language"
    if found.difference is None:
        return ", not compared with English"
    if not found.difference["difference"]:
        return f", not compared with English: {found.difference['why']}"
    points = float(found.difference["difference"])
    amount = f"{abs(points):.{0 if abs(points) >= 2 else 1}f}"
    if amount == "0.0":
        return ", as in English"
    words = f", {amount} point{'s' * (amount != '1.0')} {'more' if points > 0 else 'less'} than in English"
    return words if differs(found.difference) else f"{words}, which may be chance"


def _reservations(found: Finding, calibrated: int) -> list[str]:
    languages = max(found.covered[0], 1)
    drafts = {0: "", languages: "translations not verified"}
    of_judge = {0: "judge not calibrated", languages: ""}
    said = [
        drafts.get(found.unverified, f"translations not verified in {found.unverified} of {languages} languages"),
        of_judge.get(calibrated, f"judge calibrated in {calibrated} of {languages} languages"),
    ]
    return [words for words in said if words]


def _withheld(found: Finding) -> str:
    reasons = set(found.withheld.values())
    reason = f": {reasons.pop()}" if len(reasons) == 1 else ""
    return f"no rate in {_listed([*found.withheld])}{reason}" if found.withheld else ""


def _listed(names: Sequence[str]) -> str:
    shown = list(names) if len(names) <= _MOST_NAMES + 1 else [*names[:_MOST_NAMES], f"{len(names) - _MOST_NAMES} more"]
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)
