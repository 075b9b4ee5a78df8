"""Lines of a play that make something happen: written from a cue, and read back into the same cue."""

from hotline.rules.enums import Language
from ivr_flows.transcripts.answers import read_answer, write_answer
from ivr_flows.transcripts.events import Cue, HangsUp, OperatorAnswers, OperatorLeaves, Round, Says
from ivr_flows.transcripts.patterns import (
    CALLER,
    CLOSE,
    HOTLINE,
    OF_CALLER,
    OF_HOTLINE,
    OF_WORLD,
    OPEN,
    directed,
    filled,
    matched,
    spoken_by,
)
from ivr_flows.turn import (
    Answer,
    AwaitAnswer,
    Digits,
    Next,
    Parted,
    QueueFailed,
    Recorded,
    Silence,
    Unclear,
    WaitedTooLong,
)

PLAYED = "played"
"""The recording that a message in a play becomes; plays do not say which."""
UNKNOWN = "?"
"""A wait that is not known yet."""


def write_cue(cue: Cue, before: Next, language: Language) -> str:
    """Return the line that tells of `cue`, which meets a call that was about to do `before`."""
    if isinstance(cue, Answer):
        wish, values = (before.wish, before.values) if isinstance(before, AwaitAnswer) else (None, {})
        said = write_answer(wish, values, cue, language) if wish is not None else cue.exit
        return directed(said, language)
    deed = _deed(cue, language)
    return spoken_by(CALLER, deed, language) if deed else directed(_event(cue, language), language)


def read_cue(text: str, language: Language) -> Cue | None:
    """Return what happens in a line of a play; None for the hotline's own words and deeds.

    Raises ValueError for a line that nobody could speak, do or play.
    """
    bare = text.strip()
    if bare.startswith(HOTLINE.in_(language)):
        return None
    cue: Cue | None = None
    if bare.startswith(CALLER.in_(language)):
        cue = _read_deed(bare.removeprefix(CALLER.in_(language)), language)
    elif bare.startswith(OPEN.in_(language)) and bare.endswith(CLOSE.in_(language)):
        said = bare.removeprefix(OPEN.in_(language)).removesuffix(CLOSE.in_(language))
        if any(matched(phrase, language, said) is not None for phrase in OF_HOTLINE.values()):
            return None
        cue = _read_event(said, language) or read_answer(said, language)
    if cue is None:
        raise ValueError(f"nobody could speak, do or play this: {bare}")
    return cue


def _deed(cue: Cue, language: Language) -> str:
    """Return what the caller does; empty for what others do."""
    match cue:
        case Digits(keys=keys):
            return filled(OF_CALLER["presses"], language, keys=keys)
        case Says(words=words):
            return filled(OF_CALLER["says"], language, words=words)
        case Silence():
            return OF_CALLER["silent"].in_(language)
        case Unclear():
            return OF_CALLER["unclear"].in_(language)
        case Recorded(seconds=seconds):
            return filled(OF_CALLER["speaks"], language, seconds=seconds)
        case HangsUp():
            return OF_CALLER["hangs_up"].in_(language)
        case _:
            return ""


def _read_deed(said: str, language: Language) -> Cue | None:
    if pressed := matched(OF_CALLER["presses"], language, said):
        return Digits(pressed["keys"])
    if said_so := matched(OF_CALLER["says"], language, said):
        return Says(said_so["words"])
    if spoken := matched(OF_CALLER["speaks"], language, said):
        return Recorded(PLAYED, int(spoken["seconds"]))
    plain: dict[str, Cue] = {"silent": Silence(), "unclear": Unclear(), "hangs_up": HangsUp()}
    return next((cue for name, cue in plain.items() if said == OF_CALLER[name].in_(language)), None)


_EVENTS: dict[Cue, str] = {
    Parted(reached=True): "reached",
    Parted(reached=False): "unreached",
    QueueFailed(): "queue_failed",
    WaitedTooLong(): "waited",
    OperatorAnswers(): "answered",
    OperatorLeaves(): "operator_left",
}


def _event(cue: Cue, language: Language) -> str:
    if isinstance(cue, Round):
        phrase = OF_WORLD["round_offer" if cue.may_be_called else "round"]
        expected = UNKNOWN if cue.expected is None else cue.expected
        return filled(phrase, language, ahead=cue.ahead, waited=cue.waited, expected=expected)
    return OF_WORLD[_EVENTS[cue]].in_(language)


def _read_event(said: str, language: Language) -> Cue | None:
    for phrase, may_be_called in (("round_offer", True), ("round", False)):
        if told := matched(OF_WORLD[phrase], language, said):
            expected = None if told["expected"] == UNKNOWN else int(told["expected"])
            return Round(int(told["ahead"]), int(told["waited"]), expected, may_be_called)
    return next((cue for cue, name in _EVENTS.items() if said == OF_WORLD[name].in_(language)), None)
