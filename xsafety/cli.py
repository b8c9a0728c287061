"""What the scripts share: command lines read off the signature of a typed function, and how bad input is told."""

import atexit
import gc
import inspect
import json
import os
import sys
import traceback
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Sequence
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints, is_typeddict

from .tabular import DataError


def call(main: Callable[..., None]) -> None:
    """Runs a script: calls `main` with the arguments of the command line, by `arguments`, as `run` does."""
    gc.set_threshold(100_000)  # rows are many and hold no circles, for which each 700 new ones would be searched
    atexit.register(gc.freeze)  # nor is all to be searched for them at the end
    run(lambda: main(**vars(arguments(main, sys.argv[1:]))))


def arguments(main: Callable[..., None], argv: Sequence[str]) -> Namespace:
    """The arguments of `main`, by name: one option for each, required where it has no default.

    Paths and strings are taken as they stand; lists of them take any number of values, and with `| None` one or none.
    Everything else is JSON, checked by pydantic where it becomes more than JSON's own values: a block of the
    configuration. Exits with status 2 and the usage for options that are unknown, missing, cut short or no such value.
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
            type=kind if kind in (Path, str) else json.loads if _is_json(kind) else _checked(kind),
            required=required,
            default=None if required else parameter.default,
            **options,
        )
    return parser.parse_args(argv)


def _is_json(kind: Any) -> bool:
    """Whether values are of a type as JSON has them."""
    if get_origin(kind) in (dict, list, Union, UnionType):
        return all(map(_is_json, get_args(kind)))
    return kind in (Any, dict, list, str, int, float, bool, NoneType) or is_typeddict(kind)


def _checked(kind: Any) -> Callable[[str], Any]:
    from pydantic import TypeAdapter  # not needed by most

    return TypeAdapter(kind).validate_json


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
