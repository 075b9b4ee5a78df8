"""`/faults`: the fault switches over HTTP, for the status page, for tests and for a terminal.

`GET /faults` lists the rules in force (`faults`) and the known faults (`kinds`: fault → the steps it can be aimed at).
`POST /faults` sets a rule: `{"fault": "drop", "step": "status", "path": "", "nth": 1, "times": 1, "seconds": 5}`. All
fields but `fault` are optional; `step` null = any, `times` null = every time. The answer is 201 with the switch and its
`id`. `POST /faults/{id}` with `{"is_on": false}` turns one off or on; `DELETE /faults/{id}` removes it, `DELETE /faults`
all. An invalid request is answered 400 with `{"error": …}`; pages of other machines are refused (403).
"""

import json
from collections.abc import Mapping
from typing import Any, TypeVar

from aiohttp import web

from hotline.exchange.core.exchange import EXCHANGE
from hotline.exchange.core.faults import APPLICABLE_STEPS, FAULTS, BadRuleError, Fault, FaultRule, FaultSwitch
from hotline.exchange.core.sockets import from_here
from hotline.exchange.vocabulary.request_kinds import RequestKind

T = TypeVar("T")
Member = TypeVar("Member", Fault, RequestKind)
_KNOWN = frozenset({"fault", "step", "path", "nth", "times", "seconds"})


def fault_routes() -> list[web.RouteDef]:
    return [
        web.get("/faults", list_faults),
        web.post("/faults", set_fault),
        web.delete("/faults", clear_faults),
        web.post("/faults/{id}", turn_fault),
        web.delete("/faults/{id}", remove_fault),
    ]


def switch_json(switch: FaultSwitch) -> dict[str, Any]:
    rule = switch.rule
    return {
        "id": switch.id,
        "fault": rule.fault,
        "step": rule.step,
        "path": rule.path,
        "nth": rule.nth,
        "times": rule.times,
        "seconds": rule.seconds,
        "is_on": switch.is_on,
        "is_spent": switch.is_spent,
        "fired": switch.fired,
    }


async def list_faults(request: web.Request) -> web.Response:
    switches = request.app[EXCHANGE].faults.switches.values()
    kinds = {fault: sorted(APPLICABLE_STEPS[fault]) for fault in FAULTS}
    return web.json_response({"faults": [switch_json(switch) for switch in switches], "kinds": kinds})


async def set_fault(request: web.Request) -> web.Response:
    try:
        switch = request.app[EXCHANGE].faults.set(rule_of(await _read(request)))
    except BadRuleError as error:
        return _error(400, str(error))
    return web.json_response(switch_json(switch), status=201)


async def turn_fault(request: web.Request) -> web.Response:
    switch = request.app[EXCHANGE].faults.switches.get(request.match_info["id"])
    if switch is None:
        return _error(404, "there is no such fault")
    try:
        wanted = _typed(await _read(request), "is_on", bool, None)
    except BadRuleError as error:
        return _error(400, str(error))
    if wanted is None:
        return _error(400, "is_on: must be true or false")
    switch.is_on = wanted
    return web.json_response(switch_json(switch))


async def remove_fault(request: web.Request) -> web.Response:
    _only_from_here(request)
    if request.app[EXCHANGE].faults.switches.pop(request.match_info["id"], None) is None:
        return _error(404, "there is no such fault")
    return web.Response(status=204)


async def clear_faults(request: web.Request) -> web.Response:
    _only_from_here(request)
    request.app[EXCHANGE].faults.clear()
    return web.Response(status=204)


def rule_of(fields: Mapping[str, Any]) -> FaultRule:
    """Returns the rule that a JSON object describes; raises BadRuleError that names the field."""
    unknown = sorted(set(fields) - _KNOWN)
    if unknown:
        raise BadRuleError(f"{unknown[0]}: there is no such field; known are {', '.join(sorted(_KNOWN))}")
    fault = _member(fields, "fault", Fault)
    if fault is None:
        raise BadRuleError("fault: is missing")
    times = 1 if "times" not in fields else _typed(fields, "times", int, None)
    seconds = fields.get("seconds", FaultRule.seconds)
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise BadRuleError("seconds: must be a number")
    return FaultRule(
        fault=fault,
        step=_member(fields, "step", RequestKind),
        path=_typed(fields, "path", str, "") or "",
        nth=_typed(fields, "nth", int, 1) or 0,
        times=times,
        seconds=float(seconds),
    )


def _member(fields: Mapping[str, Any], name: str, kind: type[Member]) -> Member | None:
    value = _typed(fields, name, str, None)
    if value is None:
        return None
    try:
        return kind(value)
    except ValueError as error:
        raise BadRuleError(f"{name}: must be one of {', '.join(kind)}") from error


def _typed(fields: Mapping[str, Any], name: str, kind: type[T], default: T | None) -> T | None:
    """Returns a field of type `kind`, or `default` for null and for a missing field; a bool is not accepted as an int."""
    value = fields.get(name)
    if value is None:
        return default
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise BadRuleError(
            f"{name}: must be {kind.__name__}, not {json.dumps(value, ensure_ascii=False)[:60]}"
        )
    return value


def _only_from_here(request: web.Request) -> None:
    if not from_here(request):
        raise web.HTTPForbidden(text="faults are set from this machine only")


async def _read(request: web.Request) -> Mapping[str, Any]:
    """Returns the JSON object of the body; raises BadRuleError."""
    _only_from_here(request)
    # A browser sends this content type across origins only after a preflight, which the exchange does not answer.
    if request.content_type != "application/json":
        raise BadRuleError("the body must be application/json")
    try:
        value = await request.json()
    except ValueError as error:
        raise BadRuleError("the body is not JSON") from error
    if not isinstance(value, dict):
        raise BadRuleError("the body must be a JSON object")
    return value


def _error(status: int, text: str) -> web.Response:
    return web.json_response({"error": text}, status=status)
