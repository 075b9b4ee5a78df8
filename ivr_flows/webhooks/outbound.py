"""Calls we place: a promised callback, or the follow-up that asks whether it was solved. Their `ref` finds them again."""

from collections.abc import Mapping

from hotline.rules.calls.states import TERMINAL_STATUSES
from hotline.rules.enums import DialState
from hotline.rules.people.actors import Machine
from hotline.services.calls import lifecycle
from hotline.services.calls.lifecycle import Arrival
from hotline.services.outbound import outbound_calls
from ivr_flows.webhooks.call_flow import begin, hang_up, hold
from ivr_flows.webhooks.webhook import Door, Post, Step, Visit

_MACHINES = ("machine", "fax")
"""How the carrier's AnsweredBy begins when no person answered."""


def dial(visit: Visit) -> str:
    """Somebody we phone has answered. A machine is not spoken to; the attempt then counts as not reached."""
    attempt = outbound_calls.lock_dial(visit.work, visit.ids["ref"])
    if attempt.state is DialState.ENDED:
        return hang_up(visit.door)
    outbound_calls.record_dial_sid(visit.work, attempt.ref, visit.post.sid)
    script = visit.door.shelf.today(attempt.purpose)
    first = visit.door.lobby.first_turn(script.flow, visit.post.word("From"))
    call = lifecycle.receive_call(
        visit.work,
        Arrival(
            sid=visit.post.sid,
            number_raw=attempt.number,
            dialed=visit.post.word("From"),
            purpose=attempt.purpose,
            flow=script.flow.name,
            flow_version=script.flow.version,
            position=first.position,
            path=first.path,
            language=attempt.language,
            dial_ref=attempt.ref,
        ),
    )
    if visit.post.word("AnsweredBy").startswith(_MACHINES):
        return hang_up(visit.door)
    return begin(visit, call, script, first)


def dial_status(visit: Visit) -> str:
    """News of a call we placed; its last word ends the call and the attempt."""
    ref, word = visit.ids["ref"], visit.post.word("CallStatus")
    if word in TERMINAL_STATUSES:
        held = outbound_calls.lock_dial(
            visit.work, ref
        )  # first, as `dial` does: the answer may arrive at this very moment
        lifecycle.end_call(visit.work, sid=visit.post.sid, status=word)
        outbound_calls.end_dial(visit.work, held.ref, outcome=word, sid=visit.post.sid)
    else:
        outbound_calls.record_dial_sid(visit.work, ref, visit.post.sid)
    return ""


def dial_in_trouble(door: Door, post: Post, ids: Mapping[str, str]) -> str:
    """The application cannot work: keep whom we phoned on the line and ask once more."""
    return hold(door, post, door.stage.addresses.dial(ids["ref"]))


DIAL_STEPS = (
    Step("/dial/<ref>", "dial", Machine.CARRIER, dial, dial_in_trouble, ("ErrorCode", "ErrorUrl")),
    Step(
        "/dial/<ref>/status",
        "dial_status",
        Machine.CARRIER,
        dial_status,
        None,
        ("CallStatus", "SequenceNumber"),
    ),
)
