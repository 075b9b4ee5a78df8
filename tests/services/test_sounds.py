"""Sound outside the database: stored before its row says so, whatever is killed in between, and moved out of old databases."""

from dataclasses import replace

import pytest
from sqlalchemy import func, select

from hotline import events
from hotline.gateways.addresses import VoiceAddresses
from hotline.gateways.carrier import CarrierGone
from hotline.gateways.storage.object_storage import NoSuchObject, StorageUnavailable
from hotline.reactions.calls import keep_sound
from hotline.reactions.context import ReactionContext, RetryLater
from hotline.rules.enums import CallState, LookReason, RecordingState, Role
from hotline.rules.people.actors import Machine
from hotline.services.calls import recordings, sounds
from hotline.services.calls.sounds import MOVING_TIME
from hotline.store.calls.recordings import Recording, RecordingSound, object_key
from hotline.unit_of_work import Application
from tests.builders import make_call, make_recording, make_user, person_of, store_sound
from tests.fakes import FakeCarrier, FakeLookups, FakeUnits, FaultyStorage
from tests.stopped_clock import StoppedClock

SOUND = b"RIFF" + bytes(500)


class Killed(BaseException):
    """The end of a process at this point."""


@pytest.fixture
def carrier(application: Application) -> FakeCarrier:
    return FakeCarrier(application.clock)


def tools(application: Application, carrier: FakeCarrier) -> ReactionContext:
    return ReactionContext(
        application, carrier, (FakeUnits(),), FakeLookups(), VoiceAddresses("https://hotline.example")
    )


def at_carrier(application: Application, carrier: FakeCarrier) -> Recording:
    call = make_call(application, state=CallState.ENDED)
    return make_recording(application, call.id, sid=carrier.record(SOUND))


def keep(application: Application, carrier: FakeCarrier, recording: Recording) -> None:
    keep_sound(tools(application, carrier), events.RecordingMade(recording.call_id, recording.id))


def state_of(application: Application, recording: Recording) -> RecordingState:
    with application.read_session() as session:
        return session.scalars(select(Recording.state).where(Recording.id == recording.id)).one()


def stored(storage: FaultyStorage, recording: Recording) -> bytes | None:
    """Returns the object of a recording, or None."""
    try:
        return b"".join(storage.inner.read(object_key(recording)))
    except (NoSuchObject, StorageUnavailable):
        return None


def test_a_sound_is_stored_before_its_row_says_so(
    application: Application, carrier: FakeCarrier, sounds: FaultyStorage
) -> None:
    recording = at_carrier(application, carrier)
    sounds.fail_next("put", StorageUnavailable("no space left"))
    with pytest.raises(StorageUnavailable):
        keep(application, carrier, recording)
    assert state_of(application, recording) is RecordingState.AT_CARRIER
    keep(application, carrier, recording)
    assert state_of(application, recording) is RecordingState.KEPT
    assert stored(sounds, recording) == SOUND


def test_a_worker_killed_between_object_and_row_leaves_what_the_next_try_replaces(
    application: Application, carrier: FakeCarrier, sounds: FaultyStorage
) -> None:
    recording = at_carrier(application, carrier)
    sounds.fail_next("put", Killed(), after=True)
    with pytest.raises(Killed):
        keep(application, carrier, recording)
    assert state_of(application, recording) is RecordingState.AT_CARRIER
    keep(application, carrier, recording)
    assert state_of(application, recording) is RecordingState.KEPT
    assert {key for name, key in sounds.asked if name == "put"} == {object_key(recording)}


def test_a_sound_that_is_kept_is_not_fetched_again(
    application: Application, carrier: FakeCarrier, sounds: FaultyStorage
) -> None:
    recording = at_carrier(application, carrier)
    for _ in range(2):
        keep(application, carrier, recording)
    assert carrier.asked == ["fetch_recording"]
    assert [name for name, _ in sounds.asked] == ["put"]


def test_a_recording_marked_absent_while_its_sound_was_stored_keeps_no_object(
    application: Application, carrier: FakeCarrier, sounds: FaultyStorage
) -> None:
    recording = at_carrier(application, carrier)
    sounds.fail_next("put", Killed(), after=True)
    with pytest.raises(Killed):
        keep(application, carrier, recording)
    with application.unit_of_work(Machine.CARRIER) as work:
        recordings.mark_absent(work, recording.sid)
    keep(application, carrier, recording)
    assert state_of(application, recording) is RecordingState.ABSENT
    assert stored(sounds, recording) is None


def test_a_sound_that_the_carrier_has_not_yet_is_asked_for_later(
    application: Application, carrier: FakeCarrier
) -> None:
    recording = at_carrier(application, carrier)
    carrier.fail_next("fetch_recording", CarrierGone("404"))
    with pytest.raises(RetryLater):
        keep(application, carrier, recording)
    keep(application, carrier, recording)
    assert state_of(application, recording) is RecordingState.KEPT


def test_keys_of_two_databases_that_number_alike_differ(application: Application) -> None:
    call = make_call(application)
    first, second = make_recording(application, call.id), make_recording(application, call.id)
    second.id = first.id
    assert object_key(first) != object_key(second)


def test_a_key_holds_nothing_that_a_carrier_wrote(application: Application, sounds: FaultyStorage) -> None:
    recording = make_recording(application, make_call(application).id, sid="../../etc/passwd")
    store_sound(application, recording)
    assert "etc" not in object_key(recording)
    assert stored(sounds, recording) == b"RIFF"


def in_database(application: Application, number: int) -> list[Recording]:
    """Writes recordings as the version before did: their sound lies in the database."""
    call = make_call(application, state=CallState.ENDED)
    rows = [make_recording(application, call.id) for _ in range(number)]
    with application.unit_of_work(Machine.SYSTEM) as work:
        for row in rows:
            work.session.get_one(Recording, row.id).state = RecordingState.KEPT
            sound = SOUND + bytes([row.id % 256])
            work.session.add(RecordingSound(recording_id=row.id, media_type="audio/wav", sound=sound))
    return rows


def left_in_database(application: Application) -> int:
    with application.read_session() as session:
        return session.scalar(select(func.count()).select_from(RecordingSound)) or 0


def heard(application: Application, recording: Recording) -> bytes:
    person = person_of(make_user(application, Role.SUPERVISOR))
    with application.unit_of_work(person) as work:
        kept = sounds.hear(work, recording.id, LookReason.QUALITY)
    assert kept is not None
    assert kept.media_type == "audio/wav"
    return kept.data if kept.data is not None else b"".join(application.sounds.read(kept.key))


def test_old_sounds_move_out_of_the_database_and_are_heard_at_every_moment(application: Application) -> None:
    rows = in_database(application, 5)
    wanted = [SOUND + bytes([row.id % 256]) for row in rows]
    moments: list[list[bytes]] = []

    class Watched(FaultyStorage):
        def put(self, key: str, data: bytes) -> None:
            super().put(key, data)
            moments.append([heard(application, row) for row in rows])

    assert move(replace(application, sounds=Watched(application.sounds))) == 5
    moments.append([heard(application, row) for row in rows])
    assert moments == [wanted] * 6
    assert (left_in_database(application), move(application)) == (0, 0)


def test_a_move_stops_after_its_time_and_the_next_run_goes_on(
    application: Application, clock: StoppedClock
) -> None:
    in_database(application, 5)

    class Slow(FaultyStorage):
        def put(self, key: str, data: bytes) -> None:
            super().put(key, data)
            clock.advance(MOVING_TIME.total_seconds() / 2)

    slow = replace(application, sounds=Slow(application.sounds))
    assert [move(slow) for _ in range(4)] == [2, 2, 1, 0]


def test_a_move_that_is_killed_goes_on_where_it_was(application: Application, sounds: FaultyStorage) -> None:
    rows = in_database(application, 3)
    sounds.fail_next("put", Killed(), after=True)
    with pytest.raises(Killed):
        move(application)
    assert left_in_database(application) == 3
    assert move(application) == 3
    assert [stored(sounds, row) for row in rows] == [SOUND + bytes([row.id % 256]) for row in rows]


def test_a_move_deletes_nothing_that_the_storage_did_not_take(
    application: Application, sounds: FaultyStorage
) -> None:
    in_database(application, 1)
    sounds.fail_next("put", StorageUnavailable("connection refused"))
    with pytest.raises(StorageUnavailable):
        move(application)
    assert left_in_database(application) == 1


def move(application: Application) -> int:
    return sounds.move_to_storage(application)
