"""Webhooks of calls we place: promised callbacks and follow-ups. The `ref` in the path identifies the dial attempt."""

from collections.abc import Mapping

from hotline.gateways.addresses import VoiceRoute
from hotline.rules.calls.states import TERMINAL_STATUSES
from hotline.rules.enums import DialState
from hotline.services.calls import lifecycle
from hotline.services.calls.lifecycle import Arrival
from hotline.services.outbound import outbound_calls
from hotline.store.calls.callees import is_callee_in_call
from ivr_flows.webhooks.call_flow import begin, hang_up, hold, speaker_for
from ivr_flows.webhooks.twiml import EMPTY, goodbye
from ivr_flows.webhooks.webhook import WebhookContext, WebhookForm, WebhookRequest

# Prefixes of the carrier's AnsweredBy for answers that are not a person's.
_MACHINES = ("machine", "fax")


def dial(request: WebhookRequest) -> str:
    """Handles the answer to a call of ours. A machine is not spoken to and counts as not reached.

    A person who phoned us while their phone rang is asked to go on in that call.
    """
    attempt = outbound_calls.lock_dial(request.work, request.ids["ref"])
    if attempt.state is DialState.ENDED:
        return hang_up(request.context)
    outbound_calls.record_dial_sid(request.work, attempt.ref, request.form.sid)
    script = request.context.registry.active(attempt.purpose)
    if is_callee_in_call(request.work.session, request.work.policies, attempt.id):
        return goodbye(speaker_for(request.context, script, attempt.language), "already_on_the_line")
    first = request.context.first_turns.first_turn(script.flow, request.form.value("From"))
    call = lifecycle.receive_call(
        request.work,
        Arrival(
            sid=request.form.sid,
            number_raw=attempt.number,
            dialed=request.form.value("From"),
            purpose=attempt.purpose,
            flow=script.flow.name,
            flow_version=script.flow.version,
            position=first.position,
            path=first.path,
            language=attempt.language,
            dial_ref=attempt.ref,
        ),
    )
    if request.form.value("AnsweredBy").startswith(_MACHINES):
        return hang_up(request.context)
    return begin(request, call, script, first)


def dial_over(request: WebhookRequest) -> str:
    """Handles an answer whose call is over already."""
    dial_status(request)
    return EMPTY


def dial_status(request: WebhookRequest) -> str:
    """Handles the status of a call we placed; a final status ends the call and the attempt."""
    ref, word = request.ids["ref"], request.form.value("CallStatus")
    if word in TERMINAL_STATUSES:
        # Lock order: the dial first, as in `dial`, because the answer may arrive at this moment.
        held = outbound_calls.lock_dial(request.work, ref)
        lifecycle.end_call(request.work, sid=request.form.sid, status=word)
        outbound_calls.end_dial(request.work, held.ref, outcome=word, sid=request.form.sid)
    else:
        outbound_calls.record_dial_sid(request.work, ref, request.form.sid)
    return ""


def retry_dial(context: WebhookContext, form: WebhookForm, ids: Mapping[str, str]) -> str:
    """Answers for a failed application: keeps the called party on the line and asks again."""
    return hold(context, form, context.renderer.addresses.url(VoiceRoute.DIAL, ids["ref"]))
