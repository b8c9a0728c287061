"""What is wrong with a configuration, in words."""

import difflib
from collections.abc import Collection, Mapping

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


def advice(error: ErrorDetails, keys: Collection[str]) -> str:
    """One line of what is wrong and how to mend it; `keys` are all that there are."""
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
            return f"{key}: {_unknown(loc[-1], engine if len(loc) == 3 else '', keys)}"
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


def _unknown(name: str, engine: str, keys: Collection[str]) -> str:
    """Advice on a key that its block does not have, in a block with this engine, if any."""
    if engine and name in keys:
        return f"does not go with engine: {engine}; config.yaml explains which keys do"
    # A key of another block is no advice on itself.
    near = difflib.get_close_matches(name, set(keys) - {name}, 1)
    return f"unknown key; did you mean {near[0]!r}?" if near else "unknown key; config.yaml explains those there are"
