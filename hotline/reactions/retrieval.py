"""Reactions that bring something home for a call: the sound of a recording, the answer of a system of the city's own."""

from hotline import events
from hotline.gateways.carrier import CarrierGone
from hotline.gateways.lookups import LookupRequest
from hotline.reactions.context import ReactionContext, RetryLater
from hotline.rules.enums import LookupState, RecordingState
from hotline.rules.people.actors import Machine
from hotline.services.calls import lookups, recordings
from hotline.store.calls.recordings import Recording
from hotline.store.calls.tables import Call


def keep_sound(tools: ReactionContext, event: events.RecordingMade) -> None:
    """Fetch the sound of a recording and keep it; the carrier may need a while until it can be fetched."""
    with tools.application.read_session() as session:
        recording = session.get_one(Recording, event.recording_id)
    if recording.state is not RecordingState.AT_CARRIER:
        return
    try:
        sound = tools.carrier.fetch_recording(recording.sid)
    except CarrierGone as gone:
        raise RetryLater("the carrier does not have the sound (yet)") from gone
    with tools.application.unit_of_work(Machine.WORKER) as work:
        recordings.save_sound(work, recording.id, sound.media_type, sound.data)


def ask_outside(tools: ReactionContext, event: events.LookupAsked) -> None:
    """Ask a system of the city's own for a caller who waits; one who has waited long enough is not asked for any more."""
    with tools.application.unit_of_work(Machine.WORKER) as work:
        asked = lookups.get(work, event.lookup_id)
    source = tools.application.policies.callers.lookups.get(asked.source)
    if asked.state is not LookupState.ASKED:
        return
    found = None
    if source is not None and not asked.overdue:
        with tools.application.read_session() as session:
            number = session.get_one(Call, event.call_id).number
        question = LookupRequest(f"lookup-{asked.id}", source.url, source.secret, source.seconds, number)
        found = tools.lookups.ask(question, tools.application.clock())
    with tools.application.unit_of_work(Machine.WORKER) as work:
        if found is None:
            lookups.record_answer(work, asked.id, LookupState.FAILED)
        else:
            state = LookupState.FOUND if found.found else LookupState.UNKNOWN
            lookups.record_answer(work, asked.id, state, found.text_zh, found.text_en)
