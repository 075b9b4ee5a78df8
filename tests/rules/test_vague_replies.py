"""A reply that holds only promises is vague; a finding, a result, a ground or a date makes it definite."""

import pytest

from hotline.rules.tickets.vague_replies import is_vague


@pytest.mark.parametrize(
    "reply",
    [
        "我们会尽快处理，请耐心等待。",
        "我们会尽快处理请耐心等待",
        "您好，您反映的问题已收悉，我单位高度重视，将尽快安排人员处理，感谢您的理解和支持！",
        "尊敬的市民：您好！关于您反映的路灯不亮问题，我们正在积极协调，有结果第一时间回复您。",
        "已转相关部门处理，请您放心。",
        "已要求施工单位尽快整改。",
        "经核实，情况属实，下一步，我们将加强管理。",
        "正在处理中",
        "收到。",
        "  近期将进一步研究 请等候通知  ",
        "感谢您的来电，如有疑问请拨打 0537-4412345。",
        "我们会持续跟进，争取早日解决；\n今后将加大巡查力度。",
        "我们将根据情况妥善处理。",
        "We will deal with it as soon as possible. Please be patient.",
        "Dear caller, thank you for your report. The matter is being handled and we'll get back to you shortly.",
        "Regarding the street lamp, your request has been forwarded to the department.",
        "It will be fixed soon",
        "We’ll do our best; please wait patiently.",
    ],
)
def test_a_reply_of_promises_and_courtesies_is_vague(reply: str) -> None:
    assert is_vague(reply)


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "  。，…  ",
        "已修好。",
        "3月18日已更换灯泡，恢复照明，请您放心。",
        "您好，经核实，路灯控制箱进水，将于明日上午更换。",
        "我们会在三个工作日内修复。",
        "已安排维修人员于3月20日前修复，请耐心等待。",
        "该路段不属于我单位管辖，请向公路部门反映。",
        "依据《物业管理条例》，物业费由双方约定，我们将继续关注。",
        "已督促物业，垃圾已全部清运，今后将加强管理。",
        "因施工延误，将尽快恢复供水。",
        "您反映的路灯已修复，感谢您的监督。",
        "社会保险已补缴。",
        "The lamp was replaced on 18 March; thank you for your patience.",
        "We have replaced the lamp and will check it again soon.",
        "The road does not belong to us. Please contact the highway office.",
        "We will repair it within three days.",
    ],
)
def test_a_reply_with_a_finding_a_result_a_ground_or_a_date_is_not_vague(reply: str) -> None:
    assert not is_vague(reply)
