"""Labels of people on answers."""

from xsafety.calibration.labels import answer_digest


def test_a_label_belongs_to_the_query_and_the_answer() -> None:
    assert answer_digest("ab", "c") == answer_digest("ab", "c")
    assert len({answer_digest(*pair) for pair in [("ab", "c"), ("a", "bc"), ("c", "ab")]}) == 3
