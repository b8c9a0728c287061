"""The main table for a paper."""

from tests.report.test_findings import difference, failed, rate
from xsafety.report.main_table import as_latex, as_markdown, main_table_of

RATES = [rate("en", "19"), rate("ar", "46.15"), failed("hi"), rate("Ave"), rate("en", "2", model="b_1")]
TABLE = main_table_of(
    RATES, [difference("ar", "27", "0.01"), difference("Ave", "12", "0.2")], {"a": "A & B|C", "b_1": "b_1"}, "en"
)


def test_latex_has_rules_marks_and_nothing_that_breaks_it() -> None:
    assert as_latex(TABLE).splitlines()[1:] == [
        r"\begin{tabular}{lrr}",
        r"\toprule",
        r"Language & A \& B|C & b\_1 \\",
        r"\midrule",
        r"English & 19.0 [28.4, 34.1] & 2.0 [28.4, 34.1] \\",
        r"Arabic & 46.2* [28.4, 34.1] & - \\",
        r"Hindi & - & - \\",
        r"\midrule",
        r"Average & 31.2 [28.4, 34.1] & - \\",
        r"\bottomrule",
        r"\end{tabular}",
    ]


def test_markdown_is_a_table_with_its_note() -> None:
    lines = as_markdown(TABLE).splitlines()
    assert lines[:2] == [r"| Language | A & B\|C | b\_1 |", "| --- | ---: | ---: |"]
    assert lines[3] == r"| Arabic | 46.2\* [28.4, 34.1] | - |"
    assert lines[-1].startswith("Unsafe answers in percent")
