"""JSON requests of a page's script, and the JSON answers to domain errors.

An answer holds `errors` (field -> words) with 422, `message` with 403, 404 or 409, or `stale` (the current revision)
with 409 when another page saved in between.
"""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import ParamSpec, cast

from flask import jsonify, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.exceptions import BadRequest

from agent_console.web.domain_errors import entry_of, field_codes
from agent_console.web.labels import field_problem_label
from hotline.rules.errors import DomainError, StaleRevision
from hotline.rules.text import clean

P = ParamSpec("P")
Answer = tuple[int, dict[str, object]]


def json_object() -> dict[str, object]:
    """Returns the JSON object of the request. Raises BadRequest for anything else."""
    try:
        body = request.get_json(silent=True)
    except RecursionError as endless:
        raise BadRequest from endless
    if not isinstance(body, dict):
        raise BadRequest
    return cast("dict[str, object]", body)


def text_in(body: Mapping[str, object], name: str, longest: int = 200) -> str:
    """Returns a text of `body` as it is kept, empty when absent. `longest` counts characters.

    Raises BadRequest if the value is not a text or is longer.
    """
    value = body.get(name, "")
    if not isinstance(value, str) or len(value) > longest:
        raise BadRequest
    return clean(value)


def object_in(body: Mapping[str, object], name: str) -> dict[str, object]:
    """Returns an object inside `body`, empty when absent. Raises BadRequest for any other value."""
    value = body.get(name, {})
    if not isinstance(value, dict):
        raise BadRequest
    return cast("dict[str, object]", value)


def revision_in(body: Mapping[str, object]) -> int:
    """Returns the revision the page last read. Raises BadRequest without one."""
    # A save without a revision could overwrite another page's changes, so it is never accepted.
    value = body.get("revision")
    if isinstance(value, bool) or not isinstance(value, int):
        raise BadRequest
    return value


def answer_to(error: DomainError) -> Answer:
    """Returns status and body for a domain error, in the language of this request."""
    entry = entry_of(error)
    if codes := field_codes(error):
        return entry.status, {
            "errors": {name: field_problem_label(name, code) for name, code in codes.items()}
        }
    if isinstance(error, StaleRevision):
        return entry.status, {"stale": error.current}
    return entry.status, {"message": _(entry.words)}


def domain_errors_as_json(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
    """Decorates a view for scripts: a domain error becomes its JSON answer."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        try:
            return view(*args, **kwargs)
        except DomainError as error:
            # The unit of work inside the view has been rolled back by now: nothing was changed.
            status, body = answer_to(error)
            return jsonify(body), status

    return guarded
