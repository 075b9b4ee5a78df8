"""Builders of the rows that a test starts from. All people and numbers are invented.

Each builder writes in a unit of work of its own and returns the committed row.
"""

from datetime import datetime, timedelta
from itertools import count
from typing import Any

from argon2 import PasswordHasher
from sqlalchemy import select

from hotline.rules.enums import (
    CLASS_OF,
    CallPurpose,
    CallState,
    Channel,
    PresenceState,
    RecordingKind,
    RequestType,
    Role,
    TicketState,
)
from hotline.rules.people.actors import Machine, Person
from hotline.services.calls import recordings, sounds
from hotline.store.calls.recordings import Recording, object_key
from hotline.store.calls.tables import Call
from hotline.store.people.tables import Presence, Unit, User
from hotline.store.tickets.tables import Ticket
from hotline.unit_of_work import Application

_QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
_numbers = count(1)
NO_LOG_IN = "!"


def make_unit(application: Application, code: str = "city-management", **columns: Any) -> Unit:
    """Writes a unit, by default 城市管理局."""
    facts = {"name_zh": "城市管理局", "name_en": "Urban Management Bureau", "kind": "department", **columns}
    with application.unit_of_work(Machine.SYSTEM) as work:
        unit = Unit(code=code, **facts)
        work.session.add(unit)
    return unit


def make_user(
    application: Application,
    role: Role = Role.OPERATOR,
    *,
    name: str | None = None,
    password: str | None = None,
    **columns: Any,
) -> User:
    """Writes a user who logs in with `password`; with None this user cannot log in."""
    number = next(_numbers)
    facts = {"display_name": f"张{role.value}{number}", "work_number": f"{number:05d}", **columns}
    with application.unit_of_work(Machine.SYSTEM) as work:
        user = User(
            name=name or f"{role.value}{number}",
            role=role,
            password_hash=NO_LOG_IN if password is None else _QUICK.hash(password),
            created_at=work.at,
            **facts,
        )
        work.session.add(user)
    return user


def person_of(user: User) -> Person:
    """Returns `user` as an actor."""
    return Person(id=user.id, role=user.role, unit_code=user.unit_code)


def make_operator(
    application: Application, state: PresenceState = PresenceState.READY, **columns: Any
) -> Person:
    """Writes an operator at a desk in `state`."""
    user = make_user(application, Role.OPERATOR, **columns)
    with application.unit_of_work(Machine.SYSTEM) as work:
        row = Presence(
            user_id=user.id, state=state, since=work.at, idle_since=work.at, seen_at=work.at, reason=None
        )
        work.session.add(row)
    return person_of(user)


def make_colleague(application: Application) -> Person:
    """Writes an operator who is on duty all day and takes no calls: the line is staffed, and calls stay in the queue."""
    user = make_user(application, Role.OPERATOR)
    with application.unit_of_work(Machine.SYSTEM) as work:
        row = Presence(
            user_id=user.id,
            state=PresenceState.NOT_READY,
            since=work.at,
            idle_since=work.at,
            seen_at=work.at + timedelta(days=1),
            reason="back_office",
        )
        work.session.add(row)
    return person_of(user)


def make_call(application: Application, **columns: Any) -> Call:
    """Writes an inbound call that is in its flow."""
    number = next(_numbers)
    at: datetime = columns.pop("arrived_at", application.clock())
    facts = {
        "sid": f"CA{number:032x}",
        "purpose": CallPurpose.INBOUND,
        "number": f"+86138000{number:05d}",
        "number_raw": f"+86138000{number:05d}",
        "dialed": application.policies.number,
        "state": CallState.IN_FLOW,
        "flow": "main",
        "flow_version": "test",
        "position": "greeting:0",
        **columns,
    }
    with application.unit_of_work(Machine.SYSTEM) as work:
        call = Call(arrived_at=at, arrived_on=at.astimezone(work.zone).date(), **facts)
        work.session.add(call)
    return call


def make_recording(
    application: Application,
    call_id: int,
    kind: RecordingKind = RecordingKind.MESSAGE,
    sid: str | None = None,
) -> Recording:
    """Writes a finished recording of 42 seconds, whose sound is still at the carrier."""
    sid = sid or f"RE{next(_numbers):032x}"
    with application.unit_of_work(Machine.CARRIER) as work:
        recordings.record_finished(work, call_id, sid, 42, kind)
        return work.session.scalars(select(Recording).where(Recording.sid == sid)).one()


def store_sound(
    application: Application, recording: Recording, sound: bytes = b"RIFF", media_type: str = "audio/x-wav"
) -> str:
    """Stores the sound of a recording, as the reaction does; returns its key."""
    key = object_key(recording)
    application.sounds.put(key, sound)
    with application.unit_of_work(Machine.WORKER) as work:
        sounds.record_stored(work, recording.id, media_type)
    return key


def make_ticket(application: Application, **columns: Any) -> Ticket:
    """Writes a complaint about a street lamp: a draft, or in another `state` with a number."""
    number = next(_numbers)
    at: datetime = columns.pop("received_at", application.clock())
    kind: RequestType | None = columns.pop("type", RequestType.COMPLAINT)
    facts = {
        "state": TicketState.DRAFT,
        "channel": Channel.PHONE,
        "request_class": CLASS_OF[kind] if kind else None,
        "title": "路灯不亮",
        "text": "书院街道春秋路与静轩路路口东侧三盏路灯不亮。",
        "caller_number": f"+86138000{number:05d}",
        **columns,
    }
    if facts["state"] is not TicketState.DRAFT:
        facts.setdefault("number", f"QF20261123{number:05d}0")
    if facts["state"] is TicketState.CLOSED:
        facts.setdefault("closed_at", at)
    with application.unit_of_work(Machine.SYSTEM) as work:
        day = at.astimezone(work.zone).date()
        ticket = Ticket(received_at=at, received_on=day, type=kind, **facts)
        work.session.add(ticket)
    return ticket
