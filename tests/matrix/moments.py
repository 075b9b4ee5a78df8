"""The matrix itself as tables: every moment of the stories at which a fault can strike, and what cannot be and why."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from hotline.exchange.core.faults import APPLICABLE_STEPS, CALLER_FAULTS, FAULTS, Fault, FaultRule
from hotline.exchange.vocabulary.request_kinds import RequestKind
from tests.matrix.stories import Name

S, F = RequestKind, Fault
LONGER_THAN_A_TALK = 12.0
"""How long (exchange seconds) a letter is held back for a later one to overtake it."""


@dataclass(frozen=True)
class Moment:
    """The `nth` request of this kind in the citizen's `call`-th call (0: since the beginning of the story).

    `aside`: nobody waits for its answer; `is_last`: no later webhook is about the same call; `refused`: the carrier says
    no anyway, so that nothing takes effect.
    """

    name: str
    story: Name
    step: RequestKind
    path: str = ""
    nth: int = 1
    call: int = 1
    aside: bool = False
    is_last: bool = False
    refused: bool = False

    def rule(self, fault: Fault) -> FaultRule:
        """Return how this fault strikes at this moment; a country that is closed stays closed."""
        if fault is F.NO_ROUTE:
            return FaultRule(fault, self.step, times=None)
        return FaultRule(fault, self.step, path=self.path, nth=self.nth, seconds=LONGER_THAN_A_TALK)


R, C, G, M, E = Name.REPORT, Name.CALLBACK, Name.IMPATIENT, Name.MESSAGE, Name.EMERGENCY
MOMENTS: tuple[Moment, ...] = (
    Moment("incoming", R, S.VOICE, "/incoming"),
    Moment("menu", R, S.GATHER, "/heard"),
    Moment("wait", R, S.WAIT, "/wait"),
    Moment("next-round", R, S.REDIRECT, "/wait"),
    Moment("desk-rings", R, S.CREATE_CALL),
    Moment("desk-answers", R, S.VOICE, "/desk/"),
    Moment("operator-joins", R, S.CONFERENCE, "/conference/", aside=True),
    Moment("queue-found", R, S.LIST_QUEUES),
    Moment("taken-out", R, S.UPDATE_MEMBER),
    Moment("queue-left", R, S.ENQUEUE, "/queue-left", aside=True),
    Moment("talk", R, S.MOVED, "/talk/"),
    Moment("caller-joins", R, S.CONFERENCE, "/conference/", nth=2, aside=True),
    Moment("conference-starts", R, S.CONFERENCE, "/conference/", nth=3, aside=True),
    Moment("operator-leaves", R, S.CONFERENCE, "/conference/", nth=4, aside=True),
    Moment("caller-leaves", R, S.CONFERENCE, "/conference/", nth=5, aside=True),
    Moment("conference-ends", R, S.CONFERENCE, "/conference/", nth=6, aside=True, is_last=True),
    Moment("talk-recorded", R, S.RECORDING, "/recording/talk/", aside=True),
    Moment("sound-fetched", R, S.MEDIA),
    Moment("desk-left", R, S.DIAL, "/left", aside=True),
    Moment("desk-over", R, S.STATUS, "/desk/", aside=True, is_last=True),
    Moment("talk-ended", R, S.DIAL, "/ended"),
    Moment("rating", R, S.GATHER, "/heard", nth=2),
    Moment("over", R, S.STATUS, "/voice/status", aside=True, is_last=True),
    Moment("desk-released", R, S.UPDATE_CALL, refused=True),
    Moment("asks-back", R, S.CREATE_CALL, nth=2, call=0),
    Moment("asked-back", R, S.VOICE, "/dial/", call=2),
    Moment("solved", R, S.GATHER, "/heard", call=2),
    Moment("satisfied", R, S.GATHER, "/heard", nth=2, call=2),
    Moment("asked-back-over", R, S.STATUS, "/dial/", call=2, aside=True, is_last=True),
    Moment("wants-callback", C, S.GATHER, "/wait/heard"),
    Moment("lets-go", C, S.ENQUEUE, "/queue-left"),
    Moment("confirms", C, S.GATHER, "/heard", nth=2),
    Moment("promise-over", C, S.STATUS, "/voice/status", aside=True, is_last=True),
    Moment("phoned-back", C, S.CREATE_CALL),
    Moment("answers", C, S.VOICE, "/dial/", call=2),
    Moment("wants-person", C, S.GATHER, "/heard", call=2),
    Moment("waits-again", C, S.WAIT, "/wait", call=2),
    Moment("desk-rings-again", C, S.CREATE_CALL, nth=2, call=0),
    Moment("desk-answers-again", C, S.VOICE, "/desk/", call=2),
    Moment("taken-out-again", C, S.UPDATE_MEMBER),
    Moment("talks", C, S.MOVED, "/talk/", call=2),
    Moment("leaves", C, S.DIAL, "/ended", call=2, aside=True, is_last=True),
    Moment("desk-left-alone", C, S.DIAL, "/left", call=2, aside=True),
    Moment("phoned-back-over", C, S.STATUS, "/dial/", call=2, aside=True, is_last=True),
    Moment("gives-up", G, S.ENQUEUE, "/queue-left", aside=True),
    Moment("gives-up-over", G, S.STATUS, "/voice/status", aside=True, is_last=True),
    Moment("ring-stopped", G, S.UPDATE_CALL),
    Moment("ring-over", G, S.STATUS, "/desk/", aside=True, is_last=True),
    Moment("phoned", G, S.CREATE_CALL, nth=2, call=0),
    Moment("picks-up", G, S.VOICE, "/dial/", call=2),
    Moment("chooses-message", M, S.GATHER, "/heard", nth=2),
    Moment("message", M, S.RECORD, "/recorded"),
    Moment("message-recorded", M, S.RECORDING, "/recording/message/", aside=True),
    Moment("message-fetched", M, S.MEDIA),
    Moment("message-over", M, S.STATUS, "/voice/status", aside=True, is_last=True),
    Moment("star", E, S.GATHER, "/heard"),
    Moment("which-help", E, S.GATHER, "/heard", nth=2),
    Moment("police-rings", E, S.DIAL_NUMBER),
    Moment("help-over", E, S.DIAL, "/transfer-ended", aside=True),
    Moment("emergency-over", E, S.STATUS, "/voice/status", aside=True, is_last=True),
)
"""In the order of each story."""


@dataclass(frozen=True)
class Aftermath:
    """A step that only follows from a fault: `first` strikes, then the fault of the cell strikes what follows from it."""

    first: Fault
    moment: Moment
    then: Moment


_MOMENT = {moment.name: moment for moment in MOMENTS}
AFTERMATHS: tuple[Aftermath, ...] = (
    Aftermath(F.LOST_ANSWER, _MOMENT["incoming"], Moment("fallback", R, S.FALLBACK, "/fallback")),
    Aftermath(F.LOST_ANSWER, _MOMENT["menu"], Moment("fallback-from-menu", R, S.FALLBACK, "/fallback")),
    Aftermath(F.LOST_ANSWER, _MOMENT["desk-answers"], Moment("desk-fallback", R, S.FALLBACK, "/desk/")),
    Aftermath(F.CUT_AFTER, _MOMENT["asks-back"], Moment("look-for-dial", R, S.LIST_CALLS)),
    Aftermath(F.ERROR_AFTER, _MOMENT["desk-rings"], Moment("look-for-ring", R, S.LIST_CALLS)),
    Aftermath(F.DROP, _MOMENT["asked-back-over"], Moment("ask-after", R, S.FETCH_CALL)),
)
NEVER: Mapping[RequestKind, str] = {
    S.LEG: "no document of ours has a Number or Client with a url (the narrow carrier's whisper is told in tests/flows)",
    S.QUEUE_WHISPER: "nobody is taken from a queue by Dial",
    S.CONFERENCE_DOCUMENT: "our conferences wait in silence and nobody is held yet",
    S.PLAY: "no prompt of the city is a sound file",
    S.PARTIAL_SPEECH: "we ask for no partial words",
    S.TRANSCRIPTION: "we ask for no transcription",
    S.DETECTION: "we do not ask for machine detection aside",
    **dict.fromkeys(
        (
            S.DELETE_CALL,
            S.LIST_RECORDINGS,
            S.START_RECORDING,
            S.FETCH_RECORDING,
            S.UPDATE_RECORDING,
            S.DELETE_RECORDING,
            S.CREATE_QUEUE,
            S.FETCH_QUEUE,
            S.UPDATE_QUEUE,
            S.DELETE_QUEUE,
            S.LIST_MEMBERS,
            S.FETCH_MEMBER,
            S.LIST_CONFERENCES,
            S.FETCH_CONFERENCE,
            S.UPDATE_CONFERENCE,
            S.LIST_PARTICIPANTS,
            S.CREATE_PARTICIPANT,
            S.FETCH_PARTICIPANT,
            S.UPDATE_PARTICIPANT,
            S.REMOVE_PARTICIPANT,
        ),
        "the hotline never asks this of a carrier",
    ),
}
"""Steps of the exchange that the hotline never takes, and why."""


BEYOND_US: Mapping[str, str] = dict.fromkeys(
    ("drop-fallback-fallback", "bad-signature-fallback-fallback"),
    "neither our first answer nor our fallback reached the carrier, which says so and hangs up; to us it is a caller who"
    " hung up in the greeting, and nobody is phoned for that",
)
"""Cells in which nobody is reached and nothing of ours could change that; all else must be right there, too."""


@dataclass(frozen=True)
class Cell:
    """One fault at one moment."""

    fault: Fault
    moment: Moment
    after: Aftermath | None = None

    def __str__(self) -> str:
        """Its name, as pytest shows it."""
        return f"{self.fault}-{self.moment.step}-{self.moment.name}"


def why_not(fault: Fault, moment: Moment) -> str | None:
    """Return why this fault cannot happen at this moment, or None if it can."""
    if fault is F.REORDER and not moment.aside:
        return "somebody waits for this answer: it cannot come after what follows from it"
    if fault is F.REORDER and moment.is_last:
        return "nothing later is told about this call"
    if fault in CALLER_FAULTS and moment.aside:
        return "nobody is on this call any more, or the news is not about a call"
    if fault in {F.ERROR_AFTER, F.CUT_AFTER} and moment.refused:
        return "the carrier refuses this anyway: there is no effect whose answer could be lost"
    if fault is F.NO_ROUTE and moment.name.startswith("desk-"):
        return "a desk is no number in any country"
    return None


def cells() -> Iterator[Cell]:
    """Yield every cell that can be."""
    for moment in MOMENTS:
        for fault in FAULTS:
            if moment.step in APPLICABLE_STEPS[fault] and why_not(fault, moment) is None:
                yield Cell(fault, moment)
    for after in AFTERMATHS:
        for fault in FAULTS:
            if after.then.step in APPLICABLE_STEPS[fault] and why_not(fault, after.then) is None:
                yield Cell(fault, after.then, after)


def impossible() -> Iterator[tuple[Fault, Moment, str]]:
    """Yield every cell that cannot be, with its reason."""
    for moment in (*MOMENTS, *(after.then for after in AFTERMATHS)):
        for fault in FAULTS:
            why = why_not(fault, moment)
            if moment.step in APPLICABLE_STEPS[fault] and why is not None:
                yield fault, moment, why
