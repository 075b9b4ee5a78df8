"""What a page's script sends, parsed; and every ordinary "no" of the application, told so that the page can say what to do.

Answers to scripts are JSON: `errors` (field -> words) with 422, `message` with 403, 404 or 409, `stale` with 409 when
somebody saved in between.
"""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import ParamSpec, cast

from flask import jsonify, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.exceptions import BadRequest

from agent_console.web.labels import problem_label
from agent_console.web.locale import N_
from hotline.rules import errors as domain_errors

P = ParamSpec("P")
Answer = tuple[int, dict[str, object]]

MESSAGES: dict[type[domain_errors.DomainError], tuple[int, str]] = {
    domain_errors.UnfinishedCall: (409, N_("上一通来电还没有办结，也没有选择无诉求原因。请先完成。")),
    domain_errors.ActionNotAllowed: (409, N_("工单状态已变化，不能再这样操作。")),
    domain_errors.LostRace: (409, N_("状态刚刚变化，已为您刷新。")),
    domain_errors.NotAllowed: (403, N_("您不能进行此操作。")),
    domain_errors.NoSuchCall: (404, N_("找不到这通电话。")),
    domain_errors.NoSuchTicket: (404, N_("找不到这张工单。")),
}


def json_object() -> dict[str, object]:
    """Return the JSON object of the request. Raises BadRequest for anything else."""
    try:
        body = request.get_json(silent=True)
    except RecursionError as endless:
        raise BadRequest from endless
    if not isinstance(body, dict):
        raise BadRequest
    return cast("dict[str, object]", body)


def text_in(body: Mapping[str, object], name: str, longest: int = 200) -> str:
    """Return a short text of `body`, empty when absent. Raises BadRequest if it is no text or too long."""
    value = body.get(name, "")
    if not isinstance(value, str) or len(value) > longest:
        raise BadRequest
    return value.strip()


def object_in(body: Mapping[str, object], name: str) -> dict[str, object]:
    """Return an object inside `body`, empty when absent. Raises BadRequest if it is something else."""
    value = body.get(name, {})
    if not isinstance(value, dict):
        raise BadRequest
    return cast("dict[str, object]", value)


def revision_in(body: Mapping[str, object]) -> int:
    """Return the revision the page last read. Raises BadRequest without one: a save is always guarded."""
    value = body.get("revision")
    if isinstance(value, bool) or not isinstance(value, int):
        raise BadRequest
    return value


def answer_to(refusal: domain_errors.DomainError) -> Answer:
    """Return status and body for a refusal, in the language of this request."""
    match refusal:
        case domain_errors.InvalidFields(errors=errors):
            return 422, {"errors": {name: problem_label(code) for name, code in errors.items()}}
        case domain_errors.MissingFields(fields=fields):
            return 422, {"errors": {name: problem_label("missing") for name in fields}}
        case domain_errors.UnknownUnit():
            return 422, {"errors": {"unit_code": problem_label("unknown_value")}}
        case domain_errors.StaleRevision(current=current):
            return 409, {"stale": current}
        case _:
            return _message(refusal)


def _message(refusal: domain_errors.DomainError) -> Answer:
    status, words = MESSAGES.get(type(refusal), (409, N_("状态刚刚变化，已为您刷新。")))
    return status, {"message": _(words)}


def tells_refusals(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
    """Turn a refusal raised in a view for scripts into its JSON answer; the Work around it was rolled back."""

    @wraps(view)
    def told(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        try:
            return view(*args, **kwargs)
        except domain_errors.DomainError as refusal:
            status, body = answer_to(refusal)
            return jsonify(body), status

    return told
