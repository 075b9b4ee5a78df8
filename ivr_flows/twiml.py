"""Writes what callers and operators hear as TwiML, with the carrier's own SDK. No document decides anything.

Voices are named explicitly: the carrier's defaults cannot speak Chinese. The caller goes into the carrier's queue at
once and hears the words of the way there in the first wait document, because an operator may accept within a second.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from twilio.twiml.voice_response import Dial, Gather, VoiceResponse

from hotline.gateways.addresses import VoiceAddresses, conference_name
from hotline.rules.words import Language
from ivr_flows.flow import Argument, Flow, Line, Lines
from ivr_flows.prompts import Prompts, speak
from ivr_flows.turns import AwaitVerdict, Listen, Over, Turn, WaitInQueue

EMPTY = str(VoiceResponse())
"""The document of a call that is over, or whose document does not matter."""


@dataclass(frozen=True, slots=True)
class Speaker:
    """Speaks lines in the language of one call. `standing` are the arguments every prompt may use."""

    prompts: Prompts
    language: Language
    standing: Mapping[str, Argument]

    def say(self, parent: VoiceResponse | Gather, lines: Lines) -> None:
        for line in lines:
            spoken = speak(self.prompts, line, self.language, self.standing)
            parent.say(spoken.text, voice=spoken.voice, language=spoken.language)


@dataclass(frozen=True, slots=True)
class Stage:
    """Where documents lead: the webhook addresses and the carrier's name of our queue."""

    addresses: VoiceAddresses
    queue: str
    greetings: dict[tuple[str, str, Language], str] = field(default_factory=dict)
    """First documents already written, by flow, version and language: every call asks for one of these few."""

    def greeting(self, speaker: Speaker, turn: Turn, flow: Flow) -> str:
        """Write the first turn of `flow`, once."""
        key = (flow.name, flow.version, speaker.language)
        if key not in self.greetings:
            self.greetings[key] = self.turn(speaker, turn)
        return self.greetings[key]

    def turn(self, speaker: Speaker, turn: Turn) -> str:
        """Write a settled turn of a flow. Raises ValueError for one that still awaits a verdict."""
        response = VoiceResponse()
        match turn.then:
            case Listen(timeout=timeout):
                gather = _gather(self._heard(turn), timeout, on_silence=True)
                speaker.say(gather, turn.lines)
                response.append(gather)
            case WaitInQueue():
                self._enqueue(response, turn.lines)
            case Over():
                speaker.say(response, turn.lines)
                response.hangup()
            case AwaitVerdict():
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

    def _heard(self, turn: Turn) -> str:
        return f"{self.addresses.heard()}?turn={turn.number}"

    def _enqueue(self, response: VoiceResponse, lines: Lines) -> None:
        wait = self.addresses.wait()
        if lines:
            wait = f"{wait}?say={quote(write_lines(lines), safe='')}"
        response.enqueue(
            self.queue,
            action=self.addresses.queue_left(),
            method="POST",
            wait_url=wait,
            wait_url_method="POST",
        )

    def _conference(self, call_id: int, action: str, label: str) -> str:
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


def write_lines(lines: Lines) -> str:
    """Write lines into a URL's query: only prompt keys, never what a caller said. Arguments stay behind."""
    return ",".join(f"{line.language}:{line.prompt}" if line.language else line.prompt for line in lines)


def read_lines(text: str, prompts: Prompts) -> Lines:
    """Read what `write_lines` wrote; keys that are not known any more are left out."""
    lines: list[Line] = []
    for part in text.split(",")[:20]:
        language, _, prompt = part.rpartition(":")
        known = Language(language) if language in set(Language) else None
        if all(prompt in catalogue.texts for catalogue in prompts.values()):
            lines.append(Line(prompt, known))
    return tuple(lines)


def _gather(action: str, timeout: int, *, on_silence: bool) -> Gather:
    """Listen for exactly one key, * and # included, while the words inside are spoken."""
    return Gather(
        input="dtmf",
        num_digits=1,
        finish_on_key="",
        timeout=timeout,
        action=action,
        method="POST",
        action_on_empty_result=on_silence,
    )
