"""The route table of the API. Views, rights, the OpenAPI document and its tests read `ROUTES`."""

import json
from typing import Any

from flask import Blueprint, Response

from agent_console.api import callbacks, calls, directory, schemas, tickets
from agent_console.api.dispatch import Route, view_of
from agent_console.api.failures.deliveries import DELIVERY_ROUTES
from agent_console.api.failures.escalations import ESCALATION_ROUTES
from agent_console.api.failures.jobs import JOB_ROUTES
from agent_console.api.looks import LOOK_ROUTES
from agent_console.api.openapi import describe
from agent_console.api.outages import OUTAGE_ROUTES
from agent_console.api.people import PEOPLE_ROUTES
from agent_console.api.reports import REPORT_ROUTES
from agent_console.api.requests import (
    ActionIn,
    CallbackIn,
    CallbackQuery,
    CallQuery,
    LookQuery,
    Nothing,
    TicketIn,
    TicketQuery,
)
from hotline.rules.people.actors import Right

BASE = "/api/v1"
READ_TICKETS = (Right.READ_ALL_TICKETS, Right.READ_UNIT_TICKETS)

ROUTES: tuple[Route[Any, Any], ...] = (
    Route(
        "GET",
        "/tickets",
        tickets.get_tickets,
        "工单列表 List tickets, the newest first",
        TicketQuery,
        Nothing,
        schemas.TicketListOut,
        rights=READ_TICKETS,
        problems=(400, 422),
    ),
    Route(
        "POST",
        "/tickets",
        tickets.post_ticket,
        "登记工单 Write a ticket; `Idempotency-Key` makes repeating safe",
        Nothing,
        TicketIn,
        schemas.TicketMadeOut,
        status=201,
        rights=(Right.WRITE_TICKETS,),
        problems=(400, 409, 415, 422),
        idempotent=True,
    ),
    Route(
        "GET",
        "/tickets/{number}",
        tickets.get_ticket,
        "一张工单 Read one ticket; the look is recorded, with `reason` if one is named",
        LookQuery,
        Nothing,
        schemas.TicketOut,
        rights=READ_TICKETS,
        problems=(404, 422),
    ),
    Route(
        "POST",
        "/tickets/{number}/{action}",
        tickets.post_action,
        "办理一步 Take the next step of a ticket",
        Nothing,
        ActionIn,
        schemas.TicketOut,
        rights=READ_TICKETS,
        problems=(400, 404, 409, 415, 422),
    ),
    Route(
        "GET",
        "/tickets/{number}/events",
        tickets.get_ticket_events,
        "办理经过 Read what happened to a ticket",
        Nothing,
        Nothing,
        schemas.EventListOut,
        rights=READ_TICKETS,
        problems=(404,),
    ),
    Route(
        "GET",
        "/calls",
        calls.get_calls,
        "通话列表 List calls, the newest first",
        CallQuery,
        Nothing,
        schemas.CallListOut,
        rights=(Right.READ_CALLS,),
        problems=(400, 422),
    ),
    Route(
        "GET",
        "/calls/{id}",
        calls.get_call,
        "一次通话 Read one call",
        Nothing,
        Nothing,
        schemas.CallOut,
        rights=(Right.READ_CALLS,),
        problems=(404,),
    ),
    Route(
        "GET",
        "/callbacks",
        callbacks.get_callbacks,
        "回拨列表 List promised callbacks, the newest first",
        CallbackQuery,
        Nothing,
        schemas.CallbackListOut,
        rights=(Right.READ_CALLBACKS,),
        problems=(400, 422),
    ),
    Route(
        "POST",
        "/callbacks",
        callbacks.post_callback,
        "登记回拨 Promise a callback; 200 with the open promise of the same number",
        Nothing,
        CallbackIn,
        schemas.CallbackOut,
        status=201,
        other_statuses=(200,),
        rights=(Right.PROMISE_CALLBACKS,),
        problems=(400, 409, 415, 422),
    ),
    Route(
        "GET",
        "/callbacks/{id}",
        callbacks.get_callback,
        "一次回拨 Read one promise with its attempts",
        Nothing,
        Nothing,
        schemas.CallbackOut,
        rights=(Right.READ_CALLBACKS,),
        problems=(404,),
    ),
    Route(
        "DELETE",
        "/callbacks/{id}",
        callbacks.delete_callback,
        "取消回拨 Cancel a promise that is still open",
        Nothing,
        Nothing,
        None,
        status=204,
        rights=(Right.PROMISE_CALLBACKS,),
        problems=(404, 409),
    ),
    Route(
        "GET",
        "/units",
        directory.get_units,
        "承办单位 List the units",
        Nothing,
        Nothing,
        schemas.UnitListOut,
    ),
    Route(
        "GET",
        "/operators",
        directory.get_operators,
        "话务员 List operators and what they are doing now",
        Nothing,
        Nothing,
        schemas.OperatorListOut,
        rights=(Right.READ_OPERATORS,),
    ),
    *OUTAGE_ROUTES,
    *DELIVERY_ROUTES,
    *JOB_ROUTES,
    *LOOK_ROUTES,
    *ESCALATION_ROUTES,
    *PEOPLE_ROUTES,
    *REPORT_ROUTES,
)


def pages() -> Blueprint:
    """Returns the API's blueprint. The description is public; every other route needs a token."""
    blueprint = Blueprint("api", __name__, url_prefix=BASE)
    for route in ROUTES:
        rule = route.path.replace("{", "<").replace("}", ">")
        blueprint.add_url_rule(rule, route.name, view_of(route), methods=[route.method])
    blueprint.add_url_rule("/openapi.json", "openapi", get_openapi)
    return blueprint


def get_openapi() -> Response:
    return Response(json.dumps(describe(ROUTES, BASE), ensure_ascii=False), mimetype="application/json")
