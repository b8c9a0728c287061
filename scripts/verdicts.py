"""Files one judge's verdicts on one file of responses, from the journal; the lexicon judge needs none."""

import json
from pathlib import Path

from xsafety.asking.receipt import journalled_answers
from xsafety.cli import parser, run
from xsafety.judging.verdicts import asked_verdicts, judge_requests, lexicon_verdicts, read_english
from xsafety.protocols.protocol import load
from xsafety.tabular import read_jsonl, write_jsonl


def main() -> None:
    arguments = parser(__doc__, paths="responses journal out", texts="part", objects="identity reading")
    arguments.add_argument("--english", type=Path, nargs="?", help="for a judge that reads the translation")
    arguments.add_argument("--protocol", nargs="?", help="for a judge that was asked")
    arguments.add_argument("--receipt", type=Path, nargs="?", help="for a judge that was asked")
    args = arguments.parse_args()
    rows = list(read_jsonl(args.responses))
    if args.identity["engine"] == "lexicon":
        write_jsonl(args.out, lexicon_verdicts(rows))
        return
    protocol = load(args.protocol).with_prompt(args.reading["prompt"])
    receipt = json.loads(args.receipt.read_text(encoding="utf-8"))
    english = read_english(args.english)
    requests = judge_requests(receipt["identity"], protocol, args.part, rows, english)
    answers = journalled_answers(requests, args.journal, args.receipt, receipt["failed"].get(args.part, {}))
    write_jsonl(args.out, asked_verdicts(rows, english, requests, answers, protocol, args.reading["controversial"]))


if __name__ == "__main__":
    run(main)
