"""The labels of stored values, of ticket fields and of field errors. `{{ value|label }}` in pages, `label()` in Python.

Labels are keyed by enum class and value, because enums share values ("other" is a type, a class and a channel).
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from flask_babel import gettext as _

from hotline.rules import enums
from hotline.rules.calls.outages import OutageState
from hotline.store.people.tables import User

Key = TypeVar("Key", bound=str)


def N_(msgid: str) -> str:  # noqa: N802 (the name message extraction knows)
    """Marks a Chinese msgid in a table for extraction. It is translated where it is shown."""
    return msgid


LABELS: dict[type[StrEnum], dict[str, str]] = {
    enums.RequestType: {
        "consultation": N_("咨询"),
        "help": N_("求助"),
        "complaint": N_("投诉"),
        "report": N_("举报"),
        "suggestion": N_("建议"),
        "praise": N_("表扬"),
        "other": N_("其他"),
    },
    enums.RequestClass: {
        "complaint": N_("投诉求助类"),
        "consultation": N_("咨询类"),
        "suggestion": N_("批评建议类"),
        "other": N_("其他类"),
    },
    enums.Channel: {
        "phone": N_("电话"),
        "web": N_("网站"),
        "mailbox": N_("信箱"),
        "app": N_("手机应用"),
        "transfer": N_("转来"),
        "other": N_("其他渠道"),
    },
    enums.Urgency: {"normal": N_("一般"), "urgent": N_("紧急"), "critical": N_("特急")},
    enums.Role: {
        "operator": N_("话务员"),
        "shift_leader": N_("值班长"),
        "dispatcher": N_("派单员"),
        "handler": N_("单位经办人"),
        "supervisor": N_("督办员"),
        "leader": N_("领导"),
        "inspector": N_("质检员"),
        "admin": N_("管理员"),
    },
    enums.Duty: {"system": N_("系统管理"), "security": N_("安全管理"), "audit": N_("审计管理")},
    enums.LinkKind: {"invite": N_("邀请"), "reset": N_("重置")},
    enums.FactorKind: {"totp": N_("验证器"), "passkey": N_("通行密钥")},
    enums.LogInStepKind: {
        "second_factor": N_("第二验证"),
        "provider": N_("统一身份认证"),
        "log_out": N_("统一身份认证退出"),
        "passkey": N_("通行密钥"),
    },
    enums.PresenceState: {
        "offline": N_("未签入"),
        "ready": N_("示闲"),
        "not_ready": N_("示忙"),
        "ringing": N_("振铃"),
        "talking": N_("通话中"),
        "wrap_up": N_("话后处理"),
    },
    enums.NotReadyReason: {
        "break": N_("小休"),
        "meal": N_("就餐"),
        "training": N_("培训"),
        "meeting": N_("开会"),
        "back_office": N_("后台工作"),
        "missed_call": N_("漏接来电"),
        "declined_call": N_("已拒接来电"),
        "phone_off": N_("话机断线"),
        "left_desk": N_("离开话务台"),
        "connection_lost": N_("线路中断"),
    },
    enums.CallState: {
        "ringing": N_("振铃"),
        "in_flow": N_("语音导航"),
        "queued": N_("排队"),
        "offered": N_("待接听"),
        "connecting": N_("接通中"),
        "talking": N_("通话中"),
        "transferred": N_("转接外线"),
        "after": N_("通话结束"),
        "ended": N_("已结束"),
    },
    enums.CallPurpose: {"inbound": N_("来电"), "callback": N_("回拨"), "follow_up": N_("回访")},
    enums.CallEnd: {
        "completed": N_("已接听"),
        "abandoned": N_("排队中挂断"),
        "left_for_callback": N_("选择回拨"),
        "left_in_flow": N_("导航中挂断"),
        "left_message": N_("已留言"),
        "transferred": N_("已转接外线"),
        "no_answer": N_("无人接听"),
        "busy": N_("占线"),
        "failed": N_("呼叫失败"),
        "canceled": N_("已取消"),
    },
    enums.CallOutcome: {
        "queue_full": N_("排队已满"),
        "answered": N_("人工接听"),
        "emergency": N_("转接紧急电话"),
        "transferred": N_("自动转接外线"),
        "callback": N_("选择回拨"),
        "message": N_("语音留言"),
        "status": N_("自助查询进度"),
        "abandoned": N_("排队中挂断"),
        "left_in_menu": N_("导航中挂断"),
        "other": N_("进行中或其他"),
    },
    enums.CallRecord: {
        "ticket": N_("登记工单"),
        "existing_matter": N_("并入已有工单"),
        "no_matter": N_("无诉求"),
        "open": N_("尚未登记"),
    },
    enums.AfterCall: {"satisfied": N_("满意"), "not_satisfied": N_("不满意"), "no_answer": N_("未评价")},
    enums.NoMatterReason: {
        "silent": N_("无声电话"),
        "wrong_number": N_("打错电话"),
        "dropped": N_("中途掉线"),
        "nuisance": N_("骚扰来电"),
        "prank": N_("骚扰来电"),
        "test": N_("测试电话"),
        "emergency_transferred": N_("紧急情况已转接"),
        "out_of_scope": N_("不属受理范围"),
    },
    enums.OfferState: {
        "pending": N_("振铃"),
        "accepted": N_("已接听"),
        "declined": N_("已拒接"),
        "missed": N_("未接"),
        "withdrawn": N_("已撤回"),
        "lost": N_("通话中断"),
    },
    enums.TicketState: {
        "draft": N_("草稿"),
        "dispatched": N_("待签收"),
        "acknowledged": N_("已签收"),
        "in_progress": N_("办理中"),
        "replied": N_("已答复"),
        "closed": N_("已办结"),
        "discarded": N_("已作废"),
    },
    enums.TicketAction: {
        "save": N_("保存"),
        "answer": N_("当场答复并办结"),
        "hand_off": N_("转办"),
        "discard": N_("作废"),
        "acknowledge": N_("签收"),
        "record_contact": N_("记录先行联系"),
        "reply": N_("答复"),
        "close": N_("办结"),
    },
    enums.Closing: {"answered_direct": N_("当场答复"), "handled": N_("承办单位办结")},
    enums.CallbackReason: {
        "requested": N_("来电人要求"),
        "abandoned": N_("排队中挂断"),
        "manual": N_("人工登记"),
    },
    enums.CallbackState: {
        "waiting": N_("待回拨"),
        "dialling": N_("呼叫中"),
        "reached": N_("已接通"),
        "phoned_again": N_("本人已再来电"),
        "cancelled": N_("已取消"),
        "exhausted": N_("多次未接通"),
    },
    enums.FollowUpState: {
        "waiting": N_("待回访"),
        "dialling": N_("呼叫中"),
        "answered": N_("已回访"),
        "unreached": N_("未联系上"),
        "exempt": N_("免回访"),
    },
    enums.DialState: {
        "planned": N_("已安排"),
        "placing": N_("正在拨号"),
        "unknown": N_("结果待核"),
        "placed": N_("已拨出"),
        "ended": N_("已结束"),
    },
    enums.Solved: {"yes": N_("已解决"), "no": N_("未解决")},
    enums.Satisfied: {"yes": N_("满意"), "no": N_("不满意")},
    enums.DeliveryState: {
        "due": N_("待投递"),
        "claimed": N_("投递中"),
        "done": N_("已投递"),
        "dead": N_("投递失败"),
        "discarded": N_("已放弃"),
    },
    enums.LookKind: {
        "ticket": N_("查看工单"),
        "confidential": N_("打开保密工单"),
        "number": N_("显示号码"),
        "sound": N_("收听录音"),
        "export": N_("导出工单"),
    },
    enums.LookReason: {
        "call_back": N_("回电联系当事人"),
        "handling": N_("办理、审核需要"),
        "dispute": N_("核实投诉或争议"),
        "quality": N_("质量检查"),
        "supervision": N_("督办核查"),
        "citizen_request": N_("当事人申请查询"),
        "inspection": N_("审计检查"),
        "fault": N_("排查系统故障"),
        "own_work": N_("本人在办"),
        "ordinary": N_("一般查看"),
        "search": N_("按号码查找"),
        "unstated": N_("未说明（接口）"),
    },
    enums.EscalationKind: {
        "callback_exhausted": N_("回拨未接通"),
        "wrap_up_overtime": N_("话后处理超时"),
    },
    enums.EscalationState: {
        "open": N_("待认领"),
        "taken": N_("跟进中"),
        "done": N_("已跟进"),
        "over": N_("已自行结束"),
    },
    enums.RecordingKind: {"message": N_("语音留言"), "talk": N_("通话录音")},
    enums.RecordingState: {
        "at_carrier": N_("正在取回"),
        "kept": N_("可以播放"),
        "absent": N_("没有声音"),
        "expired": N_("已过保存期"),
        "deleted": N_("已过保存期"),
    },
    enums.LookupState: {
        "asked": N_("查询中"),
        "found": N_("已查到"),
        "unknown": N_("没有记录"),
        "failed": N_("查询失败"),
    },
    OutageState: {
        "upcoming": N_("未开始"),
        "running": N_("播报中"),
        "over": N_("到时结束"),
        "stopped": N_("提前停止"),
    },
    enums.Language: {"zh-CN": N_("普通话"), "en": N_("英语")},
}

# Reasons a person may choose for a call without a ticket. A prank is a nuisance call for people: the two share one
# label, so it is offered once; `prank` stays readable for stored rows and accepted by the API.
CHOOSABLE_NO_MATTER_REASONS = tuple(
    reason for reason in enums.NoMatterReason if reason is not enums.NoMatterReason.PRANK
)

# Labels of the fields of a ticket.
FIELDS: dict[str, str] = {
    "type": N_("类型"),
    "category": N_("分类"),
    "title": N_("事由"),
    "text": N_("内容"),
    "wanted": N_("诉求"),
    "place": N_("地点"),
    "occurred": N_("时间"),
    "people": N_("涉及对象"),
    "urgency": N_("紧急程度"),
    "confidential": N_("保密"),
    "caller_name": N_("来电人"),
    "caller_number": N_("来电号码"),
    "unit_code": N_("承办单位"),
    "answer": N_("答复"),
    "reply": N_("答复内容"),
    "contact_note": N_("联系情况"),
    "no_matter": N_("无诉求原因"),
    "note": N_("备注"),
}

# Words beside a field, by the code of its error.
PROBLEMS: dict[str, str] = {
    "missing": N_("请填写"),
    "unknown_value": N_("不在可选范围内"),
    "too_long": N_("太长了，请缩短"),
    "not_text": N_("格式不正确"),
    "unspeakable": N_("含有无法朗读的字符（多为粘贴带入），请删除后重写"),
    "unknown_field": N_("没有这个字段"),
    "not_a_number": N_("不是可以拨打的号码；固定电话请写区号，不写分机"),
    "not_a_date": N_("请写成 2026-11-23 这样的日期"),
    "ends_before_it_begins": N_("结束日期早于开始日期"),
    "not_now": N_("这一步不能改这一项"),
    "not_a_moment": N_("请选择日期和时间"),
    "told_already": N_("同样的内容这段时间已在播报，或已排定；如要更改，请先停止那一条"),
    "too_many": N_("同时最多播报 10 条；请先停止一条，或合并成一条"),
    "past": N_("结束时间已经过去"),
    "before_start": N_("结束时间须晚于开始时间"),
    "too_short": N_("太短"),
    "too_simple": N_("太简单：请混用大小写字母、数字和其他符号，且不要包含自己的用户名、姓名或工号"),
    "same_as_before": N_("不能与当前密码相同"),
    "wrong_password": N_("当前密码不正确"),
    "wrong_code": N_("验证码不正确，或已用过"),
    "wrong_passkey": N_("通行密钥没有通过核验，请重试"),
    "not_the_same": N_("两次输入的密码不一致"),
    "not_printable": N_("不能含有空白开头、结尾、斜杠或不可见字符"),
    "taken": N_("已被其他用户使用"),
    "twice": N_("文件中出现了不止一次"),
    "disabled_account": N_("该账号已停用，请先启用"),
    "own_account": N_("自己的角色、单位和职责由另一位管理员更改"),
    "takes_no_calls": N_("只有接电话的人员才有技能"),
    "broken_row": N_("这一行无法读取：引号不成对，或列数与表头不同"),
    "broken_workbook": N_("工作簿已损坏，无法读取"),
    "second_sheet": N_("工作簿里有不止一张表有内容，请只保留一张"),
    "broken_csv": N_("不是可以读取的表格文件"),
    "open_quote": N_("有没有闭合的引号"),
    "swallowed_lines": N_("有没有闭合的引号"),
    "wrong_cell_count": N_("列数与表头不同"),
    "handlers_only": N_("只有单位经办人属于承办单位"),
    "separate_duties": N_("本市实行三员分立：一名管理员只能承担一项职责"),
    "not_for_contractors": N_(
        "外包人员只能担任话务员、值班长或仅负责系统管理（国办函〔2025〕66号：诉求办理不得外包）"
    ),
    "too_far": N_("时间过长：最长 7 天，最多提前一年安排"),
}


MACHINE_LABELS: dict[str, str] = {
    "caller": N_("来电人"),
    "carrier": N_("电话线路"),
    "clock": N_("系统定时"),
    "worker": N_("系统"),
    "system": N_("系统"),
}


def translated(labels: Mapping[Key, str], key: Key) -> str:
    """Returns the label of `key` in the language of this request; a key without a label as it is.

    Tests hold every table of labels against its enum or registry, so a missing label fails there and not on a page.
    """
    return str(_(labels[key])) if key in labels else str(key)


def actor_label(actor: str, person: User | None) -> str:
    """Returns the name of who caused an event: of `person`, or of the machine that `actor` names."""
    if person is None:
        return translated(MACHINE_LABELS, actor)
    number = _("工号 %(number)s", number=person.work_number) if person.work_number else ""
    return f"{person.display_name} {number}".strip()


def label(value: StrEnum | None) -> str:
    """Returns the label of a value in the language of this request; empty for None."""
    return "" if value is None else translated(LABELS.get(type(value), {}), value.value)


def field_label(name: str) -> str:
    return translated(FIELDS, name)


# A field that is filled by a choice has words of its own for being empty.
_UNCHOSEN = {"unit_code": N_("请选择承办单位"), "type": N_("请选择类型")}


def field_problem_label(name: str, code: str) -> str:
    """Returns the words for a problem of the field `name`."""
    return translated(_UNCHOSEN, name) if code == "missing" and name in _UNCHOSEN else problem_label(code)


def problem_label(code: str) -> str:
    """Returns the words for the code of a refused field; a code without words as it is."""
    return translated(PROBLEMS, code)
