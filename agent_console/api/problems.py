"""What a program is told when something is refused: problem details (RFC 9457) with a stable code, named fields and what is allowed instead."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Response
from flask.json import dumps
from flask_babel import gettext as _
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from agent_console.web.labels import PROBLEMS
from agent_console.web.locale import N_
from hotline.rules import errors as domain_errors
from hotline.services.tickets.idempotency import KeyReused

MIMETYPE = "application/problem+json"
TYPE_PREFIX = "urn:hotline:problem:"
"""Followed by the code; a name to compare, not an address to open."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of refusal: HTTP status and what people read."""

    status: int
    title: str


KINDS: dict[str, Kind] = {
    "bad_json": Kind(400, N_("正文不是有效的 JSON")),
    "bad_cursor": Kind(400, N_("游标无效，请从第一页重新读取")),
    "bad_idempotency_key": Kind(400, N_("Idempotency-Key 须为 1 至 120 个可见 ASCII 字符")),
    "not_found": Kind(404, N_("没有找到")),
    "not_allowed": Kind(403, N_("没有权限")),
    "action_not_allowed": Kind(409, N_("当前状态不允许此操作")),
    "stale_revision": Kind(409, N_("内容已被他人修改，请重新读取")),
    "lost_race": Kind(409, N_("已被他人抢先处理，请重新读取")),
    "unsupported_media_type": Kind(415, N_("正文须为 application/json")),
    "bad_fields": Kind(422, N_("有字段未被接受")),
    "key_reused": Kind(422, N_("此 Idempotency-Key 已用于另一内容的请求")),
}
"""Code -> kind. The codes are a promise to programs; the titles follow the language of the installation."""

_OF_REFUSAL: dict[type[domain_errors.DomainError], str] = {
    domain_errors.NoSuchCall: "not_found",
    domain_errors.NoSuchTicket: "not_found",
    domain_errors.NoSuchCallback: "not_found",
    domain_errors.NoSuchOutage: "not_found",
    domain_errors.NotAllowed: "not_allowed",
    domain_errors.ActionNotAllowed: "action_not_allowed",
    domain_errors.StaleRevision: "stale_revision",
    domain_errors.LostRace: "lost_race",
    domain_errors.MissingFields: "bad_fields",
    domain_errors.InvalidFields: "bad_fields",
    domain_errors.UnknownUnit: "bad_fields",
    domain_errors.BadNumber: "bad_fields",
    KeyReused: "key_reused",
}

_CODES = {
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
"""Pydantic's word for a fault -> ours; others are passed on as they are."""

OUTSIDE = {"unit_code": "unit"}
"""Our name of a fact -> its name in the public interface."""


class Problem(Exception):
    """A refusal on its way to a program. `more` are members beside the standard ones."""

    def __init__(self, code: str, detail: str = "", **more: Any) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail
        self.more = more


def bad_fields(errors: Mapping[str, str]) -> Problem:
    """Return the problem that names every refused field: field -> code, ours or pydantic's."""
    named = [{"field": name, "code": code, "detail": _words(code)} for name, code in errors.items()]
    return Problem("bad_fields", errors=named)


def of_validation(wrong: ValidationError) -> Problem:
    """Return the problem that tells every fault of a query or a body."""
    return bad_fields({_place(fault): _CODES.get(fault["type"], fault["type"]) for fault in wrong.errors()})


def of_refusal(refusal: domain_errors.DomainError) -> Problem:
    """Return the problem that tells a refusal of the application. Raises KeyError for one no door expects."""
    code = _OF_REFUSAL[type(refusal)]
    match refusal:
        case domain_errors.MissingFields():
            return bad_fields({OUTSIDE.get(name, name): "missing" for name in refusal.fields})
        case domain_errors.InvalidFields():
            return bad_fields({OUTSIDE.get(name, name): each for name, each in refusal.errors.items()})
        case domain_errors.UnknownUnit():
            return bad_fields({"unit": "unknown_value"})
        case domain_errors.BadNumber():
            return bad_fields({"number": "unknown_value"})
        case domain_errors.ActionNotAllowed():
            return Problem(code, allowed_actions=[action.value for action in refusal.allowed])
        case domain_errors.StaleRevision():
            return Problem(code, current_revision=refusal.current)
        case _:
            return Problem(code)


def render(problem: Problem) -> Response:
    """Return the problem document."""
    kind = KINDS[problem.code]
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


def _words(code: str) -> str:
    return _(PROBLEMS[code]) if code in PROBLEMS else code
