"""Recordings: one draft a message, the sound kept once, and heard only by who may, never without a trace."""

import pytest
from sqlalchemy import select

from hotline.rules.enums import (
    CallEnd,
    CallState,
    NoMatterReason,
    RecordingKind,
    RecordingState,
    Role,
    TicketAction,
    TicketState,
)
from hotline.rules.errors import NoSuchRecording, NotAllowed
from hotline.rules.people.actors import Machine, Person
from hotline.rules.tickets.fields import Facts
from hotline.services.calls import recordings
from hotline.services.tickets import actions
from hotline.store.calls.recordings import Recording, RecordingSound
from hotline.store.calls.tables import Call
from hotline.store.people.tables import Look
from hotline.store.tickets.tables import Ticket
from hotline.unit_of_work import Hall
from tests.builders import make_call, make_ticket, make_user, person_of
from tests.stopped_clock import StoppedClock

SID = "RE" + "1" * 32


def leave_message(hall: Hall, call: Call, sid: str = SID, seconds: int = 12) -> None:
    with hall.open_work(Machine.CALLER) as work:
        recordings.keep_message(work, call.id, sid, seconds)


def the_recording(hall: Hall) -> Recording:
    with hall.look() as session:
        return session.scalars(select(Recording)).one()


def test_a_message_opens_one_draft_however_often_it_is_told(hall: Hall) -> None:
    call = make_call(hall)
    for _ in range(3):
        leave_message(hall, call)
    with hall.look() as session:
        [ticket] = session.scalars(select(Ticket)).all()
        assert (ticket.state, ticket.call_id, ticket.title) == (
            TicketState.DRAFT,
            call.id,
            recordings.MESSAGE_TITLE,
        )
        assert session.get_one(Call, call.id).finished_at is None


def test_a_second_message_of_one_call_joins_the_first_ones_ticket(hall: Hall) -> None:
    call = make_call(hall)
    leave_message(hall, call)
    leave_message(hall, call, "RE" + "2" * 32)
    with hall.look() as session:
        assert len(session.scalars(select(Ticket)).all()) == 1
        assert len(session.scalars(select(Recording)).all()) == 2


def test_a_call_given_up_that_left_a_message_is_no_longer_given_up(hall: Hall) -> None:
    ended = make_call(hall, state=CallState.ENDED, end=CallEnd.ABANDONED)
    leave_message(hall, ended)
    answered = make_call(hall, state=CallState.ENDED, end=CallEnd.COMPLETED)
    leave_message(hall, answered, "RE" + "3" * 32)
    with hall.look() as session:
        assert session.get_one(Call, ended.id).end is CallEnd.LEFT_MESSAGE
        assert session.get_one(Call, answered.id).end is CallEnd.COMPLETED


def test_a_call_with_a_ticket_gets_no_second_one(hall: Hall) -> None:
    call = make_call(hall)
    make_ticket(hall, call_id=call.id)
    leave_message(hall, call)
    with hall.look() as session:
        assert len(session.scalars(select(Ticket)).all()) == 1


def test_a_breath_is_no_message(hall: Hall) -> None:
    leave_message(hall, make_call(hall), seconds=0)
    with hall.look() as session:
        assert session.scalars(select(Recording)).all() == []


def test_the_sound_is_kept_once(hall: Hall) -> None:
    leave_message(hall, make_call(hall))
    recording = the_recording(hall)
    for sound in b"first", b"second":
        with hall.open_work(Machine.WORKER) as work:
            recordings.keep_sound(work, recording.id, "audio/x-wav", sound)
    with hall.look() as session:
        assert session.get_one(RecordingSound, recording.id).sound == b"first"
    assert the_recording(hall).state is RecordingState.KEPT


@pytest.mark.parametrize(
    ("role", "kind", "may"),
    [
        (Role.OPERATOR, RecordingKind.MESSAGE, True),
        (Role.OPERATOR, RecordingKind.TALK, False),
        (Role.SUPERVISOR, RecordingKind.TALK, True),
        (Role.INSPECTOR, RecordingKind.MESSAGE, True),
        (Role.HANDLER, RecordingKind.MESSAGE, False),
        (Role.LEADER, RecordingKind.TALK, False),
    ],
)
def test_who_may_hear_what_leaves_a_trace(hall: Hall, role: Role, kind: RecordingKind, may: bool) -> None:
    call = make_call(hall)
    with hall.open_work(Machine.CARRIER) as work:
        recordings.recording_ended(work, call.id, SID, 9, kind)
    recording = the_recording(hall)
    with hall.open_work(Machine.WORKER) as work:
        recordings.keep_sound(work, recording.id, "audio/x-wav", b"RIFF")
    person = _person(hall, role)
    if not may:
        with pytest.raises(NotAllowed), hall.open_work(person) as work:
            recordings.hear_recording(work, recording.id)
        return
    with hall.open_work(person) as work:
        sound = recordings.hear_recording(work, recording.id)
    assert sound is not None
    with hall.look() as session:
        [look] = session.scalars(select(Look)).all()
        assert (look.user_id, look.subject, look.field) == (person.id, "recording", "sound")


def test_a_sound_that_comes_after_it_was_said_to_be_absent_changes_nothing(hall: Hall) -> None:
    leave_message(hall, make_call(hall))
    recording = the_recording(hall)
    with hall.open_work(Machine.CARRIER) as work:
        recordings.recording_absent(work, recording.sid)
    with hall.open_work(Machine.WORKER) as work:
        recordings.keep_sound(work, recording.id, "audio/x-wav", b"RIFF")
    with hall.look() as session:
        assert session.scalars(select(RecordingSound)).all() == []
    assert the_recording(hall).state is RecordingState.ABSENT
    assert the_recording(hall).kept_at is None


def test_a_sound_kept_again_keeps_its_first_moment(hall: Hall, clock: StoppedClock) -> None:
    leave_message(hall, make_call(hall))
    recording = the_recording(hall)
    for _ in range(2):
        with hall.open_work(Machine.WORKER) as work:
            recordings.keep_sound(work, recording.id, "audio/x-wav", b"RIFF")
        clock.advance(60)
    kept = the_recording(hall)
    assert kept.state is RecordingState.KEPT
    assert kept.kept_at is not None
    assert (clock() - kept.kept_at).total_seconds() == 120


def test_a_recording_that_does_not_exist_is_said(hall: Hall) -> None:
    with pytest.raises(NoSuchRecording), hall.open_work(_person(hall, Role.SUPERVISOR)) as work:
        recordings.hear_recording(work, 99)


def test_whoever_listens_may_throw_a_message_away_with_a_reason(hall: Hall) -> None:
    leave_message(hall, make_call(hall))
    with hall.look() as session:
        ticket_id = session.scalars(select(Ticket.id)).one()
    facts = Facts(no_matter=NoMatterReason.SILENT)
    with hall.open_work(_person(hall, Role.OPERATOR)) as work:
        ticket = actions.perform(work, ticket_id, TicketAction.DISCARD, facts)
    assert ticket.state is TicketState.DISCARDED
    with hall.look() as session:
        call = session.scalars(select(Call)).one()
        assert (call.no_matter, call.finished_at) == (NoMatterReason.SILENT, hall.clock())


def _person(hall: Hall, role: Role) -> Person:
    return person_of(make_user(hall, role))
