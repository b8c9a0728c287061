"""The paper, checked: its means come back from verdicts made to its cells, and what does not stand is found."""

from tests.analysis.test_tables import LANGUAGES, MODELS, TABLE
from xsafety.analysis.paper import PaperClaim, paper_claims, paper_means
from xsafety.analysis.tables import AVE
from xsafety.rows import ALL


def test_its_means_come_back() -> None:
    means = {(row["model"], row["lang"]): row for row in paper_means()}
    assert len(means) == len(MODELS) + len(LANGUAGES) + 1
    for row in means.values():
        # Its cells are rounded, to less than one of 2,600 verdicts.
        assert abs(float(row["rate"]) - float(row["paper"])) < 0.11, row
        assert float(row["lower"]) < float(row["rate"]) < float(row["upper"])
    assert means[ALL, AVE]["paper"] == TABLE[-1][-1]
    assert [means[ALL, lang]["paper"] for lang in LANGUAGES] == [row[-1] for row in TABLE[1:-1]]
    assert means["LLaMA2-Chat-13B", AVE]["why"] == "without ar, bn"


def test_what_rests_on_missing_languages_does_not_stand() -> None:
    claims = {(row["table"], row["model"], row["lang"], row["against"]): row for row in paper_claims()}
    shown = {key for key, row in claims.items() if row["stands"] == "yes"}
    assert set(claims) - shown == {
        ("main", "LLaMA2-Chat-13B", AVE, "Vicuna-13B"),
        ("prompting", "XLingPrompt", "ja", "none"),
    }
    llama: PaperClaim = claims["main", "LLaMA2-Chat-13B", AVE, "Vicuna-13B"]
    assert (llama["paper"], llama["difference"], llama["why"]) == ("-9.8", "+0.4", "without ar, bn")
    assert float(llama["lower_if_independent"]) < float(llama["lower"]) < 0 < float(llama["upper"])
    every = [row for row in claims.values() if (row["table"], row["against"]) == ("main", "en")]
    assert len(every) == 34 + 4
    assert {row["stands"] for row in every} == {"yes"}
