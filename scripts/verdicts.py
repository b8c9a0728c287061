"""Files one judge's verdicts on one file of responses: from the journal, where the judge was asked by a protocol.

Of a majority: from the verdicts of others.
"""

from collections.abc import Iterable
from itertools import tee
from pathlib import Path

from xsafety.asking.receipt import journalled_answers, read_receipt
from xsafety.categories import read_about
from xsafety.cli import call
from xsafety.judging import RULE_BASED
from xsafety.judging.majority import majority_verdicts
from xsafety.judging.verdicts import JudgeOptions, judge_requests, model_verdicts, read_english
from xsafety.protocols.protocol import load
from xsafety.rows import Identity, Response, Verdict, in_cell
from xsafety.tabular import read_rows, rows_in, write_rows


def main(
    *,
    responses: Path,
    english: Path | None,
    about: Path,
    others: list[Path],
    protocol: str | None,
    receipt: Path | None,
    journal: Path,
    identity: Identity,
    reading: JudgeOptions,
    judge: str,
    part: str,
    out: Path,
) -> None:
    rows, dataset = rows_in(responses, Response), read_about(about)
    verdicts: Iterable[Verdict]
    if others:
        voters = {name: read_rows(file, Verdict) for name, file in zip(reading["of"], others, strict=True)}
        verdicts = majority_verdicts(rows, voters, reading["tie"])
    elif protocol and receipt:
        method = load(protocol).with_prompt(reading["prompt"]).with_labels(reading["labels"])
        asked = read_receipt(receipt)
        translations = read_english(english)
        judged, rows = tee(rows)
        requests = judge_requests(asked["identity"], method, part, judged, translations, dataset.categories)
        answers = journalled_answers(requests, journal, part, receipt, asked)
        verdicts = model_verdicts(rows, translations, answers, method, reading["controversial"])
    else:
        verdicts = RULE_BASED[identity["engine"]](rows, dataset.choices)
    model, prompting, _ = part.split("/")
    write_rows(out, Verdict, in_cell(verdicts, judge=judge, model=model, prompting=prompting))


if __name__ == "__main__":
    call(main)
