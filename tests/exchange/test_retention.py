"""The exchange removes the oldest of what is over, so that it can run for weeks; it keeps what is in progress."""

from datetime import UTC, datetime

from hotline.exchange.core.exchange import KEPT_ENDED, Exchange, Registry
from hotline.exchange.devices.callers import Caller
from hotline.exchange.state.audio_files import AudioFile
from hotline.exchange.state.calls import Call, new_sid
from hotline.exchange.state.conferences import Conference
from hotline.exchange.state.recordings import Recording
from hotline.exchange.vocabulary.enums import Direction, RecordingSource
from tests.exchange.application import Application
from tests.exchange.simulation import Rest, run_script, settings_for

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ROOM = '<Dial><Conference waitUrl="" record="record-from-start">room</Conference></Dial>'


def call_on(board: Registry) -> Call:
    call = Call(new_sid("CA"), "+8613800001234", "+865374412345", Direction.INBOUND, NOW)
    board.calls[call.sid] = call
    return call


def tape_of(board: Registry, *, call: str | None = None, conference: str | None = None) -> Recording:
    """Adds a recording with a little sound in it."""
    source = RecordingSource.RECORD_VERB
    tape = Recording(new_sid("RE"), source, call, conference, NOW, 0.0, None, AudioFile(0.0))
    tape.audio.append(b"\x01\x00" * 800, 0.1)
    board.recordings[tape.sid] = tape
    return tape


def let_many_end(board: Registry, most: int = KEPT_ENDED) -> None:
    for _ in range(most):
        board.call_ended(call_on(board))
        board.conference_ended(Conference(new_sid("CF"), "another", created=NOW, updated=NOW))


def test_the_calls_that_ended_last_are_kept_and_every_call_that_lives() -> None:
    board = Registry()
    alive = [call_on(board) for _ in range(3)]
    begun = [call_on(board) for _ in range(KEPT_ENDED + 2)]
    for call in reversed(begun):
        board.call_ended(call)
    assert [call.sid for call in board.calls.values()] == [call.sid for call in alive + begun[:-2]]


def test_the_recordings_of_a_forgotten_call_or_conference_go_with_it_and_no_others() -> None:
    board = Registry()
    call, room = call_on(board), Conference(new_sid("CF"), "room", created=NOW, updated=NOW)
    gone = [tape_of(board, call=call.sid), tape_of(board, call=call.sid), tape_of(board, conference=room.sid)]
    kept = tape_of(board, call=call_on(board).sid)
    board.call_ended(call)
    board.conference_ended(room)
    let_many_end(board)
    assert list(board.recordings) == [kept.sid]
    assert [tape.audio.is_empty for tape in (*gone, kept)] == [True, True, True, False]


def test_the_recordings_of_a_call_that_was_deleted_are_forgotten_in_their_turn() -> None:
    board = Registry()
    call = call_on(board)
    tape_of(board, call=call.sid)
    board.call_ended(call)
    del board.calls[call.sid]
    let_many_end(board, KEPT_ENDED - 1)
    assert len(board.recordings) == 1
    let_many_end(board, 1)
    assert board.recordings == {}


def test_removed_resources_are_not_found_over_rest(application: Application) -> None:
    application.on("/voice", ROOM)

    async def story(exchange: Exchange) -> None:
        one, other = Caller(exchange, "+8613800000001"), Caller(exchange, "+8613800000002")
        sids = [caller.dial().sid for caller in (one, other)]
        await one.until(lambda: bool(one.party))
        other.hang_up()
        one.hang_up()
        await one.over_and_done()
        (room,), (tape,) = exchange.registry.conferences, exchange.registry.recordings
        paths = [f"/Calls/{sid}" for sid in sids] + [f"/Conferences/{room}", f"/Recordings/{tape}"]
        rest = Rest(exchange)
        assert [(await rest.get(f"{path}.json"))[0] for path in paths] == [200] * 4
        let_many_end(exchange.registry)
        for path in paths:
            status, answer = await rest.get(f"{path}.json")
            assert (status, answer["code"]) == (404, 20404)
        assert (await rest.get("/Recordings.json"))[1]["recordings"] == []

    run_script(settings_for(application), story)


def test_a_conference_to_which_nobody_came_is_forgotten_like_any_other(application: Application) -> None:
    async def story(exchange: Exchange) -> None:
        seat = {"To": "client:agent_7", "From": exchange.settings.number}
        await Rest(exchange).post("/Conferences/room/Participants.json", **seat)
        await exchange.clock.sleep(60)
        let_many_end(exchange.registry)
        assert exchange.registry.conferences == {}

    run_script(settings_for(application), story)


def test_a_leg_that_outlives_its_forgotten_parent_ends_as_it_should(application: Application) -> None:
    application.on(
        "/voice", '<Dial record="true"><Number statusCallback="/leg">+8613800000002</Number></Dial>'
    )
    application.on("/moved", "<Say>请稍候</Say><Pause length='600'/>")

    async def story(exchange: Exchange) -> None:
        caller, other = Caller(exchange, "+8613800000001"), Caller(exchange, "+8613800000002")
        other.register()
        caller.dial()
        await other.answer()
        await caller.until(lambda: bool(caller.party))
        assert other.call is not None
        await Rest(exchange).post(f"/Calls/{other.call.sid}.json", Url=application.url("/moved"))
        await other.listen_for("请稍候")
        assert await caller.over_and_done() == "completed"
        let_many_end(exchange.registry)
        assert await other.over_and_done() == "completed"

    exchange = run_script(settings_for(application), story)
    assert application.to("/leg")[0]["CallStatus"] == "completed"
    assert len(exchange.registry.calls) == KEPT_ENDED
