"""What is wrong with a configuration, in words."""

import difflib
from collections.abc import Collection, Mapping
from typing import Any


def advice(error: Mapping[str, Any], keys: Collection[str]) -> str:
    """One line of what is wrong and how to mend it; `keys` are all that there are."""
    loc = [str(part) for part in error["loc"] if part != "[key]"]
    if loc[:1] in (["models"], ["judges"]):
        del loc[2:3]  # the engine, by which pydantic chose what to check
    key = ".".join(loc)
    value = error.get("input")
    # An address may hold a login.
    shown = "" if isinstance(value, Mapping | list) or value is None or loc[-1:] == ["base_url"] else f" {value!r}"
    match error["type"]:
        case "missing":
            return f"{key}: missing; add it"
        case "extra_forbidden":
            near = difflib.get_close_matches(loc[-1], keys, 1)
            meant = f"did you mean {near[0]!r}?" if near else "config.yaml explains those there are"
            return f"{key}: unknown key; {meant}"
        case "dict_type" | "model_type" | "model_attributes_type":
            return f"{key}:{shown} is no block of keys; give its keys below it, or {{}} for none"
        case "list_type":
            return f"{key}:{shown} is no list; write [{value}]"
        case "string_type" if isinstance(value, bool):
            return f"{key}: {value!r} is a truth value to YAML; quote it: 'no' (Norwegian), 'yes', 'on', 'off'"
        case "union_tag_invalid":
            return (
                f"{key}.engine: {value.get('engine') if value else None!r} is none of {error['ctx']['expected_tags']}"
            )
        case "union_tag_not_found":
            return f"{key}.engine: missing; name the engine"
        case "string_pattern_mismatch" if "api_key_env" in loc or "headers_env" in loc:
            return f"{key}: give the NAME of an environment variable, in capitals, digits and '_'; never the key itself"
        case "string_pattern_mismatch":
            return f"{key}: {value!r} names files; use letters, digits, '.', '_' and '-'"
        case "value_error":
            return f"{key}{shown}: {error['ctx']['error']}" if key else str(error["ctx"]["error"])
        case _:
            return f"{key}:{shown} {error['msg'][:1].lower()}{error['msg'][1:]}"
