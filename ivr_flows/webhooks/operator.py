"""Webhooks of a talk: the operator's leg, and the conference in which operator and caller meet."""

from collections.abc import Mapping

from hotline.gateways.addresses import VoiceRoute
from hotline.rules.calls.states import TERMINAL_STATUSES
from hotline.rules.enums import CallState, OfferState
from hotline.services.calls import lifecycle
from hotline.services.calls.queries import get_call
from hotline.services.queueing import offers
from hotline.store.calls.offers import conversation_of, leg_of_talk
from ivr_flows.webhooks.call_flow import (
    OFFER_STATE_OF_STATUS,
    after_conversation,
    current_document,
    default_speaker,
    hold,
    lead_to_person,
)
from ivr_flows.webhooks.twiml import EMPTY, goodbye
from ivr_flows.webhooks.webhook import WebhookContext, WebhookForm, WebhookRequest

# SipResponseCode of a leg whose device no longer answers (RFC 3261, 408 Request Timeout).
DEVICE_LOST = "408"


def desk(request: WebhookRequest) -> str:
    """Handles the operator's answer: connects them, or tells them that the caller is no longer waiting."""
    offer_id = request.id("offer_id")
    call_id = offers.accept_offer(request.work, offer_id, request.form.sid)
    if call_id is None:
        return goodbye(default_speaker(request.context), "caller_gone")
    return request.context.renderer.desk(call_id, offer_id)


def desk_status(request: WebhookRequest) -> str:
    """Handles the end of the operator's leg. If the caller never joined, the call is offered to the next operator."""
    how = OFFER_STATE_OF_STATUS.get(request.form.value("CallStatus"))
    if how is not None:
        if request.context.reports_lost_devices and request.form.value("SipResponseCode") != DEVICE_LOST:
            offers.record_hang_up(request.work, request.id("offer_id"))
        _operator_left(request, how)
    return ""


def desk_left(request: WebhookRequest) -> str:
    """Handles the operator's leaving of the conference."""
    _operator_left(request, OfferState.MISSED)
    return EMPTY


def talk(request: WebhookRequest) -> str:
    """Handles a caller taken out of the queue: into the conference, or back to the queue if the operator has left."""
    call_id = request.id("call_id")
    lifecycle.record_connected(request.work, call_id)
    call = get_call(request.work, call_id)
    if call.state in {CallState.QUEUED, CallState.OFFERED}:
        return lead_to_person(request, call, "operator_gone")
    return current_document(request, call)


def talk_ended(request: WebhookRequest) -> str:
    """Handles the end of the talk for the caller, who may rate it or, if never connected, is promised a callback."""
    return after_conversation(request, get_call(request.work, request.id("call_id")))


def left_alone(request: WebhookRequest) -> str:
    """Handles a caller who was retrieved from a conversation that is over; any other gets the document that is due."""
    call = get_call(request.work, request.id("call_id"))
    if call.state is CallState.AFTER:
        return after_conversation(request, call)
    return current_document(request, call)


def conference(request: WebhookRequest) -> str:
    """Handles conference events: the caller's joining, and the end of a leg; other webhooks may have reported both."""
    event, status = request.form.value("StatusCallbackEvent"), request.form.value("ParticipantCallStatus")
    call, sid = get_call(request.work, request.id("call_id")), request.form.sid
    is_over = event == "participant-leave" and status in TERMINAL_STATUSES
    if call.sid == sid and event == "participant-join":
        lifecycle.record_connected(request.work, call.id)
    elif call.sid == sid and is_over:
        lifecycle.end_call(request.work, sid=sid, status=status)
    elif is_over and leg_of_talk(request.work.session, call.id) == sid:
        lifecycle.record_operator_left(request.work, call.id)
    return ""


def join_conference(context: WebhookContext, _post: WebhookForm, ids: Mapping[str, str]) -> str:
    """Answers for a failed application by connecting the caller, because the operator is already in the conference."""
    return context.renderer.talk(int(ids["call_id"]))


def try_talk_end_again(context: WebhookContext, form: WebhookForm, ids: Mapping[str, str]) -> str:
    """Answers for a failed application: the caller stays on the line and the end of the talk is handled a moment later."""
    return hold(context, form, context.renderer.addresses.url(VoiceRoute.TALK_ENDED, ids["call_id"]))


def _operator_left(request: WebhookRequest, how: OfferState) -> None:
    offer_id = request.id("offer_id")
    offers.settle_offer(request.work, offer_id, how)
    call_id = conversation_of(request.work.session, offer_id)
    if call_id is not None:
        lifecycle.record_operator_left(request.work, call_id)
