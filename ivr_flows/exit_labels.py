"""Labels of exits and outcomes for the people who look after flows: diagrams, transcripts and coverage reports.

Callers never hear these texts; what they hear stands in the prompt files.
"""

from collections.abc import Mapping

from hotline.rules.calls.flow_actions import (
    ActionOutcome,
    AnnounceOutages,
    CallerCondition,
    CheckCaller,
    CheckOpeningHours,
    FlowAction,
    JoinQueue,
    LookUpExternal,
    LookUpTicket,
    MatchDialledNumber,
    NameMatter,
    PromiseCallback,
    RecordAnswer,
    RecordRequestClass,
)
from hotline.rules.enums import Language, RequestClass
from ivr_flows import flow
from ivr_flows.bilingual import BilingualText
from ivr_flows.flow import ActionNode, KeyChoice, MenuNode, Node, QueueNode

A = ActionOutcome


# (action, outcome) -> label. The outcomes of CheckCaller stand in CALLER_LABELS.
OUTCOME_LABELS: Mapping[tuple[type[FlowAction], str], BilingualText] = {
    (JoinQueue, A.JOINED): BilingualText("排入队列", "joins the queue"),
    (JoinQueue, A.FULL): BilingualText(
        "坐席都在忙，队列已满", "all operators are busy and the queue is full"
    ),
    (JoinQueue, A.OFF_DUTY): BilingualText("没有坐席值班", "no operator is on duty"),
    (PromiseCallback, A.PROMISED): BilingualText("回电已登记", "the callback is promised"),
    (PromiseCallback, A.IMPOSSIBLE): BilingualText("无法登记回电", "the callback cannot be promised"),
    (CheckOpeningHours, A.OPEN): BilingualText("在开放时间内", "within opening hours"),
    (CheckOpeningHours, A.CLOSED): BilingualText("不在开放时间内", "outside opening hours"),
    (CheckOpeningHours, A.HOLIDAY): BilingualText("节假日，不开放", "closed for a public holiday"),
    (MatchDialledNumber, A.OTHER): BilingualText("拨打的是其他号码", "another number was dialled"),
    (AnnounceOutages, A.YES): BilingualText("有故障通知", "there is a known outage"),
    (AnnounceOutages, A.NO): BilingualText("没有故障通知", "there is no known outage"),
    (LookUpTicket, A.FOUND): BilingualText("工单查到了", "the ticket is found"),
    (LookUpTicket, A.UNKNOWN): BilingualText("工单或查询码不对", "the ticket or its code is not right"),
    (LookUpTicket, A.LOCKED): BilingualText("输错次数过多", "there were too many wrong codes"),
    (NameMatter, A.FOUND): BilingualText("回访的事项已说明", "the matter is named"),
    (NameMatter, A.UNKNOWN): BilingualText("没有找到回访的事项", "the matter is not known"),
    (LookUpExternal, A.FOUND): BilingualText("对方系统查到了", "the other system knows it"),
    (LookUpExternal, A.UNKNOWN): BilingualText("对方系统查不到", "the other system does not know it"),
    (LookUpExternal, A.TIMEOUT): BilingualText("对方系统没有及时答复", "the other system is too slow"),
    (LookUpExternal, A.FAILED): BilingualText("对方系统出错", "the other system fails"),
}

CALLER_LABELS: Mapping[tuple[CallerCondition, str], BilingualText] = {
    (CallerCondition.WITHHELD, A.YES): BilingualText("来电号码未显示", "the caller's number is withheld"),
    (CallerCondition.WITHHELD, A.NO): BilingualText("来电号码已显示", "the caller's number is known"),
    (CallerCondition.OFTEN, A.YES): BilingualText(
        "一小时内来电过多", "they have phoned very often this hour"
    ),
    (CallerCondition.OFTEN, A.NO): BilingualText("来电次数正常", "they have not phoned too often"),
    (CallerCondition.KNOWN, A.YES): BilingualText("有未办结的工单", "they have an open ticket"),
    (CallerCondition.KNOWN, A.NO): BilingualText("没有未办结的工单", "they have no open ticket"),
    (CallerCondition.PROMISED, A.YES): BilingualText("约定过回电", "a callback was agreed on"),
    (CallerCondition.PROMISED, A.NO): BilingualText("没有约定回电", "no callback was agreed on"),
}

CLASS_LABELS: Mapping[RequestClass, BilingualText] = {
    RequestClass.COMPLAINT: BilingualText("投诉求助", "complaint, help"),
    RequestClass.CONSULTATION: BilingualText("咨询", "question"),
    RequestClass.SUGGESTION: BilingualText("批评建议", "suggestion"),
    RequestClass.OTHER: BilingualText("其他", "something else"),
}
# (question, answer) -> what the caller has said with it.
ANSWER_LABELS: Mapping[tuple[str, str], BilingualText] = {
    ("solved", "yes"): BilingualText("问题已解决", "the problem is solved"),
    ("solved", "no"): BilingualText("问题没有解决", "the problem is not solved"),
    ("satisfied", "yes"): BilingualText("对办理满意", "satisfied with how it was handled"),
    ("satisfied", "no"): BilingualText("对办理不满意", "not satisfied with how it was handled"),
    ("service", "yes"): BilingualText("对服务满意", "satisfied with the service"),
    ("service", "no"): BilingualText("对服务不满意", "not satisfied with the service"),
}

DIALLED = BilingualText("拨打的号码", "the number dialled")
PRESSED = BilingualText("按", "key")
_EXIT_LABELS: Mapping[str, BilingualText] = {
    flow.NEXT: BilingualText("然后", "then"),
    flow.SILENCE: BilingualText("不按键", "nothing pressed"),
    flow.INVALID: BilingualText("按错键", "wrong key"),
    flow.AGAIN: BilingualText("再问一次", "asked again"),
    flow.ENTERED: BilingualText("输入完成", "entered"),
    flow.RECORDED: BilingualText("留言完", "message left"),
    flow.NOTHING: BilingualText("没有说话", "nothing said"),
    flow.TRANSFERRED: BilingualText("接通并谈完", "answered, talked"),
    flow.FAILED: BilingualText("没有接通", "no answer"),
    flow.CALLBACK: BilingualText("约定回电", "callback"),
    flow.FULL: BilingualText("队列已满", "queue is full"),
    flow.OFF_DUTY: BilingualText("无人值班", "no operator on duty"),
    flow.TIMEOUT: BilingualText("等候过久", "waited too long"),
}


def outcome_label(action: FlowAction, answer: str) -> BilingualText | None:
    """Returns the label of an outcome, or None for an outcome that `action` cannot have."""
    if isinstance(action, CheckCaller):
        return CALLER_LABELS.get((action.condition, answer))
    return OUTCOME_LABELS.get((type(action), answer))


def exit_label(node: Node, exit_: str, language: Language) -> str:
    """Returns the label of the exit `exit_` of `node`."""
    match node:
        case QueueNode() if exit_ == flow.CALLBACK:
            return f"{PRESSED.in_(language)} {node.callback_key} · {_EXIT_LABELS[exit_].in_(language)}"
        case ActionNode(action=action):
            said = outcome_label(action, exit_) or BilingualText(exit_, exit_)
        case _ if exit_ in _EXIT_LABELS:
            said = _EXIT_LABELS[exit_]
        case _:
            key = f"{PRESSED.in_(language)} {exit_}"
            about = _about(node.keys[exit_], language) if isinstance(node, MenuNode | QueueNode) else ""
            return f"{key} · {about}" if about else key
    return said.in_(language)


def _about(choice: KeyChoice, language: Language) -> str:
    """Returns what a key records: the request class or the survey answer, or else the language it selects."""
    for action in choice.actions:
        match action:
            case RecordRequestClass(request_class=request_class):
                return CLASS_LABELS[request_class].in_(language)
            case RecordAnswer(question=question, answer=answer):
                return ANSWER_LABELS[question, answer].in_(language)
            case _:
                continue
    return str(choice.language or "")
