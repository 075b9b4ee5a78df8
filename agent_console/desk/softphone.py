"""The access token with which an operator's browser registers as a telephone.

A device is known to the carrier as `op_<user id>` (letters, digits and underscore only); its token lives an hour and
is not renewed after the person has signed out.
"""

from urllib.parse import urlsplit

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from agent_console.web.auth import current_person, needs
from agent_console.web.console_context import SoftphoneOptions, asset, options
from hotline.rules.people.actors import Right


def identity(user_id: int) -> str:
    return f"op_{user_id}"


@needs(Right.TAKE_CALLS, serves_talk=True)
def token() -> ResponseReturnValue:
    """Answers with the driver, its address and a new access token. The method is POST because a token is created."""
    softphone = options().softphone
    name = identity(current_person().id)
    return jsonify(
        driver=softphone.driver,
        device_url=softphone.device_url,
        worklet=asset("tape.js") if softphone.driver == "exchange" else None,
        script=(softphone.script or asset("twilio.js")) if softphone.driver == "twilio" else None,
        sdk=_sdk_options(softphone),
        reports_answer=softphone.desk_reports_answer,
        address=f"sip:{name}@{softphone.sip_host}" if softphone.driver == "sip" else "",
        identity=name,
        token=softphone.make_token(name),
        lives_seconds=softphone.token_seconds,
    )


def _sdk_options(softphone: SoftphoneOptions) -> dict[str, object]:
    """Returns the options of the Voice SDK's device that this installation sets."""
    sdk: dict[str, object] = {}
    if softphone.edges:
        sdk["edge"] = list(softphone.edges)
    if softphone.device_url:
        # The SDK's name for the host of its signalling.
        sdk["chunderw"] = urlsplit(softphone.device_url).netloc
    return sdk


def pages() -> Blueprint:
    blueprint = Blueprint("softphone", __name__)
    blueprint.add_url_rule("/console/softphone/token", "token", token, methods=["POST"])
    return blueprint
