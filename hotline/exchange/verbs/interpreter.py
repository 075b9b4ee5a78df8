"""Running documents: `follow` runs one after another until they run out, `perform` runs one verb.

Which verbs may stand where was checked when the document was read; here every verb simply does what it says.
"""

from dataclasses import replace

from hotline.exchange.calls.scene import GoTo, Outcome, Scene, Turn
from hotline.exchange.calls.speaking import prompt_one
from hotline.exchange.core.activity import doing
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
from hotline.exchange.verbs.dial import dial
from hotline.exchange.verbs.enqueue import enqueue
from hotline.exchange.verbs.gather import gather
from hotline.exchange.verbs.record import record, record_aside
from hotline.exchange.vocabulary.enums import CallStatus, DocumentContext
from hotline.exchange.vocabulary.request_kinds import RequestKind
from hotline.exchange.webhooks.callbacks import advance
from hotline.exchange.webhooks.documents import obtain

_ACTIONS = {
    Gather: RequestKind.GATHER,
    Record: RequestKind.RECORD,
    Enqueue: RequestKind.ENQUEUE,
    Dial: RequestKind.DIAL,
}
"""What the document is called that a verb's action leads to; any other verb only redirects."""


async def follow(exchange: Exchange, call: Call, source: DocumentSource, context: DocumentContext) -> Turn:
    """Run `source` and every document it leads to; NEXT when they ran out. Raises DocumentError."""
    while True:
        page = await obtain(exchange, call, source, context)
        call.documents += 1
        scene = Scene(exchange, call, page.url, context, follow)
        outcome: Outcome = Turn.NEXT
        for verb in page.verbs:
            with doing(exchange, call, type(verb).__name__, _named(verb)):
                outcome = await perform(scene, verb)
            if outcome is not Turn.NEXT:
                break
        match outcome:
            case GoTo(fetch):
                source = replace(fetch, kind=_ACTIONS.get(type(verb), RequestKind.REDIRECT))
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
        case Record():
            return await record(scene, verb)
        case StartRecording() | StopRecording():
            record_aside(scene, verb)
            return Turn.NEXT
        case Enqueue():
            return await enqueue(scene, verb)
        case Dial():
            return await dial(scene, verb)
        case Redirect() | Reject() | Hangup() | Leave():
            return _turn(scene, verb)


def _turn(scene: Scene, verb: Redirect | Reject | Hangup | Leave) -> Outcome:
    """Say where the verbs that only direct lead to; a rejected call was busy or was not answered."""
    match verb:
        case Redirect(url, method):
            return GoTo(DocumentRequest(scene.absolute(url) if url else scene.own_url(), method))
        case Reject(busy):
            scene.call.final_status = CallStatus.BUSY if busy else CallStatus.NO_ANSWER
            return Turn.HANG_UP
        case Hangup():
            return Turn.HANG_UP
        case Leave():
            return Turn.LEAVE


def _answers(verb: Verb) -> bool:
    match verb:
        case Pause() | Redirect() | Reject():
            return False
        case Dial():
            return not verb.answer_on_bridge
        case _:
            return True


def _named(verb: Verb) -> str:
    """Return the name of the queue or conference a verb leads to."""
    match verb:
        case Enqueue(name) | Dial(ConferenceNoun(name)) | Dial(QueueNoun(name)):
            return name
        case _:
            return ""
