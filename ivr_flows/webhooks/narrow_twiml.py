"""The same conversations for a carrier that knows fewer verbs: no Enqueue, Leave, Conference, Queue.

Self-hosted TwiML engines are like that. Callers wait in a circle of Say, Gather, Pause and Redirect; when a desk is to
ring, their own document dials it (`Dial` with a `Client`), and both talk over that bridge. Nothing is asked over REST.
Shorter rounds, because a desk is rung at the end of one. Holding, listening in and three-way calls need a conference.
"""

from dataclasses import dataclass

from twilio.twiml.voice_response import Client, Dial, VoiceResponse

from hotline.gateways.addresses import device
from hotline.rules.enums import RecordingKind
from ivr_flows.speech import Lines
from ivr_flows.webhooks.speaking import Speaker
from ivr_flows.webhooks.twiml import EMPTY, Stage

LONGEST_ROUND_SECONDS = 5
"""A desk is rung at most so long after it became ready, plus what is being said."""


@dataclass(frozen=True, slots=True)
class NarrowStage(Stage):
    """Writes every document with the verbs that remain."""

    def waiting(self, speaker: Speaker, lines: Lines, *, seconds: int, may_press: bool) -> str:
        """Write one short round of waiting."""
        short = min(seconds, LONGEST_ROUND_SECONDS)
        return super(NarrowStage, self).waiting(speaker, lines, seconds=short, may_press=may_press)

    def leave(self, speaker: Speaker, lines: Lines) -> str:
        """End the waiting: there is no queue to leave, so the next document is asked for at once."""
        response = VoiceResponse()
        speaker.say(response, lines)
        response.redirect(f"{self.addresses.queue_left()}?result=leave", method="POST")
        return str(response)

    def enqueue(self, response: VoiceResponse, speaker: Speaker, lines: Lines) -> None:
        """Begin to wait: the words of the way here, then the first round."""
        speaker.say(response, lines)
        response.redirect(self.addresses.wait(), method="POST")

    def ring(self, call_id: int, offer_id: int, operator_id: int, *, seconds: int) -> str:
        """Ring the desk from the caller's own document; its whisper accepts the offer."""
        recorded = {"record": "record-from-answer-dual"} if self.callers.record_talks else {}
        callback = self.recording_callback(RecordingKind.TALK, call_id) if recorded else {}
        dial = Dial(
            action=self.addresses.ring_over(offer_id),
            method="POST",
            timeout=seconds,
            **recorded,
            **callback,
        )
        client = Client(url=self.addresses.desk_whisper(offer_id), method="POST")
        client.identity(device(operator_id).removeprefix("client:"))
        client.parameter(name="offer", value=str(offer_id))
        client.parameter(name="call", value=str(call_id))
        dial.append(client)
        response = VoiceResponse()
        response.append(dial)
        return str(response)

    def talk(self, call_id: int) -> str:  # noqa: ARG002 - as the other stage's
        """There is no conference to go (back) into: a bridge that is over is over."""
        return EMPTY
