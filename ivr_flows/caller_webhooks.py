"""A caller's way through the flow: arriving, pressing keys, starting over after a fault of ours, and the end."""

from hotline.rules.actors import Machine
from hotline.rules.calls import TERMINAL_STATUSES
from hotline.rules.words import CallPurpose, CallState
from hotline.services import calls
from ivr_flows.door import Step, Visit
from ivr_flows.engine import hear
from ivr_flows.places import (
    arrival_of,
    begin,
    due_now,
    keep_on_the_line,
    known_call,
    lead_to_person,
    script_of,
    speak_turn,
)
from ivr_flows.turns import Digits, Position, Silence


def incoming(visit: Visit) -> str:
    """Somebody phones us. A call that was reported ended before stays ended."""
    call = calls.receive_call(visit.work, arrival_of(visit.door, visit.post))
    return begin(visit, call, visit.door.shelf.today(CallPurpose.INBOUND))


def fallback(visit: Visit) -> str:
    """Our answer could not be fetched or run: apologise and bring the caller to a person."""
    call = known_call(visit)
    if call.state is CallState.IN_FLOW:
        return lead_to_person(visit, call, "apology")
    return due_now(visit, call)


def heard(visit: Visit) -> str:
    """A menu was answered by a key, a wrong key or silence. An answer to an earlier menu changes nothing."""
    call = known_call(visit)
    asked = visit.post.query.get("turn", "")
    if call.state is not CallState.IN_FLOW or asked not in {"", str(Position.parse(call.position).turn)}:
        return due_now(visit, call)
    script = script_of(visit, call)
    keys = visit.post.word("Digits")
    turn = hear(script.flow, call.position, Digits(keys) if keys else Silence())
    return speak_turn(visit, call, script, turn)


def status(visit: Visit) -> str:
    """The carrier's last word about a call to us; it may come first, and is then remembered."""
    word = visit.post.word("CallStatus")
    if word in TERMINAL_STATUSES:
        ours = visit.post.word("Direction").startswith("outbound")
        arrival = None if ours else arrival_of(visit.door, visit.post)
        calls.end_call(visit.work, sid=visit.post.sid, status=word, arrival=arrival)
    return ""


CALLER_STEPS = (
    Step("/incoming", "incoming", Machine.CALLER, incoming, keep_on_the_line, ()),
    Step("/fallback", "fallback", Machine.CALLER, fallback, keep_on_the_line, ("ErrorCode",)),
    Step("/heard", "heard", Machine.CALLER, heard, keep_on_the_line, ("Digits",)),
    Step("/status", "status", Machine.CARRIER, status, None, ("CallStatus", "SequenceNumber")),
)
