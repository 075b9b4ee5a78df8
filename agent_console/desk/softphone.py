"""The access token with which an operator's browser registers as a telephone.

A device is known to the carrier as `op_<user id>` (letters, digits and underscore only); its token lives an hour and
is not renewed after the person has signed out.
"""

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from agent_console.web.auth import current_person, needs
from agent_console.web.console_context import asset, options
from hotline.rules.people.actors import Right


def identity(user_id: int) -> str:
    return f"op_{user_id}"


@needs(Right.TAKE_CALLS)
def token() -> ResponseReturnValue:
    """Answers with the driver, its address and a new access token. The method is POST because a token is created."""
    softphone = options().softphone
    name = identity(current_person().id)
    return jsonify(
        driver=softphone.driver,
        device_url=softphone.device_url,
        worklet=asset("tape.js") if softphone.driver == "exchange" else None,
        script=asset("twilio.js") if softphone.driver == "twilio" else None,
        identity=name,
        token=softphone.make_token(name),
        lives_seconds=softphone.token_seconds,
    )


def pages() -> Blueprint:
    blueprint = Blueprint("softphone", __name__)
    blueprint.add_url_rule("/console/softphone/token", "token", token, methods=["POST"])
    return blueprint
