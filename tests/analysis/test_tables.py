"""Tables: the paper's numbers, languages and verdicts that are missing, and what scripts write of them."""

import csv
import json
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from scripts import counts as counts_script
from scripts import tables as tables_script
from tests.conftest import ROOT
from xsafety.analysis.counts import cell_counts, pick_examples
from xsafety.analysis.outcomes import seed_counts
from xsafety.analysis.tables import (
    AVE,
    BY_CATEGORY,
    BY_PROMPTING,
    CELLS,
    MAIN,
    OF_ALL_ISSUES,
    TABLES,
    bases,
    count_frame,
    judge_tables,
    mean,
    rounded,
    with_rates,
)
from xsafety.categories import OF_PAPER, write_about
from xsafety.cli import arguments
from xsafety.rows import ALL, AnswerLanguage, Count, Verdict
from xsafety.tabular import DataError, read_csv, read_rows, write_csv, write_jsonl, write_rows, write_text

PAPER = """
lang ChatGPT PaLM2 LLaMA2 Vicuna All
en 1.0 10.3 14.6 6.0 8.0
zh 8.1 21.6 26.5 10.6 16.7
fr 13.7 15.4 16.8 9.4 13.8
ru 12.5 14.1 17.7 16.7 15.3
de 14.7 16.4 18.0 11.7 15.2
ar 9.2 17.4 - 56.6 27.7
hi 18.3 17.0 36.5 63.2 33.8
es 8.5 14.3 20.7 11.2 13.7
ja 21.0 29.9 29.0 39.8 29.9
bn 37.4 21.9 - 81.6 47.0
Ave 15.9 18.7 23.6 33.4 22.9
"""
TABLE = [line.split() for line in PAPER.split("\n") if line]
MODELS = TABLE[0][1:-1]
LANGUAGES = [row[0] for row in TABLE[1:-1]]


def one(model: str, lang: str, *, category: str = "insult", prompting: str = "none", **numbers: int) -> Any:
    """A row of counts; what is not given is 0, and n is the sum."""
    row = {"safe": 0, "unsafe": 0, "invalid": 0, "failed": 0, "refusal": 0} | numbers
    n = row["safe"] + row["unsafe"] + row["invalid"] + row["failed"]
    return {"model": model, "prompting": prompting, "lang": lang, "category": category, "n": n, **row}


def paper_counts() -> list[Count]:
    rows = []
    for lang, *values in TABLE[1:-1]:
        for model, value in zip(MODELS, values, strict=False):
            if value != "-":
                unsafe = int(value.replace(".", ""))
                rows.append(one(model, lang, safe=1000 - unsafe, unsafe=unsafe))
    return rows


def made(
    file: str,
    rows: Sequence[Count],
    languages: Sequence[str],
    models: Sequence[str],
    promptings: Sequence[str] = ("none",),
    **basis: str,
) -> list[dict[str, str]]:
    """The rows of a table as they are read from its file."""
    given = {lang: basis.get(lang, "source" if lang == "en" else "verified") for lang in languages}
    tables = judge_tables(
        count_frame(rows, languages, models, promptings, OF_PAPER), bases(given, languages, "en"), OF_PAPER
    )
    return list(csv.DictReader(tables[file].to_csv(index=False).splitlines()))


def test_paper_main_table_from_its_cells() -> None:
    rows = made(MAIN.file, paper_counts(), LANGUAGES, MODELS)
    assert [[row[column] or "-" for column in ("lang", *MODELS, ALL)] for row in rows] == TABLE[1:]


def test_corner_is_the_mean_of_the_models_not_of_the_column() -> None:
    *rows, average = made(MAIN.file, paper_counts(), LANGUAGES, MODELS)
    assert average[ALL] == "22.9"
    exact = made(BY_PROMPTING.file, paper_counts(), LANGUAGES, MODELS)
    column = [Fraction(row["unsafe_rate"]) for row in exact if row["model"] == ALL and row["part"] == "main"]
    assert rounded(mean(column[1:-1])) == "23.7"
    assert len(rows) == len(column[:-1]) == len(LANGUAGES)


def test_halves_round_up_as_in_the_paper() -> None:
    exact = made(BY_PROMPTING.file, paper_counts(), LANGUAGES, MODELS)
    rates = {row["lang"]: row["unsafe_rate"] for row in exact if row["model"] == ALL}
    assert (rates["ru"], rates["hi"]) == ("15.25", "33.75")
    shown = {row["lang"]: row[ALL] for row in made(MAIN.file, paper_counts(), LANGUAGES, MODELS)}
    assert (shown["ru"], shown["hi"]) == ("15.3", "33.8")
    assert (rounded(Fraction(1525, 100)), rounded(Fraction(3375, 100))) == ("15.3", "33.8")


def test_means_are_exact() -> None:
    """Thirds, sixths and sevenths whose mean is a half that no sum of binary fractions gives."""
    rates = [Fraction(100, 3), Fraction(100, 6), Fraction(100, 7), None, Fraction(1001, 10) - Fraction(450, 7)]
    found = mean(rates)
    assert found == sum(rate for rate in rates if rate is not None) / 4
    assert mean([None]) is None
    third = [one("a", "zh", safe=2, unsafe=1), one("a", "fr", safe=1, unsafe=2), one("a", "ar", safe=3999, unsafe=6)]
    assert rounded(mean([Fraction(1, 3), Fraction(2, 3), Fraction(-85, 100)])) == "0.1"  # 0.05
    assert made(MAIN.file, third, ["zh", "fr", "ar"], ["a"])[-1]["a"] == "33.4"  # 33.3832...


def test_language_without_rows_is_a_dash_and_in_no_mean() -> None:
    rows = [one("a", "en", safe=9, unsafe=1), one("a", "zh", safe=1, unsafe=1), one("b", "zh", safe=4)]
    found = made(MAIN.file, rows, ["en", "zh", "ar"], ["a", "b"], ar="")
    assert found[2] == {"lang": "ar", "a": "", "b": "", ALL: "", "basis": ""}
    assert [row[ALL] for row in found[:2]] == ["10.0", "25.0"]
    assert [found[3][model] for model in ("a", "b", ALL)] == ["50.0", "0.0", "25.0"]
    assert found[0]["b"] == ""


def test_nothing_at_all_divides_by_nothing() -> None:
    assert [row["a"] for row in made(MAIN.file, [], ["en", "zh"], ["a"])] == ["", "", ""]
    assert not any(made(table.file, [], ["en", "zh"], ["a"]) for table in (CELLS, BY_CATEGORY, BY_PROMPTING))


def shown_rates(**numbers: Any) -> list[str]:
    [row] = with_rates(count_frame([one("a", "zh", **numbers)], ["zh"], ["a"], ["none"], OF_PAPER), 0.01).to_dict(
        "records"
    )
    return [rounded(row[name]) for name in ("unsafe_rate", "lower", "upper", "refusal_rate")]


def test_all_invalid_has_bounds_but_no_rate() -> None:
    assert shown_rates(invalid=4, refusal=None) == ["", "0.0", "100.0", ""]
    found = made(CELLS.file, [one("a", "zh", invalid=4)], ["zh"], ["a"])
    assert (found[0]["unsafe_rate"], found[0]["lower"], found[0]["upper"]) == ("", "0", "100")


def test_invalid_verdicts_leave_the_rate_and_widen_the_bounds() -> None:
    assert shown_rates(safe=6, unsafe=2, invalid=2, refusal=5) == ["25.0", "20.0", "40.0", "50.0"]


def test_failed_rows_widen_the_bounds_and_above_a_share_withhold_the_rate() -> None:
    assert shown_rates(safe=150, unsafe=49, failed=1, refusal=100) == ["24.6", "24.5", "25.0", "50.3"]
    assert shown_rates(safe=150, unsafe=48, failed=2, refusal=100) == ["24.2", "24.0", "25.0", "50.5"]
    assert shown_rates(safe=150, unsafe=47, failed=3, refusal=100) == ["", "23.5", "25.0", ""]
    counts = count_frame([one("a", "zh", safe=71, failed=29)], ["zh"], ["a"], ["none"], OF_PAPER)
    assert with_rates(counts, 0.29)["unsafe_rate"].tolist() == [0], "29 of 100 is not above 0.29"
    found = made(CELLS.file, [one("a", "zh", failed=4)], ["zh"], ["a"])
    assert [(row["failed"], row["unsafe_rate"], row["lower"], row["upper"]) for row in found] == [
        ("4", "", "0", "100")
    ] * 2


def test_with_and_without_commonsense() -> None:
    rows = [one("a", "zh", safe=3, unsafe=1), one("a", "zh", category="commonsense", safe=0, unsafe=4)]
    assert made(MAIN.file, rows, ["zh"], ["a"])[0]["a"] == "25.0"
    assert made(OF_ALL_ISSUES.file, rows, ["zh"], ["a"])[0]["a"] == "62.5"
    found = made(CELLS.file, rows, ["zh"], ["a"])
    assert [(row["part"], row["n"], row["unsafe_rate"]) for row in found] == [
        ("main", "4", "25"),
        ("whole", "8", "62.5"),
    ]


def test_refusals_unknown_everywhere_are_a_dash_not_zero() -> None:
    rows = [one("a", "sw", safe=2) | {"refusal": None}, one("a", "zh", safe=2, refusal=1)]
    found = made(BY_PROMPTING.file, rows, ["sw", "zh"], ["a"])
    rates = {row["lang"]: row["refusal_rate"] for row in found if (row["model"], row["part"]) == ("a", "main")}
    assert rates == {"sw": "", "zh": "50", AVE: "50"}
    cells = {row["lang"]: row["refusal"] for row in made(CELLS.file, rows, ["sw", "zh"], ["a"])}
    assert cells == {"sw": "", "zh": "1"}


def test_category_table_has_means_of_languages_and_models() -> None:
    rows = [one("a", "en", unsafe=1), one("a", "zh", safe=1), one("a", "fr", unsafe=1), one("b", "zh", unsafe=1)]
    found = made(BY_CATEGORY.file, rows, ["en", "zh", "fr"], ["a", "b"], fr="unverified draft")
    rates = {(row["model"], row["lang"]): row["unsafe_rate"] for row in found}
    assert rates["a", AVE] == "50"
    assert rates["b", AVE] == "100"
    assert (rates[ALL, "zh"], rates[ALL, AVE]) == ("50", "75")
    assert {row["basis"] for row in found if row["lang"] == AVE} == {"partly unverified draft"}


def test_change_compares_only_languages_that_both_methods_have() -> None:
    rows = [one("a", "zh", safe=3, unsafe=1), one("a", "fr", unsafe=4)]
    rows += [one("a", "zh", prompting="safe", safe=4)]
    table = made(BY_PROMPTING.file, rows, ["zh", "fr"], ["a"], ["none", "safe"])
    found = {(row["prompting"], row["model"], row["lang"]): row for row in table if row["part"] == "main"}
    assert found["safe", "a", AVE]["change"] == "-25"  # not 0 - 62.5
    assert found["none", "a", AVE]["change"] == ""


def test_every_table_has_its_columns_and_is_made_by_the_rule(tmp_path: Path) -> None:
    rows = [one(model, lang, prompting=p, safe=1) for model in "ab" for lang in ("en", "zh") for p in ("none", "safe")]
    frame = count_frame(rows, ["en", "zh"], ["a", "b"], ["none", "safe"], OF_PAPER)
    for file, table in judge_tables(frame, {"en": "source", "zh": "verified", AVE: "verified"}, OF_PAPER).items():
        write_text(tmp_path / file, table.to_csv(index=False))
    assert len({table.file for table in TABLES}) == len(TABLES)
    for table in TABLES:
        header = (tmp_path / table.file).read_text(encoding="utf-8").split("\n")[0].split(",")
        models = ["a", "b"] if table in (MAIN, OF_ALL_ISSUES) else []
        assert header == [*table.columns[:1], *models, *table.columns[1:]]
        assert table.read(tmp_path)
    rules = (ROOT / "rules" / "analysis.smk").read_text(encoding="utf-8")
    assert not [table.file for table in TABLES if table.file in rules]


@pytest.mark.parametrize(
    "row",
    [
        one("a", "zh", safe=1) | {"n": 2},
        one("a", "zh", safe=1) | {"refusal": 2},
        one("a", "zh", safe=2, unsafe=-1),
    ],
)
def test_counts_that_do_not_add_up_are_refused(row: Count) -> None:
    with pytest.raises(DataError, match="a / none / zh / insult"):
        count_frame([row], ["zh"], ["a"], ["none"], OF_PAPER)


def test_counts_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    write_rows(tmp_path / "a.csv", Count, [one("a", "zh", safe=1), one("a", "zh", safe=1) | {"safe": "one"}])
    with pytest.raises(DataError, match=r"a\.csv, row 3: safe is 'one'"):
        read_rows(tmp_path / "a.csv", Count)


def test_counts_twice_or_not_asked_for_are_refused() -> None:
    with pytest.raises(DataError, match="counted twice"):
        count_frame([one("a", "zh", safe=1)] * 2, ["zh"], ["a"], ["none"], OF_PAPER)
    with pytest.raises(DataError, match="language fr: counted, but not asked for"):
        count_frame([one("a", "fr", safe=1)], ["zh"], ["a"], ["none"], OF_PAPER)
    with pytest.raises(DataError, match="category nonsense: counted, but not asked for"):
        count_frame([one("a", "zh", category="nonsense", safe=1)], ["zh"], ["a"], ["none"], OF_PAPER)
    with pytest.raises(DataError, match="model All"):
        count_frame([], ["zh"], ["All"], ["none"], OF_PAPER)
    with pytest.raises(DataError, match="no row for these languages"):
        bases({}, ["zh"], "en")


def verdict(number: int, lang: str, verdict: str, *, category: str = "insult", refusal: bool | None = False) -> Any:
    texts = {"source": "How?", "query": "Wie?", "response": "So.", "reason": "", "label": "", "judge_output": ""}
    row = {"id": f"q{number}", "category": category, "lang": lang, "verdict": verdict, "refusal": refusal, **texts}
    return {**row, "sample": 1, "categories": []}


def test_count_groups_by_language_and_category() -> None:
    rows = [
        verdict(1, "de", "unsafe", category="reverse_exposure"),
        verdict(2, "de", "safe", refusal=True),
        verdict(3, "de", "invalid", refusal=None),
        verdict(4, "sw", "safe", refusal=None),
    ]
    answers = [{**row, "status": "answered", "finish_reason": "stop"} for row in rows]
    made = cell_counts(
        seed_counts(rows, answers, {}, OF_PAPER.categories, prompting="none"), OF_PAPER.categories, model="a"
    )
    made.sort(key=lambda row: row["lang"])
    assert made == [
        one("a", "de", safe=1, invalid=1, refusal=1),
        one("a", "de", category="reverse_exposure", unsafe=1),
        one("a", "sw", safe=1) | {"refusal": None},
    ]


def test_examples_are_mixed_and_do_not_depend_on_order() -> None:
    rows = [verdict(n, "de", "safe") for n in range(20)] + [verdict(90, "de", "unsafe"), verdict(91, "de", "invalid")]
    picked = pick_examples(rows, model="a", prompting="none")
    assert [row["verdict"] for row in picked] == ["unsafe", "safe", "invalid"]
    assert picked == pick_examples(rows[::-1], model="a", prompting="none")
    assert len({row["id"] for row in pick_examples(rows[:20], model="a", prompting="none")}) == 3
    assert len(pick_examples(rows[:2], model="a", prompting="none")) == 2


def test_scripts_from_verdicts_to_tables(tmp_path: Path) -> None:
    for prompting, wrong in (("none", "unsafe"), ("safe", "safe")):
        for lang in ("en", "zh"):
            rows = [verdict(1, lang, wrong), verdict(2, lang, "safe", refusal=True)]
            write_rows(tmp_path / "verdicts" / prompting / f"{lang}.jsonl", Verdict, rows)
            answers = [{**row, "status": "answered", "finish_reason": "stop", "detail": ""} for row in rows]
            write_jsonl(tmp_path / "responses" / prompting / f"{lang}.jsonl", answers)
    write_rows(tmp_path / "languages.csv", AnswerLanguage, [])
    counts, about = tmp_path / "a.csv", tmp_path / "dataset.json"
    write_about(about, OF_PAPER)
    argv = f"--verdicts {tmp_path}/verdicts --model a --promptings none safe --languages en zh --counts {counts}"
    argv += f" --examples {tmp_path}/examples.jsonl --seeds {tmp_path}/seeds.csv --responses {tmp_path}/responses"
    argv += f" --answer-languages {tmp_path}/languages.csv --about {about} --judge lexicon"
    counts_script.main(**vars(arguments(counts_script.main, argv.split())))
    assert len(read_rows(counts, Count)) == 4
    shown = [json.loads(line) for line in (tmp_path / "examples.jsonl").read_text(encoding="utf-8").splitlines()]
    assert {row["prompting"] for row in shown} == {"none"}
    assert len(shown) == 4
    rows = [{"lang": "en", "basis": "source"}, {"lang": "zh", "basis": "unverified draft"}]
    write_csv(tmp_path / "status.csv", ("lang", "basis"), rows)
    argv = f"--counts {counts} --languages en zh --models a --promptings none safe --status {tmp_path}/status.csv"
    argv += f" --max-failed 0.01 --out {tmp_path}/tables --about {about} --judge lexicon"
    tables_script.main(**vars(arguments(tables_script.main, argv.split())))
    assert (tmp_path / "tables" / "unsafe_rate.csv").read_text(encoding="utf-8") == (
        "lang,a,All,basis\nen,50.0,50.0,source\nzh,50.0,50.0,unverified draft\nAve,50.0,50.0,unverified draft\n"
    )
    names = {path.name for path in (tmp_path / "tables").iterdir()}
    assert names == {
        "unsafe_rate.csv",
        "unsafe_rate_all.csv",
        "by_category.csv",
        "by_prompting.csv",
        "cells.csv",
    }
    long = [read_csv(tmp_path / "tables" / name, ["judge"])[0]["judge"] for name in names if "rate" not in name]
    assert long == ["lexicon"] * 3
