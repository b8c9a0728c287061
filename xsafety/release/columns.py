"""The columns of released files: name, type and meaning, as the nouns in `xsafety.rows` declare them."""

from functools import cache
from typing import Any, Literal, NamedTuple, get_args, get_origin, get_type_hints

from ..tabular import Row

ColumnType = Literal["text", "number", "yes or no", "list of texts"]


class ReleasedColumn(NamedTuple):
    type: ColumnType
    meaning: str


@cache
def released_columns(kind: type[Row]) -> dict[str, ReleasedColumn]:
    """The columns of a noun whose fields are `Annotated` with what they mean, in order."""
    found = {}
    for name, hint in get_type_hints(kind, include_extras=True).items():
        value, meaning = get_args(hint)
        found[name] = ReleasedColumn(_type(value), meaning)
    return found


def _type(hint: Any) -> ColumnType:
    if get_origin(hint) is list:
        return "list of texts"
    kinds = {type(one) if get_origin(hint) is Literal else one for one in get_args(hint) or [hint]} - {type(None)}
    return "yes or no" if kinds == {bool} else "number" if kinds == {int} else "text"
