"""Builds the OpenAPI 3.1 description of the API from the route table and the models that parse and render."""

import re
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from agent_console.api.dispatch import Route
from agent_console.api.problems import MIMETYPE
from agent_console.api.requests import Nothing
from agent_console.api.schemas import ProblemOut
from hotline.rules.tickets.transitions import TRANSITIONS

Json = dict[str, Any]
Model = type[BaseModel]
Refs = dict[Model, Json]
_REF = "#/components/schemas/{model}"

_PROBLEMS = {
    400: "The request cannot be understood (JSON, cursor or Idempotency-Key)",
    401: "No valid bearer token",
    403: "The token's person lacks the right",
    404: "Not there, or not for this person",
    409: "The state does not permit it; `allowed_actions` says what it does permit",
    415: "The body must be application/json",
    422: "Fields were refused; `errors` names each",
}

_PATH_PARAMETERS: dict[str, Json] = {
    "number": {"type": "string", "description": "工单号 ticket number, or `draft-{id}`"},
    "action": {"type": "string", "enum": list(dict.fromkeys(row.action.value for row in TRANSITIONS))},
    "id": {"type": "integer", "minimum": 1},
    "name": {"type": "string", "description": "用户名 log-in name"},
}


def describe(routes: Sequence[Route[Any, Any]], base: str) -> Json:
    """Returns the whole document for `routes`, reachable below `base`."""
    models = _models(routes)
    names, document = models_json_schema(models, ref_template=_REF)
    refs = {model: names[model, mode] for model, mode in models}
    paths: dict[str, Json] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, refs)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "政务热线 City hotline",
            "version": "1",
            "description": "Callers are masked; moments are RFC 3339 with the city's offset; errors are RFC 9457 problem details.",
        },
        "servers": [{"url": base}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": document["$defs"],
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _models(routes: Sequence[Route[Any, Any]]) -> list[tuple[Model, JsonSchemaMode]]:
    """Returns the model of every body and response once, with the mode of its schema, in a stable order."""
    bodies = {route.body for route in routes if route.body is not Nothing}
    responses = {route.response for route in routes if route.response is not None} | {ProblemOut}
    models: list[tuple[Model, JsonSchemaMode]] = [(model, "validation") for model in bodies]
    models += [(model, "serialization") for model in responses]
    return sorted(models, key=lambda pair: (pair[0].__name__, pair[0].__module__))


def _operation(route: Route[Any, Any], refs: Refs) -> Json:
    operation: Json = {
        "operationId": route.name,
        "summary": route.summary,
        "parameters": _parameters(route),
        "responses": _responses(route, refs),
    }
    if route.rights:
        operation["description"] = "One of the rights: " + ", ".join(right.value for right in route.rights)
    if route.body is not Nothing:
        required = any(field.is_required() for field in route.body.model_fields.values())
        content = {"application/json": {"schema": refs[route.body]}}
        operation["requestBody"] = {"required": required, "content": content}
    return operation


def _parameters(route: Route[Any, Any]) -> list[Json]:
    names = re.findall(r"\{(\w+)\}", route.path)
    found: list[Json] = [
        {"name": name, "in": "path", "required": True, "schema": _PATH_PARAMETERS[name]} for name in names
    ]
    schema = route.query.model_json_schema()
    for name, property_schema in schema.get("properties", {}).items():
        inlined = _inline(property_schema, schema.get("$defs", {}))
        found.append({"name": name, "in": "query", "required": False, "schema": inlined})
    if route.idempotent:
        key = {"type": "string", "minLength": 1, "maxLength": 120}
        found.append({"name": "Idempotency-Key", "in": "header", "required": False, "schema": key})
    return found


def _inline(schema: Any, defs: Json) -> Any:
    """Returns a parameter's schema with the enumerations it refers to written out."""
    # A parameter of OpenAPI cannot carry definitions of its own.
    if isinstance(schema, list):
        return [_inline(part, defs) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _inline(defs[schema["$ref"].rsplit("/", 1)[1]], defs)
    return {name: _inline(part, defs) for name, part in schema.items()}


def _responses(route: Route[Any, Any], refs: Refs) -> Json:
    success: Json = {"description": "OK"}
    if route.response is not None:
        success["content"] = {"application/json": {"schema": refs[route.response]}}
    found: Json = {str(status): success for status in (route.status, *route.other_statuses)}
    for status in sorted({401, *route.problems} | ({403} if route.rights else set())):
        content = {MIMETYPE: {"schema": refs[ProblemOut]}}
        found[str(status)] = {"description": _PROBLEMS[status], "content": content}
    return found
