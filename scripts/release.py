"""Makes a release of the data set of all ready languages: files, card, description, checksums."""

from collections.abc import Iterator
from itertools import product
from pathlib import Path

from xsafety.categories import read_about
from xsafety.cli import call, say
from xsafety.config.release import Beside, DataRelease
from xsafety.release.build import LanguageRows, Papers, build_release, in_order
from xsafety.release.card import Reviewed
from xsafety.release.changes import older_release, read_released, release_changes
from xsafety.release.provenance import Code, asked_provenance, data_provenance, without_servers
from xsafety.rows import Check, Evidence, Query, Status
from xsafety.tabular import DataError, read_rows
from xsafety.translation.memory import read_memory
from xsafety.verification.agreement import ModificationRate, ReviewerAgreement


def main(
    *,
    release: DataRelease | None,
    licences: dict[str, str | None],
    references: dict[str, str],
    results: Path,
    about: Path,
    memory: Path,
    languages: list[str],
    targets: list[str],
    config: str,
    code: Code,
    checkout: Path,
    inputs: list[Path],
    cells: list[list[list[str]]],
    promptings: list[str],
    judges: list[str],
    protocols: dict[str, str],
    journal: Path,
    since: str | None,
    out: Path,
) -> None:
    if release is None:
        raise DataError("config: there is no `release`; add the block as config.yaml has it")

    known = read_about(about)
    licence_text = (checkout / "LICENSE").read_text(encoding="utf-8") if release.licence == "Apache-2.0" else None
    receipts = {
        "models": [results / "asked/models" / f"{model}.json" for models, _ in cells for model in models],
        "judges": [results / "asked/judges" / f"{judge}.json" for judge in protocols],
    }
    older = None
    if since:
        with older_release(since, out) as found:
            older = read_released(found)
    papers = Papers(
        licences=licences,
        references=references,
        reviewed=_reviewed(results),
        provenance=data_provenance(config, code, checkout, inputs),
        about=known,
        older=older,
        licence_text=licence_text,
        answers=_answers(results, cells, promptings, judges, languages),
        asked=without_servers(asked_provenance(receipts, protocols, checkout, journal)) if cells else None,
    )
    left_out = build_release(
        release, _language_rows(results, memory, in_order(languages, known.language), targets), papers, out
    )
    for one in left_out:
        say(f"Left out: {one}")
    if older and (objection := release_changes(older, read_released(out)).objection(release.version)):
        say(objection)
    say(f"{out} is release {release.version}. To publish it:")
    say(f"  hf upload ORGANISATION/{release.folder} {out} . --repo-type=dataset")
    say(f"  git tag v{release.version}")


def _language_rows(results: Path, memory: Path, languages: list[str], targets: list[str]) -> Iterator[LanguageRows]:
    for tag in languages:
        queries = read_rows(results / "queries" / f"{tag}.jsonl", Query)
        if tag not in targets:
            yield LanguageRows(tag, queries)
            continue
        ledger = read_rows(results / "review" / tag / "ledger.jsonl", Evidence)
        checks = read_rows(results / "checks" / f"{tag}.csv", Check)
        yield LanguageRows(tag, queries, ledger, read_memory(memory / f"{tag}.csv"), checks)


def _reviewed(results: Path) -> Reviewed:
    return Reviewed(
        status=read_rows(results / "review_status.csv", Status),
        rates=read_rows(results / "review" / "modification_rates.csv", ModificationRate),
        agreement=read_rows(results / "review" / "agreement.csv", ReviewerAgreement),
    )


def _answers(
    results: Path, cells: list[list[list[str]]], promptings: list[str], judges: list[str], languages: list[str]
) -> dict[Beside, list[Path]]:
    """The files of what may stand beside the rows."""
    parts = [
        f"{model}/{prompting}/{lang}.jsonl"
        for models, langs in cells
        for model, prompting, lang in product(models, promptings, langs)
    ]
    return {
        "responses": [results / "responses" / part for part in parts],
        "verdicts": [results / "verdicts" / judge / part for judge, part in product(judges, parts)],
        "labels": [results / "labels" / lang / "ledger.jsonl" for lang in languages],
    }


if __name__ == "__main__":
    call(main)
