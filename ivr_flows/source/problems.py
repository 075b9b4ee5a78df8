"""What is wrong with a flow or a prompt file, said in Chinese and in English so that whoever wrote it can mend it."""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from heapq import nlargest
from itertools import takewhile

from pydantic_core import ErrorDetails

from hotline.rules.enums import Language
from ivr_flows.bilingual import InBoth, Pair

MOST_TOLD = 100
"""Faults that somebody is told at once."""
LAID_OUT = Pair("{where}:{place} {what}（{why}）。{mend}", "{where}:{place} {what} ({why}). {mend}")


Said = str | InBoth
"""What is said of a fault; a plain text, such as another program's own words, is the same to every reader."""


def said(words: Said, language: Language) -> str:
    """Return `words` for a reader of `language`."""
    return words if isinstance(words, str) else words.in_(language)


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault. `place` is a node or prompt (empty: the whole file); `line` and `column` count from 1 (0: not known)."""

    file: str
    place: str
    what: Said
    why: Said
    mend: Said
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return self.in_(Language.EN)

    def in_(self, language: Language) -> str:
        """Return it as one line that begins with the place an editor can jump to."""
        what, why, mend = (said(words, language) for words in (self.what, self.why, self.mend))
        where = ":".join([self.file, *(str(number) for number in (self.line, self.column) if number)])
        place = f" [{self.place}]" if self.place else ""
        return one_line(
            LAID_OUT.in_(language).format(where=where, place=place, what=what, why=why, mend=mend)
        )


def one_line(text: str) -> str:
    """Return `text` with every sign that cannot be seen written out, as Python would: it stays one line, meant as it was."""
    return "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in text)


class FlowError(Exception):
    """A flow or prompt file that cannot be used; `faults` holds every fault found, in file order."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__(f"{len(faults)} faults")
        self.faults = faults

    def __str__(self) -> str:
        return "\n".join(str(fault) for fault in self.told())

    def told(self) -> tuple[Fault, ...]:
        """Return as many faults as somebody can read, and one that says how many more there are."""
        more = self.faults[MOST_TOLD:]
        if not more:
            return self.faults
        what = Pair(f"还有 {len(more)} 处", f"and {len(more)} more")
        why = Pair(f"先看前 {MOST_TOLD} 处就够了", f"the first {MOST_TOLD} are enough to begin with")
        mend = Pair("改好以后再检查一次。", "Mend those, then check again.")
        return *self.faults[:MOST_TOLD], Fault(more[0].file, "", what, why, mend)


_KINDS = (
    "say, goto, menu, survey, input, hours, entry, condition, notices, ticket_status, lookup, callback, "
    "transfer, voicemail, queue, subflow or hang_up"
)
_CHINESE_KINDS = _KINDS.replace(" or ", ", ").replace(", ", "、")
_WHYS: Mapping[str, str] = {
    "missing": "这个字段必须有",
    "extra_forbidden": "没有这个字段",
    "union_tag_invalid": "没有 {tag} 这种节点",
    "union_tag_not_found": "不知道是哪种节点",
    "string_pattern_mismatch": "写法应符合 {pattern}",
    "string_type": "应当是文字",
    "string_too_short": "至少要有 {min_length} 个字",
    "too_short": "至少要有 {min_length} 个",
    "too_long": "至多 {max_length} 个",
    "int_type": "应当是整数",
    "bool_type": "应当是 true 或 false",
    "tuple_type": "应当是一个列表",
    "dict_type": "应当是一张表",
    "model_type": "应当是一张表",
    "greater_than_equal": "不能小于 {ge}",
    "less_than_equal": "不能大于 {le}",
}
"""Kind of mistake -> the reason in Chinese, with the checker's own limits; it says the English itself."""
_EXPECTED = Pair("按要求的写法写。", "Write what is expected there.")
_MENDS: Mapping[str, Pair] = {
    "missing": Pair("补上。", "Add it."),
    "extra_forbidden": Pair("去掉它，或者改正名字。", "Remove it, or mend its name."),
    "union_tag_invalid": Pair(f"kind 是 {_CHINESE_KINDS} 之一。", f"kind is {_KINDS}."),
    "union_tag_not_found": Pair(f"加上 kind = {_CHINESE_KINDS} 之一。", f"Add kind = {_KINDS}."),
    "string_pattern_mismatch": Pair(
        "按键是 0-9、* 或 #；名字用小写字母、数字和 _。",
        "Keys are 0-9, * or #; names are small letters, digits and _.",
    ),
    "too_short": Pair("至少写一个。", "Write at least one."),
    "int_type": Pair("写一个整数，不加引号。", "Write a whole number, without quotes."),
    "greater_than_equal": Pair("写大一些的数。", "Write a larger number."),
    "less_than_equal": Pair("写小一些的数。", "Write a smaller number."),
}


def why_misshapen(error: ErrorDetails) -> Said:
    """Return what was expected; what a reader of ours has refused in its own words is told in them."""
    english = error["msg"].removeprefix("Value error, ")
    chinese = _WHYS.get(error["type"])
    return Pair(chinese.format(**error.get("ctx", {})), english) if chinese else english


def how_to_mend(error: ErrorDetails) -> Pair:
    return _MENDS.get(error["type"], _EXPECTED)


FEW, NEAREST = 8, 3
COMMA, AND = Pair("、", ", "), Pair("，", " and ")
NONE, OTHERS = Pair("无", "none"), Pair("另外 {} 个", "{} others")
FAR = Pair("{} 个，没有名字相近的", "{}, none with a name like it")
COMPARED = 100
"""Names compared sign by sign; those that begin and end most alike."""


@dataclass(frozen=True, slots=True)
class Nearest:
    """`known` names, as far as they help who has written `asked`; `owner` says whose they are: 节点有, "nodes are".

    They are looked for only when the finding is told: a large file can have more findings than anybody is told.
    """

    owner: Pair
    asked: str
    known: tuple[str, ...]

    def in_(self, language: Language) -> str:
        """Return them as they are listed in `language`."""
        owner = self.owner.in_(language)
        if len(self.known) <= FEW:
            return f"{owner} {COMMA.in_(language).join(sorted(self.known)) or NONE.in_(language)}"
        likely = nlargest(COMPARED, self.known, self._same_ends)
        near = get_close_matches(self.asked, likely, NEAREST)
        if not near:
            return f"{owner} {FAR.in_(language).format(len(self.known))}"
        others = OTHERS.in_(language).format(len(self.known) - len(near))
        return f"{owner} {COMMA.in_(language).join(near)}{AND.in_(language)}{others}"

    def _same_ends(self, name: str) -> int:
        """Return how many letters `name` begins and ends with that `asked` does, too."""
        begin = takewhile(_is_same, zip(name, self.asked, strict=False))
        end = takewhile(_is_same, zip(reversed(name), reversed(self.asked), strict=False))
        return len([*begin, *end])


def _is_same(letters: tuple[str, str]) -> bool:
    return letters[0] == letters[1]


@dataclass(frozen=True, slots=True)
class Told:
    """Something wrong at `place` (a node or a prompt; empty: the whole flow, or the field of it called `field`)."""

    place: str
    what: InBoth
    why: InBoth
    mend: InBoth
    field: str = ""

    def fault(self, file: str, line: int = 0) -> Fault:
        return Fault(file, self.place, self.what, self.why, self.mend, line)
