"""`/console/flows`: the flow in force for each purpose, its diagram, earlier versions, and restoring one of them."""

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.exceptions import NotFound

from agent_console.flows.active_flows import (
    ActiveFlow,
    active_flow,
    active_flows,
    callers_by_exit,
    publication_of,
    traffic_counts,
    yesterday,
)
from agent_console.web.auth import current_person, needs
from agent_console.web.console_context import application, options
from agent_console.web.flow_catalog import DraftRefused, Finding
from agent_console.web.locale import locale_name
from hotline.rules.calls.flow_versions import PublicationView
from hotline.rules.enums import CallPurpose, Language
from hotline.rules.errors import LostRace
from hotline.rules.people.actors import Right
from hotline.services import flow_publications
from hotline.store.calls.flow_paths import calls_of_day
from hotline.store.cursors import MAX_ID

# A diagram carries its own style sheet and nothing else.
PICTURE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'"
PICTURE_CACHE = "private, max-age=60"
Findings = tuple[Finding, ...]


@needs(Right.READ_FLOWS)
def index() -> ResponseReturnValue:
    with application().read_session() as session:
        flows = active_flows(session)
        calls = calls_of_day(session, yesterday())
    return render_template(
        "flows/index.html",
        flows=flows,
        calls=calls,
        yesterday=yesterday(),
        may_publish=current_person().may(Right.PUBLISH_FLOWS),
    )


@needs(Right.READ_FLOWS)
def show(purpose: str) -> ResponseReturnValue:
    return _page(_purpose(purpose))


@needs(Right.READ_FLOWS)
def picture(purpose: str) -> ResponseReturnValue:
    """Answers with the diagram (SVG) of the active version, or of `publication`, with yesterday's callers at each exit."""
    wanted = _purpose(purpose)
    with application().read_session() as session:
        version, source = active_flow(session, wanted).version, active_flow(session, wanted).edition.source
        if "publication" in request.args:
            older = publication_of(session, wanted, _id(request.args["publication"]))
            version = (wanted, older.flow, older.version)
            source = flow_publications.find_source(session, older.flow, older.version) or ""
        ways = callers_by_exit(session, version) if source else {}
    try:
        drawn = options().flows.draw(source, _language(), ways) if source else ""
    except DraftRefused:
        drawn = ""
    if not drawn:
        raise NotFound
    return Response(
        drawn,
        mimetype="image/svg+xml",
        headers={"Content-Security-Policy": PICTURE_POLICY, "Cache-Control": PICTURE_CACHE},
    )


@needs(Right.PUBLISH_FLOWS)
def roll_back(purpose: str) -> ResponseReturnValue:
    """Publishes an older version, or the city's files, again. A version that no longer passes the check is refused."""
    wanted = _purpose(purpose)
    to, based_on = _id(request.form.get("to", "")), _id(request.form.get("based_on", ""))
    note = request.form.get("note", "")
    try:
        with application().unit_of_work(current_person()) as work:
            if to == 0:
                edition = options().flows.of_files(wanted).edition
                flow_publications.publish(work, wanted, edition, based_on=based_on, note=note)
            else:
                older = publication_of(work.session, wanted, to)
                kept = flow_publications.find_source(work.session, older.flow, older.version)
                options().flows.read_kept(kept or "")
                flow_publications.roll_back(work, older, based_on=based_on, note=note)
    except DraftRefused as refused:
        return _page(wanted, findings=refused.findings)
    except LostRace:
        return _page(wanted, is_late=True)
    flash(_("已恢复。几秒钟内，新来电即按此版本执行；进行中的通话不受影响。"), "done")
    return redirect(url_for("flows.show", purpose=wanted.value), 303)


def _page(purpose: CallPurpose, *, findings: Findings = (), is_late: bool = False) -> ResponseReturnValue:
    with application().read_session() as session:
        now = active_flow(session, purpose)
        before = flow_publications.history(session, purpose)
        traffic = traffic_counts().of(session, now.version, yesterday(), application().clock())
    html = render_template(
        "flows/show.html",
        now=now,
        before=before,
        traffic=traffic,
        files=options().flows.of_files(purpose).edition,
        language=_language(),
        languages=Language,
        findings=findings,
        is_late=is_late,
        may_publish=current_person().may(Right.PUBLISH_FLOWS),
    )
    return html, 422 if findings else 409 if is_late else 200


def _purpose(text: str) -> CallPurpose:
    if text not in set(CallPurpose):
        raise NotFound
    return CallPurpose(text)


def _id(text: str) -> int:
    """Returns an id of the form or the address; 0 stands for the city's files. Raises NotFound for an impossible id."""
    if not (text.isascii() and text.isdigit() and len(text) <= 10 and int(text) <= MAX_ID):
        raise NotFound
    return int(text)


def _language() -> Language:
    """Returns the language of the diagram: the requested one, otherwise that of this page."""
    requested = request.args.get("language", "")
    if requested in set(Language):
        return Language(requested)
    return Language.EN if locale_name() == "en" else Language.ZH_CN


def same_version(flow: ActiveFlow, published: PublicationView) -> bool:
    """Returns True if a publication equals the active version."""
    return (flow.edition.flow, flow.edition.version) == (published.flow, published.version)


def pages() -> Blueprint:
    blueprint = Blueprint("flows", __name__, url_prefix="/console/flows")
    blueprint.add_url_rule("", "index", index)
    blueprint.add_url_rule("/<purpose>", "show", show)
    blueprint.add_url_rule("/<purpose>/picture.svg", "picture", picture)
    blueprint.add_url_rule("/<purpose>/roll-back", "roll_back", roll_back, methods=["POST"])
    blueprint.add_app_template_global(same_version, "same_version")
    return blueprint
