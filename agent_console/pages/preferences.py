"""The language a person chooses, stored in this browser and, if they are signed in, with their account."""

from flask import Blueprint, redirect, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest

from agent_console.web.auth import local_address, signed_in_or_none
from agent_console.web.console_context import application
from agent_console.web.locale import LOCALES, remember_locale
from hotline.services.people import accounts


def choose_locale() -> ResponseReturnValue:
    """Stores the chosen language and returns to the page. Raises BadRequest for an unknown language."""
    wanted = request.form.get("locale", "")
    if wanted not in LOCALES:
        raise BadRequest
    found = signed_in_or_none()
    if found is not None:
        with application().unit_of_work(found.person) as work:
            accounts.set_locale(work, wanted)
    response = redirect(local_address(request.form.get("back")) or "/", 303)
    remember_locale(response, wanted)
    return response


def pages() -> Blueprint:
    blueprint = Blueprint("preferences", __name__)
    blueprint.add_url_rule("/locale", "choose_locale", choose_locale, methods=["POST"])
    return blueprint
