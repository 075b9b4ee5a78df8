"""One call, one task: documents are run one after another until they run out, somebody hangs up, or an order comes.

`live` supervises a call: it runs a script (its first document, or ringing somebody first) and, when an order cancels the
script, either starts the ordered document or ends the call. `follow` runs documents; `perform` runs one verb.
"""

import asyncio
import logging

from hotline.gateways.exchange.callbacks import advance
from hotline.gateways.exchange.document import (
    Dial,
    Enqueue,
    Gather,
    Hangup,
    Leave,
    Pause,
    Play,
    Record,
    Redirect,
    Reject,
    Say,
    Verb,
)
from hotline.gateways.exchange.documents import obtain
from hotline.gateways.exchange.exchange import Exchange
from hotline.gateways.exchange.gathering import gather
from hotline.gateways.exchange.grammar import DocumentError
from hotline.gateways.exchange.scene import GoTo, Outcome, Scene, Turn
from hotline.gateways.exchange.sounds import Voice
from hotline.gateways.exchange.speaking import prompt_one, utter
from hotline.gateways.exchange.state.calls import Call, Fetch, HangUp, Move, Script, Source
from hotline.gateways.exchange.words import CallStatus, Context, Direction

APPLICATION_ERROR = "很抱歉，应用程序出错，再见。We are sorry, an application error has occurred. Goodbye."
_LOG = logging.getLogger(__name__)


async def follow(exchange: Exchange, call: Call, source: Source, context: Context) -> Turn:
    """Run `source` and every document it leads to; NEXT when they ran out. Raises DocumentError."""
    while True:
        page = await obtain(exchange, call, source, context)
        scene = Scene(exchange, call, page.url, context, follow)
        outcome: Outcome = Turn.NEXT
        for verb in page.verbs:
            outcome = await perform(scene, verb)
            if outcome is not Turn.NEXT:
                break
        match outcome:
            case GoTo(fetch):
                source = fetch
            case Turn():
                return outcome


async def perform(scene: Scene, verb: Verb) -> Outcome:
    """Run one verb; an inbound call is answered by the first verb that needs a line."""
    if _answers(verb):
        advance(scene.exchange, scene.call, CallStatus.IN_PROGRESS)
    match verb:
        case Say() | Play() | Pause():
            await prompt_one(scene, verb)
            return Turn.NEXT
        case Gather():
            return await gather(scene, verb)
        case Redirect(url, method):
            return GoTo(Fetch(scene.absolute(url) if url else scene.own_url(), method))
        case Reject(busy):
            scene.call.fate = CallStatus.BUSY if busy else CallStatus.NO_ANSWER
            return Turn.HANG_UP
        case Hangup():
            return Turn.HANG_UP
        case Leave():
            return Turn.LEAVE
        case Record() | Enqueue() | Dial():
            raise DocumentError(12200, f"<{type(verb).__name__}> is not built yet")


def _answers(verb: Verb) -> bool:
    match verb:
        case Pause() | Redirect() | Reject():
            return False
        case Dial():
            return not verb.answer_on_bridge
        case _:
            return True


async def run(exchange: Exchange, call: Call, source: Source) -> None:
    """A call's own documents, to the end; what cannot be run is announced to the caller as an application error."""
    try:
        await follow(exchange, call, source, Context.CALL)
    except DocumentError as error:
        exchange.trouble(error.code, error.text, call.sid)
        advance(exchange, call, CallStatus.IN_PROGRESS)
        await utter(exchange, call, APPLICATION_ERROR, language=exchange.settings.language, voice=Voice.ERROR)


async def live(exchange: Exchange, call: Call, script: Script) -> None:
    """A whole call, from its first script to its terminal status."""
    next_script: Script | None = script
    try:
        while next_script is not None:
            call.script = asyncio.create_task(next_script)
            if call.order is not None:
                call.script.cancel()
            await asyncio.wait({call.script})
            _report(call)
            order, call.order = call.order, None
            match order:
                case Move(source):
                    next_script = run(exchange, call, source)
                case HangUp(_, status):
                    call.fate = status or call.fate
                    next_script = None
                case None:
                    next_script = None
    finally:
        if call.script is not None:
            call.script.cancel()
        finish(exchange, call)


def _report(call: Call) -> None:
    """A script may be cancelled; anything else it raises is a fault of the exchange and ends the call."""
    script = call.script
    if script is not None and not script.cancelled() and (error := script.exception()) is not None:
        _LOG.error("a call's script failed", exc_info=error)
        call.fate = CallStatus.FAILED


def finish(exchange: Exchange, call: Call) -> None:
    """Give the call its terminal status and tell the telephone at its end."""
    unanswered = CallStatus.NO_ANSWER if call.direction is Direction.INBOUND else CallStatus.CANCELED
    natural = CallStatus.COMPLETED if call.answered_at is not None else unanswered
    advance(exchange, call, call.fate or natural)
    if call.endpoint is not None:
        call.endpoint.over(call.sid, call.status)
    call.over.set()
