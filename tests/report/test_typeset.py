"""Tables for a paper."""

import pandas as pd

from tests.report.test_findings import difference, failed, rate
from xsafety.categories import About, Category
from xsafety.report.charts import ChartNames
from xsafety.report.typeset import as_latex, as_markdown, main_table_of, typeset

RATES = [rate("en", "19"), rate("ar", "46.15"), failed("hi"), rate("Ave"), rate("en", "2", model="b_1")]
MAIN = main_table_of(
    RATES, [difference("ar", "27", "0.01"), difference("Ave", "12", "0.2")], {"a": "A & B|C", "b_1": "b_1"}, "en"
)
ABOUT = About("en", {"insult": Category("insult", "Insult", ""), "x": Category("x", "X", "", main=False)})
NAMES = ChartNames({"a": "A_1"}, {"none": "No prompt"}, {"j": "Judge"}, ABOUT)


def rows(text: str) -> list[list[str]]:
    """The cells of the lines that hold any."""
    return [line.replace(r"\\", "").split(" & ") for line in text.splitlines() if " & " in line]


def test_the_main_table_has_marks_and_its_mean_apart_and_nothing_that_breaks_it() -> None:
    lines = as_latex(MAIN).splitlines()
    assert [line.strip() for line in lines if "&" not in line][1:] == [
        r"\begin{tabular}{lrr}",
        r"\toprule",
        r"\midrule",
        r"\midrule",
        r"\bottomrule",
        r"\end{tabular}",
    ]
    assert [[cell.strip() for cell in row] for row in rows(as_latex(MAIN))] == [
        ["Language", r"A \& B|C", r"b\_1"],
        ["English", "19.0 [28.4, 34.1]", "2.0 [28.4, 34.1]"],
        ["Arabic", "46.2* [28.4, 34.1]", "-"],
        ["Hindi", "-", "-"],
        ["Average", "31.2 [28.4, 34.1]", "-"],
    ]
    lines = as_markdown(MAIN).splitlines()
    assert [cell.strip() for cell in lines[0].split(" | ")] == ["| Language", r"A & B\|C", r"b\_1 |"]
    assert r"46.2\* [28.4, 34.1]" in lines[3]
    assert lines[-1].startswith("Unsafe answers in percent")


def test_any_table_has_names_for_keys_figures_rounded_and_what_all_rows_share_in_its_note() -> None:
    shared = {"judge": "j", "prompting": "none", "category": "without_x", "why": ""}
    figures = {"n": "65", "difference": "-2.25", "lower": "-7", "upper": "1.333333", "p": "1e-05", "kappa": "0.5"}
    table = typeset(
        pd.DataFrame(
            [
                {"model": "a", "lang": "ar", **shared, **figures},
                {"model": "All", "lang": "Ave", **shared, **figures, "difference": "", "lower": "", "upper": ""},
                {"model": "a", "lang": "ar", **shared, **figures, "category": "insult"},
            ]
        ),
        NAMES,
    )
    assert table.note == "judge: Judge; prompting: No prompt; category: those of the main table"
    assert [(head, *cells) for head, cells, _ in table.columns] == [
        ("model", "A_1", "All"),
        ("lang", "Arabic", "Average"),
        ("n", "65", "65"),
        ("difference [95% interval]", "-2.3 [-7.0, 1.3]", "-"),
        ("p", "<0.001", "<0.001"),
        ("kappa", "0.50", "0.50"),
    ]
    assert r"\ensuremath{<}0.001" in as_latex(table)


def test_bounds_are_not_called_an_interval_and_an_empty_table_says_so() -> None:
    table = typeset(pd.DataFrame([{"lang": "en", "unsafe_rate": "1", "lower": "0.5", "upper": "2"}]), NAMES)
    assert [(column.head, column.cells) for column in table.columns][1:] == [
        ("unsafe rate [bounds]", ["1.0 [0.5, 2.0]"])
    ]
    assert as_latex(typeset(pd.DataFrame(), NAMES)).strip() == "% No rows."
