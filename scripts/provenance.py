"""Writes down what a run rests on: configuration, code, packages, inputs, who was asked, and the journal.

And what its files hold, for those who load them.
"""

from pathlib import Path

from xsafety.cli import call
from xsafety.release.provenance import Code, asked_provenance, data_provenance
from xsafety.release.results_card import results_card, row_kinds
from xsafety.tabular import write_json, write_text


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
    cells: list[list[list[str]]],
    promptings: list[str],
    safety_judges: list[str],
    choices: bool,
    out: Path,
    card: Path,
) -> None:
    asked = asked_provenance({"models": models, "judges": judges}, protocols, checkout, journal)
    write_json(out, {**data_provenance(config, code, checkout, inputs), **asked})
    kinds = row_kinds([(models, langs) for models, langs in cells], promptings, safety_judges, choices=choices)
    write_text(card, results_card(kinds))


if __name__ == "__main__":
    call(main)
