"""Drafts the rows of one language that have no valid human translation: memory first, then journal, then engine."""

from pathlib import Path

from xsafety.cli import call, say
from xsafety.config.models import JobConnection
from xsafety.config.translation import ServiceConnection, TranslatorConnection
from xsafety.rows import GivenText, MadeDraft, Seed, TranslatorIdentity
from xsafety.tabular import read_rows, write_json, write_rows
from xsafety.translation.drafting import Asked, Translator, drafts, translate
from xsafety.verification.undrafted import read_undrafted


def main(
    *,
    seeds: Path,
    ledger: Path,
    given: Path | None,
    source: str,
    lang: str,
    memory: Path,
    memory_state: str,
    translator: TranslatorIdentity,
    connection: ServiceConnection | JobConnection | TranslatorConnection,
    asked: Path | None = None,
    journal: Path,
    attempt: int,
    out: Path,
    receipt: Path,
) -> None:
    wanted, frozen, known = undrafted = read_undrafted(
        lang, read_rows(seeds, Seed), read_rows(given, GivenText) if given else [], ledger, memory
    )
    texts = undrafted.texts()
    by = Translator(translator, connection, Asked(asked, lang) if asked else None)
    translated = translate(
        texts,
        by,
        source=source,
        target=lang,
        journal_file=journal,
        progress=say,
    )
    made = drafts(wanted, known, translated.done, translated.failed, by.name)
    if missing := [row for row in made if not row["draft"]]:
        again = "; what came is kept, run snakemake again to ask for the rest" if translated.again else ""
        say(f"note: {len(missing)} of {len(wanted)} drafts are {missing[0]['status']}{again}")
    write_rows(out, MadeDraft, [MadeDraft(**draft, lang=lang) for draft in made])
    write_json(
        receipt,
        {
            "attempt": attempt,
            "rows": len(texts),
            "failed": translated.again,
            "memory": memory_state,
            "from_memory": [seed["id"] for seed in wanted if seed["text"] in frozen],
        },
    )


if __name__ == "__main__":
    call(main)
