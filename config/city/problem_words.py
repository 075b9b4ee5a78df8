"""The Chinese wording of what may be wrong with a text of the city; the reasons themselves are written in English."""

import re

# Pattern of the English words -> Chinese words; groups are translated in turn.
_WORDS: tuple[tuple[str, str], ...] = (
    (r"must be (.+), not (.+)", "应为{0}，不能是 {1}"),
    (r"must be a table (.+), not .+", "应为一组设置 {0}"),
    (r"must be a list of tables (.+)", "应为若干组设置 {0}"),
    (r"must read like (.+), not (.+)", "应写成 {0} 的样子，不能是 {1}"),
    (r"a whole number from (\d+) to (\d+)", "{0} 到 {1} 的整数"),
    (r"a text of 1 to (\d+) characters", "1 到 {0} 个字，前后没有空格"),
    (r"a text of up to (\d+) characters", "不超过 {0} 个字"),
    (r"a list of texts of 1 to (\d+) characters", "至少一项，每项 1 到 {0} 个字"),
    (r"true or false", "true（是）或 false（否）"),
    (r"one of (.+)", "其中之一：{0}"),
    (r"small letters, digits and dashes", "小写字母、数字和连字符"),
    (r"a percentage like (.+)", "百分数，如 {0}"),
    (r'a colour like "#1f5fbf", or ""', "颜色代码，如 “#1f5fbf”，或留空"),
    (r"a full number such as (.+)", "完整号码，如 {0}"),
    (r"a telephone number as it is stored, such as (.+)", "完整号码，如 {0}"),
    (r"a day like (.+) in quotation marks", "日期，如 {0}"),
    (r"is missing", "没有填写"),
    (r"is not known here; known: (.+)", "这里没有这一项；可用的有：{0}"),
    (r"'(.+)' stands here twice", "“{0}” 重复"),
    (r"(\d{4}-\d\d-\d\d) stands here twice", "{0} 重复"),
    (r"only a closed unit has a successor: .+", "只有已撤销的单位才有承接单位：请标记为撤销，或去掉承接单位"),
    (r"names '(.+)', which is no unit of this file", "“{0}” 不是这里的单位"),
    (
        r"names '(.+)', which is closed and has no open successor itself",
        "“{0}” 也已撤销，且没有在用的承接单位",
    ),
    (r"must be https://.+", "应为 https://主机[:端口]/路径，不含用户名和密码（仅本机可用 http）"),
    (r"must begin with https://.+", "应以 https:// 开头（自有网络内可用 http://）"),
    (
        r"its values must follow each other without a gap or an overlap",
        "各段有效期必须前后相接，不能有空档或重叠",
    ),
    (r"has no value after (.+): .+", "{0} 之后没有值：去掉最后一段的截止日，或补上下一段"),
    (r"has no value before (.+): .+", "{0} 之前没有值：请补上在此之前有效的值"),
    (r"ends on (.+), before it begins on (.+)", "截止日 {0} 早于起始日 {1}"),
    (
        r"is valid from (.+), which is past: the earliest day is today, (.+)",
        "自 {0} 起生效，但这一天已过：最早从今天 {1} 起",
    ),
    (r"stays as it is: callers may be waiting in this queue", "不能修改：可能有来电正在这个队列中等候"),
    (r'must be a list of texts such as "08:30-12:00"', "应为若干时段，如 “08:30-12:00”"),
    (
        r'"(.+)" must read like "08:30-12:00"; the end of a day is 24:00',
        "“{0}” 应写成 “08:30-12:00”；一天的结束是 24:00",
    ),
    (r'"(.+)" ends before it begins; .+', "“{0}” 结束早于开始；跨过午夜请写成两段：到 24:00、从 00:00"),
    (r'"(.+)" laps over the one before it, or is out of order', "“{0}” 与前一段重叠，或顺序不对"),
    (r"names are small letters, digits and _", "名称只用小写字母、数字和下划线"),
)
_PATTERNS = tuple((re.compile(english), chinese) for english, chinese in _WORDS)


def chinese_reason(reason: str) -> str:
    """Returns the Chinese words of a reason; the reason itself where there are none, such as those of the TOML parser."""
    for pattern, words in _PATTERNS:
        if found := pattern.fullmatch(reason):
            return words.format(*(chinese_reason(group) for group in found.groups()))
    return reason
