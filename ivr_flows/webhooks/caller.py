"""A caller's way through the flow: arriving, keys and words, messages, hand-overs, and starting over after a fault of ours."""

from urllib.parse import urlsplit

from hotline.rules.calls.states import TERMINAL_STATUSES
from hotline.rules.enums import CallPurpose, CallState, Language, RecordingKind
from hotline.rules.people.actors import Machine
from hotline.rules.text import is_storable
from hotline.services.calls import lifecycle, recordings
from hotline.services.calls.lifecycle import CallView
from ivr_flows.engine import hear
from ivr_flows.speech_matching import understand
from ivr_flows.turn import Digits, Heard, Parted, Position, Recorded, Silence
from ivr_flows.webhooks.call_flow import (
    after_the_talk,
    arrival_of,
    begin,
    due_now,
    is_in_conversation,
    keep_on_the_line,
    known_call,
    lead_to_person,
    script_of,
    speak_turn,
)
from ivr_flows.webhooks.twiml import EMPTY
from ivr_flows.webhooks.webhook import LONGEST_SID, Step, Visit

_REACHED = {"completed", "answered"}


def incoming(visit: Visit) -> str:
    """Somebody phones us. A call that was reported ended before stays ended."""
    script = visit.door.shelf.today(CallPurpose.INBOUND)
    first = visit.door.lobby.first_turn(script.flow, visit.post.word("To"))
    call = lifecycle.receive_call(visit.work, arrival_of(visit.door, visit.post, first))
    return begin(visit, call, script, first)


def fallback(visit: Visit) -> str:
    """Our answer could not be fetched or run: apologise and bring the caller to a person.

    If it was the one after the talk, the talk is over, whether or not the operator's leg has told so already.
    """
    call = known_call(visit)
    if (
        urlsplit(visit.post.word("ErrorUrl")).path
        == urlsplit(visit.door.stage.addresses.talk_ended(call.id)).path
    ):
        return after_the_talk(visit, call)
    if call.state is CallState.TRANSFERRED:
        lifecycle.record_transfer(visit.work, call.id, "", begins=False)
        call = lifecycle.get_call(visit.work, call.id)
    if call.state is CallState.IN_FLOW:
        return lead_to_person(visit, call, "apology")
    return due_now(visit, call)


def heard(visit: Visit) -> str:
    """A question was answered by keys, words or silence."""
    call = known_call(visit)
    return _step(visit, call, _what_was_heard(visit, call))


def again(visit: Visit) -> str:
    """A wish was not answered yet: make it once more."""
    return due_now(visit, known_call(visit))


def recorded(visit: Visit) -> str:
    """A message was spoken, or nothing was said. It is kept even if its caller has hung up to end it."""
    call = known_call(visit)
    sid, seconds = visit.post.word("RecordingSid"), visit.post.seconds("RecordingDuration")
    if not sid or not seconds:
        return _step(visit, call, Silence())
    if visit.post.word("CallStatus") in TERMINAL_STATUSES or not _is_awaited(visit, call):
        recordings.record_message(visit.work, call.id, sid, seconds)
        return EMPTY if call.state is CallState.ENDED else due_now(visit, call)
    return _step(visit, call, Recorded(sid, seconds))


def parted(visit: Visit) -> str:
    """The connection to somebody outside is over; a caller who is gone has nothing left to hear."""
    if visit.post.word("CallStatus") in TERMINAL_STATUSES:
        return EMPTY
    call = known_call(visit)
    reached = visit.post.word("DialCallStatus") in _REACHED
    if call.state is not CallState.TRANSFERRED or not _is_awaited(visit, call):
        return due_now(visit, call)
    script = script_of(visit, call)
    return speak_turn(visit, call, script, hear(script.flow, call.position, Parted(reached)))


def status(visit: Visit) -> str:
    """The carrier's last word about a call to us; it may come first, and is then remembered."""
    word = visit.post.word("CallStatus")
    if word in TERMINAL_STATUSES:
        ours = visit.post.word("Direction").startswith("outbound")
        arrival = None if ours else arrival_of(visit.door, visit.post)
        lifecycle.end_call(visit.work, sid=visit.post.sid, status=word, arrival=arrival)
    return ""


def _step(visit: Visit, call: CallView, what: Heard) -> str:
    """Take one step. An answer to an earlier question changes nothing: what is due now is said once more."""
    if not is_in_conversation(visit, call) or not _is_awaited(visit, call):
        return due_now(visit, call)
    script = script_of(visit, call)
    return speak_turn(visit, call, script, hear(script.flow, call.position, what))


def _is_awaited(visit: Visit, call: CallView) -> bool:
    asked = visit.post.query.get("turn", "")
    return asked in {"", str(Position.parse(call.position).turn)}


def _what_was_heard(visit: Visit, call: CallView) -> Heard:
    keys, said = visit.post.word("Digits"), visit.post.word("SpeechResult")
    if keys:
        return Digits(keys)
    if not said:
        return Silence()
    script = script_of(visit, call)
    catalogue = script.prompts[Language(call.language)]
    return understand(script.flow, call.position, said, catalogue)


CALLER_STEPS = (
    Step("/incoming", "incoming", Machine.CALLER, incoming, keep_on_the_line, ()),
    Step("/fallback", "fallback", Machine.CALLER, fallback, keep_on_the_line, ("ErrorCode",)),
    Step("/heard", "heard", Machine.CALLER, heard, keep_on_the_line, ("Digits", "SpeechResult")),
    Step("/again", "again", Machine.CALLER, again, keep_on_the_line, None),
    Step("/recorded", "recorded", Machine.CALLER, recorded, keep_on_the_line, ("RecordingSid",)),
    Step("/parted", "parted", Machine.CARRIER, parted, keep_on_the_line, ("DialCallStatus",)),
    Step("/status", "status", Machine.CARRIER, status, None, ("CallStatus", "SequenceNumber")),
)


def message_recorded(visit: Visit) -> str:
    return _recorded(visit, RecordingKind.MESSAGE)


def talk_recorded(visit: Visit) -> str:
    return _recorded(visit, RecordingKind.TALK)


def _recorded(visit: Visit, kind: RecordingKind) -> str:
    """The carrier says what became of a recording; a talk's is told by its conference, without a call's name."""
    sid, status = visit.post.word("RecordingSid"), visit.post.word("RecordingStatus")
    if status == "absent":
        recordings.mark_absent(visit.work, sid)
    elif status == "completed" and 0 < len(sid) <= LONGEST_SID and is_storable(sid):
        seconds = visit.post.seconds("RecordingDuration")
        recordings.record_finished(visit.work, visit.id("call_id"), sid, seconds, kind)
    return ""


_TELLS = ("RecordingSid", "RecordingStatus")
RECORDING_STEPS = tuple(
    Step(
        f"/recording/{kind}/<int:call_id>",
        f"{kind}_recorded",
        Machine.CARRIER,
        run,
        None,
        _TELLS,
        names_call=False,
    )
    for kind, run in (
        (RecordingKind.MESSAGE, message_recorded),
        (RecordingKind.TALK, talk_recorded),
    )
)
