"""Two calls connected to each other: each hears what the other says, until either leaves."""

import asyncio
from dataclasses import dataclass, field

from hotline.gateways.exchange.sounds import Caption
from hotline.gateways.exchange.state.calls import Call


@dataclass(eq=False)
class Bridge:
    """A meeting of two. `over` is set when either side has gone."""

    one: Call
    other: Call
    over: asyncio.Event = field(default_factory=asyncio.Event)

    def connect(self) -> None:
        self.one.meeting = self
        self.other.meeting = self

    def part(self) -> None:
        """End it; calls that have gone on to something else are left alone."""
        self.over.set()
        for call in (self.one, self.other):
            if call.meeting is self:
                call.meeting = None

    def speak(self, speaker: Call, text: str) -> None:
        listener = self.other if speaker is self.one else self.one
        if listener.endpoint is not None:
            listener.endpoint.hear(listener.sid, Caption(speaker.party, text))
