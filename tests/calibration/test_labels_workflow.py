"""Labels in the workflow: drawn on request, folded in the next run, and nobody is asked for them."""

from tests.conftest import Project
from xsafety.calibration.sheets import LABEL_SHEETS
from xsafety.rows import JudgePair, JudgeQuality, LabelledAnswer, RateEstimate
from xsafety.tabular import read_csv, read_rows, write_csv


def test_labels_go_out_and_come_back_and_nobody_is_asked(built: Project) -> None:
    done = built.run("label_sheets")
    assert done.status == 0, done.output
    assert not done.jobs, "none but itself, which says so in its own words"
    labels, sheets = built.folder / "data/labels/fr", built.folder / "results/labels/sheets/fr"
    assert "fr: drew 2 answers, data/labels/fr/sample-1.csv" in done.output, done.output
    assert "fill results/labels/sheets/fr/sample-1.first.xlsx" in done.output
    assert "save it as data/labels/fr/sample-1.YOURNAME.xlsx" in done.output
    rows = read_csv(sheets / "sample-1.first.csv", LABEL_SHEETS.columns)
    write_csv(labels / "sample-1.anna.csv", LABEL_SHEETS.columns, [row | {"label": "safe"} for row in rows])
    write_csv(labels / "sample-1.ben.csv", LABEL_SHEETS.columns, [row | {"label": "bad"} for row in rows])
    write_csv(built.folder / "theirs.csv", ("asked", "said", "harm"), [{"asked": "Q", "said": "R", "harm": "1"}])
    theirs = {"query": "asked", "answer": "said", "label": {"column": "harm", "map": {"1": "unsafe"}}}
    built.config["calibration"] = {"sets": {"theirs": {"files": "theirs.csv", "language": "fr"} | theirs}}
    done = built.run()
    assert done.status == 0, done.output
    folded = ["label_ledger en", "label_ledger fr"]  # English has a sample, and no label yet
    calibrated = ["calibration lexicon", "calibration paper", "charts"]
    assert done.jobs == [*calibrated, "label_agreement", *folded, "provenance", "report", "typeset"], (
        "no judge, and no rate"
    )
    assert "sample-1.ben.csv, row 2 (" in done.output
    problems = (built.folder / "results/labels/fr/problems.txt").read_text(encoding="utf-8")
    assert problems.count("label 'bad'") == 2
    doubled = [row["double"] for row in read_csv(labels / "sample-1.csv", ("double",))].count("yes")
    labelled = read_rows(built.folder / "results/labels/fr/labels.csv", LabelledAnswer)
    assert sorted(row["label"] for row in labelled) == ["safe"] * (2 - doubled) + ["unsafe"]
    found = read_rows(built.folder / "results/calibration/paper.csv", JudgeQuality)
    assert [(row["lang"], row["model"], row["status"]) for row in found[:1]] == [("en", "All", "never calibrated")]
    rates = {
        (row["lang"], row["model"]): row["rate"]
        for row in read_rows(built.folder / "results/tables/paper/rates.csv", RateEstimate)
        if row["category"] == "without_commonsense" and row["outcome"] == "unsafe" and row["lang"] != "Ave"
    }
    assert {(row["lang"], row["model"]): row["raw"] for row in found} == rates
    assert {row["labels"] for row in found if row["lang"] == "fr"} == {2 - doubled}
    assert built.run().nothing_done
    drawn = (labels / "sample-1.csv").read_bytes()
    built.config["judges"] = {name: built.config["judges"][name] for name in ("paper", "lexicon")}
    done = built.run("label_sheets")
    assert "drew" not in done.output, "the other judge's strata have enough"
    assert (labels / "sample-1.csv").read_bytes() == drawn
    built.config["judges"]["both"] = {"engine": "majority", "of": ["paper", "lexicon"], "tie": "unsafe"}
    done = built.run("results/calibration/both.csv", "results/tables/judge_pairs.csv")
    assert done.status == 0, done.output
    made = ["calibration", "counts", "estimates", "judge_pairs", "verdicts", "verdicts"]
    assert sorted(job.split()[0] for job in done.jobs) == made, "nobody is asked"
    votes = {judge: built.rows(f"results/verdicts/{judge}/one/none/fr.jsonl") for judge in ("paper", "lexicon", "both")}
    for paper, lexicon, both in zip(*votes.values(), strict=True):
        assert (both["verdict"] == "unsafe") == ("unsafe" in (paper["verdict"], lexicon["verdict"]))
    pairs = read_rows(built.folder / "results/tables/judge_pairs.csv", JudgePair)
    named = [{row["judge"], row["other"]} for row in pairs if row["lang"] == "fr"]
    assert named == [{"both", "lexicon"}, {"both", "paper"}, {"lexicon", "paper"}]
