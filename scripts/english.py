"""Translates one file of responses to English, for judges that read the translation.

Where the seeds are in another language, with the queries in English, which these judges read too.
"""

from pathlib import Path

from xsafety.cli import call, say
from xsafety.config.models import JobConnection
from xsafety.config.translation import ServiceConnection, TranslatorConnection
from xsafety.rows import English, Query, Response, TranslatorIdentity, in_cell, row_name
from xsafety.tabular import read_rows, write_json, write_rows
from xsafety.text.languages import EN
from xsafety.translation.drafting import Asked, Translator, response_texts, translate


def main(
    *,
    responses: Path,
    queries: Path | None,
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
    english_queries = {row["id"]: row["query"] for row in read_rows(queries, Query)} if queries else None
    texts = response_texts(rows, english_queries)
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
    english = []
    for name, row in ((row_name(row), row) for row in rows):
        one = English(id=name, english=done.get(name), detail=failed.get(name, ""), failed=name in again)
        if english_queries is not None:
            one["query"] = english_queries.get(row["id"], "")
            one["detail"] = one["detail"] if one["query"] else "its query has no English text"
        english.append(one)
    write_rows(out, English, in_cell(english, model=model, prompting=prompting, lang=lang))
    write_json(receipt, {"attempt": attempt, "rows": len(texts), "failed": again})


if __name__ == "__main__":
    call(main)
