"""Who hears whom in sound: the exchange decides, the browsers connect to each other and obey.

Sound goes from browser to browser (WebRTC), never through the exchange. For each pair of ends of which at least one hears
the other there is one link; both are told of it, pass offers, answers and candidates through here, and close it when it is
no longer told. Within a link each end is told whether it may speak and whether it hears. What holds for captions holds
for sound, because both ask the same question (`Meeting.listeners`): hold, mute, coaching, removal and leaving.

An end says `{type:"voice", callSid, microphone, muted}` for each call it can carry sound for (programs never do and are
left alone) and again when that changes; it is told `{type:"voice", callSid, links:[{id, offers, speaks, hears}], typed, record, own}` whenever
something of that changes. `offers` names the side that begins; `typed`: somebody on the line has no sound. While `record` is true it sends what it hears, with its own voice in it
if `own`, as binary messages: 8 kHz, 16 bit, mono. `{type:"signal", callSid, link, …}` is passed to the other end.
"""

import asyncio
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from hotline.exchange.core.sockets import BadMessageError, Message
from hotline.exchange.state.calls import Call
from hotline.exchange.state.conferences import Conference
from hotline.exchange.state.recordings import Recording
from hotline.exchange.vocabulary.enums import RecordingStatus

LONGEST_DESCRIPTION = 12_000
"""Characters of a session description; one of a single sound has about 2,000."""
_LONGEST_CANDIDATE = 1_000
_DESCRIPTIONS = frozenset({"offer", "answer"})

Pair = tuple[str, str]
"""The sids of two calls, in the order of the letters."""


@dataclass(eq=False)
class VoiceEnd:
    """A call whose browser can carry sound. `told` is what it was told last."""

    call: Call
    send: Callable[[Message], None]
    microphone: bool = False
    muted: bool = False
    told: Message | None = None
    tapes: list[Recording] = field(default_factory=list)

    def speaks_to(self) -> tuple[Call, ...]:
        meeting = self.call.meeting
        return () if meeting is None or not self.is_open else meeting.listeners(self.call)

    @property
    def is_open(self) -> bool:
        return self.microphone and not self.muted

    @property
    def is_recorded(self) -> bool:
        """Whether its own voice belongs to a recording: heard by somebody, or alone with the exchange."""
        return self.is_open and (self.call.meeting is None or bool(self.speaks_to()))


@dataclass(eq=False)
class Voices:
    """All ends with sound by their call's sid, the links between them, and the recordings that run."""

    ends: dict[str, VoiceEnd] = field(default_factory=dict)
    links: dict[Pair, str] = field(default_factory=dict)
    running: dict[str, tuple[Recording, Call | Conference]] = field(default_factory=dict)
    _is_asked: bool = False

    def obey(self, call: Call | None, send: Callable[[Message], None], message: Message) -> None:
        """Do what an end says about its sound; what belongs to a call that is over there comes too late and is dropped.

        Raises BadMessageError for what makes no sense.
        """
        if call is None or message.get("callSid") != call.sid:
            return
        if message["type"] == "signal":
            self._relay(call.sid, message)
            return
        end = self.ends.setdefault(call.sid, VoiceEnd(call, send))
        end.microphone, end.muted = message.get("microphone") is True, message.get("muted") is True
        self.look_again()

    def leave(self, call_sid: str) -> None:
        """The call is over at this end."""
        if self.ends.pop(call_sid, None) is not None:
            self.look_again()

    def mute(self, call_sid: str, *, muted: bool) -> None:
        """The person at this end does, or does not, want to be heard."""
        if call_sid in self.ends:
            self.ends[call_sid].muted = muted
            self.look_again()

    def roll(self, tape: Recording, of: Call | Conference) -> None:
        """A recording has begun; it runs until its status is a final one."""
        self.running[tape.sid] = (tape, of)
        self.look_again()

    def take(self, call_sid: str, samples: bytes, at: float) -> None:
        """Keep what the end of a call heard until `at` (real seconds); raises BadMessageError for half a sample.

        Sound of an end that was not asked for it, or no longer is, came too late and is nobody's.
        """
        if len(samples) % 2:
            raise BadMessageError("sound is 16 bit")
        end = self.ends.get(call_sid)
        for tape in () if end is None else end.tapes:
            if tape.status is RecordingStatus.IN_PROGRESS:
                tape.audio.append(samples, at)

    def _relay(self, call_sid: str, message: Message) -> None:
        """Pass an offer, answer or candidate to the other end of a link.

        What comes for a link that is not (or no longer) one of this end is dropped: the two ends cannot know at the same
        moment that it is over. Raises BadMessageError for what is no such thing.
        """
        signal = _signal(message)
        for pair, link in self.links.items():
            if link != message.get("link") or call_sid not in pair:
                continue
            other = self.ends.get(pair[0] if call_sid == pair[1] else pair[1])
            if other is not None:
                other.send({"type": "signal", "callSid": other.call.sid, "link": link, **signal})

    def look_again(self) -> None:
        """Somebody came, went, or is to be heard differently: settle it once everything that happens now has."""
        if not self._is_asked:
            self._is_asked = True
            asyncio.get_running_loop().call_soon(self._settle)

    def _settle(self) -> None:
        self._is_asked = False
        heard = {(end.call.sid, to.sid) for end in self.ends.values() for to in end.speaks_to()}
        pairs = {(min(way), max(way)) for way in heard if self.ends.keys() >= set(way)}
        kept = {pair: link for pair, link in self.links.items() if pair in pairs}
        self.links = kept | {pair: secrets.token_hex(8) for pair in sorted(pairs - kept.keys())}
        self._hand_out_tapes()
        for end in self.ends.values():
            told = self._message(end, heard)
            if told != end.told:
                end.told = told
                end.send(told)

    def _message(self, end: VoiceEnd, heard: set[Pair]) -> Message:
        sid = end.call.sid
        links = [
            {
                "id": link,
                "offers": sid == pair[0],
                "speaks": (sid, other) in heard,
                "hears": (other, sid) in heard,
            }
            for pair, link in self.links.items()
            for other in pair
            if sid in pair and other != sid
        ]
        record = bool(end.tapes)
        return {
            "type": "voice",
            "callSid": sid,
            "links": links,
            "typed": self._has_reader(end),
            "record": record,
            "own": record and end.is_recorded,
        }

    def _has_reader(self, end: VoiceEnd) -> bool:
        """Whether somebody would hear this end, but has no sound and can only read what is typed."""
        meeting = end.call.meeting
        return meeting is not None and any(
            other.sid not in self.ends for other in meeting.listeners(end.call)
        )

    def _hand_out_tapes(self) -> None:
        """Let one end record each running recording: the call's own, else whoever hears most."""
        for end in self.ends.values():
            end.tapes = []
        for sid, (tape, of) in list(self.running.items()):
            if tape.status not in {RecordingStatus.IN_PROGRESS, RecordingStatus.PAUSED}:
                del self.running[sid]
            elif tape.status is RecordingStatus.IN_PROGRESS:
                ends = list(self._on_line(of))
                if ends:
                    max(ends, key=lambda end: self._hears(end, of)).tapes.append(tape)

    def _on_line(self, of: Call | Conference) -> Iterator[VoiceEnd]:
        """Yield the ends that could record this call or conference."""
        for end in self.ends.values():
            meeting = end.call.meeting
            together = meeting is not None and meeting is (of.meeting if isinstance(of, Call) else of)
            if end.call is of or together:
                yield end

    def _hears(self, end: VoiceEnd, of: Call | Conference) -> tuple[bool, int]:
        return end.call is of, sum(end.call in other.speaks_to() for other in self.ends.values())


def _signal(message: Message) -> Message:
    """Return the one part of a signal that is passed on; raises BadMessageError."""
    match message:
        case {"description": {"type": str(kind), "sdp": str(sdp)}} if kind in _DESCRIPTIONS:
            if len(sdp) <= LONGEST_DESCRIPTION:
                return {"description": {"type": kind, "sdp": sdp}}
        case {"candidate": {"candidate": str(candidate), "sdpMid": str(mid), "sdpMLineIndex": int(line)}}:
            if len(candidate) + len(mid) <= _LONGEST_CANDIDATE:
                return {"candidate": {"candidate": candidate, "sdpMid": mid, "sdpMLineIndex": line}}
        case _:
            pass
    raise BadMessageError('a signal is a "description" or a "candidate"')
