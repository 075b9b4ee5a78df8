"""The TwiML interpreter: `interpret` runs documents one after another until they run out, `perform` runs one verb.

Which verbs a document may hold was checked when it was read; here every verb is only carried out.
"""

from dataclasses import replace

from hotline.exchange.core.exchange import Exchange
from hotline.exchange.state.calls import Call, DocumentRequest, DocumentSource
from hotline.exchange.twiml.document import (
    ConferenceNoun,
    Dial,
    Enqueue,
    Gather,
    Hangup,
    Leave,
    Pause,
    Play,
    QueueNoun,
    Record,
    Redirect,
    Reject,
    Say,
    StartRecording,
    StopRecording,
    Verb,
)
from hotline.exchange.verbs.context import GoTo, Outcome, VerbContext
from hotline.exchange.verbs.dial import dial
from hotline.exchange.verbs.enqueue import enqueue
from hotline.exchange.verbs.gather import gather
from hotline.exchange.verbs.prompts import prompt_one
from hotline.exchange.verbs.record import record, start_or_stop_recording
from hotline.exchange.vocabulary.enums import CallStatus, Continuation, DocumentContext
from hotline.exchange.vocabulary.request_kinds import RequestKind
from hotline.exchange.webhooks.callbacks import advance
from hotline.exchange.webhooks.documents import load_document

# The step of the document that a verb's action leads to; the way from any other verb is a redirect.
_ACTIONS = {
    Gather: RequestKind.GATHER,
    Record: RequestKind.RECORD,
    Enqueue: RequestKind.ENQUEUE,
    Dial: RequestKind.DIAL,
}


async def interpret(
    exchange: Exchange, call: Call, source: DocumentSource, context: DocumentContext
) -> Continuation:
    """Runs `source` and every document it leads to; returns NEXT when they ran out. Raises DocumentError."""
    while True:
        document = await load_document(exchange, call, source, context)
        call.documents += 1
        verb_context = VerbContext(exchange, call, document.url)
        outcome: Outcome = Continuation.NEXT
        for verb in document.verbs:
            with exchange.activity(call, type(verb).__name__, _target_name(verb)):
                outcome = await perform(verb_context, verb)
            if outcome is not Continuation.NEXT:
                break
        match outcome:
            case GoTo(fetch):
                source = replace(fetch, kind=_ACTIONS.get(type(verb), RequestKind.REDIRECT))
            case Continuation():
                return outcome


async def perform(context: VerbContext, verb: Verb) -> Outcome:
    """Runs one verb; an inbound call is answered by the first verb that needs a line."""
    if _answers(verb):
        advance(context.exchange, context.call, CallStatus.IN_PROGRESS)
    match verb:
        case Say() | Play() | Pause():
            await prompt_one(context, verb)
            return Continuation.NEXT
        case Gather():
            return await gather(context, verb)
        case Record():
            return await record(context, verb)
        case StartRecording() | StopRecording():
            start_or_stop_recording(context, verb)
            return Continuation.NEXT
        case Enqueue():
            return await enqueue(context, verb)
        case Dial():
            return await dial(context, verb)
        case Redirect() | Reject() | Hangup() | Leave():
            return _directed(context, verb)


def _directed(context: VerbContext, verb: Redirect | Reject | Hangup | Leave) -> Outcome:
    """Returns the outcome of the verbs that only direct; a rejected call was busy or was not answered."""
    match verb:
        case Redirect(url, method):
            return GoTo(DocumentRequest(context.absolute(url) if url else context.own_url(), method))
        case Reject(busy):
            context.call.final_status = CallStatus.BUSY if busy else CallStatus.NO_ANSWER
            return Continuation.HANG_UP
        case Hangup():
            return Continuation.HANG_UP
        case Leave():
            return Continuation.LEAVE


def _answers(verb: Verb) -> bool:
    """Returns True if this verb answers an inbound call that still rings."""
    match verb:
        case Pause() | Redirect() | Reject():
            return False
        case Dial():
            return not verb.answer_on_bridge
        case _:
            return True


def _target_name(verb: Verb) -> str:
    """Returns the name of the queue or conference a verb leads to, else an empty text."""
    match verb:
        case Enqueue(name) | Dial(ConferenceNoun(name)) | Dial(QueueNoun(name)):
            return name
        case _:
            return ""
