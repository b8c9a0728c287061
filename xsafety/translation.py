"""Machine drafts: from the translation memory, from the journal, and only then from an engine."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from . import journal
from .tabular import clean, read_csv

DRAFT_COLUMNS = ("id", "source", "draft", "engine", "status")
UNVERIFIED = "unverified machine draft"
GIVE_UP_AFTER = 3


def read_memory(file: Path) -> dict[str, dict[str, str]]:
    """The committed drafts of one language: English source -> row. None if there is no file."""
    if not file.exists():
        return {}
    return {row["source"]: row for row in read_csv(file, DRAFT_COLUMNS) if row["draft"]}


def translate(
    texts: Mapping[str, str],
    *,
    source: str,
    target: str,
    engine: str,
    connection: Mapping[str, Any],
    journal_file: Path,
    progress: Callable[[str], None],
) -> tuple[dict[str, str], dict[str, str]]:
    """Translates `texts` (id -> text) by an engine, each text asked for once in the life of the journal.

    Returns translations (id -> text) and failures (id -> reason). After three failures in a row the rest is not asked
    for, so that a dead network ends soon; what came is in the journal.
    """
    keys = {
        id: journal.digest({"engine": engine, "source": source, "target": target, "text": text})
        for id, text in texts.items()
    }
    known = journal.answers(journal_file)
    done = {id: known[key]["text"] for id, key in keys.items() if key in known}
    missing = [id for id in texts if id not in done]
    if not missing:
        return done, {}
    if engine == "none":
        return done, dict.fromkeys(missing, "no translation engine is configured")
    from .engines.translators import Unavailable, translator

    failed: dict[str, str] = {}
    in_a_row = 0
    try:
        ask = translator(engine, source, target, connection)
    except Unavailable as error:
        return done, dict.fromkeys(missing, str(error))
    with journal.Journal(journal_file) as log:
        for number, id in enumerate(missing):
            try:
                text = clean(ask(texts[id]))
            except Unavailable as error:
                failed[id] = str(error)
                in_a_row += 1
                if in_a_row == GIVE_UP_AFTER:
                    failed |= dict.fromkeys(missing[number + 1 :], f"not asked for after {in_a_row} failures: {error}")
                    break
                continue
            in_a_row = 0
            log.append(keys[id], id, {"text": text})
            done[id] = text
            if number % 100 == 99:
                progress(f"{engine} {source} -> {target}: {number + 1} of {len(missing)}")
    return done, failed


def drafts(
    seeds: Sequence[Mapping[str, str]],
    memory: Mapping[str, Mapping[str, str]],
    translated: Mapping[str, str],
    failed: Mapping[str, str],
    engine: str,
) -> list[dict[str, str]]:
    """The rows of a drafts file for the seeds that need one; a row without a draft says why in `status`."""
    rows = []
    for seed in seeds:
        row = {"id": seed["id"], "source": seed["text"]}
        if seed["text"] in memory:
            found = memory[seed["text"]]
            rows.append(row | {"draft": clean(found["draft"]), "engine": found["engine"], "status": found["status"]})
        elif translated.get(seed["id"]):
            rows.append(row | {"draft": translated[seed["id"]], "engine": engine, "status": UNVERIFIED})
        else:
            reason = failed.get(seed["id"], f"{engine} gave an empty translation")
            rows.append(row | {"draft": "", "engine": "", "status": f"missing: {reason}"})
    return rows
