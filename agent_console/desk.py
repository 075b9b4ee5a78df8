"""The operator's desk."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from agent_console.auth import needs
from hotline.rules.actors import Right


@needs(Right.TAKE_CALLS)
def index() -> ResponseReturnValue:
    return render_template("desk/desk.html")


def pages() -> Blueprint:
    blueprint = Blueprint("desk", __name__)
    blueprint.add_url_rule("/console", "index", index)
    return blueprint
