"""Dispatches every request of the API: checks token and right, parses query and body, calls the handler, renders JSON.

A handler gets the parsed and typed request; it does not touch Flask's own.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from flask import Response, request
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, ValidationError
from pydantic_core import from_json, to_json

from agent_console.api.problems import Problem, problem_of, problem_of_validation, render
from agent_console.api.requests import Nothing
from agent_console.api.schemas import Document
from agent_console.web.auth import current_person, current_token_id, needs_token
from agent_console.web.console_context import application
from hotline.rules.errors import DomainError
from hotline.rules.people.actors import Person, Right
from hotline.store.cursors import MAX_ID, BadCursor
from hotline.unit_of_work import Application

Query = TypeVar("Query", bound=BaseModel)
Body = TypeVar("Body", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class ApiRequest(Generic[Query, Body]):
    """One parsed request. `path` holds the variable parts of the address as text."""

    application: Application
    person: Person
    token_id: int
    path: dict[str, str]
    query: Query
    body: Body
    idempotency_key: str | None

    def row_id(self) -> int:
        """Returns the `id` of the address. Raises Problem (404) for a text that can be no id."""
        text = self.path["id"]
        if not (text.isascii() and text.isdigit() and len(text) <= 10 and 0 < int(text) <= MAX_ID):
            raise Problem("not_found")
        return int(text)


@dataclass(frozen=True, slots=True)
class ApiResponse:
    """The response of a handler; a `body` of None is an empty document (204)."""

    body: BaseModel | Document | None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Route(Generic[Query, Body]):
    """One request that a program can send.

    `rights`: one of them is needed; without any, every token will do. `status` is the usual success, `other_statuses`
    are further ones; `problems` are the failures beyond 401 and 403. `idempotent`: an Idempotency-Key is honoured.
    """

    method: str
    path: str
    handler: Callable[[ApiRequest[Query, Body]], ApiResponse]
    summary: str
    query: type[Query]
    body: type[Body]
    response: type[BaseModel] | None
    status: int = 200
    rights: tuple[Right, ...] = ()
    problems: tuple[int, ...] = ()
    other_statuses: tuple[int, ...] = ()
    idempotent: bool = False

    @property
    def name(self) -> str:
        return self.handler.__name__


def view_of(route: Route[Any, Any]) -> Callable[..., ResponseReturnValue]:
    """Returns the Flask view of a route."""

    def view(**path: str) -> ResponseReturnValue:
        try:
            return _render(route.handler(_parse(route, path)))
        except Problem as problem:
            return render(problem)
        except (BadCursor, DomainError) as error:
            return render(problem_of(error, route.body.model_fields.keys()))

    return needs_token(*route.rights)(view)


def _parse(route: Route[Query, Body], path: dict[str, str]) -> ApiRequest[Query, Body]:
    try:
        query = route.query.model_validate(_query())
        body = route.body.model_validate(_body() if route.body is not Nothing else {})
    except ValidationError as wrong:
        raise problem_of_validation(wrong) from wrong
    return ApiRequest(
        application=application(),
        person=current_person(),
        token_id=current_token_id(),
        path=path,
        query=query,
        body=body,
        idempotency_key=_key(),
    )


def _query() -> dict[str, Any]:
    given = request.args.to_dict(flat=False)
    return {name: values[0] if len(values) == 1 else values for name, values in given.items()}


def _body() -> Any:
    """Returns the parsed JSON body; no body at all is an empty object. Raises Problem 415 or 400."""
    raw = request.get_data(cache=False)
    if not raw:
        return {}
    if request.mimetype != "application/json":
        raise Problem("unsupported_media_type")
    try:
        return from_json(raw, allow_inf_nan=False)
    except ValueError as wrong:
        raise Problem("bad_json") from wrong


def _key() -> str | None:
    key = request.headers.get("Idempotency-Key")
    if key is not None and not (1 <= len(key) <= 120 and key.isascii() and key.isprintable()):
        raise Problem("bad_idempotency_key")
    return key


def _render(reply: ApiResponse) -> Response:
    if reply.body is None:
        return Response(status=204, headers=reply.headers)
    body = reply.body
    text = to_json(body) if isinstance(body, dict) else body.model_dump_json(by_alias=True)
    return Response(text, reply.status, headers=reply.headers, mimetype="application/json")
