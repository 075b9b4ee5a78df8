"""What is told of a field that does not fit: what was expected there, and how to mend it, in Chinese and in English."""

from collections.abc import Mapping

from pydantic_core import ErrorDetails

from ivr_flows.exit_labels import Pair
from ivr_flows.source.problems import Said

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
