"""Lines of a play that make something happen: written from a cue, and read back into the same cue."""

import re
from collections.abc import Mapping
from datetime import datetime
from functools import cache

from hotline.rules.calls.flow_actions import AskHours, FlowAction, JoinQueue, LookUpOutside
from hotline.rules.enums import Language
from ivr_flows.bilingual import Pair
from ivr_flows.exit_labels import ANSWERS, DIALLED, OF_CALLERS, answer_words
from ivr_flows.source.prompts import DOOR_PROMPTS
from ivr_flows.speech import Line, Lines, Moment, Notice
from ivr_flows.transcripts.events import Cue, HangsUp, OperatorAnswers, OperatorLeaves, Round, Says
from ivr_flows.turn import (
    PENDING,
    TOO_LATE,
    Answer,
    AwaitAnswer,
    Digits,
    Next,
    Parted,
    QueueFailed,
    Recorded,
    Silence,
    Unclear,
    Values,
    WaitedTooLong,
)

TITLE = "# "
FLOW = Pair("流程：", "Flow: ")
"""The line with which every scene begins; its language is the language of the call and of the stage directions."""
HOTLINE = Pair("热线：", "Hotline: ")
CALLER = Pair("市民：", "Caller: ")
OPEN = Pair("（", "(")
CLOSE = Pair("）", ")")
COLON = Pair("：", ": ")
SEMICOLON = Pair("；", "; ")
COMMA = Pair("，", ", ")
QUOTES = Pair("“”", "“”")
INDENT = "    "

OF_CALLER: Mapping[str, Pair] = {
    "presses": Pair("按 {keys}", "presses {keys}"),
    "says": Pair("说“{words}”", "says “{words}”"),
    "silent": Pair("不按键，也不说话", "presses nothing and says nothing"),
    "unclear": Pair("说的话听不明白", "says words that mean none of the choices"),
    "speaks": Pair("留言 {seconds} 秒", "leaves a message of {seconds} seconds"),
    "hangs_up": Pair("挂机", "hangs up"),
}
"""What callers do; written after their name."""

OF_WORLD: Mapping[str, Pair] = {
    "reached": Pair("对方接听，谈完后挂机", "they answer, talk and hang up"),
    "unreached": Pair("对方没有接听", "nobody answers there"),
    "queue_failed": Pair("运营商没能保留排队", "the carrier could not keep the call in its queue"),
    "waited": Pair("等到最长时限，仍没有坐席", "the longest wait is over, still no operator"),
    "round": Pair(
        "等候：前面 {ahead} 位，已等 {waited} 秒，预计还要 {expected} 秒",
        "waiting: {ahead} ahead, {waited} seconds so far, {expected} more expected",
    ),
    "round_offer": Pair(
        "等候：前面 {ahead} 位，已等 {waited} 秒，预计还要 {expected} 秒，可以回电",
        "waiting: {ahead} ahead, {waited} seconds so far, {expected} more expected, may be called back",
    ),
    "answered": Pair("坐席接听", "an operator answers"),
    "operator_left": Pair("坐席先挂机", "the operator hangs up first"),
    "pending": Pair("还没有答复，稍候再问", "no answer yet, asked again in a moment"),
    "too_late": Pair("通话已经结束", "the call is over already"),
}
"""What happens without anybody speaking; stage directions."""

OF_HOTLINE: Mapping[str, Pair] = {
    "waits": Pair("市民等候坐席", "the caller waits for an operator"),
    "records": Pair("嘀声，开始录音，最长 {seconds} 秒", "a tone, then records at most {seconds} seconds"),
    "connects": Pair(
        "拨打 {number}，最多响铃 {seconds} 秒", "dials {number}, ringing at most {seconds} seconds"
    ),
    "ends": Pair("热线挂机", "the hotline hangs up"),
    "notes": Pair("记下诉求类别{colon}{what}", "notes what it is about{colon}{what}"),
    "answers": Pair("记下回答{colon}{what}", "notes the answer{colon}{what}"),
    "person": Pair("确认是真人接听", "a person is on the line"),
    "keeps": Pair("留言已保存", "the message is kept"),
    "transfer": Pair("转接 {number} 开始", "the transfer to {number} begins"),
    "back": Pair("转接 {number} 结束", "the transfer to {number} is over"),
    "asked": Pair("等待答复，但剧本里没有", "waits for an answer that the play does not give"),
}
"""What the hotline does beside speaking; stage directions that follow from a flow and are checked, never played."""

_FIELD = re.compile(r"\{(\w+)\}")
_KEYS, _COUNT, _COUNT_OR_UNKNOWN, _WORDS = r"[0-9A-D*#]+", r"\d+", r"\d+|\?", r".+"
_FORMS = {"keys": _KEYS, "seconds": _COUNT, "ahead": _COUNT, "waited": _COUNT, "expected": _COUNT_OR_UNKNOWN}


def spoken_by(who: Pair, what: str, language: Language) -> str:
    """Return a line of the play: who, and what they say or do."""
    return who.in_(language) + what


def directed(what: str, language: Language) -> str:
    """Return a stage direction."""
    return f"{INDENT}{OPEN.in_(language)}{what}{CLOSE.in_(language)}"


def filled(pattern: Pair, language: Language, **fields: object) -> str:
    return pattern.in_(language).format(**fields, colon=COLON.in_(language))


def matched(pattern: Pair, language: Language, text: str) -> Mapping[str, str] | None:
    """Return the fields of `text` if it was written with `pattern`, or None."""
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
