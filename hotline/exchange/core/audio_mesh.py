"""The audio mesh: the exchange decides which browsers hear each other, and they connect directly (WebRTC).

Sound never passes through the exchange. For each pair of peers of which at least one hears the other there is one link;
both peers receive it in their list, exchange offers, answers and candidates through this module, and close the link when
it is no longer in the list. Within a link each peer learns if it may speak and if it hears. Sound follows the same rules as
captions, because both ask `Meeting.listeners`: hold, mute, coaching, removal and leaving.

A peer sends `{type:"voice", callSid, microphone, muted}` for each call it can carry sound for (programs never do and get
no links) and again when that changes; it receives `{type:"voice", callSid, links:[{id, offers, speaks, hears}], typed,
record, own, recorded}` whenever something of that changes. `offers` names the side that begins; `typed` is true if a party
that hears this peer has no sound; `recorded` is true for everyone on a line of which a recording runs. While `record` is true the peer sends what it hears, with its own voice in it if `own`, as
binary messages: 8 kHz, 16 bit, mono. `{type:"signal", callSid, link, …}` is passed to the other peer of the link.
"""

import asyncio
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from hotline.exchange.core.sockets import BadMessageError, Message
from hotline.exchange.state.calls import Call, Meeting
from hotline.exchange.state.recordings import Recording
from hotline.exchange.vocabulary.enums import RecordingStatus

# Characters of a session description; one of a single sound has about 2,000.
LONGEST_DESCRIPTION = 12_000
_LONGEST_CANDIDATE = 1_000
_DESCRIPTIONS = frozenset({"offer", "answer"})

# The sids of two calls, in alphabetical order.
Pair = tuple[str, str]


@dataclass(eq=False)
class AudioPeer:
    """A call whose browser can carry sound. `last_sent` is the latest message to it, so that only changes are sent."""

    call: Call
    send: Callable[[Message], None]
    microphone: bool = False
    muted: bool = False
    last_sent: Message | None = None
    recordings: list[Recording] = field(default_factory=list)

    def speaks_to(self) -> tuple[Call, ...]:
        meeting = self.call.meeting
        return () if meeting is None or not self.is_open else meeting.listeners(self.call)

    @property
    def is_open(self) -> bool:
        return self.microphone and not self.muted

    @property
    def is_recorded(self) -> bool:
        """True if its own voice belongs to a recording: another party hears it, or it is alone with the exchange."""
        return self.is_open and (self.call.meeting is None or bool(self.speaks_to()))


@dataclass(eq=False)
class AudioMesh:
    """All peers with sound by the sid of their call, the links between them, and the recordings that run."""

    peers: dict[str, AudioPeer] = field(default_factory=dict)
    links: dict[Pair, str] = field(default_factory=dict)
    running: dict[str, tuple[Recording, Call | Meeting]] = field(default_factory=dict)
    _is_scheduled: bool = False

    def handle(self, call: Call | None, send: Callable[[Message], None], message: Message) -> None:
        """Handles a `voice` or `signal` message of a device; raises BadMessageError if it is malformed.

        A message about another call than `call` is dropped: it came after the end of its call.
        """
        if call is None or message.get("callSid") != call.sid:
            return
        if message["type"] == "signal":
            self._relay(call.sid, message)
            return
        peer = self.peers.setdefault(call.sid, AudioPeer(call, send))
        peer.microphone, peer.muted = message.get("microphone") is True, message.get("muted") is True
        self.schedule_update()

    def leave(self, call_sid: str) -> None:
        """Removes the peer of a call that is over."""
        if self.peers.pop(call_sid, None) is not None:
            self.schedule_update()

    def set_muted(self, call_sid: str, *, muted: bool) -> None:
        if call_sid in self.peers:
            self.peers[call_sid].muted = muted
            self.schedule_update()

    def record(self, recording: Recording, of: Call | Meeting) -> None:
        """Adds a recording that has begun; it runs until its status is a final one."""
        self.running[recording.sid] = (recording, of)
        self.schedule_update()

    def add_samples(self, call_sid: str, samples: bytes, at: float) -> None:
        """Adds the sound a peer heard until `at` (real seconds); raises BadMessageError for half a sample.

        Sound of a peer that does not record, or no longer does, is dropped: it came too late.
        """
        if len(samples) % 2:
            raise BadMessageError("sound is 16 bit")
        peer = self.peers.get(call_sid)
        for recording in () if peer is None else peer.recordings:
            if recording.status is RecordingStatus.IN_PROGRESS:
                recording.audio.append(samples, at)

    def _relay(self, call_sid: str, message: Message) -> None:
        """Passes an offer, answer or candidate to the other peer of a link; raises BadMessageError for anything else."""
        signal = _signal(message)
        # A link that is unknown here, or no longer this peer's, matches nothing and the message is dropped: the two
        # peers cannot learn at the same moment that a link is over.
        for pair, link in self.links.items():
            if link != message.get("link") or call_sid not in pair:
                continue
            other = self.peers.get(pair[0] if call_sid == pair[1] else pair[1])
            if other is not None:
                other.send({"type": "signal", "callSid": other.call.sid, "link": link, **signal})

    def schedule_update(self) -> None:
        """Recomputes links and recordings after all changes of this turn of the event loop."""
        if not self._is_scheduled:
            self._is_scheduled = True
            asyncio.get_running_loop().call_soon(self._update)

    def _update(self) -> None:
        self._is_scheduled = False
        heard = {(peer.call.sid, to.sid) for peer in self.peers.values() for to in peer.speaks_to()}
        pairs = {(min(way), max(way)) for way in heard if self.peers.keys() >= set(way)}
        kept = {pair: link for pair, link in self.links.items() if pair in pairs}
        self.links = kept | {pair: secrets.token_hex(8) for pair in sorted(pairs - kept.keys())}
        self._assign_recordings()
        for peer in self.peers.values():
            message = self._message(peer, heard)
            if message != peer.last_sent:
                peer.last_sent = message
                peer.send(message)

    def _message(self, peer: AudioPeer, heard: set[Pair]) -> Message:
        sid = peer.call.sid
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
        record = bool(peer.recordings)
        return {
            "type": "voice",
            "callSid": sid,
            "links": links,
            "typed": self._has_reader(peer),
            "record": record,
            "own": record and peer.is_recorded,
            "recorded": self._is_line_recorded(peer),
        }

    def _is_line_recorded(self, peer: AudioPeer) -> bool:
        return any(
            recording.status is RecordingStatus.IN_PROGRESS and peer in self._on_line(of)
            for recording, of in self.running.values()
        )

    def _has_reader(self, peer: AudioPeer) -> bool:
        """Returns True if a party that hears this peer has no sound and can only read typed text."""
        meeting = peer.call.meeting
        return meeting is not None and any(
            other.sid not in self.peers for other in meeting.listeners(peer.call)
        )

    def _assign_recordings(self) -> None:
        """Lets one peer record each running recording: the call's own, else the peer that hears most."""
        for peer in self.peers.values():
            peer.recordings = []
        for sid, (recording, of) in list(self.running.items()):
            if recording.status not in {RecordingStatus.IN_PROGRESS, RecordingStatus.PAUSED}:
                del self.running[sid]
            elif recording.status is RecordingStatus.IN_PROGRESS:
                peers = list(self._on_line(of))
                if peers:
                    max(peers, key=lambda peer: self._hears(peer, of)).recordings.append(recording)

    def _on_line(self, of: Call | Meeting) -> Iterator[AudioPeer]:
        """Yields the peers that could record this call or conference."""
        for peer in self.peers.values():
            meeting = peer.call.meeting
            together = meeting is not None and meeting is (of.meeting if isinstance(of, Call) else of)
            if peer.call is of or together:
                yield peer

    def _hears(self, peer: AudioPeer, of: Call | Meeting) -> tuple[bool, int]:
        return peer.call is of, sum(peer.call in other.speaks_to() for other in self.peers.values())


def _signal(message: Message) -> Message:
    """Returns the one part of a signal that is passed on; raises BadMessageError."""
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
