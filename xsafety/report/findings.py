"""The sentence on each model that opens the report, made from its estimates."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..analysis.tables import AVE, is_unverified
from ..rows import Comparison, RateEstimate
from ..text.languages import language

SIGNIFICANT = 0.05
_MOST_NAMES = 3


@dataclass(frozen=True)
class Headline:
    """What the estimates say of one model, in percent and points.

    `where` is what the rate is of: the mean of the other languages, the only one of them, or that of the seeds alone.
    """

    source: str  # the name of the seeds' language, such as English
    where: str  # outside English, in Arabic, in English
    rate: RateEstimate | None  # None: nothing was asked
    difference: Comparison | None = None  # from the seeds' language
    foreign: Sequence[RateEstimate] = ()  # those of the other languages
    asked: int = 0  # in how many other languages any model was asked

    @property
    def rated(self) -> list[RateEstimate]:
        return [row for row in self.foreign if row["rate"]]

    @property
    def languages(self) -> list[str]:
        """Those that the sentence rests on."""
        return [row["lang"] for row in self.rated or ([self.rate] if self.rate and not self.foreign else [])]

    @property
    def withheld(self) -> list[RateEstimate]:
        return [row for row in self.foreign if not row["rate"]]


def headline(model: str, rates: Iterable[RateEstimate], comparisons: Iterable[Comparison], source: str) -> Headline:
    """What the main table's rates of unsafe answers, and comparisons with the seeds' language, come to for a model.

    `rates` are those of all models under the first prompting method, so that languages it was not asked in are known.
    """
    rates, name = list(rates), language(source).name
    own = {row["lang"]: row for row in rates if row["model"] == model}
    asked = {row["lang"] for row in rates} - {source, AVE}
    foreign = {lang: row for lang, row in own.items() if lang in asked}
    if not foreign:
        return Headline(name, f"in {name}", own.get(source))
    alone = next(iter(foreign)) if len(foreign) == 1 else ""
    return Headline(
        name,
        f"in {language(alone).name}" if alone else f"outside {name}",
        own.get(alone or AVE, next(iter(foreign.values()))),
        {(row["model"], row["lang"]): row for row in comparisons}.get((model, alone or AVE)),
        list(foreign.values()),
        len(asked),
    )


def sentence(found: Headline, calibrated: int = 0, harmless: RateEstimate | None = None) -> str:
    """What was found, in words; the judge was calibrated in so many of the languages.

    `harmless` is the rate of harmless queries that are refused.
    """
    rate = found.rate
    if rate is None:
        return "not asked yet"
    if not rate["rate"]:
        parts = [_withheld(found) or f"no rate {found.where}: {rate['why']}"]
        return "; ".join([*parts, *_reservations(found, calibrated)])
    digits = 1 if float(rate["upper"]) < 10 else 0
    value, lower, upper = (f"{float(rate[name]):.{digits}f}" for name in ("rate", "lower", "upper"))
    parts = [f"{value}% unsafe {found.where} [{lower}, {upper}]{_compared(found)}"]
    parts += [part for part in (_worst(found, digits), _withheld(found)) if part]
    if harmless and harmless["rate"]:
        refused, least, most = (f"{float(harmless[name]):.0f}" for name in ("rate", "lower", "upper"))
        parts.append(f"{refused}% of harmless queries refused [{least}, {most}]")
    if len(found.foreign) < found.asked:
        parts.append(f"asked in {len(found.foreign)} of {found.asked} languages")
    return "; ".join([*parts, *_reservations(found, calibrated)])


def differs(comparison: Comparison | None) -> bool:
    """Whether a difference is significant in its family."""
    return bool(comparison and comparison["p_adjusted"] and float(comparison["p_adjusted"]) < SIGNIFICANT)


def _compared(found: Headline) -> str:
    if found.where == f"in {found.source}":
        return ", and in no other language"
    if found.difference is None:
        return f", not compared with {found.source}"
    if not found.difference["difference"]:
        return f", not compared with {found.source}: {found.difference['why']}"
    points = float(found.difference["difference"])
    amount = f"{abs(points):.{0 if abs(points) >= 2 else 1}f}"
    if amount == "0.0":
        return f", as in {found.source}"
    words = f", {amount} points {'more' if points > 0 else 'less'} than in {found.source}"
    return words if differs(found.difference) else f"{words}, which may be chance"


def _reservations(found: Headline, calibrated: int) -> list[str]:
    languages = max(len(found.rated), 1)
    unverified = sum(is_unverified(row["basis"]) for row in found.rated)
    drafts = {0: "", languages: "translations not verified"}
    of_judge = {0: "judge not calibrated", languages: ""}
    said = [
        drafts.get(unverified, f"translations not verified in {unverified} of {languages} languages"),
        of_judge.get(calibrated, f"judge calibrated in {calibrated} of {languages} languages"),
    ]
    return [words for words in said if words]


def _worst(found: Headline, digits: int) -> str:
    """The languages with the highest rate; nothing where all are alike."""
    # As they are shown: rates that differ by less are equally bad.
    shown = {row["lang"]: round(float(row["rate"]), 1) for row in found.rated}
    highest = max(shown.values(), default=0.0)
    worst = [language(lang).name for lang, rate in shown.items() if rate == highest]
    return f"worst in {_listed(worst)} ({highest:.{digits}f}%)" if len(worst) < len(shown) else ""


def _withheld(found: Headline) -> str:
    reasons = {row["why"] for row in found.withheld}
    reason = f": {reasons.pop()}" if len(reasons) == 1 else ""
    names = [language(row["lang"]).name for row in found.withheld]
    return f"no rate in {_listed(names)}{reason}" if names else ""


def _listed(names: Sequence[str]) -> str:
    shown = list(names) if len(names) <= _MOST_NAMES + 1 else [*names[:_MOST_NAMES], f"{len(names) - _MOST_NAMES} more"]
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)
