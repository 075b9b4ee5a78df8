"""The words of deadlines: status, due moment and time left."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from flask_babel import gettext as _

from agent_console.web.console_context import application
from agent_console.web.labels import N_, translated
from hotline.rules.enums import RequestType
from hotline.rules.policies import DeadlinePolicy, DeadlineStage, TimeUnit
from hotline.rules.tickets.deadlines import Deadline, DeadlineState, deadline_state, is_past
from hotline.rules.tickets.inbox import clocks_of
from hotline.store.tickets.lists import end_of_day
from hotline.store.tickets.tables import Ticket


class DeadlineStatus(StrEnum):
    """The status of a deadline. `SOON` (yellow card): due before this day ends. `OVER` (red card): it has passed.

    `MISSED`: the ticket was closed without the step.
    """

    MET = "met"
    MET_LATE = "met_late"
    PENDING = "running"
    SOON = "soon"
    OVER = "over"
    MISSED = "missed"


# Status -> (CSS class, word). A colour never stands without its word.
TAGS: dict[DeadlineStatus, tuple[str, str]] = {
    DeadlineStatus.MET: ("tag-done", N_("按时")),
    DeadlineStatus.MET_LATE: ("tag-over", N_("逾期完成")),
    DeadlineStatus.PENDING: ("", N_("计时中")),
    DeadlineStatus.SOON: ("tag-soon", N_("今天到期")),
    DeadlineStatus.OVER: ("tag-over", N_("已超期")),
    DeadlineStatus.MISSED: ("tag-over", N_("办结前未完成")),
}

STAGES: dict[DeadlineStage, str] = {
    DeadlineStage.ACKNOWLEDGE: N_("签收"),
    DeadlineStage.CONTACT: N_("先行联系"),
    DeadlineStage.RESOLVE: N_("办结"),
}


@dataclass(frozen=True, slots=True)
class DeadlineView:
    """One deadline of a unit, with the days that were counted.

    `moved`: the calendar of today gives another moment than the one set at the hand-off. `provisional`: a counted day
    lies beyond the published holidays. `computed`: counted at an import from the reception, because the file gave no
    deadline.
    """

    name: str
    due_at: datetime
    met_at: datetime | None
    status: DeadlineStatus
    days: tuple[date, ...]
    # The counted days are working days, not days of the calendar.
    working_days: bool
    provisional: bool
    moved: bool
    computed: bool

    @property
    def tag(self) -> tuple[str, str]:
        return TAGS.get(self.status, ("", self.status.value))


def deadline_status(
    due_at: datetime, met_at: datetime | None, closed_at: datetime | None, at: datetime
) -> DeadlineStatus:
    """Returns the status of a deadline at `at`."""
    match deadline_state(due_at, met_at, closed_at, at):
        case DeadlineState.MET:
            return DeadlineStatus.MET
        case DeadlineState.MET_LATE:
            return DeadlineStatus.MET_LATE
        case DeadlineState.OVERDUE:
            return DeadlineStatus.OVER
        case DeadlineState.MISSED:
            return DeadlineStatus.MISSED
        case DeadlineState.RUNNING:
            soon = due_at <= end_of_day(at, application().policies.zone)
            return DeadlineStatus.SOON if soon else DeadlineStatus.PENDING


def deadline_views(
    ticket: Ticket, policy: DeadlinePolicy, counted: dict[DeadlineStage, Deadline], at: datetime
) -> list[DeadlineView]:
    """Returns the deadlines of a handed-off ticket, counted under `policy`, in the order they fall due; none for a draft."""
    views = []
    for clock in clocks_of(ticket):
        again = counted.get(clock.stage)
        views.append(
            DeadlineView(
                name=stage_label(clock.stage),
                due_at=clock.due_at,
                met_at=clock.met_at,
                status=deadline_status(clock.due_at, clock.met_at, ticket.closed_at, at),
                days=again.counted if again else (),
                working_days=_unit_of(policy, ticket, clock.stage) is TimeUnit.BUSINESS_DAY,
                provisional=bool(again and again.provisional),
                moved=again is not None and again.due_at != clock.due_at,
                computed=ticket.due_computed and clock.stage is DeadlineStage.RESOLVE,
            )
        )
    return views


def _unit_of(policy: DeadlinePolicy, ticket: Ticket, stage: DeadlineStage) -> TimeUnit:
    return policy.limit(stage, ticket.type or RequestType.OTHER, ticket.urgency).unit


# Titles of the rules that policies are named after.
POLICY_TITLES: dict[str, str] = {"shandong-2020": N_("依据《山东省政务服务热线管理办法》（2020）")}


def policy_title(name: str) -> str:
    """Returns the title of the rule a policy is named after; a policy of the city's own keeps its name."""
    return translated(POLICY_TITLES, name)


def stage_label(stage: DeadlineStage) -> str:
    """Returns the name of a clock: 签收, 先行联系 or 办结."""
    return translated(STAGES, stage)


def left(at: datetime | None) -> str:
    """Returns the time to a deadline in its largest unit: 剩 3 天, 剩 5 小时, 超 2 天. Below 48 hours the unit is hours."""
    if at is None:
        return ""
    seconds = (at - application().clock()).total_seconds()
    amount, unit = _largest(abs(seconds))
    words = PAST if is_past(at, application().clock()) else LEFT
    return str(_(words[unit], amount=amount))


LEFT = {"day": N_("剩 %(amount)s 天"), "hour": N_("剩 %(amount)s 小时"), "minute": N_("剩 %(amount)s 分钟")}
PAST = {"day": N_("超 %(amount)s 天"), "hour": N_("超 %(amount)s 小时"), "minute": N_("超 %(amount)s 分钟")}


def _largest(seconds: float) -> tuple[int, str]:
    if seconds >= 48 * 3600:
        return int(seconds // 86400), "day"
    if seconds >= 3600:
        return int(seconds // 3600), "hour"
    return int(seconds // 60), "minute"
