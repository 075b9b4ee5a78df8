"""How a deadline is written: midnight is the end of the day before, and a colour never stands without its word."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from babel import Locale
from babel.dates import format_date
from flask_babel import get_locale
from flask_babel import gettext as _

from agent_console.web.console_context import application
from agent_console.web.locale import N_, clock, day
from hotline.rules.policies import DeadlineStage
from hotline.rules.tickets.deadlines import Deadline
from hotline.store.tickets.lists import end_of_day
from hotline.store.tickets.tables import Ticket


class Urge(StrEnum):
    """How loud a clock is. `SOON` (yellow card): due before this day ends; `OVER` (red card): it is late."""

    MET = "met"
    MET_LATE = "met_late"
    RUNNING = "running"
    SOON = "soon"
    OVER = "over"


TAGS: dict[Urge, tuple[str, str]] = {
    Urge.MET: ("tag-done", N_("按时")),
    Urge.MET_LATE: ("tag-over", N_("逾期完成")),
    Urge.RUNNING: ("", N_("计时中")),
    Urge.SOON: ("tag-soon", N_("今天到期")),
    Urge.OVER: ("tag-over", N_("已超期")),
}
"""Urge -> (css class, word)."""

STAGES: dict[DeadlineStage, str] = {
    DeadlineStage.ACKNOWLEDGE: N_("签收"),
    DeadlineStage.CONTACT: N_("先行联系"),
    DeadlineStage.RESOLVE: N_("办结"),
}


@dataclass(frozen=True, slots=True)
class ClockView:
    """One clock of a unit: when due, when met, how it stands, and the days it counted.

    `moved`: counted again today the calendar gives another moment than the one that holds.
    """

    name: str
    due_at: datetime
    met_at: datetime | None
    urge: Urge
    days: tuple[date, ...]
    provisional: bool
    moved: bool

    @property
    def tag(self) -> tuple[str, str]:
        return TAGS[self.urge]


def urge_of(due_at: datetime, met_at: datetime | None, at: datetime, *, ended: bool) -> Urge:
    """Return how a clock stands at `at`; `ended` clocks (the ticket is closed) that were never met count from now."""
    if met_at is not None:
        return Urge.MET if met_at < due_at else Urge.MET_LATE
    if due_at <= at:
        return Urge.OVER
    soon = due_at <= end_of_day(at, application().policies.zone)
    return Urge.SOON if soon and not ended else Urge.RUNNING


def clocks_of(ticket: Ticket, counted: dict[DeadlineStage, Deadline], at: datetime) -> list[ClockView]:
    """Return the clocks of a handed-off ticket in the order they run out; none for a draft."""
    moments = (
        (DeadlineStage.ACKNOWLEDGE, ticket.acknowledge_due, ticket.acknowledged_at),
        (DeadlineStage.CONTACT, ticket.contact_due, ticket.first_contact_at or ticket.replied_at),
        (DeadlineStage.RESOLVE, ticket.due_at, ticket.closed_at),
    )
    views = []
    for stage, due_at, met_at in moments:
        if due_at is None:
            continue
        again = counted.get(stage)
        views.append(
            ClockView(
                name=_(STAGES[stage]),
                due_at=due_at,
                met_at=met_at,
                urge=urge_of(due_at, met_at, at, ended=ticket.closed_at is not None),
                days=again.counted if again else (),
                provisional=bool(again and again.provisional),
                moved=again is not None and again.due_at != due_at,
            )
        )
    return views


def due(at: datetime | None) -> str:
    """Return a deadline as 11月30日 周一 24:00 (midnight belongs to the day that ends) or 11月23日 周一 09:30."""
    if at is None:
        return "–"
    if at.astimezone(application().policies.zone).time() == time():
        return f"{day(at - timedelta(minutes=1))} 24:00"
    return f"{day(at)} {clock(at)}"


def day_name(value: date) -> str:
    """Return a calendar day as 11月24日 周二, or Tue 24 Nov."""
    locale = get_locale() or Locale("zh", "CN", "Hans")
    return str(format_date(value, "EEE d MMM" if locale.language == "en" else "M月d日 EEE", locale=locale))


def left(at: datetime | None) -> str:
    """Return how far off a deadline is, largest unit only: 剩 3 天, 剩 5 小时, 超 2 天."""
    if at is None:
        return ""
    seconds = (at - application().clock()).total_seconds()
    amount, unit = _largest(abs(seconds))
    words = LEFT if seconds > 0 else PAST
    return str(_(words[unit], amount=amount))


LEFT = {"day": N_("剩 %(amount)s 天"), "hour": N_("剩 %(amount)s 小时"), "minute": N_("剩 %(amount)s 分钟")}
PAST = {"day": N_("超 %(amount)s 天"), "hour": N_("超 %(amount)s 小时"), "minute": N_("超 %(amount)s 分钟")}


def _largest(seconds: float) -> tuple[int, str]:
    if seconds >= 48 * 3600:
        return int(seconds // 86400), "day"
    if seconds >= 3600:
        return int(seconds // 3600), "hour"
    return int(seconds // 60), "minute"
