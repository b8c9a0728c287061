"""Makes an RO-Crate of a run, for archives of research: the workflow, its results, and what they rest on."""

import json
from pathlib import Path

from xsafety.cli import call, say
from xsafety.config.release import DataRelease
from xsafety.release.crate import RunFiles, build_crate
from xsafety.release.provenance import Code, RunProvenance, portable
from xsafety.tabular import DataError, read_rows
from xsafety.verification.agreement import EVERYONE, ModificationRate


def main(
    *,
    release: DataRelease | None,
    date: str | None,
    results: Path,
    files: list[Path],
    origins: list[str],
    provenance: Path,
    redact: bool,
    rates: Path,
    code: Code,
    checkout: Path,
    out: Path,
) -> None:
    if release is None:
        raise DataError(
            "config: there is no `release`, whose title, authors and licence a crate has; add it as config.yaml has it"
        )
    if not date:
        raise DataError(
            "config: release.date: a crate has a date; set it, as no commit of XSafety, which is no clone here, has one"
        )
    whole: RunProvenance = json.loads(provenance.read_text(encoding="utf-8"))
    run = RunFiles(results, files, {str(portable(name, checkout)) for name in origins})
    build_crate(release, run, {**whole, "code": code}, date, checkout, out)
    if named := sorted({row["reviewer"] for row in read_rows(rates, ModificationRate)} - {EVERYONE}):
        say(f"Before you publish it: report.html names the reviewers {', '.join(named)}.")
    if not redact:
        say("report.html quotes queries and answers; `report.redact: true` leaves them out.")
    say(f"{out} is an RO-Crate of this run. To pack it:")
    say(f"  (cd {out} && zip -qr ../{release.name}-run.crate.zip .)")


if __name__ == "__main__":
    call(main)
