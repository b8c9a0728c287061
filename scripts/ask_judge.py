"""Asks one judge for all the verdicts that its journal lacks, over all models, promptings and languages."""

from itertools import product

from xsafety.asking import ask
from xsafety.cli import parser, run, say
from xsafety.engines.start import pin, start
from xsafety.judging import judge_requests, read_english
from xsafety.languages import SOURCE_LANGUAGE
from xsafety.tabular import read_jsonl, write_json


def main() -> None:
    arguments = parser(__doc__, paths="results journal receipt", objects="identity connection cells attempt")
    arguments.add_argument("--promptings", nargs="+", required=True)
    args = arguments.parse_args()
    identity = pin(args.identity, args.connection)
    requests = []
    cells = [(model, lang) for model, languages in args.cells.items() for lang in languages]
    for (model, lang), prompting in product(cells, args.promptings):
        part = f"{model}/{prompting}/{lang}"
        file = f"{part}.jsonl"
        translated = identity["translate_to_english"] and lang != SOURCE_LANGUAGE
        english = read_english(args.results / "english" / file if translated else None)
        requests += judge_requests(identity, part, read_jsonl(args.results / "responses" / file), english)
    receipt = ask(requests, args.journal, start(identity, args.connection, threads=1), say)
    write_json(args.receipt, receipt | {"attempt": args.attempt, "identity": identity})


if __name__ == "__main__":
    run(main)
