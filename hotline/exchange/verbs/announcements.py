"""What one or all participants of a conference are made to hear over REST: announcements and the music of hold.

Source: "Participants" (Hold, HoldUrl, AnnounceUrl) and "Conferences" (AnnounceUrl): Say, Play, Pause and Redirect only.
"""

from hotline.exchange.calls.speaking import hold_music
from hotline.exchange.core.exchange import Exchange
from hotline.exchange.state.calls import Call, DocumentRequest
from hotline.exchange.state.conferences import Conference, Participant
from hotline.exchange.twiml.validation import DocumentError
from hotline.exchange.verbs.conference_events import tell
from hotline.exchange.verbs.interpreter import follow
from hotline.exchange.vocabulary.enums import DocumentContext


def announce(
    exchange: Exchange, conference: Conference, seats: list[Participant], fetch: DocumentRequest
) -> None:
    """Let these participants hear a document; its end or failure is told as a conference event."""
    for place, seat in enumerate(seats):
        exchange.spawn(_announce(exchange, conference, seat, fetch, is_last=place == len(seats) - 1))


async def _announce(
    exchange: Exchange, conference: Conference, seat: Participant, fetch: DocumentRequest, *, is_last: bool
) -> None:
    event = "announcement-end"
    try:
        await follow(exchange, seat.call, fetch, DocumentContext.CONFERENCE)
    except DocumentError as error:
        exchange.trouble(error.code, f"announcement: {error.text}", seat.call.sid)
        event = "announcement-fail"
    if is_last:
        tell(exchange, conference, event, seat)


def hold(exchange: Exchange, seat: Participant, fetch: DocumentRequest | None) -> None:
    """Put a participant on hold: it hears the document (once) or music, and nobody hears it."""
    unhold(seat)
    seat.aside = exchange.spawn(_held(exchange, seat.call, fetch))


def unhold(seat: Participant) -> None:
    if seat.aside is not None:
        seat.aside.cancel()
        seat.aside = None


async def _held(exchange: Exchange, call: Call, fetch: DocumentRequest | None) -> None:
    if fetch is None:
        await hold_music(exchange, call, silent=False)
    try:
        await follow(exchange, call, fetch, DocumentContext.CONFERENCE)
    except DocumentError as error:
        exchange.trouble(error.code, f"hold document: {error.text}", call.sid)
