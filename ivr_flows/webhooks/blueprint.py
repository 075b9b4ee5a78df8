"""The Flask blueprint that answers the carrier: one table of webhooks and their handlers.

Responses: 200 with TwiML, or 204 for webhooks whose answer the carrier does not use. 403 if the signature does not
match, 400 if no call is named, 404 for other paths. Never a redirect, because the carrier would drop the form.
When the application fails, the response keeps the caller on the line, or is 503 where no document is expected, so
that a carrier configured to retry does so.
"""

from flask import Blueprint, Response, send_from_directory

from hotline.gateways.addresses import FORMER_PATHS, SOUNDS_PATH, VoiceAddresses, VoiceRoute
from hotline.rules.people.actors import Machine
from hotline.rules.phone_numbers import format_national
from hotline.unit_of_work import Application
from ivr_flows.speech import SOUNDS, SpokenDigits
from ivr_flows.webhooks import at_once, call_flow, caller, narrow, operator, outbound, queue
from ivr_flows.webhooks.call_flow import over, recorded_over
from ivr_flows.webhooks.first_turn_cache import FirstTurnCache
from ivr_flows.webhooks.flow_registry import FlowRegistry
from ivr_flows.webhooks.narrow import NarrowTwimlRenderer
from ivr_flows.webhooks.signature import Signature
from ivr_flows.webhooks.twiml import TwimlRenderer
from ivr_flows.webhooks.webhook import CurrentRenderer, Webhook, WebhookContext, failure_response, view_of

CALLER, CARRIER = Machine.CALLER, Machine.CARRIER
HOLD, HANG_UP = call_flow.hold_at_fallback, call_flow.hang_up_silently
LEG_ENDED, RECORDING = ("CallStatus", "SequenceNumber"), ("RecordingSid", "RecordingStatus")
ERROR = ("ErrorCode", "ErrorUrl")
CONFERENCE_EVENT = ("ConferenceSid", "SequenceNumber", "StatusCallbackEvent")

# Columns: route, actor, handler, document on failure, form fields that tell two requests apart (see Webhook).
WEBHOOKS = (
    Webhook(VoiceRoute.INCOMING, CALLER, caller.incoming, HOLD, over=over, at_once=at_once.incoming),
    Webhook(VoiceRoute.FALLBACK, CALLER, caller.fallback, HOLD, ("ErrorCode",), over=over),
    Webhook(
        VoiceRoute.HEARD,
        CALLER,
        caller.heard,
        HOLD,
        ("Digits", "SpeechResult"),
        over=over,
        at_once=at_once.heard,
    ),
    Webhook(VoiceRoute.AGAIN, CALLER, caller.again, HOLD, None, over=over),
    Webhook(
        VoiceRoute.RECORDED,
        CALLER,
        caller.recorded,
        HOLD,
        ("RecordingSid", "RecordingUrl"),
        over=recorded_over,
    ),
    Webhook(VoiceRoute.TRANSFER_ENDED, CARRIER, caller.transfer_ended, HOLD, ("DialCallStatus",), over=over),
    Webhook(VoiceRoute.STATUS, CARRIER, caller.status, None, LEG_ENDED),
    Webhook(
        VoiceRoute.MESSAGE_RECORDED, CARRIER, caller.message_recorded, None, RECORDING, requires_call=False
    ),
    Webhook(VoiceRoute.TALK_RECORDED, CARRIER, caller.talk_recorded, None, RECORDING, requires_call=False),
    Webhook(VoiceRoute.WAIT, CARRIER, queue.wait, queue.wait_silently, None, over=over, reads_only=True),
    Webhook(
        VoiceRoute.WAIT_HEARD,
        CALLER,
        queue.wait_heard,
        queue.wait_silently,
        ("Digits", "QueueTime"),
        over=over,
    ),
    Webhook(VoiceRoute.WAIT_OVER, CARRIER, queue.wait_over, queue.wait_silently, None, over=over),
    Webhook(VoiceRoute.QUEUE_LEFT, CARRIER, queue.queue_left, HOLD, ("QueueResult", "QueueTime"), over=over),
    Webhook(VoiceRoute.DESK, CARRIER, operator.desk, HANG_UP, ERROR),
    Webhook(VoiceRoute.DESK_STATUS, CARRIER, operator.desk_status, None, LEG_ENDED),
    Webhook(VoiceRoute.DESK_LEFT, CARRIER, operator.desk_left, call_flow.empty_document),
    Webhook(VoiceRoute.TALK, CARRIER, operator.talk, operator.join_conference, None, over=over),
    Webhook(
        VoiceRoute.TALK_ENDED, CARRIER, operator.talk_ended, operator.try_talk_end_again, None, over=over
    ),
    Webhook(VoiceRoute.LEFT_ALONE, CARRIER, operator.left_alone, HOLD, None, over=over),
    Webhook(VoiceRoute.CONFERENCE, CARRIER, operator.conference, None, CONFERENCE_EVENT, requires_call=False),
    Webhook(VoiceRoute.DIAL, CARRIER, outbound.dial, outbound.retry_dial, ERROR, over=outbound.dial_over),
    Webhook(VoiceRoute.DIAL_STATUS, CARRIER, outbound.dial_status, None, LEG_ENDED),
    Webhook(VoiceRoute.RING, CARRIER, narrow.ring, HOLD, None, over=over),
    Webhook(
        VoiceRoute.RING_OVER,
        CARRIER,
        narrow.ring_over,
        HOLD,
        ("DialCallStatus",),
        over=narrow.ring_over_for_good,
    ),
)


def voice_blueprint(
    application: Application,
    flows: FlowRegistry,
    auth_token: str,
    addresses: VoiceAddresses,
    *,
    narrow: bool = False,
    reports_lost_devices: bool = False,
) -> Blueprint:
    """Returns the blueprint that answers the carrier; `narrow`: it has neither queues nor conferences.

    `reports_lost_devices`: see `WebhookContext`.
    `auth_token` is the account's primary one, which signs every webhook.
    """
    renderer = NarrowTwimlRenderer if narrow else TwimlRenderer
    digits = "".join(filter(str.isdigit, format_national(application.policies.number)))
    context = WebhookContext(
        application=application,
        registry=flows,
        first_turns=FirstTurnCache(application),
        signature=Signature.of(auth_token, addresses.public_url),
        renderers=CurrentRenderer(
            application, lambda policies: renderer(addresses, policies.queue.name, policies.callers)
        ),
        standard_arguments={"hotline": SpokenDigits(digits)},
        sounds=addresses.sounds(),
        reports_lost_devices=reports_lost_devices,
    )
    blueprint = Blueprint("voice", __name__)
    for webhook in WEBHOOKS:
        former = [path for path, route in FORMER_PATHS.items() if route is webhook.route]
        view = view_of(context, webhook)
        for path in (webhook.route.value, *former):
            blueprint.add_url_rule(path, webhook.name, view, methods=["POST"])
    blueprint.add_url_rule(f"{SOUNDS_PATH}/<path:name>", "sounds", _sound, methods=["GET"])
    blueprint.register_error_handler(Exception, lambda error: failure_response(context, error))
    return blueprint


def _sound(name: str) -> Response:
    """Serves one of the city's own recordings."""
    # The carrier fetches recordings unsigned; they hold nothing private.
    return send_from_directory(SOUNDS, name, max_age=3600)
