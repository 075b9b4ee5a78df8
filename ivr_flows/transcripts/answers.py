"""The application's answers as stage directions: what has happened, to what, and the words that came with it.

（工单查到了：20261123000123；status_in_progress due=2026-11-26 14:00）
"""

import re
from collections.abc import Mapping
from datetime import datetime

from hotline.rules.calls.flow_actions import AskHours, FlowAction, JoinQueue, LookUpOutside
from hotline.rules.enums import Language
from ivr_flows.exit_labels import ANSWERS, DIALLED, OF_CALLERS, Pair, answer_words
from ivr_flows.source.prompts import DOOR_PROMPTS
from ivr_flows.speech import Line, Lines, Moment, Notice
from ivr_flows.transcripts.patterns import COLON, COMMA, OF_WORLD, QUOTES, SEMICOLON
from ivr_flows.turn import PENDING, TOO_LATE, Answer, Values

_PRIORITY = Pair("优先", "priority")
_MOMENT = re.compile(r"(\w+)=(\d{4}-\d\d-\d\d \d\d:\d\d)")
_KEY = re.compile(r"[a-z][a-z0-9_]*")


def write_answer(wish: FlowAction, values: Values, answer: Answer, language: Language) -> str:
    """Return `answer` to `wish` as a stage direction, without its brackets."""
    if answer in {PENDING, TOO_LATE}:
        return OF_WORLD["pending" if answer == PENDING else "too_late"].in_(language)
    words = answer_words(wish, answer.exit)
    what = words.in_(language) if words else DIALLED.in_(language)
    of = COMMA.in_(language).join(_of(wish, values, language)) if words else answer.exit
    told = " ".join(_write_told(answer.lines, language))
    return what + (COLON.in_(language) + of if of else "") + (SEMICOLON.in_(language) + told if told else "")


def read_answer(text: str, language: Language) -> Answer | None:
    """Return the answer written as `text`; None for a direction that is none.

    Raises ValueError for words that the hotline does not have, or that it could not say without being told more.
    """
    for answer, phrase in ((PENDING, "pending"), (TOO_LATE, "too_late")):
        if text == OF_WORLD[phrase].in_(language):
            return answer
    head, _, told = text.partition(SEMICOLON.in_(language))
    what, _, of = head.partition(COLON.in_(language))
    exit_ = of if what == DIALLED.in_(language) else _exits(language).get(what)
    return Answer(exit_, _read_told(told, language)) if exit_ else None


def _exits(language: Language) -> Mapping[str, str]:
    known = {words.in_(language): str(exit_) for (_, exit_), words in ANSWERS.items()}
    return known | {words.in_(language): str(exit_) for (_, exit_), words in OF_CALLERS.items()}


def _of(wish: FlowAction, values: Values, language: Language) -> list[str]:
    """Return what the wish was about: for whom, when, with which digits."""
    match wish:
        case JoinQueue(skill=skill, priority=priority):
            urgent = [f"{_PRIORITY.in_(language)} {priority}"] if priority else []
            return [*([skill] if skill else []), *urgent, *values.values()]
        case AskHours(schedule=schedule):
            return [schedule]
        case LookUpOutside(source=source):
            return [source, *values.values()]
        case _:
            return list(values.values())


def _write_told(lines: Lines, language: Language) -> list[str]:
    told: list[str] = []
    for line in lines:
        if isinstance(line, Notice):
            told.append(line.text(language).join(QUOTES.in_(language)))
        else:
            moments = [(name, arg.at) for name, arg in line.arguments if isinstance(arg, Moment)]
            told += [line.prompt, *(f"{name}={at:%Y-%m-%d %H:%M}" for name, at in moments)]
    return told


def _read_told(text: str, language: Language) -> Lines:
    quotes = QUOTES.in_(language)
    if text.startswith(quotes[0]) and text.endswith(quotes[1]):
        return (Notice("", ((language, text[1:-1]),)),)
    prompt = _KEY.match(text)
    if prompt is None:
        return ()
    given = {name: Moment(datetime.fromisoformat(at)) for name, at in _MOMENT.findall(text)}
    needed = DOOR_PROMPTS.get(prompt[0])
    if needed is None:
        raise ValueError(f"the hotline has no sentence {prompt[0]!r} of its own")
    if missing := sorted(needed - set(given)):
        raise ValueError(f"{prompt[0]!r} is said with {missing[0]}=YYYY-MM-DD HH:MM")
    return (Line(prompt[0], None, tuple(given.items())),)
