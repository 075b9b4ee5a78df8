"""One call, one task: a script is run, and orders that stop it are obeyed, until the call has its terminal status.

A script is what the call does by itself: its first document, or ringing somebody and then a document. An order (REST, or
a person hanging up) cancels the script; then either the ordered document is run or the call ends.
"""

import asyncio
import logging
from dataclasses import replace

from hotline.exchange.calls.scene import Follow
from hotline.exchange.calls.speaking import utter
from hotline.exchange.core.exchange import Exchange
from hotline.exchange.state.calls import Call, DocumentRequest, DocumentSource, EndCall, MoveCall, Script
from hotline.exchange.state.transcripts import CallTranscript
from hotline.exchange.twiml.validation import DocumentError
from hotline.exchange.vocabulary.enums import CallStatus, Direction, DocumentContext
from hotline.exchange.vocabulary.request_kinds import RequestKind
from hotline.exchange.vocabulary.sounds import PlaybackKind
from hotline.exchange.webhooks.callbacks import advance

APPLICATION_ERROR = "很抱歉，应用程序出错，再见。We are sorry, an application error has occurred. Goodbye."
_LOG = logging.getLogger(__name__)


async def run(exchange: Exchange, call: Call, source: DocumentSource, follow: Follow) -> None:
    """Run a call's own documents to the end; what cannot be run is announced to the caller as an application error."""
    try:
        await follow(exchange, call, source, DocumentContext.CALL)
    except DocumentError as error:
        exchange.trouble(error.code, error.text, call.sid)
        advance(exchange, call, CallStatus.IN_PROGRESS)
        await utter(
            exchange, call, APPLICATION_ERROR, language=exchange.settings.language, voice=PlaybackKind.ERROR
        )


async def live(exchange: Exchange, call: Call, script: Script, follow: Follow) -> None:
    """Live a whole call, from its first script to its terminal status."""
    next_script: Script | None = script
    _open_journal(exchange, call)
    try:
        while next_script is not None:
            call.script = asyncio.create_task(next_script)
            if call.order is not None:
                call.script.cancel()
            await asyncio.wait({call.script})
            _report(call)
            order, call.order = call.order, None
            match order:
                case MoveCall(source):
                    moved = (
                        replace(source, kind=RequestKind.MOVED)
                        if isinstance(source, DocumentRequest)
                        else source
                    )
                    next_script = run(exchange, call, moved, follow)
                case EndCall(_, status):
                    call.final_status = status or call.final_status
                    next_script = None
                case None:
                    next_script = None
    finally:
        if call.script is not None:
            call.script.cancel()
        finish(exchange, call)


def _open_journal(exchange: Exchange, call: Call) -> None:
    clock = exchange.clock
    call.transcript = CallTranscript(
        call.sid, call.direction, call.from_, call.to, call.created, clock.seconds
    )
    exchange.registry.transcripts.add(call.transcript)
    if call.direction is Direction.INBOUND and call.application is None:
        call.transcript.dialled()


def _report(call: Call) -> None:
    """End the call as failed if its script broke: a script may be cancelled, anything else is a fault of ours."""
    script = call.script
    if script is not None and not script.cancelled() and (error := script.exception()) is not None:
        _LOG.error("a call's script failed", exc_info=error)
        call.final_status = CallStatus.FAILED


def finish(exchange: Exchange, call: Call) -> None:
    """Give the call its terminal status and tell the telephone at its end."""
    unanswered = CallStatus.NO_ANSWER if call.direction is Direction.INBOUND else CallStatus.CANCELED
    natural = CallStatus.COMPLETED if call.answered_at is not None else unanswered
    advance(exchange, call, call.final_status or natural)
    if call.endpoint is not None:
        call.endpoint.over(call.sid, call.status)
    call.over.set()
    exchange.registry.call_ended(call)
