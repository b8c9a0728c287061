"""The charts of the report: each a function from rows to an Altair chart, which `drawings` lists with their data.

To add one: the type of its rows, a function from them to a chart, and its line in `drawings`. All colours are
of `PALETTE`, so that a page may give them other values in the dark.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import TYPE_CHECKING, Any, TypedDict

from ..analysis.comparisons import ENGLISH, MAP
from ..analysis.tables import AVE, is_unverified
from ..calibration.correction import SENSITIVITY, SPECIFICITY
from ..categories import About
from ..rows import ALL, Comparison, JudgeQuality, RateEstimate, Status, YesNo
from ..text.languages import language
from .findings import differs
from .palette import PALETTE

if TYPE_CHECKING:  # it takes a while to load
    import altair as alt

    Chart = alt.LayerChart | alt.FacetChart

HEAT_BINS = (0, 5, 10, 20, 30, 50, 75)
"""Upper edges, in percent, of the heat map's colours: 0 itself, then up to 5 and so on; above the last one more."""

SERIES = [name for name in PALETTE if name.startswith("s") and name[1:].isdigit()]
SHAPES = ["circle", "square", "triangle-up", "diamond", "cross", "triangle-down"]

# Liberation Sans comes with vl-convert, and is as wide as Arial and Helvetica, one of which is everywhere.
FONT = "Liberation Sans, Arial, Helvetica, sans-serif"
SPOT_CHECK = "spot check"
MOST = 30
"""Of more languages, a chart shows those with the highest rates."""
_WIDTH = 320  # of the plot, in pixels
_LINE = 60  # letters of a title


LEADS_TO = "http://rows.invalid/"
"""Begins what a mark leads to, its language and category: of the drawing an attribute, of the page a link."""

_Place = tuple[str, str, str, str, str]  # model, prompting, language, category and outcome


class ChartRate(TypedDict):
    """A rate of a chart, in percent; `significant`: it differs from the seeds' language, or the first method."""

    model: str
    prompting: str
    lang: str
    language: str
    category: str
    outcome: str
    rate: float
    lower: float
    upper: float
    answers: int  # that are valid
    significant: YesNo
    unverified: YesNo


class ChartQuality(TypedDict):
    """A share of a judge's chart, in percent: of what people call unsafe or safe, so much the judge does."""

    judge: str
    lang: str
    language: str
    measure: str
    rate: float
    lower: float
    upper: float
    labels: int
    synthetic: YesNo


class ReviewStep(TypedDict):
    """How many rows of a language came through a step of verification, of how many."""

    lang: str
    language: str
    step: str
    rows: int
    of: int


@dataclass(frozen=True)
class Drawing:
    """A chart with its name, title, alternative text and data; None where there is nothing to draw."""

    name: str
    title: str
    alt: str
    kind: type[Mapping[str, Any]]
    rows: Sequence[Mapping[str, Any]]
    chart: "Chart | None"


def drawing_names(models: Iterable[str]) -> list[str]:
    """The names of all charts, whether there is something to draw or not."""
    return [*(f"{kind}.{model}" for kind in _OF_MODELS for model in models), "judges", "verification"]


def drawings(
    rates: Iterable[RateEstimate],
    comparisons: Iterable[Comparison],
    qualities: Mapping[str, Iterable[JudgeQuality]],
    status: Iterable[Status],
    names: "ChartNames",
) -> list[Drawing]:
    """The charts of one judge, of all judges' `qualities` and of the rows, in the order of `drawing_names`."""
    by_family: dict[str, dict[_Place, bool]] = {ENGLISH: {}, MAP: {}, "prompting": {}}
    for row in comparisons:
        by_family.get(row["family"], {})[_place(row)] = differs(row)
    from_english = by_family[ENGLISH] | by_family[MAP]
    all_rates = [*rates]
    [first, *_] = names.promptings
    main = [row for row in all_rates if row["category"] == names.about.main_part]
    issues = [row for row in all_rates if row["category"] in names.about.of_harm and row["prompting"] == first]
    of_first = chart_rates((row for row in main if row["prompting"] == first), from_english)
    kinds = {
        "languages": _of_outcomes(of_first, "unsafe"),
        "issues": _of_outcomes(chart_rates(issues, from_english), "unsafe"),
        "promptings": _of_outcomes(chart_rates(main, by_family["prompting"]), "unsafe"),
        "over_refusal": _of_outcomes(of_first, *_AXES.values()),
    }
    made = []
    for kind, rows in kinds.items():
        top = max((row["upper"] for row in rows), default=100.0)
        for model in names.models:
            own = [row for row in rows if row["model"] == model]
            made.append(_OF_MODELS[kind](f"{kind}.{model}", own, names, top))
    return [*made, _judges(quality_rates(qualities), names), _verification(list(status))]


def _of_outcomes(rows: Iterable[ChartRate], *outcomes: str) -> list[ChartRate]:
    return [row for row in rows if row["outcome"] in outcomes]


@dataclass(frozen=True)
class ChartNames:
    """What models, prompting methods and judges are called, by their names, in order; and what the data set is."""

    models: Mapping[str, str]
    promptings: Mapping[str, str]
    judges: Mapping[str, str]
    about: About

    @property
    def source(self) -> str:
        """The name of the seeds' language."""
        return language(self.about.language).name


def chart_rates(rates: Iterable[RateEstimate], significant: Mapping[_Place, bool]) -> list[ChartRate]:
    """The rates there are, as charts show them."""
    return [
        ChartRate(
            model=row["model"],
            prompting=row["prompting"],
            lang=row["lang"],
            language=_language_name(row["lang"]),
            category=row["category"],
            outcome=row["outcome"],
            rate=round(float(row["rate"]), 2),
            lower=round(float(row["lower"]), 2),
            upper=round(float(row["upper"]), 2),
            answers=row["valid"],
            significant="yes" if significant.get(_place(row)) else "no",
            unverified="yes" if is_unverified(row["basis"]) else "no",
        )
        for row in rates
        if row["rate"]
    ]


def language_chart(rows: Sequence[ChartRate], top: float, source: str) -> "Chart":
    """A dot with its interval for each language, on a scale from 0 to `top` percent; `source` is the line."""
    import altair as alt

    shown = [
        {
            **row,
            "label": _label(row),
            "shape": "diamond" if row["lang"] == AVE else "square" if row["lang"] == source else "circle",
            "fill": PALETTE["s0" if row["significant"] == "yes" else "page"],
        }
        for row in rows
    ]
    y = alt.Y("label:N", sort=[_label(row) for row in rows], title=None)
    scale = alt.Scale(domain=[0, top], nice=True)
    data = _data(shown)
    line = _data([row for row in shown if row["lang"] == source])
    x = alt.X("lower:Q", scale=scale, title="unsafe answers, percent")
    return alt.layer(
        line.mark_rect(color=PALETTE["band"]).encode(x=x, x2="upper:Q"),
        line.mark_rule(color=PALETTE["soft"], strokeDash=[4, 3]).encode(x="rate:Q"),
        data.mark_rule(color=PALETTE["s0"], size=2).encode(x=x, x2="upper:Q", y=y),
        data.mark_point(color=PALETTE["s0"], size=70, strokeWidth=2).encode(
            x="rate:Q", y=y, shape=alt.Shape("shape:N", scale=None), fill=alt.Fill("fill:N", scale=None)
        ),
    ).properties(width=_WIDTH, height=alt.Step(20))


def issue_chart(rows: Sequence[ChartRate], about: About) -> "Chart":
    """A heat map of rates, a row for each language and a column for each safety issue."""
    import altair as alt

    same = len({row["answers"] for row in rows if row["lang"] != AVE}) == 1
    shown = []
    for row in rows:
        at = sum(row["rate"] > edge for edge in HEAT_BINS)
        text = f"{row['rate']:.0f}{'*' if row['significant'] == 'yes' else ''}"
        ink = PALETTE["on-low" if at < 4 else "on-mid" if at < 6 else "on-high"]
        colours = {"fill": PALETTE[f"h{at}"], "ink": ink}
        issue = about.categories[row["category"]].name
        place = "" if row["lang"] == AVE else f"{LEADS_TO}{row['lang']}/{row['category']}"
        words = {"label": _label(row), "issue": issue, "text": text, "n": f"{row['answers']}", "place": place}
        shown.append({**row, **colours, **words})
    issues = [category.name for category in about.of_harm.values()]
    axis = alt.Axis(orient="top", labelAngle=-50, labelAlign="left", labelLimit=170, ticks=False, domain=False)
    x = alt.X("issue:N", sort=issues, title=None, axis=axis)
    y = alt.Y("label:N", sort=list(dict.fromkeys(map(_label, rows))), title=None)
    data = _data(shown).encode(x=x, y=y)
    texts = data.mark_text(fontSize=10.5, dy=0 if same else -4).encode(
        text="text:N", color=alt.Color("ink:N", scale=None)
    )
    numbers = data.mark_text(fontSize=7, dy=7).encode(text="n:N", color=alt.Color("ink:N", scale=None))
    cells = data.mark_rect(stroke=PALETTE["line"], strokeWidth=1).encode(
        fill=alt.Fill("fill:N", scale=None), href="place:N"
    )
    layers = [cells, texts] if same else [cells, texts, numbers]
    return alt.layer(*layers).properties(width=alt.Step(26), height=alt.Step(22 if same else 25))


def prompting_chart(rows: Sequence[ChartRate], promptings: Mapping[str, str], top: float) -> "Chart":
    """A dumbbell for each language: a dot for each prompting method, and a line from the lowest to the highest."""
    import altair as alt

    looks = {name: (SERIES[at % len(SERIES)], SHAPES[at % len(SHAPES)]) for at, name in enumerate(promptings)}
    ends: dict[str, list[float]] = {}
    for row in rows:
        ends.setdefault(_label(row), []).append(row["rate"])
    spans = [{"label": label, "lowest": min(found), "highest": max(found)} for label, found in ends.items()]
    shown = []
    for row in rows:
        colour = PALETTE[looks[row["prompting"]][0]]
        fill = colour if row["significant"] == "yes" else PALETTE["page"]
        shown.append({**row, "label": _label(row), "method": promptings[row["prompting"]], "fill": fill})
    y = alt.Y("label:N", sort=list(ends), title=None)
    scale = alt.Scale(domain=[0, top], nice=True)
    methods = list(promptings.values())
    legend = alt.Legend(title=None, orient="top", columns=2, symbolStrokeWidth=2)
    colours = alt.Scale(domain=methods, range=[PALETTE[looks[name][0]] for name in promptings])
    shapes = alt.Scale(domain=methods, range=[looks[name][1] for name in promptings])
    x = alt.X("lowest:Q", scale=scale, title="unsafe answers, percent")
    return alt.layer(
        _data(spans).mark_rule(color=PALETTE["line"], size=4).encode(x=x, x2="highest:Q", y=y),
        _data(shown)
        .mark_point(size=60, strokeWidth=2)
        .encode(
            x="rate:Q",
            y=y,
            stroke=alt.Stroke("method:N", scale=colours, legend=legend),
            shape=alt.Shape("method:N", scale=shapes, legend=legend),
            fill=alt.Fill("fill:N", scale=None),
        ),
    ).properties(width=_WIDTH, height=alt.Step(22))


def over_refusal_chart(rows: Sequence[ChartRate], source: str) -> "Chart":
    """Unsafe rate against over-refusal: a dot for each language, with both intervals."""
    import altair as alt

    kinds: dict[str, dict[str, ChartRate]] = {}
    for row in rows:
        kinds.setdefault(row["lang"], {})[row["outcome"]] = row
    shown = [
        {"lang": lang, "shape": "diamond" if lang == AVE else "square" if lang == source else "circle"}
        | {f"{axis}_{name}": both[kind][name] for axis, kind in _AXES.items() for name in ("rate", "lower", "upper")}
        for lang, both in kinds.items()
        if len(both) == len(_AXES)
    ]
    data = _data(shown)
    sides = _free_sides(shown)
    tags = [
        _data([row for row, side in zip(shown, sides, strict=True) if side == at])
        .mark_text(align="left" if right > 0 else "right", dx=right, dy=down, color=PALETTE["ink"])
        .encode(x="x_rate:Q", y="y_rate:Q", text="lang:N")
        for at, (right, down) in enumerate(_SIDES)
        if at in sides
    ]
    x = alt.X("x_lower:Q", scale=alt.Scale(zero=True), title="unsafe answers, percent")
    y = alt.Y("y_lower:Q", scale=alt.Scale(zero=True), title="harmless queries refused, percent")
    return alt.layer(
        data.mark_rule(color=PALETTE["soft"], size=0.7).encode(x=x, x2="x_upper:Q", y="y_rate:Q"),
        data.mark_rule(color=PALETTE["soft"], size=0.7).encode(x="x_rate:Q", y=y, y2="y_upper:Q"),
        data.mark_point(color=PALETTE["s0"], fill=PALETTE["s0"], size=50).encode(
            x="x_rate:Q", y="y_rate:Q", shape=alt.Shape("shape:N", scale=None)
        ),
        *tags,
    ).properties(width=_WIDTH, height=_WIDTH * 3 // 4)


_SIDES = ((6, -7), (6, 9), (-6, -7), (-6, 9))
"""Where the words on a dot may stand, best first: so many pixels to the right and down."""


def _free_sides(rows: Sequence[Mapping[str, Any]]) -> list[int]:
    """For the words on each dot the first of `_SIDES` where no other dot and no word is, else the first."""
    right, high = (max((row[f"{axis}_upper"] for row in rows), default=1) or 1 for axis in _AXES)
    dots = [(row["x_rate"] / right * _WIDTH, -row["y_rate"] / high * _WIDTH * 3 / 4) for row in rows]
    taken = [(x - 4, x + 4, y - 4, y + 4) for x, y in dots]
    sides = []
    for row, (x, y) in zip(rows, dots, strict=True):
        width = 6 * len(row["lang"])
        boxes = [
            (*((x + dx, x + dx + width) if dx > 0 else (x + dx - width, x + dx)), y + dy - 4, y + dy + 4)
            for dx, dy in _SIDES
        ]
        free = [not any(a < d and c < b and e < h and g < f for c, d, g, h in taken) for a, b, e, f in boxes]
        sides.append(free.index(True) if True in free else 0)
        taken.append(boxes[sides[-1]])
    return sides


def quality_rates(qualities: Mapping[str, Iterable[JudgeQuality]]) -> list[ChartQuality]:
    """Sensitivity and specificity of judges, in the languages in which labels suffice for both."""
    return [
        ChartQuality(
            judge=judge,
            lang=row["lang"],
            language=language(row["lang"]).name,
            measure=measure,
            rate=round(float(row[measure]), 2),
            lower=round(float(row[f"{measure}_lower"]), 2),  # type: ignore[literal-required]
            upper=round(float(row[f"{measure}_upper"]), 2),  # type: ignore[literal-required]
            labels=row["labels"],
            synthetic=row["synthetic"],
        )
        for judge, rows in qualities.items()
        for row in rows
        if row["model"] == ALL and row["corrected"] and row[SENSITIVITY] and row[SPECIFICITY]
        for measure in (SENSITIVITY, SPECIFICITY)
    ]


def quality_chart(rows: Sequence[ChartQuality], judges: Mapping[str, str]) -> "Chart":
    """Two dots with intervals for each judge and language: sensitivity, and below it specificity."""
    import altair as alt

    several = len({row["judge"] for row in rows}) > 1
    labels = [
        row["language"] + (f", {judges[row['judge']]}" if several else "") + (" ◊" if row["synthetic"] == "yes" else "")
        for row in rows
    ]
    shown = [{**row, "label": label} for row, label in zip(rows, labels, strict=True)]
    measures = [SENSITIVITY, SPECIFICITY]
    y = alt.Y("label:N", sort=list(dict.fromkeys(labels)), title=None)
    colour = alt.Scale(domain=measures, range=[PALETTE[name] for name in SERIES[:2]])
    data = _data(shown).encode(
        y=y,
        yOffset=alt.YOffset("measure:N", sort=measures),
        color=alt.Color("measure:N", scale=colour, legend=alt.Legend(title=None, orient="top", symbolStrokeWidth=2)),
    )
    x = alt.X("lower:Q", scale=alt.Scale(domain=[0, 100]), title="percent of what people call unsafe, or safe")
    shape = alt.Shape("measure:N", scale=alt.Scale(domain=measures, range=SHAPES[:2]), legend=None)
    return alt.layer(
        data.mark_rule(size=2).encode(x=x, x2="upper:Q"),
        data.mark_point(size=50, filled=True).encode(x="rate:Q", shape=shape),
    ).properties(width=_WIDTH, height=alt.Step(26, **{"for": "position"}))


def verification_chart(steps: Sequence[ReviewStep]) -> "Chart":
    """A bar for each language and step of verification: the share of rows that came through it, with their number."""
    import altair as alt

    names = list(dict.fromkeys(step["step"] for step in steps))
    shown = []
    for step in steps:
        at = 2 * names.index(step["step"])  # the bars of a step lie between it and the next number
        share = step["rows"] / max(step["of"], 1)
        text = f"{step['rows']:,}" + (f" of {step['of']:,}" if step["step"] == SPOT_CHECK else "")
        shown.append({**step, "start": at, "full": at + 0.8, "end": at + 0.8 * share, "text": text})
    y = alt.Y("language:N", sort=list(dict.fromkeys(step["language"] for step in steps)), title=None)
    words = f"{json.dumps(names)}[datum.value / 2]"
    axis = alt.Axis(
        orient="top",
        values=[2 * at for at in range(len(names))],
        labelExpr=words,
        labelAlign="left",
        grid=False,
        domain=False,
        ticks=False,
        labelFlush=False,
        labelOverlap=False,
    )
    x = alt.X("start:Q", scale=alt.Scale(domain=[0, 2 * len(names)], nice=False), title=None, axis=axis)
    data = _data(shown).encode(y=y)
    return alt.layer(
        data.mark_bar(color=PALETTE["band"], height=12).encode(x=x, x2="full:Q"),
        data.mark_bar(color=PALETTE["s0"], height=12).encode(x=x, x2="end:Q"),
        data.mark_text(align="left", dx=3, color=PALETTE["ink"]).encode(x="full:Q", text="text:N"),
    ).properties(width=78 * len(names), height=alt.Step(20))


def _data(rows: Sequence[Mapping[str, Any]]) -> "alt.Chart":
    import altair as alt

    return alt.Chart(alt.InlineData(values=[*rows]))


_AXES = {"x": "unsafe", "y": "over_refusal"}


def _languages(name: str, rows: Sequence[ChartRate], names: ChartNames, top: float) -> Drawing:
    few, word = _few(rows, names.about.language)
    title, alt_text = _extremes(names.models[few[0]["model"]], few) if few else ("", "")
    how = (
        f"Dot: unsafe rate; line: 95% interval. Dashed, in its band: {names.source}. Filled: differs from"
        f" {names.source} (5%, Holm). Average: of the other languages."
    )
    made = _titled(language_chart(few, top, names.about.language), title, f"{how} {word}") if few else None
    return Drawing(name, title, f"Dots with intervals. {alt_text}", ChartRate, rows, made)


def _issues(name: str, rows: Sequence[ChartRate], names: ChartNames, top: float) -> Drawing:
    few, word = _few(rows, names.about.language)
    if not few:
        return Drawing(name, "", "", ChartRate, rows, None)
    means = [row for row in few if row["lang"] == AVE]
    worst = max(means or few, key=lambda row: row["rate"])
    numbers = sorted(row["answers"] for row in few if row["lang"] != AVE) or [0]
    size = f"{numbers[0]}" if numbers[0] == numbers[-1] else f"{numbers[0]} to {numbers[-1]}"
    where = f"outside {names.source}" if means else f"in {worst['language']}"
    issue = names.about.categories[worst["category"]].name
    title = f"{names.models[worst['model']]}: most unsafe on {issue} ({worst['rate']:.0f}% {where})"
    how = (
        f"Unsafe percent of {size} answers a cell: few answers, wide intervals (in the table). *: differs from"
        f" {names.source}."
    )
    chart = _titled(issue_chart(few, names.about), title, f"{how} {word}")
    return Drawing(name, title, f"Heat map, languages by safety issues. {how}", ChartRate, rows, chart)


def _promptings(name: str, rows: Sequence[ChartRate], names: ChartNames, top: float) -> Drawing:
    few, word = _few(rows, names.about.language)
    means = {row["prompting"]: row["rate"] for row in few if row["lang"] == AVE}
    if len({row["prompting"] for row in few}) < 2:
        return Drawing(name, "", "One prompting method was run.", ChartRate, [], None)
    model = names.models[few[0]["model"]]
    title = f"{model}: unsafe answers by prompting method"
    [first, *_] = names.promptings
    if first in means and len(means) > 1:
        best = min(means, key=lambda method: means[method])
        change = f"{means[first]:.0f}% to {means[best]:.0f}%"
        title = (
            f"{model}: {names.promptings[best]} brings unsafe answers outside {names.source} from {change}"
            if best != first
            else f"{model}: no method lowers unsafe answers outside {names.source} from {means[first]:.0f}%"
        )
    how = f"A dot for each method. Filled: differs from {names.promptings[first]} in that language (5%, Holm)."
    chart = _titled(prompting_chart(few, names.promptings, top), title, f"{how} {word}")
    return Drawing(name, title, f"Dumbbells, a row for each language. {how}", ChartRate, rows, chart)


def _over_refusal(name: str, rows: Sequence[ChartRate], names: ChartNames, top: float) -> Drawing:
    few, word = _few(rows, names.about.language)
    if not any(row["outcome"] == "over_refusal" for row in few):
        return Drawing(name, "", "No harmless query was asked.", ChartRate, [], None)
    title = f"{names.models[few[0]['model']]}: unsafe answers against harmless queries refused"
    how = "Each language by its tag, with 95% intervals; the lower left is best."
    chart = _titled(over_refusal_chart(few, names.about.language), title, f"{how} {word}")
    return Drawing(name, title, f"Dots with intervals in both directions. {how}", ChartRate, rows, chart)


_OF_MODELS = {
    "languages": _languages,
    "issues": _issues,
    "promptings": _promptings,
    "over_refusal": _over_refusal,
}


def review_steps(status: Iterable[Status]) -> list[ReviewStep]:
    """The steps of every language but that of the seeds; a spot check is of its sample."""
    steps = []
    rows = [row for row in status if row["basis"] != "source"]
    rounds = max((row["rounds"] for row in rows), default=0)
    sampled = any(row["sampled"] for row in rows)
    for row in rows:
        of = row["rows"]

        def passed(number: int, row: Status = row) -> int:
            if row["state"] == "verified" or number < row["round"]:
                return row["rows"] - row["missing"] - row["rejected"]
            return row["passed"] if number == row["round"] else 0

        came = {"drafted": (of - row["missing"], of)}
        came |= {f"round {number}": (passed(number), of) for number in range(1, rounds + 1)}
        if sampled:
            came[SPOT_CHECK] = (row["inspected"], row["sampled"])
        came |= {"verified": (row["verified"], of), "used": (row["used"], of)}
        name = language(row["lang"]).name
        steps += [
            ReviewStep(lang=row["lang"], language=name, step=step, rows=there, of=whole)
            for step, (there, whole) in came.items()
        ]
    return steps


def _verification(status: Sequence[Status]) -> Drawing:
    steps = review_steps(status)
    if not steps:
        return Drawing("verification", "", "", ReviewStep, [], None)
    ends = {
        step: [row["lang"] for row in steps if row["step"] == step and row["rows"]] for step in ("verified", "used")
    }
    languages = list(dict.fromkeys(row["lang"] for row in steps))
    few = [row for row in steps if row["lang"] in languages[:MOST]]
    title = (
        f"Of {len(languages)} languages, {len(ends['verified'])} have verified rows and {len(ends['used'])} are used"
    )
    how = "Rows that came through each step of verification; a spot check is of its sample."
    word = f"The first {MOST} of {len(languages)}; all are in the data." if len(languages) > MOST else ""
    chart = _titled(verification_chart(few), title, f"{how} {word}")
    return Drawing("verification", title, f"Bars, a row for each language. {how}", ReviewStep, steps, chart)


def _judges(rows: Sequence[ChartQuality], names: ChartNames) -> Drawing:
    if not rows:
        return Drawing("judges", "", "No judge was calibrated.", ChartQuality, [], None)
    worst = min((row for row in rows if row["measure"] == SENSITIVITY), key=lambda row: row["rate"])
    title = f"{names.judges[worst['judge']]} finds {worst['rate']:.0f}% of unsafe answers in {worst['language']}"
    least = ", the least of all" if len(rows) > len((SENSITIVITY, SPECIFICITY)) else ""
    how = (
        "Sensitivity: of what people call unsafe, so much the judge does; specificity: likewise of safe. 95% intervals."
    )
    word = "◊: by synthetic labels, which say nothing of it." if any(row["synthetic"] == "yes" for row in rows) else ""
    shown = rows[: 2 * MOST]
    chart = _titled(quality_chart(shown, names.judges), title + least, f"{how} {word}")
    return Drawing("judges", title, f"Dots with intervals, two for each language. {how}", ChartQuality, rows, chart)


def _few(rows: Sequence[ChartRate], source: str) -> tuple[list[ChartRate], str]:
    """The rows to draw: of very many languages those with the highest rates, with a word on it."""
    highest: dict[str, float] = {}
    for row in rows:
        if row["lang"] not in (AVE, source):
            highest[row["lang"]] = max(row["rate"], highest.get(row["lang"], 0))
    if len(highest) <= MOST:
        return list(rows), ""
    kept = {AVE, source, *sorted(highest, key=lambda lang: -highest[lang])[:MOST]}
    word = f"The {MOST} of {len(highest)} languages with the highest rates; all are in the data."
    return [row for row in rows if row["lang"] in kept], word


def _extremes(model: str, rows: Sequence[ChartRate]) -> tuple[str, str]:
    """A title and an alternative text that say where a model is most and least unsafe."""
    single = sorted((row for row in rows if row["lang"] != AVE), key=lambda row: row["rate"])
    if not single:
        return f"{model}: unsafe answers", ""
    least, most = single[0], single[-1]
    if least["rate"] == most["rate"]:
        where = f"in {most['language']}" if len(single) == 1 else f"in each of {len(single)} languages"
        title = f"{model}: {most['rate']:.0f}% unsafe {where}"
    else:
        title = (
            f"{model}: most unsafe in {most['language']} ({most['rate']:.0f}%),"
            f" least in {least['language']} ({least['rate']:.0f}%)"
        )
    return title, f"{len(single)} languages from {least['rate']:.1f} to {most['rate']:.1f} percent."


def _titled(chart: "Chart", title: str, subtitle: str) -> "Chart":
    """The chart with its title and looks."""
    import altair as alt

    ink, soft, line = (PALETTE[name] for name in ("ink", "soft", "line"))
    lines, below = wrap(title, _LINE), wrap(subtitle, _LINE + 24)
    heading = alt.TitleParams(lines, subtitle=below, anchor="start", frame="bounds", offset=12)
    words = {"labelColor": ink, "labelFontSize": 11.5, "labelLimit": 170}
    axis = {**words, "titleColor": ink, "titleFontSize": 11.5, "titleFontWeight": "normal"}
    made: Chart = chart.properties(title=heading).configure(
        aria=False,
        font=FONT,
        background=PALETTE["page"],
        padding=4,
        axis={**axis, "gridColor": line, "domainColor": soft, "tickColor": soft},
        axisY={"grid": False, "ticks": False, "domain": False, "labelPadding": 6},
        legend={**words, "symbolFillColor": PALETTE["page"]},
        # One weight throughout: in which order a PDF holds several fonts changes from run to run.
        title={
            "color": ink,
            "fontSize": 14.5,
            "fontWeight": "normal",
            "subtitleColor": soft,
            "subtitleFontSize": 11,
            "subtitlePadding": 4,
        },
        view={"stroke": None},
        point={"opacity": 1},
    )
    return made


def _label(row: ChartRate) -> str:
    return f"{row['language']}{' †' if row['unverified'] == 'yes' else ''}"


def _language_name(tag: str) -> str:
    return "Average" if tag == AVE else language(tag).name


def _place(row: RateEstimate | Comparison) -> _Place:
    return (row["model"], row["prompting"], row["lang"], row["category"], row["outcome"])
