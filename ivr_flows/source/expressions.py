"""Parses the short expressions in a flow file: a line, an action, a number, a step of the wait document.

Each function raises ValueError with the reason.
"""

from enum import StrEnum
from typing import TypeVar

from hotline.rules.calls.flow_actions import ConfirmPerson, FlowAction, RecordAnswer, RecordRequestClass
from hotline.rules.enums import CallPurpose, Language, RequestClass
from hotline.rules.phone_numbers import parse_number
from ivr_flows.speech import PromptLine

Word = TypeVar("Word", bound=StrEnum)
_ANSWERS = {(question, answer) for question in ("solved", "satisfied", "service") for answer in ("yes", "no")}
# What a round of waiting may contain beside the lines of the program itself.
WAIT_VERBS = frozenset({"say", "play"})
_REFUSED_VERBS = frozenset({"dial", "record", "enqueue", "reject", "gather", "hangup", "leave", "redirect"})


def read_line(text: object) -> PromptLine:
    """Parses `prompt` or `language:prompt`."""
    if not isinstance(text, str) or not text:
        raise ValueError("a line is the key of a prompt, or language:key")
    language, colon, prompt = text.rpartition(":")
    return PromptLine(prompt, read_language(language) if colon else None)


def read_wait_step(text: object) -> PromptLine:
    """Parses `say PROMPT` or `play PROMPT`, a step of the document that is repeated while callers wait."""
    verb, _, prompt = str(text).partition(" ")
    if verb in _REFUSED_VERBS:
        raise ValueError(
            f"{verb} does not belong into a wait document: the carrier refuses it there, or the program says it itself"
        )
    if verb not in WAIT_VERBS or not prompt:
        raise ValueError("a step of waiting is `say PROMPT` or `play PROMPT`")
    return read_line(prompt)


def read_action(text: object) -> FlowAction:
    """Parses an action as flows write it, such as `note_pressed:complaint`."""
    match str(text).split(":"):
        case ["confirm_person"]:
            return ConfirmPerson()
        case ["note_pressed", request_class]:
            return RecordRequestClass(_one_of(RequestClass, request_class))
        case ["record_answer", question, answer] if (question, answer) in _ANSWERS:
            return RecordAnswer(question, answer)
        case _:
            raise ValueError(
                "an action is confirm_person, note_pressed:CLASS or record_answer:solved|satisfied|service:yes|no"
            )


def read_number(text: object) -> str:
    """Parses a telephone number in any usual spelling and returns its E.164."""
    number = parse_number(str(text))
    if number is None:
        raise ValueError("not a telephone number, such as +865374412345")
    return number


def read_language(text: object) -> Language:
    return _one_of(Language, text)


def read_purpose(text: object) -> CallPurpose:
    return _one_of(CallPurpose, text)


def _one_of(words: type[Word], text: object) -> Word:
    try:
        return words(str(text))
    except ValueError:
        raise ValueError(f"it is one of {', '.join(words)}") from None
