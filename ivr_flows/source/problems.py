"""Problems of flow and prompt files, in Chinese and in English, each with a place, a reason and a remedy."""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from heapq import nlargest
from itertools import takewhile

from pydantic_core import ErrorDetails

from hotline.rules.enums import Language
from hotline.rules.text import one_line
from ivr_flows.bilingual import Bilingual, BilingualText

# Problems that are listed at once.
MAX_LISTED = 100
_FORMAT = BilingualText(
    "{where}:{place} {what}（{why}）。{remedy}", "{where}:{place} {what} ({why}). {remedy}"
)


# A text of a problem. A plain string, such as another program's message, is the same for every reader.
Text = str | Bilingual


def text_in(words: Text, language: Language) -> str:
    """Returns `words` for a reader of `language`."""
    return words if isinstance(words, str) else words.in_(language)


@dataclass(frozen=True, slots=True)
class FlowProblem:
    """One problem. `place` is a node or prompt (empty: the whole file); `line` and `column` count from 1 (0: unknown)."""

    file: str
    place: str
    what: Text
    why: Text
    remedy: Text
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return self.in_(Language.EN)

    def in_(self, language: Language) -> str:
        """Returns it as one line that begins with the place an editor can jump to."""
        what, why, remedy = (text_in(words, language) for words in (self.what, self.why, self.remedy))
        where = ":".join([self.file, *(str(number) for number in (self.line, self.column) if number)])
        place = f" [{self.place}]" if self.place else ""
        return one_line(
            _FORMAT.in_(language).format(where=where, place=place, what=what, why=why, remedy=remedy)
        )


class FlowError(Exception):
    """Raised for a flow or prompt file that cannot be used; `problems` holds all of them, in file order."""

    def __init__(self, *problems: FlowProblem) -> None:
        super().__init__(f"{len(problems)} problems")
        self.problems = problems

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.listed())

    def listed(self) -> tuple[FlowProblem, ...]:
        """Returns the first MAX_LISTED problems, and one that says how many more there are."""
        more = self.problems[MAX_LISTED:]
        if not more:
            return self.problems
        what = BilingualText(f"还有 {len(more)} 处", f"and {len(more)} more")
        why = BilingualText(
            f"先看前 {MAX_LISTED} 处就够了", f"the first {MAX_LISTED} are enough to begin with"
        )
        remedy = BilingualText("改好以后再检查一次。", "Correct these, then check again.")
        return *self.problems[:MAX_LISTED], FlowProblem(more[0].file, "", what, why, remedy)


_KINDS = (
    "say, goto, menu, survey, input, hours, entry, condition, notices, ticket_status, lookup, callback, "
    "transfer, voicemail, queue, subflow or hang_up"
)
_CHINESE_KINDS = _KINDS.replace(" or ", ", ").replace(", ", "、")
# Kind of schema error -> the reason in Chinese, with the limits. The English reason is pydantic's own.
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
_EXPECTED = BilingualText("按要求的写法写。", "Write what is expected there.")
_MENDS: Mapping[str, BilingualText] = {
    "missing": BilingualText("补上。", "Add it."),
    "extra_forbidden": BilingualText("去掉它，或者改正名字。", "Remove it, or correct its name."),
    "union_tag_invalid": BilingualText(f"kind 是 {_CHINESE_KINDS} 之一。", f"kind is {_KINDS}."),
    "union_tag_not_found": BilingualText(f"加上 kind = {_CHINESE_KINDS} 之一。", f"Add kind = {_KINDS}."),
    "string_pattern_mismatch": BilingualText(
        "按键是 0-9、* 或 #；名字用小写字母、数字和 _。",
        "Keys are 0-9, * or #; names are small letters, digits and _.",
    ),
    "too_short": BilingualText("至少写一个。", "Write at least one."),
    "int_type": BilingualText("写一个整数，不加引号。", "Write a whole number, without quotes."),
    "greater_than_equal": BilingualText("写大一些的数。", "Write a larger number."),
    "less_than_equal": BilingualText("写小一些的数。", "Write a smaller number."),
}


def schema_reason(error: ErrorDetails) -> Text:
    """Returns the reason of a schema error; the message of a parser of ours is used as it is."""
    english = error["msg"].removeprefix("Value error, ")
    chinese = _WHYS.get(error["type"])
    return BilingualText(chinese.format(**error.get("ctx", {})), english) if chinese else english


def schema_remedy(error: ErrorDetails) -> BilingualText:
    return _MENDS.get(error["type"], _EXPECTED)


FEW, NEAREST = 8, 3
COMMA, AND = BilingualText("、", ", "), BilingualText("，", " and ")
NONE, OTHERS = BilingualText("无", "none"), BilingualText("另外 {} 个", "{} others")
FAR = BilingualText("{} 个，没有名字相近的", "{}, none with a name like it")
# Names compared in full: those that begin and end most alike.
COMPARED = 100


@dataclass(frozen=True, slots=True)
class Suggestions:
    """`known` names for an author who wrote `asked`: all if there are few, else the nearest.

    `owner` says whose they are: 节点有, "nodes are". They are computed only when the problem is shown, because a large
    file can have more problems than are shown.
    """

    owner: BilingualText
    asked: str
    known: tuple[str, ...]

    def in_(self, language: Language) -> str:
        """Returns the names as a list in `language`."""
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
        """Returns the number of leading and trailing letters that `name` shares with `asked`."""
        begin = takewhile(_is_same, zip(name, self.asked, strict=False))
        end = takewhile(_is_same, zip(reversed(name), reversed(self.asked), strict=False))
        return len([*begin, *end])


def _is_same(letters: tuple[str, str]) -> bool:
    return letters[0] == letters[1]


@dataclass(frozen=True, slots=True)
class LintFinding:
    """A problem at `place`, before its file and line are known.

    `place` is a node or a prompt; empty: the whole flow, or its field `field`.
    """

    place: str
    what: Bilingual
    why: Bilingual
    remedy: Bilingual
    field: str = ""

    def problem(self, file: str, line: int = 0) -> FlowProblem:
        return FlowProblem(file, self.place, self.what, self.why, self.remedy, line)
