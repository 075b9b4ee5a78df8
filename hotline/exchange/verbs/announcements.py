"""Announcements to the participants of a conference and the music of hold, both ordered over REST.

Source: "Participants" (Hold, HoldUrl, AnnounceUrl) and "Conferences" (AnnounceUrl): Say, Play, Pause and Redirect only.
"""

from hotline.exchange.calls.speech import hold_music
from hotline.exchange.core.exchange import Exchange
from hotline.exchange.state.calls import Call, DocumentRequest
from hotline.exchange.state.conferences import Conference, Participant
from hotline.exchange.twiml.validation import DocumentError
from hotline.exchange.verbs.conference_events import send_event
from hotline.exchange.vocabulary.enums import DocumentContext


def announce(
    exchange: Exchange, conference: Conference, participants: list[Participant], fetch: DocumentRequest
) -> None:
    """Lets these participants hear a document; its end or failure at the last of them is sent as a conference event."""
    for place, seat in enumerate(participants):
        exchange.spawn(_announce(exchange, conference, seat, fetch, is_last=place == len(participants) - 1))


async def _announce(
    exchange: Exchange, conference: Conference, seat: Participant, fetch: DocumentRequest, *, is_last: bool
) -> None:
    event = "announcement-end"
    try:
        await exchange.run_documents(seat.call, fetch, DocumentContext.CONFERENCE)
    except DocumentError as error:
        exchange.alert(error.code, f"announcement: {error.text}", seat.call.sid)
        event = "announcement-fail"
    if is_last:
        send_event(exchange, conference, event, seat)


def hold(exchange: Exchange, seat: Participant, fetch: DocumentRequest | None) -> None:
    """Puts a participant on hold: it hears the document (once) or music, and the others do not hear it."""
    unhold(seat)
    seat.aside = exchange.spawn(_play_hold(exchange, seat.call, fetch))


def unhold(seat: Participant) -> None:
    if seat.aside is not None:
        seat.aside.cancel()
        seat.aside = None


async def _play_hold(exchange: Exchange, call: Call, fetch: DocumentRequest | None) -> None:
    if fetch is None:
        await hold_music(exchange.clock, call, silent=False)
    try:
        await exchange.run_documents(call, fetch, DocumentContext.CONFERENCE)
    except DocumentError as error:
        exchange.alert(error.code, f"hold document: {error.text}", call.sid)
