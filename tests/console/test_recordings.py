"""Messages and recorded talks: found in one click, played in parts, heard only by who may, each hearing on file."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from hotline.events import RecordingHeard
from hotline.gateways.storage.object_storage import StorageUnavailable
from hotline.rules.enums import CallEnd, CallState, PresenceState, RecordingKind, Role, TicketState
from hotline.rules.people.actors import Machine, Person, Right
from hotline.store.calls.recordings import Recording, RecordingSound, object_key
from hotline.store.people.tables import Disclosure
from hotline.store.tickets.tables import Ticket
from hotline.unit_of_work import Application
from tests.builders import (
    make_call,
    make_operator,
    make_recording,
    make_ticket,
    make_unit,
    make_user,
    person_of,
    store_sound,
)
from tests.console.conftest import SignIn
from tests.console.desk_scenes import talking_desk
from tests.fakes import FaultyStorage
from tests.stopped_clock import StoppedClock

SOUND = b"RIFF" + bytes(range(200))
FULL = "+8613877776666"


@pytest.fixture
def operator(application: Application) -> Person:
    return make_operator(application, PresenceState.READY)


@pytest.fixture
def desk(operator: Person, signed_in: SignIn) -> FlaskClient:
    return signed_in(operator)


def page(client: FlaskClient, path: str, status: int = 200) -> str:
    response = client.get(path)
    assert response.status_code == status
    return response.get_data(as_text=True)


def record(
    application: Application,
    call_id: int,
    kind: RecordingKind,
    *,
    kept: bool = True,
    media: str = "audio/wav",
) -> int:
    """A recording of 42 seconds of a call; its sound is ours if `kept`."""
    row = make_recording(application, call_id, kind)
    if kept:
        store_sound(application, row, SOUND, media)
    return row.id


def message(application: Application, *, kept: bool = True, media: str = "audio/wav") -> tuple[Ticket, int]:
    """Somebody left a message at night. Returns the draft it opened and the recording's id."""
    call = make_call(application, number=FULL, state=CallState.ENDED, end=CallEnd.LEFT_IN_FLOW)
    recording_id = record(application, call.id, RecordingKind.MESSAGE, kept=kept, media=media)
    with application.read_session() as session:
        return session.scalars(select(Ticket).where(Ticket.call_id == call.id)).one(), recording_id


def ask(client: FlaskClient, recording_id: int, **headers: str) -> TestResponse:
    return client.get(f"/console/recordings/{recording_id}/sound", headers=headers)


def looks(application: Application) -> list[tuple[int, str, int]]:
    with application.read_session() as session:
        return [
            (row.user_id, row.subject, row.subject_id)
            for row in session.scalars(select(Disclosure).where(Disclosure.field != "ticket"))
        ]


def test_a_message_is_found_in_one_click_from_the_desk(desk: FlaskClient, application: Application) -> None:
    make_ticket(application, title="别的草稿")
    assert "条语音留言待听" not in page(desk, "/console")
    draft, recording_id = message(application)
    assert "1 条语音留言待听" in page(desk, "/console")
    assert "messages=1" in desk.get("/console/desk/queue").get_json()["notices"]
    html = page(desk, "/console/tickets?messages=1")
    assert f"draft-{draft.id}" in html
    assert "别的草稿" not in html
    assert '0:42</b> <span class="num quiet">138****6666' in html
    assert f"/console/recordings/{recording_id}/sound" in page(desk, f"/console/tickets/draft-{draft.id}")


def test_a_message_dealt_with_waits_no_more(desk: FlaskClient, application: Application) -> None:
    draft, _ = message(application)
    facts = {"type": "consultation", "title": "问供暖", "answer": "11月15日起。", "revision": "1"}
    done = desk.post(f"/console/tickets/draft-{draft.id}/answer", data=facts)
    assert done.status_code == 303
    assert "没有符合条件的工单" in page(desk, "/console/tickets?messages=1")
    assert "条语音留言待听" not in page(desk, "/console")


def test_who_hears_a_message_may_call_its_caller_back(
    desk: FlaskClient, operator: Person, application: Application
) -> None:
    draft, _ = message(application)
    assert FULL[3:] not in page(desk, f"/console/tickets/draft-{draft.id}")
    shown = desk.post(f"/console/tickets/draft-{draft.id}/number")
    assert FULL[3:] in shown.get_data(as_text=True)
    assert looks(application) == [(operator.id, "ticket", draft.id)]


@pytest.mark.parametrize("kind", list(RecordingKind))
@pytest.mark.parametrize("role", list(Role))
def test_messages_are_for_who_writes_tickets_and_talks_for_who_oversees(
    role: Role, kind: RecordingKind, application: Application, signed_in: SignIn
) -> None:
    unit = make_unit(application).code
    call = make_call(application, state=CallState.ENDED, end=CallEnd.COMPLETED)
    recording_id = record(application, call.id, kind)
    ticket = make_ticket(application, call_id=call.id, state=TicketState.ACKNOWLEDGED, unit_code=unit)
    person = person_of(make_user(application, role, unit_code=unit if role is Role.HANDLER else None))
    client = signed_in(person)
    hears = person.may(Right.HEAR_TALKS) or (
        kind is RecordingKind.MESSAGE and person.may(Right.WRITE_TICKETS)
    )
    heard = client.get(f"/console/recordings/{recording_id}/sound?reason=quality")
    assert heard.status_code == (200 if hears else 403)
    pages = [f"/console/tickets/{ticket.number}"]
    pages += ["/console/calls"] if person.may(Right.READ_CALLS) else []
    for path in pages:
        assert (f"/recordings/{recording_id}/sound" in page(client, path)) == hears
    if role is Role.HANDLER:
        assert "recordings" not in page(client, f"/console/unit?ticket={ticket.number}")


def test_a_player_is_sent_the_part_it_asks_for_and_nothing_keeps_a_copy(
    desk: FlaskClient, application: Application
) -> None:
    _, recording_id = message(application)
    whole = ask(desk, recording_id)
    assert (whole.status_code, whole.data, whole.mimetype) == (200, SOUND, "audio/wav")
    assert whole.headers["Accept-Ranges"] == "bytes"
    part = ask(desk, recording_id, Range="bytes=4-13")
    assert (part.status_code, part.data) == (206, SOUND[4:14])
    assert part.headers["Content-Range"] == f"bytes 4-13/{len(SOUND)}"
    assert ask(desk, recording_id, Range="bytes=999-").status_code == 416
    for answer in (whole, part):
        assert answer.headers["Cache-Control"] == "private, no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "ETag" not in answer.headers


@pytest.mark.parametrize(
    "asked",
    ["bytes=4-13", "bytes=-10", "bytes=200-", "bytes=0-99999", "bytes=0-1,4-5", "items=0-1", "bytes=x"],
)
def test_a_part_is_the_same_from_the_storage_and_from_the_database(
    desk: FlaskClient, application: Application, asked: str
) -> None:
    _, recording_id = message(application)
    stored = ask(desk, recording_id, Range=asked)
    with application.unit_of_work(Machine.SYSTEM) as work:
        recording = work.session.get_one(Recording, recording_id)
        recording.media_type = None
        work.session.add(RecordingSound(recording_id=recording_id, media_type="audio/wav", sound=SOUND))
    application.sounds.delete(object_key(recording))
    before_the_move = ask(desk, recording_id, Range=asked)
    assert (stored.status_code, stored.data) == (before_the_move.status_code, before_the_move.data)
    for name in ("Content-Type", "Content-Length", "Content-Range", "Accept-Ranges"):
        assert stored.headers.get(name) == before_the_move.headers.get(name), name


def test_a_sound_that_the_storage_has_lost_is_said_to_be_lost(
    desk: FlaskClient, application: Application
) -> None:
    _, recording_id = message(application)
    with application.read_session() as session:
        application.sounds.delete(object_key(session.get_one(Recording, recording_id)))
    answer = ask(desk, recording_id)
    assert answer.status_code == 404
    assert "录音不在存储中" in answer.get_data(as_text=True)


@pytest.mark.parametrize("request_", ["size", "read"])
def test_a_storage_that_does_not_answer_is_said_to_be_away(
    desk: FlaskClient, application: Application, sounds: FaultyStorage, request_: str
) -> None:
    _, recording_id = message(application)
    sounds.fail_next(request_, StorageUnavailable("connection refused"))
    answer = ask(desk, recording_id)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "录音存储暂时不可用" in answer.get_data(as_text=True)
    assert ask(desk, recording_id).status_code == 200


def test_one_hearing_is_one_look_however_many_parts_a_player_asks_for(
    desk: FlaskClient,
    operator: Person,
    application: Application,
    clock: StoppedClock,
    announced: list[object],
) -> None:
    _, recording_id = message(application)
    for _ in range(3):
        ask(desk, recording_id, Range="bytes=0-1")
    assert looks(application) == [(operator.id, "recording", recording_id)]
    clock.advance(11 * 60)
    ask(desk, recording_id)
    assert len(looks(application)) == 2
    assert len([event for event in announced if isinstance(event, RecordingHeard)]) == 2


def test_a_sound_that_is_not_ours_yet_is_said_to_be_on_its_way(
    desk: FlaskClient, application: Application
) -> None:
    draft, recording_id = message(application, kept=False)
    html = page(desk, f"/console/tickets/draft-{draft.id}")
    assert "正在取回" in html
    assert "<audio" not in html
    assert ask(desk, recording_id).status_code == 404


def test_what_no_browser_plays_is_handed_out_as_a_file(desk: FlaskClient, application: Application) -> None:
    _, recording_id = message(application, media="text/html")
    answer = ask(desk, recording_id)
    assert answer.mimetype == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith("attachment")


@pytest.mark.parametrize("address", ["77", "0", "x", "99999999999999999999"])
def test_a_recording_that_does_not_exist_is_not_there(desk: FlaskClient, address: str) -> None:
    assert desk.get(f"/console/recordings/{address}/sound").status_code == 404


def test_nobody_hears_anything_without_signing_in(browser: FlaskClient, application: Application) -> None:
    _, recording_id = message(application)
    assert ask(browser, recording_id).status_code == 303
    assert looks(application) == []


def test_a_message_of_the_call_in_hand_is_played_beside_its_form(
    application: Application, signed_in: SignIn
) -> None:
    person, call = talking_desk(application)
    recording_id = record(application, call.id, RecordingKind.MESSAGE)
    html = page(signed_in(person), "/console")
    assert f"/console/recordings/{recording_id}/sound" in html


def test_the_messages_are_english_for_who_reads_english(desk: FlaskClient, application: Application) -> None:
    draft, _ = message(application)
    desk.set_cookie("locale", "en")
    assert "Voice messages to listen to: 1" in page(desk, "/console")
    assert "Only messages to listen to" in page(desk, "/console/tickets")
    assert "Each playback is recorded" in page(desk, f"/console/tickets/draft-{draft.id}")
