"""The task of one call: it runs a script and obeys the orders that stop it, until the call has its terminal status.

A script is what the call does by itself: its first document, or ringing and then a document. An order (over REST, or the
party hanging up) cancels the script; then either the ordered document is run or the call ends.
"""

import asyncio
import logging
from dataclasses import replace

from hotline.exchange.calls.speech import utter
from hotline.exchange.core.exchange import Exchange
from hotline.exchange.state.calls import Call, DocumentRequest, DocumentSource, HangUpCall, MoveCall, Script
from hotline.exchange.state.transcripts import TranscriptRecorder
from hotline.exchange.twiml.validation import DocumentError
from hotline.exchange.vocabulary.enums import CallStatus, Direction, DocumentContext
from hotline.exchange.vocabulary.request_kinds import RequestKind
from hotline.exchange.vocabulary.sounds import PlaybackKind
from hotline.exchange.webhooks.callbacks import advance

APPLICATION_ERROR = "很抱歉，应用程序出错，再见。We are sorry, an application error has occurred. Goodbye."
_LOG = logging.getLogger(__name__)


async def run_document(exchange: Exchange, call: Call, source: DocumentSource) -> None:
    """Runs a call's own documents to the end; the caller hears an application error if one cannot be run."""
    try:
        await exchange.run_documents(call, source, DocumentContext.CALL)
    except DocumentError as error:
        exchange.alert(error.code, error.text, call.sid)
        advance(exchange, call, CallStatus.IN_PROGRESS)
        language = exchange.settings.language
        await utter(exchange.clock, call, APPLICATION_ERROR, language=language, voice=PlaybackKind.ERROR)


async def run_call(exchange: Exchange, call: Call, script: Script) -> None:
    """Runs a whole call, from its first script to its terminal status."""
    next_script: Script | None = script
    _open_journal(exchange, call)
    try:
        while next_script is not None:
            call.script = asyncio.create_task(next_script)
            # An order that came before the task existed had no script to cancel.
            if call.order is not None:
                call.script.cancel()
            await asyncio.wait({call.script})
            _fail_if_broken(call)
            order, call.order = call.order, None
            match order:
                case MoveCall(source):
                    moved = (
                        replace(source, kind=RequestKind.MOVED)
                        if isinstance(source, DocumentRequest)
                        else source
                    )
                    next_script = run_document(exchange, call, moved)
                case HangUpCall(_, status):
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
    call.transcript = TranscriptRecorder(
        call.sid, call.direction, call.from_, call.to, call.created, clock.seconds
    )
    exchange.registry.transcripts.add(call.transcript)
    if call.direction is Direction.INBOUND and call.application is None:
        call.transcript.dialled()


def _fail_if_broken(call: Call) -> None:
    """Marks the call as failed if its script raised: cancelling is normal, any other exception is a bug here."""
    script = call.script
    if script is not None and not script.cancelled() and (error := script.exception()) is not None:
        _LOG.error("a call's script failed", exc_info=error)
        call.final_status = CallStatus.FAILED


def finish(exchange: Exchange, call: Call) -> None:
    """Gives the call its terminal status and reports it to the device at its end."""
    unanswered = CallStatus.NO_ANSWER if call.direction is Direction.INBOUND else CallStatus.CANCELED
    natural = CallStatus.COMPLETED if call.answered_at is not None else unanswered
    advance(exchange, call, call.final_status or natural)
    if call.endpoint is not None:
        call.endpoint.over(call.sid, call.status)
    call.over.set()
    exchange.registry.call_ended(call)
