"""Writes down what a run rests on: configuration, code, packages, inputs, who was asked, and the journal."""

from pathlib import Path

from xsafety.cli import call
from xsafety.release.provenance import Code, asked_provenance, data_provenance
from xsafety.tabular import write_json


def main(
    *,
    config: str,
    code: Code,
    inputs: list[Path],
    models: list[Path],
    judges: list[Path],
    protocols: dict[str, str],
    journal: Path,
    checkout: Path,
    out: Path,
) -> None:
    asked = asked_provenance({"models": models, "judges": judges}, protocols, checkout, journal)
    write_json(out, {**data_provenance(config, code, checkout, inputs), **asked})


if __name__ == "__main__":
    call(main)
