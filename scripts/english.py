"""Translates one file of responses to English, for judges that read the translation."""

from xsafety.cli import parser, run, say
from xsafety.generation.responses import row_name
from xsafety.tabular import read_jsonl, write_json, write_jsonl
from xsafety.text.languages import SOURCE_LANGUAGE
from xsafety.translation.drafting import translate


def main() -> None:
    args = parser(
        __doc__, paths="responses journal out receipt", texts="lang engine", objects="model connection attempt"
    ).parse_args()
    rows = list(read_jsonl(args.responses))
    texts = {row_name(row): row["response"] for row in rows if row["response"].strip()}
    done, failed, again = translate(
        texts,
        source=args.lang,
        target=SOURCE_LANGUAGE,
        engine=args.engine,
        model=args.model,
        connection=args.connection,
        journal_file=args.journal,
        progress=say,
    )
    if failed:
        say(f"{len(failed)} of {len(texts)} responses have no English translation; run snakemake again to ask for them")
    write_jsonl(
        args.out,
        [{"id": name, "english": done.get(name), "detail": failed.get(name, "")} for name in map(row_name, rows)],
    )
    write_json(args.receipt, {"attempt": args.attempt, "rows": len(texts), "failed": again})


if __name__ == "__main__":
    run(main)
