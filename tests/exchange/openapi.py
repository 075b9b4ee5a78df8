"""A strict reader of the carrier's official OpenAPI description, limited to the part that its REST resources use.

It finds the operation of a request, the parts of a request that are not described, and the parts of an answer that do
not match. A described field that is missing is a mismatch too, because the carrier always sends whole resources.
"""

import json
import re
from email.utils import parsedate_to_datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

FILE = Path(__file__).resolve().parents[3] / "shared" / "twilio" / "twilio_api_v2010.json"
Schema = dict[str, Any]
TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
}
KNOWN = {
    "$ref", "type", "format", "nullable", "enum", "pattern", "minLength", "maxLength", "properties", "items", "title",
    "description", "default", "minimum", "maximum", "required",
}  # fmt: skip


@cache
def description() -> Schema:
    """Returns the whole document, read once."""
    return dict(json.loads(FILE.read_text(encoding="utf-8")))


def operation(method: str, path: str) -> Schema:
    """Returns the operation of a concrete path; raises LookupError when the carrier has none."""
    for template, methods in description()["paths"].items():
        pattern = re.sub(r"\\{\w+\\}", "[^/]+", re.escape(template))
        if re.fullmatch(pattern, path) and method.lower() in methods:
            return dict(methods[method.lower()])
    raise LookupError(f"{method} {path}")


def strange_fields(schema: Schema, given: list[tuple[str, str]]) -> list[str]:
    """Returns the fields of a form or query that are unknown, of a wrong type, or required and missing."""
    known = schema.get("properties", {})
    found = [f"{name} is required" for name in schema.get("required", ()) if name not in dict(given)]
    for name, text in given:
        if name not in known:
            found.append(f"{name} is not described")
            continue
        rule = _resolved(known[name])
        item = rule.get("items", {}) if rule.get("type") == "array" else rule
        found += misfits(_value(text, _resolved(item)), item, name)
    return found


def _value(text: str, rule: Schema) -> Any:
    """Converts the text of a form field to its described type; returns the text itself where that fails."""
    if rule.get("type") in {"integer", "number"} and re.fullmatch(r"-?\d+", text):
        return int(text)
    return {"true": True, "false": False}.get(text, text) if rule.get("type") == "boolean" else text


def misfits(value: Any, schema: Schema, at: str = "$") -> list[str]:
    """Returns the places where `value` does not match `schema`; raises KeyError for a keyword this reader does not know."""
    rule = _resolved(schema)
    if unknown := {word for word in rule if not word.startswith("x-")} - KNOWN:
        raise KeyError(f"{at}: {sorted(unknown)}")
    if value is None:
        return [] if rule.get("nullable") or "$ref" in schema else [f"{at}: null"]
    wanted = rule.get("type")
    if wanted and (not isinstance(value, TYPES[wanted]) or (wanted != "boolean" and isinstance(value, bool))):
        return [f"{at}: {value!r} is no {wanted}"]
    found = _text(value, rule, at) if isinstance(value, str) else []
    if "enum" in rule and value not in rule["enum"]:
        found.append(f"{at}: {value!r} is none of {rule['enum']}")
    if isinstance(value, dict) and "properties" in rule:
        found += [f"{at}: {name} is missing" for name in rule["properties"].keys() - value.keys()]
        found += [f"{at}: {name} is not described" for name in value.keys() - rule["properties"].keys()]
        for name in value.keys() & rule["properties"].keys():
            found += misfits(value[name], rule["properties"][name], f"{at}.{name}")
    if isinstance(value, list):
        for place, item in enumerate(value):
            found += misfits(item, rule.get("items", {}), f"{at}[{place}]")
    return found


def _resolved(schema: Schema) -> Schema:
    if "$ref" not in schema:
        return schema
    found: Any = description()
    for part in schema["$ref"].removeprefix("#/").split("/"):
        found = found[part]
    return dict(found)


def _text(value: str, rule: Schema, at: str) -> list[str]:
    shortest, longest = rule.get("minLength", 0), rule.get("maxLength", len(value))
    fits = shortest <= len(value) <= longest and re.search(rule.get("pattern", ""), value)
    return [] if fits and _has_format(value, rule.get("format")) else [f"{at}: {value!r} does not fit {rule}"]


def _has_format(value: str, name: str | None) -> bool:
    match name:
        case "date-time-rfc-2822":
            return re.fullmatch(r"\w{3}, \d\d \w{3} \d{4} [\d:]{8} \+0000", value) is not None and bool(
                parsedate_to_datetime(value)
            )
        case "uri":
            return urlsplit(value).scheme in {"", "http", "https"} and not value.isspace()
        case "http-method":
            return value in {"GET", "POST"}
        case "currency":
            return re.fullmatch(r"[A-Z]{3}", value) is not None
        case "date-time":
            return re.fullmatch(r"\d{4}-\d\d-\d\d(T[\d:]{8}Z)?", value) is not None
        case "phone-number" | "endpoint" | "twiml" | None:
            return value != ""
        case other:
            raise KeyError(f"unknown format {other}")
