"""What a flow may ask of the hall. The engine only wishes; services grant or refuse."""

from dataclasses import dataclass

from hotline.rules.words import RequestClass


@dataclass(frozen=True, slots=True)
class JoinQueue:
    """The caller wants a person."""


@dataclass(frozen=True, slots=True)
class PromiseCallback:
    """The caller wants to be phoned back and keeps their place."""


@dataclass(frozen=True, slots=True)
class NotePressed:
    """The caller pressed a class: a suggestion to the operator, never a wall."""

    klass: RequestClass


@dataclass(frozen=True, slots=True)
class RecordAnswer:
    """The caller answered a follow-up question: `question` is solved or satisfied, `answer` yes or no."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class ConfirmPerson:
    """Somebody we phoned pressed a key, so a person, not a machine, is on the line."""


Wish = JoinQueue | PromiseCallback | NotePressed | RecordAnswer | ConfirmPerson
