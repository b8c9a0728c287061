"""Makes a release of the data set of all ready languages: files, card, description, checksums."""

from collections.abc import Iterator
from pathlib import Path

from xsafety.categories import read_about
from xsafety.cli import call, say
from xsafety.config.release import DataRelease
from xsafety.release.build import LanguageRows, Papers, build_release, in_order
from xsafety.release.card import Reviewed
from xsafety.release.changes import older_release, read_released, release_changes
from xsafety.release.provenance import Code, data_provenance
from xsafety.rows import Check, Evidence, Query, Status
from xsafety.tabular import DataError, read_rows
from xsafety.translation.memory import read_memory
from xsafety.verification.agreement import ModificationRate, ReviewerAgreement


def main(
    *,
    release: DataRelease | None,
    licences: dict[str, str | None],
    results: Path,
    about: Path,
    memory: Path,
    languages: list[str],
    targets: list[str],
    config: str,
    code: Code,
    checkout: Path,
    inputs: list[Path],
    since: str | None,
    out: Path,
) -> None:
    if release is None:
        raise DataError("config: there is no `release`; add the block as config.yaml has it")

    known = read_about(about)

    def read() -> Iterator[LanguageRows]:
        for tag in in_order(languages, known.language):
            queries = read_rows(results / "queries" / f"{tag}.jsonl", Query)
            if tag not in targets:
                yield LanguageRows(tag, queries)
                continue
            ledger = read_rows(results / "review" / tag / "ledger.jsonl", Evidence)
            checks = read_rows(results / "checks" / f"{tag}.csv", Check)
            yield LanguageRows(tag, queries, ledger, read_memory(memory / f"{tag}.csv"), checks)

    reviewed = Reviewed(
        status=read_rows(results / "review_status.csv", Status),
        rates=read_rows(results / "review" / "modification_rates.csv", ModificationRate),
        agreement=read_rows(results / "review" / "agreement.csv", ReviewerAgreement),
    )
    licence_text = (checkout / "LICENSE").read_text(encoding="utf-8") if release.licence == "Apache-2.0" else None
    found = data_provenance(config, code, checkout, inputs)
    older = None
    if since:
        with older_release(since, out) as folder:
            older = read_released(folder)
    left_out = build_release(release, read(), Papers(licences, reviewed, found, known, older, licence_text), out)
    for one in left_out:
        say(f"Left out: {one}")
    if older and (objection := release_changes(older, read_released(out)).objection(release.version)):
        say(objection)
    say(f"{out} is release {release.version}. To publish it:")
    say(f"  hf upload ORGANISATION/{release.folder} {out} . --repo-type=dataset")
    say(f"  git tag v{release.version}")


if __name__ == "__main__":
    call(main)
