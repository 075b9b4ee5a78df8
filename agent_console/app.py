"""Registers the console on a Flask application: `register(app, application, options)`.

A new page family is one line in `FAMILIES` and, if the bar links to it, one line in `NAV`.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from flask import Blueprint, Flask, current_app, g, request
from flask_wtf.csrf import generate_csrf
from jinja2 import pass_context
from jinja2.runtime import Context

from agent_console.api import routes as api
from agent_console.desk import drafts as desk_drafts
from agent_console.desk import softphone
from agent_console.desk import views as desk
from agent_console.flows import drafts as flow_drafts
from agent_console.flows import views as flows
from agent_console.live import views as live
from agent_console.pages import (
    callbacks,
    calls,
    deliveries,
    escalations,
    kept_forms,
    looks,
    outages,
    preferences,
    recordings,
)
from agent_console.people import account_links, import_file, profile, provider, second_factor, tokens
from agent_console.people import views as people
from agent_console.reports import views as reports
from agent_console.settings import views as settings
from agent_console.tickets import unit_inbox
from agent_console.tickets import views as tickets
from agent_console.web import auth, log_in, template_context
from agent_console.web.console_context import (
    EXTENSION,
    Console,
    ConsoleOptions,
    DemoAccount,
    ProviderOptions,
    SoftphoneOptions,
    application,
    asset,
    console,
    lacking_files,
    read_assets,
)
from agent_console.web.errors import register_errors
from agent_console.web.kept_forms import typed_by
from agent_console.web.labels import N_, field_label, label, problem_label
from agent_console.web.locale import as_milliseconds, init_locale, locale_name
from agent_console.web.security import csp_nonce, protect
from hotline.rules.city import Brand
from hotline.rules.people.actors import Right
from hotline.rules.people.privacy import mask_number
from hotline.rules.people.private_words import mask_text
from hotline.rules.phone_numbers import format_national
from hotline.rules.text import close_directions
from hotline.store.calls.escalation_lists import count_open
from hotline.store.deliveries import count_dead
from hotline.store.tickets.private_texts import ReadableTicket
from hotline.store.tickets.tables import Ticket
from hotline.unit_of_work import Application, ReadSession

__all__ = [
    "ConsoleOptions",
    "DemoAccount",
    "ProviderOptions",
    "SoftphoneOptions",
    "application",
    "lacking_files",
    "register",
]

log = logging.getLogger(__name__)

FAMILIES: tuple[Callable[[], Blueprint], ...] = (
    log_in.pages,
    preferences.pages,
    kept_forms.pages,
    template_context.pages,
    desk.pages,
    desk_drafts.pages,
    softphone.pages,
    live.pages,
    tickets.pages,
    unit_inbox.pages,
    calls.pages,
    callbacks.pages,
    recordings.pages,
    deliveries.pages,
    escalations.pages,
    looks.pages,
    flow_drafts.pages,
    flows.pages,
    outages.pages,
    reports.pages,
    settings.pages,
    people.pages,
    import_file.pages,
    tokens.pages,
    profile.pages,
    second_factor.pages,
    provider.pages,
    account_links.pages,
    api.pages,
)


@dataclass(frozen=True, slots=True)
class NavItem:
    """A link of the bar. Persons with `right` see it; it is marked as current on every page of its family.

    `alarm` counts what waits there for a person's decision.
    """

    endpoint: str
    label: str
    right: Right
    alarm: Callable[[ReadSession], int] | None = None


@dataclass(frozen=True, slots=True)
class NavLink:
    """A link of the bar as one person sees it; `alarm` is 0 if nothing waits."""

    item: NavItem
    alarm: int


NAV = (
    NavItem("desk.index", N_("坐席"), Right.TAKE_CALLS),
    NavItem("unit.index", N_("待办工单"), Right.HANDLE_TICKETS),
    NavItem("tickets.index", N_("工单"), Right.READ_ALL_TICKETS),
    NavItem("calls.index", N_("通话"), Right.READ_CALLS),
    NavItem("callbacks.index", N_("回拨"), Right.READ_CALLBACKS),
    NavItem("escalations.index", N_("待跟进"), Right.HANDLE_ESCALATIONS, count_open),
    NavItem("reports.index", N_("报表"), Right.READ_REPORTS),
    NavItem("notices.index", N_("通知"), Right.READ_OUTAGES),
    NavItem("deliveries.index", N_("投递"), Right.MANAGE_DELIVERIES, count_dead),
    NavItem("flows.index", N_("流程"), Right.READ_FLOWS),
    NavItem("looks.index", N_("查看记录"), Right.READ_LOOKS),
    NavItem("settings.index", N_("城市设置"), Right.READ_CITY),
    NavItem("people.index", N_("用户"), Right.MANAGE_PEOPLE),
)

# Blueprints whose pages belong to the link of another family.
NAV_FAMILY = {"flow_drafts": "flows", "people_tokens": "people", "people_import": "people"}


def register(app: Flask, application: Application, options: ConsoleOptions) -> None:
    """Adds the console to `app`. `config` has checked the options before."""
    assets = read_assets()
    for name in lacking_files():
        log.warning("%s is not built: run config/setup/bootstrap.py run", name)
    app.extensions[EXTENSION] = Console(application=application, options=options, assets=assets)
    app.register_blueprint(_console_blueprint())
    for family in FAMILIES:
        app.register_blueprint(family())
    init_locale(app)
    protect(app, options)
    register_errors(app)
    live.start(app, application, options)
    app.jinja_env.filters.update(
        label=label,
        problem_label=problem_label,
        mask=mask_number,
        mask_text=mask_text,
        as_read=as_read,
        close_directions=close_directions,
    )
    app.jinja_env.filters["field_label"] = pass_context(_field_label)
    app.jinja_env.globals.update(
        asset=asset,
        csp_nonce=csp_nonce,
        csrf_token=generate_csrf,
        nav=nav,
        theme=theme,
        server_now=server_now,
        line_number=line_number,
        brand_name=brand_name,
        brand=brand,
        typed_by=_typed_by,
    )
    app.context_processor(_request_context)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True


def _field_label(_context: Context, name: str) -> str:
    """Returns the label of a field in the language of the request."""
    # `pass_context` keeps Jinja from evaluating a constant once, at compile time, for every language.
    return field_label(name)


def as_read(ticket: Ticket) -> ReadableTicket:
    """Returns a ticket as the acting person may read it; every template shows texts of tickets through this filter."""
    return ReadableTicket(ticket, auth.current_person())


def _console_blueprint() -> Blueprint:
    """Returns the blueprint of the templates and the built browser files."""
    return Blueprint(
        "frame", __name__, template_folder="templates", static_folder="static/dist", static_url_path="/assets"
    )


def nav() -> list[NavLink]:
    """Returns the bar's links for the signed-in person; a family that is not registered has none."""
    found = auth.signed_in_or_none()
    if found is None:
        return []
    known = current_app.view_functions
    items = [item for item in NAV if item.endpoint in known and found.person.may(item.right)]
    if not any(item.alarm for item in items):
        return [NavLink(item, 0) for item in items]
    with application().read_session() as reading:
        return [NavLink(item, item.alarm(reading) if item.alarm else 0) for item in items]


def _typed_by() -> str:
    """Returns the hidden field that names the author of a form."""
    return typed_by(auth.current_person().id)


def server_now() -> int:
    """Returns the server's time in milliseconds since 1970. Running times on a page follow it, not the browser's clock."""
    return as_milliseconds(application().clock())


def line_number() -> str:
    """Returns the hotline's number as it is dialled in the city (4412345, without the area code)."""
    return format_national(application().policies.number).split(" ", 1)[-1].replace(" ", "")


def brand() -> Brand:
    return console().options.city.data.brand


def brand_name() -> str:
    """Returns the name of the line in the language of the page, with the city's name before it."""
    shown = brand()
    if locale_name() == "en":
        return f"{shown.city_en} {shown.name_en}".strip()
    return f"{shown.city_zh}{shown.name_zh}"


def theme() -> str:
    """Returns `light`, `dark` or `system`, as chosen in this browser."""
    chosen = request.cookies.get("theme", "")
    return chosen if chosen in {"light", "dark"} else "system"


def _request_context() -> dict[str, object]:
    family = (request.endpoint or "").split(".")[0]
    family = NAV_FAMILY.get(family, family)
    return {"me": auth.signed_in_or_none(), "family": family, "request_id": g.get("request_id", "")}
