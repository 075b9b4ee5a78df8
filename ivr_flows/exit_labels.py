"""Ways and answers in plain words, for people who look at a flow: pictures, plays and lists of what is not walked.

These words are for whoever looks after the menu, not for callers; what callers hear stands in the prompt files.
"""

from collections.abc import Mapping

from hotline.rules.calls.flow_actions import (
    ActionOutcome,
    AskCaller,
    AskDialled,
    AskHours,
    CallerQuestion,
    FlowAction,
    JoinQueue,
    LookUpOutside,
    LookUpTicket,
    NotePressed,
    PromiseCallback,
    RecordAnswer,
    TellNotices,
)
from hotline.rules.enums import Language, RequestClass
from ivr_flows import flow
from ivr_flows.bilingual import Pair
from ivr_flows.flow import Ask, Choice, Menu, Node, Queue

A = ActionOutcome


ANSWERS: Mapping[tuple[type[FlowAction], str], Pair] = {
    (JoinQueue, A.JOINED): Pair("排入队列", "joins the queue"),
    (JoinQueue, A.FULL): Pair("坐席都在忙，队列已满", "all operators are busy and the queue is full"),
    (JoinQueue, A.OFF_DUTY): Pair("没有坐席值班", "no operator is on duty"),
    (PromiseCallback, A.PROMISED): Pair("回电已登记", "the callback is promised"),
    (PromiseCallback, A.IMPOSSIBLE): Pair("无法登记回电", "the callback cannot be promised"),
    (AskHours, A.OPEN): Pair("在开放时间内", "within opening hours"),
    (AskHours, A.CLOSED): Pair("不在开放时间内", "outside opening hours"),
    (AskHours, A.HOLIDAY): Pair("节假日，不开放", "closed for a public holiday"),
    (AskDialled, A.OTHER): Pair("拨打的是其他号码", "another number was dialled"),
    (TellNotices, A.YES): Pair("有故障通知", "there is a known outage"),
    (TellNotices, A.NO): Pair("没有故障通知", "there is no known outage"),
    (LookUpTicket, A.FOUND): Pair("工单查到了", "the ticket is found"),
    (LookUpTicket, A.UNKNOWN): Pair("工单或查询码不对", "the ticket or its code is not right"),
    (LookUpTicket, A.LOCKED): Pair("输错次数过多", "there were too many wrong codes"),
    (LookUpOutside, A.FOUND): Pair("对方系统查到了", "the other system knows it"),
    (LookUpOutside, A.UNKNOWN): Pair("对方系统查不到", "the other system does not know it"),
    (LookUpOutside, A.TIMEOUT): Pair("对方系统没有及时答复", "the other system is too slow"),
    (LookUpOutside, A.FAILED): Pair("对方系统出错", "the other system fails"),
}
"""(wish, answer) -> what has happened. What is known of the caller stands in `OF_CALLERS`."""

OF_CALLERS: Mapping[tuple[CallerQuestion, str], Pair] = {
    (CallerQuestion.WITHHELD, A.YES): Pair("来电号码未显示", "the caller's number is withheld"),
    (CallerQuestion.WITHHELD, A.NO): Pair("来电号码已显示", "the caller's number is known"),
    (CallerQuestion.OFTEN, A.YES): Pair("一小时内来电过多", "they have phoned very often this hour"),
    (CallerQuestion.OFTEN, A.NO): Pair("来电次数正常", "they have not phoned too often"),
    (CallerQuestion.KNOWN, A.YES): Pair("有未办结的工单", "they have an open ticket"),
    (CallerQuestion.KNOWN, A.NO): Pair("没有未办结的工单", "they have no open ticket"),
}

CLASSES: Mapping[RequestClass, Pair] = {
    RequestClass.COMPLAINT: Pair("投诉求助", "complaint, help"),
    RequestClass.CONSULTATION: Pair("咨询", "question"),
    RequestClass.SUGGESTION: Pair("批评建议", "suggestion"),
    RequestClass.OTHER: Pair("其他", "something else"),
}
REPLIES: Mapping[tuple[str, str], Pair] = {
    ("solved", "yes"): Pair("问题已解决", "the problem is solved"),
    ("solved", "no"): Pair("问题没有解决", "the problem is not solved"),
    ("satisfied", "yes"): Pair("对办理满意", "satisfied with how it was handled"),
    ("satisfied", "no"): Pair("对办理不满意", "not satisfied with how it was handled"),
    ("service", "yes"): Pair("对服务满意", "satisfied with the service"),
    ("service", "no"): Pair("对服务不满意", "not satisfied with the service"),
}
"""(question, answer) -> what the caller has said with it."""

DIALLED = Pair("拨打的号码", "the number dialled")
PRESSED = Pair("按", "key")
_WAYS: Mapping[str, Pair] = {
    flow.NEXT: Pair("然后", "then"),
    flow.SILENCE: Pair("不按键", "nothing pressed"),
    flow.INVALID: Pair("按错键", "wrong key"),
    flow.AGAIN: Pair("再问一次", "asked again"),
    flow.ENTERED: Pair("输入完成", "entered"),
    flow.RECORDED: Pair("留言完", "message left"),
    flow.NOTHING: Pair("没有说话", "nothing said"),
    flow.PARTED: Pair("接通并谈完", "answered, talked"),
    flow.FAILED: Pair("没有接通", "no answer"),
    flow.CALLBACK: Pair("约定回电", "callback"),
    flow.FULL: Pair("队列已满", "queue is full"),
    flow.OFF_DUTY: Pair("无人值班", "nobody on duty"),
    flow.TIMEOUT: Pair("等候过久", "waited too long"),
}


def answer_words(wish: FlowAction, answer: str) -> Pair | None:
    """Return what `answer` to `wish` means; None for an answer that this wish cannot get."""
    if isinstance(wish, AskCaller):
        return OF_CALLERS.get((wish.question, answer))
    return ANSWERS.get((type(wish), answer))


def way_words(node: Node, exit_: str, language: Language) -> str:
    """Return in plain words which way out of `node` the one called `exit_` is."""
    match node:
        case Queue() if exit_ == flow.CALLBACK:
            return f"{PRESSED.in_(language)} {node.callback_key} · {_WAYS[exit_].in_(language)}"
        case Ask(wish=wish):
            said = answer_words(wish, exit_) or Pair(exit_, exit_)
        case _ if exit_ in _WAYS:
            said = _WAYS[exit_]
        case _:
            key = f"{PRESSED.in_(language)} {exit_}"
            about = _about(node.keys[exit_], language) if isinstance(node, Menu | Queue) else ""
            return f"{key} · {about}" if about else key
    return said.in_(language)


def _about(choice: Choice, language: Language) -> str:
    """Return what pressing a key says: the class or the answer that is noted, or the language from there on."""
    for wish in choice.wishes:
        match wish:
            case NotePressed(request_class=request_class):
                return CLASSES[request_class].in_(language)
            case RecordAnswer(question=question, answer=answer):
                return REPLIES[question, answer].in_(language)
            case _:
                continue
    return str(choice.language or "")
