"""What the scripts share: how they report bad input, and arguments of their command lines."""

import json
import os
import sys
import traceback
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .tabular import DataError


def run(main: Callable[[], None]) -> None:
    """Runs a script; bad input ends it with its message and status 1, without a traceback.

    The traceback of a mistake of ours does not show the value of any variable that the command line names.
    """
    try:
        main()
    except (DataError, OSError) as error:
        sys.exit(f"error: {error}")
    except Exception:
        text = traceback.format_exc()
        named = " ".join(sys.argv)
        for name, value in os.environ.items():
            if value and f'"{name}"' in named:
                text = text.replace(value, f"[{name}]")
        sys.exit(text)


def say(message: str) -> None:
    """One line of progress, at once, so that it can be read in a log file too."""
    print(message, file=sys.stderr, flush=True)


def parser(doc: str | None, *, paths: str = "", texts: str = "", objects: str = "") -> ArgumentParser:
    """A command line with one required option per word: `paths` are Paths, `texts` strings, `objects` JSON."""
    result = ArgumentParser(description=doc)
    kinds: list[tuple[str, Callable[[str], Any]]] = [(paths, Path), (texts, str), (objects, json.loads)]
    for names, kind in kinds:
        for name in names.split():
            result.add_argument(f"--{name.replace('_', '-')}", type=kind, required=True)
    return result
