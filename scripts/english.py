"""Translates one file of responses to English, for judges that read the translation."""

from pathlib import Path

from xsafety.cli import call, say
from xsafety.config.models import JobConnection
from xsafety.config.translation import ServiceConnection, TranslatorConnection
from xsafety.rows import English, Response, TranslatorIdentity, in_cell, row_name
from xsafety.tabular import read_rows, write_json, write_rows
from xsafety.text.languages import EN
from xsafety.translation.drafting import Asked, Translator, response_texts, translate


def main(
    *,
    responses: Path,
    model: str,
    prompting: str,
    lang: str,
    translator: TranslatorIdentity,
    connection: ServiceConnection | JobConnection | TranslatorConnection,
    asked: Path | None = None,
    journal: Path,
    attempt: int,
    out: Path,
    receipt: Path,
) -> None:
    rows = read_rows(responses, Response)
    texts = response_texts(rows)
    done, failed, again = translate(
        texts,
        Translator(translator, connection, Asked(asked, f"{model}/{prompting}/{lang}") if asked else None),
        source=lang,
        target=EN,
        journal_file=journal,
        progress=say,
    )
    if failed:
        say(f"{len(failed)} of {len(texts)} responses have no English translation; run snakemake again to ask for them")
    english = [
        English(id=name, english=done.get(name), detail=failed.get(name, ""), failed=name in again)
        for name in map(row_name, rows)
    ]
    write_rows(out, English, in_cell(english, model=model, prompting=prompting, lang=lang))
    write_json(receipt, {"attempt": attempt, "rows": len(texts), "failed": again})


if __name__ == "__main__":
    call(main)
