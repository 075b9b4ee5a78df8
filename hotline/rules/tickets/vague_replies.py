"""Recognises a unit's reply that holds only courtesies and indefinite promises: no finding, no result, no date.

Source: inspectors of 12345 centres return such replies (空泛答复, "尽快处理", "请耐心等待"), because they bring the caller back.
"""

import re

_HAN = "\u4e00-\u9fff"
# Blanks separate clauses between Chinese characters only.
_SEPARATORS = re.compile(rf"[\n，,。.；;！!？?：:、…~～()（）“”\"]+|(?<=[{_HAN}])\s+|\s+(?=[{_HAN}])")
_LETTER = re.compile(r"[^\W\d_]")

# Where to ask again; its telephone number is no result.
_CONTACT = re.compile(r"如有|如仍|拨打|致电|联系电话|来电咨询|\b(?:call|phone|contact) us\b")

# A greeting, thanks, a receipt, the name of the matter or a connecting phrase.
_COURTESY = re.compile(
    r"""
      ^(?:尊敬的.*|.{0,4}您好|你好|(?:非常|十分)?感谢.*|谢谢.*|特此.*|此复|收到|敬请.*|望.*(?:谅解|理解|知悉))$
    | 抱歉|歉意|谅解|请您?(?:放心|理解|见谅)|收悉|知悉|已?收到您
    | ^(?:关于|针对|对于|就|对).*(?:问题|事项|情况|事宜|诉求|来电|意见|建议)$
    | (?:反映|提出|投诉|咨询|来电).*(?:问题|事项|情况|事宜|诉求|意见|建议)(?:属实)?$
    | ^.{0,4}(?:情况)?属实$
    | ^(?:下一?步|届时|同时|另外|此外|目前|现在?|经.{0,10}(?:核实|核查|调查|了解|研究|查))$
    | ^(?:dear|hello|hi|good\ (?:morning|afternoon|day)|sir|madam|regarding|concerning|as\ for|kind\ regards)\b
    | \b(?:thanks?|sorry|apologi[sz]e|apologies|regards|sincerely|appreciate|received|understanding)\b
    """,
    re.VERBOSE,
)

# What shall be done, is being done or was passed on to another party.
_PROMISE = re.compile(
    r"""
      尽快|尽早|尽量|尽力|尽可能|抓紧|加紧|加快|早日|近期|近日|不久|马上|立即|立刻|及时|随时|第一时间|稍后|后续|今后
    | 耐心|等待|等候|稍候|静候|等通知|正在|(?:处理|办理|整改|研究|核实|协调|进行|推进)中|跟进|持续|继续
    | 将|(?<![社协])会(?![议员计])|拟|争取|力争|努力|计划|打算|准备|一定|重视|关注|加强|加大|强化|进一步|积极|全力|妥善
    | (?:转|移交|反馈|上报|汇报|报告|通知|告知|联系|协调|督促|责成|责令|要求|安排|派).*
      (?:部门|单位|科室|人员|领导|公司|物业|处理|办理|核实|落实|解决|整改|研究)
    | 再(?:联系|回复|答复|反馈|告知|处理)|(?:回复|答复|反馈|联系)您$
    | \b(?:will|shall|going\ to|soon|asap|as\ soon\ as|shortly|promptly|in\ due\ course|later)\b|'ll\b
    | \b(?:please\ wait|wait\ patiently|be\ patient|patience|bear\ with\ us|rest\ assured)\b
    | \b(?:working\ on|looking\ into|dealing\ with|in\ progress|under\ ?way|in\ hand|being\ \w+ed)\b
    | \b(?:forwarded|passed\ (?:it\ )?on|referred|(?:do|try|doing|trying)\ our\ best|attach\ great)\b
    """,
    re.VERBOSE,
)

# What makes a clause definite: a figure, a day, a rule, a ground, or a step that was completed.
_DEFINITE = re.compile(
    r"""
      \d|《|发现|原因|由于|因|依据|根据(?!情况|实际)|属于|不属|无法|不予|符合|查了|看了
    | (?<!第)[一二两三四五六七八九十百]+(?:日|天|号|月|周|时(?!间|候)|点|米|盏|元|名|户|次|个(?:工作日|月|小时|星期))
    | [今明后昨][日天晚](?!后)|[本下][周月]|上午|下午|月底|年底|周[一二三四五六日末]|星期
    | 已经?(?:(?!尽快|尽早|抓紧|近期|督促|责成|责令|要求|安排|协调|通知|转|计划|准备|纳入|将|会).){0,8}
      (?:修|换|清|拆|改|退|补|完成|完毕|办结|恢复|解决|到位|关闭|罚|立案|发放|支付|拨付|安装|停止|取缔)
    | \b(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day|today|tomorrow|tonight|yesterday|next\ (?:week|month))\b
    | \b(?:january|february|march|april|june|july|august|september|october|november|december|within|because|found)\b
    | (?<!be\ )(?<!being\ )\b(?:repaired|replaced|fixed|removed|cleaned|cleared|restored|completed|finished|resolved
      |solved|installed|refunded|paid|fined|closed|checked|inspected)\b
    """,
    re.VERBOSE,
)


def is_vague(reply: str) -> bool:
    """Returns whether every clause of `reply` is a courtesy or an indefinite promise; False for a text without words."""
    text = reply.replace("’", "'").casefold()
    clauses = [clause.strip() for clause in _SEPARATORS.split(text) if _LETTER.search(clause)]
    return bool(clauses) and all(_states_nothing(clause) for clause in clauses)


def _states_nothing(clause: str) -> bool:
    if _CONTACT.search(clause):
        return True
    return bool(_COURTESY.search(clause) or _PROMISE.search(clause)) and not _DEFINITE.search(clause)
