"""Files one model's responses to one language under one prompting method, from the journal."""

import json

from xsafety.asking.receipt import journalled_answers
from xsafety.cli import parser, run
from xsafety.config.prompting import PromptingMethod
from xsafety.generation.responses import model_requests, response_rows
from xsafety.tabular import read_jsonl, write_jsonl


def main() -> None:
    args = parser(__doc__, paths="queries journal receipt out", texts="part", objects="prompting").parse_args()
    receipt = json.loads(args.receipt.read_text(encoding="utf-8"))
    queries = list(read_jsonl(args.queries))
    requests = model_requests(receipt["identity"], PromptingMethod(**args.prompting), args.part, queries)
    answers = journalled_answers(requests, args.journal, args.receipt, receipt["failed"].get(args.part, {}))
    write_jsonl(args.out, response_rows(queries, answers))


if __name__ == "__main__":
    run(main)
