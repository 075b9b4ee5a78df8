"""Who speaks in a conference, for an application that wants to know: when they begin and when they have stopped.

Source: the Conference page (statusCallbackEvent `speaker`). Speech is what is typed: it lasts as long as saying it would,
and what is typed meanwhile prolongs it. Real sound goes from browser to browser (`voices`): nobody here hears it.
"""

from hotline.exchange.core.exchange import Exchange
from hotline.exchange.state.calls import Call
from hotline.exchange.state.conferences import Conference, Participant
from hotline.exchange.verbs.conference_events import is_asked_for, tell
from hotline.exchange.vocabulary.sounds import speaking_seconds

_BEGINS, _STOPS = "participant-speech-start", "participant-speech-stop"


def speak(exchange: Exchange, conference: Conference, call: Call, text: str) -> None:
    """Tell that somebody speaks and, in its time, that they have stopped; who cannot be heard does not speak."""
    seat = conference.participants.get(call.sid)
    if seat is None or not conference.is_open(seat) or not is_asked_for(conference, _BEGINS):
        return
    seat.quiet_at = max(seat.quiet_at, exchange.clock.seconds()) + speaking_seconds(text)
    if seat.speech is None:
        tell(exchange, conference, _BEGINS, seat)
        seat.speech = exchange.spawn(_stop_when_quiet(exchange, conference, seat))


async def _stop_when_quiet(exchange: Exchange, conference: Conference, seat: Participant) -> None:
    while (left := seat.quiet_at - exchange.clock.seconds()) > 0:
        await exchange.clock.sleep(left)
    seat.speech = None
    tell(exchange, conference, _STOPS, seat)


def hush(exchange: Exchange, conference: Conference, seat: Participant) -> None:
    """Tell that somebody who spoke is heard no longer: muted, on hold or gone."""
    if seat.speech is not None:
        seat.speech.cancel()
        seat.speech, seat.quiet_at = None, 0.0
        tell(exchange, conference, _STOPS, seat)
