"""`python -m xsafety.config`: prints config.schema.json, by which editors explain and check config.yaml.

With files, checks them as a run with `--configfile` would take them: Snakemake reads such files before it opens the
Snakefile, and says neither which of them is broken nor where.
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from ..cli import run
from .configuration import Config, read


def schema() -> str:
    """The JSON schema of `config.yaml`, of which the models of this package are the source."""
    return json.dumps(Config.model_json_schema(), ensure_ascii=False, indent=1) + "\n"


def check_files(files: Sequence[str]) -> None:
    """Prints that a configuration is sound. Raises DataError or OSError that says what is not, and in which file."""
    read([*map(Path, files)])
    print(f"{', '.join(files)}: sound")


if __name__ == "__main__":
    if given := sys.argv[1:]:
        run(lambda: check_files(given))
    else:
        print(schema(), end="")
