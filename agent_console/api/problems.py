"""Problem details (RFC 9457): the JSON document of every refused request, with a stable code and named fields."""

from collections.abc import Collection, Mapping
from typing import Any

from flask import Response
from flask.json import dumps
from flask_babel import gettext as _
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from agent_console.web.domain_errors import PROBLEM_TYPES, ProblemType, entry_of, field_codes
from agent_console.web.labels import N_, problem_label
from hotline.rules.errors import ActionNotAllowed, DomainError, StaleRevision
from hotline.rules.tickets.fields import STATED_FIELDS

MIMETYPE = "application/problem+json"
# Followed by the code. A URN is compared as a name; it is not an address to open.
TYPE_PREFIX = "urn:hotline:problem:"

# Problem code -> type. The codes are public; the titles are in the language of the installation.
TYPES: dict[str, ProblemType] = {
    **PROBLEM_TYPES,
    "bad_json": ProblemType(400, N_("正文不是有效的 JSON")),
    "bad_idempotency_key": ProblemType(400, N_("Idempotency-Key 须为 1 至 120 个可见 ASCII 字符")),
    "unsupported_media_type": ProblemType(415, N_("正文须为 application/json")),
}

# Pydantic's error type -> our code. Types that are not listed are passed on unchanged.
_PYDANTIC_CODES = {
    "missing": "missing",
    "extra_forbidden": "unknown_field",
    "enum": "unknown_value",
    "literal_error": "unknown_value",
    "string_type": "not_text",
    "string_too_long": "too_long",
    "datetime_type": "not_a_moment",
    "datetime_parsing": "not_a_moment",
    "datetime_from_date_parsing": "not_a_moment",
    "timezone_aware": "not_a_moment",
}

# Internal field name -> its name in the public API.
PUBLIC_NAMES = {field.name: field.api_name for field in STATED_FIELDS}


class Problem(Exception):
    """A refused request. `more` holds members beside the standard ones."""

    def __init__(self, code: str, detail: str = "", **more: Any) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail
        self.more = more


def bad_fields(errors: Mapping[str, str]) -> Problem:
    """Returns the problem that names every refused field: field -> code, ours or pydantic's."""
    named = [{"field": name, "code": code, "detail": problem_label(code)} for name, code in errors.items()]
    return Problem("bad_fields", errors=named)


def problem_of_validation(error: ValidationError) -> Problem:
    """Returns the problem that lists every fault of a query or a body."""
    return bad_fields(
        {_place(fault): _PYDANTIC_CODES.get(fault["type"], fault["type"]) for fault in error.errors()}
    )


def problem_of(error: Exception, body_fields: Collection[str] = ()) -> Problem:
    """Returns the problem of a domain error, or of an invalid list cursor.

    A refused field is named as the body of the request names it: `body_fields`, else by the public name of a ticket's field.
    """
    if isinstance(error, DomainError) and (codes := field_codes(error)):
        return bad_fields(
            {name if name in body_fields else PUBLIC_NAMES.get(name, name): codes[name] for name in codes}
        )
    code = entry_of(error).code
    match error:
        case ActionNotAllowed(allowed=allowed):
            return Problem(code, allowed_actions=[action.value for action in allowed])
        case StaleRevision(current=current):
            return Problem(code, current_revision=current)
        case _:
            return Problem(code)


def render(problem: Problem) -> Response:
    """Returns the problem document as a response."""
    kind = TYPES[problem.code]
    document = {
        "type": TYPE_PREFIX + problem.code,
        "title": _(kind.title),
        "status": kind.status,
        "code": problem.code,
        **({"detail": problem.detail} if problem.detail else {}),
        **problem.more,
    }
    return Response(dumps(document, ensure_ascii=False), kind.status, mimetype=MIMETYPE)


def _place(fault: ErrorDetails) -> str:
    return ".".join(str(part) for part in fault["loc"]) or "body"
