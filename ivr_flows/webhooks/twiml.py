"""Writes what callers and operators hear as TwiML, with the carrier's own SDK. No document decides anything.

Voices are named explicitly: the carrier's defaults cannot speak Chinese. The caller goes into the carrier's queue at
once and hears the words of the way there in the first wait document, because an operator may accept within a second.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar
from urllib.parse import quote

from twilio.twiml.voice_response import Dial, Gather, VoiceResponse

from hotline.gateways.addresses import VoiceAddresses, conference_name
from hotline.rules.enums import Language, RecordingKind
from hotline.rules.policies import CallerPolicy
from hotline.rules.text import to_speakable
from ivr_flows.flow import Flow
from ivr_flows.source.prompts import Catalogue, Prompts, speak
from ivr_flows.speech import Argument, Line, Lines, Notice
from ivr_flows.turn import AskAgain, AwaitAnswer, Connect, Listen, Over, TakeMessage, Turn, WaitInQueue

MOST_CARRIED = 20
"""Lines that ride in one URL, at most."""


@dataclass(frozen=True, slots=True)
class Speaker:
    """Speaks lines in the language of one call. `standing` are the arguments every prompt may use.

    `sounds` is the address below which the city's own recordings lie.
    """

    prompts: Prompts
    language: Language
    standing: Mapping[str, Argument]
    sounds: str = ""

    @property
    def catalogue(self) -> Catalogue:
        return self.prompts[self.language]

    def say(self, parent: VoiceResponse | Gather, lines: Lines) -> None:
        """Say `lines`; what is empty once it can be spoken is left out."""
        for line in lines:
            spoken = speak(self.prompts, line, self.language, self.standing)
            if not (spoken.sound or spoken.text):
                continue
            if not spoken.sound:
                parent.say(spoken.text, voice=spoken.voice, language=spoken.language)
            elif "://" in spoken.sound:
                parent.play(spoken.sound)
            else:
                parent.play(f"{self.sounds}/{spoken.sound}")


def carried(lines: Lines) -> tuple[Lines, Lines]:
    """Part lines into those that must be said here and those that can ride in a URL: keys of prompts and notices alone.

    What a line's arguments say (a date, a number) never goes into a URL, nor does anything that must be said before it.
    """
    riding = tuple(reversed(tuple(_riders(lines))))
    return lines[: len(lines) - len(riding)], riding


def _riders(lines: Lines) -> Lines:
    found: list[Line | Notice] = []
    for line in reversed(lines):
        if isinstance(line, Line) and line.arguments:
            break
        found.append(line)
    return tuple(found[:MOST_CARRIED])


def write_lines(lines: Lines) -> str:
    """Write lines into a URL's query: only keys, never what somebody said or wrote."""
    return ",".join(_key(line) for line in lines)


def read_lines(text: str, prompts: Prompts, recall: Callable[[str], Notice | None]) -> Lines:
    """Read what `write_lines` wrote; keys that are not known any more are left out. `recall` finds notices by key."""
    lines: list[Line | Notice] = []
    for part in text.split(",")[:MOST_CARRIED]:
        if part.startswith("!"):
            notice = recall(part[1:])
            lines += [] if notice is None else [notice]
            continue
        language, _, prompt = part.rpartition(":")
        known = Language(language) if language in set(Language) else None
        if all(prompt in catalogue.texts for catalogue in prompts.values()):
            lines.append(Line(prompt, known))
    return tuple(lines)


def _key(line: Line | Notice) -> str:
    if isinstance(line, Notice):
        return f"!{line.key}"
    return f"{line.language}:{line.prompt}" if line.language else line.prompt


EMPTY = str(VoiceResponse())
"""The document of a call that is over, or whose document does not matter."""
MOST_GREETINGS = 200
"""Documents kept written; more than a city has greetings, so that only many notices in a row ever empty them."""
MOST_HINTS = 100
_ASKED_AGAIN_SECONDS = 1


@dataclass(frozen=True, slots=True)
class Stage:
    """Where documents lead: the webhook addresses, the carrier's name of our queue, whom callers can be connected to."""

    dials_operators: ClassVar[bool] = False
    """True where the caller's own document dials the operator, because the carrier has no queue."""

    addresses: VoiceAddresses
    queue: str
    callers: CallerPolicy
    greetings: dict[object, str] = field(default_factory=dict)
    """First documents already written, by everything they say: nearly every call asks for one of these few."""

    def greeting(self, speaker: Speaker, turn: Turn, flow: Flow) -> str:
        """Write the first turn of `flow`, once."""
        key = (flow.name, flow.version, speaker.language, turn.position, turn.lines)
        if key not in self.greetings:
            if len(self.greetings) >= MOST_GREETINGS:
                self.greetings.clear()
            self.greetings[key] = self.turn(speaker, turn, call_id=0)
        return self.greetings[key]

    def turn(self, speaker: Speaker, turn: Turn, call_id: int) -> str:
        """Write a settled turn of a flow. Raises ValueError for one that still awaits an answer."""
        response = VoiceResponse()
        step = f"?turn={turn.number}"
        match turn.then:
            case Listen():
                response.append(self._listen(speaker, turn.lines, turn.then, step))
            case WaitInQueue():
                self.enqueue(response, speaker, turn.lines)
            case TakeMessage():
                speaker.say(response, turn.lines)
                self._record(response, turn.then, step, call_id)
            case Connect():
                speaker.say(response, turn.lines)
                response.append(self._connect(turn.then, step))
            case AskAgain():
                speaker.say(response, turn.lines or (Line("still_asking"),))
                response.pause(length=_ASKED_AGAIN_SECONDS)
                response.redirect(self.addresses.again() + step, method="POST")
            case Over():
                speaker.say(response, turn.lines)
                response.hangup()
            case AwaitAnswer():
                raise ValueError("this turn is not settled")
        return str(response)

    def waiting(self, speaker: Speaker, lines: Lines, *, seconds: int, may_press: bool) -> str:
        """Write one round of the wait document: `lines`, then `seconds` of listening or pause, then once more."""
        response = VoiceResponse()
        if may_press:
            gather = _gather(self.addresses.wait_heard(), seconds, on_silence=False)
            speaker.say(gather, lines)
            response.append(gather)
        else:
            speaker.say(response, lines)
            response.pause(length=seconds)
        response.redirect(self.addresses.wait(), method="POST")
        return str(response)

    def go_on(self, url: str) -> str:
        """Ask at once at another of our addresses."""
        response = VoiceResponse()
        response.redirect(url, method="POST")
        return str(response)

    def leave(self, speaker: Speaker, lines: Lines) -> str:
        """Write the wait document that ends the waiting; the carrier then asks at `queue_left`."""
        response = VoiceResponse()
        speaker.say(response, lines)
        response.leave()
        return str(response)

    def talk(self, call_id: int) -> str:
        """Let the caller into the conference of their call."""
        return self._conference(call_id, self.addresses.talk_ended(call_id), "caller")

    def desk(self, call_id: int, offer_id: int) -> str:
        """Let the operator into the conference of the call they accepted."""
        return self._conference(call_id, self.addresses.desk_left(offer_id), f"operator-{offer_id}")

    def try_again(self, speaker: Speaker, lines: Lines, url: str, *, seconds: int) -> str:
        """Keep the caller on the line for `seconds` and ask once more at `url`."""
        response = VoiceResponse()
        speaker.say(response, lines)
        response.pause(length=seconds)
        response.redirect(url, method="POST")
        return str(response)

    def enqueue(self, response: VoiceResponse, speaker: Speaker, lines: Lines) -> None:
        """Put the caller into the carrier's queue; what can ride along is said there, so that nobody waits for words."""
        here, riding = carried(lines)
        speaker.say(response, here)
        wait = self.addresses.wait()
        if riding:
            wait = f"{wait}?say={quote(write_lines(riding), safe='')}"
        response.enqueue(
            self.queue,
            action=self.addresses.queue_left(),
            method="POST",
            wait_url=wait,
            wait_url_method="POST",
        )

    def _listen(self, speaker: Speaker, lines: Lines, listen: Listen, step: str) -> Gather:
        speech: dict[str, str] = {}
        if listen.speech and self.callers.hear_words:
            known = speaker.catalogue.words
            hints = [word for name in listen.words for word in known.get(name, ())][:MOST_HINTS]
            speech = {"language": speaker.catalogue.speech.recognition}
            speech |= {"hints": to_speakable(",".join(hints))} if hints else {}
        gather = _gather(
            self.addresses.heard() + step, listen.timeout, on_silence=True, most=listen.most, **speech
        )
        speaker.say(gather, lines)
        return gather

    def _record(self, response: VoiceResponse, message: TakeMessage, step: str, call_id: int) -> None:
        response.record(
            action=self.addresses.recorded() + step,
            method="POST",
            max_length=message.seconds,
            timeout=message.silence,
            finish_on_key="#",
            play_beep=True,
            **self.recording_callback(RecordingKind.MESSAGE, call_id),
        )
        response.redirect(f"{self.addresses.recorded()}{step}&silent=1", method="POST")

    def recording_callback(self, kind: RecordingKind, call_id: int) -> dict[str, str]:
        """Return the attributes by which the carrier tells us what became of a recording."""
        return {
            "recording_status_callback": self.addresses.recording(kind, call_id),
            "recording_status_callback_method": "POST",
            "recording_status_callback_event": "completed absent",
        }

    def _connect(self, to: Connect, step: str) -> Dial:
        dial = Dial(action=self.addresses.parted() + step, method="POST", timeout=to.ring_seconds)
        dial.number(self.callers.numbers[to.number])
        return dial

    def _conference(self, call_id: int, action: str, label: str) -> str:
        recorded: dict[str, str] = {}
        if self.callers.record_talks:
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
            status_callback=self.addresses.conference(call_id),
            status_callback_method="POST",
            status_callback_event="start end join leave",
            **recorded,
        )
        response = VoiceResponse()
        response.append(dial)
        return str(response)


def goodbye(speaker: Speaker, *prompts: str) -> str:
    """Say these prompts and hang up."""
    response = VoiceResponse()
    speaker.say(response, tuple(Line(prompt) for prompt in prompts))
    response.hangup()
    return str(response)


def _gather(action: str, timeout: int, *, on_silence: bool, most: int = 1, **speech: str) -> Gather:
    """Listen while the words inside are spoken: for exactly one key, * and # included, or for several ended by #.

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
