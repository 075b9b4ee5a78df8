"""Recordings: one draft per message, the sound saved once, each disclosure recorded."""

import pytest
from sqlalchemy import select

from hotline.rules.enums import (
    CallEnd,
    CallState,
    LookReason,
    NoMatterReason,
    RecordingKind,
    RecordingState,
    Role,
    TicketAction,
    TicketState,
)
from hotline.rules.errors import NoSuchRecording, NotAllowed
from hotline.rules.people.actors import Machine, Person
from hotline.rules.tickets.fields import TicketFields
from hotline.services.calls import recordings, sounds
from hotline.services.tickets import actions
from hotline.store.calls.recordings import Recording
from hotline.store.calls.tables import Call
from hotline.store.people.tables import Disclosure
from hotline.store.tickets.tables import Ticket
from hotline.unit_of_work import Application
from tests.builders import make_call, make_ticket, make_user, person_of, store_sound
from tests.stopped_clock import StoppedClock

SID = "RE" + "1" * 32


def leave_message(application: Application, call: Call, sid: str = SID, seconds: int = 12) -> None:
    with application.unit_of_work(Machine.CALLER) as work:
        recordings.record_message(work, call.id, sid, seconds)


def the_recording(application: Application) -> Recording:
    with application.read_session() as session:
        return session.scalars(select(Recording)).one()


def test_a_message_opens_one_draft_however_often_it_is_reported(application: Application) -> None:
    call = make_call(application)
    for _ in range(3):
        leave_message(application, call)
    with application.read_session() as session:
        [ticket] = session.scalars(select(Ticket)).all()
        assert (ticket.state, ticket.call_id, ticket.title) == (
            TicketState.DRAFT,
            call.id,
            recordings.MESSAGE_TITLE,
        )
        assert session.get_one(Call, call.id).finished_at is None


def test_a_second_message_of_one_call_joins_the_first_ones_ticket(application: Application) -> None:
    call = make_call(application)
    leave_message(application, call)
    leave_message(application, call, "RE" + "2" * 32)
    with application.read_session() as session:
        assert len(session.scalars(select(Ticket)).all()) == 1
        assert len(session.scalars(select(Recording)).all()) == 2


def test_a_call_given_up_that_left_a_message_is_no_longer_given_up(application: Application) -> None:
    ended = make_call(application, state=CallState.ENDED, end=CallEnd.ABANDONED)
    leave_message(application, ended)
    answered = make_call(application, state=CallState.ENDED, end=CallEnd.COMPLETED)
    leave_message(application, answered, "RE" + "3" * 32)
    with application.read_session() as session:
        assert session.get_one(Call, ended.id).end is CallEnd.LEFT_MESSAGE
        assert session.get_one(Call, answered.id).end is CallEnd.COMPLETED


def test_a_call_with_a_ticket_gets_no_second_one(application: Application) -> None:
    call = make_call(application)
    make_ticket(application, call_id=call.id)
    leave_message(application, call)
    with application.read_session() as session:
        assert len(session.scalars(select(Ticket)).all()) == 1


def test_a_breath_is_no_message(application: Application) -> None:
    leave_message(application, make_call(application), seconds=0)
    with application.read_session() as session:
        assert session.scalars(select(Recording)).all() == []


def test_the_sound_is_kept_once(application: Application, clock: StoppedClock) -> None:
    leave_message(application, make_call(application))
    recording = the_recording(application)
    for media_type in "audio/wav", "audio/mpeg":
        key = store_sound(application, recording, media_type=media_type)
        clock.advance(60)
    kept = the_recording(application)
    assert (kept.state, kept.media_type) == (RecordingState.KEPT, "audio/wav")
    assert kept.kept_at is not None
    assert (clock() - kept.kept_at).total_seconds() == 120
    assert application.sounds.size(key) == len(b"RIFF")


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
def test_who_may_hear_what_leaves_a_trace(
    application: Application, role: Role, kind: RecordingKind, may: bool
) -> None:
    call = make_call(application)
    with application.unit_of_work(Machine.CARRIER) as work:
        recordings.record_finished(work, call.id, SID, 9, kind)
    recording = the_recording(application)
    key = store_sound(application, recording)
    person = _person(application, role)
    if not may:
        with pytest.raises(NotAllowed), application.unit_of_work(person) as work:
            sounds.hear(work, recording.id)
        return
    # A message is the open work of every writer of tickets; what others listen to needs a reason.
    reason = None if role is Role.OPERATOR else LookReason.QUALITY
    with application.unit_of_work(person) as work:
        sound = sounds.hear(work, recording.id, reason)
    assert sound == sounds.KeptSound(key, "audio/x-wav", None)
    with application.read_session() as session:
        [look] = session.scalars(select(Disclosure)).all()
        assert (look.user_id, look.subject, look.field) == (person.id, "recording", "sound")


def test_a_recording_that_does_not_exist_is_said(application: Application) -> None:
    with (
        pytest.raises(NoSuchRecording),
        application.unit_of_work(_person(application, Role.SUPERVISOR)) as work,
    ):
        sounds.hear(work, 99)


def test_a_clerk_may_discard_a_message_with_a_reason(application: Application) -> None:
    leave_message(application, make_call(application))
    with application.read_session() as session:
        ticket_id = session.scalars(select(Ticket.id)).one()
    facts = TicketFields(no_matter=NoMatterReason.SILENT)
    with application.unit_of_work(_person(application, Role.OPERATOR)) as work:
        ticket = actions.perform(work, ticket_id, TicketAction.DISCARD, facts)
    assert ticket.state is TicketState.DISCARDED
    with application.read_session() as session:
        call = session.scalars(select(Call)).one()
        assert (call.no_matter, call.finished_at) == (NoMatterReason.SILENT, application.clock())


def _person(application: Application, role: Role) -> Person:
    return person_of(make_user(application, role))
