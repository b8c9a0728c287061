"""Drafts the rows of one language that have no valid human translation: memory first, then journal, then engine."""

from pathlib import Path

from xsafety.cli import call, say
from xsafety.config.models import JobConnection
from xsafety.config.translation import ServiceConnection, TranslatorConnection
from xsafety.rows import Evidence, GivenText, MadeDraft, Seed, TranslatorIdentity
from xsafety.tabular import read_rows, write_json, write_rows
from xsafety.translation.drafting import Translator, drafts, translate
from xsafety.translation.memory import read_memory, with_given
from xsafety.verification.standing import fold_rows, needs_draft


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
    threads: int = 1,
    journal: Path,
    attempt: int,
    out: Path,
    receipt: Path,
) -> None:
    rows = read_rows(seeds, Seed)
    row_states = fold_rows(rows, read_rows(ledger, Evidence))
    wanted = [seed for seed in rows if needs_draft(row_states[seed["id"]])]
    frozen = read_memory(memory)
    known = with_given(frozen, read_rows(given, GivenText) if given else [], lang)
    texts = {seed["id"]: seed["text"] for seed in wanted if seed["text"] not in known}
    by = Translator(translator, connection, threads)
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
