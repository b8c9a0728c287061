"""What the scripts share: command lines read off the signature of a typed function, and how bad input is told."""

import inspect
import json
import os
import sys
import traceback
from argparse import ArgumentParser
from collections.abc import Callable, Sequence
from pathlib import Path
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints, is_typeddict

from .tabular import DataError


def call(main: Callable[..., None]) -> None:
    """Runs a script: calls `main` with the arguments of the command line, by `arguments`, as `run` does."""
    run(lambda: main(**arguments(main, sys.argv[1:])))


def arguments(main: Callable[..., None], argv: Sequence[str]) -> dict[str, Any]:
    """The arguments of `main`, by name: one option for each, required where it has no default.

    Paths and strings are taken as they stand; lists of them take any number of values, and with `| None` one or none.
    Everything else is JSON; what is neither number, truth value nor TypedDict is checked by pydantic.
    """
    parser = ArgumentParser(description=sys.modules[main.__module__].__doc__, allow_abbrev=False)
    hints = get_type_hints(main)
    for name, parameter in inspect.signature(main).parameters.items():
        kind, options = hints[name], {}
        if get_origin(kind) is list and get_args(kind)[0] in (Path, str):
            [kind], options = get_args(kind), {"nargs": "*"}
        elif NoneType in get_args(kind) and {Path, str} & set(get_args(kind)):
            kind, options = next(one for one in get_args(kind) if one is not NoneType), {"nargs": "?"}
        required = parameter.default is parameter.empty
        parser.add_argument(
            f"--{name.replace('_', '-')}",
            type=kind if kind in (Path, str) else _from_json(kind),
            required=required,
            default=None if required else parameter.default,
            **options,
        )
    return vars(parser.parse_args(argv))


def _from_json(kind: Any) -> Callable[[str], Any]:
    if kind in (int, float, bool) or is_typeddict(kind):
        return json.loads

    def read(text: str) -> Any:
        from pydantic import TypeAdapter  # not needed by most

        return TypeAdapter(kind).validate_json(text)

    return read


def run(main: Callable[[], None]) -> None:
    """Runs a program; bad input ends it with its message and status 1, without a traceback.

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
