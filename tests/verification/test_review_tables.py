"""How much reviewers changed and how far they agree: against hand-counted evidence and published worked examples."""

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from scripts import review_tables as script
from tests.conftest import Project
from xsafety.categories import OF_PAPER, PAPER, write_about
from xsafety.cli import arguments
from xsafety.rows import ALL
from xsafety.tabular import columns, read_csv, read_rows, write_csv, write_jsonl
from xsafety.verification.agreement import (
    EVERYONE,
    REMOVED,
    ModificationRate,
    ReviewerAgreement,
    fleiss,
    gwet_ac1,
    modification_rates,
    reviewer_agreement,
    survey,
)

CATEGORIES = {"a": "insult", "b": "insult", "c": "commonsense", "d": "commonsense"}


def entry(round: int, reviewer: str, id: str, verdict: str, after: str = "", **other: str) -> Any:
    row = {"id": id, "round": round, "reviewer": reviewer, "verdict": verdict, "source": "E", "before": "T", **other}
    return row | {"after": after or row["before"], "date": "", "note": "", "sha256": ""}


def rates(*entries: Any, lang: str = "fr") -> dict[tuple[Any, ...], ModificationRate]:
    found = modification_rates({lang: survey(entries, CATEGORIES)}, PAPER)
    return {(row["round"], row["category"], row["reviewer"]): row for row in found if row["lang"] == lang}


def counts(row: ModificationRate) -> dict[str, Any]:
    counted = "rows modified ok edited rejected unsure skip disputed".split()
    return {column: value for column, value in row.items() if column in counted and value}


def test_rows_that_changed_over_rows_with_a_verdict() -> None:
    found = rates(
        entry(1, "anna", "a", "ok"),
        entry(1, "anna", "b", "edited", "U"),
        entry(1, "ben", "c", "rejected"),
        entry(1, "ben", "d", "unsure"),
        entry(1, "carl", "d", "unsure"),
        entry(2, "ben", "a", "edited", "T  "),  # white space alone is no modification
        entry(2, "ben", "b", "edited", "V", before="U"),
        entry(2, "ben", "d", "skip"),
    )
    assert counts(found[1, ALL, EVERYONE]) == {
        "rows": 3,
        "modified": 1,
        "ok": 1,
        "edited": 1,
        "rejected": 1,
        "unsure": 1,
        "skip": 1,  # nobody decided d, so that the second sheet is still about its first proofreading
    }
    assert counts(found[1, ALL, "anna"]) == {"rows": 2, "modified": 1, "ok": 1, "edited": 1}
    assert counts(found[1, ALL, "ben"]) == {"rows": 1, "rejected": 1, "skip": 1}  # only his last word on d
    assert counts(found[1, "commonsense", EVERYONE]) == {"rows": 1, "rejected": 1, "unsure": 1, "skip": 1}
    assert counts(found[2, ALL, EVERYONE]) == {"rows": 2, "modified": 1, "edited": 2}
    assert (found[1, ALL, EVERYONE]["rate"], found[2, ALL, "ben"]["rate"]) == ("33.3333", "50.0000")


def test_a_row_counts_once_however_many_decided_it() -> None:
    both = [entry(1, "anna", "a", "edited", "U"), entry(1, "ben", "a", "edited", "U")]
    found = rates(*both)
    assert [counts(found[1, ALL, who])["rows"] for who in (EVERYONE, "anna", "ben")] == [1, 1, 1]

    differ = [entry(1, "anna", "a", "ok"), entry(1, "ben", "a", "edited", "U")]
    found = rates(*differ)
    assert counts(found[1, ALL, EVERYONE]) == {"disputed": 1}
    assert (found[1, ALL, EVERYONE]["rate"], found[1, ALL, EVERYONE]["upper"]) == ("", "")
    assert counts(found[1, ALL, "ben"]) == {"rows": 1, "modified": 1, "edited": 1}

    found = rates(*differ, entry(2, "carl", "a", "edited", "U"))
    assert counts(found[1, ALL, EVERYONE]) == {"rows": 1, "modified": 1, "edited": 1}
    assert (2, ALL, EVERYONE) not in found


def test_rounds_are_those_of_the_text() -> None:
    release = entry(0, "xsafety-release", "a", "ok")
    assert rates(release) == {}
    found = rates(release, entry(1, "anna", "a", "ok"))
    assert found.keys() == {(2, category, who) for category in (ALL, "insult") for who in (EVERYONE, "anna")}
    replaced = rates(
        entry(1, "anna", "a", "edited", "U"),
        entry(2, "ben", "a", "ok"),  # to a text that is no more
        entry(3, "carl", "a", "edited", "W"),  # and its edit starts anew
    )
    assert [counts(replaced[1, ALL, who]) for who in (EVERYONE, "carl")] == [
        {"rows": 1, "modified": 1, "edited": 1}
    ] * 2
    assert not [key for key in replaced if "ben" in key]


def test_evidence_counts_whatever_became_of_the_seed() -> None:
    former = [entry(1, "anna", "a", "edited", "U", source="before"), entry(1, "anna", "gone", "ok")]
    found = rates(*former, entry(2, "ben", "a", "ok"))
    assert counts(found[1, ALL, EVERYONE]) == {"rows": 3, "modified": 1, "ok": 2, "edited": 1}
    assert counts(found[1, REMOVED, EVERYONE]) == {"rows": 1, "ok": 1}


def test_margins_are_sums_and_rows_are_sorted() -> None:
    rng = random.Random(4)
    surveys = {}
    for lang in ("sw", "fr"):
        reviewers = {id: rng.choice(["zoe", "All"]) for id in CATEGORIES}
        entries = [entry(1, reviewers[id], id, *rng.choice([("ok",), ("edited", "U")])) for id in CATEGORIES]
        surveys[lang] = survey(entries, CATEGORIES)
    rows = modification_rates(surveys, PAPER)
    assert [row["lang"] for row in rows] == sorted(row["lang"] for row in rows)
    assert len({(row["lang"], row["category"], row["reviewer"]) for row in rows}) == len(rows)
    for column in ("modified", "rows", "ok"):
        found = {(row["lang"], row["category"], row["reviewer"]): row[column] for row in rows}
        whole = found[ALL, ALL, EVERYONE]
        assert whole == sum(found[lang, ALL, EVERYONE] for lang in surveys)
        assert whole == sum(found[ALL, category, EVERYONE] for category in set(CATEGORIES.values()))
        assert whole == sum(found[ALL, ALL, reviewer] for reviewer in ("zoe", "All"))  # here nobody shares a row
    first = rows[0]
    assert (first["lang"], first["category"], first["reviewer"]) == (ALL, ALL, EVERYONE)


def test_wilson_interval_is_newcombes() -> None:
    """Newcombe, "Two-sided confidence intervals for the single proportion", Statistics in Medicine 17 (1998), table I:
    81 of 263 gives 0.2553 to 0.3662, 15 of 148 0.0624 to 0.1605, 0 of 20 0.0000 to 0.1611."""
    for modified, n, lower, upper in ((81, 263, 25.53, 36.62), (15, 148, 6.24, 16.05), (0, 20, 0, 16.11)):
        entries = [entry(1, "anna", str(i), *(("edited", "U") if i < modified else ("ok",))) for i in range(n)]
        row = rates(*entries)[1, ALL, EVERYONE]
        assert (float(row["lower"]), float(row["upper"])) == pytest.approx((lower, upper), abs=0.006)
        assert float(row["rate"]) == pytest.approx(100 * modified / n, abs=1e-4)


def ledger(
    table: Sequence[Sequence[int]], verdicts: Sequence[str] = ("ok", "edited", "rejected")
) -> list[dict[str, Any]]:
    """What anna (rows) and ben (columns) said of as many texts as the table says; all edits are alike."""
    pairs = [
        (one, other)
        for one, row in zip(verdicts, table, strict=True)
        for other, n in zip(verdicts, row, strict=True)
        for _ in range(n)
    ]
    return [
        entry(1, who, str(number), verdict, "U" if verdict == "edited" else "")
        for number, pair in enumerate(pairs)
        for who, verdict in zip(("anna", "ben"), pair, strict=True)
    ]


# Gwet, "Handbook of Inter-Rater Reliability" (2014), with the figures of its R package irrCAC: 100 pregnancies put into
# three types by two abstractors (cont3x3abstractors), and 15 patients into five diagnoses by six (distrib.6raters).
ABSTRACTORS = [[13, 0, 0], [0, 20, 7], [0, 4, 56]]
SIX_RATERS = [
    *([0, 0, 0, 6, 0], [0, 3, 0, 0, 3], [0, 1, 4, 0, 1], [0, 0, 0, 0, 6], [0, 3, 0, 3, 0]),
    *([2, 0, 4, 0, 0], [0, 0, 4, 0, 2], [2, 0, 3, 1, 0], [2, 0, 0, 4, 0], [0, 0, 0, 0, 6]),
    *([1, 0, 0, 5, 0], [1, 1, 0, 4, 0], [0, 3, 3, 0, 0], [1, 0, 0, 5, 0], [0, 2, 0, 3, 1]),
]


def test_two_reviewers_as_in_gwets_handbook() -> None:
    [row] = reviewer_agreement({"fr": survey(ledger(ABSTRACTORS), {})})
    assert row == {
        "lang": "fr",
        "round": "1",
        "reviewers": "anna; ben",
        "per_row": 2,
        "rows": 100,
        "verdicts": "89.0000",
        "texts": "89.0000",
        "statistic": "Cohen",
        "kappa": "0.7964",
        "lower": "0.6809",  # 0.68 to 0.913 there, by Student's t with 99 degrees of freedom instead of the normal
        "upper": "0.9119",
        "ac1": "0.8493",
    }


def test_more_than_two_raters_as_in_gwets_handbook() -> None:
    assert fleiss(SIX_RATERS) == pytest.approx(0.4139265, abs=5e-8)
    assert gwet_ac1(SIX_RATERS) == pytest.approx(0.4448007, abs=5e-8)
    # Two raters and two categories, "Kappa statistic is not satisfactory" (2002): kappa is below zero at 94.4%.
    assert gwet_ac1([[2, 0]] * 118 + [[1, 1]] * 7) == pytest.approx(0.9408, abs=5e-5)


def test_fleiss_kappa_of_three_and_more() -> None:
    """Three psychiatric diagnoses of distrib.6raters, drawn together, against the formula of Fleiss (1971) by hand."""
    verdicts = ("ok", "edited", "rejected")
    merged = [[row[3], row[2] + row[4], row[0] + row[1]] for row in SIX_RATERS]
    entries = [
        entry(1, f"r{place}", str(number), verdict, "U" if verdict == "edited" else "")
        for number, row in enumerate(merged)
        for place, verdict in enumerate(v for v, n in zip(verdicts, row, strict=True) for _ in range(n))
    ]
    *pairs, row = reviewer_agreement({"fr": survey(entries, {})})
    agreed = sum(n * (n - 1) for line in merged for n in line) / (15 * 6 * 5)
    shares = [sum(line[at] for line in merged) / 90 for at in range(3)]
    chance = sum(share**2 for share in shares)
    assert float(row["kappa"]) == pytest.approx((agreed - chance) / (1 - chance), abs=5e-5)
    assert (row["round"], row["reviewers"], row["per_row"], row["rows"]) == (ALL, EVERYONE, 6, 15)
    assert (row["statistic"], row["lower"], row["upper"]) == ("Fleiss", "", "")
    assert float(row["verdicts"]) == float(row["texts"]) == pytest.approx(100 * agreed, abs=5e-5)
    assert len(pairs) == 15
    assert {line["statistic"] for line in pairs} == {"Cohen"}


def test_agreement_is_on_what_both_saw_in_the_same_round() -> None:
    entries = [
        entry(1, "anna", "a", "edited", "U"),
        entry(1, "ben", "a", "edited", "W"),  # the same verdict, another text
        entry(1, "anna", "b", "edited", "U  v"),
        entry(1, "ben", "b", "edited", "U v"),  # white space is no difference
        entry(1, "anna", "c", "ok"),
        entry(1, "ben", "c", "ok", before="another draft"),
        entry(1, "anna", "d", "ok"),
        entry(1, "ben", "d", "unsure"),
        entry(2, "carl", "d", "ok"),
    ]
    [row] = reviewer_agreement({"fr": survey(entries, CATEGORIES)})
    assert (row["reviewers"], row["rows"], row["verdicts"], row["texts"]) == ("anna; ben", 2, "100.0000", "50.0000")
    assert (row["kappa"], row["lower"], row["upper"], row["ac1"]) == ("", "", "", "1.0000")


@pytest.mark.parametrize(
    ("table", "kappa"), [([[5, 1, 0], [0, 0, 0], [0, 0, 0]], "0.0000"), ([[5, 0, 0], [0, 5, 0], [0, 0, 0]], "1.0000")]
)
def test_no_limits_without_variance(table: Sequence[Sequence[int]], kappa: str) -> None:
    [row] = reviewer_agreement({"fr": survey(ledger(table), {})})
    assert (row["kappa"], row["lower"], row["upper"]) == (kappa, "", "")


def test_limits_stay_within_what_there_is() -> None:
    [row] = reviewer_agreement({"fr": survey(ledger([[3, 0, 0], [1, 3, 0], [0, 0, 0]]), {})})
    assert row["upper"] == "1.0000"
    assert -1 <= float(row["lower"]) < float(row["kappa"]) < 1


def test_no_evidence_gives_headers_alone(tmp_path: Path) -> None:
    assert run(tmp_path, fr=[]) == tuple(
        ",".join(columns(kind)) + "\n" for kind in (ModificationRate, ReviewerAgreement)
    )


def run(folder: Path, **ledgers: list[dict[str, Any]]) -> tuple[str, str]:
    write_csv(folder / "seeds.csv", ("id", "category", "text"), [{"id": "a", "category": "insult", "text": "E"}])
    for lang, entries in ledgers.items():
        write_jsonl(folder / lang / "ledger.jsonl", entries)
    files = [str(folder / lang / "ledger.jsonl") for lang in ledgers]
    outputs = ["--rates", str(folder / "rates.csv"), "--agreement", str(folder / "agreement.csv")]
    write_about(folder / "dataset.json", OF_PAPER)
    argv = [
        "--seeds",
        str(folder / "seeds.csv"),
        "--about",
        str(folder / "dataset.json"),
        "--ledgers",
        *files,
        *outputs,
    ]
    script.main(**vars(arguments(script.main, argv)))
    return (folder / "rates.csv").read_text(), (folder / "agreement.csv").read_text()


def test_same_evidence_same_bytes(tmp_path: Path) -> None:
    evidence = ledger([[5, 1, 0], [2, 3, 0], [0, 0, 1]])
    one = run(tmp_path / "one", fr=evidence, sw=evidence[:4])
    assert one == run(tmp_path / "two", sw=evidence[:4], fr=evidence)
    assert one[0].count("\n") == len(read_rows(tmp_path / "one" / "rates.csv", ModificationRate)) + 1


def test_returned_sheets_come_to_the_tables(built: Project) -> None:
    sheet = read_csv(built.folder / "results/sheets/fr.csv", ("id",))
    for reviewer, texts in (("anna", ("", "X")), ("ben", ("", "Y"))):
        rows = [
            row | {"verdict": "edited" if text else "ok", "target": text}
            for row, text in zip(sheet[:2], texts, strict=True)
        ]
        write_csv(built.folder / f"reviews/fr/round-1.{reviewer}.csv", list(sheet[0]), rows)
    done = built.run("results/report.html")
    assert done.status == 0, done.output
    assert done.counts["review_tables"] == 1
    found = read_rows(built.folder / "results/review/modification_rates.csv", ModificationRate)
    [row] = [r for r in found if (r["lang"], r["category"], r["reviewer"]) == ("fr", ALL, EVERYONE)]
    assert (row["rows"], row["ok"], row["disputed"]) == (1, 1, 1)
    [pair] = read_rows(built.folder / "results/review/agreement.csv", ReviewerAgreement)
    assert (pair["reviewers"], pair["rows"], pair["verdicts"], pair["texts"]) == (
        "anna; ben",
        2,
        "100.0000",
        "50.0000",
    )
    page = (built.folder / "results/report.html").read_text(encoding="utf-8")
    assert '<td class="name">anna, ben</td>' in page
