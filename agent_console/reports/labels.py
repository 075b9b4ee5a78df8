"""Labels of a report: statistics with their formulas, exclusions, reconciliation lines and counts. Chinese msgids.

Pages translate them in the language of the request, files with the catalogue of the requested language.
"""

from collections.abc import Callable
from dataclasses import dataclass

from babel.support import Translations

from agent_console.web.console_context import HERE
from agent_console.web.labels import LABELS, N_
from hotline.rules.enums import (
    AfterCall,
    CallOutcome,
    CallRecord,
    Channel,
    NoMatterReason,
    RequestClass,
    RequestType,
)
from hotline.rules.figures.rates import Span
from hotline.rules.figures.reconciliation import CheckedClaim, ReconciliationLine

# Returns a msgid in the reader's language.
Translate = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class StatisticLabel:
    label: str
    formula: str


STATISTIC_LABELS: dict[str, StatisticLabel] = {
    "connect_rate": StatisticLabel(N_("接通率"), N_("人工接听的来电 ÷ 转人工来电")),
    "answered_15s_rate": StatisticLabel(N_("15秒接通率"), N_("15秒内人工接听的来电 ÷ 转人工来电")),
    "direct_rate": StatisticLabel(N_("在线办结率（直接答复率）"), N_("当场答复办结的诉求 ÷ 本期受理的诉求")),
    "closure_rate": StatisticLabel(N_("办结率"), N_("截至统计时刻已办结的诉求 ÷ 本期受理的诉求")),
    "on_time_closure_rate": StatisticLabel(N_("按时办结率"), N_("按时办结的工单 ÷ 本期到期的工单")),
    "response_rate": StatisticLabel(N_("响应率"), N_("按时先行联系的工单 ÷ 本期转办的工单")),
    "resolution_rate": StatisticLabel(N_("解决率"), N_("来电人答已解决 ÷ 本期回访答了此问的工单")),
    "satisfaction_rate": StatisticLabel(N_("满意率"), N_("来电人答满意 ÷ 本期回访答了此问的工单")),
    "return_rate": StatisticLabel(N_("退单率"), N_("单位退回的工单 ÷ 本期转办的工单（退单流程尚未开通）")),
    "redo_rate": StatisticLabel(N_("重办率"), N_("回访后重办的工单 ÷ 本期经单位办结的工单")),
    "followup_rate": StatisticLabel(N_("回访率"), N_("已回访的工单 ÷ 本期经单位办结且应回访的工单")),
}

EXCLUSION_LABELS: dict[str, str] = {
    "still_waiting": N_("仍在等待"),
    "short_abandon": N_("短时放弃"),
    "draft": N_("草稿"),
    "discarded": N_("已作废"),
    "redo_round": N_("重办轮次"),
    "open_not_yet_due": N_("未办结且未到期"),
    "contact_not_yet_due": N_("未联系且未到时限"),
    "contact_unknown": N_("导入时未注明是否联系"),
    "question_unanswered": N_("未答此问"),
    "answered_directly": N_("当场答复"),
    "follow_up_exempt": N_("免回访"),
    "follow_up_not_yet_due": N_("未到回访时间"),
}

LINE_LABELS: dict[str, str] = {
    "classes": N_("投诉求助类＋咨询类＋批评建议类＋其他＝受理总数"),
    "types": N_("各类型之和＝受理总数"),
    "channels": N_("各渠道之和＝受理总数"),
    "class_complaint": N_("投诉求助类＝投诉＋求助＋举报"),
    "class_consultation": N_("咨询类＝咨询"),
    "class_suggestion": N_("批评建议类＝建议＋表扬"),
    "closed_open": N_("已办结＋未办结＝受理总数"),
    "tickets_received": N_("受理总数＋草稿＋作废＋重办轮次＝收到的工单"),
    "outcomes": N_("各结果来电之和＝来电总数"),
    "received": N_("转人工来电＋未进入排队的来电＝来电总数"),
    "answered": N_("按结果计的人工接听＋排队曾满后接听＝人工接听"),
    "ended_as": N_("各登记结果之和＝按结果计的人工接听"),
    "no_matter": N_("接听后无诉求＋未接听（留言等）无诉求＝各无诉求原因之和"),
    "after_call": N_("满意＋不满意＋未评价＝按结果计的人工接听"),
    "calls": N_("接听＋放弃＋短时放弃＋选择回拨＋仍在等待＋其他＝转人工来电"),
    "curve": N_("分时段来电之和＝转人工来电"),
    "balance": N_("期初未办结＋本期收到－本期办结＝期末未办结"),
    "units": N_("各单位办结＋无承办单位办结＝本期办结"),
    "claim": N_("公布值＝按记录计算"),
}

CALL_LABELS: dict[str, str] = {
    "offered": N_("转人工来电"),
    "answered": N_("人工接听"),
    "answered_15s": N_("15秒内接听"),
    "abandoned": N_("排队中放弃"),
    "left_for_callback": N_("选择回拨"),
    "waiting": N_("仍在等待"),
    "otherwise_ended": N_("其他结束"),
    "short": N_("短时放弃"),
    "called_back": N_("承诺回拨且已接通"),
}

# Measures of received calls, in whole seconds.
TIME_LABELS: dict[str, str] = {
    "mean_wait_seconds": N_("平均等候"),
    "longest_wait_seconds": N_("最长等候"),
    "mean_talk_seconds": N_("平均通话"),
}

UNIT_COLUMN_LABELS: dict[str, str] = {
    "dispatched": N_("本期转办"),
    "closed": N_("本期办结"),
    "open": N_("现未办结"),
    "overdue": N_("现已超期"),
}

TABLE_TITLES: dict[str, str] = {
    "rates": N_("主要指标"),
    "outcomes": N_("全部来电"),
    "calls": N_("转人工来电"),
    "times": N_("等候与通话"),
    "ended_as": N_("人工接听的登记结果"),
    "no_matter": N_("无诉求原因"),
    "after_call": N_("通话后评价"),
    "classes": N_("按公布类别"),
    "types": N_("按类型"),
    "channels": N_("按渠道"),
    "units": N_("按承办单位"),
    "curve": N_("来电走势"),
    "reconciliation": N_("核对"),
}

COLUMN_LABELS: dict[str, str] = {
    "report": N_("热线报表"),
    "as_of": N_("统计时刻"),
    "statistic": N_("指标"),
    "value": N_("百分比"),
    "numerator": N_("分子"),
    "denominator": N_("分母"),
    "excluded": N_("不计入"),
    "formula": N_("口径"),
    "outcome": N_("结果"),
    "count": N_("数量"),
    "share": N_("占受理总数"),
    "call_share": N_("占来电总数"),
    "seconds": N_("秒"),
    "inbound": N_("来电"),
    "returned": N_("回拨"),
    "total": N_("合计"),
    "code": N_("代码"),
    "unit": N_("承办单位"),
    "slot": N_("时段"),
    "line": N_("核对项"),
    "left": N_("左边"),
    "right": N_("右边"),
    "ok": N_("一致"),
    "yes": N_("是"),
    "no": N_("否"),
    "unclassified": N_("未分类"),
}

ENUM_LABELS: dict[str, dict[str, str]] = {
    "outcomes": LABELS[CallOutcome],
    "ended_as": LABELS[CallRecord],
    "no_matter": LABELS[NoMatterReason],
    "after_call": LABELS[AfterCall],
    "classes": LABELS[RequestClass],
    "types": LABELS[RequestType],
    "channels": LABELS[Channel],
}

# Tables that count records of talks: of inbound calls, and of calls that returned one.
TALK_TABLES = ("ended_as", "no_matter", "after_call")


def statistic_label(name: str) -> StatisticLabel:
    """Returns the label of a statistic; one without a label keeps its name."""
    return STATISTIC_LABELS.get(name, StatisticLabel(name, ""))


def translator(locale: str) -> Translate:
    """Returns the translation of files: Chinese is the msgid itself, English comes from the compiled catalogue."""
    if not locale.startswith("en"):
        return lambda msgid: msgid
    return Translations.load(str(HERE / "translations"), ["en"]).gettext


def line_label(line: ReconciliationLine, claims: tuple[CheckedClaim, ...], speak: Translate) -> str:
    """Returns the label of a reconciliation line. A published rate that disagrees names the counts it would need."""
    if line.name != "claim":
        return speak(LINE_LABELS.get(line.name, line.name))
    claim = next(claim for claim in claims if claim.line() == line)
    label = speak(statistic_label(claim.claim.statistic).label)
    text = f"{label}: {speak(LINE_LABELS['claim'])}"
    return text if claim.agrees else f"{text} ({needed_counts(claim, speak)})"


def needed_counts(claim: CheckedClaim, speak: Translate) -> str:
    """Returns the counts a published value would need, e.g. 得出 99.58% 需要：分子 47,912–47,916；或分母 48,078–48,082."""
    head = speak(N_("得出 %(value)s%% 需要")) % {"value": claim.claim.value}
    ways = (
        (COLUMN_LABELS["numerator"], claim.matches.numerators),
        (COLUMN_LABELS["denominator"], claim.matches.denominators),
    )
    found = [f"{speak(name)} {_span(span)}" for name, span in ways if span is not None]
    return f"{head}: {speak(N_(' 或 ')).join(found) or speak(N_('任何整数都得不出'))}"


def _span(span: Span) -> str:
    return f"{span.low:,}–{span.high:,}" if span.high is not None else f"≥ {span.low:,}"
