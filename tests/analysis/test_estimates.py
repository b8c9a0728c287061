"""Estimates: known values, edges, and that no order of rows or files matters."""

import csv
import math
import os
import random
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from statsmodels.stats.contingency_tables import mcnemar as statsmodels_mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

from scripts import counts as counts_script
from scripts import estimates as estimates_script
from tests.conftest import ROOT
from xsafety.analysis.comparisons import comparison_rows
from xsafety.analysis.estimates import Margins
from xsafety.analysis.grid import COUNTS, OUTCOMES, OVER_REFUSAL, Grid, read_grid
from xsafety.analysis.outcomes import seed_counts
from xsafety.analysis.pairs import holm, mcnemar
from xsafety.analysis.rates import rate_rows, two_sides
from xsafety.analysis.tables import AVE
from xsafety.categories import OF_PAPER, PAPER, write_about
from xsafety.cli import arguments
from xsafety.rows import ALL, AnswerLanguage, Comparison, RateEstimate, Response, SeedCount, Verdict
from xsafety.tabular import DataError, columns, write_jsonl, write_rows

KEYS = [*PAPER]


def seed(id: str, lang: str = "en", prompting: str = "none", category: str = "insult", **numbers: Any) -> SeedCount:
    """Counts of one seed; what is not given is 0, and the rest of the answers are safe."""
    counts = dict.fromkeys((*COUNTS, "expected"), 0) | {"expected": "refusal"}
    counts |= {"safe": 1 - sum(numbers.get(name, 0) for name in ("unsafe", "invalid", "failed"))} | numbers
    counts["answers"] = sum(counts[name] for name in ("safe", "unsafe", "invalid", "failed"))
    return {"prompting": prompting, "lang": lang, "category": category, "id": id, **counts}  # type: ignore[typeddict-item]


def many(lang: str, unsafe: int, of: int, **more: Any) -> list[SeedCount]:
    return [seed(f"s{at:04}", lang, unsafe=int(at < unsafe), **more) for at in range(of)]


def grid(
    folder: Path, given: dict[str, list[SeedCount]], promptings: Sequence[str] = ("none",), max_failed: float = 1
) -> Grid:
    """A grid through its files; languages as they come."""
    files = {}
    for model, rows in given.items():
        files[model] = folder / f"{model}.csv"
        write_rows(files[model], SeedCount, rows)
    languages = list(dict.fromkeys(row["lang"] for rows in given.values() for row in rows))
    return read_grid(files, promptings, languages, OF_PAPER, max_failed)


def rate(
    rows: list[RateEstimate], lang: str, outcome: str = "unsafe", model: str = "a", category: str = ALL
) -> RateEstimate:
    wanted = (model, lang, category, outcome)
    [row] = [row for row in rows if (row["model"], row["lang"], row["category"], row["outcome"]) == wanted]
    return row


def compare(rows: list[Comparison], family: str, lang: str, **wanted: str) -> Comparison:
    wanted = {"model": "a", "category": ALL, "outcome": "unsafe", "prompting": "none", "family": family} | wanted
    [row] = [row for row in rows if row["lang"] == lang and wanted.items() <= row.items()]
    return row


def checked(grid: Grid) -> tuple[list[RateEstimate], list[Comparison]]:
    """The rows of both files, each of which is a number, or a blank with its reason; never nan."""
    rates, comparisons = list(rate_rows(grid, {})), comparison_rows(grid)
    for row in rates:
        assert "nan" not in "".join(map(str, row.values())).replace("nan", "", row["lang"] == "nan")
        numbers = [row[name] for name in ("rate", "lower", "upper", "n_eff", "method")]
        assert all(numbers) or (not any(numbers) and row["why"]), row
        if row["rate"]:
            lower, value, upper = (float(row[name]) for name in ("lower", "rate", "upper"))
            assert 0 <= lower <= value + 1e-6 <= upper + 2e-6 <= 100 + 3e-6
            assert float(row["lowest"]) <= value + 1e-6 <= float(row["highest"]) + 2e-6
    for line in comparisons:
        shown = [line[name] for name in ("difference", "lower", "upper", "p", "p_adjusted", "test", "detectable")]
        assert all(shown) or (not any(shown) and line["why"]), line
        assert "nan" not in "".join(shown)
        if line["difference"]:
            assert -100 <= float(line["lower"]) <= float(line["upper"]) <= 100
            assert 0 <= float(line["p"]) <= float(line["p_adjusted"]) * 1.001 <= 1.001
    return rates, comparisons


def test_a_rate_of_one_answer_each_is_wilsons(tmp_path: Path) -> None:
    rates, _ = checked(grid(tmp_path, {"a": [*many("en", 0, 200), *many("fr", 20, 200)]}))
    zero, tenth = rate(rates, "en"), rate(rates, "fr")
    assert (zero["rate"], zero["lower"], zero["upper"][:4], zero["n_eff"]) == ("0", "0", "1.88", "200")
    lower, upper = proportion_confint(20, 200, method="wilson")
    # At n - 1, since the variance is estimated.
    assert float(tenth["n_eff"]) == 199
    assert float(tenth["lower"]) == pytest.approx(100 * lower, abs=0.02)
    assert float(tenth["upper"]) == pytest.approx(100 * upper, abs=0.02)


def test_several_answers_to_a_seed_count_as_what_they_are_worth(tmp_path: Path) -> None:
    alike = [seed(f"s{at}", safe=5 * (at >= 20), unsafe=5 * (at < 20)) for at in range(100)]
    mixed = [seed(f"s{at}", "fr", safe=4, unsafe=1) for at in range(100)]
    rates, comparisons = checked(grid(tmp_path, {"a": [*alike, *mixed]}))
    one, other = rate(rates, "en"), rate(rates, "fr")
    assert (one["rate"], one["answers"], one["seeds"], one["n_eff"]) == ("20", 500, 100, "99")
    assert (other["rate"], other["n_eff"]) == ("20", "100"), "nothing varies: as many as there are seeds"
    assert compare(comparisons, "english", "fr")["test"] == "z, clustered by seed"


def test_the_mean_of_languages_knows_that_seeds_are_shared(tmp_path: Path) -> None:
    same = [row for lang in ("en", "fr", "de", "ru") for row in many(lang, 20, 200)]
    rates, _ = checked(grid(tmp_path, {"a": same}))
    assert {name: rate(rates, AVE)[name] for name in ("rate", "n_eff", "seeds", "answers")} == {
        "rate": "10",
        "n_eff": "199",  # three languages that say the same are worth one
        "seeds": 200,
        "answers": 600,
    }
    apart = [
        seed(f"s{at:04}", lang, unsafe=int(at % 10 == n)) for n, lang in enumerate(("fr", "de")) for at in range(200)
    ]
    assert float(rate(checked(grid(tmp_path, {"a": apart}))[0], AVE)["n_eff"]) > 400 - 1e-6


def test_means_are_over_what_has_a_rate_and_name_what_has_none(tmp_path: Path) -> None:
    a = [*many("en", 1, 50), *many("fr", 5, 50), *many("ar", 10, 50)]
    b = [*many("en", 2, 50), *many("fr", 15, 50), *[seed(f"s{at:04}", "de", invalid=1) for at in range(50)]]
    rates, comparisons = checked(grid(tmp_path, {"a": a, "b": b}))
    assert (rate(rates, AVE)["rate"], rate(rates, AVE)["why"]) == ("15", "without de")
    assert (rate(rates, AVE, model="b")["rate"], rate(rates, AVE, model="b")["why"]) == ("30", "without ar, de")
    assert (rate(rates, "ar", model=ALL)["rate"], rate(rates, "ar", model=ALL)["why"]) == ("20", "without b")
    assert (rate(rates, "fr", model=ALL)["rate"], rate(rates, AVE, model=ALL)["rate"]) == ("20", "22.5")
    invalid = rate(rates, "de", model="b")
    assert (invalid["rate"], invalid["lowest"], invalid["highest"], invalid["why"]) == (
        "",
        "0",
        "100",
        "no valid answer",
    )
    assert rate(rates, "de", "invalid", model="b")["rate"] == "100"
    assert not [row for row in rates if (row["model"], row["lang"]) == ("b", "ar")], "never asked"
    models = compare(comparisons, "model", AVE, against="b")
    assert (models["difference"], models["why"]) == ("-20", "without ar, de"), "over the language that both have"
    assert compare(comparisons, "model", "ar")["why"] == "b was not asked"
    assert (
        compare(comparisons, "english", "de", model="b")["why"]
        == "too many answers failed, or no seed is valid in both"
    )


def test_every_outcome_has_a_rate_and_what_is_open_bounds_it(tmp_path: Path) -> None:
    rows = [
        seed("a", unsafe=1, refusal=0, cut_off=1, off_language=1),
        seed("b", refusal=1),
        seed("c", invalid=1, blocked=1, undetermined=1),
        seed("d", invalid=1, empty=1, undetermined=1),
        seed("e", failed=1, refusal=None),
    ]
    rates, _ = checked(grid(tmp_path, {"a": rows}))
    found = {
        outcome: tuple(rate(rates, "en", outcome)[name] for name in ("rate", "lowest", "highest", "valid"))
        for outcome in OUTCOMES
        if outcome != OVER_REFUSAL
    }
    assert found == {
        "unsafe": ("50", "20", "80", 2),
        "refusal": ("25", "20", "40", 4),
        "off_language": ("50", "20", "80", 2),
        "invalid": ("50", "40", "60", 4),
        "blocked": ("25", "20", "40", 4),
        "empty": ("25", "20", "40", 4),
        "cut_off": ("25", "20", "40", 4),
        "failed": ("20", "20", "20", 5),
    }
    unknown = [seed(f"s{at}", "sw", refusal=None) for at in range(3)]
    row = rate(checked(grid(tmp_path, {"a": unknown}))[0], "sw", "refusal")
    assert (row["rate"], row["lowest"], row["highest"], row["why"]) == ("", "0", "100", "no lexicon tells its refusals")


def test_too_many_failed_rows_withhold_a_rate(tmp_path: Path) -> None:
    english, french = many("en", 5, 100), many("fr", 10, 100)
    french[99] = seed("s0099", "fr", failed=1, refusal=None)
    rates, _ = checked(grid(tmp_path, {"a": [*english, *french]}, max_failed=0.01))
    assert rate(rates, "fr")["rate"] == "10.10101"
    french[98] = seed("s0098", "fr", failed=1, refusal=None)
    rates, comparisons = checked(grid(tmp_path, {"a": [*english, *french]}, max_failed=0.01))
    row = rate(rates, "fr")
    assert (row["rate"], row["lowest"], row["highest"], row["why"]) == ("", "10", "12", "2 of 100 answers failed")
    assert (rate(rates, "fr", "failed")["rate"], rate(rates, AVE)["rate"]) == ("2", "")
    assert compare(comparisons, "english", "fr")["why"] == "too many answers failed, or no seed is valid in both"


@pytest.mark.parametrize(
    "rows",
    [
        [seed("a")],
        [seed("a", unsafe=1)],
        [seed("a", invalid=1), seed("a", "fr", failed=1, refusal=None)],
        [seed("a", safe=3, unsafe=2), seed("a", "fr", safe=0, unsafe=5)],
        [seed("a", "fr", unsafe=1), seed("b", "de")],
        [*many("en", 0, 30), *many("fr", 30, 30)],
        [*many("en", 0, 30), *many("fr", 0, 30)],
        [seed(key, lang, category=key) for key in KEYS for lang in ("en", "nan")],
        [seed("a", category="commonsense"), seed("a", "fr", category="commonsense", unsafe=1)],
        [seed("a", category="insult"), seed("b", "fr", category="commonsense")],
    ],
)
def test_edges_give_a_number_or_a_reason(tmp_path: Path, rows: list[SeedCount]) -> None:
    with np.errstate(all="raise", under="ignore"):
        checked(grid(tmp_path, {"a": rows}))
        checked(grid(tmp_path, {"a": rows, "b": rows[:1]}))
        checked(grid(tmp_path, {"a": [], "b": rows}))
        checked(grid(tmp_path, {"a": rows}, ["none", "safe"]))


def test_nothing_asked_is_nothing_told(tmp_path: Path) -> None:
    assert checked(grid(tmp_path, {"a": []})) == ([], [])


def test_without_english_its_family_says_so(tmp_path: Path) -> None:
    _, comparisons = checked(grid(tmp_path, {"a": [*many("fr", 3, 20), *many("de", 5, 20)]}))
    family = [row for row in comparisons if row["family"] == "english"]
    assert {(row["lang"], row["why"]) for row in family if row["lang"] != AVE and row["model"] != ALL} == {
        ("fr", "en was not asked"),
        ("de", "en was not asked"),
    }


def test_pairs_are_those_of_bonett_price_and_mcnemar(tmp_path: Path) -> None:
    # 40 seeds: 3 unsafe in both, 9 only in French, 2 only in English, one invalid in English.
    english = [seed(f"{at}", unsafe=int(at < 5)) for at in range(39)] + [seed("39", invalid=1)]
    french = [seed(f"{at}", "fr", unsafe=int(2 <= at < 14)) for at in range(40)]
    row = compare(checked(grid(tmp_path, {"a": [*english, *french]}))[1], "english", "fr")
    assert (row["pairs"], row["lost"], row["discordant"], row["test"]) == (39, 1, 11, "McNemar, exact")
    p12, p21 = (9 + 1) / 41, (2 + 1) / 41
    reach = 1.959964 * math.sqrt((p12 + p21 - (p12 - p21) ** 2) / 41)
    assert float(row["difference"]) == pytest.approx(100 * 7 / 39, abs=1e-5)
    assert float(row["lower"]) == pytest.approx(100 * (p12 - p21 - reach), abs=1e-4)
    assert float(row["upper"]) == pytest.approx(100 * (p12 - p21 + reach), abs=1e-4)
    assert float(row["p"]) == pytest.approx(statsmodels_mcnemar([[3, 2], [9, 25]], exact=True).pvalue, rel=1e-3)


@pytest.mark.parametrize(("more", "less"), [(0, 0), (1, 0), (5, 5), (3, 21), (12, 13), (40, 90), (0, 25)])
def test_mcnemar_is_that_of_statsmodels(more: int, less: int) -> None:
    table = [[1, more], [less, 1]]
    known = statsmodels_mcnemar(table, exact=more + less < 25, correction=False).pvalue if more + less else 1
    assert float(mcnemar(np.array(more), np.array(less))) == pytest.approx(known)


def test_holm_is_that_of_statsmodels() -> None:
    p = np.random.default_rng(1).random(50) ** 4
    assert holm(p) == pytest.approx(multipletests(p, method="holm")[1])


def test_the_family_is_all_cells_of_a_method(tmp_path: Path) -> None:
    unsafe = {"en": 2, "fr": 9, "de": 12, "ru": 30}
    rows = [row for lang, count in unsafe.items() for row in many(lang, count, 60)]
    rows += [row for lang, count in unsafe.items() for row in many(lang, count // 2, 60, prompting="safe")]
    _, comparisons = checked(grid(tmp_path, {"a": rows, "b": rows}, ["none", "safe"]))
    cells = [compare(comparisons, "english", lang, model=model) for model in "ab" for lang in ("fr", "de", "ru")]
    adjusted = multipletests([float(row["p"]) for row in cells], method="holm")[1]
    assert [float(row["p_adjusted"]) for row in cells] == pytest.approx(list(adjusted), rel=1e-3)
    assert {(row["tests"], row["adjustment"]) for row in cells} == {(6, "Holm")}
    means = [compare(comparisons, "english", AVE, model=model) for model in ("a", "b", ALL)]
    assert {row["tests"] for row in means} == {3}
    prompting = compare(comparisons, "prompting", "ru", prompting="safe")
    assert (prompting["against"], prompting["difference"], prompting["tests"]) == ("none", "-25", 8)
    by_issue = compare(comparisons, "english, by safety issue", "fr", category="insult")
    assert (by_issue["adjustment"], by_issue["tests"]) == ("Benjamini-Hochberg", 6)


def test_means_with_and_without_commonsense(tmp_path: Path) -> None:
    rows = [*many("en", 2, 10), *[seed(f"c{at}", category="commonsense", unsafe=1) for at in range(10)]]
    rates, _ = checked(grid(tmp_path, {"a": rows}))
    parts = [OF_PAPER.main_part, ALL, "insult", "commonsense"]
    assert [rate(rates, "en", category=part)["rate"] for part in parts] == ["20", "60", "20", "100"]


def responses(*rows: dict[str, Any]) -> list[Any]:
    return [{"sample": 1, "response": "A reply.", "status": "answered", "finish_reason": "stop"} | row for row in rows]


def verdicts(*rows: dict[str, Any]) -> list[Any]:
    return [
        {"sample": 1, "lang": "en", "category": "insult", "verdict": "safe", "refusal": False} | row for row in rows
    ]


def test_verdicts_are_counted_by_seed() -> None:
    given = [{"id": "b"}, {"id": "a", "verdict": "unsafe", "refusal": True}]
    given += [{"id": "a", "sample": n, "verdict": "invalid", "refusal": None} for n in range(2, 7)]
    given += [{"id": "a", "sample": 7, "verdict": "failed", "refusal": None}]
    ends = [
        {"status": "blocked", "response": ""},
        {"response": " \u200b\n"},
        {"response": ""},
        {"finish_reason": "length"},
        {"status": "cut_off", "response": ""},
        {"status": "failed", "response": ""},
    ]
    answers = [{"id": "a"}, {"id": "b"}, *({"id": "a", "sample": n} | end for n, end in enumerate(ends, 2))]
    languages = {("a", 1): "en", ("a", 5): "de", ("a", 7): "de", ("b", 1): "en"}
    [a, b] = seed_counts(verdicts(*given), responses(*answers), languages, PAPER, prompting="none")
    assert a == {
        "prompting": "none",
        "lang": "en",
        "category": "insult",
        "id": "a",
        "expected": "refusal",
        "answers": 7,
        "safe": 0,
        "unsafe": 1,
        "invalid": 5,
        "failed": 1,
        "refusal": 1,
        "blocked": 1,
        "empty": 2,
        "cut_off": 2,
        "off_language": 1,
        "undetermined": 4,
    }
    assert (b["id"], b["safe"], b["refusal"]) == ("b", 1, 0)
    shuffled = seed_counts(
        verdicts(*reversed(given)), responses(*reversed(answers)), languages, PAPER, prompting="none"
    )
    assert shuffled == [a, b]


def test_verdicts_that_cannot_be_counted_are_told_together() -> None:
    given = verdicts(
        {"id": "a", "verdict": "maybe"},
        {"id": "b", "category": "nonsense"},
        {"id": "c"},
        {"id": "c"},
        {"id": "d"},
        {"id": "e"},
        {"id": "e", "sample": 2, "category": "privacy_and_property"},
    )
    answers = responses(*({"id": id} for id in "abce"), {"id": "e", "sample": 2})
    with pytest.raises(DataError, match=r"none: 5 verdict\(s\) that cannot be counted") as error:
        seed_counts(given, answers, {}, PAPER, prompting="none")
    for part in (
        "en, a, sample 1: verdict 'maybe' is none of safe, unsafe, invalid, failed",
        "en, b, sample 1: category 'nonsense'",
        "en, c, sample 1: there is no response of this number, or it comes twice",
        "en, d, sample 1: there is no response",
        "en, e, sample 2: category 'privacy_and_property', and 'insult' in another sample",
    ):
        assert part in str(error.value)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"answers": 5}, "row 2: s1 does not add up"),
        ({"refusal": 2}, "row 2: s1 does not add up"),
        ({"lang": "xx"}, "lang xx: counted, but not asked for"),
        ({"category": "nonsense"}, "category nonsense: counted, but not asked for"),
        ({"unsafe": "many"}, "a.csv"),
    ],
)
def test_counts_that_do_not_add_up_are_told(tmp_path: Path, change: dict[str, Any], told: str) -> None:
    write_rows(tmp_path / "a.csv", SeedCount, [{**seed("s1"), **change}])  # type: ignore[typeddict-item]
    with pytest.raises(DataError, match="make the") as error:
        read_grid({"a": tmp_path / "a.csv"}, ["none"], ["en"], OF_PAPER, 1)
    assert told in str(error.value)


def test_benign_queries_have_a_rate_of_their_own_and_no_other(tmp_path: Path) -> None:
    harmful = many("en", 3, 10) + many("fr", 5, 10)
    asked = {"expected": "answer", "safe": 0}
    benign = [
        seed(f"b{at}", lang, **asked, refusal=int(at < refused)) | {"answers": 1}
        for lang, refused in (("en", 1), ("fr", 4))
        for at in range(8)
    ]
    both, alone = (checked(grid(tmp_path, {"a": rows})) for rows in (harmful + benign, harmful))
    rates, comparisons = both
    assert [rate(rates, lang, OVER_REFUSAL)["rate"] for lang in ("en", "fr", AVE)] == ["12.5", "50", "50"]
    assert rate(rates, "en", OVER_REFUSAL)["seeds"] == 8
    assert compare(comparisons, "english", "fr", outcome=OVER_REFUSAL)["difference"] == "37.5"
    assert [row for row in rates if row["outcome"] != OVER_REFUSAL] == alone[0]
    assert [row for row in comparisons if row["outcome"] != OVER_REFUSAL] == alone[1]
    assert not any(row["outcome"] == OVER_REFUSAL for row in alone[0])
    [side] = [row for row in two_sides(rates, OF_PAPER.main_part) if (row["lang"], row["model"]) == ("fr", "a")]
    assert (side["unsafe"], side["over_refusal"]) == ("50", "50")
    assert not list(two_sides(alone[0], OF_PAPER.main_part))


def test_answers_whose_language_cannot_be_told_are_open(tmp_path: Path) -> None:
    rows = [seed(f"s{at}", off_language=int(at < 2), undetermined=int(at > 5)) for at in range(10)]
    rates, _ = checked(grid(tmp_path, {"a": [*rows, seed("s0", "fr", undetermined=1)]}))
    found = rate(rates, "en", "off_language")
    assert (found["valid"], found["rate"][:5], found["lowest"], found["highest"]) == (6, "33.33", "20", "60")
    assert rate(rates, "fr", "off_language")["why"] == "of no answer can the language be told"


def test_a_seed_in_two_categories_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="s1: in two categories"):
        grid(tmp_path, {"a": [seed("s1"), seed("s1", "fr", category="mental_health")]})


def test_margins_by_hand() -> None:
    there = np.array([[[True, True, True]], [[True, False, True]]])
    margins = Margins(there, np.array([False, True, True]))
    found = margins.mean(np.array([[[1.0, 2, 4]], [[5, 99, 8]]]))
    assert found[:, 0].tolist() == [[1, 2, 4, 3], [5, 99, 8, 8], [3, 2, 6, 5.5]]
    assert margins.sum(np.array([[[1, 2, 4]], [[5, 99, 8]]]))[:, 0].tolist()[-1] == [6, 2, 12, 14]


def files_of_a_run(folder: Path) -> None:
    """Verdicts and responses of two models, in two languages and with two samples."""
    draw = random.Random(3)
    for model in ("a", "b"):
        for lang in ("en", "fr"):
            rows = [{"id": f"s{at}", "sample": n, "category": KEYS[at % 3]} for at in range(20) for n in (1, 2)]
            given = [row | {"lang": lang, "verdict": draw.choice(["safe", "unsafe", "invalid"])} for row in rows]
            write_jsonl(
                folder / "verdicts" / model / "none" / f"{lang}.jsonl",
                [dict.fromkeys(columns(Verdict), "") | row | {"refusal": row["verdict"] == "safe"} for row in given],
            )
            write_jsonl(
                folder / "responses" / model / "none" / f"{lang}.jsonl",
                [
                    dict.fromkeys(columns(Response), "") | row | {"status": "answered", "response": "Yes."}
                    for row in rows
                ],
            )


OWN = "own"  # seed of hashes: of this process, which is drawn by chance


def test_scripts_give_the_same_bytes_whatever_the_order(tmp_path: Path) -> None:
    files_of_a_run(tmp_path)
    status = tmp_path / "status.csv"
    status.write_text("lang,basis\nen,source\nfr,verified\n", encoding="utf-8")
    languages = tmp_path / "languages.csv"
    write_rows(languages, AnswerLanguage, [])
    about = tmp_path / "dataset.json"
    write_about(about, OF_PAPER)
    made = []
    for seed_of_hashes in (OWN, "7"):
        out = tmp_path / seed_of_hashes
        for model in ("a", "b"):
            for path in (tmp_path / "verdicts" / model).rglob("*.jsonl") if seed_of_hashes == "7" else ():
                lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
                path.write_text("".join(reversed(lines)), encoding="utf-8")
            counts_script.main(
                verdicts=tmp_path / "verdicts" / model,
                responses=tmp_path / "responses" / model,
                answer_languages=languages,
                about=about,
                judge="lexicon",
                model=model,
                promptings=["none"],
                languages=["en", "fr"] if seed_of_hashes == OWN else ["fr", "en"],
                counts=out / "counts" / f"{model}.csv",
                seeds=out / f"{model}.csv",
                examples=out / "examples" / f"{model}.jsonl",
            )
        command = (
            f"--status {status} --outcomes {out} --languages en fr --models a b --promptings none --max-failed 0.01"
            f" --rates {out / 'rates.csv'} --comparisons {out / 'comparisons.csv'} --two-sided {out / 'two_sided.csv'}"
            f" --about {about} --judge lexicon"
        ).split()
        if seed_of_hashes == OWN:
            estimates_script.main(**vars(arguments(estimates_script.main, command)))
        else:
            subprocess.run(
                [sys.executable, ROOT / "scripts/estimates.py", *command],
                env=os.environ | {"PYTHONHASHSEED": seed_of_hashes, "PYTHONPATH": str(ROOT)},
                check=True,
            )
        made.append([path.read_bytes() for path in sorted(out.glob("*.csv"))])
    assert made[0] == made[1]
    with (tmp_path / OWN / "rates.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == columns(RateEstimate)
    assert {row["judge"] for row in rows} == {"lexicon"}
    assert {(row["lang"], row["basis"]) for row in rows} == {("en", "source"), ("fr", "verified"), (AVE, "verified")}
