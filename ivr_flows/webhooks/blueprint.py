"""The caller's door as one blueprint: every webhook address under `/voice`, and what is said when the application cannot work.

Out: 200 with TwiML, or 204 where nobody listens. 403 for what the carrier did not sign, 400 for a webhook that
does not name its call, 404 for other addresses. Never a redirect: the carrier would drop the form. A fault of ours is
answered with a document that keeps the caller (or, where nobody listens, with 503, so that a carrier told to repeat does).
"""

from flask import Blueprint, Response, send_from_directory

from hotline.gateways.addresses import VoiceAddresses
from hotline.rules.phone_numbers import format_national
from hotline.unit_of_work import Application
from ivr_flows.source.prompts import SOUNDS
from ivr_flows.speech import OneByOne
from ivr_flows.webhooks.caller import CALLER_STEPS, RECORDING_STEPS
from ivr_flows.webhooks.first_turn_cache import Lobby
from ivr_flows.webhooks.flow_registry import FlowShelf
from ivr_flows.webhooks.narrow import NARROW_STEPS, NarrowStage
from ivr_flows.webhooks.operator import DESK_STEPS
from ivr_flows.webhooks.outbound import DIAL_STEPS
from ivr_flows.webhooks.queue import QUEUE_STEPS
from ivr_flows.webhooks.signature import Signature
from ivr_flows.webhooks.twiml import Stage
from ivr_flows.webhooks.webhook import Door, in_trouble, view_of

STEPS = CALLER_STEPS + QUEUE_STEPS + DESK_STEPS + DIAL_STEPS + RECORDING_STEPS + NARROW_STEPS
"""Every webhook there is."""


def voice_blueprint(
    application: Application,
    flows: FlowShelf,
    auth_token: str,
    addresses: VoiceAddresses,
    *,
    narrow: bool = False,
) -> Blueprint:
    """Return the blueprint that answers the carrier. `auth_token` is the account's primary one; it signs every webhook.

    `narrow`: the carrier knows neither queues nor conferences.
    """
    stage = NarrowStage if narrow else Stage
    door = Door(
        application=application,
        shelf=flows,
        lobby=Lobby(application),
        signature=Signature.of(auth_token, addresses.public_url),
        stage=stage(addresses, application.policies.queue.name, application.policies.callers),
        standing={
            "hotline": OneByOne("".join(filter(str.isdigit, format_national(application.policies.number))))
        },
    )
    blueprint = Blueprint("voice", __name__, url_prefix="/voice")
    for step in STEPS:
        blueprint.add_url_rule(step.rule, step.name, view_of(door, step), methods=["POST"])
    blueprint.add_url_rule("/sounds/<path:name>", "sounds", _sound, methods=["GET"])
    blueprint.register_error_handler(Exception, lambda error: in_trouble(door, error))
    return blueprint


def _sound(name: str) -> Response:
    """Serve one of the city's own recordings; the carrier fetches them unsigned, and they hold nothing private."""
    return send_from_directory(SOUNDS, name, max_age=3600)
