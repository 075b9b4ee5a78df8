"""Renders what callers and operators hear as TwiML, with the carrier's own SDK. No document decides anything.

Voices are named explicitly, because the carrier's defaults cannot speak Chinese.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar
from urllib.parse import quote

from twilio.twiml.voice_response import Dial, Gather, VoiceResponse

from hotline.gateways.addresses import VoiceAddresses, VoiceRoute, conference_name
from hotline.rules.enums import Language, RecordingKind
from hotline.rules.policies import CallerPolicy
from hotline.rules.text import to_speakable
from ivr_flows.flow import Flow
from ivr_flows.speech import (
    RECORDING_NOTICE,
    Argument,
    Catalogue,
    Lines,
    PromptLine,
    Prompts,
    SpokenNotice,
    speak,
    split_uninterrupted,
)
from ivr_flows.turn import (
    AwaitResult,
    Connect,
    DialogTurn,
    EndDialog,
    Listen,
    PollAgain,
    TakeMessage,
    WaitInQueue,
)

# Lines carried by one URL, at most.
MOST_CARRIED = 20


@dataclass(frozen=True, slots=True)
class Speaker:
    """Speaks lines in the language of one call.

    `standard_arguments` are available to every prompt; `sounds` is the URL below which the city's recordings lie.
    The recording notice is left out where talks are not recorded.
    """

    prompts: Prompts
    language: Language
    standard_arguments: Mapping[str, Argument]
    sounds: str = ""
    talks_are_recorded: bool = True

    @property
    def catalogue(self) -> Catalogue:
        return self.prompts[self.language]

    def say(self, parent: VoiceResponse | Gather, lines: Lines) -> None:
        """Adds `lines` to `parent`; a line that has nothing speakable is left out."""
        for line in lines:
            if (
                not self.talks_are_recorded
                and isinstance(line, PromptLine)
                and line.prompt == RECORDING_NOTICE
            ):
                continue
            spoken = speak(self.prompts, line, self.language, self.standard_arguments)
            if not (spoken.sound or spoken.text):
                continue
            if not spoken.sound:
                parent.say(spoken.text, voice=spoken.voice, language=spoken.language)
            elif "://" in spoken.sound:
                parent.play(spoken.sound)
            else:
                parent.play(f"{self.sounds}/{spoken.sound}")


def split_carried(lines: Lines) -> tuple[Lines, Lines]:
    """Splits lines into those to be spoken here and those that a URL can carry, which have no arguments."""
    # A date, a number or a code never goes into a URL, nor does a line that must be spoken before such a line.
    riding = tuple(reversed(tuple(_riders(lines))))
    return lines[: len(lines) - len(riding)], riding


def _riders(lines: Lines) -> Lines:
    found: list[PromptLine | SpokenNotice] = []
    for line in reversed(lines):
        if isinstance(line, PromptLine) and line.arguments:
            break
        found.append(line)
    return tuple(found[:MOST_CARRIED])


def write_lines(lines: Lines) -> str:
    """Writes lines for a URL's query: only their keys, never text that a person said or wrote."""
    return ",".join(_key(line) for line in lines)


def read_lines(text: str, prompts: Prompts, recall: Callable[[str], SpokenNotice | None]) -> Lines:
    """Reads what `write_lines` wrote; unknown keys are left out. `recall` finds notices by key."""
    lines: list[PromptLine | SpokenNotice] = []
    for part in text.split(",")[:MOST_CARRIED]:
        if part.startswith("!"):
            notice = recall(part[1:])
            lines += [] if notice is None else [notice]
            continue
        language, _, prompt = part.rpartition(":")
        known = Language(language) if language in set(Language) else None
        if all(prompt in catalogue.texts for catalogue in prompts.values()):
            lines.append(PromptLine(prompt, known))
    return tuple(lines)


def _key(line: PromptLine | SpokenNotice) -> str:
    if isinstance(line, SpokenNotice):
        return f"!{line.key}"
    return f"{line.language}:{line.prompt}" if line.language else line.prompt


# The document for a call that is over, or where the document has no effect.
EMPTY = str(VoiceResponse())
# Rendered documents kept; a city has fewer greetings and rounds of waiting at a time.
MOST_KEPT = 500
MOST_HINTS = 100
RECORDED_ROUTES = {
    RecordingKind.MESSAGE: VoiceRoute.MESSAGE_RECORDED,
    RecordingKind.TALK: VoiceRoute.TALK_RECORDED,
}


@dataclass(frozen=True, slots=True)
class TwimlRenderer:
    """Renders documents for the given webhook addresses, carrier queue and outside numbers."""

    # True where the caller's own document dials the operator, because the carrier has no queue.
    dials_operators: ClassVar[bool] = False

    addresses: VoiceAddresses
    queue: str
    callers: CallerPolicy
    # First documents and rounds of waiting by everything they speak. Nearly every call gets one of these few.
    kept: dict[object, str] = field(default_factory=dict)

    @property
    def records_talks(self) -> bool:
        return self.callers.record_talks

    def greeting(self, speaker: Speaker, turn: DialogTurn, flow: Flow) -> str:
        """Renders the first turn of `flow` once and returns it from the cache afterwards."""
        key = (flow.name, flow.version, speaker.language, turn.position, turn.lines)
        return self._keep(key, lambda: self.turn(speaker, turn, call_id=0))

    def wait_round(self, speaker: Speaker, flow: Flow, lines: Lines, *, seconds: int, may_press: bool) -> str:
        """Renders a round of waiting in `flow` as `waiting` does, once, and returns it from the cache afterwards."""
        key = (flow.name, flow.version, speaker.language, lines, seconds, may_press)
        return self._keep(key, lambda: self.waiting(speaker, lines, seconds=seconds, may_press=may_press))

    def _keep(self, key: object, render: Callable[[], str]) -> str:
        document = self.kept.get(key)
        if document is None:
            if len(self.kept) >= MOST_KEPT:
                self.kept.clear()
            document = self.kept[key] = render()
        return document

    def turn(self, speaker: Speaker, turn: DialogTurn, call_id: int) -> str:
        """Renders a settled turn of a flow. Raises ValueError for one that still awaits an outcome."""
        response = VoiceResponse()
        step = f"?turn={turn.number}"
        match turn.then:
            case Listen():
                # A key ends the speech within the Gather at once.
                heard, interruptible = split_uninterrupted(turn.lines)
                speaker.say(response, heard)
                response.append(self._listen(speaker, interruptible, turn.then, step))
            case WaitInQueue():
                self.enqueue(response, speaker, turn.lines)
            case TakeMessage():
                speaker.say(response, turn.lines)
                self._record(response, turn.then, step, call_id)
            case Connect():
                speaker.say(response, turn.lines)
                response.append(self._connect(turn.then, step))
            case PollAgain(pause=seconds):
                speaker.say(response, turn.lines or (PromptLine("still_asking"),))
                self.pause(response, self.addresses.url(VoiceRoute.AGAIN) + step, seconds)
            case EndDialog():
                speaker.say(response, turn.lines)
                response.hangup()
            case AwaitResult():
                raise ValueError("this turn is not settled")
        return str(response)

    def waiting(self, speaker: Speaker, lines: Lines, *, seconds: int, may_press: bool) -> str:
        """Renders one round of the wait document: `lines`, then `seconds` of listening or pause, then the next round."""
        response = VoiceResponse()
        again = self.addresses.url(VoiceRoute.WAIT)
        if not may_press:
            speaker.say(response, lines)
            self.pause(response, again, seconds)
            return str(response)
        gather = self.gather(self.addresses.url(VoiceRoute.WAIT_HEARD), seconds, on_silence=False)
        speaker.say(gather, lines)
        response.append(gather)
        response.redirect(again, method="POST")
        return str(response)

    def redirect(self, url: str) -> str:
        """Continues at once at another of our URLs."""
        response = VoiceResponse()
        response.redirect(url, method="POST")
        return str(response)

    def leave(self, speaker: Speaker, lines: Lines) -> str:
        """Renders the wait document that ends the waiting; the carrier then posts to `queue_left`."""
        response = VoiceResponse()
        speaker.say(response, lines)
        response.leave()
        return str(response)

    def talk(self, call_id: int) -> str:
        """Connects the caller to the conference of their call."""
        return self._conference(call_id, self.addresses.url(VoiceRoute.TALK_ENDED, call_id), "caller")

    def desk(self, call_id: int, offer_id: int) -> str:
        """Connects the operator to the conference of the call they accepted."""
        return self._conference(
            call_id, self.addresses.url(VoiceRoute.DESK_LEFT, offer_id), f"operator-{offer_id}"
        )

    def try_again(self, speaker: Speaker, lines: Lines, url: str, *, seconds: int) -> str:
        """Keeps the caller on the line for `seconds`, then redirects to `url`."""
        response = VoiceResponse()
        speaker.say(response, lines)
        self.pause(response, url, seconds)
        return str(response)

    def pause(self, response: VoiceResponse, url: str, seconds: int) -> None:
        """Adds `seconds` of silence, after which the document at `url` follows."""
        if seconds:
            response.pause(length=seconds)
        response.redirect(url, method="POST")

    def enqueue(self, response: VoiceResponse, speaker: Speaker, lines: Lines) -> None:
        """Puts the caller into the carrier's queue; lines that the wait URL can carry are spoken there."""
        # An operator may accept within a second, so the caller joins at once and hears the lines while waiting.
        here, riding = split_carried(lines)
        speaker.say(response, here)
        wait = self.addresses.url(VoiceRoute.WAIT)
        if riding:
            wait = f"{wait}?say={quote(write_lines(riding), safe='')}"
        response.enqueue(
            self.queue,
            action=self.addresses.url(VoiceRoute.QUEUE_LEFT),
            method="POST",
            wait_url=wait,
            wait_url_method="POST",
        )

    def gather(self, action: str, timeout: int, *, on_silence: bool, most: int = 1, **speech: str) -> Gather:
        """Listens during the nested speech for exactly one key, * and # included, or for several ended by #.

        `speech` (hints, language): words are recognised too; keys always work beside them.
        """
        spoken: dict[str, object] = {**speech, "speech_timeout": 2} if speech else {}
        return Gather(
            input="dtmf speech" if speech else "dtmf",
            num_digits=most,
            finish_on_key="" if most == 1 else "#",
            timeout=timeout,
            action=action,
            method="POST",
            action_on_empty_result=on_silence,
            **spoken,
        )

    def _listen(self, speaker: Speaker, lines: Lines, listen: Listen, step: str) -> Gather:
        speech: dict[str, str] = {}
        if listen.speech and self.callers.hear_words:
            known = speaker.catalogue.words
            hints = [word for name in listen.words for word in known.get(name, ())][:MOST_HINTS]
            speech = {"language": speaker.catalogue.speech.recognition}
            speech |= {"hints": to_speakable(",".join(hints))} if hints else {}
        gather = self.gather(
            self.addresses.url(VoiceRoute.HEARD) + step,
            listen.timeout,
            on_silence=True,
            most=listen.most,
            **speech,
        )
        speaker.say(gather, lines)
        return gather

    def _record(self, response: VoiceResponse, message: TakeMessage, step: str, call_id: int) -> None:
        response.record(
            action=self.addresses.url(VoiceRoute.RECORDED) + step,
            method="POST",
            max_length=message.seconds,
            timeout=message.silence,
            finish_on_key="#",
            play_beep=True,
            **self.recording_callback(RecordingKind.MESSAGE, call_id),
        )
        response.redirect(f"{self.addresses.url(VoiceRoute.RECORDED)}{step}&silent=1", method="POST")

    def recording_callback(self, kind: RecordingKind, call_id: int) -> dict[str, str]:
        """Returns the attributes by which the carrier reports the status of a recording."""
        return {
            "recording_status_callback": self.addresses.url(RECORDED_ROUTES[kind], call_id),
            "recording_status_callback_method": "POST",
            "recording_status_callback_event": "completed absent",
        }

    def _connect(self, to: Connect, step: str) -> Dial:
        dial = Dial(
            action=self.addresses.url(VoiceRoute.TRANSFER_ENDED) + step,
            method="POST",
            timeout=to.ring_seconds,
        )
        dial.number(self.callers.numbers[to.number])
        return dial

    def _conference(self, call_id: int, action: str, label: str) -> str:
        recorded: dict[str, str] = {}
        if self.records_talks:
            recorded = {
                "record": "record-from-start",
                **self.recording_callback(RecordingKind.TALK, call_id),
            }
        dial = Dial(action=action, method="POST")
        dial.conference(
            conference_name(call_id),
            start_conference_on_enter=True,
            end_conference_on_exit=True,
            beep="false",
            wait_url="",
            participant_label=label,
            status_callback=self.addresses.url(VoiceRoute.CONFERENCE, call_id),
            status_callback_method="POST",
            status_callback_event="start end join leave",
            **recorded,
        )
        response = VoiceResponse()
        response.append(dial)
        return str(response)


def goodbye(speaker: Speaker, *prompts: str) -> str:
    """Speaks these prompts and hangs up."""
    response = VoiceResponse()
    speaker.say(response, tuple(PromptLine(prompt) for prompt in prompts))
    response.hangup()
    return str(response)
