"""Drafts the rows of one language that have no valid human translation: memory first, then journal, then engine."""

from xsafety.cli import parser, run, say
from xsafety.seeds.csv_folder import COLUMNS
from xsafety.tabular import read_csv, read_jsonl, write_csv, write_json
from xsafety.text.languages import SOURCE_LANGUAGE
from xsafety.translation.drafting import drafts, translate
from xsafety.translation.memory import DRAFT_COLUMNS, read_memory
from xsafety.verification.gate import Gate
from xsafety.verification.standing import needs_draft, standings


def main() -> None:
    args = parser(
        __doc__,
        paths="seeds ledger memory journal out receipt",
        texts="lang engine memory_state",
        objects="model connection attempt",
    ).parse_args()
    seeds = read_csv(args.seeds, COLUMNS)
    stands = standings(args.lang, seeds, read_jsonl(args.ledger), Gate())
    wanted = [seed for seed in seeds if needs_draft(stands[seed["id"]])]
    memory = read_memory(args.memory)
    asked = {seed["id"]: seed["text"] for seed in wanted if seed["text"] not in memory}
    translated = translate(
        asked,
        source=SOURCE_LANGUAGE,
        target=args.lang,
        engine=args.engine,
        model=args.model,
        connection=args.connection,
        journal_file=args.journal,
        progress=say,
    )
    rows = drafts(
        wanted, memory, translated.done, translated.failed, args.model["model"] if args.model else args.engine
    )
    if missing := [row for row in rows if not row["draft"]]:
        again = "; what came is kept, run snakemake again to ask for the rest" if translated.again else ""
        say(f"{args.lang}: {len(missing)} of {len(wanted)} drafts are {missing[0]['status']}{again}")
    write_csv(args.out, DRAFT_COLUMNS, rows)
    write_json(
        args.receipt,
        {
            "attempt": args.attempt,
            "rows": len(asked),
            "failed": translated.again,
            "memory": args.memory_state,
            "from_memory": [seed["id"] for seed in wanted if seed["text"] in memory],
        },
    )


if __name__ == "__main__":
    run(main)
