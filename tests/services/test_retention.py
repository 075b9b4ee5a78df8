"""Finished work, sound and the details of calls are deleted after the days of the policy; what is not finished stays."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from config.periodic_jobs import delete_expired
from hotline import events
from hotline.gateways.storage.object_storage import NoSuchObject, StorageUnavailable
from hotline.rules.enums import (
    CallbackReason,
    CallbackState,
    CallPurpose,
    CallState,
    DeliveryState,
    DialState,
    LookReason,
    OfferState,
    RecordingState,
    Role,
    TicketState,
)
from hotline.rules.people.actors import Machine
from hotline.rules.policies import IDLE_LIMIT, RetentionPolicy
from hotline.services import retention
from hotline.services.calls import sounds as sound_service
from hotline.services.outbound import callbacks
from hotline.services.people import sign_ins, tokens
from hotline.store.base import Base
from hotline.store.calls.recordings import Recording, RecordingSound, object_key
from hotline.store.calls.tables import Call, Offer
from hotline.store.outbound import Callback, Dial
from hotline.store.outbox import Delivery, EventRow
from hotline.store.people.tables import ApiToken, SignIn
from hotline.store.tickets.tables import IdempotencyKey, Ticket
from hotline.unit_of_work import Application
from tests.builders import (
    make_call,
    make_operator,
    make_recording,
    make_ticket,
    make_user,
    person_of,
    store_sound,
)
from tests.fakes import FaultyStorage
from tests.stopped_clock import StoppedClock

DAYS = RetentionPolicy()


def count(application: Application, table: type[Base]) -> int:
    with application.read_session() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def deliver(application: Application, state: DeliveryState, number: int = 1) -> None:
    ticket = make_ticket(application)
    with application.unit_of_work(Machine.SYSTEM) as work:
        for _ in range(number):
            work.record(events.TicketOpened(ticket.id))
        for event_id in work.session.scalars(select(EventRow.id).where(EventRow.subject_id == ticket.id)):
            reaction = {"reaction": "notify_unit", "lane": "notifications", "state": state}
            work.session.add(Delivery(event_id=event_id, next_try_at=work.at, done_at=work.at, **reaction))


@pytest.mark.parametrize("state", DeliveryState)
def test_a_delivery_is_deleted_only_when_it_was_over_long_ago(
    application: Application, clock: StoppedClock, state: DeliveryState
) -> None:
    deliver(application, state)
    clock.advance(timedelta(days=DAYS.delivery_days).total_seconds())
    assert delete_expired(application) == 0
    clock.advance(1)
    is_over = state in {DeliveryState.DONE, DeliveryState.DISCARDED}
    assert delete_expired(application) == (1 if is_over else 0)
    assert count(application, EventRow) == 1


def test_more_than_a_batch_is_deleted_batch_by_batch(application: Application, clock: StoppedClock) -> None:
    deliver(application, DeliveryState.DONE, number=5)
    clock.advance(timedelta(days=DAYS.delivery_days, seconds=1).total_seconds())
    deleted = []
    for _ in range(4):
        with application.unit_of_work(Machine.CLOCK) as work:
            deleted.append(retention.delete_expired(work, batch_size=2))
    assert deleted == [2, 2, 1, 0]


def test_a_session_is_deleted_when_it_has_been_over_for_long(
    application: Application, clock: StoppedClock
) -> None:
    user = make_user(application)
    with application.unit_of_work(person_of(user)) as work:
        sign_ins.sign_in(work, user.id)
    clock.advance((IDLE_LIMIT + timedelta(days=DAYS.sign_in_days)).total_seconds())
    assert (delete_expired(application), count(application, SignIn)) == (0, 1)
    clock.advance(1)
    assert (delete_expired(application), count(application, SignIn)) == (1, 0)


def test_a_programs_key_is_deleted_and_its_ticket_stays(
    application: Application, clock: StoppedClock
) -> None:
    user, ticket = make_user(application, Role.OPERATOR), make_ticket(application)
    with application.unit_of_work(person_of(user)) as work:
        tokens.create_token(work, name="test", user_name=user.name)
        work.flush()
        token_id = work.session.scalars(select(ApiToken.id)).one()
        for key in "ab":
            row = {"token_id": token_id, "key": key, "fingerprint": "", "ticket_id": ticket.id}
            work.session.add(IdempotencyKey(at=work.at, **row))
    clock.advance(timedelta(days=DAYS.idempotency_key_days, seconds=1).total_seconds())
    assert (delete_expired(application), count(application, IdempotencyKey)) == (2, 0)
    assert count(application, Ticket) == 1


class Killed(BaseException):
    """The end of a process at this point."""


def recorded(application: Application) -> Recording:
    """A recorded call of now with its sound in the storage."""
    recording = make_recording(
        application, make_call(application, state=CallState.ENDED, ended_at=application.clock()).id
    )
    store_sound(application, recording)
    finish(application, recording.call_id)
    return recording


def finish(application: Application, call_id: int, state: TicketState = TicketState.CLOSED) -> None:
    """Puts the tickets of a call into `state`."""
    with application.unit_of_work(Machine.SYSTEM) as work:
        for ticket in work.session.scalars(select(Ticket).where(Ticket.call_id == call_id)):
            ticket.state = state


def pass_days(clock: StoppedClock, days: float) -> None:
    clock.advance(timedelta(days=days, seconds=1).total_seconds())


def state_of(application: Application, recording: Recording) -> RecordingState:
    with application.read_session() as session:
        return session.get_one(Recording, recording.id).state


def is_stored(storage: FaultyStorage, recording: Recording) -> bool:
    try:
        return storage.inner.size(object_key(recording)) > 0
    except NoSuchObject:
        return False


def test_a_sound_is_deleted_after_its_days_and_its_row_says_so(
    application: Application, clock: StoppedClock, sounds: FaultyStorage
) -> None:
    recording = recorded(application)
    clock.advance(timedelta(days=DAYS.recording_days).total_seconds())
    assert sound_service.delete_expired(application) == 0
    assert is_stored(sounds, recording)
    clock.advance(1)
    assert sound_service.delete_expired(application) == 1
    assert state_of(application, recording) is RecordingState.DELETED
    assert not is_stored(sounds, recording)
    with application.unit_of_work(person_of(make_user(application, Role.SUPERVISOR))) as work:
        assert sound_service.hear(work, recording.id, LookReason.QUALITY) is None
    assert sound_service.delete_expired(application) == 0


@pytest.mark.parametrize("state", [TicketState.DRAFT, TicketState.ACKNOWLEDGED])
def test_a_sound_is_kept_as_long_as_its_ticket_is_not_finished(
    application: Application, clock: StoppedClock, state: TicketState
) -> None:
    recording = recorded(application)
    finish(application, recording.call_id, state)
    pass_days(clock, DAYS.recording_days)
    assert sound_service.delete_expired(application) == 0
    finish(application, recording.call_id, TicketState.DISCARDED)
    assert sound_service.delete_expired(application) == 1


def test_a_sound_is_kept_as_long_as_its_caller_is_owed_a_callback(
    application: Application, clock: StoppedClock
) -> None:
    recording = recorded(application)
    owed = promised(application, recording.call_id)
    pass_days(clock, DAYS.recording_days)
    assert sound_service.delete_expired(application) == 0
    settle(application, owed)
    assert sound_service.delete_expired(application) == 1


def test_an_object_that_could_not_be_deleted_is_deleted_by_the_next_run(
    application: Application, clock: StoppedClock, sounds: FaultyStorage
) -> None:
    first, second = recorded(application), recorded(application)
    pass_days(clock, DAYS.recording_days)
    sounds.fail_next("delete", StorageUnavailable("connection refused"))
    with pytest.raises(StorageUnavailable):
        sound_service.delete_expired(application)
    assert [state_of(application, row) for row in (first, second)] == [
        RecordingState.EXPIRED,
        RecordingState.DELETED,
    ]
    assert sound_service.delete_expired(application) == 1
    assert state_of(application, first) is RecordingState.DELETED
    assert not is_stored(sounds, first)


@pytest.mark.parametrize("after", [False, True])
def test_a_worker_killed_while_it_deletes_leaves_rows_that_say_so(
    application: Application, clock: StoppedClock, sounds: FaultyStorage, after: bool
) -> None:
    recording = recorded(application)
    pass_days(clock, DAYS.recording_days)
    sounds.fail_next("delete", Killed(), after=after)
    with pytest.raises(Killed):
        sound_service.delete_expired(application)
    assert state_of(application, recording) is RecordingState.EXPIRED
    assert sound_service.delete_expired(application) == 1
    assert not is_stored(sounds, recording)


def test_a_storage_that_is_away_is_not_asked_for_every_sound(
    application: Application, clock: StoppedClock
) -> None:
    for _ in range(5):
        recorded(application)
    pass_days(clock, DAYS.recording_days)
    asked: list[str] = []

    class Away(FaultyStorage):
        def delete(self, key: str) -> None:
            asked.append(key)
            raise StorageUnavailable("connection refused")

    away = replace(application, sounds=Away(application.sounds))
    with pytest.raises(StorageUnavailable):
        sound_service.delete_expired(away)
    assert len(asked) == sound_service.MAX_FAILURES
    assert sound_service.delete_expired(application) == 5


def test_a_sound_stored_by_a_worker_that_never_came_to_record_it_is_deleted_too(
    application: Application, clock: StoppedClock, sounds: FaultyStorage
) -> None:
    recording = make_recording(
        application, make_call(application, state=CallState.ENDED, ended_at=application.clock()).id
    )
    finish(application, recording.call_id)
    sounds.put(object_key(recording), b"RIFF")
    pass_days(clock, DAYS.recording_days)
    assert sound_service.delete_expired(application) == 1
    assert not is_stored(sounds, recording)


def test_a_sound_that_was_never_moved_out_of_the_database_is_deleted_there(
    application: Application, clock: StoppedClock
) -> None:
    recording = recorded(application)
    with application.unit_of_work(Machine.SYSTEM) as work:
        work.session.add(RecordingSound(recording_id=recording.id, media_type="audio/wav", sound=b"RIFF"))
    pass_days(clock, DAYS.recording_days)
    assert sound_service.delete_expired(application, batch_size=1) == 1
    assert count(application, RecordingSound) == 0


def promised(application: Application, call_id: int) -> int:
    """The id of a callback that is owed to the caller of a call."""
    with application.unit_of_work(Machine.CALLER) as work:
        owed = callbacks.promise_for_call(work, call_id)
        assert owed is not None
        work.flush()
        return owed.id


def settle(application: Application, callback_id: int) -> None:
    with application.unit_of_work(Machine.SYSTEM) as work:
        owed = work.session.get_one(Callback, callback_id)
        owed.state, owed.open_number = CallbackState.REACHED, None


def detailed_call(application: Application) -> int:
    """A call of now with a ring, two events, a delivery and a note."""
    operator = make_operator(application)
    call = make_call(
        application, state=CallState.ENDED, ended_at=application.clock(), no_matter_note="张三，孩子按错"
    )
    with application.unit_of_work(Machine.SYSTEM) as work:
        work.session.add(
            Offer(call_id=call.id, operator_id=operator.id, state=OfferState.MISSED, offered_at=work.at)
        )
        work.record(events.CallArrived(call.id), events.CallQueued(call.id))
        mine = select(EventRow.id).where(EventRow.subject == "call", EventRow.subject_id == call.id)
        event_id = work.session.scalars(mine.limit(1)).one()
        facts = {"reaction": "ring_operator", "lane": "calls", "state": DeliveryState.DEAD}
        work.session.add(Delivery(event_id=event_id, next_try_at=work.at, **facts))
    return call.id


def test_after_its_days_a_call_holds_nothing_of_its_caller(
    application: Application, clock: StoppedClock
) -> None:
    call_id = detailed_call(application)
    ticket = make_ticket(application, call_id=call_id, state=TicketState.CLOSED)
    with application.unit_of_work(Machine.SYSTEM) as work:
        work.record(events.TicketOpened(ticket.id))
    clock.advance(timedelta(days=DAYS.call_days).total_seconds())
    assert delete_expired(application) == 0
    clock.advance(timedelta(days=1).total_seconds())
    assert delete_expired(application) == 1
    with application.read_session() as session:
        call = session.get_one(Call, call_id)
        assert (call.number, call.number_raw, call.no_matter_note) == (None, "", None)
        assert call.details_deleted_at == clock()
        assert session.scalars(select(EventRow.kind)).all() == ["TicketOpened"]
        assert session.get_one(Ticket, ticket.id).caller_number == ticket.caller_number
    assert [count(application, table) for table in (Offer, Delivery)] == [0, 0]
    assert delete_expired(application) == 0


def test_a_call_whose_matter_is_open_keeps_its_details(application: Application, clock: StoppedClock) -> None:
    with_ticket, owed = detailed_call(application), detailed_call(application)
    make_ticket(application, call_id=with_ticket, state=TicketState.ACKNOWLEDGED)
    callback_id = promised(application, owed)
    pass_days(clock, DAYS.call_days + 1)
    assert delete_expired(application) == 0
    finish(application, with_ticket)
    settle(application, callback_id)
    # Two calls and one callback.
    assert delete_expired(application) == 3


def test_a_call_that_is_not_over_keeps_its_details(application: Application, clock: StoppedClock) -> None:
    make_call(application, state=CallState.QUEUED)
    pass_days(clock, DAYS.call_days + 1)
    assert delete_expired(application) == 0


def test_after_its_days_a_callback_and_its_attempts_hold_no_number(
    application: Application, clock: StoppedClock
) -> None:
    callback_id = promised(
        application, make_call(application, state=CallState.ENDED, ended_at=application.clock()).id
    )
    with application.unit_of_work(Machine.SYSTEM) as work:
        owed = work.session.get_one(Callback, callback_id)
        facts = {"purpose": CallPurpose.CALLBACK, "state": DialState.ENDED, "attempt": 1, "detail": "忙"}
        dial = Dial(ref="r" * 32, callback_id=callback_id, number=owed.number, planned_at=work.at, **facts)
        work.session.add(dial)
        work.flush()
        work.record(events.DialPlanned(dial.id))
    settle(application, callback_id)
    pass_days(clock, DAYS.call_days + 1)
    # The call and its callback.
    assert delete_expired(application) == 2
    with application.read_session() as session:
        assert session.scalars(select(Callback.number)).all() == [""]
        assert session.execute(select(Dial.number, Dial.detail)).all() == [("", None)]
        assert session.scalars(select(Callback.reason)).all() == [CallbackReason.REQUESTED]
    assert count(application, EventRow) == 0


def test_details_of_many_calls_are_deleted_batch_by_batch(
    application: Application, clock: StoppedClock
) -> None:
    for _ in range(5):
        make_call(application, state=CallState.ENDED, ended_at=application.clock())
    pass_days(clock, DAYS.call_days + 1)
    deleted = []
    for _ in range(4):
        with application.unit_of_work(Machine.CLOCK) as work:
            deleted.append(retention.delete_expired(work, batch_size=2))
    assert deleted == [2, 2, 1, 0]
