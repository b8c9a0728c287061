"""How well the lexicon finds refusals in real answers that others have labelled, by language: docs/refusals.md.

The answers are five public data sets, of which each is measured if its folder is given; none is shipped. Half of their
prompts are for looking at while expressions are written (`--half dev`), the others for measuring what came of it.
What was read is kept beside this file, by digests: `explicit_refusals.csv` and `hindi_refusals.csv`.
"""

import argparse
import csv
import hashlib
import json
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from typing import Literal, NamedTuple

from xsafety.text.refusals import deflects, refuses

Half = Literal["dev", "test"]

EXPLICIT = Path(__file__).with_name("explicit_refusals.csv")
HINDI = Path(__file__).with_name("hindi_refusals.csv")
LANGUAGES = ("en", "de", "fr", "es", "zh", "ja", "ar", "ru")


class Answer(NamedTuple):
    """An answer to a prompt in `lang`; `refuses` is what its label says, None where that is neither.

    `group` is the line of the table that tells of it. Its half is that of all its `prompts`; an answer whose prompts
    are not of the same half is of the test half.
    """

    group: str
    lang: str
    prompts: tuple[str, ...]
    text: str
    refuses: bool | None


def multilingual_refusal(folder: Path) -> Iterator[Answer]:
    """mainlp/Multilingual-Refusal: answers of three models to 572 harmful prompts, labels by WildGuard."""
    for path in sorted(folder.glob("output/ja_vector_sweep/*/*/*/*/*/completions/harmful_*_evaluations.json")):
        lang = path.parts[-5]
        if lang in LANGUAGES:
            for row in json.loads(path.read_text(encoding="utf-8"))["completions"]:
                label = row["wildguard"]["refusal"] == 1
                yield Answer(lang, lang, (row["instruction_en"],), row["response"] or "", label)


# Actions of do-not-answer: 0 cannot assist, 1 to 4 refute, discuss, warn, do not know, 5 follows.
_BY_ACTION = {"0": True, "5": False}


def do_not_answer_ja(folder: Path) -> Iterator[Answer]:
    """kunishou/do-not-answer-ja: English answers of six models, labels by people."""
    for path in sorted(folder.glob("datasets/Review/Human/annotated_response_*.csv")):
        for row in _csv(path):
            label = _BY_ACTION.get(row["action"].removesuffix(".0"))
            yield Answer("en, people", "en", (row["question"],), row["response"], label)


def arabic_safety_evaluation(folder: Path) -> Iterator[Answer]:
    """mbzuai-nlp/Arabic_safety_evaluation: Chinese answers of one model, labels by people."""
    for row in _csv(folder / "cdna/human_eval/human_eval_gpt3.5_366_samples.csv"):
        label = _BY_ACTION.get(row["action_label"].removesuffix(".0"))
        yield Answer("zh, people", "zh", (row["question_zh"], row["question_en"]), row["response_zh"], label)


def indicsafetybench(folder: Path) -> Iterator[Answer]:
    """kaushik0x7d2/indicsafetybench: Bengali answers of one model, in two scripts, labels by a model."""
    for row in json.loads((folder / "data/validation/claude_v4_ta_bn_scale_up.json").read_text(encoding="utf-8")):
        if row["l"] == "bn":
            letters = [c for c in row["r"] if c.isalpha()]
            latin = sum(map(str.isascii, letters)) > 0.5 * len(letters)
            yield Answer("bn-Latn" if latin else "bn", "bn", (row["p"],), row["r"], row["g"] == "REFUSAL")


def multilingual_model(folder: Path) -> Iterator[Answer]:
    """saiyam0211/multilingual-model: Hindi answers of one model, as far as they were read and labelled for us."""
    labels = {row["prompt"]: row["refuses"] == "yes" for row in _csv(HINDI)}
    for line in (folder / "data/baseline_results.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        label = labels.get(digest(f"{row['lang']} {row['prompt_en']}"))
        if label is not None:
            yield Answer("hi, read", "hi", (), row["observation"], label)


SETS: dict[str, Callable[[Path], Iterator[Answer]]] = {
    "multilingual_refusal": multilingual_refusal,
    "do_not_answer_ja": do_not_answer_ja,
    "arabic_safety_evaluation": arabic_safety_evaluation,
    "indicsafetybench": indicsafetybench,
    "multilingual_model": multilingual_model,
}


def _csv(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        yield from csv.DictReader(file)


def digest(text: str) -> str:
    """By which an answer or a prompt is named where its text is not shipped: 12 hex digits of its SHA-256."""
    return hashlib.sha256(text.strip().encode()).hexdigest()[:12]


def half(prompts: Iterable[str]) -> Half:
    """Dev where the SHA-256 of each prompt begins with an even byte: a prompt is of one half in all languages."""
    return "test" if any(hashlib.sha256(prompt.strip().encode()).digest()[0] % 2 for prompt in prompts) else "dev"


@dataclass
class Counts:
    """What was found in the answers of a line of the table, by what their labels say; `explicit`: of the refusals."""

    explicit: int = 0
    explicit_found: int = 0
    refusing: int = 0
    refusing_found: int = 0
    refusing_marked: int = 0
    complying: int = 0
    complying_found: int = 0
    complying_marked: int = 0

    def add(self, label: bool, found: bool, marked: bool) -> None:
        """Count an answer: `found` is whether it refuses, `marked` whether it refuses or deflects."""
        kind = "refusing" if label else "complying"
        for name, counts in ((kind, True), (f"{kind}_found", found), (f"{kind}_marked", marked)):
            setattr(self, name, getattr(self, name) + counts)


def measure(answers: Iterable[Answer], read: Mapping[str, str] | None = None) -> dict[str, Counts]:
    """The counts by group. Answers whose label is neither are left out.

    `read` is what reading said of answers that are labelled as refusals, by digest: those that it does not name count
    as explicit refusals, as it names all that were missed. Without it no explicit refusals are counted.
    """
    counts: defaultdict[str, Counts] = defaultdict(Counts)
    for answer in answers:
        if answer.refuses is not None:
            found = refuses(answer.text, answer.lang)
            marked = found or deflects(answer.text, answer.lang)
            counts[answer.group].add(answer.refuses, found, marked)
            if read is not None and answer.refuses and read.get(digest(answer.text), "refusal") == "refusal":
                counts[answer.group].explicit += 1
                counts[answer.group].explicit_found += found
    return dict(counts)


def wilson(found: int, of: int) -> tuple[float, float]:
    """The Wilson 95% interval of a share."""
    if not of:
        return 0.0, 1.0
    z = 1.96
    share, scale = found / of, 1 + z * z / of
    middle, width = share + z * z / (2 * of), z * sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    return max(0.0, (middle - width) / scale), min(1.0, (middle + width) / scale)


def table(counts: dict[str, Counts]) -> str:
    """A Markdown table, one line a group, shares with their Wilson 95% intervals."""
    head = (
        *("answers", "refusals", "recall", "with deflections", "explicit", "recall of these"),
        *("precision", "wrongly found", "of", "deflections there"),
    )
    lines = [f"| | {' | '.join(head)} |", "|---" * (len(head) + 1) + "|"]
    for group, n in sorted(counts.items()):
        cells = (
            str(n.refusing + n.complying),
            str(n.refusing),
            _share(n.refusing_found, n.refusing),
            _share(n.refusing_marked, n.refusing),
            str(n.explicit) if n.explicit else "-",
            _share(n.explicit_found, n.explicit),
            _share(n.refusing_found, n.refusing_found + n.complying_found),
            str(n.complying_found),
            str(n.complying),
            _share(n.complying_marked - n.complying_found, n.complying),
        )
        lines.append(f"| {group} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _share(found: int, of: int) -> str:
    low, high = wilson(found, of)
    return f"{found / of:.3f} ({low:.3f} to {high:.3f})" if of else "-"


def main() -> None:
    """Print the table of the data sets whose folders are given, and how long an answer took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, read in SETS.items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=Path, metavar="FOLDER", help=read.__doc__)
    parser.add_argument("--half", choices=("dev", "test", "both"), default="dev", help="of the prompts; default: dev")
    options = vars(parser.parse_args())
    folders = {name: options[name] for name in SETS if options[name]}
    if not folders:
        parser.error("give the folder of at least one data set")
    answers = [
        answer
        for name, folder in folders.items()
        for answer in SETS[name](folder)
        if options["half"] in ("both", half(answer.prompts))
    ]
    classes = {row["answer"]: row["class"] for row in _csv(EXPLICIT)} if options["half"] == "dev" else None
    start = time.process_time()
    print(table(measure(answers, classes)))
    spent = time.process_time() - start
    print(f"\n{len(answers)} answers, {1000 * spent / max(1, len(answers)):.2f} ms each for both marks")


if __name__ == "__main__":
    main()
