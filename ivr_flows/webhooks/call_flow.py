"""Which script a call plays, in which voice, and what a call must hear in the state it is in.

Webhooks come in any order and twice; whoever comes late is not told what was due then, but what is due now.
"""

from collections.abc import Mapping
from dataclasses import replace

from hotline.rules.enums import CallPurpose, CallState, Language, OfferState
from hotline.services.calls import lifecycle
from hotline.services.calls.lifecycle import Arrival, CallView
from hotline.services.outbound import callbacks
from ivr_flows.engine import after_talk, again, settle, to_person
from ivr_flows.flow import Queue
from ivr_flows.loader import Script
from ivr_flows.speech import Line, Lines
from ivr_flows.turn import Listen, Position, Turn
from ivr_flows.webhooks.flow_actions import grant
from ivr_flows.webhooks.twiml import EMPTY, Speaker, goodbye
from ivr_flows.webhooks.webhook import Door, Post, Repeatable, Visit

MOST_TRIES = 3
"""How often a caller is kept on the line while the application cannot work, before they are asked to phone again."""
PAUSE_SECONDS = 5
HOW_RINGS_END: dict[str, OfferState] = {
    "busy": OfferState.DECLINED,
    "no-answer": OfferState.MISSED,
    "failed": OfferState.MISSED,
    "completed": OfferState.MISSED,
    "canceled": OfferState.WITHDRAWN,
}
"""The carrier's last word about an operator's leg -> our word, if the call was not theirs by then."""


def arrival_of(door: Door, post: Post, first: Turn | None = None) -> Arrival:
    """Describe a call somebody made to us. A call of ours that nobody remembers is taken for one, too."""
    script = door.shelf.today(CallPurpose.INBOUND)
    ours = post.word("Direction").startswith("outbound")
    dialed = post.word("From" if ours else "To")
    begun = first or door.lobby.first_turn(script.flow, dialed)
    return Arrival(
        sid=post.sid,
        number_raw=post.word("To" if ours else "From"),
        dialed=dialed,
        purpose=CallPurpose.INBOUND,
        flow=script.flow.name,
        flow_version=script.flow.version,
        position=begun.position,
        path=begun.path,
    )


def known_call(visit: Visit) -> CallView:
    """Return the call of this webhook; one that nobody remembers begins here, so that it is not lost."""
    found = lifecycle.find_call(visit.work, visit.post.sid)
    return found or lifecycle.receive_call(visit.work, arrival_of(visit.door, visit.post))


def script_of(visit: Visit, call: CallView) -> Script:
    return visit.door.shelf.edition(visit.work.session, call.flow, call.flow_version, call.purpose)


def speaker_for(door: Door, script: Script, language: str) -> Speaker:
    return Speaker(script.prompts, Language(language), door.standing, door.stage.addresses.sounds())


def usual_speaker(door: Door) -> Speaker:
    """Return the voice for whoever is not known: operators, and callers in trouble."""
    return speaker_for(door, door.shelf.today(CallPurpose.INBOUND), Language.ZH_CN)


def begin(visit: Visit, call: CallView, script: Script, first: Turn) -> str:
    """Write the first words of `script` for a call that has just arrived; for a late repeat, what is due now."""
    if call.state is not CallState.IN_FLOW or call.position != first.position:
        return due_now(visit, call)
    if isinstance(first.then, Listen) and not first.wishes:
        speaker = speaker_for(visit.door, script, first.language or call.language)
        return Repeatable(visit.door.stage.greeting(speaker, first, script.flow))
    return speak_turn(visit, call, script, replace(first, path=()))


def speak_turn(visit: Visit, call: CallView, script: Script, turn: Turn) -> str:
    """Carry out a turn's wishes, keep the position it ends at, and write what the caller hears."""
    settled, language = take_turn(visit, call, script, turn)
    return visit.door.stage.turn(speaker_for(visit.door, script, language), settled, call.id)


def take_turn(visit: Visit, call: CallView, script: Script, turn: Turn) -> tuple[Turn, str]:
    """Carry out a turn's wishes and keep the position it ends at; return the settled turn and its language."""
    work, door = visit.work, visit.door
    language = str(turn.language or call.language)
    if language != call.language:
        lifecycle.save_position(work, call.id, position=call.position, language=language)
    settled = settle(script.flow, turn, lambda wish, values: grant(work, door.lobby, call.id, wish, values))
    language = str(settled.language or language)
    if settled.position != call.position or settled.path:
        lifecycle.save_position(
            work, call.id, position=settled.position, language=language, path=settled.path
        )
    return settled, language


def lead_to_person(visit: Visit, call: CallView, *prompts: str) -> str:
    """Bring a call that is in its flow to the queue, after a word of apology."""
    script = script_of(visit, call)
    turn = to_person(script.flow, call.position)
    lines: Lines = (*(Line(prompt) for prompt in prompts), *turn.lines)
    return speak_turn(visit, call, script, replace(turn, lines=lines))


def is_in_conversation(visit: Visit, call: CallView) -> bool:
    """Say whether the flow has the word: before a person, and after one who has left first."""
    if call.state is CallState.IN_FLOW:
        return True
    nodes = script_of(visit, call).flow.nodes
    return call.state is CallState.AFTER and not isinstance(
        nodes.get(Position.parse(call.position).node), Queue | None
    )


def due_now(visit: Visit, call: CallView) -> str:
    """Write what a call must hear in the state it is in, whatever was asked."""
    script = script_of(visit, call)
    match call.state:
        case CallState.RINGING | CallState.IN_FLOW | CallState.TRANSFERRED:
            return speak_turn(visit, call, script, again(script.flow, call.position))
        case CallState.QUEUED | CallState.OFFERED:
            return lead_to_person(visit, call)
        case CallState.CONNECTING | CallState.TALKING:
            return visit.door.stage.talk(call.id)
        case CallState.AFTER if is_in_conversation(visit, call):
            return speak_turn(visit, call, script, again(script.flow, call.position))
        case CallState.AFTER:
            return goodbye(speaker_for(visit.door, script, call.language), "thanks_goodbye")
        case CallState.ENDED:
            return hang_up(visit.door)


def after_the_talk(visit: Visit, call: CallView) -> str:
    """Record that the operator is gone, and let who is still on the line hear what the flow has to say after a talk."""
    if call.state is CallState.AFTER and is_in_conversation(visit, call):
        return due_now(visit, call)
    lifecycle.record_talk_left(visit.work, call.id)
    call = lifecycle.get_call(visit.work, call.id)
    script = script_of(visit, call)
    speaker = speaker_for(visit.door, script, call.language)
    if visit.post.word("DialCallStatus") == "failed":
        owed = callbacks.promise_for_call(visit.work, call.id)
        return goodbye(speaker, "apology_goodbye" if owed is None else "talk_failed_promised")
    after = after_talk(script.flow, call.position) if call.state is CallState.AFTER else None
    if after is None:
        return goodbye(speaker, "thanks_goodbye")
    return speak_turn(visit, call, script, after)


def hang_up(door: Door) -> str:
    """End the call without a word."""
    return goodbye(usual_speaker(door))


def nothing(_door: Door, _post: Post, _ids: Mapping[str, str]) -> str:
    return EMPTY


def silent_end(door: Door, _post: Post, _ids: Mapping[str, str]) -> str:
    return hang_up(door)


def keep_on_the_line(door: Door, post: Post, _ids: Mapping[str, str]) -> str:
    """The application cannot work: apologise, wait, and ask once more at the fallback, which leads to a person.

    After `MOST_TRIES` the caller is asked to phone again: without a database nobody could ever find them.
    """
    return hold(door, post, door.stage.addresses.fallback())


def hold(door: Door, post: Post, url: str) -> str:
    """Keep the caller on the line and ask once more at `url`, a bounded number of times."""
    asked = post.query.get("again", "")
    tries = int(asked) + 1 if asked.isascii() and asked.isdigit() else 1
    if tries > MOST_TRIES:
        return goodbye(usual_speaker(door), "apology_goodbye")
    lines = (Line("apology_wait"),)
    return door.stage.try_again(usual_speaker(door), lines, f"{url}?again={tries}", seconds=PAUSE_SECONDS)
