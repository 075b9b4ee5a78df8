"""The words of the city's data: its kinds, the sections and the fields of their forms."""

import re

from flask_babel import gettext as _

from agent_console.web.city_catalog import TextProblem
from agent_console.web.labels import N_, translated
from hotline.rules.city import CityKind
from hotline.rules.policies import TimeUnit

KINDS: dict[CityKind, str] = {
    CityKind.UNITS: N_("承办单位"),
    CityKind.POLICIES: N_("时限与规则"),
    CityKind.CALLERS: N_("来电与号码"),
    CityKind.CALENDAR: N_("工作日历"),
    CityKind.PUBLISHED: N_("已公布的数据"),
    CityKind.BRAND: N_("名称与标识"),
}
EXPLANATIONS: dict[CityKind, str] = {
    CityKind.UNITS: N_("名称、类别、通知地址；撤销、合并与承接单位。"),
    CityKind.POLICIES: N_("办理时限及依据、排队、回拨、回访、保存期限、账号规则。"),
    CityKind.CALLERS: N_("服务时间、转接号码、来电限制、技能、对外查询。"),
    CityKind.CALENDAR: N_("本市自行决定的上班日和休息日，优先于国家日历。"),
    CityKind.PUBLISHED: N_("对外公布过的比率，统计时与记录核对。"),
    CityKind.BRAND: N_("热线名称、城市名称、页面主色。"),
}
SECTIONS: dict[str, str] = {
    "department": N_("部门"),
    "township": N_("乡镇街道"),
    "utility": N_("公用企业"),
    "institution": N_("事业单位"),
    "deadlines": N_("办理时限"),
    "deadlines.limits.acknowledge": N_("签收时限"),
    "deadlines.limits.contact": N_("先行联系时限"),
    "deadlines.limits.resolve": N_("办结时限"),
    "deadlines.by_type.acknowledge": N_("按诉求类型的签收时限"),
    "deadlines.by_type.contact": N_("按诉求类型的先行联系时限"),
    "deadlines.by_type.resolve": N_("按诉求类型的办结时限"),
    "queue": N_("排队与振铃"),
    "callbacks": N_("回拨"),
    "follow_ups": N_("回访"),
    "retention": N_("保存期限（天）"),
    "accounts": N_("账号规则"),
    "schedules": N_("服务时间"),
    "numbers": N_("转接号码"),
    "lookups": N_("对外查询"),
    "skills": N_("技能"),
    "days": N_("本市决定的日期"),
    "claim": N_("公布过的比率"),
}
FIELDS: dict[str, str] = {
    "code": N_("代码"),
    "zh": N_("中文名称"),
    "en": N_("英文名称"),
    "webhook_url": N_("通知地址"),
    "closed": N_("已撤销"),
    "successor": N_("承接单位代码"),
    "normal": N_("一般"),
    "urgent": N_("紧急"),
    "critical": N_("特急"),
    "consultation": N_("咨询"),
    "help": N_("求助"),
    "complaint": N_("投诉"),
    "report": N_("举报"),
    "suggestion": N_("建议"),
    "praise": N_("表扬"),
    "other": N_("其他"),
    "deadlines.name": N_("规则名称"),
    "queue.name": N_("运营商队列名"),
    "max_size": N_("最多排队人数"),
    "ring_seconds": N_("振铃秒数"),
    "offer_callback_after": N_("等候多少秒后提示可回拨"),
    "abandon_threshold": N_("早于多少秒挂断不计放弃"),
    "wrap_up_seconds": N_("话后处理秒数"),
    "presence_timeout": N_("座席失联判定秒数"),
    "attempts": N_("拨打次数"),
    "spacing_seconds": N_("两次间隔秒数"),
    "from_hour": N_("每日起始时"),
    "to_hour": N_("每日截止时"),
    "delay_seconds": N_("首次拨打前等待秒数"),
    "delivery_days": N_("已完成的投递记录"),
    "sign_in_days": N_("已结束的登录记录"),
    "idempotency_key_days": N_("接口幂等键"),
    "recording_days": N_("录音"),
    "call_days": N_("通话明细"),
    "min_password_length": N_("密码最短位数"),
    "password_kinds": N_("密码至少含几类字符"),
    "password_days": N_("多少天须改密码（0 为不限）"),
    "link_hours": N_("邀请链接有效小时数"),
    "lock_after": N_("连续输错几次锁定"),
    "lock_minutes": N_("锁定分钟数"),
    "separate_duties": N_("三员分立"),
    "second_factor_roles": N_("必须使用第二验证的角色（每行一个）"),
    "reauthenticate_minutes": N_("多少分钟后须再次验证（0 为不要求）"),
    "local_log_in": N_("谁可用本地密码登录"),
    "provider_accounts": N_("统一身份认证可登录哪些账号"),
    "emergency_accounts": N_("应急账号（每行一个）"),
    "inbound": N_("接听来电的流程"),
    "calls_per_hour": N_("同一号码每小时来电上限"),
    "shared_numbers": N_("多人共用的号码（每行一个）"),
    "code_tries_per_call": N_("每通电话查询码可输错次数"),
    "code_tries_per_hour": N_("每小时查询码可输错次数"),
    "code_tries_withheld": N_("隐藏号码合计可输错次数"),
    "record_talks": N_("通话录音"),
    "hear_words": N_("识别语音"),
    "workdays": N_("工作日时段（每行一段）"),
    "days_off": N_("休息日时段（每行一段）"),
    "holidays": N_("节假日时段（每行一段）"),
    "police": N_("公安"),
    "fire": N_("消防"),
    "ambulance": N_("急救"),
    "traffic": N_("交通"),
    "url": N_("地址"),
    "secret": N_("签名密钥"),
    "seconds": N_("等候秒数"),
    "names": N_("名称（每行一个）"),
    "patience": N_("多少秒后由任何座席接听"),
    "day": N_("日期"),
    "working": N_("上班"),
    "note": N_("说明"),
    "statistic": N_("指标"),
    "value": N_("数值"),
    "from": N_("自"),
    "to": N_("至"),
    "source": N_("依据"),
    "jurisdiction": N_("适用范围"),
    "name_zh": N_("热线中文名称"),
    "name_en": N_("热线英文名称"),
    "city_zh": N_("城市中文名称"),
    "city_en": N_("城市英文名称"),
    "colour": N_("页面主色"),
    "staffed": N_("人工服务时间"),
    "office": N_("单位办公时间"),
}


UNITS: dict[TimeUnit, str] = {
    TimeUnit.MINUTE: N_("分钟"),
    TimeUnit.HOUR: N_("小时"),
    TimeUnit.BUSINESS_DAY: N_("工作日"),
    TimeUnit.CALENDAR_DAY: N_("自然日"),
}
_LIMIT = re.compile(r"(\d+) (minute|hour|business_day|calendar_day)s?")


def time_unit(unit: str) -> str:
    return translated(UNITS, TimeUnit(unit))


def value_words(value: str) -> str:
    """Returns a value as people read it: a limit with the words of its unit, yes and no for a check."""
    if limit := _LIMIT.fullmatch(value):
        return f"{limit[1]} {time_unit(limit[2])}"
    return {"true": str(_("是")), "false": str(_("否"))}.get(value, value)


def section_label(key: str) -> str:
    """Returns the words of a section; for a section that the city named itself, those of its table and the name."""
    if key in SECTIONS:
        return translated(SECTIONS, key)
    table, name = _parts(key)
    if table in SECTIONS:
        return f"{translated(SECTIONS, table)}：{translated(FIELDS, name) if name in FIELDS else name}"
    return name


def _parts(key: str) -> tuple[str, str]:
    table, _dot, name = key.rpartition(".")
    return table, name


def field_words(key: str) -> str:
    """Returns the words of a field by its whole key, else by the last part of it, else the part itself."""
    last = key.rsplit(".", 1)[-1]
    for known in (key, last):
        if known in FIELDS:
            return translated(FIELDS, known)
    return last


def difference_words(key: str) -> str:
    """Returns the words of a value in a list of differences: its section and its field."""
    table, name = _parts(key)
    if name in {"source", "jurisdiction", "from", "to"} and table and table not in SECTIONS:
        return f"{difference_words(table)} · {translated(FIELDS, name)}"
    if not table:
        return field_words(name)
    return f"{section_label(table)} · {field_words(key)}"


def problem_place(problem: TextProblem) -> str:
    """Returns the words of the place of a problem: the kind, and the value that is wrong."""
    rows = re.findall(r"\[(\d+)\]", problem.key)
    key = re.sub(r"\[\d+\]", "", problem.key)
    kind = translated(KINDS, problem.kind) if problem.kind else ""
    row = f" {rows[0]}" if rows else ""
    return " · ".join(part for part in (f"{kind}{row}", difference_words(key) if key else "") if part)
