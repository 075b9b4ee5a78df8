"""How a play is written: one pattern for each thing that happens, in Chinese and in English.

The same pattern writes a line and reads it again, so that what is recorded can be played.
"""

import re
from collections.abc import Mapping
from functools import cache

from hotline.rules.enums import Language
from ivr_flows.exit_labels import Pair

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
