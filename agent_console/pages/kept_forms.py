"""`/console/kept`: throws away what a person typed earlier and does not want to send."""

from flask import Blueprint, redirect, request
from flask.typing import ResponseReturnValue

from agent_console.web.auth import current_person, local_address, needs
from agent_console.web.console_context import application
from hotline.services.people import kept_forms


@needs()
def drop() -> ResponseReturnValue:
    """Drops the kept form of the named page and returns to it."""
    person = current_person()
    with application().unit_of_work(person) as work:
        kept_forms.drop_form(work, person.id, request.form.get("page", "")[:80].replace("\x00", ""))
    return redirect(local_address(request.form.get("back")) or "/", 303)


def pages() -> Blueprint:
    blueprint = Blueprint("kept_forms", __name__)
    blueprint.add_url_rule("/console/kept", "drop", drop, methods=["POST"])
    return blueprint
