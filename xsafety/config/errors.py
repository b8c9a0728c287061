"""What is wrong with a configuration, in words."""

import difflib
from collections.abc import Collection, Iterator, Mapping, Sequence

from pydantic.json_schema import JsonSchemaValue
from pydantic_core import ErrorDetails

_NO_BLOCK = "{key}:{shown} is no block of keys; give its keys below it, or {{}} for none"

# By pydantic's type of error.
_WORDS = {
    "missing": "{key}: missing; add it",
    "dict_type": _NO_BLOCK,
    "model_type": _NO_BLOCK,
    "model_attributes_type": _NO_BLOCK,
    "list_type": "{key}:{shown} is no list; write [{value}]",
    "union_tag_not_found": "{key}.engine: missing; name the engine",
    "string_pattern_mismatch": "{key}: {value!r} names files; use letters, digits, '.', '_' and '-'",
}


def advice(error: ErrorDetails, raw: object, schema: JsonSchemaValue) -> str:
    """One line of what is wrong in a `raw` configuration and how to mend it; `schema` says which keys there are."""
    loc = [str(part) for part in error["loc"] if part != "[key]"]
    engine = ""
    if loc[:1] in (["models"], ["judges"]):
        engine = "".join(loc[2:3])
        del loc[2:3]  # the engine, by which pydantic chose what to check
    key, value, context = ".".join(loc), error.get("input"), error.get("ctx", {})
    # An address may hold a login.
    shown = "" if isinstance(value, Mapping | list) or value is None or loc[-1:] == ["base_url"] else f" {value!r}"
    match error["type"]:
        case "extra_forbidden":
            return f"{key}: {_unknown(loc, engine if len(loc) == 3 else '', raw, schema)}"
        case "string_type" if isinstance(value, bool):
            return f"{key}: {value!r} is a truth value to YAML; quote it: 'no' (Norwegian), 'yes', 'on', 'off'"
        case "union_tag_invalid":
            return f"{key}.engine: {value.get('engine') if value else None!r} is none of {context['expected_tags']}"
        case "string_pattern_mismatch" if {"api_key_env", "headers_env"} & set(loc):
            return f"{key}: give the NAME of an environment variable, in capitals, digits and '_'; never the key itself"
        case "value_error":
            return f"{key}{shown}: {context['error']}" if key else str(context["error"])
        case kind if kind in _WORDS:
            return _WORDS[kind].format(key=key, shown=shown, value=value)
    return f"{key}:{shown} {error['msg'][:1].lower()}{error['msg'][1:]}"


def _unknown(loc: Sequence[str], engine: str, raw: object, schema: JsonSchemaValue) -> str:
    """Advice on a key that its block does not have, in a block with this engine, if any."""
    *place, name = loc
    blocks, there = list(_blocks(schema, schema)), raw
    for part in place:
        blocks = [inner for block in blocks for below in _below(block, part) for inner in _blocks(below, schema)]
        there = there.get(part) if isinstance(there, Mapping) else None
    if engine and any(name in block["properties"] for block in blocks):
        return f"does not go with engine: {engine}; config.yaml explains which keys do"
    if engine:
        blocks = [block for block in blocks if block["properties"]["engine"]["const"] == engine]
    near = _nearest(name, blocks, set(there) if isinstance(there, Mapping) else set())
    if not near:
        return "unknown key; config.yaml explains those there are"
    return f"unknown key; did you mean {' or '.join(map(repr, near))}?"


def _nearest(name: str, blocks: Sequence[JsonSchemaValue], there: Collection[str]) -> list[str]:
    """The key of blocks that is most like a name, and further ones that begin as it does; of those that lack, one."""
    keys = sorted({key for block in blocks for key in block.get("properties", ())})
    needed = {key for block in blocks for key in block.get("required", ())}.difference(there)
    close = difflib.get_close_matches(name, keys, 5)
    if lacking := [key for key in close if key in needed]:
        return lacking[:1]
    alike = [key for key in close[1:] if key not in there and key.startswith(close[0][: len(key) // 2 + 1])]
    return [*close[:1], *alike]


def _blocks(node: JsonSchemaValue, schema: JsonSchemaValue) -> Iterator[JsonSchemaValue]:
    """The blocks of keys that may stand where a node of the schema is."""
    if "$ref" in node:
        yield from _blocks(schema["$defs"][node["$ref"].rpartition("/")[2]], schema)
    for one in (*node.get("anyOf", ()), *node.get("oneOf", ())):
        yield from _blocks(one, schema)
    if node.get("type") == "object":
        yield node


def _below(block: JsonSchemaValue, key: str) -> Iterator[JsonSchemaValue]:
    """What may stand below a key of a block."""
    if key in block.get("properties", ()):
        yield block["properties"][key]
    elif isinstance(others := block.get("additionalProperties"), dict):
        yield others
    else:
        yield from block.get("patternProperties", {}).values()
