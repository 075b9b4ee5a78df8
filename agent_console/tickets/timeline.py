"""The lines of a ticket's history: one sentence for each kind of event."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _

from agent_console.web.labels import LABELS, N_, actor_label
from hotline.rules import enums
from hotline.store.people.users import TimelineEntry

# Event kind -> Chinese msgid. A test fails for an event about a ticket that has none.
SENTENCES: dict[str, str] = {
    "TicketOpened": N_("受理登记"),
    "TicketTakenOver": N_("原坐席线路中断，草稿转由接续坐席填写"),
    "DraftHandedOver": N_("原填写人停用账号，草稿移交"),
    "TicketAnswered": N_("当场答复来电人"),
    "TicketHandedOff": N_("转办至%(unit)s"),
    "TicketMoved": N_("原单位撤销，转入%(unit)s"),
    "DeadlineMoved": N_("工作日历调整，办结期限重新计算"),
    "TicketDelivered": N_("送达%(unit)s待办箱"),
    "TicketAcknowledged": N_("单位签收"),
    "FirstContactRecorded": N_("已先行联系来电人"),
    "TicketReplied": N_("单位答复"),
    "TicketClosed": N_("办结（%(closing)s）"),
    "TicketDiscarded": N_("作废"),
    "RedoOpened": N_("来电人表示未解决，开启重办"),
    "FollowUpPromised": N_("安排回访"),
    "FollowUpAnswered": N_("回访：%(answer)s"),
    "FollowUpSettled": N_("回访结束（%(state)s）"),
}

_ANSWERS: dict[str, type[enums.Solved] | type[enums.Satisfied]] = {
    "solved": enums.Solved,
    "satisfied": enums.Satisfied,
}


@dataclass(frozen=True, slots=True)
class TimelineLine:
    """One line of the history, in the language of the request."""

    at: datetime
    text: str
    actor: str


def timeline_lines(entries: tuple[TimelineEntry, ...], units: Mapping[str, str]) -> list[TimelineLine]:
    """Returns the history in the language of this request. `units` maps known unit codes to names."""
    return [
        TimelineLine(at, _sentence(entry, units), actor_label(entry.event.actor, entry.person))
        for at, entry in _in_reading_order(entries)
    ]


def _in_reading_order(entries: tuple[TimelineEntry, ...]) -> list[tuple[datetime, TimelineEntry]]:
    """Returns the entries with their moments, the end of a follow-up after the last answer given in it."""
    lines = [(entry.event.at, entry) for entry in entries]
    # The first answer settles a follow-up, so that it counts even if the caller hangs up then. The second answer comes
    # later in the same call.
    ended = [line for line in lines if line[1].event.kind == "FollowUpSettled"]
    answered = [line for line in lines if line[1].event.kind == "FollowUpAnswered"]
    if len(ended) != 1 or not answered or lines.index(answered[-1]) < lines.index(ended[0]):
        return lines
    lines.remove(ended[0])
    last = answered[-1]
    lines.insert(lines.index(last) + 1, (last[0], ended[0][1]))
    return lines


def _sentence(entry: TimelineEntry, units: Mapping[str, str]) -> str:
    data = entry.event.data
    sentence = SENTENCES.get(entry.event.kind)
    if sentence is None:
        return entry.event.kind
    text = _(
        sentence,
        unit=units.get(str(data.get("unit_code")), str(data.get("unit_code", ""))),
        closing=_word(enums.Closing, data.get("closing")),
        answer=_answer(data.get("question"), data.get("answer")),
        state=_word(enums.FollowUpState, data.get("state")),
    )
    return str(text)


def _word(kind: type[enums.Closing] | type[enums.FollowUpState], value: object) -> str:
    known = LABELS[kind]
    return _(known[value]) if isinstance(value, str) and value in known else str(value or "")


def _answer(question: object, answer: object) -> str:
    kind = _ANSWERS.get(str(question))
    return _(LABELS[kind][str(answer)]) if kind and str(answer) in LABELS[kind] else str(answer or "")
