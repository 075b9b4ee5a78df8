"""Two calls connected to each other: each hears what the other says, until either leaves."""

import asyncio
from dataclasses import dataclass, field

from hotline.exchange.state.calls import Call, EndCall
from hotline.exchange.vocabulary.sounds import Caption, PartyChanged


@dataclass(eq=False)
class Bridge:
    """A meeting of two. `over` is set when either side has gone."""

    one: Call
    other: Call
    over: asyncio.Event = field(default_factory=asyncio.Event)

    def connect(self) -> None:
        for call, other in ((self.one, self.other), (self.other, self.one)):
            call.meeting = self
            call.hear(PartyChanged((other.party,)))

    def part(self) -> None:
        """End it; calls that have gone on to something else are left alone."""
        self.over.set()
        for call in (self.one, self.other):
            if call.meeting is self:
                call.meeting = None
                if not isinstance(call.order, EndCall):
                    call.hear(PartyChanged(()))

    def listeners(self, speaker: Call) -> tuple[Call, ...]:
        """Return the other side; nobody once either has gone on to something else."""
        listener = self.other if speaker is self.one else self.one
        return (listener,) if speaker.meeting is self and listener.meeting is self else ()

    def speak(self, speaker: Call, text: str) -> None:
        for listener in self.listeners(speaker):
            listener.hear(Caption(speaker.party, text))
