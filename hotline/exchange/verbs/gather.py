"""The verb Gather: prompts that can be interrupted, then keys or words.

Source: the Gather page. The first key or word stops the prompt (barge-in); the time-out begins when the prompts are
over and again after each key; a lone finish key counts as nothing entered; nothing entered means the next verb, unless
actionOnEmptyResult asks for the action. Speech is over after speechTimeout seconds of silence, or after a minute.
"""

import asyncio

from hotline.exchange.calls.caller_input import announce_listening, listening, next_input
from hotline.exchange.core.concurrency import background_task
from hotline.exchange.state.calls import CallerInput, InputListener, KeyInput, SpeechInput, TypingNoise
from hotline.exchange.twiml.document import Gather
from hotline.exchange.verbs.context import Outcome, VerbContext
from hotline.exchange.verbs.prompts import prompt_all
from hotline.exchange.vocabulary.enums import Continuation
from hotline.exchange.vocabulary.request_kinds import RequestKind

_CONFIDENCE = "0.94"
_LONGEST_SPEECH_SECONDS = 60.0


async def gather(context: VerbContext, verb: Gather) -> Outcome:
    with listening(context.call, keys=verb.keys, words=verb.speech) as listener:
        first = await _during_prompts(context, verb, listener)
        if first is None or isinstance(first, TypingNoise):
            first = await _first_after_prompts(context, verb, listener)
        extra = await _result(context, verb, listener, first)
    if extra is None:
        if not verb.on_empty:
            return Continuation.NEXT
        extra = (
            {"Digits": "", "FinishedOnKey": ""} if verb.keys else {"SpeechResult": "", "Confidence": "0.0"}
        )
    return context.action(verb.action or context.own_url(), verb.method, extra)


async def _result(
    context: VerbContext, verb: Gather, listener: InputListener, first: CallerInput | None
) -> dict[str, str] | None:
    """Returns the action's parameters; the kind of the first input decides, and the other kind no longer counts."""
    match first:
        case KeyInput():
            return await _keys(context, verb, listener, first)
        case SpeechInput():
            return await _speech(context, verb, listener, first)
        case TypingNoise() | None:
            return None


async def _during_prompts(context: VerbContext, verb: Gather, listener: InputListener) -> CallerInput | None:
    """Returns the input that interrupted the prompts, or None when they were heard to the end."""
    async with (
        background_task(prompt_all(context, verb.prompts)) as prompts,
        background_task(listener.heard.get()) as hearing,
    ):
        # Lets the prompt begin first: the telephone must show it before it shows that keys are expected.
        await asyncio.sleep(0)
        announce_listening(context.call, listener)
        await asyncio.wait({prompts, hearing}, return_when=asyncio.FIRST_COMPLETED)
        if hearing.done():
            return hearing.result()
        prompts.result()
        return None


async def _first_after_prompts(
    context: VerbContext, verb: Gather, listener: InputListener
) -> CallerInput | None:
    while True:
        heard = await next_input(context.exchange.clock, listener, verb.timeout)
        if not isinstance(heard, TypingNoise):
            return heard


async def _keys(
    context: VerbContext, verb: Gather, listener: InputListener, first: KeyInput
) -> dict[str, str] | None:
    """Returns the digits once they are complete; None when there was only a finish key."""
    digits = ""
    finish = ""
    heard: CallerInput | None = first
    while heard is not None:
        if isinstance(heard, KeyInput):
            if heard.digit == verb.finish_on_key:
                finish = heard.digit
                break
            digits += heard.digit
        if verb.num_digits is not None and len(digits) >= verb.num_digits:
            break
        announce_listening(context.call, listener)
        heard = await next_input(context.exchange.clock, listener, verb.timeout)
    return {"Digits": digits, "FinishedOnKey": finish} if digits else None


async def _speech(
    context: VerbContext, verb: Gather, listener: InputListener, first: SpeechInput
) -> dict[str, str]:
    """Returns the words up to a silence of the speech time-out, or up to a minute."""
    said: list[str] = []
    heard: CallerInput | None = first
    clock = context.exchange.clock
    ends = clock.seconds() + _LONGEST_SPEECH_SECONDS
    while heard is not None:
        if isinstance(heard, SpeechInput):
            _send_partial_result(context, verb, said, heard.text)
            said.append(heard.text)
            announce_listening(context.call, listener)
        heard = await next_input(clock, listener, min(verb.speech_timeout, ends - clock.seconds()))
    return {"SpeechResult": " ".join(said), "Confidence": _CONFIDENCE, "Language": verb.language}


def _send_partial_result(context: VerbContext, verb: Gather, stable: list[str], unstable: str) -> None:
    """Sends the words recognised so far to partialResultCallback, if the document names one."""
    extra = {
        "StableSpeechResult": " ".join(stable),
        "UnstableSpeechResult": unstable,
        "SequenceNumber": str(len(stable)),
        "Language": verb.language,
    }
    context.send_late_action(RequestKind.PARTIAL_SPEECH, verb.partial_url, verb.partial_method, extra)
