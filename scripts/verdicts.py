"""Files one judge's verdicts on one file of responses: from the journal, where the judge was asked by a protocol."""

from pathlib import Path

from xsafety.asking.receipt import journalled_answers, read_receipt
from xsafety.categories import read_about
from xsafety.cli import call
from xsafety.judging import RULE_BASED
from xsafety.judging.verdicts import JudgeOptions, judge_requests, model_verdicts, read_english
from xsafety.protocols.protocol import load
from xsafety.rows import Identity, Response, Verdict
from xsafety.tabular import read_rows, write_rows


def main(
    *,
    responses: Path,
    english: Path | None,
    about: Path,
    protocol: str | None,
    receipt: Path | None,
    journal: Path,
    identity: Identity,
    reading: JudgeOptions,
    part: str,
    out: Path,
) -> None:
    rows = read_rows(responses, Response)
    if not (protocol and receipt):
        write_rows(out, Verdict, RULE_BASED[identity["engine"]](rows))
        return
    method = load(protocol).with_prompt(reading["prompt"])
    asked = read_receipt(receipt)
    translations = read_english(english)
    requests = judge_requests(asked["identity"], method, part, rows, translations, read_about(about).categories)
    answers = journalled_answers(requests, journal, receipt, asked)
    verdicts = model_verdicts(rows, translations, requests, answers, method, reading["controversial"])
    write_rows(out, Verdict, verdicts)


if __name__ == "__main__":
    call(main)
