"""The columns of released files: name, type, meaning and values, as the nouns in `xsafety.rows` declare them."""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, Literal, NamedTuple, get_args, get_origin, get_type_hints

from ..tabular import Row

ColumnType = Literal["text", "number", "fraction", "yes or no", "list of texts"]

_KINDS: Mapping[ColumnType, type] = {"yes or no": bool, "number": int, "fraction": float}
_JSON_TYPES: Mapping[ColumnType, dict[str, object]] = {
    "text": {"type": "string"},
    "number": {"type": "integer"},
    "fraction": {"type": "number"},
    "yes or no": {"type": "boolean"},
    "list of texts": {"type": "array", "items": {"type": "string"}},
}


class ReleasedColumn(NamedTuple):
    """`values` are all that it may hold, where these are known; `optional`: it may hold nothing."""

    type: ColumnType
    meaning: str
    values: tuple[str, ...]
    optional: bool


@cache
def released_columns(kind: type[Row]) -> dict[str, ReleasedColumn]:
    """The columns of a noun whose fields are `Annotated` with what they mean, in order."""
    found = {}
    for name, hint in get_type_hints(kind, include_extras=True).items():
        value, meaning = get_args(hint)
        values = tuple(_values(value))
        found[name] = ReleasedColumn(column_type(value), meaning, values, type(None) in get_args(value))
    return found


def json_schema(kinds: Mapping[str, type[Row]], canary: str) -> dict[str, object]:
    """A JSON Schema of the rows of some kinds, by name."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$comment": f"canary {canary}",
        "$defs": {name: _object(released_columns(kind)) for name, kind in kinds.items()},
        "anyOf": [{"$ref": f"#/$defs/{name}"} for name in kinds],
    }


def _object(columns: Mapping[str, ReleasedColumn]) -> dict[str, object]:
    properties = {}
    for name, column in columns.items():
        said: dict[str, object] = {"enum": list(column.values)} if column.values else _JSON_TYPES[column.type]
        if column.optional:
            said = {"anyOf": [said, {"type": "null"}]}
        properties[name] = {**said, "description": column.meaning}
    return {"type": "object", "properties": properties, "required": [*columns], "additionalProperties": False}


def _values(hint: Any) -> Iterable[str]:
    if get_origin(hint) is Literal:
        yield from get_args(hint)
    elif get_origin(hint) is not list:
        yield from (value for one in get_args(hint) for value in _values(one))


def column_type(hint: Any) -> ColumnType:
    """What a column of a type holds."""
    if get_origin(hint) is list:
        return "list of texts"
    kinds = {str if get_origin(one) is Literal else one for one in _alternatives(hint)} - {type(None)}
    return next((name for name, known in _KINDS.items() if kinds == {known}), "text")


def _alternatives(hint: Any) -> Iterable[Any]:
    return [hint] if get_origin(hint) is Literal else get_args(hint) or [hint]
