"""Labels of people on answers: who labels what, which answers are drawn, what goes out and comes back."""

import csv
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from xsafety.calibration.agreement import krippendorff, label_agreement
from xsafety.calibration.label_sheets import give_out, with_new_sample
from xsafety.calibration.labels import answer_digest, label_queue, labelled_answers, probabilities, turn
from xsafety.calibration.returned import fold_labels, other_folders, read_samples
from xsafety.calibration.sampling import (
    Answer,
    allotted,
    distinct_answers,
    draw_sample,
    is_short,
    sampling_frame,
    spread,
)
from xsafety.calibration.sheets import LABEL_SHEETS, criteria
from xsafety.categories import OF_PAPER, PAPER, write_about
from xsafety.config.calibration import Calibration
from xsafety.rows import Drawn, Label, LabelledAnswer, Verdict
from xsafety.tabular import DataError, read_csv, write_csv, write_jsonl
from xsafety.verification.sheets.formats import read_returned

MODELS = ("galaxy-9b", "quokka-70b", "axolotl-1")


def verdict(model: str, number: int, said: str, **more: Any) -> Verdict:
    row = {"id": f"insult-{number}", "lang": "fr", "category": "insult", "sample": 1, "reason": "", "refusal": None}
    texts = {
        "source": f"Say {number}.",
        "query": f"Dis {number}.",
        "response": f"{number} : la réponse {hash_of(model)}",
    }
    return Verdict(**{"label": "", "categories": [], "judge_output": "", "verdict": said} | row | texts | more)  # type: ignore[typeddict-item]


def hash_of(model: str) -> int:
    """Tells answers of models apart without their names."""
    return 100 + MODELS.index(model)


def answers_of(counts: Mapping[str, tuple[int, int]]) -> list[Answer]:
    """So many unsafe and safe answers of each model."""
    rows = {
        model: [verdict(model, n, "unsafe" if n < unsafe else "safe") for n in range(unsafe + safe)]
        for model, (unsafe, safe) in counts.items()
    }
    return distinct_answers("fr", OF_PAPER, rows, {})


def settings_of(number: int, **more: Any) -> Calibration:
    return Calibration(**{"per_language": number, "min_per_verdict": min(20, number // 2)} | more)


ANSWERS = answers_of(dict(zip(MODELS, [(100, 400), (30, 500), (5, 200)], strict=True)))


def test_a_label_belongs_to_the_query_and_the_answer() -> None:
    assert answer_digest("ab", "c") == answer_digest("ab", "c")
    assert len({answer_digest(*pair) for pair in [("ab", "c"), ("a", "bc"), ("c", "ab")]}) == 3
    assert answer_digest("e\u0301te\u0301 \r\n", "c") == answer_digest("été", " c")


@pytest.mark.parametrize(
    ("said", "double", "waits"),
    [
        ([], False, "first"),
        (["unsure", "skip"], False, "first"),
        (["safe"], False, None),
        (["safe"], True, "second"),
        (["safe", "unsure"], True, "second"),
        (["safe", "safe"], True, None),
        (["safe", "unsafe"], True, "third"),
        (["safe", "unsafe"], False, "third"),
        (["safe", "unsafe", "skip"], True, "third"),
        (["safe", "unsafe", "invalid"], True, "third"),
        (["safe", "unsafe", "unsafe"], True, None),
    ],
)
def test_whose_label_an_answer_waits_for(said: list[Any], double: bool, waits: str | None) -> None:
    assert turn(said, double=double) == waits


def said(row: Any, labeller: str, label: str, **more: Any) -> Label:
    texts = {"query": row["query"], "answer": row["answer"], "digest": row["check"], "category": row["category"]}
    other = {"sample": "sample-1", "date": "", "refusal": "no", "note": "", "sha256": ""}
    return Label(**texts | other | {"labeller": labeller, "label": label} | more)  # type: ignore[typeddict-item]


def test_nobody_gets_an_answer_twice_and_two_people_begin_with_different_ones() -> None:
    rows = [answer.row for answer in ANSWERS[:40]]
    double = {rows[0]["check"], rows[1]["check"]}
    labels = [said(rows[0], "anna", "safe"), said(rows[1], "anna", "safe"), said(rows[1], "ben", "unsafe")]
    labels += [said(rows[2], "anna", "safe"), said(rows[3], "anna", "skip")]
    queues = {name: label_queue(rows, double, labels, name) for name in ("anna", "ben", "carl")}
    ids = {name: [row["id"] for row in queue] for name, queue in queues.items()}
    a, b, c, d, *_ = (row["id"] for row in rows)
    assert {a, b, c, d}.isdisjoint(ids["anna"])
    assert {a, b, c, d} & {*ids["ben"]} == {a, d}
    assert {a, b, c, d} & {*ids["carl"]} == {a, b, d}
    assert len(ids["anna"]) == 36
    assert ids["anna"][:5] != ids["ben"][:5]
    assert label_queue(rows[::-1], double, labels[::-1], "carl") == queues["carl"]


def test_a_third_are_judged_unsafe_spread_over_models_by_size() -> None:
    strata = allotted(ANSWERS, settings_of(60))
    taken = {stratum: number for stratum, (number, _) in strata.items()}
    assert [taken["unsafe", model] for model in MODELS] == [15, 4, 1]
    assert [taken["safe", model] for model in MODELS] == [15, 18, 7]
    assert {stratum: size for stratum, (_, size) in strata.items()}["safe", MODELS[1]] == 500


def test_a_small_stratum_is_taken_whole_and_the_rest_goes_to_others() -> None:
    assert sum(n for n, _ in allotted(ANSWERS, settings_of(600)).values()) == 600
    assert allotted(ANSWERS, settings_of(600))["unsafe", MODELS[2]] == (5, 5)
    whole = allotted(ANSWERS, settings_of(5000))
    assert all(taken == size for taken, size in whole.values())
    assert spread([1, 100, 0], 20) == [1, 19, 0]
    assert spread([3, 2], 1) == [1, 0]


def test_a_judge_that_calls_most_unsafe_is_sampled_in_proportion() -> None:
    frame = answers_of({MODELS[0]: (800, 200)})
    assert allotted(frame, settings_of(100)) == {("unsafe", MODELS[0]): (80, 800), ("safe", MODELS[0]): (20, 200)}


def test_a_larger_sample_takes_in_the_smaller_one() -> None:
    former: set[str] = set()
    for number in range(2, 200):
        sample = draw_sample(ANSWERS, "one", settings_of(number))
        digests = {row["digest"] for row in sample}
        assert len(sample) == len(digests) == number
        assert former <= digests
        former = digests


def test_the_sample_rests_on_texts_alone_and_on_the_seed() -> None:
    def drawn(answers: Sequence[Answer], seed: int = 1) -> list[Drawn]:
        return draw_sample(answers, "one", settings_of(60, seed=seed))

    by_model = {model: [answer for answer in ANSWERS if answer.model == model] for model in MODELS}
    mixed = [answer for model in MODELS for answer in random.Random(1).sample(by_model[model], len(by_model[model]))]
    assert drawn(mixed) == drawn(ANSWERS)
    assert drawn(ANSWERS, 2) != drawn(ANSWERS)
    doubles = [row["double"] for row in draw_sample(ANSWERS, "one", settings_of(600))]
    assert 90 < doubles.count("yes") < 150
    assert {row["digest"]: row["double"] for row in drawn(ANSWERS)}.items() <= {
        row["digest"]: row["double"] for row in draw_sample(ANSWERS, "one", settings_of(600))
    }.items()


def test_the_frame_is_distinct_valid_answers_without_commonsense() -> None:
    rows = {
        MODELS[0]: [verdict(MODELS[0], 1, "invalid", response="Bien."), verdict(MODELS[0], 2, "safe")],
        MODELS[1]: [
            verdict(MODELS[1], 1, "safe", response="Bien."),
            verdict(MODELS[1], 2, "unsafe", response=f"2 : la réponse {hash_of(MODELS[0])}"),
            verdict(MODELS[1], 3, "safe", category="commonsense"),
            verdict(MODELS[1], 4, "failed"),
            verdict(MODELS[1], 6, "benign"),
            verdict(MODELS[1], 5, "safe", sample=2, id="insult-5"),
        ],
    }
    frame = sampling_frame(distinct_answers("fr", OF_PAPER, rows, {MODELS[1]: {"insult-5#2": "five"}}))
    assert [(answer.row["query"], *answer.stratum) for answer in frame] == [
        ("Dis 1.", "safe", MODELS[1]),
        ("Dis 2.", "safe", MODELS[0]),
        ("Dis 5.", "safe", MODELS[1]),
    ]
    assert frame[2].row["query_english"] == "Say 5."
    assert frame[2].row["answer_english"] == "five"


def judged_anew(answers: Sequence[Answer], seed: int, share: float) -> list[Answer]:
    """As another judge sees them: a share of the verdicts is turned round."""
    rng = random.Random(seed)
    other = {"safe": "unsafe", "unsafe": "safe"}
    return [one._replace(verdict=other[one.verdict]) if rng.random() < share else one for one in answers]  # type: ignore[arg-type]


def test_a_new_judge_asks_for_no_label_while_it_has_enough() -> None:
    settings = settings_of(200)
    had = {row["digest"] for row in draw_sample(ANSWERS, "one", settings)}
    assert not is_short(ANSWERS, had, settings)
    assert not is_short(judged_anew(ANSWERS, 1, 0.1), had, settings)
    assert is_short(ANSWERS, had, settings_of(201)), "more are wanted"
    nearly_all_safe = [one._replace(verdict="unsafe" if n % 40 == 0 else "safe") for n, one in enumerate(ANSWERS)]
    assert is_short(nearly_all_safe, had, settings), "under 20 of those that it calls unsafe"
    further = [Answer(one.row | {"check": f"{n}"}, "safe", "new") for n, one in enumerate(ANSWERS[:9])]  # type: ignore[arg-type]
    assert is_short([*ANSWERS, *further], had, settings), "a model of which nothing was drawn"
    assert is_short([one for one in ANSWERS if one.digest not in sorted(had)[:1]], had, settings), "an answer is gone"
    assert not is_short([], had, settings)


def test_probabilities_hold_over_samples() -> None:
    """Over many seeds, what the probabilities weigh comes to the size of the frame, whatever was drawn by whom."""
    frame = ANSWERS[:200]
    other = judged_anew(frame, 3, 0.2)
    sums = []
    for seed in range(60):
        samples = {
            "sample-1": draw_sample(frame, "one", settings_of(40, seed=seed)),
            "sample-2": draw_sample(other, "other", settings_of(80, seed=seed)),
        }
        sums.append(sum(1 / probability for probability in probabilities(samples).values()))
    assert sum(sums) / len(sums) == pytest.approx(200, rel=0.03)


class Folder:
    """The samples and returned labels of French, and the sheets to fill."""

    def __init__(self, path: Path, number: int = 30) -> None:
        self.labels, self.results = path / "labels/fr", path / "results"
        self.sheets = self.results / "labels/sheets/fr"
        write_about(self.results / "dataset.json", OF_PAPER)
        self.settings = settings_of(number, double=0.5)

    def give_out(self, answers: Sequence[Answer] = ANSWERS) -> list[str]:
        samples = read_samples(self.labels)
        ledger, _ = fold_labels(self.labels, samples)
        samples = with_new_sample(answers, samples, ledger, "one", self.settings)
        return give_out("fr", answers, samples, ledger, self.labels, self.results)

    def fill(self, turn: str, labeller: str, label: Any, suffix: str = "csv", sample: int = 1) -> Path:
        """Returns a sheet with `label` of each row's number; None: without."""
        sheet = self.sheets / f"sample-{sample}.{turn}.{suffix}"
        path = self.labels / f"sample-{sample}.{labeller}.{suffix}"
        rows = [dict(row.cells) for row in read_returned(sheet, LABEL_SHEETS)]
        if suffix == "csv":
            write_csv(
                path,
                [*rows[0]],
                [row | {"label": label(n) or "", "refusal": "no" if label(n) else ""} for n, row in enumerate(rows)],
            )
            return path
        book = openpyxl.load_workbook(sheet)
        header = [cell.value for cell in book["labels"][1]]
        for n in range(len(rows)):
            book["labels"].cell(n + 2, header.index("label") + 1).value = label(n)
        book.save(path)
        return path

    def fold(self) -> tuple[list[Label], list[str]]:
        return fold_labels(self.labels, read_samples(self.labels))

    def labelled(self) -> list[LabelledAnswer]:
        return labelled_answers(self.fold()[0], read_samples(self.labels))


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    made = Folder(tmp_path)
    made.give_out()
    return made


def cells(path: Path) -> list[str]:
    if path.suffix == ".csv":
        with path.open(encoding="utf-8", newline="") as file:
            return [cell for row in csv.reader(file) for cell in row]
    book = openpyxl.load_workbook(path)
    return [str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]


def test_sheets_tell_nothing_of_model_judge_method_and_verdict(folder: Folder) -> None:
    files = sorted(folder.sheets.iterdir())
    assert [file.name for file in files] == ["sample-1.first.csv", "sample-1.first.xlsx"]
    for file in files:
        text = "\n".join(cells(file))
        assert not [word for word in (*MODELS, "one", "none", "judge", "verdict", "model") if f" {word} " in text]
        assert not any(model in text for model in MODELS)
    rows = read_csv(files[0], LABEL_SHEETS.columns)
    assert len(rows) == 30
    assert not any(row[name] for row in rows for name in ("label", "refusal", "labeller", "note"))
    judged = {answer.digest: answer.verdict for answer in ANSWERS}
    assert {judged[row["check"]] for row in rows[:10]} == {"safe", "unsafe"}, "shuffled"


def test_the_front_sheet_says_what_labels_mean_by_safety_issue(folder: Folder) -> None:
    text = cells(folder.sheets / "sample-1.first.xlsx")
    assert criteria(PAPER).keys() == PAPER.keys()
    assert {*criteria(PAPER).values()} <= {*text}
    assert {"safe", "unsafe", "invalid", "unsure", "skip"} <= {*text}
    assert any("stop at any time" in line and "breaks" in line for line in text)


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_labels_come_back(folder: Folder, suffix: str) -> None:
    path = folder.fill("first", "anna", lambda n: ["safe", "Unsafe ", None][n % 3], suffix)
    labels, problems = folder.fold()
    assert not problems
    assert Counter(label["label"] for label in labels) == {"safe": 10, "unsafe": 10}
    assert {(label["labeller"], label["sample"], label["category"]) for label in labels} == {
        ("anna", "sample-1", "insult")
    }
    moved = path.rename(path.with_name(f"sample-1.anna.2.{suffix}"))
    assert fold_labels(moved.parent, read_samples(moved.parent))[0] == labels


def test_all_the_way_to_a_third_labeller(folder: Folder) -> None:
    double = [row["double"] for row in read_samples(folder.labels)["sample-1"]].count("yes")
    assert 5 < double < 25
    folder.fill("first", "anna", lambda n: "safe")
    assert len(folder.labelled()) == 30 - double
    told = folder.give_out()
    assert f"{double} wait for a second labeller (other than anna): fill" in told[-1]
    assert sorted(file.name for file in folder.sheets.iterdir()) == ["sample-1.second.csv", "sample-1.second.xlsx"]
    folder.fill("second", "ben", lambda n: "unsafe" if n < 3 else "safe")
    assert len(folder.labelled()) == 27
    assert "3 wait for a third labeller, as two differ (other than anna, ben)" in folder.give_out()[-1]
    folder.fill("third", "carl", lambda n: ["unsafe", "invalid", "skip"][n])
    done = folder.labelled()
    assert Counter(one["label"] for one in done) == {"safe": 27, "unsafe": 1}
    assert Counter(one["labellers"] for one in done) == {1: 30 - double, 2: double - 3, 3: 1}
    assert folder.give_out()[0].startswith("fr: 28 of 30")
    expected = probabilities(read_samples(folder.labels))
    assert {one["digest"]: one["probability"] for one in done}.items() <= expected.items()
    agreement = label_agreement({"fr": folder.fold()[0]})
    pair = next(row for row in agreement if row["labellers"] == "anna; ben" and row["question"] == "label")
    assert (pair["answers"], pair["agree"]) == (double, f"{100 * (double - 3) / double:.4f}")


def test_a_draw_is_never_written_again_and_extends(folder: Folder) -> None:
    before = (folder.labels / "sample-1.csv").read_bytes()
    assert len(folder.give_out()) == 2, "nothing new is drawn"
    folder.fill("first", "anna", lambda n: "safe")
    folder.settings = settings_of(50)
    folder.give_out()
    assert (folder.labels / "sample-1.csv").read_bytes() == before
    samples = read_samples(folder.labels)
    small, large = ({row["digest"] for row in samples[name]} for name in ("sample-1", "sample-2"))
    assert small < large
    assert len(read_csv(folder.sheets / "sample-2.first.csv", LABEL_SHEETS.columns)) == 20


def test_another_seed_is_refused_where_there_are_samples(folder: Folder) -> None:
    folder.settings = settings_of(50, seed=2)
    with pytest.raises(DataError, match=r"calibration.seed: 2, but the samples so far were drawn by 1.*set it to 1"):
        folder.give_out()


def test_a_changed_answer_leaves_its_label_unused(folder: Folder) -> None:
    folder.fill("first", "anna", lambda n: "safe")
    drawn = {row["digest"] for row in read_samples(folder.labels)["sample-1"]}
    rest = [answer for answer in ANSWERS if answer.digest not in sorted(drawn)[:4]]
    told = folder.give_out(rest)
    assert "4 more that were drawn are no answers of the present models" in "\n".join(told)
    assert len(read_samples(folder.labels)["sample-2"]) == 30


DAMAGES: dict[str, tuple[dict[str, str], str]] = {
    "label": ({"label": "bad"}, "label 'bad'; write one of: safe, unsafe, invalid, unsure, skip"),
    "refusal": ({"refusal": "partly"}, "refusal 'partly'; write one of: yes, no"),
    "no label": ({"label": "", "refusal": "yes"}, "a refusal without a label"),
    "answer": ({"answer": "Autre."}, "query or answer is not what was given out; restore both"),
    "check": ({"check": ""} | {"answer": "Autre."}, "the answer is in no sample of the language"),
    "no answer": ({"answer": " ", "check": ""}, "a label without an answer"),
    "no query": ({"query": "", "check": ""}, "a label without a query"),
    "labeller": ({"labeller": "ben"}, "labeller 'ben', but the file's name says 'anna'"),
}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_a_bad_cell_costs_its_row_alone(folder: Folder, damage: str, suffix: str) -> None:
    change, words = DAMAGES[damage]
    path = folder.fill("first", "anna", lambda n: "safe")
    rows = [dict(row.cells) for row in read_returned(path, LABEL_SHEETS)]
    rows[7] |= change
    path.unlink()
    if suffix == "csv":
        write_csv(path, [*rows[0]], rows)
    else:
        write_jsonl(path.with_suffix(".jsonl"), rows)
    labels, problems = folder.fold()
    assert len(labels) == 29
    [told] = problems
    place = 9 if suffix == "csv" else 8
    assert "1 problem(s); 1 row(s) were not taken in" in told
    assert f"sample-1.anna.{suffix}, row {place} (" in told
    assert words in told


def test_two_labels_on_one_row_and_a_later_file_that_settles_it(folder: Folder) -> None:
    path = folder.fill("first", "anna", lambda n: "safe")
    rows = [dict(row.cells) for row in read_returned(path, LABEL_SHEETS)]
    write_csv(path, [*rows[0]], [*rows, rows[0] | {"label": "unsafe"}, rows[1]])
    labels, problems = folder.fold()
    assert len(labels) == 29
    assert problems[0].count("the id stands in row 2 and row 32; keep one of them") == 2
    write_csv(folder.labels / "sample-1.anna.2.csv", [*rows[0]], [rows[0] | {"label": "unsafe"}])
    labels, problems = folder.fold()
    assert not problems
    assert len(labels) == 30


def test_files_of_wrong_names_and_without_their_sample(folder: Folder) -> None:
    path = folder.fill("first", "anna", lambda n: "safe")
    for name in ("sample-1.YOURNAME.csv", "sample-1 anna.csv", "sample-1.Anna.2.csv", "sample-7.anna.csv"):
        path.with_name(name).write_bytes(path.read_bytes())
    path.with_name("broken.anna.csv").write_text("query,answer\na,b\n")
    path.with_name("notes.txt").write_text("not ours")
    labels, problems = folder.fold()
    assert len(labels) == 30
    told = "\n".join(problems)
    for words in (
        "instead of YOURNAME",
        "e.g. sample-1.anna.xlsx",
        "is spelt",
        "no sample-7.csv beside it",
        "no column",
    ):
        assert words in told
    (folder.labels.parent / "xx").mkdir()
    assert other_folders(folder.labels.parent, ["fr"]) == [folder.labels.parent / "xx"]


def test_labelled_answers_of_others_are_taken_in(tmp_path: Path) -> None:
    rows = [
        {"query": f"Q{n}", "answer": "=A", "label": label}
        for n, label in enumerate(["Safe", "UNSAFE", "invalid", "no", ""])
    ]
    write_csv(tmp_path / "public.people.csv", ["query", "answer", "label"], rows)
    write_jsonl(tmp_path / "public.synthetic-1.jsonl", [*rows[:1], {"query": "Q9", "answer": "A", "label": "safe"}])
    labels, problems = fold_labels(tmp_path, {})
    assert len(problems) == 1
    assert "row 5 (" in problems[0]
    done = {one["digest"]: one for one in labelled_answers(labels, {})}
    assert [done[answer_digest(f"Q{n}", "=A")]["label"] for n in range(3)] == ["safe", "unsafe", "invalid"]
    assert {one["probability"] for one in done.values()} == {1.0}
    assert done[answer_digest("Q9", "A")]["synthetic"] == "yes"
    assert done[answer_digest("Q1", "=A")]["synthetic"] == "no"


def test_the_order_of_rows_and_files_changes_no_byte(folder: Folder) -> None:
    path = folder.fill("first", "anna", lambda n: "safe")
    rows = [dict(row.cells) for row in read_returned(path, LABEL_SHEETS)]
    labels = folder.fold()[0]
    write_csv(path, [*rows[0]], random.Random(2).sample(rows, len(rows)))
    without_hash = [{**label, "sha256": ""} for label in labels]
    assert [{**label, "sha256": ""} for label in folder.fold()[0]] == without_hash
    samples = read_samples(folder.labels)
    mixed = random.Random(3).sample(labels, len(labels))
    assert labelled_answers(mixed, samples) == labelled_answers(labels, samples)


def test_krippendorff_of_his_own_examples() -> None:
    """Krippendorff (2011), examples B and C."""
    two = ["0100000010", "1110010000"]
    four = ["1233214" + "12   ", "1233224" + "125 3", " 333234" + "2251 ", "1233244" + "1251 "]
    for observers, classes, alpha in ((two, "01", 0.095), (four, "12345", 0.743)):
        units = [[column.count(one) for one in classes] for column in zip(*observers, strict=True)]
        assert krippendorff([unit for unit in units if sum(unit) > 1]) == pytest.approx(alpha, abs=5e-4)
    assert krippendorff([[2, 0], [2, 0]]) is None
