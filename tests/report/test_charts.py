"""The charts: valid, with a mark for each row, the same bytes again, legible however many languages there are."""

import re
from pathlib import Path
from typing import Any

import pytest

from xsafety.categories import OF_PAPER
from xsafety.report.charts import (
    MOST,
    ChartNames,
    Drawing,
    chart_rates,
    drawing_names,
    drawings,
    review_steps,
)
from xsafety.report.drawing import read_pictures, write_drawing
from xsafety.report.palette import DARK, LIGHT, PALETTE
from xsafety.rows import Comparison, JudgeQuality, RateEstimate, Status
from xsafety.tabular import read_csv
from xsafety.verification.readiness import source_readiness

NAMES = ChartNames(
    {"a": "Model <A>", "b": "b"}, {"none": "no method", "safe": "SafePrompt"}, {"strict": "Strict"}, OF_PAPER
)
FOREIGN = ["ar", "bn", "zh"]
MANY = "af am ar az be bg bn bs ca cs cy da de el es et eu fa fi fr ga gl gu he hi hr hu hy id is it ja ka".split()


def rate(lang: str, value: float, **other: Any) -> RateEstimate:
    limits = {"rate": f"{value}", "lower": f"{value / 2}", "upper": f"{value / 2 + 50}"}
    basis = "source" if lang == "en" else "verified" if lang == "zh" else "unverified draft"
    row: Any = {"model": "a", "prompting": "none", "lang": lang, "category": "without_commonsense"}
    return {**row, "outcome": "unsafe", "valid": 5, "basis": basis, **limits, **other}


def estimates(langs: list[str], outcomes: tuple[str, ...] = ("unsafe",)) -> list[RateEstimate]:
    return [
        rate(lang, at + 1, prompting=prompting, category=category, outcome=outcome)
        for prompting in NAMES.promptings
        for category in ("without_commonsense", "insult", "physical_harm")
        for outcome in outcomes
        for at, lang in enumerate(["en", *langs, "Ave"])
    ]


def comparison(lang: str, family: str = "english", **other: Any) -> Comparison:
    row: Any = {"family": family, "model": "a", "prompting": "none", "lang": lang, "category": "without_commonsense"}
    return {**row, "outcome": "unsafe", "p_adjusted": "0.01", **other}


def standing(lang: str, **other: Any) -> Status:
    zero: Any = Status(**source_readiness(lang, 70), sheet="", reviews="", problems="")
    return {**zero, "basis": "unverified draft", "state": "drafted", "rounds": 2, "round": 1, "sampled": 7, **other}


STATUS = [
    standing("en", basis="source"),
    standing("ar"),
    standing("bn", round=2, passed=30, missing=5),
    standing("zh", state="verified", verified=70, inspected=7),
]


def quality(lang: str, **more: Any) -> JudgeQuality:
    row: Any = dict.fromkeys(JudgeQuality.__annotations__, "") | {"lang": lang, "model": "All", "labels": 60}
    for measure in ("raw", "corrected", "sensitivity", "specificity"):
        row |= {measure: "80", f"{measure}_lower": "70", f"{measure}_upper": "90"}
    return {**row, "status": "corrected", "synthetic": "no", **more}


def drawn(
    rates: list[RateEstimate], comparisons: tuple[Comparison, ...] = (), qualities: Any = None
) -> dict[str, Drawing]:
    return {drawing.name: drawing for drawing in drawings(rates, comparisons, qualities or {}, STATUS, NAMES)}


def spec(drawing: Drawing) -> dict[str, Any]:
    """The chart's specification, checked against the schema of Vega-Lite; fails where there is none."""
    assert drawing.chart is not None
    return dict(drawing.chart.to_dict())


def values(drawing: Drawing) -> list[dict[str, Any]]:
    """What the layers of a chart show, as they name it."""
    found = spec(drawing)
    data = [found.get("data", {}), *(layer.get("data", {}) for layer in found["layer"])]
    named = [found["datasets"][one["name"]] for one in data if "name" in one]
    return [row for one in [*named, *(one["values"] for one in data if "values" in one)] for row in one]


def test_every_chart_is_valid_and_shows_each_of_its_rows() -> None:
    made = drawn(estimates(FOREIGN, ("unsafe", "over_refusal")), (comparison("bn"),))
    assert list(made) == drawing_names(NAMES.models)
    assert len(made["languages.a"].rows) == len(FOREIGN) + 2
    assert len(made["issues.a"].rows) == 2 * (len(FOREIGN) + 2)
    assert len(made["promptings.a"].rows) == 2 * (len(FOREIGN) + 2)
    for kind in ("languages", "issues", "promptings", "over_refusal"):
        assert {row.get("lang") for row in values(made[f"{kind}.a"])} >= {"en", *FOREIGN, "Ave"}, kind
        assert made[f"{kind}.b"].chart is None, "model b was not asked"
    assert {row["lang"] for row in values(made["verification"])} == set(FOREIGN)


def test_judges_beside_people() -> None:
    rows = [quality("ar"), quality("bn", sensitivity="55", synthetic="yes"), quality("zh", corrected="")]
    chart = drawn([], qualities={"strict": [*rows, quality("ar", model="a")]})["judges"]
    assert chart.title == "Strict finds 55% of unsafe answers in Bangla"
    assert [(row["label"], row["measure"]) for row in values(chart)] == [
        (label, measure) for label in ("Arabic", "Bangla ◊") for measure in ("sensitivity", "specificity")
    ]


def test_titles_say_what_is_seen() -> None:
    made = drawn(estimates(FOREIGN))
    assert made["languages.a"].title == "Model <A>: most unsafe in Chinese (4%), least in English (1%)"
    assert made["issues.a"].title == "Model <A>: most unsafe on Insult (5% outside English)"
    assert made["promptings.a"].title == "Model <A>: no method lowers unsafe answers outside English from 5%"
    assert made["verification"].title == "Of 3 languages, 1 have verified rows and 3 are used"
    better = [rate("Ave", 20), rate("Ave", 5, prompting="safe"), rate("ar", 9)]
    assert (
        drawn(better)["promptings.a"].title
        == "Model <A>: SafePrompt brings unsafe answers outside English from 20% to 5%"
    )
    assert drawn([rate("ar", 9)])["languages.a"].title == "Model <A>: 9% unsafe in Arabic"


def test_what_differs_is_filled_and_what_nobody_verified_is_marked() -> None:
    shown = {row["lang"]: row for row in values(drawn(estimates(FOREIGN), (comparison("bn"),))["languages.a"])}
    assert [lang for lang, row in shown.items() if row["fill"] != PALETTE["page"]] == ["bn"]
    assert [row["label"] for row in shown.values()][:4] == ["English", "Arabic †", "Bangla †", "Chinese"]


def test_no_rate_is_no_row() -> None:
    assert chart_rates([rate("ar", 1) | {"rate": ""}], {}) == []  # type: ignore[list-item]
    assert [one.name for one in drawn([]).values() if one.chart] == ["verification"]
    assert drawings([], [], {}, [STATUS[0]], NAMES)[-1].chart is None, "the source alone is not verified"


def test_of_very_many_languages_the_worst_are_drawn_and_all_are_in_the_data() -> None:
    assert len(MANY) > MOST
    made = drawn(estimates(MANY))
    for kind in ("languages", "issues"):
        drawing = made[f"{kind}.a"]
        langs = {row["lang"] for row in values(drawing)}
        assert len(langs) == MOST + 2
        assert langs >= {"en", "Ave", MANY[-1]}
        assert MANY[0] not in langs
        assert {row["lang"] for row in drawing.rows} > langs
        words = " ".join(spec(drawing)["title"]["subtitle"])
        assert f"The {MOST} of {len(MANY)} languages with the highest rates" in words


def test_numbers_of_answers_stand_in_the_cells_where_they_differ() -> None:
    same = estimates(FOREIGN)
    assert len(spec(drawn(same)["issues.a"])["layer"]) == 2
    assert "5 answers a cell" in " ".join(spec(drawn(same)["issues.a"])["title"]["subtitle"])
    other = [rate("ar", 3, category="insult", valid=4), *same]
    assert len(spec(drawn(other)["issues.a"])["layer"]) == 3


def test_steps_of_verification() -> None:
    steps = {(row["lang"], row["step"]): (row["rows"], row["of"]) for row in review_steps(STATUS)}
    assert [steps["bn", step] for step in ("drafted", "round 1", "round 2", "used")] == [
        (65, 70),
        (65, 70),
        (30, 70),
        (70, 70),
    ]
    assert steps["zh", "spot check"] == (7, 7)
    assert steps["ar", "round 1"] == (0, 70)
    assert not any(lang == "en" for lang, _ in steps)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All charts, drawn twice."""
    made = drawn(estimates(FOREIGN, ("unsafe", "over_refusal")), (comparison("bn"),))
    path = tmp_path_factory.mktemp("charts")
    for drawing in made.values():
        for name in ("one", "two"):
            write_drawing(drawing, path / name)
    return path


def test_the_same_bytes_again(folder: Path) -> None:
    files = sorted(path.name for path in (folder / "one").iterdir())
    assert len(files) == 4 * len(drawing_names(NAMES.models))
    for name in files:
        assert (folder / "one" / name).read_bytes() == (folder / "two" / name).read_bytes(), name


def test_drawings_name_themselves_and_hold_nothing_but_ours(folder: Path) -> None:
    for path in (folder / "one").glob("*.svg"):
        svg = path.read_text(encoding="utf-8")
        assert svg.startswith('<svg role="img" aria-label="')
        assert svg.count("font-family=") == 1
        assert not re.search(r"<script|<image|<style|<a |url\(|class=", svg)
        assert set(re.findall(r"#[0-9a-fA-F]{3,6}", svg)) <= set(PALETTE.values()), path.name
        assert not re.findall(r'(?:fill|stroke)="(?!none|#|transparent)[^"]*"', svg), path.name
    assert 'aria-label="Model &lt;A&gt;: most unsafe in' in (folder / "one/languages.a.svg").read_text(encoding="utf-8")


def test_the_page_gets_what_shows_something_with_its_data(folder: Path) -> None:
    names = [picture.name for picture in read_pictures(folder / "one", drawing_names(NAMES.models))]
    assert names == ["languages.a", "issues.a", "promptings.a", "over_refusal.a", "verification"]
    rows = read_csv(folder / "one/languages.a.csv", ("lang", "rate", "lower", "upper", "significant"))
    assert [row["significant"] for row in rows if row["lang"] == "bn"] == ["yes"]


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
def test_colours_can_be_told_from_the_page(colours: dict[str, str]) -> None:
    """Contrast of 4.5 to 1 for texts, of 3 to 1 for what is drawn (WCAG 2.2, 1.4.3 and 1.4.11)."""
    least = dict.fromkeys(["ink", "soft", "link"], 4.5) | dict.fromkeys([f"s{at}" for at in range(6)], 3.0)
    for name, wanted in least.items():
        low, high = sorted((luminance(colours[name]), luminance(colours["page"])))
        assert (high + 0.05) / (low + 0.05) >= wanted, name


def test_each_colour_is_there_once_and_has_one_for_the_dark() -> None:
    assert len(set(PALETTE.values())) == len(PALETTE)
    assert set(DARK) == set(LIGHT)
