"""The format of transcripts: one pattern for each kind of line, in Chinese and in English.

The same pattern writes a line and reads it again. The outcome of an action is written with what it was about and with
the prompt that came with it: （工单查到了：20261123000123；status_in_progress due=2026-11-26 14:00）
"""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache

from hotline.rules.calls.flow_actions import CheckOpeningHours, FlowAction, JoinQueue, LookUpExternal
from hotline.rules.enums import Language
from ivr_flows.bilingual import BilingualText
from ivr_flows.exit_labels import CALLER_LABELS, DIALLED, OUTCOME_LABELS, outcome_label
from ivr_flows.speech import (
    PROGRAM_PROMPTS,
    Argument,
    CallerCount,
    Lines,
    LiteralText,
    PromptLine,
    SpokenDay,
    SpokenDigits,
    SpokenMatter,
    SpokenMoment,
    SpokenNotice,
    WaitingTime,
)
from ivr_flows.transcripts.events import (
    CallerHangsUp,
    CallerSays,
    OperatorAnswers,
    OperatorLeaves,
    TranscriptEvent,
    WaitingRound,
)
from ivr_flows.turn import (
    PENDING,
    TOO_LATE,
    ActionResult,
    AwaitResult,
    Digits,
    Next,
    NoInput,
    QueueFailed,
    Recorded,
    TransferEnded,
    Unclear,
    Values,
    WaitedTooLong,
)

TITLE = "# "
# The line with which every transcript begins; its language is that of the call and of the lines in brackets.
FLOW = BilingualText("流程：", "Flow: ")
HOTLINE = BilingualText("热线：", "Hotline: ")
CALLER = BilingualText("市民：", "Caller: ")
OPEN = BilingualText("（", "(")
CLOSE = BilingualText("）", ")")
COLON = BilingualText("：", ": ")
SEMICOLON = BilingualText("；", "; ")
COMMA = BilingualText("，", ", ")
QUOTES = BilingualText("“”", "“”")
INDENT = "    "

# The caller's actions, written after their name.
CALLER_PATTERNS: Mapping[str, BilingualText] = {
    "presses": BilingualText("按 {keys}", "presses {keys}"),
    "says": BilingualText("说“{words}”", "says “{words}”"),
    "silent": BilingualText("不按键，也不说话", "presses nothing and says nothing"),
    "unclear": BilingualText("说的话听不明白", "says words that mean none of the choices"),
    "speaks": BilingualText("留言 {seconds} 秒", "leaves a message of {seconds} seconds"),
    "hangs_up": BilingualText("挂机", "hangs up"),
}

# Events without speech, in brackets.
EVENT_PATTERNS: Mapping[str, BilingualText] = {
    "reached": BilingualText("对方接听，谈完后挂机", "they answer, talk and hang up"),
    "unreached": BilingualText("对方没有接听", "the call is not answered there"),
    "queue_failed": BilingualText("运营商没能保留排队", "the carrier could not keep the call in its queue"),
    "waited": BilingualText("等到最长时限，仍没有坐席", "the longest wait is over, still no operator"),
    "round": BilingualText(
        "等候：前面 {ahead} 位，已等 {waited} 秒，预计还要 {expected} 秒",
        "waiting: {ahead} ahead, {waited} seconds so far, {expected} more expected",
    ),
    "round_offer": BilingualText(
        "等候：前面 {ahead} 位，已等 {waited} 秒，预计还要 {expected} 秒，可以回电",
        "waiting: {ahead} ahead, {waited} seconds so far, {expected} more expected, may be called back",
    ),
    "answered": BilingualText("坐席接听", "an operator answers"),
    "operator_left": BilingualText("坐席先挂机", "the operator hangs up first"),
    "pending": BilingualText("还没有答复，稍候再问", "no answer yet, asked again in a moment"),
    "too_late": BilingualText("通话已经结束", "the call is over already"),
}

# What the hotline does beside speaking, in brackets; it follows from a flow and is compared, not played.
HOTLINE_PATTERNS: Mapping[str, BilingualText] = {
    "waits": BilingualText("市民等候坐席", "the caller waits for an operator"),
    "records": BilingualText(
        "嘀声，开始录音，最长 {seconds} 秒", "a tone, then records at most {seconds} seconds"
    ),
    "connects": BilingualText(
        "拨打 {number}，最多响铃 {seconds} 秒", "dials {number}, ringing at most {seconds} seconds"
    ),
    "ends": BilingualText("热线挂机", "the hotline hangs up"),
    "notes": BilingualText("记下诉求类别{colon}{what}", "notes what it is about{colon}{what}"),
    "answers": BilingualText("记下回答{colon}{what}", "notes the answer{colon}{what}"),
    "person": BilingualText("确认是真人接听", "a person is on the line"),
    "keeps": BilingualText("留言已保存", "the message is kept"),
    "transfer": BilingualText("转接 {number} 开始", "the transfer to {number} begins"),
    "back": BilingualText("转接 {number} 结束", "the transfer to {number} is over"),
    "asked": BilingualText(
        "等待结果，但记录里没有", "waits for an outcome that the transcript does not give"
    ),
}

_FIELD = re.compile(r"\{(\w+)\}")
_KEYS, _COUNT, _COUNT_OR_UNKNOWN, _WORDS = r"[0-9A-D*#]+", r"\d+", r"\d+|\?", r".+"
_FORMS = {"keys": _KEYS, "seconds": _COUNT, "ahead": _COUNT, "waited": _COUNT, "expected": _COUNT_OR_UNKNOWN}


def spoken_by(who: BilingualText, what: str, language: Language) -> str:
    """Returns a line with the party and what they say or do."""
    return who.in_(language) + what


def directed(what: str, language: Language) -> str:
    """Returns a line in brackets."""
    return f"{INDENT}{OPEN.in_(language)}{what}{CLOSE.in_(language)}"


def filled(pattern: BilingualText, language: Language, **fields: object) -> str:
    return pattern.in_(language).format(**fields, colon=COLON.in_(language))


def matched(pattern: BilingualText, language: Language, text: str) -> Mapping[str, str] | None:
    """Returns the fields of `text` if it was written with `pattern`, or None."""
    found = _grammar(pattern.in_(language)).fullmatch(text)
    return found.groupdict() if found else None


@cache
def _grammar(pattern: str) -> re.Pattern[str]:
    parts = _FIELD.split(pattern)
    source = "".join(
        re.escape(part) if index % 2 == 0 else f"(?P<{part}>{_FORMS.get(part, _WORDS)})"
        for index, part in enumerate(parts)
    )
    return re.compile(source)


_PRIORITY = BilingualText("优先", "priority")
_MOMENT = re.compile(r"(\w+)=(\d{4}-\d\d-\d\d \d\d:\d\d)")
_KEY = re.compile(r"[a-z][a-z0-9_]*")
_REFERENCE = re.compile(r"([a-z]{2}(-[A-Z]{2})?:)?[a-z][a-z0-9_]*( \w+=.+)?|“.*”")


def write_result(action: FlowAction, values: Values, answer: ActionResult, language: Language) -> str:
    """Returns an outcome of `action` as a line in brackets, without the brackets."""
    if answer in {PENDING, TOO_LATE}:
        return EVENT_PATTERNS["pending" if answer == PENDING else "too_late"].in_(language)
    words = outcome_label(action, answer.exit)
    what = words.in_(language) if words else DIALLED.in_(language)
    of = COMMA.in_(language).join(_of(action, values, language)) if words else answer.exit
    spoken = " ".join(write_line(line, language) for line in answer.lines)
    return (
        what + (COLON.in_(language) + of if of else "") + (SEMICOLON.in_(language) + spoken if spoken else "")
    )


def read_result(text: str, language: Language) -> ActionResult | None:
    """Returns the outcome written as `text`, or None if it is none.

    Raises ValueError for a prompt that the program does not have, or one that lacks an argument.
    """
    for answer, phrase in ((PENDING, "pending"), (TOO_LATE, "too_late")):
        if text == EVENT_PATTERNS[phrase].in_(language):
            return answer
    head, _, spoken = text.partition(SEMICOLON.in_(language))
    what, _, of = head.partition(COLON.in_(language))
    exit_ = of if what == DIALLED.in_(language) else _exits(language).get(what)
    return ActionResult(exit_, _read_lines(spoken, language)) if exit_ else None


def _exits(language: Language) -> Mapping[str, str]:
    known = {words.in_(language): str(exit_) for (_, exit_), words in OUTCOME_LABELS.items()}
    return known | {words.in_(language): str(exit_) for (_, exit_), words in CALLER_LABELS.items()}


def _of(action: FlowAction, values: Values, language: Language) -> list[str]:
    """Returns what the action was about: skill, schedule, source, entered digits."""
    match action:
        case JoinQueue(skill=skill, priority=priority):
            urgent = [f"{_PRIORITY.in_(language)} {priority}"] if priority else []
            return [*([skill] if skill else []), *urgent, *values.values()]
        case CheckOpeningHours(schedule=schedule):
            return [schedule]
        case LookUpExternal(source=source):
            return [source, *values.values()]
        case _:
            return list(values.values())


def write_line(line: PromptLine | SpokenNotice, language: Language) -> str:
    """Returns the prompt that is spoken with its arguments, as `place ahead=2 wait=90`, or a notice in quotes."""
    if isinstance(line, SpokenNotice):
        return line.text(language).join(QUOTES.in_(language))
    prompt = f"{line.language}:{line.prompt}" if line.language else line.prompt
    return " ".join([prompt, *(f"{name}={_value(arg, language)}" for name, arg in line.arguments)])


def _value(argument: Argument, language: Language) -> str:
    match argument:
        case CallerCount(count=count):
            return str(count)
        case WaitingTime(seconds=seconds):
            return str(seconds)
        case SpokenDigits(digits=digits):
            return digits
        case SpokenMoment(at=at, ends_day=True):
            return f"{at - timedelta(days=1):%Y-%m-%d} 24:00"
        case SpokenMoment(at=at):
            return f"{at:%Y-%m-%d %H:%M}"
        case SpokenDay(on=day):
            return f"{day:%Y-%m-%d}"
        case SpokenMatter(kind=kind):
            return kind.value
        case LiteralText(texts=texts):
            return dict(texts).get(language, texts[0][1])


def is_reference(text: str, language: Language) -> bool:
    """Returns whether a line of the hotline names a prompt or quotes a notice, instead of giving the words heard."""
    return bool(_REFERENCE.fullmatch(text.strip().removeprefix(HOTLINE.in_(language))))


def _read_lines(text: str, language: Language) -> Lines:
    quotes = QUOTES.in_(language)
    if text.startswith(quotes[0]) and text.endswith(quotes[1]):
        return (SpokenNotice("", ((language, text[1:-1]),)),)
    prompt = _KEY.match(text)
    if prompt is None:
        return ()
    given = {name: _read_moment(at) for name, at in _MOMENT.findall(text)}
    needed = PROGRAM_PROMPTS.get(prompt[0])
    if needed is None:
        raise ValueError(f"the hotline has no sentence {prompt[0]!r} of its own")
    if missing := sorted(needed - set(given)):
        raise ValueError(f"{prompt[0]!r} is said with {missing[0]}=YYYY-MM-DD HH:MM")
    return (PromptLine(prompt[0], None, tuple(given.items())),)


def _read_moment(text: str) -> SpokenMoment:
    day, _, clock = text.partition(" ")
    if clock == "24:00":
        return SpokenMoment(datetime.fromisoformat(day) + timedelta(days=1), ends_day=True)
    return SpokenMoment(datetime.fromisoformat(text))


# The recording of a message in a transcript, which does not name one.
ANY_RECORDING = "played"
# A waiting time that is not known yet.
UNKNOWN = "?"


def write_event(event: TranscriptEvent, before: Next, language: Language) -> str:
    """Returns the line for `event` in a call that was about to do `before`."""
    if isinstance(event, ActionResult):
        action, values = (before.action, before.values) if isinstance(before, AwaitResult) else (None, {})
        said = write_result(action, values, event, language) if action is not None else event.exit
        return directed(said, language)
    deed = _caller_text(event, language)
    return spoken_by(CALLER, deed, language) if deed else directed(_event_text(event, language), language)


def read_event(text: str, language: Language) -> TranscriptEvent | None:
    """Returns the event in a line; None for what the hotline says or does. Raises ValueError for any other line."""
    bare = text.strip()
    if bare.startswith(HOTLINE.in_(language)):
        return None
    event: TranscriptEvent | None = None
    if bare.startswith(CALLER.in_(language)):
        event = _read_caller(bare.removeprefix(CALLER.in_(language)), language)
    elif bare.startswith(OPEN.in_(language)) and bare.endswith(CLOSE.in_(language)):
        said = bare.removeprefix(OPEN.in_(language)).removesuffix(CLOSE.in_(language))
        if any(matched(phrase, language, said) is not None for phrase in HOTLINE_PATTERNS.values()):
            return None
        event = _read_event(said, language) or read_result(said, language)
    if event is None:
        raise ValueError(f"not a line of a transcript: {bare}")
    return event


def _caller_text(event: TranscriptEvent, language: Language) -> str:
    """Returns the caller's action as text; empty for the events of others."""
    match event:
        case Digits(keys=keys):
            return filled(CALLER_PATTERNS["presses"], language, keys=keys)
        case CallerSays(words=words):
            return filled(CALLER_PATTERNS["says"], language, words=words)
        case NoInput():
            return CALLER_PATTERNS["silent"].in_(language)
        case Unclear():
            return CALLER_PATTERNS["unclear"].in_(language)
        case Recorded(seconds=seconds):
            return filled(CALLER_PATTERNS["speaks"], language, seconds=seconds)
        case CallerHangsUp():
            return CALLER_PATTERNS["hangs_up"].in_(language)
        case _:
            return ""


def _read_caller(said: str, language: Language) -> TranscriptEvent | None:
    if pressed := matched(CALLER_PATTERNS["presses"], language, said):
        return Digits(pressed["keys"])
    if said_so := matched(CALLER_PATTERNS["says"], language, said):
        return CallerSays(said_so["words"])
    if spoken := matched(CALLER_PATTERNS["speaks"], language, said):
        return Recorded(ANY_RECORDING, int(spoken["seconds"]))
    plain: dict[str, TranscriptEvent] = {
        "silent": NoInput(),
        "unclear": Unclear(),
        "hangs_up": CallerHangsUp(),
    }
    return next((event for name, event in plain.items() if said == CALLER_PATTERNS[name].in_(language)), None)


_EVENTS: dict[TranscriptEvent, str] = {
    TransferEnded(reached=True): "reached",
    TransferEnded(reached=False): "unreached",
    QueueFailed(): "queue_failed",
    WaitedTooLong(): "waited",
    OperatorAnswers(): "answered",
    OperatorLeaves(): "operator_left",
}


def _event_text(event: TranscriptEvent, language: Language) -> str:
    if isinstance(event, WaitingRound):
        phrase = EVENT_PATTERNS["round_offer" if event.may_be_called else "round"]
        expected = UNKNOWN if event.expected is None else event.expected
        return filled(phrase, language, ahead=event.ahead, waited=event.waited, expected=expected)
    return EVENT_PATTERNS[_EVENTS[event]].in_(language)


def _read_event(said: str, language: Language) -> TranscriptEvent | None:
    for phrase, may_be_called in (("round_offer", True), ("round", False)):
        if spoken := matched(EVENT_PATTERNS[phrase], language, said):
            expected = None if spoken["expected"] == UNKNOWN else int(spoken["expected"])
            return WaitingRound(int(spoken["ahead"]), int(spoken["waited"]), expected, may_be_called)
    return next(
        (event for event, name in _EVENTS.items() if said == EVENT_PATTERNS[name].in_(language)), None
    )
