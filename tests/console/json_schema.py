"""A small reader of JSON Schema 2020-12: the part our OpenAPI document uses, strict about everything else."""

import re
from datetime import datetime
from typing import Any

KNOWN = {
    "$ref", "additionalProperties", "anyOf", "const", "default", "description", "enum", "exclusiveMinimum", "format",
    "items", "maxItems", "maxLength", "maximum", "minItems", "minLength", "minimum", "pattern", "prefixItems",
    "properties", "required", "title", "type",
}  # fmt: skip
TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "null": type(None),
}


def misfits(value: Any, schema: dict[str, Any], document: dict[str, Any], at: str = "$") -> list[str]:
    """Returns the places where `value` breaks `schema`. Raises KeyError for a keyword that is not supported."""
    unknown = schema.keys() - KNOWN
    if unknown:
        raise KeyError(f"{at}: {sorted(unknown)}")
    if "$ref" in schema:
        return misfits(value, resolve(schema["$ref"], document), document, at)
    if "anyOf" in schema:
        each = [misfits(value, part, document, at) for part in schema["anyOf"]]
        return [] if any(not found for found in each) else [f"{at}: fits none of anyOf: {each}"]
    found = _simple(value, schema, at)
    if not found and isinstance(value, dict):
        found += _members(value, schema, document, at)
    if not found and isinstance(value, list):
        for place, item in enumerate(value):
            found += misfits(item, schema.get("items", {}), document, f"{at}[{place}]")
    return found


def resolve(ref: str, document: dict[str, Any]) -> dict[str, Any]:
    """Returns the target of a local `$ref`. Raises KeyError without one."""
    found: Any = document
    for part in ref.removeprefix("#/").split("/"):
        found = found[part]
    return dict(found)


def _simple(value: Any, schema: dict[str, Any], at: str) -> list[str]:
    wanted = schema.get("type")
    if wanted and (not isinstance(value, TYPES[wanted]) or (wanted != "boolean" and isinstance(value, bool))):
        return [f"{at}: {value!r} is no {wanted}"]
    found = []
    if "enum" in schema and value not in schema["enum"]:
        found.append(f"{at}: {value!r} is none of {schema['enum']}")
    if "const" in schema and value != schema["const"]:
        found.append(f"{at}: {value!r} is not {schema['const']!r}")
    if "pattern" in schema and not re.search(schema["pattern"], value):
        found.append(f"{at}: {value!r} does not match {schema['pattern']}")
    if schema.get("format") == "date-time" and datetime.fromisoformat(value).tzinfo is None:
        found.append(f"{at}: {value!r} has no offset")
    return found


def _members(value: dict[str, Any], schema: dict[str, Any], document: dict[str, Any], at: str) -> list[str]:
    known = schema.get("properties", {})
    found = [f"{at}: {name} is missing" for name in schema.get("required", ()) if name not in value]
    for name, member in value.items():
        rest = schema.get("additionalProperties", True)
        if name in known:
            found += misfits(member, known[name], document, f"{at}.{name}")
        elif isinstance(rest, dict):
            found += misfits(member, rest, document, f"{at}.{name}")
        elif not rest:
            found.append(f"{at}: {name} is not described")
    return found
