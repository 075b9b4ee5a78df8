"""Gather: prompts that can be interrupted, then keys or words.

Source: the Gather page. The first key or word stops the prompt (barge-in); the time-out begins when the prompts are
over and again after each key; a lone finish key counts as nothing entered; nothing entered means the next verb, unless
actionOnEmptyResult asks for the action. Speech is over after speechTimeout seconds of silence, or after a minute.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from hotline.exchange.calls.scene import Outcome, Scene, Turn
from hotline.exchange.calls.speaking import prompt_all
from hotline.exchange.core.exchange import Exchange
from hotline.exchange.state.calls import Call, CallerInput, InputListener, KeyInput, SpeechInput, TypingNoise
from hotline.exchange.time.concurrency import background_task
from hotline.exchange.twiml.document import Gather
from hotline.exchange.vocabulary.request_kinds import RequestKind
from hotline.exchange.vocabulary.sounds import ListeningChanged

_CONFIDENCE = "0.94"
_LONGEST_SPEECH_SECONDS = 60.0


@contextmanager
def listening(exchange: Exchange, call: Call, *, keys: bool, words: bool) -> Iterator[InputListener]:
    """Direct what the caller presses and says to one listener for as long as the block lasts."""
    ear = InputListener(keys, words)
    call.listener = ear
    try:
        yield ear
    finally:
        if call.listener is ear:
            call.listener = None
        exchange.tell(call, ListeningChanged(keys=False, words=False))


def invite(exchange: Exchange, call: Call, ear: InputListener) -> None:
    """Let the telephone know that the next key or word is expected."""
    exchange.tell(call, ListeningChanged(ear.keys, ear.words))


async def next_input(exchange: Exchange, ear: InputListener, seconds: float | None) -> CallerInput | None:
    """What comes next within so many exchange seconds, or None."""
    try:
        async with exchange.clock.timeout(seconds):
            return await ear.heard.get()
    except TimeoutError:
        return None


async def gather(scene: Scene, verb: Gather) -> Outcome:
    with listening(scene.exchange, scene.call, keys=verb.keys, words=verb.speech) as ear:
        first = await _during_prompts(scene, verb, ear)
        if first is None or isinstance(first, TypingNoise):
            first = await _first_after_prompts(scene, verb, ear)
        extra = await _entry(scene, verb, ear, first)
    if extra is None:
        if not verb.on_empty:
            return Turn.NEXT
        extra = (
            {"Digits": "", "FinishedOnKey": ""} if verb.keys else {"SpeechResult": "", "Confidence": "0.0"}
        )
    return scene.action(verb.action or scene.own_url(), verb.method, extra)


async def _entry(
    scene: Scene, verb: Gather, ear: InputListener, first: CallerInput | None
) -> dict[str, str] | None:
    """The action's parameters; what comes first, key or word, decides, and the other kind no longer counts."""
    match first:
        case KeyInput():
            return await _keys(scene, verb, ear, first)
        case SpeechInput():
            return await _speech(scene, verb, ear, first)
        case TypingNoise() | None:
            return None


async def _during_prompts(scene: Scene, verb: Gather, ear: InputListener) -> CallerInput | None:
    """The input that interrupted the prompts, or None when they were heard to the end."""
    async with (
        background_task(prompt_all(scene, verb.prompts)) as prompts,
        background_task(ear.heard.get()) as hearing,
    ):
        await asyncio.sleep(0)  # a caller hears the prompt begin before being invited to interrupt it
        invite(scene.exchange, scene.call, ear)
        await asyncio.wait({prompts, hearing}, return_when=asyncio.FIRST_COMPLETED)
        if hearing.done():
            return hearing.result()
        prompts.result()
        return None


async def _first_after_prompts(scene: Scene, verb: Gather, ear: InputListener) -> CallerInput | None:
    while True:
        heard = await next_input(scene.exchange, ear, verb.timeout)
        if not isinstance(heard, TypingNoise):
            return heard


async def _keys(scene: Scene, verb: Gather, ear: InputListener, first: KeyInput) -> dict[str, str] | None:
    """The digits once they are complete; None when there was only a finish key."""
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
        invite(scene.exchange, scene.call, ear)
        heard = await next_input(scene.exchange, ear, verb.timeout)
    return {"Digits": digits, "FinishedOnKey": finish} if digits else None


async def _speech(scene: Scene, verb: Gather, ear: InputListener, first: SpeechInput) -> dict[str, str]:
    """Everything said until the caller is silent for the speech time-out, or a minute has passed."""
    said: list[str] = []
    heard: CallerInput | None = first
    clock = scene.exchange.clock
    ends = clock.seconds() + _LONGEST_SPEECH_SECONDS
    while heard is not None:
        if isinstance(heard, SpeechInput):
            _tell_partial(scene, verb, said, heard.text)
            said.append(heard.text)
            invite(scene.exchange, scene.call, ear)
        heard = await next_input(scene.exchange, ear, min(verb.speech_timeout, ends - clock.seconds()))
    return {"SpeechResult": " ".join(said), "Confidence": _CONFIDENCE, "Language": verb.language}


def _tell_partial(scene: Scene, verb: Gather, stable: list[str], unstable: str) -> None:
    """Tell what has been understood so far, beside everything else."""
    extra = {
        "StableSpeechResult": " ".join(stable),
        "UnstableSpeechResult": unstable,
        "SequenceNumber": str(len(stable)),
        "Language": verb.language,
    }
    scene.bid_farewell(RequestKind.PARTIAL_SPEECH, verb.partial_url, verb.partial_method, extra)
